//! The items of a snapshot are the state at its revision, each once, also when it is
//! interrupted anywhere and resumed; then come commits after that revision.

use std::collections::BTreeMap;

use super::path::{Path, Step};
use super::violation::{Promise, Verdict};
use super::{Event, History, Image, Start};

/// The check of [`Promise::Snapshot`].
pub(super) fn snapshot(history: &History) -> Verdict {
    for path in Path::all(history) {
        let mut items: BTreeMap<&str, &Image> = BTreeMap::new();
        let mut end: Option<i64> = None;
        for step in &path.steps {
            let wrong = |what: String| Promise::Snapshot.broken(step.place(), what);
            match &step.message.event {
                Event::Snapshot(more) => {
                    if end.is_some() || path.first.start != Start::Snapshot {
                        return wrong("items come that are none of a snapshot".to_owned());
                    }
                    for item in more {
                        if items.insert(&item.name, &item.image).is_some() {
                            return wrong(format!("{} comes twice", item.name));
                        }
                    }
                    stand(history, &path, &items, step)?;
                }
                Event::SnapshotEnd(revision) => {
                    let state = history.log.state(*revision, &path.first.selection);
                    if let Some(name) = difference(&items, &state) {
                        return wrong(format!("{name} is not as it was at {revision}"));
                    }
                    end = Some(*revision);
                }
                Event::Commits(commits) if path.first.start == Start::Snapshot => {
                    let first = commits.first().map_or(0, |commit| commit.revision);
                    if end.is_none_or(|end| first <= end) {
                        return wrong(format!("{first} comes, and the snapshot is of {end:?}"));
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether items are of the state at the revision that the token says.
fn stand(
    history: &History,
    path: &Path<'_>,
    items: &BTreeMap<&str, &Image>,
    step: &Step<'_>,
) -> Verdict {
    let Some(revision) = step.message.token else { return Ok(()) };
    let Event::Snapshot(more) = &step.message.event else { return Ok(()) };
    for item in more {
        let at = history.log.at(&item.name, revision, &path.first.selection);
        if at != items.get(item.name.as_str()).copied() {
            let what = format!("{} is not as it was at {revision}", item.name);
            return Promise::Snapshot.broken(step.place(), what);
        }
    }
    Ok(())
}

/// The first name at which they differ.
pub(super) fn difference(
    one: &BTreeMap<&str, &Image>,
    other: &BTreeMap<&str, &Image>,
) -> Option<String> {
    let names = one.keys().chain(other.keys());
    names.into_iter().find(|name| one.get(*name) != other.get(*name)).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Item;
    use crate::model::samples::{SNAPSHOT, sample};

    fn items(history: &mut History) -> &mut Vec<Item> {
        let mut messages = history.streams[SNAPSHOT].messages.iter_mut();
        let found = messages.find_map(|message| match &mut message.event {
            Event::Snapshot(items) if !items.is_empty() => Some(items),
            _ => None,
        });
        found.unwrap()
    }

    #[test]
    fn an_item_that_is_missing_is_found() {
        let mut history = sample();
        assert_eq!(snapshot(&history), Ok(()));
        items(&mut history).pop();
        assert!(snapshot(&history).is_err());
    }

    #[test]
    fn an_item_that_comes_twice_is_found() {
        let mut history = sample();
        let items = items(&mut history);
        items.push(items[0].clone());
        assert!(snapshot(&history).unwrap_err().what.contains("twice"));
    }

    #[test]
    fn an_item_of_another_revision_is_found() {
        let mut history = sample();
        items(&mut history)[0].image.digest += 1;
        assert!(snapshot(&history).unwrap_err().what.contains("not as it was"));
    }

    #[test]
    fn a_snapshot_of_another_revision_is_found() {
        let mut history = sample();
        for message in &mut history.streams[SNAPSHOT].messages {
            if let Event::SnapshotEnd(revision) = &mut message.event {
                *revision -= 1;
            }
        }
        assert!(snapshot(&history).is_err());
    }
}
