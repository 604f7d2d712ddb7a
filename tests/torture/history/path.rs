//! What a reader has seen in all: its stream, and the streams that it was resumed from.

use super::violation::Place;
use super::{Commit, Event, History, Message, Start, Stream};

/// A message and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'h> {
    /// Number of the stream.
    stream: usize,
    /// Number of the message.
    number: usize,
    /// The message.
    pub(super) message: &'h Message,
}

impl Step<'_> {
    /// Where it stands.
    pub(super) fn place(&self) -> Place {
        Place::Message(self.stream, self.number)
    }
}

/// Messages in the order in which a reader processed them.
#[derive(Debug)]
pub(super) struct Path<'h> {
    /// The stream that was started without a token.
    pub(super) first: &'h Stream,
    /// The messages.
    pub(super) steps: Vec<Step<'h>>,
}

/// A commit that came whole, with the message that completed it.
#[derive(Debug)]
pub(super) struct Told<'h> {
    /// The message.
    pub(super) step: Step<'h>,
    /// The commit, its fragments put together.
    pub(super) commit: Commit,
}

impl<'h> Path<'h> {
    /// The stream alone.
    pub(super) fn alone(history: &'h History, number: usize) -> Self {
        let first = &history.streams[number];
        let steps = steps(first, number, first.messages.len());
        Self { first, steps }
    }

    /// The stream and what its reader had processed before it.
    pub(super) fn whole(history: &'h History, number: usize) -> Self {
        let mut first = &history.streams[number];
        let mut parts = vec![steps(first, number, first.messages.len())];
        while let Start::Resume { stream, message } = first.start {
            first = &history.streams[stream];
            parts.push(steps(first, stream, message + 1));
        }
        Self { first, steps: parts.into_iter().rev().flatten().collect() }
    }

    /// The paths of all streams.
    pub(super) fn all(history: &'h History) -> impl Iterator<Item = Self> {
        (0..history.streams.len()).map(|number| Self::whole(history, number))
    }

    /// All streams, each alone.
    pub(super) fn each(history: &'h History) -> impl Iterator<Item = Self> {
        (0..history.streams.len()).map(|number| Self::alone(history, number))
    }

    /// The revision behind which it starts; `None` if it never did.
    pub(super) fn after(&self) -> Option<i64> {
        self.steps.first().and_then(|step| step.message.event.reached())
    }

    /// The revision of the snapshot that came first, if it came to its end.
    pub(super) fn snapshot_end(&self) -> Option<i64> {
        self.steps.iter().find_map(|step| match step.message.event {
            Event::SnapshotEnd(revision) => Some(revision),
            _ => None,
        })
    }

    /// The revision up to which everything has come.
    pub(super) fn reached(&self) -> Option<i64> {
        self.steps.iter().rev().find_map(|step| step.message.token)
    }

    /// The commits that came whole. Of one whose rest never came nothing counts.
    pub(super) fn commits(&self) -> Vec<Told<'h>> {
        let mut told: Vec<Told<'h>> = Vec::new();
        let mut parts: Vec<Commit> = Vec::new();
        for &step in &self.steps {
            let Event::Commits(commits) = &step.message.event else {
                parts.clear();
                continue;
            };
            for commit in commits {
                parts.retain(|part| part.revision == commit.revision);
                parts.push(commit.clone());
                if !commit.fragment
                    && let Some(commit) = joined(parts.drain(..))
                {
                    told.push(Told { step, commit });
                }
            }
        }
        told
    }
}

/// The commit of which these are the fragments.
pub(super) fn joined(parts: impl IntoIterator<Item = Commit>) -> Option<Commit> {
    let mut parts = parts.into_iter();
    let mut whole = parts.next()?;
    for part in parts {
        whole.changes.extend(part.changes);
        whole.fragment = part.fragment;
    }
    Some(whole)
}

fn steps(stream: &Stream, number: usize, count: usize) -> Vec<Step<'_>> {
    let messages = stream.messages.iter().take(count).enumerate();
    messages.map(|(at, message)| Step { stream: number, number: at, message }).collect()
}
