//! Clients that write and read over replicas that are killed, frozen and cut off, until
//! enough has been written and enough has gone wrong; what they saw is then judged.
//!
//! Chance decides what everybody does, and the seed decides chance. When it happens is
//! up to the machine, so the same seed leads to like histories, not to equal ones.

mod cluster;
mod deeds;
mod failpoints;
mod faults;
mod pollers;
mod processes;
mod queries;
mod readers;
mod recorder;
mod replicas;
mod report;
mod selections;
mod translate;
mod writers;

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::task::JoinHandle;

use crate::chance::Chance;
use crate::database::Database;
use crate::record::Record;
use crate::support::invariant;
use crate::wait::{PATIENCE, until, within};
use cluster::Cluster;
use faults::{AROUND, AROUND_WITH_CLUSTER, Faults, PROCESSES};
use recorder::Recorder;
use replicas::Replicas;

/// Writes that are answered at least.
const WRITES: usize = 400;
/// Clients that write.
const WRITERS: usize = 6;
/// Clients that watch.
const READERS: usize = 6;
/// Clients that poll.
const POLLERS: usize = 2;
/// Clients that get and list.
const ASKERS: usize = 2;
/// Processes on PostgreSQL.
const REPLICAS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let database = Database::sqlite();
    let replicas = Replicas::start("sqlite", &database, 1).await;
    torture("sqlite", &database, None, replicas).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres() {
    let cluster = Cluster::start().await;
    let database = Database::postgres_of(cluster.url(), "pg_default").await;
    let replicas = Replicas::start("postgres", &database, REPLICAS).await;
    torture("postgres", &database, Some(&cluster), replicas).await;
}

async fn torture(story: &str, database: &Database, cluster: Option<&Cluster>, replicas: Replicas) {
    let replicas = Arc::new(replicas);
    let recorder = Arc::new(Recorder::default());
    let stage = |role: &str, number: usize| Stage {
        name: format!("{role}-{number}"),
        chance: Chance::of(&format!("{story}-{role}-{number}")),
        recorder: Arc::clone(&recorder),
        replicas: Arc::clone(&replicas),
    };
    let writers = (0..WRITERS).map(|number| tokio::spawn(writers::write(stage("writer", number))));
    let writers: Vec<_> = writers.collect();
    let readers = (0..READERS).map(|number| tokio::spawn(readers::watch(stage("reader", number))));
    let pollers = (0..POLLERS).map(|number| tokio::spawn(pollers::poll(stage("poller", number))));
    let askers = (0..ASKERS).map(|number| tokio::spawn(queries::ask(stage("asker", number))));
    let others: Vec<_> = readers.chain(pollers).chain(askers).collect();
    let around = if cluster.is_some() { &AROUND_WITH_CLUSTER[..] } else { &AROUND };
    let faults = [&PROCESSES, around].into_iter().enumerate().map(|(number, kinds)| {
        let faults =
            Faults { stage: stage("faults", number), kinds, database_url: database.url(), cluster };
        faults.work_until(|| recorder.answered() >= WRITES)
    });
    let counts = join_all(faults).await.into_iter().flatten().collect();
    recorder.stop();
    finish("a writer", writers).await;
    replicas.until_all_serve().await;
    // Whatever stands now must reach every reader.
    let client = replicas.client(0);
    let head = until("the head", async || client.head().await.ok()).await.head_revision;
    recorder.set_end(head);
    finish("a reader", others).await;
    replicas.kill();
    let record = Record::checked(database).await;
    invariant::check(&database.url()).await;
    let mut history = recorder.take();
    history.log = translate::log(&record);
    history.tables = translate::tables(database).await;
    report::print(story, &history, &counts, &replicas.counts());
    report::judge(story, &history);
}

async fn finish(what: &str, tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        within(what, 2 * PATIENCE, task).await.expect("it does not panic");
    }
}

/// What every client has.
struct Stage {
    /// Its name, which is also the actor of what it writes.
    name: String,
    chance: Chance,
    recorder: Arc<Recorder>,
    replicas: Arc<Replicas>,
}

impl Stage {
    /// One of `all`.
    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.number(all.len())]
    }

    /// A number below `limit`.
    fn number(&mut self, limit: usize) -> usize {
        usize::try_from(self.chance.below(limit as u64)).unwrap()
    }

    /// Whether one time of `times` has come.
    fn once_in(&mut self, times: u64) -> bool {
        self.chance.below(times) == 0
    }

    /// One of the replicas.
    fn replica(&mut self) -> usize {
        let count = self.replicas.count();
        self.number(count)
    }
}
