//! One try to get a group into the store.
//!
//! While SQLite makes one transaction durable, the next group is judged: what it needs
//! is loaded before COMMIT, from the state that the transaction leaves. On PostgreSQL it is
//! loaded on a connection of its own while the head is taken. Either counts only if the head
//! is then found as it was left.

use std::time::Instant;

use futures_util::future::join;
use sea_orm::{DatabaseTransaction, DbBackend, DbErr};

use super::super::calendar::load_step;
use super::super::entities::head;
use super::super::failure::in_time;
use super::super::load::{Loaded, answers, load};
use super::super::registry::Registry;
use super::super::sql::Rows;
use super::super::transaction::{begin, lock_head, sweep};
use super::super::unit::Unit;
use super::super::write::{Write, Written};
use super::super::{FORMAT, now_micros};
use super::Committer;
use crate::model::error::Result;
use crate::model::failpoints;
use crate::model::limits::{AHEAD_ANSWER, ANSWER, LOCK_ANSWER, REQUEST_SWEEP};

/// A transaction that has the head, and what the clock said then, in microseconds.
pub(super) struct Begun {
    transaction: DatabaseTransaction,
    head: head::Model,
    now: i64,
}

/// What a transaction is for.
pub(super) enum Work<'w> {
    /// A group of requests, and what they come to, if that is known already.
    Writes(&'w mut [Write], Option<Box<Judged>>),
    /// A step of the calendar.
    Turn,
}

impl Work<'_> {
    /// How many answers it comes to.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Writes(writes, _) => writes.len(),
            Self::Turn => 1,
        }
    }

    /// What it comes to from `head` on, if that is known already.
    fn judged(&mut self, head: &head::Model) -> Option<Box<Judged>> {
        match self {
            Self::Writes(_, judged) => judged.take().filter(|judged| judged.from == *head),
            Self::Turn => None,
        }
    }
}

/// What a group comes to.
pub(super) struct Judged {
    /// The head from which it is so.
    from: head::Model,
    answers: Vec<Result<Written>>,
    unit: Unit,
    /// The rows to begin with; `None` if there is nothing to store.
    rows: Option<Rows>,
}

impl Judged {
    fn of(
        registry: Registry,
        from: head::Model,
        loaded: Loaded,
        now: i64,
        work: &Work<'_>,
    ) -> Self {
        let mut unit = Unit::new(registry, from.clone(), loaded, now);
        let answers = match work {
            Work::Writes(writes, _) => writes.iter().map(|write| unit.apply(write)).collect(),
            Work::Turn => vec![unit.turn()],
        };
        let rows = (!unit.is_empty()).then(|| unit.first_rows());
        Self { from, answers, unit, rows }
    }
}

/// Why a group did not come through.
pub(super) enum Broken {
    /// Before COMMIT: nothing was written.
    Before(DbErr),
    /// In COMMIT: the commit `first` with this hash tells.
    Unknown { first: i64, hash: Vec<u8>, error: DbErr, done: Box<Done> },
    /// The store is of a newer format.
    Outdated,
}

/// What came of a group.
pub(super) struct Done {
    pub(super) answers: Vec<Result<Written>>,
    /// What was committed; `None` if nothing was.
    pub(super) unit: Option<Unit>,
}

impl Committer {
    /// Begins the transaction of the next group before this one is answered: the
    /// answers keep all cores busy, and each change of thread would wait behind them.
    /// Not where other processes write, since their groups would hold the answers up.
    pub(super) async fn begin_ahead(&mut self) {
        if self.is_alone() {
            // Where it does not come to be, the next group will find out.
            self.begun = self.begin(None).await.ok();
        }
    }

    /// Whether nobody else can write.
    fn is_alone(&self) -> bool {
        self.databases.backend() == DbBackend::Sqlite
    }

    /// Begins a transaction in which nothing is done yet, where others write as well: the
    /// next write has one round trip less to wait for, and nobody waits for this one.
    pub(super) async fn open_ahead(&mut self) {
        if self.is_alone() || self.waits() > 0 {
            return;
        }
        match in_time(AHEAD_ANSWER, begin(&self.writer)).await {
            Ok(transaction) => self.open = Some(transaction),
            // Whether that tells of more than a slow answer, the next group will find out.
            Err(_) => self.reconnect(),
        }
    }

    async fn begin(&self, open: Option<DatabaseTransaction>) -> Result<Begun, DbErr> {
        let transaction = match open {
            Some(transaction) => transaction,
            None => in_time(LOCK_ANSWER, begin(&self.writer)).await?,
        };
        let (head, now) = in_time(LOCK_ANSWER, lock_head(&transaction)).await?;
        Ok(Begun { transaction, head, now })
    }

