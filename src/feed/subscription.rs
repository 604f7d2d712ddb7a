//! One stream: a reader with a place, a view and nothing else.
//!
//! What comes next is decided each time it is asked for, from the place alone, so
//! that the pace is the reader's and a reader that stands still costs nothing but
//! its place.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::ring::Next;
use super::segment::{COMMITS, FRAGMENT_BYTES, Mark, Viewed, fragment};
use super::start::Place;
use super::token::HashPrefix;
use super::view::View;
use super::{Feed, Head, log_pages};
use crate::model::error::{Error, Result};
use crate::model::limits::BATCH_BYTES;
use crate::model::wire::{WireFields, put_field, put_varint};
use crate::proto::Frame;
use crate::proto::v1::watch_changes_response::Event;
use crate::proto::v1::{CaughtUp, Draining, FellBehind, Progress, Started, WatchChangesResponse};
use crate::store::Store;
use crate::store::write::timestamp;

/// Number of `commits` in `WatchChangesResponse`.
const RESPONSE_COMMITS: u32 = 4;
/// Number of `token` in `WatchChangesResponse`.
const RESPONSE_TOKEN: u32 = 15;

/// How a stream was asked for.
#[derive(Debug)]
pub struct Settings {
    /// What it lets through.
    pub view: Arc<View>,
    /// How often progress comes at least.
    pub progress_interval: Duration,
    /// Where it ends; 0 means never.
    pub until_revision: i64,
    /// Only `started`.
    pub validate_only: bool,
    /// What `started` tells of it.
    pub started: Started,
}

/// A stream of changes.
#[derive(Debug)]
pub struct Subscription {
    feed: Feed,
    store: Store,
    settings: Settings,
    selectors: [u8; 8],
    place: Place,
    /// The next change of the commit after the place, if a part of it has been sent.
    ordinal: u32,
    head: watch::Receiver<Head>,
    draining: watch::Receiver<bool>,
    state: State,
    /// A task of its own: a stream that is not asked for its next message must
    /// not stand still with a turn to read the log, and a connection.
    reading: Option<JoinHandle<Result<()>>>,
    next_progress: Instant,
    _permit: OwnedSemaphorePermit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Starting,
    /// Not yet, or no longer, at the head.
    Reading,
    Live,
    Ended,
}

impl Subscription {
    /// A stream from `place`.
    pub fn new(
        feed: Feed,
        store: Store,
        settings: Settings,
        place: Place,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        Self {
            selectors: settings.view.selectors(),
            head: feed.subscribe_head(),
            draining: feed.subscribe_draining(),
            next_progress: Instant::now() + settings.progress_interval,
            feed,
            store,
            settings,
            place,
            ordinal: 0,
            state: State::Starting,
            reading: None,
            _permit: permit,
        }
    }

    /// The next message; `None` at the end. After an error the stream is over.
    pub async fn next(&mut self) -> Option<Result<Frame>> {
        let next = self.advance().await.transpose();
        if matches!(next, Some(Err(_))) {
            self.state = State::Ended;
        }
        next
    }

    async fn advance(&mut self) -> Result<Option<Frame>> {
        loop {
            match self.state {
                State::Ended => return Ok(None),
                State::Starting => return Ok(Some(self.started())),
                State::Reading | State::Live => {}
            }
            // The fragments of a commit are not parted.
            let whole = self.ordinal == 0;
            if whole && let Some(frame) = self.control() {
                return Ok(Some(frame));
            }
            let viewed = match self.feed.after(self.place.revision) {
                Next::Segment(segment) => segment.view(&self.settings.view),
                Next::Behind if whole && self.state == State::Live => {
                    self.state = State::Reading;
                    let event = FellBehind {
                        revision: self.place.revision,
                        head_revision: self.feed.head().mark.revision,
                    };
                    return Ok(Some(self.event(Event::FellBehind(event))));
                }
                Next::Behind => {
                    match self.feed.log_page(&self.settings.view, self.place.revision) {
                        Some(viewed) => viewed,
                        None => {
                            self.read_page().await?;
                            continue;
                        }
                    }
                }
                Next::Nothing if self.state == State::Reading => {
                    self.state = State::Live;
                    let revision = self.place.revision;
                    return Ok(Some(self.event(Event::CaughtUp(CaughtUp { revision }))));
                }
                Next::Nothing => {
                    self.wait().await;
                    continue;
                }
            };
            if let Some(frame) = self.take(&viewed) {
                return Ok(Some(frame));
            }
        }
    }

    /// What is to be told now, whatever has been committed.
    fn control(&mut self) -> Option<Frame> {
        let until = self.settings.until_revision;
        if until > 0 && self.place.revision >= until {
            self.state = State::Ended;
            return Some(self.progress());
        }
        if *self.draining.borrow() {
            self.state = State::Ended;
            let revision = self.place.revision;
            return Some(self.event(Event::Draining(Draining { revision })));
        }
        (Instant::now() >= self.next_progress).then(|| self.progress())
    }

