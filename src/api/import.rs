//! Records many resources that come one after the other.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, stream};
use prost::Message;
use tokio::sync::Semaphore;
use tonic::body::Body;
use tonic::metadata::MetadataMap;
use tonic::server::{Grpc, StreamingService};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

use super::drafts::{self, Site};
use super::records::unwrap;
use super::status::status;
use super::unary::Answer;
use super::{Api, asked, caller};
use crate::model::described::Validate;
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::limits::{IMPORT_BYTES, IMPORT_PAUSE, IMPORT_REQUESTS, MESSAGE_IN_BYTES};
use crate::model::violations::{Path, Violations};
use crate::proto::Frame;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::{ImportRefusal, ImportRequest, ImportResponse, ImportViolation, Warning};
use crate::store::write::{Draft, Write, Written};

/// What is answered, frame by frame.
type Answers = Pin<Box<dyn Stream<Item = std::result::Result<Frame, Status>> + Send>>;

struct Import(Api);

impl StreamingService<ImportRequest> for Import {
    type Response = Frame;
    type ResponseStream = Answers;
    type Future = std::future::Ready<std::result::Result<Response<Answers>, Status>>;

    fn call(&mut self, request: Request<Streaming<ImportRequest>>) -> Self::Future {
        let (metadata, _, requests) = request.into_parts();
        let answers = answers(self.0.clone(), metadata, requests);
        std::future::ready(Ok(Response::new(answers)))
    }
}

/// Answers a call of Import.
pub(super) fn answer(api: Api, request: http::Request<Body>) -> Answer {
    Box::pin(async move {
        let codec = ProstCodec::<Frame, ImportRequest>::default();
        let mut grpc = Grpc::new(codec).apply_max_message_size_config(Some(MESSAGE_IN_BYTES), None);
        Ok(grpc.streaming(Import(api), request).await)
    })
}

/// One answer for each request, in order. Requests are taken only as answers are, so a
/// client that reads none sends none.
fn answers(api: Api, metadata: MetadataMap, requests: Streaming<ImportRequest>) -> Answers {
    let metadata = Arc::new(metadata);
    let room = Arc::new(Semaphore::new(IMPORT_BYTES));
    let (mut drained, is_draining) = (api.feed.subscribe_draining(), api.feed.subscribe_draining());
    let drain = async move {
        // Without a sender there is no server any more either.
        let _ = drained.wait_for(|draining| *draining).await;
    };
    let requests = requests.take_until(Box::pin(drain));
    let queued = requests.enumerate().then(move |(index, request)| {
        let (api, metadata, room) = (api.clone(), Arc::clone(&metadata), Arc::clone(&room));
        async move {
            let request = request.map_err(told)?;
            let size = request.encoded_len().clamp(1, IMPORT_BYTES);
            let places = u32::try_from(size).unwrap_or(u32::MAX);
            let place = room.acquire_many_owned(places).await.ok();
            let outcome = match write(&api, &metadata, request) {
                Ok(write) => submit(&api, write).await,
                Err(error) => Err(error),
            };
            Ok(async move {
                let outcome = match outcome {
                    Ok(written) => written.await,
                    Err(error) => Err(error),
                };
                drop(place);
                frame(index, outcome)
            })
        }
    });
    let answered = queued.map(|queued| async move {
        match queued {
            Ok(answer) => answer.await,
            Err(status) => Err(status),
        }
    });
    let end = stream::once(async move {
        let is_draining = *is_draining.borrow();
        is_draining.then(|| Err(status(Error::new(Reason::Draining, "the server is going away"))))
    });
    ended(answered.buffered(IMPORT_REQUESTS).chain(end.filter_map(std::future::ready))).boxed()
}

