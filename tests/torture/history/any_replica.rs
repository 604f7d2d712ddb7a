//! Cut at any message and resumed at any replica, the whole commits are the same: those
//! that the log has for the selectors, whatever the cuts. And there is a way on: no
//! replica refuses a token that another one gave.

use super::path::Path;
use super::violation::{Promise, Verdict};
use super::{End, History, Start};

/// The check of [`Promise::AnyReplica`].
pub(super) fn any_replica(history: &History) -> Verdict {
    for (number, stream) in history.streams.iter().enumerate() {
        let Start::Resume { stream: parent, message } = stream.start else { continue };
        let path = Path::whole(history, number);
        if let End::Refused(reason) = &stream.end {
            let place = super::violation::Place::Message(parent, message);
            let what = format!("its token is refused by replica {}: {reason}", stream.replica);
            return Promise::AnyReplica.broken(place, what);
        }
        let (Some(after), Some(reached)) = (path.after(), path.reached()) else { continue };
        let after = path.snapshot_end().unwrap_or(after);
        let expected = history.log.told(&path.first.selection, after, reached);
        let told = path.commits();
        let mut told = told.iter().filter(|told| told.commit.revision <= reached);
        for commit in &expected {
            let found = told.next();
            if found.is_none_or(|found| found.commit != *commit) {
                let (place, what) = match found {
                    Some(found) => (found.step.place(), format!("{} comes", found.commit.revision)),
                    None => (path.steps[0].place(), "the end comes".to_owned()),
                };
                let what = format!("{what} where {} is next", commit.revision);
                return Promise::AnyReplica.broken(place, what);
            }
        }
        if let Some(more) = told.next() {
            let what = format!("{} is one too many", more.commit.revision);
            return Promise::AnyReplica.broken(more.step.place(), what);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Event;
    use crate::model::samples::{RESUMED, commits_of, sample};

    #[test]
    fn a_resume_that_leaves_one_out_is_found() {
        let mut history = sample();
        assert_eq!(any_replica(&history), Ok(()));
        let left_out = commits_of(&mut history, RESUMED).remove(0);
        history.streams[RESUMED].messages[0].event = Event::Started(left_out.revision);
        assert!(any_replica(&history).unwrap_err().what.contains("is next"));
    }

    #[test]
    fn a_resume_that_comes_too_early_is_found() {
        let mut history = sample();
        let first = commits_of(&mut history, 0)[0].clone();
        commits_of(&mut history, RESUMED).insert(0, first);
        assert!(any_replica(&history).is_err());
    }

    #[test]
    fn a_token_that_is_refused_is_found() {
        let mut history = sample();
        history.streams[RESUMED].messages.clear();
        history.streams[RESUMED].end = End::Refused("HISTORY_DIVERGED".to_owned());
        assert!(any_replica(&history).unwrap_err().what.contains("HISTORY_DIVERGED"));
    }
}
