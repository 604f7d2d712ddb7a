//! What can go wrong, named by what the caller can do about it.
//!
//! The set is closed: clients switch on the reason. Internal causes are logged
//! where they occur and never told.

use std::collections::HashSet;
use std::time::Duration;

use super::described::Validate;
use super::violations::{Path, Violations};

/// Why a request was not done. The order is the order of precedence when a
/// request has several problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Mend the fields that the violations name.
    ValidationFailed,
    /// Mend the filter where the violations say.
    FilterInvalid,
    /// The token is none of ours, or has been altered.
    TokenMalformed,
    /// The token belongs to a query with other parameters.
    TokenOfAnotherQuery,
    /// Use a new request id: this one belongs to another body.
    RequestIdReused,
    /// There is no such resource.
    NotFound,
    /// Take another name, or update what is there.
    AlreadyExists,
    /// Others refer to the resource; change them first.
    Referenced,
    /// Read the resource again and decide anew.
    EtagMismatch,
    /// Read faster, and go on from the last token.
    SlowConsumer,
    /// The token is of another store.
    StoreMismatch,
    /// The token is of a history that is not this store's: copy the state anew.
    HistoryDiverged,
    /// The history that far back is gone: copy the state anew.
    HistoryCompacted,
    /// What the filter names means something else by now: copy the state anew.
    FilterMeaningChanged,
    /// No commit has that number yet.
    RevisionInFuture,
    /// Send less, or later.
    Overloaded,
    /// Close some streams, or go to another replica.
    TooManyStreams,
    /// The message, the resource or the commit is too large.
    MessageTooLarge,
    /// Go to another replica.
    Draining,
    /// Try again a little later.
    StoreUnavailable,
    /// The answer took too long; a write may have been done: send it again with
    /// the same request id.
    DeadlineExceeded,
    /// Tell the operator; the log has the cause.
    Internal,
}

impl Reason {
    /// The reason as `google.rpc.ErrorInfo` carries it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ValidationFailed => "VALIDATION_FAILED",
            Self::FilterInvalid => "FILTER_INVALID",
            Self::TokenMalformed => "TOKEN_MALFORMED",
            Self::TokenOfAnotherQuery => "TOKEN_OF_ANOTHER_QUERY",
            Self::RequestIdReused => "REQUEST_ID_REUSED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::Referenced => "REFERENCED",
            Self::EtagMismatch => "ETAG_MISMATCH",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::FilterMeaningChanged => "FILTER_MEANING_CHANGED",
            Self::StoreMismatch => "STORE_MISMATCH",
            Self::HistoryDiverged => "HISTORY_DIVERGED",
            Self::HistoryCompacted => "HISTORY_COMPACTED",
            Self::RevisionInFuture => "REVISION_IN_FUTURE",
            Self::Overloaded => "OVERLOADED",
            Self::TooManyStreams => "TOO_MANY_STREAMS",
            Self::MessageTooLarge => "MESSAGE_TOO_LARGE",
            Self::Draining => "DRAINING",
            Self::StoreUnavailable => "STORE_UNAVAILABLE",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Internal => "INTERNAL",
        }
    }
}

/// One thing that stands in the way of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What the caller can do about it.
    pub reason: Reason,
    /// Path of the field that it is about; empty if about none.
    pub field: String,
    /// What is wrong, or what would be right.
    pub description: String,
    /// Name of the resource that it is about; empty if about none.
    pub resource: String,
}

/// Why a request was not done, with all problems that were found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", reason.as_str())]
pub struct Error {
    /// The reason that decides the status.
    pub reason: Reason,
    /// In one sentence, for people.
    pub message: String,
    /// Everything that stands in the way.
    pub problems: Vec<Problem>,
}

/// The result of anything that a caller may be told about.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// How long a client should wait before it tries a store again.
    pub const RETRY_DELAY: Duration = Duration::from_millis(500);

    /// An error that is about nothing in particular of the request.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), problems: Vec::new() }
    }

    /// One field is wrong.
    pub fn invalid(at: &Path<'_>, description: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.add(Reason::ValidationFailed, at, description, "");
        problems.into_error()
    }

    /// The field `at` holds a token that cannot be used, and why.
    pub fn token(reason: Reason, at: &str, description: impl Into<String>) -> Self {
        let mut problems = Problems::default();
        problems.add(reason, &Path::Root.field(at), description, "");
        problems.into_error()
    }

    /// There is no resource of that name.
    pub fn not_found(name: &str) -> Self {
        let mut problems = Problems::default();
        problems.add(Reason::NotFound, &Path::Root, format!("there is no {name}"), name);
        problems.into_error()
    }

    /// The database cannot be reached or does not answer in time.
    pub fn store_unavailable() -> Self {
        Self::new(
            Reason::StoreUnavailable,
            "the store does not answer; nothing was written unless a read says so",
        )
    }

    /// Something of ours is broken; whoever calls this has logged the cause.
    pub fn internal() -> Self {
        Self::new(Reason::Internal, "an internal error, which has been logged")
    }
}

