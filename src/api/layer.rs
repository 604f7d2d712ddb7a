//! Around every call: an id, a log line, and the limit of messages told as ours.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderValue, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument;

use super::status::status;
use crate::model::error::{Error, Reason};
use crate::model::limits::MESSAGE_IN_BYTES;

/// The header that names a call, taken from the request or made up, and answered.
pub const REQUEST_ID: &str = "x-request-id";
/// The longest id that is taken from a request, in bytes.
const REQUEST_ID_BYTES: usize = 128;

/// Wraps a service.
#[derive(Clone, Copy, Debug)]
pub struct CallLayer;

impl<S> Layer<S> for CallLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls { inner }
    }
}

/// A wrapped service.
#[derive(Clone, Debug)]
pub struct Calls<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Calls<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let id = request_id(request.headers().get(REQUEST_ID));
        let method = request.uri().path().to_owned();
        let span = tracing::info_span!("call", id = id.to_str().unwrap_or_default(), method);
        let started = Instant::now();
        let answer = span.in_scope(|| self.inner.call(request));
        Box::pin(
            async move {
                let mut response = told_as_ours(answer.await?);
                response.headers_mut().insert(REQUEST_ID, id);
                let code = response.headers().get("grpc-status");
                let code = code.and_then(|code| code.to_str().ok()).unwrap_or("0");
                let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
                tracing::debug!(code, micros, "answered");
                Ok(response)
            }
            .instrument(span),
        )
    }
}

fn request_id(given: Option<&HeaderValue>) -> HeaderValue {
    let fits = |given: &&HeaderValue| {
        given.len() <= REQUEST_ID_BYTES && given.to_str().is_ok_and(|text| !text.is_empty())
    };
    match given.filter(fits) {
        Some(given) => given.clone(),
        None => HeaderValue::from_str(&uuid::Uuid::now_v7().simple().to_string())
            .unwrap_or(HeaderValue::from_static("none")),
    }
}

/// A message over the limit, and one that is none, is refused before it reaches
/// us, with a code of the transport's; we tell it as the contract has it.
fn told_as_ours(response: Response<Body>) -> Response<Body> {
    let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
    let undecodable = text("grpc-status") == Some("13")
        && text("grpc-message").is_some_and(|message| message.contains("decode%20Protobuf"));
    if undecodable {
        let text = "the request is not an encoded message of its type";
        return status(Error::new(Reason::ValidationFailed, text)).into_http();
    }
    if text("grpc-status") == Some("1")
        && text("grpc-message").is_some_and(|message| message.contains("Timeout%20expired"))
    {
        let text = "the answer took too long; a write may have been done";
        return status(Error::new(Reason::DeadlineExceeded, text)).into_http();
    }
    let too_large = text("grpc-status") == Some("11")
        && text("grpc-message")
            .is_some_and(|message| message.contains("message%20length%20too%20large"));
    if !too_large {
        return response;
    }
    let text = format!("a request may have {MESSAGE_IN_BYTES} bytes");
    status(Error::new(Reason::MessageTooLarge, text)).into_http()
}
