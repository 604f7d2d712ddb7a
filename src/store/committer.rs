//! One writer at a time, many writes per transaction.
//!
//! All writes of a process go through here. Whatever has queued up while one
//! transaction ran makes up the next; each takes the head row before it reads
//! anything, so that lost updates, deadlocks and revisions out of order cannot
//! happen, whatever other replicas do.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbBackend, DbErr};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::FORMAT;
use super::calendar::load_step;
use super::clock::Clock;
use super::connect::Databases;
use super::entities::head;
use super::failure::{Failure, in_time};
use super::hints::Hints;
use super::load::load;
use super::log;
use super::memory::Memory;
use super::queue::{End, Queue, Queued, Reply, outdated};
use super::resource::Registry;
use super::state::{State, Status};
use super::told::Told;
use super::transaction::{begin, lock_head, sweep};
use super::unit::Unit;
use super::write::{Write, Written};
use crate::model::error::{Error, Result};
use crate::model::limits::{ANSWER, GROUP_BYTES, GROUP_REQUESTS, REQUEST_SWEEP};

/// How long a group is tried again before its callers are told.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// Takes what was committed, in order. Must not block.
pub trait Publish: Send + Sync {
    /// Called after each group that this process has committed.
    fn publish(&self, commits: Vec<Told>);
}

/// The one that writes.
pub struct Committer {
    queue: End,
    databases: Arc<Databases>,
    writer: DatabaseConnection,
    registry: Registry,
    publish: Arc<dyn Publish>,
    hints: Hints,
    clock: Clock,
    /// Where those are who wait for answers: woken from there, many cost little.
    callers: Handle,
    state: State,
    /// How the store was when the last group began.
    changes: watch::Receiver<Status>,
    memory: Memory,
    /// The transaction of the next group, if it has begun already.
    begun: Option<Begun>,
    swept: Instant,
}

/// A transaction that has the head, and what the clock said then, in microseconds.
struct Begun {
    transaction: DatabaseTransaction,
    head: head::Model,
    now: i64,
}

/// What a transaction is for.
enum Work<'w> {
    /// A group of requests.
    Writes(&'w mut [Write]),
    /// A step of the calendar.
    Turn,
}

impl Work<'_> {
    /// How many answers it comes to.
    fn len(&self) -> usize {
        match self {
            Self::Writes(writes) => writes.len(),
            Self::Turn => 1,
        }
    }
}

/// Why a group did not come through.
enum Broken {
    /// Before COMMIT: nothing was written.
    Before(DbErr),
    /// In COMMIT: the commit `first` with this hash tells.
    Unknown { first: i64, hash: Vec<u8>, error: DbErr, done: Done },
    /// The store is of a newer format.
    Outdated,
}

/// What a group came to.
struct Done {
    answers: Vec<Result<Written>>,
    told: Vec<Told>,
}

impl Committer {
    /// Makes the committer of a process and the way to it.
    pub fn new(
        databases: Arc<Databases>,
        registry: Registry,
        publish: Arc<dyn Publish>,
        hints: Hints,
        clock: Clock,
        state: State,
    ) -> (Self, Queue) {
        let (queue, end) = Queue::new(state.clone());
        let writer = databases.writer.clone();
        let committer = Self {
            queue: end,
            databases,
            writer,
            registry,
            publish,
            hints,
            clock,
            callers: Handle::current(),
            changes: state.subscribe(),
            state,
            memory: Memory::default(),
            begun: None,
            swept: Instant::now(),
        };
        (committer, queue)
    }

