//! One writer at a time, many writes per transaction.
//!
//! All writes of a process go through here. Whatever has queued up while one
//! transaction ran makes up the next; each takes the head row before it reads
//! anything, so that lost updates, deadlocks and revisions out of order cannot
//! happen, whatever other replicas do.

mod attempt;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use self::attempt::{Begun, Broken, Done, Judged, Work};
use super::clock::Clock;
use super::connect::Databases;
use super::deliver::{Deliverer, Delivery, Publish};
use super::failure::{Failure, in_time};
use super::hints::Hints;
use super::log;
use super::memory::Memory;
use super::queue::{End, Queue, Queued, Reply, outdated};
use super::registry::Registry;
use super::state::{State, Status};
use super::transaction::{begin, lock_head};
use super::write::{Write, Written};
use crate::model::error::{Error, Result};
use crate::model::limits::{ANSWER, GROUP_BYTES, GROUP_REQUESTS, OPEN_AHEAD};

/// How long a group is tried again before its callers are told.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(20);

/// The one that writes.
pub struct Committer {
    queue: End,
    databases: Arc<Databases>,
    writer: DatabaseConnection,
    /// Reads ahead while the writer waits for the head, where others write as well.
    scout: DatabaseConnection,
    /// Whether nobody else wrote between the last two groups.
    undisturbed: bool,
    registry: Registry,
    deliverer: Deliverer,
    clock: Clock,
    state: State,
    /// How the store was when the last group began.
    changes: watch::Receiver<Status>,
    memory: Memory,
    /// Writes that have left the queue and wait for a group.
    waiting: VecDeque<Queued>,
    /// How many the last group had.
    last: usize,
    /// The next group, if it has been put together already.
    next: Option<Group>,
    /// Its transaction, if that has begun already and has the head.
    begun: Option<Begun>,
    /// Its transaction, if that has begun already and has done nothing.
    open: Option<DatabaseTransaction>,
    swept: Instant,
}

