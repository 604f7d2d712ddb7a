use crate::on_both;
use crate::support::TestServer;

async fn head_is_there(server: &TestServer) {
    assert!(server.clients.head_revision().await > 0);
}
on_both!(head_is_there);
