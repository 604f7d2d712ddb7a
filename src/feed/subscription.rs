//! One stream: a reader with a place, a view and nothing else.
//!
//! What comes next is decided each time it is asked for, from the place alone, so
//! that the pace is the reader's and a reader that stands still costs nothing but
//! its place.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::reader::somewhat_less;
use super::ring::Next;
use super::segment::{FRAGMENT_BYTES, Mark, Viewed, fragment};
use super::start::{Place, meaning_changed, place_at};
use super::token::Token;
use super::view::View;
use super::{Feed, Head, frames, log_pages, snapshot};
use crate::model::error::{Error, Result};
use crate::model::limits::{BATCH_BYTES, LOG_PAGES_BYTES};
use crate::model::wire::WireFields;
use crate::proto::Frame;
use crate::proto::v1::Started;
use crate::proto::v1::watch_changes_response::Event;
use crate::store::Store;

/// How a stream was asked for.
#[derive(Debug)]
pub struct Settings {
    /// What it lets through.
    pub view: Arc<View>,
    /// The commit up to which what the filter means now is taken for granted.
    pub meant_since: i64,
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
    /// The parts of its tokens that stay the same.
    bound: Token,
    place: Place,
    /// The next change of the commit after the place, if a part of it has been sent.
    ordinal: u32,
    /// Everything up to this name has been told of the state at the place; `None` if
    /// all of it has.
    position: Option<String>,
    head: watch::Receiver<Head>,
    draining: watch::Receiver<bool>,
    state: State,
    /// Tasks of their own: a stream that is not asked for its next message must
    /// not stand still with a turn to read the log, and a connection.
    reading: Option<JoinHandle<Result<()>>>,
    telling: Option<JoinHandle<Result<snapshot::Part>>>,
    next_progress: Instant,
    leaves: Instant,
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
    /// A stream from `place`; with the state there, behind `position`, if that is given.
    pub fn new(
        feed: Feed,
        store: Store,
        settings: Settings,
        place: Place,
        position: Option<String>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let bound = Token {
            selectors: settings.view.selectors(),
            meaning: settings.view.meaning(),
            ..feed.token(place.revision, place.hash)
        };
        let now = Instant::now();
        Self {
            bound,
            head: feed.subscribe_head(),
            draining: feed.subscribe_draining(),
            next_progress: now + settings.progress_interval,
            leaves: now + somewhat_less(feed.stream_age()),
            feed,
            store,
            settings,
            place,
            ordinal: 0,
            position,
            state: State::Starting,
            reading: None,
            telling: None,
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
            if let Some(position) = self.position.clone() {
                match self.tell(position).await? {
                    Some(frame) => return Ok(Some(frame)),
                    None => continue,
                }
            }
            let revision = self.place.revision;
            let viewed = match self.feed.after(revision) {
                Next::Segment(segment) => segment.view(&self.settings.view),
                Next::Behind if whole && self.state == State::Live => {
                    self.state = State::Reading;
                    let event = frames::fell_behind(self.feed.head(), revision);
                    return Ok(Some(self.event(event)));
                }
                Next::Behind => match self.feed.log_page(&self.settings.view, revision) {
                    Some(viewed) => viewed,
                    None => {
                        self.read_page().await?;
                        continue;
                    }
                },
                Next::Nothing if self.state == State::Reading => {
                    self.state = State::Live;
                    return Ok(Some(self.event(frames::caught_up(revision))));
                }
                Next::Nothing => {
                    self.wait().await;
                    continue;
                }
            };
            if self.passes_the_end(&viewed) {
                self.place =
                    place_at(&self.feed, &self.store, self.settings.until_revision).await?;
                continue;
            }
            self.read_ahead(&viewed);
            if let Some(frame) = self.take(&viewed)? {
                return Ok(Some(frame));
            }
        }
    }

    /// What is to be told now, whatever has been committed.
    fn control(&mut self) -> Option<Frame> {
        let (until, revision) = (self.settings.until_revision, self.place.revision);
        if self.position.is_none() && until > 0 && revision >= until {
            self.state = State::Ended;
            return Some(self.event(frames::progress(self.feed.head(), revision)));
        }
        let now = Instant::now();
        if *self.draining.borrow() || now >= self.leaves {
            self.state = State::Ended;
            return Some(self.event(frames::draining(revision)));
        }
        if now < self.next_progress {
            return None;
        }
        if self.position.is_some() {
            self.touch();
            return Some(frames::snapshot(bytes::Bytes::new(), &self.token()));
        }
        Some(self.event(frames::progress(self.feed.head(), revision)))
    }

    /// When there is something to tell at the latest.
    fn wakes(&self) -> Instant {
        self.next_progress.min(self.leaves)
    }

    /// Waits for a commit, the time for progress, or a drain.
    async fn wait(&mut self) {
        let wakes = self.wakes();
        let Self { head, draining, place, .. } = self;
        tokio::select! {
            biased;
            _ = head.wait_for(|head| head.mark.revision > place.revision) => {}
            _ = draining.wait_for(|draining| *draining) => {}
            () = sleep_until(wakes) => {}
        }
    }

