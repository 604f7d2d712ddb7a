//! The one translation of errors to `google.rpc.Status`.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::model::error::{Error, Problem, Reason};

/// The domain of every `ErrorInfo`.
pub const DOMAIN: &str = "entente";

/// The status for `error`, with its details.
pub fn status(error: Error) -> Status {
    let Error { reason, message, problems } = error;
    // Of several problems, one of those that decided the reason.
    let deciding = |problem: &&Problem| problem.reason == reason && !problem.resource.is_empty();
    let resource = problems.iter().find(deciding);
    let metadata = resource.map(|problem| ("resource".to_owned(), problem.resource.clone()));
    let metadata: HashMap<String, String> = metadata.into_iter().collect();
    let mut details = ErrorDetails::new();
    details.set_error_info(reason.as_str(), DOMAIN, metadata);
    for Problem { reason, field, description, resource } in &problems {
        if !field.is_empty() {
            details.add_bad_request_violation(field, description);
        }
        if is_precondition(*reason) {
            details.add_precondition_failure_violation(reason.as_str(), resource, description);
        }
    }
    if let Some(Problem { resource, description, .. }) = resource {
        let collection = resource.split('/').next().unwrap_or_default();
        details.set_resource_info(collection, resource, "", description);
    }
    if matches!(
        reason,
        Reason::StoreUnavailable | Reason::Draining | Reason::Overloaded | Reason::TooManyStreams
    ) {
        details.set_retry_info(Some(Error::RETRY_DELAY));
    }
    Status::with_error_details(code(reason), message, details)
}

fn is_precondition(reason: Reason) -> bool {
    matches!(reason, Reason::Referenced | Reason::EtagMismatch)
}

/// The code for a reason.
pub const fn code(reason: Reason) -> Code {
    match reason {
        Reason::ValidationFailed
        | Reason::TokenMalformed
        | Reason::TokenOfAnotherQuery
        | Reason::RequestIdReused => Code::InvalidArgument,
        Reason::NotFound => Code::NotFound,
        Reason::AlreadyExists => Code::AlreadyExists,
        Reason::EtagMismatch => Code::Aborted,
        Reason::Referenced | Reason::StoreMismatch | Reason::HistoryDiverged => {
            Code::FailedPrecondition
        }
        Reason::HistoryCompacted | Reason::RevisionInFuture => Code::OutOfRange,
        Reason::Overloaded | Reason::TooManyStreams | Reason::MessageTooLarge => {
            Code::ResourceExhausted
        }
        Reason::Draining | Reason::StoreUnavailable => Code::Unavailable,
        Reason::DeadlineExceeded => Code::DeadlineExceeded,
        Reason::Internal => Code::Internal,
    }
}
