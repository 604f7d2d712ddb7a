//! The same commits, page by page.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::ring::Next;
use super::segment::{COMMITS, FRAGMENT_BYTES, Viewed, fragment};
use super::start::{Place, meaning_changed};
use super::view::View;
use super::{Feed, log_pages};
use crate::model::error::Result;
use crate::model::limits::{BATCH_BYTES, LIST_CHANGES_SCAN};
use crate::model::wire::{WireFields, put_field};
use crate::store::Store;

/// A page of commits.
#[derive(Debug)]
pub struct Page {
    /// Entries of `commits`, encoded.
    pub commits: Bytes,
    /// Where the next page starts.
    pub place: Place,
    /// Of the commit after the place, the changes below this ordinal have been told.
    pub ordinal: u32,
    /// Whether that is the head.
    pub at_head: bool,
}

/// Reads at most `max_commits` from `place`, in whose next commit the changes
/// below `ordinal` are known; waits up to `wait` for the first.
///
/// A commit that does not fit into a message is told in the fragments that a
/// stream has, each on a page of its own. Up to the commit `meant_since`, what the
/// view's filter means now is taken for granted.
#[expect(clippy::too_many_arguments, reason = "each is one thing that a request says")]
pub async fn read(
    feed: &Feed,
    store: &Store,
    view: &Arc<View>,
    meant_since: i64,
    mut place: Place,
    mut ordinal: u32,
    max_commits: usize,
    wait: Duration,
) -> Result<Page> {
    let mut commits = BytesMut::new();
    let mut count = 0;
    let begun = place.revision;
    let deadline = tokio::time::Instant::now() + wait;
    let mut head = feed.subscribe_head();
    let mut draining = feed.subscribe_draining();
    loop {
        let viewed = match feed.after(place.revision) {
            Next::Segment(segment) => segment.view(view),
            Next::Behind => match feed.log_page(view, place.revision) {
                Some(viewed) => viewed,
                None => {
                    let (feed, store) = (feed.clone(), store.clone());
                    log_pages::read(feed, store, Arc::clone(view), place.revision).await?;
                    continue;
                }
            },
            Next::Nothing if count > 0 || *draining.borrow() => {
                return Ok(Page { commits: commits.freeze(), place, ordinal, at_head: true });
            }
            Next::Nothing => tokio::select! {
                _ = head.wait_for(|head| head.mark.revision > place.revision) => continue,
                _ = draining.wait_for(|draining| *draining) => continue,
                () = tokio::time::sleep_until(deadline) => {
                    return Ok(Page { commits: commits.freeze(), place, ordinal, at_head: true });
                }
            },
        };
        let Viewed { first: _, marks, encoded } = &viewed;
        let known = place.revision.max(meant_since);
        let altering = encoded.altering.iter().copied().find(|revision| *revision > known);
        for index in viewed.index_after(place.revision)..marks.len() {
            let entry = &encoded.bytes[encoded.start(index)..encoded.ends[index]];
            let mark = marks[index];
            if altering == Some(mark.revision) {
                if count == 0 {
                    return Err(meaning_changed(altering));
                }
                return Ok(Page { commits: commits.freeze(), place, ordinal, at_head: false });
            }
            let next = Place { revision: mark.revision, hash: mark.hash };
            let is_part = ordinal > 0 || entry.len() > FRAGMENT_BYTES;
            if is_part && count == 0 && !entry.is_empty() {
                return Ok(part(entry, place, ordinal, next));
            }
            let full = count == max_commits || commits.len() + entry.len() > BATCH_BYTES * 8;
            if full && count > 0 && !entry.is_empty() {
                return Ok(Page { commits: commits.freeze(), place, ordinal, at_head: false });
            }
            count += usize::from(!entry.is_empty());
            commits.extend_from_slice(entry);
            (place, ordinal) = (next, 0);
        }
        // Where nothing is let through for long, the caller is told how far it has come.
        if place.revision - begun >= LIST_CHANGES_SCAN {
            return Ok(Page { commits: commits.freeze(), place, ordinal, at_head: false });
        }
    }
}

/// A fragment of the commit between `place` and `next`, from the change `ordinal` on.
fn part(entry: &[u8], place: Place, ordinal: u32, next: Place) -> Page {
    let commit = WireFields(entry).next().map_or(&[][..], |commit| commit.value);
    let (part, rest) = fragment(commit, ordinal, FRAGMENT_BYTES);
    let mut commits = Vec::with_capacity(part.len() + 8);
    put_field(COMMITS, &part, &mut commits);
    let commits = commits.into();
    match rest {
        Some(ordinal) => Page { commits, place, ordinal, at_head: false },
        None => Page { commits, place: next, ordinal: 0, at_head: true },
    }
}
