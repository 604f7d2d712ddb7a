//! A write that begins after `started` has arrived will be delivered: it comes after the
//! revision from which the stream tells, and if the stream has got that far, it has come.
//! Where a stream starts with the token of a list or of the head, so is one that begins
//! after that was answered.

use std::collections::BTreeSet;

use super::commit_order::revision;
use super::path::Path;
use super::violation::{Promise, Verdict};
use super::{Event, History, Start};

/// The check of [`Promise::Covered`].
pub(super) fn covered(history: &History) -> Verdict {
    let mut writes: Vec<(u64, i64)> = history
        .writes
        .iter()
        .filter_map(|write| Some((write.sent_at, revision(history, write)?)))
        .collect();
    writes.sort_unstable();
    for path in Path::each(history) {
        let (Some(first), Some(reached)) = (path.steps.first(), path.reached()) else { continue };
        let Event::Started(after) = first.message.event else {
            return Promise::Covered.broken(first.place(), "the first message is not `started`");
        };
        let after = path.snapshot_end().unwrap_or(after);
        let told: BTreeSet<i64> = path.commits().iter().map(|told| told.commit.revision).collect();
        let since = match path.first.start {
            Start::Answered(answered_at) => answered_at,
            _ => first.message.at,
        };
        let later = writes.partition_point(|(sent_at, _)| *sent_at <= since);
        for (_, revision) in &writes[later..] {
            let commit = history.log.get(*revision);
            if commit.and_then(|commit| path.first.selection.of(commit)).is_none() {
                continue;
            }
            let is_in_snapshot = *revision <= after && path.snapshot_end().is_some();
            if !is_in_snapshot && *revision <= reached && !told.contains(revision) {
                let what = format!("{revision} was sent later, and does not come");
                return Promise::Covered.broken(first.place(), what);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{RESUMED, commits_of, sample};

    #[test]
    fn a_stream_that_begins_too_late_is_found() {
        let mut history = sample();
        assert_eq!(covered(&history), Ok(()));
        let missed = commits_of(&mut history, RESUMED).remove(0);
        history.streams[RESUMED].messages[0].event = Event::Started(missed.revision);
        assert!(covered(&history).unwrap_err().what.contains("does not come"));
    }

    #[test]
    fn so_is_one_that_begins_later_than_the_token_of_a_list_says() {
        let mut history = sample();
        let stream = &mut history.streams[RESUMED];
        stream.start = Start::Answered(stream.messages[0].at - 1);
        stream.messages[0].at = u64::MAX;
        let missed = commits_of(&mut history, RESUMED).remove(0);
        history.streams[RESUMED].messages[0].event = Event::Started(missed.revision);
        assert!(covered(&history).unwrap_err().what.contains("does not come"));
    }

    #[test]
    fn a_stream_without_a_start_is_found() {
        let mut history = sample();
        history.streams[0].messages.remove(0);
        assert!(covered(&history).is_err());
    }
}
