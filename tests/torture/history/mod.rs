//! What clients sent and saw, and the log that stands in the end. Nothing here asks
//! anybody: a history is judged by what it holds.
//!
//! Each promise of the stream is a check of its name in a file of its name
//! ([`CHECKS`]). A check that cannot fail is worse than none, so each has tests that
//! feed it a history with one thing wrong, and `model` breaks made-up histories in
//! every way that we could think of.

mod any_replica;
mod atomic;
mod bookmarkable;
mod commit_order;
mod complete;
mod covered;
mod durable;
mod filter_algebra;
pub(crate) mod log;
mod ordered;
mod path;
mod poll_equals_stream;
mod reads;
mod rebuild;
pub(crate) mod selection;
mod snapshot;
mod unique;
pub(crate) mod violation;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use log::Log;
use selection::Selection;
use violation::{Promise, Verdict};

/// A moment. Of two, the later one is greater, whoever noted it.
pub(crate) type Tick = u64;

/// What the checks know of a resource as one commit left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// Of the whole encoded message.
    pub(crate) digest: u64,
    /// The countries that are parties, by name: what filters ask for.
    pub(crate) parties: BTreeSet<String>,
}

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// It is new.
    Created,
    /// It changed.
    Updated,
    /// It was deleted.
    Deleted,
    /// It was brought back.
    Undeleted,
    /// It changed and matches the filter now.
    Entered,
    /// It changed and no longer matches the filter.
    Left,
}

/// What a commit did to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its place in the commit, from 0.
    pub(crate) ordinal: i32,
    /// What happened.
    pub(crate) kind: Kind,
    /// The type, such as `Agreement`.
    pub(crate) resource_type: String,
    /// The name.
    pub(crate) name: String,
    /// The identity.
    pub(crate) uid: String,
    /// The resource after the change.
    pub(crate) image: Option<Image>,
    /// The resource before the change.
    pub(crate) before: Option<Image>,
    /// Fields that differ.
    pub(crate) fields: Vec<String>,
}

/// A commit, or a fragment of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Commit {
    /// Its number.
    pub(crate) revision: i64,
    /// Microseconds since 1970.
    pub(crate) time: i64,
    /// Who made it.
    pub(crate) actor: String,
    /// Why.
    pub(crate) reason: String,
    /// Under which request id.
    pub(crate) request_id: String,
    /// What it did.
    pub(crate) changes: Vec<Change>,
    /// How many changes it has over all fragments.
    pub(crate) change_count: usize,
    /// Whether more of it follows.
    pub(crate) fragment: bool,
}

/// What was answered to a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It was done as this commit, which changed these resources.
    Done {
        /// The commit.
        revision: i64,
        /// The resources, in order.
        names: Vec<String>,
    },
    /// It was refused for this reason.
    Refused(String),
    /// Nobody answered, or the answer was lost.
    Unknown,
}

/// A write, under one request id.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// Who wrote.
    pub(crate) actor: String,
    /// The request id, unique.
    pub(crate) request_id: String,
    /// When it was sent first.
    pub(crate) sent_at: Tick,
    /// When the answer came.
    pub(crate) answered_at: Tick,
    /// How often it was sent.
    pub(crate) tries: u32,
    /// The replica that it was sent to last.
    pub(crate) replica: usize,
    /// The answer.
    pub(crate) answer: Answer,
}

/// Where a stream or a poll starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Behind the newest commit.
    Now,
    /// With the first commit.
    Earliest,
    /// Behind this revision.
    After(i64),
    /// With the state.
    Snapshot,
    /// Behind the token of a list or of the head, which was answered at this moment.
    Answered(Tick),
    /// Behind a message of a stream that has the same selectors.
    Resume {
        /// Number of the stream.
        stream: usize,
        /// Number of the message in it.
        message: usize,
    },
}

/// A resource of a snapshot, a list or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) image: Image,
}

/// What a message of a stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The stream tells what comes after this revision.
    Started(i64),
    /// A part of the state.
    Snapshot(Vec<Item>),
    /// The state was that at this revision.
    SnapshotEnd(i64),
    /// Commits.
    Commits(Vec<Commit>),
    /// Nothing else up to this revision.
    Progress(i64),
    /// All up to this revision has been told.
    CaughtUp(i64),
    /// The same, and the reader is slow.
    FellBehind(i64),
    /// The same, and the server goes away.
    Draining(i64),
}

