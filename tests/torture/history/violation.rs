//! A promise that was broken, and where.

use std::fmt;

/// The promises of the stream that a history can break. The others have stories of
/// their own: docs/torture.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Promise {
    /// Revisions and times increase.
    Ordered,
    /// A write answered before another was sent has the lower revision.
    CommitOrder,
    /// Nothing that the selectors let through is missing, and nothing else comes.
    Complete,
    /// Nothing comes twice.
    Unique,
    /// Resumed anywhere, the whole commits are the same.
    AnyReplica,
    /// No token lies in the middle of a commit.
    Atomic,
    /// A write that begins after `started` will be delivered.
    Covered,
    /// After progress at a revision nothing at or below it comes.
    Bookmarkable,
    /// Nothing is told or answered that does not stand.
    Durable,
    /// A snapshot is the state at its revision.
    Snapshot,
    /// What arrives, folded, is the list with the same filter.
    FilterAlgebra,
    /// Polls tell what streams tell.
    PollEqualsStream,
    /// The tables are the fold of the log.
    Rebuild,
}

/// A broken promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// The promise.
    pub(crate) promise: Promise,
    /// What is wrong.
    pub(crate) what: String,
    /// Where in the history.
    pub(crate) place: Place,
}

/// A place in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A commit of the log.
    Log(i64),
    /// The tables.
    Tables,
    /// A write, by number.
    Write(usize),
    /// A message of a stream, by numbers.
    Message(usize, usize),
    /// A page of a poll, by numbers.
    Page(usize, usize),
    /// A read, by number.
    Read(usize),
}

/// What a check says.
pub(crate) type Verdict = Result<(), Violation>;

impl Promise {
    /// A violation of it.
    pub(crate) fn broken<T>(self, place: Place, what: impl Into<String>) -> Result<T, Violation> {
        Err(Violation { promise: self, what: what.into(), place })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { promise, what, place } = self;
        write!(f, "{promise:?} is broken at {place:?}: {what}")
    }
}