    pub(super) async fn attempt(&mut self, work: &mut Work<'_>) -> Result<Done, Broken> {
        let mut clock = Stopwatch::start();
        let (begun, ahead) = match self.begun.take() {
            Some(begun) => (begun, None),
            None => {
                let open = self.open.take();
                let (begun, ahead) = join(self.begin(open), self.load_ahead(work)).await;
                (begun.map_err(Broken::Before)?, ahead)
            }
        };
        let Begun { transaction, head, now } = begun;
        let locked = clock.lap();
        if head.format > FORMAT {
            return Err(Broken::Outdated);
        }
        self.undisturbed = self.memory.keeps_up(&head.hash);
        if let Some(Err(error)) = &ahead {
            tracing::debug!(%error, "what a group needs could not be read ahead");
            self.reconnect_scout();
        }
        let ahead = ahead.and_then(Result::ok).filter(|_| self.undisturbed);
        let judged = match work.judged(&head) {
            Some(judged) => *judged,
            None => {
                let loaded = self.load(&transaction, &head, now, work, ahead).await;
                Judged::of(self.registry, head, loaded.map_err(Broken::Before)?, now, work)
            }
        };
        let Judged { from, answers, mut unit, rows } = judged;
        let judged = clock.lap();
        if self.swept.elapsed() >= REQUEST_SWEEP {
            self.swept = Instant::now();
            in_time(ANSWER, sweep(&transaction, now)).await.map_err(Broken::Before)?;
        } else if rows.is_none() {
            in_time(ANSWER, transaction.rollback()).await.map_err(Broken::Before)?;
            return Ok(Done { answers, unit: None });
        }
        let rows = rows.unwrap_or_default();
        in_time(ANSWER, unit.save(&transaction, rows)).await.map_err(Broken::Before)?;
        let saved = clock.lap();
        // If it does not come to be, the head has another hash and all is forgotten.
        self.memory.learn(unit.head.hash.clone(), std::mem::take(&mut unit.loaded.names));
        let loaded = self.load_next(&transaction).await;
        let judge_next = async {
            if let (Some(next), Some(loaded)) = (&mut self.next, loaded) {
                let work = Work::Writes(&mut next.writes, None);
                let head = unit.head.clone();
                let judged = Judged::of(self.registry, head, loaded, now_micros(), &work);
                next.judged = Some(Box::new(judged));
            }
        };
        let (committed, ()) = join(in_time(ANSWER, transaction.commit()), judge_next).await;
        let commit = clock.lap();
        tracing::debug!(
            writes = work.len(),
            locked,
            judged,
            saved,
            commit,
            "a group, in microseconds"
        );
        let hash = unit.logged.first().map(|logged| logged.commit.hash.clone());
        let done = Done { answers, unit: Some(unit) };
        match (committed, hash) {
            (Ok(()), _) => Ok(done),
            (Err(error), Some(hash)) => {
                let (first, done) = (from.revision + 1, Box::new(done));
                Err(Broken::Unknown { first, hash, error, done })
            }
            // Only answers to request ids were written: writing them again is harmless.
            (Err(error), None) => Err(Broken::Before(error)),
        }
    }

    /// Loads what the records say for `work` before it has the head: it is so if the head is
    /// then found as we left it. Where others write at the same time it seldom is.
    async fn load_ahead(&self, work: &mut Work<'_>) -> Option<Result<Loaded, DbErr>> {
        match work {
            Work::Writes(writes, None) if self.undisturbed && !self.is_alone() => {
                let loaded = async {
                    if failpoints::read_ahead_is_lost() {
                        std::future::pending::<()>().await;
                    }
                    load(&self.scout, self.registry, writes, &self.memory.names).await
                };
                Some(in_time(AHEAD_ANSWER, loaded).await)
            }
            _ => None,
        }
    }

    async fn load(
        &self,
        transaction: &DatabaseTransaction,
        head: &head::Model,
        now: i64,
        work: &mut Work<'_>,
        ahead: Option<Loaded>,
    ) -> Result<Loaded, DbErr> {
        match work {
            Work::Writes(writes, _) => {
                in_time(ANSWER, self.load_writes(transaction, writes, ahead)).await
            }
            Work::Turn => {
                let day = self.clock.day(now);
                let names = &self.memory.names;
                in_time(ANSWER, load_step(transaction, self.registry, head, day, names)).await
            }
        }
    }

    /// What `writes` need; what of it the records say may be there already. Answers to
    /// request ids are kept without a commit, so the head does not tell of them.
    async fn load_writes(
        &self,
        transaction: &DatabaseTransaction,
        writes: &mut [Write],
        ahead: Option<Loaded>,
    ) -> Result<Loaded, DbErr> {
        let requests = answers(transaction, writes).await?;
        let loaded = match ahead {
            Some(loaded) => loaded,
            None => load(transaction, self.registry, writes, &self.memory.names).await?,
        };
        Ok(Loaded { requests, ..loaded })
    }

    /// Puts the next group together, if it would not be much smaller than this one, and
    /// loads what it needs from where this transaction leaves the store. If few writes
    /// wait, more will have come when COMMIT is done.
    async fn load_next(&mut self, transaction: &DatabaseTransaction) -> Option<Loaded> {
        if self.is_alone() && self.next.is_none() && self.is_company() {
            self.next = self.gather();
        }
        let mut next = self.next.take()?;
        // What is wrong will show when its turn has come.
        let loaded = self.load_writes(transaction, &mut next.writes, None);
        let loaded = in_time(ANSWER, loaded).await.ok();
        self.next = Some(next);
        loaded
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
