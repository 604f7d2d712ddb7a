//! How the model tells of its log: streams, polls and reads that are right.

use std::time::Duration;

use super::moment;
use crate::history::selection::Selection;
use crate::history::{
    Commit, End, Event, History, Item, Message, Page, Poll, Question, Read, Start, Stream, Tick,
};

/// Changes from which on a commit is too large for one message.
const LARGE: usize = 3;
/// Changes in a fragment.
const FRAGMENT: usize = 2;
/// Items of a snapshot in one message.
const ITEMS: usize = 2;

/// How a stream is to be told.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Where it starts, if it does not resume.
    pub(super) after: i64,
    /// Whether it begins with the state there.
    pub(super) snapshot: bool,
    /// What it lets through.
    pub(super) selection: Selection,
    /// Commits in a message at most.
    pub(super) batch: usize,
    /// After so many revisions comes progress.
    pub(super) progress: i64,
}

/// Tells `plan` to the head, from the start or behind a message of another stream.
pub(super) fn stream(history: &mut History, plan: &Plan, resumed: Option<(usize, usize)>) {
    let mut teller = Teller { at: 0, messages: Vec::new() };
    let mut after = plan.after.min(history.log.head());
    let mut first_item = 0;
    let mut in_snapshot = plan.snapshot;
    let mut start = Start::After(after);
    if plan.snapshot {
        start = Start::Snapshot;
    }
    if let Some((stream, message)) = resumed {
        let seen = seen(history, stream, message);
        let last = seen.last().expect("it is resumed behind a message");
        after = last.token.expect("it is resumed where there is a token");
        first_item = items(&seen);
        in_snapshot &= !seen.iter().any(|seen| matches!(seen.event, Event::SnapshotEnd(_)));
        teller.at = last.at;
        start = Start::Resume { stream, message };
    }
    teller.tell(after, Event::Started(after), Some(after));
    if in_snapshot {
        let state = history.log.state(after, &plan.selection);
        let items = state.into_iter().skip(first_item);
        let items: Vec<_> = items
            .map(|(name, image)| Item { name: name.to_owned(), image: image.clone() })
            .collect();
        for items in items.chunks(ITEMS) {
            teller.tell(after, Event::Snapshot(items.to_vec()), Some(after));
        }
        teller.tell(after, Event::SnapshotEnd(after), Some(after));
    }
    teller.commits(history, plan, after);
    history.streams.push(Stream {
        replica: history.streams.len() % 3,
        start,
        selection: plan.selection.clone(),
        interval: Duration::from_secs(1),
        messages: teller.messages,
        end: End::Done,
    });
}

/// What has been seen with this message of a stream, and before in those that it resumes.
fn seen(history: &History, stream: usize, message: usize) -> Vec<&Message> {
    let of = &history.streams[stream];
    let mut messages = match of.start {
        Start::Resume { stream, message } => seen(history, stream, message),
        _ => Vec::new(),
    };
    messages.extend(&of.messages[..=message]);
    messages
}

fn items(messages: &[&Message]) -> usize {
    let items = messages.iter().map(|message| match &message.event {
        Event::Snapshot(items) => items.len(),
        _ => 0,
    });
    items.sum()
}

struct Teller {
    at: Tick,
    messages: Vec<Message>,
}

impl Teller {
    /// Tells it after the commit `revision` has happened.
    fn tell(&mut self, revision: i64, event: Event, token: Option<i64>) {
        self.at = (self.at + 1).max(moment(revision) + 1);
        self.messages.push(Message { at: self.at, waited: Duration::ZERO, event, token });
    }

    fn commits(&mut self, history: &History, plan: &Plan, after: i64) {
        let head = history.log.head();
        let mut batch: Vec<Commit> = Vec::new();
        for revision in after + 1..=head {
            let told = history.log.told(&plan.selection, revision - 1, revision);
            for commit in told {
                let parts = fragments(&commit);
                if parts.len() > 1 {
                    self.flush(&mut batch, revision - 1);
                    self.fragments(parts);
                } else {
                    batch.push(commit);
                }
            }
            if batch.len() == plan.batch {
                self.flush(&mut batch, revision);
            }
            if (revision - after) % plan.progress == 0 {
                self.flush(&mut batch, revision);
                self.tell(revision, Event::Progress(revision), Some(revision));
            }
        }
        self.flush(&mut batch, head);
        self.tell(head, Event::CaughtUp(head), Some(head));
        self.tell(head, Event::Progress(head), Some(head));
    }

