//! ListChanges gives what the log has for the selectors, as streams do, and cuts a commit
//! that is too large into the fragments that streams have.

use std::collections::BTreeMap;

use super::path::joined;
use super::selection::Selection;
use super::violation::{Place, Promise, Verdict};
use super::{Commit, Event, History, Poll};

/// The check of [`Promise::PollEqualsStream`].
pub(super) fn poll_equals_stream(history: &History) -> Verdict {
    for (number, poll) in history.polls.iter().enumerate() {
        let last = poll.pages.len().saturating_sub(1);
        let place = Place::Page(number, last);
        let reached = poll.pages.last().map_or(poll.after, |page| page.next);
        let expected = history.log.told(&poll.selection, poll.after, reached);
        let mut told = whole(poll);
        told.retain(|commit| commit.revision <= reached);
        let differ = expected.iter().zip(&told).find(|(expected, told)| expected != told);
        if let Some((expected, told)) = differ {
            let what = format!("{} comes where {expected:?} is next", told.revision);
            return Promise::PollEqualsStream.broken(place, what);
        }
        if told.len() != expected.len() {
            let what = format!("{} commits come, not {}", told.len(), expected.len());
            return Promise::PollEqualsStream.broken(place, what);
        }
        same_fragments(history, poll, place)?;
    }
    Ok(())
}

fn whole(poll: &Poll) -> Vec<Commit> {
    let mut open = Vec::new();
    let mut whole = Vec::new();
    for commit in poll.pages.iter().flat_map(|page| &page.commits) {
        open.push(commit.clone());
        if !commit.fragment {
            whole.extend(joined(open.drain(..)));
        }
    }
    whole
}

/// How many changes the fragments of each commit have.
type Fragments = BTreeMap<i64, Vec<usize>>;

fn same_fragments(history: &History, poll: &Poll, place: Place) -> Verdict {
    let polled = fragments(poll.pages.iter().flat_map(|page| &page.commits));
    let selected = |selection: &Selection| *selection == poll.selection;
    for stream in history.streams.iter().filter(|stream| selected(&stream.selection)) {
        let commits = stream.messages.iter().filter_map(|message| match &message.event {
            Event::Commits(commits) => Some(commits),
            _ => None,
        });
        for (revision, parts) in fragments(commits.flatten()) {
            if polled.get(&revision).is_some_and(|polled| *polled != parts) {
                let what = format!("{revision} has other fragments in a stream: {parts:?}");
                return Promise::PollEqualsStream.broken(place, what);
            }
        }
    }
    Ok(())
}

/// Of the commits that came from their first fragment to the last.
fn fragments<'c>(commits: impl Iterator<Item = &'c Commit>) -> Fragments {
    let mut fragments = Fragments::new();
    let mut whole = Fragments::new();
    for commit in commits {
        let parts = fragments.entry(commit.revision).or_default();
        parts.push(commit.changes.len());
        if !commit.fragment && parts.iter().sum::<usize>() == commit.change_count {
            whole.insert(commit.revision, parts.clone());
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::sample;

    #[test]
    fn a_poll_that_leaves_one_out_is_found() {
        let mut history = sample();
        assert_eq!(poll_equals_stream(&history), Ok(()));
        let pages = &mut history.polls[0].pages;
        let page = pages.iter_mut().find(|page| !page.commits.is_empty()).unwrap();
        page.commits.remove(0);
        assert!(poll_equals_stream(&history).is_err());
    }

    #[test]
    fn a_poll_that_cuts_otherwise_is_found() {
        let mut history = sample();
        let pages = &mut history.polls[0].pages;
        let at = pages.iter().position(|page| page.inside).unwrap();
        let rest = pages.remove(at + 1);
        let changes = rest.commits[0].changes.clone();
        let page = &mut pages[at];
        page.commits[0].changes.extend(changes);
        page.commits[0].fragment = rest.commits[0].fragment;
        (page.next, page.inside) = (rest.next, rest.inside);
        assert!(poll_equals_stream(&history).unwrap_err().what.contains("other fragments"));
    }
}
