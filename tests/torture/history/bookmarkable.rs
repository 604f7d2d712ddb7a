//! After progress at a revision, of which its token is too, nothing at or below it comes,
//! and something comes at least every progress interval.

use std::time::Duration;

use super::History;
use super::path::Path;
use super::violation::{Promise, Verdict};

/// By how much a message may come later than the interval says, where the service was
/// frozen or the machine had other things to do.
const ALLOWANCE: Duration = Duration::from_secs(20);

/// The check of [`Promise::Bookmarkable`].
pub(super) fn bookmarkable(history: &History) -> Verdict {
    for path in Path::all(history) {
        let mut bookmark = 0;
        let mut told = path.commits().into_iter().peekable();
        for step in &path.steps {
            while let Some(told) = told.next_if(|told| told.step.place() == step.place()) {
                let revision = told.commit.revision;
                if revision <= bookmark {
                    let what = format!("{revision} comes after progress at {bookmark}");
                    return Promise::Bookmarkable.broken(step.place(), what);
                }
            }
            let reached = step.message.event.reached();
            if let Some((reached, token)) = reached.zip(step.message.token)
                && reached != token
            {
                let what = format!("{reached} is told with the token of {token}");
                return Promise::Bookmarkable.broken(step.place(), what);
            }
            bookmark = bookmark.max(reached.unwrap_or(0));
            let waited = step.message.waited;
            if waited > path.first.interval + ALLOWANCE {
                let what = format!("nothing came for {waited:?}");
                return Promise::Bookmarkable.broken(step.place(), what);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Event;
    use crate::model::samples::{SINGLE, sample};

    #[test]
    fn progress_before_a_commit_that_still_comes_is_found() {
        let mut history = sample();
        assert_eq!(bookmarkable(&history), Ok(()));
        let messages = &mut history.streams[SINGLE].messages;
        let mut early = messages.last().unwrap().clone();
        let Event::Commits(commits) = &messages[1].event else { panic!("{early:?}") };
        (early.event, early.token) =
            (Event::Progress(commits[0].revision), Some(commits[0].revision));
        messages.insert(1, early);
        assert!(bookmarkable(&history).unwrap_err().what.contains("after progress"));
    }

    #[test]
    fn progress_with_the_token_of_another_place_is_found() {
        let mut history = sample();
        let last = history.streams[SINGLE].messages.last_mut().unwrap();
        last.token = last.event.reached().map(|revision| revision - 1);
        assert!(bookmarkable(&history).unwrap_err().what.contains("with the token of"));
    }

    #[test]
    fn silence_is_found() {
        let mut history = sample();
        let last = history.streams[0].messages.last_mut().unwrap();
        last.waited = Duration::from_secs(60);
        assert!(bookmarkable(&history).unwrap_err().what.contains("nothing came"));
    }
}
