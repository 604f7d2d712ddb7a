//! Hints between the processes that share a PostgreSQL: each tells the others the
//! revision that it has just committed, so that they need not wait for their next
//! look at the log.
//!
//! Nothing rests on a hint. It is sent after COMMIT, from a connection of its own
//! and outside of every transaction, so it may be late, lost or wrong; whoever hears
//! it reads the log, and whoever hears nothing looks for himself. A process hears its
//! own hints too and knows them by their sender, so they tell it only that it hears at
//! all, which it would not where a pooler takes LISTEN and forgets it.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::connect::Databases;
use super::write::new_uid;
use crate::model::failpoints;
use crate::model::limits::{HINT_ANSWER, HINT_INTERVAL, HINT_SILENCE};

/// Pause before a connection that was lost is made again.
const PAUSE: Duration = Duration::from_millis(250);

/// What a process is told about the log. The greater of two covers both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hint {
    /// The commit with this revision stands.
    Committed(i64),
    /// Others may have committed, and it is not known what.
    Missed,
}

/// The hints of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Hints(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Tells this process from others, as the sender of a hint.
    sender: String,
    /// The newest commit of this process. Whatever is committed while a hint is on
    /// its way shares the next one.
    committed: watch::Sender<i64>,
    /// Whether hints arrive here.
    heard: watch::Sender<bool>,
    /// Asks for a hint without a commit, which proves that it arrives.
    proof: Notify,
}

impl Default for Hints {
    fn default() -> Self {
        let (committed, heard) = (watch::Sender::new(0), watch::Sender::new(false));
        Self(Arc::new(Inner {
            sender: new_uid().simple().to_string(),
            committed,
            heard,
            proof: Notify::new(),
        }))
    }
}

impl Hints {
    /// Notes that this process has committed up to `revision`; the hint goes its own
    /// way. Does not wait.
    pub fn committed(&self, revision: i64) {
        self.0.committed.send_replace(revision);
    }

    /// Whether hints arrive here.
    pub fn are_heard(&self) -> bool {
        *self.0.heard.borrow()
    }

    /// Sees whether hints arrive here.
    pub fn subscribe_heard(&self) -> watch::Receiver<bool> {
        self.0.heard.subscribe()
    }

    /// Sends and hears hints about the store `store_id` until the task is aborted,
    /// over two connections which end with it. On SQLite there is nobody to tell.
    pub fn exchange(
        &self,
        databases: &Databases,
        store_id: Uuid,
        hear: impl Fn(Hint) + Send + Sync + 'static,
    ) -> JoinHandle<()> {
        let (hints, way) = (self.clone(), databases.hint_way.clone());
        let channel = channel(store_id);
        tokio::spawn(async move {
            if let Some(way) = way {
                tokio::join!(hints.send(&way, &channel), hints.listen(&way, &channel, &hear));
            }
        })
    }

    /// Sends hints for ever, connecting again whenever that is needed.
    async fn send(&self, way: &PgConnectOptions, channel: &str) {
        let mut committed = self.0.committed.subscribe();
        loop {
            let Err(error) = self.send_connected(way, channel, &mut committed).await;
            tracing::debug!(%error, "hints cannot be sent");
            sleep(PAUSE).await;
        }
    }

    async fn send_connected(
        &self,
        way: &PgConnectOptions,
        channel: &str,
        committed: &mut watch::Receiver<i64>,
    ) -> Result<Infallible, sqlx::Error> {
        let mut connection = in_time(way.connect()).await?;
        loop {
            let revision = *committed.borrow_and_update();
            // As plain text it is one round trip, also the first time.
            let notify = format!("NOTIFY \"{channel}\", '{revision} {}'", self.0.sender);
            in_time(sqlx::raw_sql(AssertSqlSafe(notify)).execute(&mut connection)).await?;
            tokio::select! {
                _ = committed.changed() => {}
                () = self.0.proof.notified() => {}
                () = sleep(HINT_INTERVAL) => {}
            }
        }
    }

    /// Hears hints for ever, connecting again whenever that is needed.
    async fn listen(&self, way: &PgConnectOptions, channel: &str, hear: &impl Fn(Hint)) {
        loop {
            let Err(error) = self.listen_connected(way, channel, hear).await;
            if self.set_heard(false) {
                tracing::info!(%error, "hints of commits are no longer heard; the log is looked at more often");
                hear(Hint::Missed);
            }
            sleep(PAUSE).await;
        }
    }

    async fn listen_connected(
        &self,
        way: &PgConnectOptions,
        channel: &str,
        hear: &impl Fn(Hint),
    ) -> Result<Infallible, sqlx::Error> {
        // A pool for this try alone: a connection that went silent is left behind with it.
        let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None);
        let pool = pool.acquire_timeout(HINT_ANSWER).connect_lazy_with(way.clone());
        let mut listener = in_time(PgListener::connect_with(&pool)).await?;
        // It would connect again without a word to those who must look then.
        listener.eager_reconnect(false);
        in_time(listener.listen(channel)).await?;
        // What was committed until now came without a hint.
        hear(Hint::Missed);
        self.0.proof.notify_one();
        loop {
            let Ok(heard) = timeout(HINT_SILENCE, listener.try_recv()).await else {
                return Err(silent());
            };
            let Some(notification) = heard? else {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            };
            if self.set_heard(true) {
                tracing::info!("hints of commits are heard");
            }
            if failpoints::hint_is_lost() {
                continue;
            }
            let (revision, sender) = notification.payload().split_once(' ').unwrap_or_default();
            if sender != self.0.sender {
                hear(revision.parse().map_or(Hint::Missed, Hint::Committed));
            }
        }
    }

    /// Notes whether hints arrive; whether that is news.
    fn set_heard(&self, heard: bool) -> bool {
        self.0.heard.send_if_modified(|old| std::mem::replace(old, heard) != heard)
    }
}

/// Where the processes of one store meet. Two stores may share a database.
fn channel(store_id: Uuid) -> String {
    format!("entente_{}", store_id.simple())
}

/// What `answer` comes to, or an error once it has kept us waiting for too long.
async fn in_time<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(HINT_ANSWER, answer).await.unwrap_or_else(|_| Err(silent()))
}

/// The error of a connection over which nothing comes.
fn silent() -> sqlx::Error {
    io::Error::from(io::ErrorKind::TimedOut).into()
}
