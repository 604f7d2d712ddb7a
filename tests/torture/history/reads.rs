//! A read finds the state at the revision that it asks for. One of now finds it at any: not before the writes that were answered when
//! it was asked, and not after those that were sent when it had been answered. What a watch
//! from a list's token begins behind is in the list.

use std::collections::BTreeMap;

use super::commit_order::revision;
use super::snapshot::difference;
use super::{Answer, History, Image, Question, Read};

/// Whether there is such a revision; what is wrong, if not.
pub(super) fn stands(history: &History, read: &Read) -> Result<(), String> {
    let (first, last) = read.revision.map_or_else(|| possible(history, read), |at| (at, at));
    let first = first.max(read.watch.unwrap_or(0));
    let found: BTreeMap<&str, &Image> =
        read.found.iter().map(|item| (item.name.as_str(), &item.image)).collect();
    if found.len() != read.found.len() {
        return Err("something is listed twice".to_owned());
    }
    let mut name = Some("something".to_owned());
    for revision in first..=last {
        let at = state(history, &read.question, revision);
        name = difference(&found, &at);
        if name.is_none() {
            return Ok(());
        }
    }
    let name = name.unwrap_or_default();
    Err(format!("{:?}: {name} is as at no revision of {first} to {last}", read.question))
}

/// The first and the last revision whose state a read of now may find.
fn possible(history: &History, read: &Read) -> (i64, i64) {
    let answered = history.writes.iter().filter(|write| write.answered_at < read.asked_at);
    let done = answered.filter_map(|write| match write.answer {
        Answer::Done { revision, .. } => Some(revision),
        _ => None,
    });
    let first = done.max().unwrap_or(0);
    let sent = history.writes.iter().filter(|write| write.sent_at > read.answered_at);
    let later = sent.filter_map(|write| revision(history, write)).min();
    (first, later.map_or(history.log.head(), |later| later - 1))
}

fn state<'h>(
    history: &'h History,
    question: &'h Question,
    revision: i64,
) -> BTreeMap<&'h str, &'h Image> {
    match question {
        Question::Get(name) => {
            let found = history.log.at(name, revision, &super::Selection::default());
            found.map(|image| (name.as_str(), image)).into_iter().collect()
        }
        Question::List(selection) => history.log.state(revision, selection),
    }
}
