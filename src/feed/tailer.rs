//! Fills the ring with what other replicas commit.

use std::time::Duration;

use super::Feed;
use crate::model::error::Result;
use crate::model::limits::{LOG_PAGE_COMMITS, POLL_IDLE, POLL_WATCHED};
use crate::store::Store;
use crate::store::state::Status;
use crate::store::told::Wanted;

/// Pause after a look that failed.
const PAUSE: Duration = Duration::from_millis(250);
/// Between two looks where nobody else can have written.
const ALONE: Duration = Duration::from_secs(60);

/// Looks at the head for ever: often while somebody watches, seldom while nobody
/// does, and on SQLite, where nobody else can write, only when it is called.
pub async fn tail(feed: Feed, store: Store) {
    let mut draining = feed.subscribe_draining();
    loop {
        let pause = match fill(&feed, &store).await {
            Ok(()) => {
                store.state.set(match store.state.status() {
                    Status::Down => Status::Up,
                    status => status,
                });
                match store.is_shared() {
                    true if feed.watches() > 0 => POLL_WATCHED,
                    true => POLL_IDLE,
                    false => ALONE,
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the head cannot be read");
                store.state.set(Status::Down);
                PAUSE
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = feed.0.gap.notified() => {}
            _ = draining.wait_for(|draining| *draining) => return,
        }
    }
}

/// Appends whatever the log has beyond the ring.
pub async fn fill(feed: &Feed, store: &Store) -> Result<()> {
    let head = store.head_unchecked().await?;
    feed.set_earliest(head.earliest_revision);
    loop {
        let newest = feed.head().mark.revision;
        if newest >= head.revision {
            return Ok(());
        }
        let page = store.log_page(newest, head.revision, &Wanted::everything()).await?;
        if page.commits.is_empty() {
            tracing::error!(after = newest, head = head.revision, "the log has a hole");
            return Ok(());
        }
        feed.append(page.commits);
    }
}

/// Where a ring should begin so that it holds the newest of the log.
pub fn first_base(head_revision: i64, earliest_revision: i64) -> i64 {
    let oldest = earliest_revision - 1;
    head_revision.saturating_sub(LOG_PAGE_COMMITS as i64).max(oldest).max(0)
}
