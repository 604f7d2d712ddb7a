//! Pages of the log, for readers that the ring has left behind.
//!
//! They belong to no reader: what is kept of them is bounded over all, those read
//! last stay, and equal views share theirs. A reader that has stood still for long
//! reads its page again when it goes on.

use std::collections::VecDeque;
use std::sync::Arc;

use super::Feed;
use super::segment::{Mark, Segment, Viewed};
use super::start::check_kept;
use super::view::View;
use crate::model::error::{Error, Result};
use crate::model::limits::LOG_PAGES_BYTES;
use crate::store::Store;

#[derive(Debug)]
struct LogPage {
    view: Arc<View>,
    commits: Viewed,
}

/// The pages that are kept, those read last at the back.
#[derive(Debug, Default)]
pub struct LogPages {
    pages: VecDeque<LogPage>,
    bytes: usize,
    /// How many there have ever been.
    read: u64,
}

impl LogPages {
    /// The page with the commit after `revision` as `view` has it.
    pub fn after(&mut self, view: &Arc<View>, revision: i64) -> Option<Viewed> {
        let index = self.pages.iter().position(|LogPage { view: own, commits }| {
            Arc::ptr_eq(own, view) && (commits.first..=commits.last()).contains(&(revision + 1))
        });
        let page = self.pages.remove(index?)?;
        let commits = page.commits.clone();
        self.pages.push_back(page);
        Some(commits)
    }

    /// Keeps a page, and lets go of others where there is no room for all.
    fn keep(&mut self, view: Arc<View>, commits: Viewed) {
        self.read += 1;
        self.bytes += commits.size();
        self.pages.push_back(LogPage { view, commits });
        while self.bytes > LOG_PAGES_BYTES && self.pages.len() > 1 {
            let oldest = self.pages.pop_front();
            self.bytes -= oldest.map_or(0, |page| page.commits.size());
        }
    }

    /// How many have ever been read.
    pub fn read(&self) -> u64 {
        self.read
    }

    /// Bytes of all that are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Reads the page behind `revision`, unless it is there by the time that it is this
/// reader's turn.
pub async fn read(feed: Feed, store: Store, view: Arc<View>, revision: i64) -> Result<()> {
    let _turn = feed.log_turn().await;
    store.check_up()?;
    if feed.log_page(&view, revision).is_none() {
        let commits = read_log(&feed, &store, &view, revision).await?.view(&view);
        feed.log_pages().keep(view, commits);
    }
    Ok(())
}

/// What follows `after` in the log, as far as the view needs it. It counts only if
/// nothing in it was removed while it was read.
async fn read_log(feed: &Feed, store: &Store, view: &View, after: i64) -> Result<Segment> {
    let until = feed.head().mark.revision;
    let page = store.log_page(after, until, &view.wanted()).await?;
    let head = store.head().await?;
    feed.set_earliest(head.earliest_revision);
    check_kept(feed, after)?;
    let end = page.end.map(Mark::from);
    feed.segment(after + 1, page.commits, end).ok_or_else(|| {
        tracing::error!(after, until, "the log has a hole");
        Error::internal()
    })
}
