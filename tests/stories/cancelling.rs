//! A client that gives up many calls at once keeps its connection.
//!
//! It speaks HTTP/2 itself, so that each call is on its way before it is
//! cancelled and none has been looked at by then.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::on_both;
use crate::support::TestServer;

on_both!(two_hundred_watches_cancelled_at_once);

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head, &stream.to_be_bytes()[..], payload].concat()
}

/// The headers of a call, without compression.
fn headers(path: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let mut block = vec![0x83, 0x86];
    for (index, value) in [(1, "localhost"), (4, path)] {
        block.push(index);
        block.extend(text(value));
    }
    for (name, value) in [("content-type", "application/grpc"), ("te", "trailers")] {
        block.push(0);
        block.extend(text(name));
        block.extend(text(value));
    }
    block
}

/// The next frame: its kind and its flags.
async fn next(connection: &mut TcpStream) -> (u8, u8) {
    let mut head = [0; 9];
    connection.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    connection.read_exact(&mut payload).await.unwrap();
    (head[3], head[4])
}

async fn two_hundred_watches_cancelled_at_once(server: &TestServer) {
    let mut connection = TcpStream::connect(server.server.address).await.unwrap();
    let mut out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    out.extend(frame(SETTINGS, 0, 0, &[]));
    let block = headers("/entente.v1.ChangeService/WatchChanges");
    for call in 0..200 {
        let (end_headers, cancel) = (4, 8_u32.to_be_bytes());
        out.extend(frame(HEADERS, end_headers, 2 * call + 1, &block));
        out.extend(frame(RST_STREAM, 0, 2 * call + 1, &cancel));
    }
    out.extend(frame(PING, 0, 0, b"are you?"));
    connection.write_all(&out).await.unwrap();
    loop {
        let (kind, flags) = next(&mut connection).await;
        assert_ne!(kind, GOAWAY, "the connection is kept");
        if (kind, flags) == (PING, 1) {
            return;
        }
    }
}
