//! Connections that must say what they are.
//!
//! HTTP/2 begins with a greeting of the client's, and whoever does not send it is not
//! found by HTTP/2's own keepalive, which begins later.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::model::limits::GREETING;

/// Bytes of the greeting: `PRI * HTTP/2.0`, empty lines and `SM`.
const GREETING_BYTES: usize = 24;

/// A connection that fails unless its greeting comes in time.
#[derive(Debug)]
pub(super) struct Greeted {
    stream: TcpStream,
    received: usize,
    /// Until the greeting is there.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Greeted {
    /// A connection that has just been accepted.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { stream, received: 0, deadline: Some(Box::pin(sleep(GREETING))) }
    }
}

impl AsyncRead for Greeted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(deadline) = &mut self.deadline else { return read };
        if read.is_pending() {
            ready!(deadline.as_mut().poll(context));
            let text = "no HTTP/2 greeting in time";
            return Poll::Ready(Err(Error::new(ErrorKind::TimedOut, text)));
        }
        self.received += buffer.filled().len() - before;
        if self.received >= GREETING_BYTES {
            self.deadline = None;
        }
        read
    }
}

impl AsyncWrite for Greeted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Greeted {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
