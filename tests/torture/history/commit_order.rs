//! A write that was answered before another was sent has the lower revision, whatever
//! the replicas. This also holds for writes whose answer was lost and which stand.

use super::violation::{Place, Promise, Verdict};
use super::{Answer, History, Write};

/// The check of [`Promise::CommitOrder`].
pub(super) fn commit_order(history: &History) -> Verdict {
    let mut answered: Vec<_> = history
        .writes
        .iter()
        .filter_map(|write| match write.answer {
            Answer::Done { revision, .. } => Some((write.answered_at, revision)),
            _ => None,
        })
        .collect();
    answered.sort_unstable();
    let mut sent: Vec<(usize, &Write)> = history.writes.iter().enumerate().collect();
    sent.sort_unstable_by_key(|(_, write)| write.sent_at);
    let mut answered = answered.into_iter().peekable();
    let mut newest = 0;
    for (number, write) in sent {
        while let Some((_, revision)) = answered.next_if(|(at, _)| *at < write.sent_at) {
            newest = newest.max(revision);
        }
        if let Some(revision) = revision(history, write).filter(|revision| *revision <= newest) {
            let what = format!("{} is {revision} and was sent after {newest}", write.request_id);
            return Promise::CommitOrder.broken(Place::Write(number), what);
        }
    }
    Ok(())
}

/// The commit that a write became, as it was answered or as the log has it.
pub(super) fn revision(history: &History, write: &Write) -> Option<i64> {
    match write.answer {
        Answer::Done { revision, .. } => Some(revision),
        _ => history.log.of_request(&write.request_id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::sample;

    #[test]
    fn a_write_before_one_that_was_answered_is_found() {
        let mut history = sample();
        assert_eq!(commit_order(&history), Ok(()));
        history.writes[1].sent_at = history.writes[3].answered_at + 1;
        assert_eq!(commit_order(&history).unwrap_err().place, Place::Write(1));
    }

    #[test]
    fn so_is_one_whose_answer_was_lost() {
        let mut history = sample();
        history.writes[1].sent_at = history.writes[3].answered_at + 1;
        history.writes[1].answer = Answer::Unknown;
        assert_eq!(commit_order(&history).unwrap_err().place, Place::Write(1));
    }
}