    /// The next part of the state; `None` if there is something else to tell first, or
    /// nothing in that part.
    async fn tell(&mut self, position: String) -> Result<Option<Frame>> {
        let wakes = self.wakes();
        let state = self.state_to_tell();
        let Self { telling, draining, .. } = self;
        let telling = telling.get_or_insert_with(|| state.read(position));
        let told = tokio::select! {
            biased;
            told = telling => told,
            _ = draining.wait_for(|draining| *draining) => return Ok(None),
            () = sleep_until(wakes) => return Ok(None),
        };
        self.telling = None;
        let part = told.unwrap_or_else(|error| failed(&error))?;
        let snapshot::Part { items, position, ahead } = part;
        drop(ahead);
        // The next one is read while this one is sent, if there is room for it.
        self.telling = position.clone().and_then(|next| self.state_to_tell().read_ahead(next));
        if !items.is_empty() {
            // The end is told by itself, behind the last part.
            self.position = position.or_else(|| Some(snapshot::END.to_owned()));
            self.touch();
            return Ok(Some(frames::snapshot(items, &self.token())));
        }
        self.position = position;
        let ended = self.position.is_none();
        Ok(ended.then(|| self.event(frames::snapshot_end(self.place.revision))))
    }

    fn state_to_tell(&self) -> snapshot::State {
        snapshot::State {
            feed: self.feed.clone(),
            store: self.store.clone(),
            view: Arc::clone(&self.settings.view),
            revision: self.place.revision,
        }
    }

    /// Waits until the page of the log behind the place has been read, or there is
    /// something to be told.
    async fn read_page(&mut self) -> Result<()> {
        let wakes = self.wakes();
        let whole = self.ordinal == 0;
        self.read_behind(self.place.revision);
        let Self { reading, draining, .. } = self;
        let Some(reading) = reading else { return Ok(()) };
        let read = tokio::select! {
            biased;
            read = reading => read,
            _ = draining.wait_for(|draining| *draining), if whole => return Ok(()),
            () = sleep_until(wakes), if whole => return Ok(()),
        };
        self.reading = None;
        read.unwrap_or_else(|error| failed(&error))
    }

    fn read_behind(&mut self, revision: i64) {
        let Self { feed, store, settings, .. } = self;
        self.reading.get_or_insert_with(|| {
            let view = Arc::clone(&settings.view);
            tokio::spawn(log_pages::read(feed.clone(), store.clone(), view, revision))
        });
    }

    /// Reads the page behind `viewed` while that is being sent, if it will be needed
    /// and there is room for it.
    fn read_ahead(&mut self, viewed: &Viewed) {
        let last = viewed.last();
        if self.reading.is_none()
            && self.feed.log_page_bytes() < LOG_PAGES_BYTES / 2
            && matches!(self.feed.after(last), Next::Behind)
            && self.feed.log_page(&self.settings.view, last).is_none()
        {
            self.read_behind(last);
        }
    }

    /// Whether the stream ends before the next commit of `viewed`.
    fn passes_the_end(&self, viewed: &Viewed) -> bool {
        let until = self.settings.until_revision;
        let next = viewed.marks.get(viewed.index_after(self.place.revision));
        until > 0 && next.is_some_and(|mark| mark.revision > until)
    }

    /// Takes the commits that come next, as many as make a message; `None` if the
    /// view lets nothing of them through.
    fn take(&mut self, viewed: &Viewed) -> Result<Option<Frame>> {
        let Viewed { first: _, marks, encoded } = viewed;
        let first = viewed.index_after(self.place.revision);
        let from = encoded.start(first);
        let until = self.settings.until_revision;
        let known = self.place.revision.max(self.settings.meant_since);
        let altering = encoded.altering.iter().find(|revision| **revision > known);
        let wanted = |mark: &Mark| {
            (until == 0 || mark.revision <= until)
                && altering.is_none_or(|altering| mark.revision < *altering)
        };
        let fits = |index: usize| encoded.ends[index] - from <= BATCH_BYTES;
        let mut end = first;
        while end < marks.len()
            && wanted(&marks[end])
            && (end == first || encoded.ends[end - 1] == from || fits(end))
        {
            end += 1;
        }
        if end == first {
            return Err(meaning_changed(altering.copied()));
        }
        let last = marks[end - 1];
        let place = Place { revision: last.revision, hash: last.hash };
        let commits = encoded.bytes.slice(from..encoded.ends[end - 1]);
        if commits.len() > FRAGMENT_BYTES {
            return Ok(self.fragment(&commits, place));
        }
        self.place = place;
        if commits.is_empty() {
            return Ok(None);
        }
        Ok(Some(frames::commits(commits, &self.token())))
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
        Some(frames::fragment(&part, &token))
    }

    fn started(&mut self) -> Frame {
        self.state = if self.settings.validate_only { State::Ended } else { State::Reading };
        let store_id = self.feed.store_id().to_string();
        let settings = std::mem::take(&mut self.settings.started);
        self.event(frames::started(settings, store_id, self.feed.head(), self.place))
    }

    fn event(&mut self, event: Event) -> Frame {
        self.touch();
        frames::event(event, self.token())
    }

    fn touch(&mut self) {
        self.next_progress = Instant::now() + self.settings.progress_interval;
    }

    fn token(&self) -> String {
        let Place { revision, hash } = self.place;
        let snapshot = self.position.clone();
        Token { revision, hash, snapshot, ..self.bound.clone() }.encode()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(reading) = &self.reading {
            reading.abort();
        }
        if let Some(telling) = &self.telling {
            telling.abort();
        }
    }
}

fn failed<T>(error: &tokio::task::JoinError) -> Result<T> {
    tracing::error!(%error, "what a stream needs could not be read");
    Err(Error::internal())
}
