//! Whether the store answers, as everybody in the process knows it.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::EntityTrait;
use tokio::sync::watch;

use super::connect::{Databases, Reader};
use super::entities::head;

/// Time between two looks whether a lost database is back.
const PROBE_INTERVAL: Duration = Duration::from_millis(250);
/// How long a probe may take.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How the store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It answers.
    Up,
    /// It does not.
    Down,
    /// A newer version writes to it; this process may only read.
    Outdated,
}

/// The status, shared.
#[derive(Clone, Debug)]
pub struct State(watch::Sender<Status>);

impl Default for State {
    fn default() -> Self {
        Self(watch::Sender::new(Status::Up))
    }
}

impl State {
    /// How the store is.
    pub fn status(&self) -> Status {
        *self.0.borrow()
    }

    /// Sees every change.
    pub fn subscribe(&self) -> watch::Receiver<Status> {
        self.0.subscribe()
    }

    /// Says how the store is. A process that is outdated stays so.
    pub fn set(&self, status: Status) {
        self.0.send_if_modified(|old| {
            let changed = *old != status && *old != Status::Outdated;
            if changed {
                tracing::warn!(from = ?old, to = ?status, "the store's status changed");
                *old = status;
            }
            changed
        });
    }

    /// Whether the database answers right now.
    pub async fn reachable(&self, databases: &Databases) -> bool {
        let probe = |db: Reader| async move { head::Entity::find_by_id(1).one(&*db).await };
        matches!(databases.read(PROBE_TIMEOUT, probe).await, Ok(Some(_)))
    }

    /// Watches over a store that is down until it is up again, for ever.
    pub async fn watch_over(self, databases: Arc<Databases>) {
        let mut changes = self.subscribe();
        loop {
            if changes.wait_for(|status| *status == Status::Down).await.is_err() {
                return;
            }
            while !self.reachable(&databases).await {
                tokio::time::sleep(PROBE_INTERVAL).await;
            }
            self.set(Status::Up);
        }
    }
}
