//! Revisions strictly increase, and so do commit times: in the log, in every stream,
//! and over the pages of every poll.

use super::path::Path;
use super::violation::{Place, Promise, Verdict};
use super::{Commit, History};

/// The check of [`Promise::Ordered`].
pub(super) fn ordered(history: &History) -> Verdict {
    let logged = history.log.commits().iter();
    increasing(logged.map(|commit| (Place::Log(commit.revision), commit)), false)?;
    for path in Path::each(history) {
        let told = path.commits();
        increasing(told.iter().map(|told| (told.step.place(), &told.commit)), false)?;
    }
    for (number, poll) in history.polls.iter().enumerate() {
        let pages = poll.pages.iter().enumerate();
        let commits = pages.flat_map(|(page, answer)| {
            answer.commits.iter().map(move |commit| (Place::Page(number, page), commit))
        });
        increasing(commits, true)?;
    }
    Ok(())
}

fn increasing<'c>(commits: impl Iterator<Item = (Place, &'c Commit)>, fragments: bool) -> Verdict {
    let mut before: Option<&Commit> = None;
    for (place, commit) in commits {
        let goes_on =
            |before: &Commit| fragments && before.fragment && before.revision == commit.revision;
        if let Some(before) = before.filter(|before| !goes_on(before)) {
            let (last, revision) = (before.revision, commit.revision);
            if revision <= last {
                return Promise::Ordered.broken(place, format!("{revision} comes after {last}"));
            }
            if commit.time <= before.time {
                let what = format!("{revision} has no later time than {last}");
                return Promise::Ordered.broken(place, what);
            }
        }
        before = Some(commit);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::log::Log;
    use crate::model::samples::{commits_of, sample};

    #[test]
    fn a_stream_that_goes_back_is_found() {
        let mut history = sample();
        assert_eq!(ordered(&history), Ok(()));
        commits_of(&mut history, 0).swap(1, 2);
        assert_eq!(ordered(&history).unwrap_err().promise, Promise::Ordered);
    }

    #[test]
    fn time_that_stands_still_is_found() {
        let mut history = sample();
        let mut commits = history.log.commits().to_vec();
        commits[2].time = commits[1].time;
        history.log = Log::new(commits);
        assert_eq!(ordered(&history).unwrap_err().place, Place::Log(3));
    }

    #[test]
    fn pages_that_go_back_are_found() {
        let mut history = sample();
        history.polls[0].pages.swap(0, 1);
        assert!(matches!(ordered(&history).unwrap_err().place, Place::Page(0, 1)));
    }
}
