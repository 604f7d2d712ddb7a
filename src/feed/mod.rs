//! The change stream: every commit, in order, to whoever subscribes.
//!
//! Subscribers pull from the log and are only woken. The newest commits are kept
//! in a ring of bounded bytes, encoded once; whoever is inside it shares those
//! bytes, whoever is behind reads pages from the database and rejoins. There is
//! no queue for each subscriber, so nothing can overflow, and nothing is dropped.
//!
//! The committer hands over its own commits; the [`tailer`] fills in those of
//! other replicas and, at the start, the newest of the log.

mod apply;
mod frames;
pub mod hinted;
pub mod log_pages;
pub mod page;
pub mod reader;
pub mod ring;
pub mod segment;
pub mod snapshot;
pub mod start;
pub mod subscription;
pub mod tailer;
pub mod token;
pub mod view;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use hinted::Hinted;
use log_pages::LogPages;
use reader::Seat;
use ring::{Next, Ring};
use segment::{Mark, Segment, ViewBudget, Viewed};
use token::{HashPrefix, Token};
use view::View;

use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{ANSWER, LOG_READERS, PARTS_AHEAD, STREAM_AGE, WATCHES};
use crate::store::deliver::Publish;
use crate::store::entities::head;
use crate::store::hints::Hint;
use crate::store::registry::Registry;
use crate::store::told::Told;

/// Where the log stands, as this process knows it.
#[derive(Clone, Copy, Debug)]
pub struct Head {
    /// The newest commit.
    pub mark: Mark,
    /// The oldest commit whose changes are kept.
    pub earliest_revision: i64,
}

/// The feed of a process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    store_id: Uuid,
    ring: RwLock<Ring>,
    head: watch::Sender<Head>,
    /// Wakes the tailer when others have committed.
    hinted: Hinted,
    budget: ViewBudget,
    views: Mutex<HashMap<[u8; 32], Weak<View>>>,
    watches: Arc<Semaphore>,
    seats: Mutex<Vec<Weak<Seat>>>,
    log_readers: Semaphore,
    log_pages: Mutex<LogPages>,
    draining: watch::Sender<bool>,
    stream_age_ms: AtomicU64,
    parts_ahead: Arc<Semaphore>,
}

impl Feed {
    /// A feed of the store that stands at `head`, whose memory begins behind the
    /// commit `mark`.
    pub fn new(registry: Registry, head: &head::Model, mark: Mark) -> Self {
        let head_now = Head { mark, earliest_revision: head.earliest_revision };
        Self(Arc::new(Inner {
            registry,
            store_id: head.store_id,
            ring: RwLock::new(Ring::new(mark)),
            head: watch::Sender::new(head_now),
            hinted: Hinted::default(),
            budget: Arc::new(AtomicUsize::new(0)),
            views: Mutex::default(),
            watches: Arc::new(Semaphore::new(WATCHES)),
            seats: Mutex::default(),
            log_readers: Semaphore::new(LOG_READERS),
            log_pages: Mutex::default(),
            draining: watch::Sender::new(false),
            stream_age_ms: AtomicU64::new(millis(STREAM_AGE)),
            parts_ahead: Arc::new(Semaphore::new(PARTS_AHEAD)),
        }))
    }

    /// The store whose history this is.
    pub fn store_id(&self) -> Uuid {
        self.0.store_id
    }

    /// The types that the store holds.
    pub fn registry(&self) -> Registry {
        self.0.registry
    }

    /// Where the log stands, as this process knows it.
    pub fn head(&self) -> Head {
        *self.0.head.borrow()
    }

    /// Sees every new head.
    pub fn subscribe_head(&self) -> watch::Receiver<Head> {
        self.0.head.subscribe()
    }

    /// How many watches are open.
    pub fn watches(&self) -> usize {
        WATCHES - self.0.watches.available_permits()
    }

    fn seats(&self) -> MutexGuard<'_, Vec<Weak<Seat>>> {
        self.0.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all streams that the server is going away.
    pub fn drain(&self) {
        self.0.draining.send_replace(true);
    }

    /// Sees the beginning of a drain.
    pub fn subscribe_draining(&self) -> watch::Receiver<bool> {
        self.0.draining.subscribe()
    }

    /// Takes a hint about the commits of other processes. While nobody waits for
    /// commits they are left to the next look at the head.
    pub fn hear(&self, hint: Hint) {
        if self.watches() > 0 || self.0.head.receiver_count() > 0 {
            self.0.hinted.tell(hint);
        }
    }

    /// Waits until this process knows of everything up to `revision`, which has been
    /// committed: by itself a moment ago, or by another replica.
    pub async fn reach(&self, revision: i64) -> Result<()> {
        if self.head().mark.revision >= revision {
            return Ok(());
        }
        self.0.hinted.tell(Hint::Committed(revision));
        let mut head = self.subscribe_head();
        let reached = head.wait_for(|head| head.mark.revision >= revision);
        let reached = tokio::time::timeout(ANSWER, reached).await;
        reached.map(|_| ()).map_err(|_| Error::store_unavailable())
    }

    /// A place among the watches.
    pub fn admit(&self) -> Result<tokio::sync::OwnedSemaphorePermit> {
        if *self.0.draining.borrow() {
            return Err(Error::new(Reason::Draining, "the server is going away"));
        }
        let places = Arc::clone(&self.0.watches);
        places.try_acquire_owned().map_err(|_| {
            Error::new(Reason::TooManyStreams, format!("{WATCHES} watches are open already"))
        })
    }

