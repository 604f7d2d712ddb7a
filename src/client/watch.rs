//! A watch that resumes by itself, over several replicas if there are.

use std::fmt;
use std::io;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tonic::{Status, Streaming};

use super::stored::StoredWatch;
use super::tokens::TokenStore;
use super::{Client, MESSAGE_BYTES, retry};
use crate::proto::v1::change_service_client::ChangeServiceClient;
use crate::proto::v1::watch_changes_response::Event;
use crate::proto::v1::{
    Commit, Commits, Resource, Started, WatchChangesRequest, WatchChangesResponse,
    watch_changes_request::Start,
};

/// How long connecting and the beginning of the answer may take: longer than the
/// service waits for its database.
const OPENING: Duration = Duration::from_secs(15);
/// What a message may take on its way beyond twice the progress interval.
const SLACK: Duration = Duration::from_secs(2);

/// What a watch hands over. Process it, then keep the token. One with a token alone
/// only says how far the stream has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    /// Resources of the state, where the watch began with it. Each comes once, and
    /// before any commit.
    pub snapshot: Vec<Resource>,
    /// Whether the state is whole now. What a copy has beside it was deleted before.
    pub snapshot_is_whole: bool,
    /// Whole commits, in order.
    pub commits: Vec<Commit>,
    /// Start from here to go on behind it.
    pub token: String,
    /// Everything up to this revision has come; 0 in the middle of a snapshot, and
    /// where a stream has just begun.
    pub revision: i64,
}

/// A watch over the replicas of a store.
///
/// Each delivery has a token. Store it in one transaction with what you made of the
/// delivery, and give it to [`Watch::after`] when your program starts anew: then each
/// commit takes effect exactly once. Or have it kept by [`Watch::stored_in`].
#[derive(Debug)]
pub struct Watch {
    client: Client,
    turn: usize,
    request: WatchChangesRequest,
    stream: Stream,
    /// How long the stream may say nothing.
    silence: Duration,
    /// Since when it has been listened to in vain.
    waiting: Option<Instant>,
    fragments: Vec<Commit>,
    /// Streams in a row that led no further than to their beginning.
    failures: u32,
    ended: bool,
}

/// A stream, or the way to it. It is kept between calls of `next`, so that one that
/// is dropped early loses nothing.
enum Stream {
    Opening(BoxFuture<'static, Result<Streaming<WatchChangesResponse>, Status>>),
    Open(Box<Streaming<WatchChangesResponse>>),
}

impl Watch {
    pub(super) fn new(client: Client, request: WatchChangesRequest) -> Self {
        let turn = client.replicas.turn();
        let stream = open(&client, turn, &request, Duration::ZERO);
        Self {
            client,
            turn,
            request,
            stream,
            silence: OPENING,
            waiting: None,
            fragments: Vec::new(),
            failures: 0,
            ended: false,
        }
    }

    /// The same behind `token`, that of the last delivery that you have processed.
    #[must_use]
    pub fn after(self, token: String) -> Self {
        let start = Some(Start::Token(token));
        Self::new(self.client, WatchChangesRequest { start, ..self.request })
    }

    /// The same with its token kept in `store`: it begins behind the one that is
    /// there, if any.
    pub async fn stored_in<S: TokenStore>(self, store: S) -> io::Result<StoredWatch<S>> {
        StoredWatch::start(self, store).await
    }

    /// The next delivery; `None` when `until_revision` is reached. An error is
    /// final: the token leads nowhere, or the request is wrong. May be dropped and
    /// asked again.
    pub async fn next(&mut self) -> Result<Option<Delivery>, Status> {
        while !self.ended {
            match self.message().await {
                Ok(Some(response)) => {
                    if let Some(delivery) = self.take(response) {
                        return Ok(Some(delivery));
                    }
                }
                Ok(None) => self.leave(&Status::unavailable("the stream has ended")),
                Err(status) => {
                    self.leave(&status);
                    if !retry::watch_may_pass(&status) {
                        return Err(status);
                    }
                }
            }
        }
        Ok(None)
    }

