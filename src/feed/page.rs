//! The same commits, page by page.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::Feed;
use super::ring::Next;
use super::segment::Segment;
use super::start::{Place, check_kept};
use super::view::View;
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{BATCH_BYTES, MESSAGE_OUT_BYTES};
use crate::store::Store;

/// A page of commits.
#[derive(Debug)]
pub struct Page {
    /// Entries of `commits`, encoded.
    pub commits: Bytes,
    /// Where the next page starts.
    pub place: Place,
    /// Whether that is the head.
    pub at_head: bool,
}

/// Reads at most `max_commits` from `place`; waits up to `wait` for the first.
pub async fn read(
    feed: &Feed,
    store: &Store,
    view: &Arc<View>,
    mut place: Place,
    max_commits: usize,
    wait: Duration,
) -> Result<Page> {
    let mut commits = BytesMut::new();
    let mut count = 0;
    let deadline = tokio::time::Instant::now() + wait;
    let mut head = feed.subscribe_head();
    let mut draining = feed.subscribe_draining();
    loop {
        let segment = match feed.after(place.revision) {
            Next::Segment(segment) => segment,
            Next::Behind => Arc::new(read_log(feed, store, place).await?),
            Next::Nothing if count > 0 || *draining.borrow() => {
                return Ok(Page { commits: commits.freeze(), place, at_head: true });
            }
            Next::Nothing => tokio::select! {
                _ = head.wait_for(|head| head.mark.revision > place.revision) => continue,
                _ = draining.wait_for(|draining| *draining) => continue,
                () = tokio::time::sleep_until(deadline) => {
                    return Ok(Page { commits: commits.freeze(), place, at_head: true });
                }
            },
        };
        let encoded = segment.view(view);
        let first = usize::try_from(place.revision + 1 - segment.first()).unwrap_or(0);
        for index in first..segment.marks.len() {
            let entry = &encoded.bytes[encoded.start(index)..encoded.ends[index]];
            if entry.len() > MESSAGE_OUT_BYTES - 1_024 && count == 0 {
                return Err(too_large(segment.marks[index].revision));
            }
            let full = count == max_commits || commits.len() + entry.len() > BATCH_BYTES * 8;
            if full && count > 0 && !entry.is_empty() {
                return Ok(Page { commits: commits.freeze(), place, at_head: false });
            }
            count += usize::from(!entry.is_empty());
            commits.extend_from_slice(entry);
            let mark = segment.marks[index];
            place = Place { revision: mark.revision, hash: mark.hash };
        }
    }
}

/// A page of the log behind `place`. It counts only if nothing in it was removed
/// while it was read.
pub(super) async fn read_log(feed: &Feed, store: &Store, place: Place) -> Result<Segment> {
    let turn = feed.log_turn().await;
    let until = feed.head().mark.revision;
    let page = store.log_page(place.revision, until).await?;
    let head = store.head().await?;
    feed.set_earliest(head.earliest_revision);
    check_kept(feed, place.revision)?;
    drop(turn);
    feed.segment(&page).ok_or_else(|| {
        tracing::error!(after = place.revision, until, "the log has a hole");
        Error::internal()
    })
}

fn too_large(revision: i64) -> Error {
    let text = format!(
        "the commit {revision} does not fit into one message: watch it, or ask for names only"
    );
    Error::new(Reason::MessageTooLarge, text)
}
