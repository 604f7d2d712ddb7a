//! Answers a unary call whose method was found by its path.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use prost::Message;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

use super::status::status;
use crate::model::error::Result;
use crate::model::limits::MESSAGE_IN_BYTES;
use crate::proto::Frame;

/// A call on its way.
pub type Answer = Pin<
    Box<
        dyn Future<Output = std::result::Result<http::Response<Body>, std::convert::Infallible>>
            + Send,
    >,
>;

struct Handler<F>(F);

impl<F, Fut, R> Service<Request<R>> for Handler<F>
where
    F: FnMut(Request<R>) -> Fut,
    Fut: Future<Output = Result<Frame>> + Send + 'static,
{
    type Response = Response<Frame>;
    type Error = Status;
    type Future =
        Pin<Box<dyn Future<Output = std::result::Result<Response<Frame>, Status>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let answer = (self.0)(request);
        Box::pin(async move { answer.await.map(Response::new).map_err(status) })
    }
}

/// Decodes the request, calls `handler` and encodes its answer.
pub fn answer<R, F, Fut>(request: http::Request<Body>, handler: F) -> Answer
where
    R: Message + Default + Send + 'static,
    F: FnMut(Request<R>) -> Fut + Send + 'static,
    Fut: Future<Output = Result<Frame>> + Send + 'static,
{
    Box::pin(async move {
        let codec = ProstCodec::<Frame, R>::default();
        let mut grpc = Grpc::new(codec).apply_max_message_size_config(Some(MESSAGE_IN_BYTES), None);
        Ok(grpc.unary(Handler(handler), request).await)
    })
}

/// The answer to a method that there is none of.
pub fn unimplemented() -> Answer {
    Box::pin(async { Ok(Status::unimplemented("there is no such method").into_http()) })
}