/// A status of the way here with the reason that unary calls give it.
fn told(broken: Status) -> Status {
    match broken.code() {
        Code::OutOfRange => {
            let text = format!("a message may have {MESSAGE_IN_BYTES} bytes: {}", broken.message());
            status(Error::new(Reason::MessageTooLarge, text))
        }
        Code::Internal if broken.message().contains("decode Protobuf") => {
            let text = "the request is not an encoded message of its type";
            status(Error::new(Reason::ValidationFailed, text))
        }
        _ => broken,
    }
}

/// The same up to the first error, which ends it.
fn ended<T>(
    answers: impl Stream<Item = std::result::Result<T, Status>>,
) -> impl Stream<Item = std::result::Result<T, Status>> {
    answers.scan(false, |has_failed, answer| {
        let answer = (!*has_failed).then_some(answer);
        *has_failed |= matches!(answer, Some(Err(_)));
        std::future::ready(answer)
    })
}

/// The write that a request asks for.
fn write(api: &Api, metadata: &MetadataMap, request: ImportRequest) -> Result<Write> {
    let mut violations = Violations::default();
    request.validate(&Path::Root, &mut violations);
    let actor = caller::actor_beside(metadata, &violations)?;
    let size = request.encoded_len();
    let ImportRequest { resource, id, update_mask, validate_only, reason, recorded_time } = request;
    let recorded = asked::day_of(recorded_time, "recorded_time", &mut violations);
    let Some((kind, object)) = unwrap(api.store.registry, resource) else {
        let mut problems = Problems::default();
        problems.extend(&violations);
        return problems.into_ok(None);
    };
    let path = format!("resource.{}", kind.field);
    let site = Site { message: "", resource: &path, id: "id" };
    let draft = drafts::import(kind, object, &id, update_mask.as_ref(), site, violations);
    let draft = Draft { recorded, ..draft };
    Ok(Write {
        actor,
        reason,
        request_id: String::new(),
        digest: [0; 32],
        validate_only,
        checks: Vec::new(),
        drafts: vec![draft],
        size,
    })
}

/// Hands a write over, once there is room for it.
async fn submit(
    api: &Api,
    write: Write,
) -> Result<impl Future<Output = Result<Written>> + Send + use<>> {
    let mut write = Some(write);
    loop {
        match api.store.import(&mut write) {
            Err(error) if error.reason == Reason::Overloaded => {
                tokio::time::sleep(IMPORT_PAUSE).await;
            }
            handed_over => return handed_over,
        }
    }
}

/// The answer to the request at `index`; an error if none can be given, for which the
/// stream ends.
fn frame(index: usize, outcome: Result<Written>) -> std::result::Result<Frame, Status> {
    let mut response =
        ImportResponse { index: i64::try_from(index).unwrap_or(i64::MAX), ..Default::default() };
    match outcome {
        Ok(mut written) => {
            response.outcome = written.results.pop().map(Outcome::Result);
            response.warnings = warnings(&written.bodies.pop().unwrap_or_default());
        }
        Err(error) if ends(error.reason) => return Err(status(error)),
        Err(error) => response.outcome = Some(Outcome::Refusal(refusal(error))),
    }
    Ok(Frame::of(&response))
}

/// Whether an error is not about the one resource.
fn ends(reason: Reason) -> bool {
    matches!(reason, Reason::StoreUnavailable | Reason::Draining | Reason::Overloaded)
}

fn refusal(error: Error) -> ImportRefusal {
    let Error { reason, message, problems } = error;
    let violations = problems
        .into_iter()
        .map(|problem| ImportViolation { field: problem.field, description: problem.description });
    ImportRefusal { reason: reason.as_str().to_owned(), message, violations: violations.collect() }
}

/// The warnings of a stored message.
fn warnings(body: &[u8]) -> Vec<Warning> {
    #[derive(Clone, PartialEq, prost::Message)]
    struct Warned {
        #[prost(message, repeated, tag = "104")]
        warnings: Vec<Warning>,
    }
    Warned::decode(body).map(|warned| warned.warnings).unwrap_or_default()
}