/// A message of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    /// When it came.
    pub(crate) at: Tick,
    /// How long it was waited for.
    pub(crate) waited: Duration,
    /// What it tells.
    pub(crate) event: Event,
    /// The revision that its token stands for; `None` without one.
    pub(crate) token: Option<i64>,
}

/// How a stream ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The reader went away.
    Left,
    /// The server ended it well.
    Done,
    /// The connection broke, or the server said to try again.
    Broken(String),
    /// The server said that there is no way on, for this reason.
    Refused(String),
}

/// A stream as its reader saw it.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// Who sent it.
    pub(crate) replica: usize,
    /// Where it was to start.
    pub(crate) start: Start,
    /// What it was to let through.
    pub(crate) selection: Selection,
    /// How often something was to come at least.
    pub(crate) interval: Duration,
    /// What came, in order.
    pub(crate) messages: Vec<Message>,
    /// How it ended.
    pub(crate) end: End,
}

/// An answer of ListChanges.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Who answered.
    pub(crate) replica: usize,
    /// The commits, or one fragment.
    pub(crate) commits: Vec<Commit>,
    /// The revision of the next token.
    pub(crate) next: i64,
    /// Whether that token leads into a commit.
    pub(crate) inside: bool,
}

/// Pages, each asked for with the token of the one before.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    /// Behind which revision it starts.
    pub(crate) after: i64,
    /// What it was to let through.
    pub(crate) selection: Selection,
    /// The pages.
    pub(crate) pages: Vec<Page>,
}

/// What a read was to find.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    /// The resource of this name.
    Get(String),
    /// All resources of the selection.
    List(Selection),
}

/// A read of the state.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    /// Who answered.
    pub(crate) replica: usize,
    /// When it was asked.
    pub(crate) asked_at: Tick,
    /// When it was answered.
    pub(crate) answered_at: Tick,
    /// As of which revision; that of now, if `None`.
    pub(crate) revision: Option<i64>,
    /// What was asked.
    pub(crate) question: Question,
    /// The revision of the token for a watch that goes on from here; `None` without one.
    pub(crate) watch: Option<i64>,
    /// What was found.
    pub(crate) found: Vec<Item>,
}

/// What everybody saw, and what stands in the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The log in the end.
    pub(crate) log: Log,
    /// The tables in the end, by name.
    pub(crate) tables: BTreeMap<String, Image>,
    /// Writes.
    pub(crate) writes: Vec<Write>,
    /// Streams.
    pub(crate) streams: Vec<Stream>,
    /// Polls.
    pub(crate) polls: Vec<Poll>,
    /// Reads.
    pub(crate) reads: Vec<Read>,
}

/// A check of one promise.
pub(crate) type Check = fn(&History) -> Verdict;

/// The promises that a history can break, each with its check.
pub(crate) const CHECKS: [(Promise, Check); 13] = [
    (Promise::Ordered, ordered::ordered),
    (Promise::CommitOrder, commit_order::commit_order),
    (Promise::Complete, complete::complete),
    (Promise::Unique, unique::unique),
    (Promise::AnyReplica, any_replica::any_replica),
    (Promise::Atomic, atomic::atomic),
    (Promise::Covered, covered::covered),
    (Promise::Bookmarkable, bookmarkable::bookmarkable),
    (Promise::Durable, durable::durable),
    (Promise::Snapshot, snapshot::snapshot),
    (Promise::FilterAlgebra, filter_algebra::filter_algebra),
    (Promise::PollEqualsStream, poll_equals_stream::poll_equals_stream),
    (Promise::Rebuild, rebuild::rebuild),
];

impl History {
    /// Every promise that it breaks.
    pub(crate) fn violations(&self) -> Vec<violation::Violation> {
        CHECKS.iter().filter_map(|(_, check)| check(self).err()).collect()
    }

    /// What the check of `promise` says.
    pub(crate) fn check(&self, promise: Promise) -> Verdict {
        let mut of = CHECKS.iter().filter(|(named, _)| *named == promise);
        of.try_for_each(|(_, check)| check(self))
    }
}

impl Event {
    /// The revision up to which a control message says that all has come.
    pub(crate) fn reached(&self) -> Option<i64> {
        match self {
            Self::Started(revision)
            | Self::SnapshotEnd(revision)
            | Self::Progress(revision)
            | Self::CaughtUp(revision)
            | Self::FellBehind(revision)
            | Self::Draining(revision) => Some(*revision),
            Self::Snapshot(_) | Self::Commits(_) => None,
        }
    }
}
