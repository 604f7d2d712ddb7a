//! Connections over which nobody speaks.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::on_both;
use crate::support::TestServer;

on_both!(a_connection_without_a_greeting_is_closed);

/// How long a close may take: far more than it needs.
const PATIENCE: Duration = Duration::from_secs(60);

async fn a_connection_without_a_greeting_is_closed(server: &TestServer) {
    for beginning in ["", "PRI * HTTP/2.0\r\n"] {
        let mut mute = TcpStream::connect(server.server.address).await.unwrap();
        mute.write_all(beginning.as_bytes()).await.unwrap();
        // What the service has to say comes first; then the end, or a reset.
        let mut heard = Vec::new();
        let closed = tokio::time::timeout(PATIENCE, mute.read_to_end(&mut heard)).await;
        assert!(closed.is_ok(), "still open after {beginning:?}");
    }
    server.clients.head().await;
}