/// Writes for one transaction.
struct Group {
    writes: Vec<Write>,
    /// Who waits for each.
    replies: Vec<Reply>,
    /// What they come to, if that is known already.
    judged: Option<Box<Judged>>,
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
        let scout = (*databases.reader()).clone();
        let committer = Self {
            queue: end,
            databases,
            writer,
            scout,
            undisturbed: false,
            registry,
            deliverer: Deliverer::start(publish, hints),
            clock,
            changes: state.subscribe(),
            state,
            memory: Memory::default(),
            waiting: VecDeque::new(),
            last: 0,
            next: None,
            begun: None,
            open: None,
            swept: Instant::now(),
        };
        (committer, queue)
    }

    /// Works until the queue is closed and empty, on a thread of its own: between
    /// two steps of a group it would otherwise wait behind whatever else the
    /// process has to do, and everybody's write with it. The thread has the precedence
    /// of the one that starts it, as has that of its SQLite connection.
    pub fn start(self) -> JoinHandle<()> {
        let (alive, ended) = oneshot::channel::<()>();
        let work = move || {
            let _alive = alive;
            self.run_alone();
        };
        if let Err(error) = std::thread::Builder::new().name("committer".to_owned()).spawn(work) {
            tracing::error!(%error, "the committer cannot start");
        }
        tokio::spawn(async {
            let _ = ended.await;
        })
    }

    fn run_alone(mut self) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(async {
                // A connection belongs to the thread that opens it.
                self.writer = self.databases.connect_writer();
                self.scout = self.databases.connect_scout();
                self.run().await;
                self.open = None;
                self.deliverer.finish().await;
                let _ = self.scout.clone().close().await;
                let _ = self.writer.clone().close().await;
            }),
            Err(error) => tracing::error!(%error, "the committer cannot start"),
        }
    }

    async fn run(&mut self) {
        loop {
            if let Ok(reply) = self.queue.turns.try_recv() {
                let _ = reply.send(self.one(Work::Turn).await);
            }
            if let Some(group) = self.next.take().or_else(|| self.gather()) {
                self.last = group.writes.len();
                self.group(group).await;
                self.open_ahead().await;
                continue;
            }
            tokio::select! {
                next = self.queue.writes.recv() => match next {
                    Some(queued) => self.waiting.push_back(queued),
                    None => return,
                },
                Some(reply) = self.queue.turns.recv() => {
                    let _ = reply.send(self.one(Work::Turn).await);
                }
                () = self.queue.closing.notified() => self.queue.writes.close(),
                () = tokio::time::sleep(OPEN_AHEAD), if self.open.is_some() => self.open = None,
            }
        }
    }

    /// How many writes wait for a group.
    fn waits(&self) -> usize {
        self.waiting.len() + self.queue.writes.len()
    }

    /// Whether the writes that wait make a group about as large as the last one.
    fn is_company(&self) -> bool {
        self.waits() >= self.last / 2
    }

    /// The writes that wait, as many as make a group.
    fn gather(&mut self) -> Option<Group> {
        let (mut writes, mut replies, mut bytes) = (Vec::new(), Vec::new(), 0);
        while writes.len() < GROUP_REQUESTS {
            let next = self.waiting.pop_front().or_else(|| self.queue.writes.try_recv().ok());
            let Some(Queued { write, reply }) = next else { break };
            bytes += write.size;
            if bytes > GROUP_BYTES && !writes.is_empty() {
                self.waiting.push_front(Queued { write, reply });
                break;
            }
            writes.push(write);
            replies.push(reply);
        }
        (!writes.is_empty()).then_some(Group { writes, replies, judged: None })
    }

    /// Commits a group and has its callers answered.
    async fn group(&mut self, group: Group) {
        let Group { mut writes, replies, judged } = group;
        let (answers, unit) = match self.persist(Work::Writes(&mut writes, judged)).await {
            Ok(Done { answers, unit }) => {
                if self.next.is_some() || self.waits() > 0 {
                    self.begin_ahead().await;
                }
                (answers, unit)
            }
            Err(Failure::Data) if writes.len() > 1 => {
                tracing::warn!(writes = writes.len(), "a group failed; its members run alone");
                (self.alone(&mut writes).await, None)
            }
            Err(Failure::Data) => (vec![Err(Error::internal())], None),
            Err(_) => (writes.iter().map(|_| Err(Error::store_unavailable())).collect(), None),
        };
        self.deliverer.deliver(Delivery { unit, replies, answers, writes });
    }

    /// Runs each write as a group of its own: the offender fails, the rest succeed.
    async fn alone(&mut self, writes: &mut [Write]) -> Vec<Result<Written>> {
        let mut answers = Vec::with_capacity(writes.len());
        for write in writes {
            answers.push(self.one(Work::Writes(std::slice::from_mut(write), None)).await);
        }
        answers
    }

    /// Does what has one answer, in a transaction of its own.
    async fn one(&mut self, work: Work<'_>) -> Result<Written> {
        match self.persist(work).await {
            Ok(Done { mut answers, unit }) => {
                self.deliverer.deliver(Delivery { unit, ..Delivery::default() });
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
                    return Ok(Done { answers, unit: None });
                }
                Err(Broken::Before(error)) => error,
                Err(Broken::Unknown { first, hash, error, done }) => {
                    tracing::warn!(%error, revision = first, "COMMIT was not answered; looking whether it stands");
                    match self.settle(first, &hash, started).await {
                        Some(true) => return Ok(*done),
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

    /// Leaves the connections behind, with whatever transaction is open on them.
    fn reconnect(&mut self) {
        self.begun = None;
        self.open = None;
        let old = std::mem::replace(&mut self.writer, self.databases.connect_writer());
        tokio::spawn(old.close());
        self.reconnect_scout();
    }

    fn reconnect_scout(&mut self) {
        let old = std::mem::replace(&mut self.scout, self.databases.connect_scout());
        tokio::spawn(old.close());
    }
}
