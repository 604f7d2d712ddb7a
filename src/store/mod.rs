//! The record and its log.
//!
//! *The message is the record, the columns are its index.* Every live resource is
//! one encoded message in the table `record`; what people filter, sort or join by
//! is kept beside it in tables that each type fills from its message and that can
//! be filled anew at any time.
//!
//! *The log is the queue.* Every accepted write that changes something appends a
//! commit with its changes, and streams read them from there. A commit's hash
//! covers the one before, so that history cannot be altered in silence.
//!
//! *One writer at a time, many writes per transaction.* See [`committer`].

mod around;
pub mod calendar;
pub mod chain;
mod citations;
pub mod clock;
pub mod committer;
pub mod connect;
pub mod deliver;
mod entail;
pub mod entities;
pub mod failure;
mod finish;
mod heads;
pub mod hierarchy;
pub mod hints;
pub mod index;
mod judge;
pub mod list;
pub mod load;
mod lock;
pub mod log;
pub mod meaning;
mod memory;
pub mod migrate;
pub mod past;
pub mod peers;
pub mod queue;
pub mod read;
pub mod registry;
pub mod reindex;
pub mod resource;
mod save;
pub mod sql;
mod stage;
pub mod state;
pub mod told;
pub mod transaction;
mod unit;
pub mod verify;
pub mod versions;
mod wanted;
pub mod write;

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use tokio::task::JoinHandle;

use clock::Clock;
use committer::Committer;
use connect::{Databases, Reader};
use deliver::Publish;
use entities::head;
use heads::Heads;
use hints::Hints;
use queue::Queue;
use read::{Reads, read_failed};
use registry::Registry;
use resource::Hierarchy;
use state::State;
use told::Wanted;
use write::{Write, Written};

use crate::filter::Filter;
use crate::filter::several::Filters;
use crate::model::error::{Error, Result};
use crate::model::failpoints;
use crate::model::limits::ANSWER;

/// Format of stored messages and index functions. It rises whenever one of them
/// changes, so that an older process does not write what it does not know.
pub const FORMAT: i32 = 7;

/// Microseconds since 1970 by this machine's clock.
pub fn now_micros() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let micros = i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    micros.saturating_add(failpoints::clock_skew())
}

/// The store as services use it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    /// The types that it holds.
    pub registry: Registry,
    /// Whether it answers.
    pub state: State,
    /// Reads of single records.
    pub reads: Reads,
    heads: Heads,
    /// What it and other processes tell each other.
    pub hints: Hints,
    /// Which day it is.
    pub clock: Clock,
    databases: Arc<Databases>,
    queue: Queue,
}

/// What runs behind a store.
#[derive(Debug)]
pub struct Running {
    /// Ends once the store is stopped and all that was queued is done.
    pub committer: JoinHandle<()>,
    /// Looks after a store that is down, for ever.
    pub watcher: JoinHandle<()>,
}

impl Store {
    /// Starts what writes and reads `databases`, which are migrated.
    pub fn start(
        databases: Arc<Databases>,
        registry: Registry,
        publish: Arc<dyn Publish>,
        clock: Clock,
    ) -> (Self, Running) {
        let (state, hints) = (State::default(), Hints::default());
        let (committer, queue) = Committer::new(
            Arc::clone(&databases),
            registry,
            publish,
            hints.clone(),
            clock.clone(),
            state.clone(),
        );
        let reads = Reads::start(Arc::clone(&databases), state.clone());
        let heads = Heads::start(Arc::clone(&databases));
        let running = Running {
            committer: committer.start(),
            watcher: tokio::spawn(state.clone().watch_over(Arc::clone(&databases))),
        };
        (Self { registry, state, reads, heads, hints, clock, databases, queue }, running)
    }

    /// Makes a write; see [`Queue::write`]. The resource after each mutation is
    /// always there, also when an earlier answer is repeated.
    pub async fn write(&self, write: Write) -> Result<Written> {
        let mut written = self.queue.write(write).await?;
        if written.bodies.len() < written.results.len() {
            for result in &written.results {
                let body = self.body_at(&result.name, result.revision).await?;
                written.bodies.push(body.unwrap_or_default());
            }
        }
        Ok(written)
    }

    /// Hands a write of an import over; see [`Queue::import`].
    pub fn import(
        &self,
        write: &mut Option<Write>,
    ) -> Result<impl Future<Output = Result<Written>> + Send + use<>> {
        self.queue.import(write)
    }

    /// Takes no more writes; those that wait are still done.
    pub fn stop(&self) {
        self.queue.close();
    }

    /// The message of `name` as the commit `revision` left it.
    pub async fn body_at(&self, name: &str, revision: i64) -> Result<Option<Bytes>> {
        let found = self.read(|db| async move { log::body_at(&*db, name, revision).await }).await?;
        Ok(found.map(Bytes::from))
    }

    /// Looks up what a filter names, and what is below it where it asks for trees.
    pub async fn bind(&self, filter: &mut Filter) -> Result<()> {
        let found = self.meanings(&filter.names()).await?;
        filter.bind(|name| found.get(name).cloned().unwrap_or_default())?;
        let trees = self.trees(filter.roots()).await?;
        filter.expand(|_, root| trees.get(&root).cloned().unwrap_or_default());
        Ok(())
    }