/// The problems of a request as they are found. What is found of a field at once is
/// told, and nothing more of it later.
#[derive(Clone, Debug, Default)]
pub struct Problems {
    found: Vec<Problem>,
    fields: HashSet<String>,
}

impl Problems {
    /// What the message `request` alone shows to be wrong.
    pub fn of(request: &impl Validate) -> Self {
        let mut violations = Violations::default();
        request.validate(&Path::Root, &mut violations);
        let mut problems = Self::default();
        problems.extend(&violations);
        problems
    }

    /// Writes one down.
    pub fn add(
        &mut self,
        reason: Reason,
        at: &Path<'_>,
        description: impl Into<String>,
        resource: &str,
    ) {
        self.push(Problem {
            reason,
            field: at.to_string(),
            description: description.into(),
            resource: resource.to_owned(),
        });
    }

    /// Writes down all that is wrong with one field.
    pub fn add_each(
        &mut self,
        reason: Reason,
        at: &Path<'_>,
        descriptions: impl IntoIterator<Item = String>,
    ) {
        let problem = |description| Problem {
            reason,
            field: at.to_string(),
            description,
            resource: String::new(),
        };
        self.take(descriptions.into_iter().map(problem).collect());
    }

    /// Adds what a message's own rules found.
    pub fn extend(&mut self, violations: &Violations) {
        for violation in violations.iter() {
            self.push(Problem {
                reason: Reason::ValidationFailed,
                field: violation.field.clone(),
                description: violation.description.clone(),
                resource: String::new(),
            });
        }
    }

    /// What `result` holds, or `None` and why there is nothing.
    pub fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Error { reason, message, problems }) if problems.is_empty() => {
                self.add(reason, &Path::Root, message, "");
                None
            }
            Err(error) => {
                self.take(error.problems);
                None
            }
        }
    }

    fn push(&mut self, problem: Problem) {
        self.take(vec![problem]);
    }

    /// Takes what was found together: a filter can be wrong at several places.
    fn take(&mut self, mut problems: Vec<Problem>) {
        problems
            .retain(|problem| problem.field.is_empty() || !self.fields.contains(&problem.field));
        problems.truncate(Violations::MAX.saturating_sub(self.found.len()));
        self.fields.extend(problems.iter().map(|problem| problem.field.clone()));
        self.found.extend(problems);
    }

    /// Tells of the field `path` what was found of fields inside it, which are none
    /// of the request.
    pub fn lift(&mut self, path: &str) {
        let (parts, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.found)
            .into_iter()
            .partition(|problem| inside(path, &problem.field).is_some());
        self.found = others;
        let mut lifted: Vec<Problem> = Vec::new();
        for Problem { reason, field, description, resource } in parts {
            let part = inside(path, &field).unwrap_or_default();
            let description = format!("{part}: {description}");
            match lifted.iter_mut().find(|other| other.reason == reason) {
                Some(other) => other.description = format!("{}; {description}", other.description),
                None => {
                    lifted.push(Problem { reason, field: path.to_owned(), description, resource })
                }
            }
        }
        self.found.extend(lifted);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// `Ok` if there is none, else all of them in one error.
    pub fn into_result(self) -> Result<()> {
        self.into_ok(Some(()))
    }

    /// The value, which is there unless there are problems; else all of them in
    /// one error.
    pub fn into_ok<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.is_empty() => Ok(value),
            _ => Err(self.into_error()),
        }
    }

    fn into_error(self) -> Error {
        let first = self.found.iter().min_by_key(|problem| problem.reason);
        let (reason, message) = match first {
            Some(problem) if problem.field.is_empty() => {
                (problem.reason, problem.description.clone())
            }
            Some(problem) => {
                (problem.reason, format!("{}: {}", problem.field, problem.description))
            }
            None => (Reason::Internal, String::new()),
        };
        let more = self.found.len().saturating_sub(1);
        let message = if more == 0 { message } else { format!("{message} (and {more} more)") };
        Error { reason, message, problems: self.found }
    }
}

/// What of `field` leads on from `path`, if it does.
fn inside<'f>(path: &str, field: &'f str) -> Option<&'f str> {
    let rest = field.strip_prefix(path)?;
    if rest.starts_with('[') { Some(rest) } else { rest.strip_prefix('.') }
}
