//! Which failures pass, and how long to wait for that.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::model::error::Reason;

/// The pause after the first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause, apart from what the service asks for.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Whether a call that was answered by `status` may do better if it is sent again.
/// The service gives every error of its own a reason; one without comes from the
/// way there, and says nothing about the request.
pub(super) fn call_may_pass(status: &Status, is_write: bool) -> bool {
    let reason = reason(status);
    let is_broken = reason.is_empty();
    match status.code() {
        Code::Unavailable => true,
        Code::ResourceExhausted => is_broken || reason == Reason::Overloaded.as_str(),
        // A write may have been done, and can ask what came of it. A read that is too
        // much for the service would be too much again.
        Code::DeadlineExceeded => is_broken || is_write,
        Code::Unknown | Code::Internal | Code::Cancelled => is_broken,
        _ => false,
    }
}

/// Whether a watch that ended with `status` can go on from its token.
pub(super) fn watch_may_pass(status: &Status) -> bool {
    match status.code() {
        Code::Unavailable
        | Code::Internal
        | Code::Cancelled
        | Code::Unknown
        | Code::DeadlineExceeded => true,
        Code::Aborted => reason(status) == Reason::SlowConsumer.as_str(),
        Code::ResourceExhausted => reason(status) != Reason::MessageTooLarge.as_str(),
        _ => false,
    }
}

/// How long to wait after `failures` in a row, the last of which was `status`: what
/// the service asks for, and half to all of a time that doubles, so that many
/// clients do not come back at once.
pub(super) fn pause(failures: u32, status: &Status) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << failures.saturating_sub(1).min(16));
    let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
    asked.unwrap_or_default() + jittered(doubled.min(LONGEST_PAUSE))
}

fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Half to all of `pause`.
fn jittered(pause: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() % 1_000;
    let share = 0.5 + f64::from(u32::try_from(random).unwrap_or(0)) / 2_000.0;
    pause.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn told(code: Code, reason: Reason) -> Status {
        let details = ErrorDetails::with_error_info(reason.as_str(), "entente", []);
        Status::with_error_details(code, "told", details)
    }

    #[test]
    fn calls_are_repeated_where_that_may_help_and_does_no_harm() {
        for passing in [
            told(Code::Unavailable, Reason::StoreUnavailable),
            told(Code::Unavailable, Reason::Draining),
            told(Code::ResourceExhausted, Reason::Overloaded),
            Status::unavailable("connection refused"),
            Status::unknown("transport error"),
            Status::cancelled("the connection closed"),
            Status::internal("the stream was reset"),
            Status::deadline_exceeded("no answer"),
        ] {
            assert!(call_may_pass(&passing, false) && call_may_pass(&passing, true), "{passing}");
        }
        let late = told(Code::DeadlineExceeded, Reason::DeadlineExceeded);
        assert!(call_may_pass(&late, true) && !call_may_pass(&late, false));
        for last in [
            told(Code::InvalidArgument, Reason::ValidationFailed),
            told(Code::InvalidArgument, Reason::RequestIdReused),
            told(Code::NotFound, Reason::NotFound),
            told(Code::AlreadyExists, Reason::AlreadyExists),
            told(Code::FailedPrecondition, Reason::Referenced),
            told(Code::Aborted, Reason::EtagMismatch),
            told(Code::ResourceExhausted, Reason::MessageTooLarge),
            told(Code::Internal, Reason::Internal),
            Status::unimplemented("there is no such method"),
        ] {
            assert!(!call_may_pass(&last, false) && !call_may_pass(&last, true), "{last}");
        }
    }

    #[test]
    fn watches_go_on_unless_their_token_leads_nowhere() {
        for passing in [
            told(Code::Unavailable, Reason::StoreUnavailable),
            told(Code::Aborted, Reason::SlowConsumer),
            told(Code::ResourceExhausted, Reason::TooManyStreams),
            told(Code::Internal, Reason::Internal),
            told(Code::DeadlineExceeded, Reason::DeadlineExceeded),
            Status::cancelled("the connection closed"),
            Status::unknown("transport error"),
        ] {
            assert!(watch_may_pass(&passing), "{passing}");
        }
        for last in [
            told(Code::InvalidArgument, Reason::TokenMalformed),
            told(Code::InvalidArgument, Reason::TokenOfAnotherQuery),
            told(Code::FailedPrecondition, Reason::StoreMismatch),
            told(Code::FailedPrecondition, Reason::HistoryDiverged),
            told(Code::FailedPrecondition, Reason::FilterMeaningChanged),
            told(Code::OutOfRange, Reason::HistoryCompacted),
            told(Code::OutOfRange, Reason::RevisionInFuture),
            told(Code::ResourceExhausted, Reason::MessageTooLarge),
        ] {
            assert!(!watch_may_pass(&last), "{last}");
        }
    }

    #[test]
    fn pauses_double_up_to_a_limit_and_begin_with_what_is_asked_for() {
        let broken = Status::unknown("transport error");
        for (failures, most) in [(1, 50), (2, 100), (3, 200), (20, 5_000), (u32::MAX, 5_000)] {
            let most = Duration::from_millis(most);
            let pause = pause(failures, &broken);
            assert!((most / 2..=most).contains(&pause), "{pause:?} after {failures}");
        }
        let asked = Duration::from_millis(700);
        let details = ErrorDetails::with_retry_info(Some(asked));
        let overloaded = Status::with_error_details(Code::ResourceExhausted, "full", details);
        assert!(pause(1, &overloaded) >= asked);
    }
}