    /// The same for a filter of several types.
    pub async fn bind_several(&self, filters: &mut Filters) -> Result<()> {
        let found = self.meanings(&filters.names()).await?;
        filters.bind(|name| found.get(name).cloned().unwrap_or_default())?;
        let names: Vec<String> = filters.names().into_iter().map(str::to_owned).collect();
        if !names.is_empty() {
            let names = names.iter().map(String::as_str);
            let codes = |db: Reader| {
                let names = names.clone();
                async move { meaning::aliases(&*db, names).await }
            };
            filters.shadow(self.read(codes).await?.into_iter().map(|(code, _)| code));
        }
        let trees = self.trees(filters.roots()).await?;
        filters.expand(self.registry, |_, root| trees.get(&root).cloned().unwrap_or_default());
        Ok(())
    }

    /// The keys and names of the records that each of `names` means.
    pub async fn meanings(&self, names: &[&str]) -> Result<HashMap<String, Vec<(i64, String)>>> {
        if names.is_empty() {
            return Ok(HashMap::new());
        }
        self.check_up()?;
        self.read(|db| async move { meaning::meanings(&*db, names).await }).await
    }

    /// What is below each root, by its key: one belongs to one type, and that has
    /// one hierarchy.
    async fn trees(
        &self,
        roots: Vec<(Hierarchy, i64)>,
    ) -> Result<HashMap<i64, BTreeMap<i64, String>>> {
        let mut trees = HashMap::new();
        for (hierarchy, root) in roots {
            if let Entry::Vacant(tree) = trees.entry(root) {
                let below =
                    |db: Reader| async move { meaning::below(&*db, &hierarchy, root).await };
                tree.insert(self.read(below).await?);
            }
        }
        Ok(trees)
    }

    /// A page of a list.
    pub async fn list(&self, list: &list::List) -> Result<list::Page> {
        self.check_up()?;
        self.read(|db| async move { list::list(&db, list).await }).await
    }

    /// Where the log stands in the database, whoever wrote last.
    pub async fn head(&self) -> Result<head::Model> {
        self.check_up()?;
        self.head_unchecked().await
    }

    /// The same for those who look whether the database is there at all.
    pub async fn head_unchecked(&self) -> Result<head::Model> {
        self.heads.get().await
    }

    /// Whether other processes may write to the same store.
    pub fn is_shared(&self) -> bool {
        self.databases.backend() == DbBackend::Postgres
    }

    /// A page of the log, see [`told::page`].
    pub async fn log_page(&self, after: i64, until: i64, wanted: &Wanted) -> Result<told::Page> {
        self.read(|db| async move { told::page(&db, after, until, wanted).await }).await
    }

    /// A page of the records as they were, see [`past::page`].
    pub async fn past_page(&self, asked: &past::Asked<'_>) -> Result<past::Page> {
        self.check_up()?;
        self.read(|db| async move { past::page(&db, asked).await }).await
    }

    /// A page of the versions of a record, see [`versions::page`].
    pub async fn versions(
        &self,
        key: i64,
        before: i64,
        limit: usize,
        bytes: usize,
    ) -> Result<(Vec<versions::Version>, bool)> {
        self.check_up()?;
        let page = |db: Reader| async move { versions::page(&db, key, before, limit, bytes).await };
        self.read(page).await
    }

    /// A record as it was, see [`versions::at`].
    pub async fn version_at(&self, key: i64, revision: i64) -> Result<Option<Vec<u8>>> {
        self.check_up()?;
        self.read(|db| async move { versions::at(&db, key, revision).await }).await
    }

    /// The newest commit at or before `micros`, or 0.
    pub async fn revision_at(&self, micros: i64) -> Result<i64> {
        self.check_up()?;
        self.read(|db| async move { log::revision_at(&*db, micros).await }).await
    }

    /// The chain hash at `revision`, 0 being before the first commit.
    pub async fn hash_at(&self, revision: i64, store_id: uuid::Uuid) -> Result<Option<Vec<u8>>> {
        if revision == 0 {
            return Ok(Some(chain::genesis(store_id).to_vec()));
        }
        self.check_up()?;
        self.read(|db| async move { log::hash_at(&*db, revision).await }).await
    }

    /// Those of `names` that a live or a deleted resource has or had.
    pub async fn names_ever_used(&self, names: &[String]) -> Result<HashSet<String>> {
        let mut used = HashSet::new();
        for table in ["record", "tombstone"] {
            let text = format!("SELECT name FROM {table} WHERE name");
            let sql = sql::Sql::new(self.databases.backend(), &text)
                .among_text(names.iter().map(String::as_str));
            let asked = sql.build();
            let asked = &asked;
            let rows = self.read(|db| async move { db.query_all_raw(asked.clone()).await }).await?;
            for row in rows {
                used.insert(row.try_get_by_index(0).map_err(|error| read_failed(&error))?);
            }
        }
        Ok(used)
    }

    /// Notes that the reference data of `set` is there.
    pub async fn set_reference_set(&self, set: i32) -> Result<()> {
        let noted = async {
            let transaction = transaction::begin(&self.databases.writer).await?;
            transaction::lock_head(&transaction).await?;
            let sql = sql::Sql::new(self.databases.backend(), "UPDATE head SET reference_set = ");
            transaction.execute_raw(sql.bind(set).push(" WHERE id = 1").build()).await?;
            transaction.commit().await
        };
        noted.await.map_err(|error| read_failed(&error))
    }

    async fn read<T, A>(&self, question: impl Fn(Reader) -> A) -> Result<T>
    where
        A: Future<Output = Result<T, DbErr>>,
    {
        self.databases.read(ANSWER, question).await.map_err(|error| read_failed(&error))
    }

    /// Refuses at once while the database is known not to answer.
    pub fn check_up(&self) -> Result<()> {
        match self.state.status() {
            state::Status::Down => Err(Error::store_unavailable()),
            state::Status::Up | state::Status::Outdated => Ok(()),
        }
    }
}
