//! What goes wrong: with the processes one thing after the other, and at the same time with
//! the ways to them and the database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend};

use super::Stage;
use super::cluster::{Cluster, Ending};
use crate::database;
use crate::support::way::Traffic;
use crate::wait::until_true;

/// Writes between two faults at most.
const WRITES: u64 = 25;
/// How long something stands still at most, in milliseconds.
const STILL: u64 = 700;
/// How often a slow connection stands still.
const STEPS: u32 = 12;
/// Between two of its steps.
const STEP: Duration = Duration::from_millis(25);

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    /// A process is killed and started again.
    Kill,
    /// A process is asked to end, does, and is started again.
    Drain,
    /// A process stands still for a while.
    Freeze,
    /// Connections of clients are cut.
    Cut,
    /// Connections of clients are slow for a while.
    Slow,
    /// Somebody holds the head row for a while.
    Hold,
    /// PostgreSQL is killed and started again.
    DatabaseKill,
    /// PostgreSQL leaves its work as it is, and is started again.
    DatabaseQuit,
}

/// Of the processes.
pub(super) const PROCESSES: [Fault; 3] = [Fault::Kill, Fault::Freeze, Fault::Drain];
/// Of what is around them.
pub(super) const AROUND: [Fault; 3] = [Fault::Cut, Fault::Slow, Fault::Hold];
/// The same where PostgreSQL is ours.
pub(super) const AROUND_WITH_CLUSTER: [Fault; 5] =
    [Fault::Cut, Fault::Slow, Fault::Hold, Fault::DatabaseKill, Fault::DatabaseQuit];

/// How often each was done.
pub(super) type Counts = BTreeMap<Fault, u32>;

/// Who does them.
pub(super) struct Faults<'f> {
    pub(super) stage: Stage,
    pub(super) kinds: &'static [Fault],
    pub(super) database_url: String,
    /// There if some of the kinds are about it.
    pub(super) cluster: Option<&'f Cluster>,
}

impl Faults<'_> {
    /// Does all kinds in turn, in an order of chance, until that is done and `enough`.
    pub(super) async fn work_until(mut self, enough: impl Fn() -> bool) -> Counts {
        let mut counts = Counts::new();
        loop {
            for fault in self.shuffled() {
                self.until_more_is_written().await;
                println!("fault: {fault:?}");
                self.commit(fault).await;
                *counts.entry(fault).or_default() += 1;
            }
            if enough() {
                return counts;
            }
        }
    }

    fn shuffled(&mut self) -> Vec<Fault> {
        let mut left = self.kinds.to_vec();
        let mut shuffled = Vec::new();
        while !left.is_empty() {
            let at = self.stage.number(left.len());
            shuffled.push(left.swap_remove(at));
        }
        shuffled
    }

    async fn until_more_is_written(&mut self) {
        let more = 1 + self.stage.chance.below(WRITES);
        let goal = self.stage.recorder.answered() + usize::try_from(more).unwrap();
        until_true("more writes", || self.stage.recorder.answered() >= goal).await;
    }

    async fn commit(&mut self, fault: Fault) {
        let still = Duration::from_millis(1 + self.stage.chance.below(STILL));
        let number = self.stage.replica();
        let replicas = Arc::clone(&self.stage.replicas);
        let replica = replicas.get(number);
        match fault {
            Fault::Kill => {
                replica.kill();
                replica.restart().await;
            }
            Fault::Drain => {
                replica.end().await;
                replica.restart().await;
            }
            Fault::Freeze => {
                replica.signal("STOP");
                tokio::time::sleep(still).await;
                replica.signal("CONT");
            }
            Fault::Cut => {
                replica.way.set(Traffic::Closed);
                tokio::time::sleep(STEP).await;
                replica.way.set(Traffic::Open);
            }
            Fault::Slow => {
                for _ in 0..STEPS {
                    replica.way.set(Traffic::Silent);
                    tokio::time::sleep(STEP).await;
                    replica.way.set(Traffic::Open);
                    tokio::time::sleep(STEP / 5).await;
                }
            }
            Fault::Hold => self.hold(still).await,
            Fault::DatabaseKill => self.end_database(Ending::Killed).await,
            Fault::DatabaseQuit => self.end_database(Ending::Quit).await,
        }
    }

    /// Takes the head row as a slow transaction would.
    async fn hold(&self, still: Duration) {
        let stranger = database::connect(&self.database_url).await;
        let lock = match stranger.get_database_backend() {
            DbBackend::Postgres => "BEGIN; SELECT id FROM head FOR UPDATE",
            _ => "BEGIN IMMEDIATE",
        };
        stranger.execute_unprepared(lock).await.expect("the lock is free in the end");
        tokio::time::sleep(still).await;
        stranger.execute_unprepared("ROLLBACK").await.expect("the lock is let go");
        stranger.close().await.expect("the connection closes");
    }

    async fn end_database(&self, ending: Ending) {
        let cluster = self.cluster.expect("it is a fault of a cluster");
        cluster.end(ending);
        cluster.restart().await;
    }
}
