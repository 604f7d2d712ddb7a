//! The one translation of errors to `google.rpc.Status`.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::model::error::{Error, Problem, Reason};
use crate::resources::REGISTRY;

/// The domain of every `ErrorInfo`, and of the types of resources.
pub const DOMAIN: &str = "entente";

/// Bytes of what is told of the problems of a request. Details travel as metadata,
/// of which clients take 8 KiB by default.
const DETAIL_BYTES: usize = 4_096;
/// Bytes of one text among them.
const TEXT_BYTES: usize = 400;

/// The status for `error`, with its details. What does not fit is counted in the
/// metadata `omitted` of the error's info.
pub fn status(error: Error) -> Status {
    let Error { reason, message, problems } = error;
    // Of several problems, one of those that decided the reason.
    let deciding = |problem: &&Problem| problem.reason == reason && !problem.resource.is_empty();
    let resource = problems.iter().find(deciding);
    let metadata = resource.map(|problem| ("resource".to_owned(), problem.resource.clone()));
    let metadata = metadata.map(|(key, name)| (key, cut(&name, TEXT_BYTES)));
    let mut metadata: HashMap<String, String> = metadata.into_iter().collect();
    let mut details = ErrorDetails::new();
    let mut room = DETAIL_BYTES;
    let mut told = 0;
    for Problem { reason, field, description, resource } in &problems {
        let field = cut(field, TEXT_BYTES);
        let description = cut(description, TEXT_BYTES);
        let resource = cut(resource, TEXT_BYTES);
        let size = (field.len() + description.len() + resource.len()) * 2 + 16;
        if size > room {
            break;
        }
        room -= size;
        told += 1;
        if !field.is_empty() {
            details.add_bad_request_violation(field, description.as_str());
        }
        if is_precondition(*reason) {
            details.add_precondition_failure_violation(reason.as_str(), resource, description);
        }
    }
    if told < problems.len() {
        metadata.insert("omitted".to_owned(), (problems.len() - told).to_string());
    }
    details.set_error_info(reason.as_str(), DOMAIN, metadata);
    if let Some(Problem { resource, description, .. }) = resource {
        let kind = REGISTRY.by_name(resource);
        let resource_type = kind.map(|kind| format!("{DOMAIN}/{}", kind.type_name));
        let (name, text) = (cut(resource, TEXT_BYTES), cut(description, TEXT_BYTES));
        details.set_resource_info(resource_type.unwrap_or_default(), name, "", text);
    }
    if matches!(
        reason,
        Reason::StoreUnavailable | Reason::Draining | Reason::Overloaded | Reason::TooManyStreams
    ) {
        details.set_retry_info(Some(Error::RETRY_DELAY));
    }
    Status::with_error_details(code(reason), cut(&message, 2 * TEXT_BYTES), details)
}

/// `text`, or its beginning where it is longer than `most` bytes.
fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    format!("{}...", &text[..text.floor_char_boundary(most)])
}

fn is_precondition(reason: Reason) -> bool {
    matches!(reason, Reason::Referenced | Reason::EtagMismatch)
}

/// The code for a reason.
pub const fn code(reason: Reason) -> Code {
    match reason {
        Reason::ValidationFailed
        | Reason::FilterInvalid
        | Reason::TokenMalformed
        | Reason::TokenOfAnotherQuery
        | Reason::RequestIdReused => Code::InvalidArgument,
        Reason::NotFound => Code::NotFound,
        Reason::AlreadyExists => Code::AlreadyExists,
        Reason::EtagMismatch | Reason::SlowConsumer => Code::Aborted,
        Reason::Referenced
        | Reason::StoreMismatch
        | Reason::HistoryDiverged
        | Reason::FilterMeaningChanged => Code::FailedPrecondition,
        Reason::HistoryCompacted | Reason::RevisionInFuture => Code::OutOfRange,
        Reason::Overloaded | Reason::TooManyStreams | Reason::MessageTooLarge => {
            Code::ResourceExhausted
        }
        Reason::Draining | Reason::StoreUnavailable => Code::Unavailable,
        Reason::DeadlineExceeded => Code::DeadlineExceeded,
        Reason::Internal => Code::Internal,
    }
}
