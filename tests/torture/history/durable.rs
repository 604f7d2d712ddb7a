//! What was delivered stands in the log in the end, as it was told, and what was
//! answered stands where the answer says, once. No crash has undone any of it.

use std::collections::BTreeSet;

use super::path::Path;
use super::violation::{Place, Promise, Verdict};
use super::{Answer, Change, Commit, History, Kind, Write};

/// The check of [`Promise::Durable`].
pub(super) fn durable(history: &History) -> Verdict {
    let mut done = BTreeSet::new();
    for commit in history.log.commits() {
        let id = &commit.request_id;
        if !id.is_empty() && !done.insert((&commit.actor, id)) {
            return broken(Place::Log(commit.revision), format!("{id} is done a second time"));
        }
    }
    for (number, write) in history.writes.iter().enumerate() {
        answered(history, write, Place::Write(number))?;
    }
    for path in Path::each(history) {
        for told in path.commits() {
            stands(history, &told.commit, told.step.place())?;
        }
    }
    for (number, poll) in history.polls.iter().enumerate() {
        for (page, answer) in poll.pages.iter().enumerate() {
            for commit in &answer.commits {
                stands(history, commit, Place::Page(number, page))?;
            }
        }
    }
    Ok(())
}

fn answered(history: &History, write: &Write, place: Place) -> Verdict {
    let id = &write.request_id;
    match &write.answer {
        Answer::Done { revision, names } => {
            let Some(commit) = history.log.get(*revision) else {
                return broken(place, format!("{id} was answered as {revision} and is lost"));
            };
            let changed: Vec<_> = commit.changes.iter().map(|change| &change.name).collect();
            let own = (&commit.request_id, &commit.actor) == (id, &write.actor);
            if !own || changed != names.iter().collect::<Vec<_>>() {
                return broken(place, format!("{id} was answered as {revision}: {commit:?}"));
            }
            Ok(())
        }
        // Of several tries an earlier one may still have been on its way.
        Answer::Refused(reason) if write.tries == 1 => match history.log.of_request(id) {
            Some(revision) => {
                broken(place, format!("{id} was refused ({reason}) and stands as {revision}"))
            }
            None => Ok(()),
        },
        Answer::Refused(_) | Answer::Unknown => Ok(()),
    }
}

/// Whether what was told is what the log has.
fn stands(history: &History, told: &Commit, place: Place) -> Verdict {
    let revision = told.revision;
    let Some(commit) = history.log.get(revision) else {
        return broken(place, format!("{revision} was told and is lost"));
    };
    let header = |commit: &Commit| {
        let Commit { time, actor, reason, request_id, .. } = commit;
        (*time, actor.clone(), reason.clone(), request_id.clone())
    };
    if header(commit) != header(told) {
        return broken(place, format!("{revision} was told as {told:?} and is {commit:?}"));
    }
    for change in &told.changes {
        let logged = usize::try_from(change.ordinal).ok();
        let logged = logged.and_then(|ordinal| commit.changes.get(ordinal));
        if logged.is_none_or(|logged| !is_of(change, logged)) {
            return broken(
                place,
                format!("{revision} was told with {change:?} and has {logged:?}"),
            );
        }
    }
    Ok(())
}

/// Whether `told` tells of `logged`, in whatever detail.
fn is_of(told: &Change, logged: &Change) -> bool {
    let kind = match told.kind {
        Kind::Entered | Kind::Left => Kind::Updated,
        kind => kind,
    };
    let image = told.image.is_none() || told.image == logged.image;
    kind == logged.kind && image && (&told.name, &told.uid) == (&logged.name, &logged.uid)
}

fn broken(place: Place, what: String) -> Verdict {
    Promise::Durable.broken(place, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::log::Log;
    use crate::model::samples::{commits_of, sample};

    fn without_last(history: &mut History) {
        let mut commits = history.log.commits().to_vec();
        commits.pop();
        history.log = Log::new(commits);
    }

    #[test]
    fn an_answered_write_that_is_lost_is_found() {
        let mut history = sample();
        assert_eq!(durable(&history), Ok(()));
        without_last(&mut history);
        assert!(matches!(durable(&history).unwrap_err().place, Place::Write(_)));
    }

    #[test]
    fn a_delivered_commit_that_is_lost_is_found() {
        let mut history = sample();
        without_last(&mut history);
        history.writes.clear();
        assert!(durable(&history).unwrap_err().what.contains("is lost"));
    }

    #[test]
    fn a_commit_that_was_told_otherwise_is_found() {
        let mut history = sample();
        commits_of(&mut history, 0)[0].actor = "somebody else".to_owned();
        assert!(durable(&history).unwrap_err().what.contains("was told as"));
    }

    #[test]
    fn a_request_done_twice_is_found() {
        let mut history = sample();
        let mut commits = history.log.commits().to_vec();
        commits[1].request_id = commits[0].request_id.clone();
        commits[1].actor = commits[0].actor.clone();
        history.log = Log::new(commits);
        assert!(durable(&history).unwrap_err().what.contains("a second time"));
    }

    #[test]
    fn a_refused_write_that_stands_is_found() {
        let mut history = sample();
        history.writes[0].answer = Answer::Refused("ETAG_MISMATCH".to_owned());
        assert!(durable(&history).unwrap_err().what.contains("was refused"));
    }
}
