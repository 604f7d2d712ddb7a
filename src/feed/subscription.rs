//! One stream: a reader with a place, a view and nothing else.
//!
//! What comes next is decided each time it is asked for, from the place alone, so
//! that the pace is the reader's and a reader that stands still costs nothing but
//! its place.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Instant, sleep_until};

use super::ring::Next;
use super::segment::{COMMITS, Encoded, FRAGMENT_BYTES, Mark, Segment, fragments};
use super::start::Place;
use super::token::HashPrefix;
use super::view::View;
use super::{Feed, Head};
use crate::model::error::Result;
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
    head: watch::Receiver<Head>,
    draining: watch::Receiver<bool>,
    state: State,
    /// Frames that belong together, to be sent one after the other.
    waiting: VecDeque<Frame>,
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

/// What the place leads to.
enum Step {
    Send(Frame),
    /// Nothing that the view lets through, but the place has moved.
    Moved,
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
            state: State::Starting,
            waiting: VecDeque::new(),
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
            if let Some(frame) = self.waiting.pop_front() {
                return Ok(Some(frame));
            }
            match self.state {
                State::Ended => return Ok(None),
                State::Starting => return Ok(Some(self.started())),
                State::Reading | State::Live => {}
            }
            if self.at_end() {
                self.state = State::Ended;
                return Ok(Some(self.progress()));
            }
            if *self.draining.borrow() {
                self.state = State::Ended;
                let revision = self.place.revision;
                return Ok(Some(self.event(Event::Draining(Draining { revision }))));
            }
            if Instant::now() >= self.next_progress {
                return Ok(Some(self.progress()));
            }
            match self.feed.after(self.place.revision) {
                Next::Segment(segment) => {
                    if let Step::Send(frame) = self.take(&segment) {
                        return Ok(Some(frame));
                    }
                }
                Next::Behind => {
                    if self.state == State::Live {
                        self.state = State::Reading;
                        let event = FellBehind {
                            revision: self.place.revision,
                            head_revision: self.feed.head().mark.revision,
                        };
                        return Ok(Some(self.event(Event::FellBehind(event))));
                    }
                    self.read_page().await?;
                }
                Next::Nothing => {
                    if self.state == State::Reading {
                        self.state = State::Live;
                        let revision = self.place.revision;
                        return Ok(Some(self.event(Event::CaughtUp(CaughtUp { revision }))));
                    }
                    self.wait().await;
                }
            }
        }
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

    /// Reads a page of the log and queues what the view lets through.
    async fn read_page(&mut self) -> Result<()> {
        let segment = super::page::read_log(&self.feed, &self.store, self.place).await?;
        let mut frames = VecDeque::new();
        while self.place.revision < segment.last() && !self.at_end() {
            if let Step::Send(frame) = self.take(&segment) {
                frames.push_back(frame);
                frames.append(&mut self.waiting);
            }
        }
        self.waiting = frames;
        Ok(())
    }

    fn at_end(&self) -> bool {
        let until = self.settings.until_revision;
        until > 0 && self.place.revision >= until
    }

    /// Takes the commits of `segment` that come next, as many as make a message.
    fn take(&mut self, segment: &Segment) -> Step {
        let encoded = segment.view(&self.settings.view);
        let first = usize::try_from(self.place.revision + 1 - segment.first()).unwrap_or(0);
        let from = encoded.start(first);
        let mut end = first;
        let fits = |index: usize| encoded.ends[index] - from <= BATCH_BYTES;
        let wanted = |mark: &Mark| {
            let until = self.settings.until_revision;
            until == 0 || mark.revision <= until
        };
        while end < segment.marks.len()
            && wanted(&segment.marks[end])
            && (end == first || encoded.ends[end - 1] == from || fits(end))
        {
            end += 1;
        }
        let last = segment.marks[end - 1];
        self.place = Place { revision: last.revision, hash: last.hash };
        let to = encoded.ends[end - 1];
        if to == from {
            return Step::Moved;
        }
        self.touch();
        if to - from > FRAGMENT_BYTES {
            return self.fragmented(&encoded, from, to);
        }
        Step::Send(commits_frame(encoded.bytes.slice(from..to), &self.token()))
    }

    /// A single commit that is too large for a message.
    fn fragmented(&mut self, encoded: &Encoded, from: usize, to: usize) -> Step {
        let Some(entry) = WireFields(&encoded.bytes[from..to]).next() else { return Step::Moved };
        let parts = fragments(entry.value, FRAGMENT_BYTES);
        let last = parts.len() - 1;
        for (index, part) in parts.into_iter().enumerate() {
            let mut commits = Vec::with_capacity(part.len() + 8);
            put_field(COMMITS, &part, &mut commits);
            let token = if index == last { self.token() } else { String::new() };
            self.waiting.push_back(commits_frame(commits.into(), &token));
        }
        match self.waiting.pop_front() {
            Some(first) => Step::Send(first),
            None => Step::Moved,
        }
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
