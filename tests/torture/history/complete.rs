//! Between two delivered revisions nothing that the selectors let through is missing,
//! and nothing else comes: each commit has just the changes that they let through.

use std::collections::BTreeMap;

use super::path::{Path, Told};
use super::violation::{Place, Promise, Verdict};
use super::{Commit, History};

/// The check of [`Promise::Complete`].
pub(super) fn complete(history: &History) -> Verdict {
    for path in Path::each(history) {
        let (Some(after), Some(reached)) = (path.after(), path.reached()) else { continue };
        let told = path.commits();
        // Over a snapshot its end says from where on commits come.
        let after = path.snapshot_end().unwrap_or(after);
        let expected = history.log.told(&path.first.selection, after, reached);
        let place = path.steps[0].place();
        all(&expected, &told, place)?;
        nothing_else(&expected, &told, reached)?;
    }
    Ok(())
}

fn all(expected: &[Commit], told: &[Told<'_>], place: Place) -> Verdict {
    let by_revision: BTreeMap<i64, &Told<'_>> =
        told.iter().map(|told| (told.commit.revision, told)).collect();
    for commit in expected {
        let Some(told) = by_revision.get(&commit.revision) else {
            return Promise::Complete.broken(place, format!("{} is missing", commit.revision));
        };
        if told.commit != *commit {
            let what = format!("{} should be {commit:?} and is {:?}", commit.revision, told.commit);
            return Promise::Complete.broken(told.step.place(), what);
        }
    }
    Ok(())
}

fn nothing_else(expected: &[Commit], told: &[Told<'_>], reached: i64) -> Verdict {
    for Told { step, commit } in told {
        let revision = commit.revision;
        let place = expected.binary_search_by_key(&revision, |commit| commit.revision);
        if revision <= reached && place.is_err() {
            let what = format!("{revision} comes, which the selectors do not let through");
            return Promise::Complete.broken(step.place(), what);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{FILTERED, commits_of, sample};

    #[test]
    fn a_commit_that_is_missing_is_found() {
        let mut history = sample();
        assert_eq!(complete(&history), Ok(()));
        commits_of(&mut history, 0).remove(1);
        assert!(complete(&history).unwrap_err().what.contains("missing"));
    }

    #[test]
    fn a_change_that_is_missing_is_found() {
        let mut history = sample();
        let commits = commits_of(&mut history, 0);
        let large = commits.iter_mut().find(|commit| commit.changes.len() > 1).unwrap();
        large.changes.pop();
        assert!(complete(&history).is_err());
    }

    #[test]
    fn a_commit_that_was_not_asked_for_is_found() {
        let mut history = sample();
        let log = history.log.clone();
        let selection = history.streams[FILTERED].selection.clone();
        let other = log.commits().iter().find(|commit| selection.of(commit).is_none()).unwrap();
        commits_of(&mut history, FILTERED).insert(0, other.clone());
        assert!(complete(&history).unwrap_err().what.contains("do not let through"));
    }

    #[test]
    fn a_change_told_as_another_kind_is_found() {
        let mut history = sample();
        let commits = commits_of(&mut history, FILTERED);
        commits[0].changes[0].kind = crate::history::Kind::Updated;
        assert!(complete(&history).is_err());
    }
}