    /// The one copy of `view`, so that its readers share what is encoded.
    pub fn share(&self, view: View) -> Arc<View> {
        let identity = view.identity();
        let mut views = self.0.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = views.get(&identity).and_then(Weak::upgrade) {
            return shared;
        }
        views.retain(|_, view| view.strong_count() > 0);
        let shared = Arc::new(view);
        views.insert(identity, Arc::downgrade(&shared));
        shared
    }

    /// What comes after the commit `revision`.
    pub fn after(&self, revision: i64) -> Next {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner).after(revision)
    }

    /// The chain hash at `revision`, if it is in memory.
    pub fn hash(&self, revision: i64) -> Option<HashPrefix> {
        self.0.ring.read().unwrap_or_else(PoisonError::into_inner).hash(revision)
    }

    /// Waits for a turn to read a page of the log.
    pub async fn log_turn(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        self.0.log_readers.acquire().await.ok()
    }

    /// The page of the log with the commit after `revision` as `view` has it, if it
    /// is kept.
    pub fn log_page(&self, view: &Arc<View>, revision: i64) -> Option<Viewed> {
        self.log_pages().after(view, revision)
    }

    /// Bytes of the log that are kept for readers that are behind.
    pub fn log_page_bytes(&self) -> usize {
        self.log_pages().bytes()
    }

    /// Pages of the log that have ever been read for readers that are behind.
    pub fn log_pages_read(&self) -> u64 {
        self.log_pages().read()
    }

    fn log_pages(&self) -> MutexGuard<'_, LogPages> {
        self.0.log_pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a part of a snapshot that is read before it is asked for, if there
    /// is one.
    pub fn part_ahead(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.0.parts_ahead).try_acquire_owned().ok()
    }

    /// Encodes the commits read from the log from `first` to `end`.
    pub fn segment(&self, first: i64, commits: Vec<Told>, end: Option<Mark>) -> Option<Segment> {
        Segment::new(self.0.registry, first, commits, end, &self.0.budget)
    }

    /// A token for the place `revision`, which fits any selectors.
    pub fn token(&self, revision: i64, hash: HashPrefix) -> Token {
        Token {
            store_id: self.0.store_id,
            revision,
            hash,
            selectors: [0; 8],
            ordinal: 0,
            meaning: [0; 8],
            snapshot: None,
        }
    }

    /// How long a stream may stay open.
    pub fn stream_age(&self) -> Duration {
        Duration::from_millis(self.0.stream_age_ms.load(Ordering::Relaxed))
    }

    /// Lets streams that start from now on stay open that long.
    pub fn set_stream_age(&self, age: Duration) {
        self.0.stream_age_ms.store(millis(age), Ordering::Relaxed);
    }

    /// Appends commits that are new; those already there are passed over. Returns
    /// whether they followed the newest one without a gap.
    fn append(&self, mut commits: Vec<Told>) -> bool {
        let mut ring = self.0.ring.write().unwrap_or_else(PoisonError::into_inner);
        let newest = ring.last().revision;
        let known = commits.iter().take_while(|told| told.revision <= newest).count();
        commits.drain(..known);
        let Some(first) = commits.first().map(|told| told.revision) else { return true };
        if first != newest + 1 {
            return false;
        }
        if let Some(segment) = self.segment(first, commits, None) {
            ring.push(segment);
            let mark = ring.last();
            // Before the ring is let go, so that whoever finds a commit there finds the head
            // there too.
            self.0.head.send_modify(|head| head.mark = mark);
        }
        true
    }

    fn set_earliest(&self, earliest_revision: i64) {
        self.0.head.send_if_modified(|head| {
            let changed = head.earliest_revision != earliest_revision;
            head.earliest_revision = earliest_revision;
            changed
        });
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Publish for Feed {
    fn publish(&self, commits: Vec<Told>) {
        let newest = commits.last().map(|told| told.revision);
        if !self.append(commits)
            && let Some(newest) = newest
        {
            // What lies between is in the log.
            self.0.hinted.tell(Hint::Committed(newest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How often two append at the same time.
    const ROUNDS: i64 = 500;

    fn told(revision: i64) -> Told {
        Told {
            revision,
            hash: vec![0; 32],
            commit_time: revision,
            actor: String::new(),
            reason: String::new(),
            request_id: String::new(),
            changes: Vec::new(),
        }
    }

    fn feed() -> Feed {
        let head = head::Model {
            id: 1,
            store_id: Uuid::nil(),
            revision: 0,
            hash: vec![0; 32],
            commit_time: 0,
            next_key: 1,
            earliest_revision: 1,
            format: 0,
            reference_set: 0,
            today: 0,
        };
        Feed::new(Registry(&[]), &head, Mark { revision: 0, hash: [0; 8], commit_time: 0 })
    }

    #[test]
    fn whoever_finds_a_commit_finds_the_head_there() {
        let feed = feed();
        std::thread::scope(|scope| {
            let newest = &feed;
            scope.spawn(move || {
                (1..=ROUNDS).for_each(|revision| {
                    assert!(newest.append(vec![told(revision)]));
                })
            });
            for revision in 1..=ROUNDS {
                while matches!(feed.after(revision - 1), Next::Nothing) {
                    std::hint::spin_loop();
                }
                assert!(feed.head().mark.revision >= revision);
            }
        });
    }
}
