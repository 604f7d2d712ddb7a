//! The record and its log as they stand in the database, and what must hold there.

use std::collections::{HashMap, HashSet};

use entente::store::chain;
use entente::store::entities::{head, record, tombstone};
use entente::store::log::{self, Logged};
use sea_orm::{
    AccessMode, DatabaseTransaction, DbBackend, EntityTrait, IsolationLevel, TransactionTrait,
};

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
    /// The resources.
    pub(crate) live: Vec<record::Model>,
    dead: Vec<tombstone::Model>,
}

impl Record {
    /// Reads everything.
    pub(crate) async fn read(database: &Database) -> Self {
        let connection = database.connect().await;
        let snapshot = match connection.get_database_backend() {
            DbBackend::Postgres => {
                let isolation = Some(IsolationLevel::RepeatableRead);
                connection.begin_with_config(isolation, Some(AccessMode::ReadOnly)).await
            }
            _ => connection.begin().await,
        };
        let snapshot = snapshot.expect("a transaction begins");
        let record = Self::read_in(&snapshot).await;
        snapshot.rollback().await.expect("the snapshot ends");
        connection.close().await.expect("the connection closes");
        record
    }

    /// Reads everything that a transaction sees.
    pub(crate) async fn read_in(db: &DatabaseTransaction) -> Self {
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
        let live = record::Entity::find().all(db).await.expect("records are read");
        let dead = tombstone::Entity::find().all(db).await.expect("tombstones are read");
        Self { head, commits, live, dead }
    }

    /// Reads everything and checks it.
    pub(crate) async fn checked(database: &Database) -> Self {
        let record = Self::read(database).await;
        record.check_chain().expect("the chain holds");
        record.check_fold().expect("the tables are what the log leads to");
        record
    }

    /// Whether the chain leads from genesis to the head without a gap.
    pub(crate) fn check_chain(&self) -> Result<(), String> {
        let mut previous = chain::genesis(self.head.store_id).to_vec();
        for (expected, Logged { commit, changes }) in (1..).zip(&self.commits) {
            if commit.revision != expected {
                return Err(format!("revision {expected} is missing"));
            }
            if changes.is_empty() {
                return Err(format!("revision {expected} has no changes"));
            }
            if commit.digest != chain::digest(changes) {
                return Err(format!("the changes of revision {expected} are not its own"));
            }
            if commit.hash != chain::hash(&previous, commit) {
                return Err(format!("the hash of revision {expected} does not hold"));
            }
            previous.clone_from(&commit.hash);
        }
        let newest = self.commits.last().map_or(0, |logged| logged.commit.revision);
        if newest != self.head.revision || previous != self.head.hash {
            return Err(format!("the head says {}, the log ends at {newest}", self.head.revision));
        }
        Ok(())
    }

    /// Whether the log, replayed, gives the resources that the tables hold.
    fn check_fold(&self) -> Result<(), String> {
        let mut live = HashMap::new();
        for change in self.commits.iter().flat_map(|logged| &logged.changes) {
            if change.kind == "DELETED" {
                live.remove(&change.name);
            } else {
                live.insert(&change.name, (change.revision, &change.body));
            }
        }
        if live.len() != self.live.len() {
            return Err(format!(
                "{} live by the log, {} by the table",
                live.len(),
                self.live.len()
            ));
        }
        for row in &self.live {
            if live.get(&row.name) != Some(&(row.revision, &row.body)) {
                return Err(format!("{} is not what the log says", row.name));
            }
        }
        // A name may have been given anew: what was deleted goes by its key.
        let keys: HashSet<i64> = self.live.iter().map(|row| row.key).collect();
        let risen = self.dead.iter().find(|dead| keys.contains(&dead.key));
        risen.map_or(Ok(()), |dead| Err(format!("{} is live and deleted", dead.name)))
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