    /// Works until the queue is closed and empty, on a thread of its own: between
    /// two steps of a group it would otherwise wait behind whatever else the
    /// process has to do, and everybody's write with it.
    pub fn run_alone(mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(async {
                // A connection belongs to the thread that opens it.
                self.writer = self.databases.connect_writer();
                self.run().await;
                let _ = self.writer.clone().close().await;
            }),
            Err(error) => tracing::error!(%error, "the committer cannot start"),
        }
    }

    async fn run(&mut self) {
        let mut waiting: Option<Queued> = None;
        loop {
            if let Ok(reply) = self.queue.turns.try_recv() {
                let _ = reply.send(self.one(Work::Turn).await);
            }
            let first = match waiting.take() {
                Some(queued) => queued,
                None => tokio::select! {
                    next = self.queue.writes.recv() => match next {
                        Some(queued) => queued,
                        None => return,
                    },
                    Some(reply) = self.queue.turns.recv() => {
                        let _ = reply.send(self.one(Work::Turn).await);
                        continue;
                    }
                    () = self.queue.closing.notified() => {
                        self.queue.writes.close();
                        continue;
                    }
                },
            };
            let mut bytes = first.write.size;
            let mut group = vec![first];
            while group.len() < GROUP_REQUESTS {
                let Ok(next) = self.queue.writes.try_recv() else { break };
                bytes += next.write.size;
                if bytes > GROUP_BYTES {
                    waiting = Some(next);
                    break;
                }
                group.push(next);
            }
            self.group(group, waiting.is_some()).await;
        }
    }

    /// Commits a group and answers its callers. `more` tells that the next one waits.
    async fn group(&mut self, group: Vec<Queued>, more: bool) {
        let (mut writes, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|Queued { write, reply }| (write, reply)).unzip();
        let answers = match self.persist(Work::Writes(&mut writes)).await {
            Ok(done) => {
                let answers = done.answers;
                if more || !self.queue.writes.is_empty() {
                    self.begin_ahead().await;
                }
                // Whoever has an answer finds it in the feed of this process.
                self.publish(done.told);
                self.callers.spawn(async move { answer(replies, answers) });
                return;
            }
            Err(Failure::Data) if writes.len() > 1 => {
                tracing::warn!(writes = writes.len(), "a group failed; its members run alone");
                self.alone(writes).await
            }
            Err(Failure::Data) => vec![Err(Error::internal())],
            Err(_) => writes.iter().map(|_| Err(Error::store_unavailable())).collect(),
        };
        answer(replies, answers);
    }

    /// Tells other processes of what was committed, and hands it over.
    fn publish(&self, told: Vec<Told>) {
        let Some(newest) = told.last().map(|told| told.revision) else { return };
        self.hints.committed(newest);
        self.publish.publish(told);
    }

    /// Runs each write as a group of its own: the offender fails, the rest succeed.
    async fn alone(&mut self, writes: Vec<Write>) -> Vec<Result<Written>> {
        let mut answers = Vec::with_capacity(writes.len());
        for write in writes {
            answers.push(self.one(Work::Writes(&mut [write])).await);
        }
        answers
    }

    /// Does what has one answer, in a transaction of its own.
    async fn one(&mut self, work: Work<'_>) -> Result<Written> {
        match self.persist(work).await {
            Ok(Done { mut answers, told }) => {
                self.publish(told);
                answers.pop().unwrap_or_else(|| Err(Error::internal()))
            }
            Err(Failure::Data) => Err(Error::internal()),
            Err(_) => Err(Error::store_unavailable()),
        }
    }

    /// Tries a group until it stands, is known to be impossible, or patience ends.
    async fn persist(&mut self, mut work: Work<'_>) -> Result<Done, Failure> {
        let started = Instant::now();
        // A connection from before an outage may stay silent after it.
        if self.changes.has_changed().unwrap_or_default() {
            self.changes.mark_unchanged();
            self.reconnect();
        }
        loop {
            let error = match self.attempt(&mut work).await {
                Ok(done) => return Ok(done),
                Err(Broken::Outdated) => {
                    self.state.set(Status::Outdated);
                    let answers = (0..work.len()).map(|_| Err(outdated())).collect();
                    return Ok(Done { answers, told: Vec::new() });
                }
                Err(Broken::Before(error)) => error,
                Err(Broken::Unknown { first, hash, error, done }) => {
                    tracing::warn!(%error, revision = first, "COMMIT was not answered; looking whether it stands");
                    match self.settle(first, &hash, started).await {
                        Some(true) => return Ok(done),
                        Some(false) => error,
                        None => return Err(Failure::Lost),
                    }
                }
            };
            let failure = Failure::of(&error);
            match failure {
                Failure::Data | Failure::Full => {
                    tracing::error!(%error, ?failure, "a group could not be written");
                    return Err(failure);
                }
                Failure::Lost | Failure::Busy if started.elapsed() >= PATIENCE => {
                    tracing::error!(%error, ?failure, "a group could not be written in time");
                    return Err(failure);
                }
                Failure::Lost => {
                    tracing::warn!(%error, "the database connection was lost");
                    if !self.state.reachable(&self.databases).await {
                        self.state.set(Status::Down);
                        return Err(failure);
                    }
                    self.reconnect();
                }
                Failure::Busy => tracing::warn!(%error, "another writer is in the way"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Begins the transaction of the next group before this one is answered: the
    /// answers keep all cores busy, and each change of thread would wait behind them.
    /// Not where other processes write, since their groups would hold the answers up.
    async fn begin_ahead(&mut self) {
        if self.writer.get_database_backend() == DbBackend::Sqlite {
            // Where it does not come to be, the next group will find out.
            self.begun = self.begin().await.ok();
        }
    }

    async fn begin(&self) -> Result<Begun, DbErr> {
        let transaction = in_time(ANSWER, begin(&self.writer)).await?;
        let (head, now) = in_time(ANSWER, lock_head(&transaction)).await?;
        Ok(Begun { transaction, head, now })
    }

    async fn attempt(&mut self, work: &mut Work<'_>) -> Result<Done, Broken> {
        let mut clock = Stopwatch::start();
        let begun = match self.begun.take() {
            Some(begun) => begun,
            None => self.begin().await.map_err(Broken::Before)?,
        };
        let Begun { transaction, head, now } = begun;
        let locked = clock.lap();
        if head.format > FORMAT {
            return Err(Broken::Outdated);
        }
        self.memory.forget_unless(&head.hash);
        let names = &self.memory.names;
        let registry = self.registry;
        let loaded = match work {
            Work::Writes(writes) => {
                in_time(ANSWER, load(&transaction, registry, writes, names)).await
            }
            Work::Turn => {
                let day = self.clock.day(now);
                in_time(ANSWER, load_step(&transaction, registry, &head, day, names)).await
            }
        };
        let loaded = loaded.map_err(Broken::Before)?;
        let loaded_in = clock.lap();
        let first = head.revision + 1;
        let mut unit = Unit::new(self.registry, head, loaded, now);
        let answers = match work {
            Work::Writes(writes) => writes.iter().map(|write| unit.apply(write)).collect(),
            Work::Turn => vec![unit.turn()],
        };
        let applied = clock.lap();
        if self.swept.elapsed() >= REQUEST_SWEEP {
            self.swept = Instant::now();
            in_time(ANSWER, sweep(&transaction, now)).await.map_err(Broken::Before)?;
        } else if unit.is_empty() {
            in_time(ANSWER, transaction.rollback()).await.map_err(Broken::Before)?;
            return Ok(Done { answers, told: Vec::new() });
        }
        in_time(ANSWER, unit.save(&transaction)).await.map_err(Broken::Before)?;
        let Unit { logged, befores, head, loaded, .. } = unit;
        let hash = logged.first().map(|logged| logged.commit.hash.clone());
        let mut befores = befores.into_iter();
        let told = logged.into_iter().map(|logged| Told::of(logged, &mut befores)).collect();
        let done = Done { answers, told };
        let saved = clock.lap();
        let committed = in_time(ANSWER, transaction.commit()).await;
        let commit = clock.lap();
        tracing::debug!(
            writes = work.len(),
            locked,
            loaded = loaded_in,
            applied,
            saved,
            commit,
            "a group, in microseconds"
        );
        match (committed, hash) {
            (Ok(()), _) => {
                self.memory.learn(head.hash, loaded.names);
                Ok(done)
            }
            (Err(error), Some(hash)) => Err(Broken::Unknown { first, hash, error, done }),
            // Only answers to request ids were written: writing them again is harmless.
            (Err(error), None) => Err(Broken::Before(error)),
        }
    }

    /// Finds out whether the commit `first` stands with `hash`. The head is taken
    /// first, which waits for a COMMIT that is still under way.
    async fn settle(&mut self, first: i64, hash: &[u8], started: Instant) -> Option<bool> {
        while started.elapsed() < PATIENCE * 2 {
            self.reconnect();
            let found = async {
                let transaction = begin(&self.writer).await?;
                lock_head(&transaction).await?;
                let found = log::hash_at(&transaction, first).await?;
                transaction.rollback().await?;
                Ok::<_, DbErr>(found)
            };
            match in_time(ANSWER, found).await {
                Ok(found) => return Some(found.as_deref() == Some(hash)),
                Err(error) => tracing::warn!(%error, "cannot look yet"),
            }
            tokio::time::sleep(PAUSE).await;
        }
        // Where readers are answered, others are merely in the way.
        if !self.state.reachable(&self.databases).await {
            self.state.set(Status::Down);
        }
        None
    }

    /// Leaves the connection behind, with whatever transaction is open on it.
    fn reconnect(&mut self) {
        self.begun = None;
        let old = std::mem::replace(&mut self.writer, self.databases.connect_writer());
        tokio::spawn(old.close());
    }
}

fn answer(replies: Vec<Reply>, answers: Vec<Result<Written>>) {
    for (reply, answer) in replies.into_iter().zip(answers) {
        reply.send(answer);
    }
}

/// Tells how long the steps of a group take.
struct Stopwatch(Instant);

impl Stopwatch {
    fn start() -> Self {
        Self(Instant::now())
    }

    /// Microseconds since the start or the lap before.
    fn lap(&mut self) -> u64 {
        let lap = u64::try_from(self.0.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.0 = Instant::now();
        lap
    }
}