    /// Waits for a commit, the time for progress, or a drain.
    async fn wait(&mut self) {
        let Self { head, draining, place, next_progress, .. } = self;
        tokio::select! {
            biased;
            _ = head.wait_for(|head| head.mark.revision > place.revision) => {}
            _ = draining.wait_for(|draining| *draining) => {}
            () = sleep_until(*next_progress) => {}
        }
    }

    /// Waits until the page of the log behind the place has been read, or there is
    /// something to be told.
    async fn read_page(&mut self) -> Result<()> {
        let Self { feed, store, settings, place, draining, next_progress, .. } = self;
        let reading = self.reading.get_or_insert_with(|| {
            let view = Arc::clone(&settings.view);
            tokio::spawn(log_pages::read(feed.clone(), store.clone(), view, *place))
        });
        let whole = self.ordinal == 0;
        let read = tokio::select! {
            biased;
            read = reading => read,
            _ = draining.wait_for(|draining| *draining), if whole => return Ok(()),
            () = sleep_until(*next_progress), if whole => return Ok(()),
        };
        self.reading = None;
        read.unwrap_or_else(|error| {
            tracing::error!(%error, "the log could not be read");
            Err(Error::internal())
        })
    }

    /// Takes the commits that come next, as many as make a message; `None` if the
    /// view lets nothing of them through.
    fn take(&mut self, viewed: &Viewed) -> Option<Frame> {
        let Viewed { marks, encoded } = viewed;
        let first = viewed.index_after(self.place.revision);
        let from = encoded.start(first);
        let mut end = first;
        let fits = |index: usize| encoded.ends[index] - from <= BATCH_BYTES;
        let wanted = |mark: &Mark| {
            let until = self.settings.until_revision;
            until == 0 || mark.revision <= until
        };
        while end < marks.len()
            && wanted(&marks[end])
            && (end == first || encoded.ends[end - 1] == from || fits(end))
        {
            end += 1;
        }
        let last = marks[end - 1];
        let place = Place { revision: last.revision, hash: last.hash };
        let commits = encoded.bytes.slice(from..encoded.ends[end - 1]);
        if commits.len() > FRAGMENT_BYTES {
            return self.fragment(&commits, place);
        }
        self.place = place;
        if commits.is_empty() {
            return None;
        }
        self.touch();
        Some(commits_frame(commits, &self.token()))
    }

    /// The next fragment of a single commit that is too large for a message, and
    /// behind which is `place`.
    fn fragment(&mut self, commit: &[u8], place: Place) -> Option<Frame> {
        let commit = WireFields(commit).next()?.value;
        let (part, rest) = fragment(commit, self.ordinal, FRAGMENT_BYTES);
        self.ordinal = rest.unwrap_or(0);
        let token = match rest {
            Some(_) => String::new(),
            None => {
                self.place = place;
                self.token()
            }
        };
        self.touch();
        let mut commits = Vec::with_capacity(part.len() + 8);
        put_field(COMMITS, &part, &mut commits);
        Some(commits_frame(commits.into(), &token))
    }

    fn started(&mut self) -> Frame {
        self.state = if self.settings.validate_only { State::Ended } else { State::Reading };
        let head = self.feed.head();
        let started = Started {
            store_id: self.feed.store_id().to_string(),
            head_revision: head.mark.revision.max(self.place.revision),
            earliest_revision: head.earliest_revision,
            after_revision: self.place.revision,
            ..self.settings.started
        };
        self.event(Event::Started(started))
    }

    fn progress(&mut self) -> Frame {
        let head = self.feed.head();
        self.event(Event::Progress(Progress {
            revision: self.place.revision,
            head_revision: head.mark.revision.max(self.place.revision),
            head_commit_time: Some(timestamp(head.mark.commit_time)),
            earliest_revision: head.earliest_revision,
        }))
    }

    fn event(&mut self, event: Event) -> Frame {
        self.touch();
        Frame::of(&WatchChangesResponse { event: Some(event), token: self.token() })
    }

    fn touch(&mut self) {
        self.next_progress = Instant::now() + self.settings.progress_interval;
    }

    fn token(&self) -> String {
        let Place { revision, hash } = self.place;
        token_text(&self.feed, revision, hash, self.selectors)
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
    }
}

fn token_text(feed: &Feed, revision: i64, hash: HashPrefix, selectors: [u8; 8]) -> String {
    feed.token(revision, hash, selectors).encode()
}

/// A message that carries `commits`, which others may be sending too, and the
/// token of one stream.
fn commits_frame(commits: Bytes, token: &str) -> Frame {
    let mut head = Vec::with_capacity(8);
    put_varint(u64::from(RESPONSE_COMMITS) << 3 | 2, &mut head);
    put_varint(commits.len() as u64, &mut head);
    let mut tail = Vec::with_capacity(token.len() + 2);
    if !token.is_empty() {
        put_field(RESPONSE_TOKEN, token.as_bytes(), &mut tail);
    }
    Frame::new(head.into(), commits, tail.into())
}
