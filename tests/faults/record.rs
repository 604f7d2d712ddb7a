//! The record and its log as they stand in the database, and what must hold there.

use std::collections::HashSet;

use entente::resources::REGISTRY;
use entente::store::entities::head;
use entente::store::log::{self, Logged};
use entente::store::verify::{snapshot, verify_in};
use sea_orm::{DatabaseTransaction, EntityTrait};

use crate::database::Database;
use crate::load::Acknowledged;
use crate::task::APPLIED;

/// A snapshot of a store.
#[derive(Debug)]
pub(crate) struct Record {
    /// Where the log says that it stands.
    pub(crate) head: head::Model,
    /// The log.
    pub(crate) commits: Vec<Logged>,
}

impl Record {
    /// Checks everything, and reads the log.
    pub(crate) async fn checked(database: &Database) -> Self {
        let connection = database.connect().await;
        let snapshot = snapshot(&connection).await.expect("a transaction begins");
        let verdict = verify_in(&snapshot, *REGISTRY).await;
        verdict.unwrap_or_else(|error| panic!("{error}"));
        let record = Self::read(&snapshot).await;
        snapshot.rollback().await.expect("the snapshot ends");
        connection.close().await.expect("the connection closes");
        record
    }

    async fn read(db: &DatabaseTransaction) -> Self {
        let head = head::Entity::find_by_id(1).one(db).await.expect("the head is read");
        let head = head.expect("the store has a head");
        let mut commits: Vec<Logged> = Vec::new();
        loop {
            let after = commits.last().map_or(0, |logged| logged.commit.revision);
            let page = log::page(db, after, i64::MAX).await.expect("the log is read");
            if page.is_empty() {
                break;
            }
            commits.extend(page);
        }
        Self { head, commits }
    }

    /// Checks that every acknowledged write stands where it was said to, whole,
    /// and that no request was done twice.
    pub(crate) fn check_acknowledged<'a>(&self, all: impl IntoIterator<Item = &'a Acknowledged>) {
        for Acknowledged { task, answer, .. } in all {
            let index = usize::try_from(answer.revision - 1).expect("revisions begin with 1");
            let logged = self.commits.get(index);
            let Logged { commit, changes } =
                logged.unwrap_or_else(|| panic!("{task:?} was acknowledged and is lost"));
            assert_eq!(commit.request_id, task.request_id, "at revision {}", answer.revision);
            let names: Vec<_> = changes.iter().map(|change| change.name.clone()).collect();
            assert_eq!(names, task.names, "at revision {}", answer.revision);
            assert_eq!(answer.names, task.names);
        }
        let mut done = HashSet::new();
        for Logged { commit, changes } in &self.commits {
            let id = &commit.request_id;
            assert!(id.is_empty() || done.insert(id), "{id} was done twice");
            let applied = changes.iter().any(|change| change.name.ends_with(&format!("{id}-0")));
            assert!(!applied || changes.len() == APPLIED, "half of {id} stands");
        }
    }

    /// The revisions of the commits for `request_id`.
    pub(crate) fn revisions_of(&self, request_id: &str) -> Vec<i64> {
        let of = self.commits.iter().filter(|logged| logged.commit.request_id == request_id);
        of.map(|logged| logged.commit.revision).collect()
    }
}
