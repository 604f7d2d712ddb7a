//! What arrives, folded over the state in which the stream began, equals the list with
//! the same filter at every revision. And so do the lists that were asked for.

use std::collections::BTreeMap;

use super::path::Path;
use super::reads;
use super::violation::{Place, Promise, Verdict};
use super::{Commit, Event, History, Image, Kind, Question};

/// The check of [`Promise::FilterAlgebra`].
pub(super) fn filter_algebra(history: &History) -> Verdict {
    for path in Path::all(history) {
        let selection = &path.first.selection;
        if selection.is_of_state() && selection.shows_resources() {
            folds(history, &path)?;
        }
    }
    for (number, read) in history.reads.iter().enumerate() {
        if matches!(&read.question, Question::List(selection) if selection.filter.is_some()) {
            let found = reads::stands(history, read);
            found.or_else(|what| Promise::FilterAlgebra.broken(Place::Read(number), what))?;
        }
    }
    Ok(())
}

fn folds(history: &History, path: &Path<'_>) -> Verdict {
    let (log, selection) = (&history.log, &path.first.selection);
    // The state at the start, or at the end of the snapshot, which has a check of its own.
    let Some(mut at) = path.snapshot_end().or(path.after()) else { return Ok(()) };
    let mut copy: BTreeMap<String, Image> = log
        .state(at, selection)
        .into_iter()
        .map(|(name, image)| (name.to_owned(), image.clone()))
        .collect();
    let mut told = path.commits().into_iter().peekable();
    for step in &path.steps {
        let mut places = Vec::new();
        while let Some(told) = told.next_if(|told| told.step.place() == step.place()) {
            places.push((told.commit.revision, Some(told.commit)));
        }
        places.extend(step.message.token.map(|token| (token, None)));
        for (revision, commit) in places {
            commit.iter().for_each(|commit| fold(&mut copy, commit));
            let touched = log.between(at, revision).iter().flat_map(|commit| &commit.changes);
            for name in touched.map(|change| &change.name) {
                if copy.get(name) != log.at(name, revision, selection) {
                    let what = format!("{name}, folded, is not as it is listed at {revision}");
                    return Promise::FilterAlgebra.broken(step.place(), what);
                }
            }
            at = at.max(revision);
        }
        if matches!(step.message.event, Event::SnapshotEnd(_)) {
            at = at.max(step.message.event.reached().unwrap_or(at));
        }
    }
    Ok(())
}

fn fold(copy: &mut BTreeMap<String, Image>, commit: &Commit) {
    for change in &commit.changes {
        match (change.kind, &change.image) {
            (Kind::Deleted | Kind::Left, _) | (_, None) => copy.remove(&change.name),
            (_, Some(image)) => copy.insert(change.name.clone(), image.clone()),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{FILTERED, commits_of, sample};

    #[test]
    fn a_missing_farewell_is_found() {
        let mut history = sample();
        assert_eq!(filter_algebra(&history), Ok(()));
        for commit in commits_of(&mut history, FILTERED) {
            commit.changes.retain(|change| change.kind != Kind::Left);
        }
        assert!(filter_algebra(&history).unwrap_err().what.contains("folded"));
    }

    #[test]
    fn a_list_that_lacks_one_is_found() {
        let mut history = sample();
        let is_filtered = |question: &Question| matches!(question, Question::List(selection) if selection.filter.is_some());
        let mut reads = history.reads.iter_mut();
        let read = reads.find(|read| is_filtered(&read.question) && !read.found.is_empty());
        read.unwrap().found.pop();
        assert!(matches!(filter_algebra(&history).unwrap_err().place, Place::Read(_)));
    }
}