    /// The next message. A stream that says nothing for too long is dead.
    async fn message(&mut self) -> Result<Option<WatchChangesResponse>, Status> {
        loop {
            match &mut self.stream {
                Stream::Opening(opening) => {
                    let stream = opening.await?;
                    self.stream = Stream::Open(Box::new(stream));
                }
                Stream::Open(stream) => {
                    let since = *self.waiting.get_or_insert_with(Instant::now);
                    let message = timeout_at(since + self.silence, stream.message()).await;
                    self.waiting = None;
                    let silent = |_| Status::deadline_exceeded("the stream has fallen silent");
                    return message.map_err(silent)?;
                }
            }
        }
    }

    /// Turns to the next replica, after a pause.
    fn leave(&mut self, status: &Status) {
        self.failures = self.failures.saturating_add(1);
        let pause = retry::pause(self.failures, status);
        tracing::debug!(%status, ?pause, "the stream ended; going on from the last token");
        self.reopen(pause);
    }

    fn reopen(&mut self, pause: Duration) {
        self.fragments.clear();
        self.waiting = None;
        self.silence = OPENING;
        self.turn = self.turn.wrapping_add(1);
        self.stream = open(&self.client, self.turn, &self.request, pause);
    }

    fn take(&mut self, response: WatchChangesResponse) -> Option<Delivery> {
        let WatchChangesResponse { event, token } = response;
        if !token.is_empty() {
            self.request.start = Some(Start::Token(token.clone()));
        }
        let mut delivery = Delivery { token, ..Delivery::default() };
        match event? {
            Event::Started(started) => {
                self.silence = silence(&started);
                self.ended = self.request.validate_only;
            }
            Event::Snapshot(snapshot) => {
                self.failures = 0;
                delivery.snapshot = snapshot.items;
            }
            Event::SnapshotEnd(end) => {
                delivery.snapshot_is_whole = true;
                delivery.revision = end.revision;
            }
            Event::Commits(commits) => {
                delivery.commits = self.whole(commits);
                delivery.revision = delivery.commits.last()?.revision;
                self.failures = 0;
            }
            Event::Progress(progress) => {
                self.failures = 0;
                let until = self.request.until_revision;
                self.ended = until > 0 && progress.revision >= until;
                delivery.revision = progress.revision;
            }
            Event::CaughtUp(caught_up) => delivery.revision = caught_up.revision,
            Event::FellBehind(_) => return None,
            Event::Draining(_) => {
                self.drained();
                return None;
            }
        }
        Some(delivery)
    }

    /// Goes to another replica at once, unless that has just been done in vain.
    fn drained(&mut self) {
        if self.failures > 0 {
            return self.leave(&Status::unavailable("the service is going away"));
        }
        self.failures = 1;
        self.reopen(Duration::ZERO);
    }

    /// The commits that are whole with these. Fragments wait for the last one.
    fn whole(&mut self, commits: Commits) -> Vec<Commit> {
        let whole = commits.commits.into_iter().filter_map(|commit| {
            if commit.fragment {
                self.fragments.push(commit);
                return None;
            }
            let mut parts = self.fragments.drain(..).chain([commit]);
            let mut whole = parts.next()?;
            whole.changes.extend(parts.flat_map(|part| part.changes));
            whole.fragment = false;
            Some(whole)
        });
        whole.collect()
    }
}

/// Opens a stream at the replica of `turn`, after a pause, over a connection of its
/// own.
fn open(client: &Client, turn: usize, request: &WatchChangesRequest, pause: Duration) -> Stream {
    let endpoint = client.replicas.endpoint(turn);
    let request = client.signed(request.clone());
    let opening = async move {
        let channel = endpoint.connect().await;
        let channel = channel.map_err(|error| Status::unavailable(error.to_string()))?;
        let client = ChangeServiceClient::new(channel);
        let mut client = client.max_decoding_message_size(MESSAGE_BYTES);
        Ok(client.watch_changes(request).await?.into_inner())
    };
    let opening = async move {
        sleep(pause).await;
        let late = |_| Status::deadline_exceeded("the stream did not begin in time");
        timeout(OPENING, opening).await.map_err(late)?
    };
    Stream::Opening(opening.boxed())
}

/// How long a stream with these settings may say nothing.
fn silence(started: &Started) -> Duration {
    let interval = started.progress_interval.and_then(|interval| interval.try_into().ok());
    interval.map_or(OPENING, |interval: Duration| interval.saturating_mul(2)) + SLACK
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Opening(_) => "Opening",
            Self::Open(_) => "Open",
        })
    }
}
