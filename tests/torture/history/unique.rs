//! Nothing comes twice in a stream, nor across a resume behind what was processed.

use std::collections::BTreeSet;

use super::History;
use super::path::Path;
use super::violation::{Promise, Verdict};

/// The check of [`Promise::Unique`].
pub(super) fn unique(history: &History) -> Verdict {
    for path in Path::all(history) {
        let mut seen = BTreeSet::new();
        for told in path.commits() {
            let revision = told.commit.revision;
            if !seen.insert(revision) {
                let what = format!("{revision} comes a second time");
                return Promise::Unique.broken(told.step.place(), what);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::violation::Place;
    use crate::model::samples::{RESUMED, commits_of, sample};

    #[test]
    fn a_commit_that_comes_twice_is_found() {
        let mut history = sample();
        assert_eq!(unique(&history), Ok(()));
        let commits = commits_of(&mut history, 0);
        commits.push(commits[0].clone());
        assert!(unique(&history).is_err());
    }

    #[test]
    fn so_is_one_that_comes_again_after_a_resume() {
        let mut history = sample();
        let first = commits_of(&mut history, 0)[0].clone();
        commits_of(&mut history, RESUMED).insert(0, first);
        assert!(matches!(unique(&history).unwrap_err().place, Place::Message(RESUMED, _)));
    }
}
