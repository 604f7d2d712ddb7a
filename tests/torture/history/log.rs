//! The log, and the state that it leads to at every revision.

use std::collections::{BTreeMap, HashMap};

use super::selection::Selection;
use super::{Commit, Image};

/// Commits without a gap from the first on, with whole changes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    commits: Vec<Commit>,
    versions: BTreeMap<String, Versions>,
    requests: HashMap<String, i64>,
}

/// What a resource was, from each revision on.
#[derive(Clone, Debug)]
struct Versions {
    resource_type: String,
    images: Vec<(i64, Option<Image>)>,
}

impl Log {
    /// The log of these commits. What each change found before it is worked out here.
    pub(crate) fn new(mut commits: Vec<Commit>) -> Self {
        let mut versions: BTreeMap<String, Versions> = BTreeMap::new();
        for commit in &mut commits {
            for change in &mut commit.changes {
                let known = versions.entry(change.name.clone()).or_insert_with(|| Versions {
                    resource_type: change.resource_type.clone(),
                    images: Vec::new(),
                });
                change.before = known.images.last().and_then(|(_, image)| image.clone());
                known.images.push((commit.revision, change.image.clone()));
            }
        }
        let requests = commits.iter().rev().filter(|commit| !commit.request_id.is_empty());
        let requests = requests.map(|commit| (commit.request_id.clone(), commit.revision));
        let requests = requests.collect();
        Self { commits, versions, requests }
    }

    /// All of it.
    pub(crate) fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// The newest revision; 0 if there is none.
    pub(crate) fn head(&self) -> i64 {
        self.commits.last().map_or(0, |commit| commit.revision)
    }

    /// The commit `revision`.
    pub(crate) fn get(&self, revision: i64) -> Option<&Commit> {
        self.commits.get(usize::try_from(revision).ok()?.checked_sub(1)?)
    }

    /// The commits after `after`, up to `until`.
    pub(crate) fn between(&self, after: i64, until: i64) -> &[Commit] {
        let place = |revision: i64| usize::try_from(revision).unwrap_or(0).min(self.commits.len());
        self.commits.get(place(after)..place(until)).unwrap_or_default()
    }

    /// What `selection` lets through of those.
    pub(crate) fn told(&self, selection: &Selection, after: i64, until: i64) -> Vec<Commit> {
        self.between(after, until).iter().filter_map(|commit| selection.of(commit)).collect()
    }

    /// The first commit under this request id.
    pub(crate) fn of_request(&self, request_id: &str) -> Option<i64> {
        self.requests.get(request_id).copied()
    }

    /// The resource `name` at `revision`, if it lives then and `selection` has it.
    pub(crate) fn at(&self, name: &str, revision: i64, selection: &Selection) -> Option<&Image> {
        let versions = self.versions.get(name)?;
        let count = versions.images.partition_point(|(from, _)| *from <= revision);
        let (_, image) = versions.images.get(count.checked_sub(1)?)?;
        image.as_ref().filter(|image| selection.has(&versions.resource_type, image))
    }

    /// What lives at `revision` and `selection` has.
    pub(crate) fn state(&self, revision: i64, selection: &Selection) -> BTreeMap<&str, &Image> {
        let names = self.versions.keys().map(String::as_str);
        names.filter_map(|name| Some((name, self.at(name, revision, selection)?))).collect()
    }
}
