//! No token lies in the middle of a commit, and no stream starts or ends there. The
//! fragments of a commit follow each other, and only the last one has a token.

use super::path::joined;
use super::violation::{Place, Promise, Verdict};
use super::{Commit, End, Event, History, Stream};

/// The check of [`Promise::Atomic`].
pub(super) fn atomic(history: &History) -> Verdict {
    for (number, stream) in history.streams.iter().enumerate() {
        stream_is_atomic(number, stream)?;
    }
    for (number, poll) in history.polls.iter().enumerate() {
        let mut open: Vec<Commit> = Vec::new();
        for (at, page) in poll.pages.iter().enumerate() {
            let place = Place::Page(number, at);
            for commit in &page.commits {
                take(&mut open, commit, place)?;
            }
            if page.inside == open.is_empty() {
                return broken(place, "its token says where the page ends otherwise than it does");
            }
        }
    }
    Ok(())
}

fn stream_is_atomic(number: usize, stream: &Stream) -> Verdict {
    let mut open: Vec<Commit> = Vec::new();
    let mut reached = 0;
    for (at, message) in stream.messages.iter().enumerate() {
        let place = Place::Message(number, at);
        match &message.event {
            Event::Commits(commits) => {
                for commit in commits {
                    take(&mut open, commit, place)?;
                    reached = reached.max(commit.revision);
                }
            }
            _ if !open.is_empty() => return broken(place, "it parts the fragments of a commit"),
            _ => {}
        }
        match message.token {
            Some(_) if !open.is_empty() => {
                return broken(place, "it has a token in the middle of a commit");
            }
            None if open.is_empty() => return broken(place, "it has no token"),
            // What it completes is behind its token.
            Some(token) if token < reached => {
                return broken(place, format!("its token is of {token}, before {reached}"));
            }
            _ => {}
        }
    }
    if stream.end == End::Done && !open.is_empty() {
        let last = Place::Message(number, stream.messages.len());
        return broken(last, "it ends well in the middle of a commit");
    }
    Ok(())
}

/// Adds a commit or a fragment to those that are not whole yet.
fn take(open: &mut Vec<Commit>, commit: &Commit, place: Place) -> Verdict {
    if open.first().is_some_and(|first| first.revision != commit.revision) {
        return broken(place, "it parts the fragments of a commit");
    }
    open.push(commit.clone());
    if commit.fragment {
        return Ok(());
    }
    let whole = joined(open.drain(..));
    match whole.filter(|whole| whole.changes.len() != whole.change_count) {
        Some(part) => {
            let (has, of) = (part.changes.len(), part.change_count);
            broken(place, format!("{} has {has} of {of} changes", part.revision))
        }
        None => Ok(()),
    }
}

fn broken(place: Place, what: impl Into<String>) -> Verdict {
    Promise::Atomic.broken(place, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{fragment_of, sample};

    #[test]
    fn a_token_on_a_fragment_is_found() {
        let mut history = sample();
        assert_eq!(atomic(&history), Ok(()));
        let at = fragment_of(&history, 0);
        history.streams[0].messages[at].token = Some(2);
        assert!(atomic(&history).unwrap_err().what.contains("in the middle"));
    }

    #[test]
    fn a_fragment_that_is_missing_is_found() {
        let mut history = sample();
        let at = fragment_of(&history, 0);
        history.streams[0].messages.remove(at);
        assert!(atomic(&history).unwrap_err().what.contains("changes"));
    }

    #[test]
    fn what_parts_fragments_is_found() {
        let mut history = sample();
        let at = fragment_of(&history, 0);
        let started = history.streams[0].messages[0].clone();
        history.streams[0].messages.insert(at + 1, started);
        assert!(atomic(&history).unwrap_err().what.contains("parts"));
    }

    #[test]
    fn a_poll_that_stops_inside_a_commit_and_does_not_say_so_is_found() {
        let mut history = sample();
        let page = history.polls[0].pages.iter_mut().find(|page| page.inside).unwrap();
        page.inside = false;
        assert!(matches!(atomic(&history).unwrap_err().place, Place::Page(0, _)));
    }

    #[test]
    fn a_stream_that_ends_well_inside_a_commit_is_found() {
        let mut history = sample();
        let at = fragment_of(&history, 0);
        history.streams[0].messages.truncate(at + 1);
        history.streams[0].end = End::Done;
        assert!(atomic(&history).is_err());
    }
}
