//! A small history that is right, for tests to break.

use std::collections::BTreeSet;

use super::deliver::{Plan, poll, reads, stream};
use super::{Accepted, Act, written};
use crate::history::selection::{Condition, Detail, Selection};
use crate::history::{Commit, Event, History};

/// The stream that was resumed from the first one, which tells everything.
pub(crate) const RESUMED: usize = 1;
/// A stream with one commit in each message.
pub(crate) const SINGLE: usize = 2;
/// A stream with a filter.
pub(crate) const FILTERED: usize = 3;
/// A stream that begins with the state.
pub(crate) const SNAPSHOT: usize = 4;

/// Nine commits, five streams, a poll and reads.
pub(crate) fn sample() -> History {
    const BOTH: [bool; 2] = [true, true];
    const KHM: [bool; 2] = [true, false];
    const RUS: [bool; 2] = [false, true];
    let accepted = [
        accepted("alice", &[("a", false, KHM)]),
        accepted("bob", &[("b", false, BOTH), ("a", false, KHM)]),
        accepted("alice", &[("a", false, RUS)]),
        accepted("bob", &[("c", false, KHM), ("d", false, RUS), ("e", false, KHM)]),
        accepted("alice", &[("b", true, BOTH)]),
        accepted("bob", &[("b", false, BOTH)]),
        accepted("alice", &[("a", false, KHM)]),
        accepted("bob", &[("c", false, KHM)]),
        accepted("alice", &[("d", true, RUS)]),
    ];
    let mut history = written(&accepted);
    let filtered = Selection {
        filter: Some(Condition::Party("countries/KHM".to_owned())),
        types: BTreeSet::from(["Agreement".to_owned()]),
        detail: Detail::Full,
        ..Selection::default()
    };
    let everything = Plan {
        after: 0,
        snapshot: false,
        selection: Selection::default(),
        batch: 3,
        progress: i64::MAX,
    };
    stream(&mut history, &everything, None);
    stream(&mut history, &everything, Some((0, 1)));
    stream(&mut history, &Plan { after: 4, batch: 1, ..everything.clone() }, None);
    stream(&mut history, &Plan { selection: filtered.clone(), ..everything.clone() }, None);
    stream(&mut history, &Plan { after: 5, snapshot: true, ..everything.clone() }, None);
    poll(&mut history, &everything.selection, 0, 3);
    reads(&mut history, &[everything.selection, filtered]);
    history
}

fn accepted(actor: &str, acts: &[(&str, bool, [bool; 2])]) -> Accepted {
    let acts = acts.iter().map(|(id, deletes, parties)| Act {
        name: format!("agreements/{id}"),
        deletes: *deletes,
        revives: true,
        parties: *parties,
    });
    Accepted { actor: actor.to_owned(), acts: acts.collect(), sent_before: 10, answered_after: 1 }
}

/// The commits of the first message of a stream that has the most.
pub(crate) fn commits_of(history: &mut History, stream: usize) -> &mut Vec<Commit> {
    let messages = history.streams[stream].messages.iter_mut().rev();
    let commits = messages.filter_map(|message| match &mut message.event {
        Event::Commits(commits) => Some(commits),
        _ => None,
    });
    commits.max_by_key(|commits| commits.len()).expect("it tells commits")
}

/// The message of a stream that has the first fragment.
pub(crate) fn fragment_of(history: &History, stream: usize) -> usize {
    let mut messages = history.streams[stream].messages.iter();
    let is_fragment = |event: &Event| matches!(event, Event::Commits(commits) if commits.iter().any(|one| one.fragment));
    messages.position(|message| is_fragment(&message.event)).expect("a commit is large")
}