    fn flush(&mut self, batch: &mut Vec<Commit>, revision: i64) {
        if !batch.is_empty() {
            self.tell(revision, Event::Commits(std::mem::take(batch)), Some(revision));
        }
    }

    fn fragments(&mut self, parts: Vec<Commit>) {
        for part in parts {
            let revision = part.revision;
            let token = (!part.fragment).then_some(revision);
            self.tell(revision, Event::Commits(vec![part]), token);
        }
    }
}

/// The fragments of a commit that is large; itself, if it is not.
fn fragments(commit: &Commit) -> Vec<Commit> {
    if commit.changes.len() < LARGE {
        return vec![commit.clone()];
    }
    let parts = commit.changes.chunks(FRAGMENT);
    let mut parts: Vec<_> = parts
        .map(|changes| Commit { changes: changes.to_vec(), fragment: true, ..commit.clone() })
        .collect();
    if let Some(last) = parts.last_mut() {
        last.fragment = false;
    }
    parts
}

/// Polls `selection` from `after` to the head, `most` commits a page.
pub(super) fn poll(history: &mut History, selection: &Selection, after: i64, most: usize) {
    let head = history.log.head();
    let after = after.min(head);
    let mut pages: Vec<Page> = Vec::new();
    let mut page = Vec::new();
    let mut finish = |page: &mut Vec<Commit>, next: i64, inside: bool| {
        let commits = std::mem::take(page);
        let replica = pages.len() % 3;
        pages.push(Page { replica, commits, next, inside });
    };
    for commit in history.log.told(selection, after, head) {
        let before = commit.revision - 1;
        let parts = fragments(&commit);
        if page.len() == most || (parts.len() > 1 && !page.is_empty()) {
            finish(&mut page, before, false);
        }
        if parts.len() == 1 {
            page.push(commit);
            continue;
        }
        for part in parts {
            let (inside, revision) = (part.fragment, part.revision);
            let next = if inside { before } else { revision };
            finish(&mut vec![part], next, inside);
        }
    }
    finish(&mut page, head, false);
    history.polls.push(Poll { after, selection: selection.clone(), pages });
}

/// Reads at every revision.
pub(super) fn reads(history: &mut History, selections: &[Selection]) {
    for revision in 1..=history.log.head() {
        let names = history.log.between(revision - 1, revision).iter();
        let names = names.flat_map(|commit| &commit.changes);
        let gets = names.map(|change| Question::Get(change.name.clone()));
        let lists = selections.iter().cloned().map(Question::List);
        let questions: Vec<_> = gets.chain(lists).collect();
        for question in questions {
            let now = read(history, question, revision);
            // The same, asked for when all has been written.
            let (asked_at, answered_at) = (Tick::MAX - 1, Tick::MAX);
            let past = Read { revision: Some(revision), asked_at, answered_at, ..now.clone() };
            history.reads.extend([now, past]);
        }
    }
}

fn read(history: &History, question: Question, revision: i64) -> Read {
    let selection = match &question {
        Question::Get(_) => Selection::default(),
        Question::List(selection) => selection.clone(),
    };
    let state = history.log.state(revision, &selection);
    let asked = |name: &str| !matches!(&question, Question::Get(asked) if asked != name);
    let watch = matches!(&question, Question::List(_)).then_some(revision);
    let found = state.into_iter().filter(|(name, _)| asked(name));
    let found =
        found.map(|(name, image)| Item { name: name.to_owned(), image: image.clone() }).collect();
    let (asked_at, answered_at) = (moment(revision) + 2, moment(revision) + 3);
    Read { replica: 0, asked_at, answered_at, revision: None, question, watch, found }
}
