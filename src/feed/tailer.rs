//! Fills the ring with what other replicas commit.

use std::time::Duration;

use tokio::time::Instant;

use super::Feed;
use crate::model::error::Result;
use crate::model::failpoints;
use crate::model::limits::{LOG_PAGE_COMMITS, POLL_HEARD, POLL_IDLE, POLL_WATCHED};
use crate::store::Store;
use crate::store::hints::Hint;
use crate::store::state::Status;
use crate::store::told::Wanted;

/// Pause after a look that failed.
const PAUSE: Duration = Duration::from_millis(250);
/// Between two looks where nobody else can have written.
const ALONE: Duration = Duration::from_secs(60);

/// Time between two looks at a head that others may move.
#[derive(Clone, Copy, Debug)]
pub struct Polls {
    /// While somebody watches and hints are not heard.
    pub watched: Duration,
    /// While somebody watches and hints are heard.
    pub heard: Duration,
    /// While nobody watches.
    pub idle: Duration,
}

impl Default for Polls {
    fn default() -> Self {
        Self { watched: POLL_WATCHED, heard: POLL_HEARD, idle: POLL_IDLE }
    }
}

impl Polls {
    fn pause(self, feed: &Feed, store: &Store) -> Duration {
        match (store.is_shared(), feed.watches() > 0, store.hints.are_heard()) {
            (false, ..) => ALONE,
            (true, false, _) => self.idle,
            (true, true, true) => self.heard,
            (true, true, false) => self.watched,
        }
    }
}

/// Reads what others commit, for ever: at once where a hint tells of it, and without
/// hints by looking at the head, often while somebody watches and seldom while nobody
/// does. On SQLite, where nobody else can write, it works only when it is called.
pub async fn tail(feed: Feed, store: Store, polls: Polls) {
    let mut draining = feed.subscribe_draining();
    let mut told = Hint::Missed;
    // However many hints come, a look for what they may lack is not put off.
    let mut next_look = Instant::now();
    loop {
        // A hint of our own commit, or an old one, costs nothing.
        if told > Hint::Committed(feed.head().mark.revision) {
            if let Some(pause) = failpoints::tailer_pause() {
                tokio::time::sleep(pause).await;
            }
            match catch_up(&feed, &store, told).await {
                Ok(looked) => {
                    if store.state.status() == Status::Down {
                        store.state.set(Status::Up);
                    }
                    if looked {
                        next_look = Instant::now() + polls.pause(&feed, &store);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the log cannot be read");
                    store.state.set(Status::Down);
                    next_look = Instant::now() + PAUSE;
                }
            }
        }
        told = tokio::select! {
            () = tokio::time::sleep_until(next_look) => Hint::Missed,
            hint = feed.0.hinted.next() => hint,
            _ = draining.wait_for(|draining| *draining) => return,
        };
    }
}

/// Reads what `told` tells of; whether the head had to be looked at for that.
async fn catch_up(feed: &Feed, store: &Store, told: Hint) -> Result<bool> {
    if let Hint::Committed(revision) = told
        && read_up_to(feed, store, revision).await?
    {
        return Ok(false);
    }
    fill(feed, store).await?;
    Ok(true)
}

/// Appends whatever the log has beyond the ring.
pub async fn fill(feed: &Feed, store: &Store) -> Result<()> {
    let head = store.head_unchecked().await?;
    feed.set_earliest(head.earliest_revision);
    if !read_up_to(feed, store, head.revision).await? {
        let after = feed.head().mark.revision;
        tracing::error!(after, head = head.revision, "the log has a hole");
    }
    Ok(())
}

/// Appends the log beyond the ring up to `revision`; whether it has all of that.
async fn read_up_to(feed: &Feed, store: &Store, revision: i64) -> Result<bool> {
    loop {
        let newest = feed.head().mark.revision;
        if newest >= revision {
            return Ok(true);
        }
        let page = store.log_page(newest, revision, &Wanted::everything()).await?;
        feed.append(page.commits);
        if feed.head().mark.revision == newest {
            return Ok(false);
        }
    }
}

/// Where a ring should begin so that it holds the newest of the log.
pub fn first_base(head_revision: i64, earliest_revision: i64) -> i64 {
    let oldest = earliest_revision - 1;
    head_revision.saturating_sub(LOG_PAGE_COMMITS as i64).max(oldest).max(0)
}
