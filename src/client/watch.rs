//! A watch that resumes by itself, over several replicas if there are.

use std::time::Duration;

use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status, Streaming};

use crate::proto::v1::change_service_client::ChangeServiceClient;
use crate::proto::v1::watch_changes_response::Event;
use crate::proto::v1::{Commit, WatchChangesRequest, WatchChangesResponse, watch_changes_request};

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of one message: what the service sends at most, and some room.
const MESSAGE_BYTES: usize = 8 << 20;

/// What a watch hands over.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Whole commits, in order; none with a token that only says how far the
    /// stream has come.
    pub commits: Vec<Commit>,
    /// Start from here to go on behind them.
    pub token: String,
    /// The newest revision that this delivery speaks of.
    pub revision: i64,
}

/// A watch over one or several replicas of the same store.
#[derive(Debug)]
pub struct Watch {
    addresses: Vec<Endpoint>,
    next_address: usize,
    request: WatchChangesRequest,
    stream: Option<Streaming<WatchChangesResponse>>,
    fragments: Vec<Commit>,
    pause: Duration,
    ended: bool,
}

impl Watch {
    /// A watch for `request` at `addresses`, such as `http://127.0.0.1:50051`,
    /// which are tried in turn.
    pub fn new(
        addresses: &[String],
        request: WatchChangesRequest,
    ) -> Result<Self, tonic::transport::Error> {
        let addresses: Result<Vec<_>, _> = addresses
            .iter()
            .map(|address| {
                let endpoint = Endpoint::from_shared(address.clone())?;
                Ok::<_, tonic::transport::Error>(
                    endpoint
                        .connect_timeout(CONNECT)
                        .http2_keep_alive_interval(Duration::from_secs(20))
                        .keep_alive_while_idle(true),
                )
            })
            .collect();
        Ok(Self {
            addresses: addresses?,
            next_address: 0,
            request,
            stream: None,
            fragments: Vec::new(),
            pause: Duration::ZERO,
            ended: false,
        })
    }

    /// The next delivery; `None` when `until_revision` is reached. An error is
    /// final: the token leads nowhere, or the request is wrong.
    pub async fn next(&mut self) -> Result<Option<Delivery>, Status> {
        loop {
            if self.ended {
                return Ok(None);
            }
            let Some(stream) = &mut self.stream else {
                self.connect().await?;
                continue;
            };
            match stream.message().await {
                Ok(Some(response)) => {
                    if let Some(delivery) = self.take(response) {
                        return Ok(Some(delivery));
                    }
                }
                Ok(None) => self.lost(None),
                Err(status) if passes(&status) => self.lost(Some(&status)),
                Err(status) => return Err(status),
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Status> {
        if !self.pause.is_zero() {
            tokio::time::sleep(jittered(self.pause)).await;
        }
        self.pause = (self.pause * 2).clamp(Duration::from_millis(50), LONGEST_PAUSE);
        let endpoint = self.addresses[self.next_address % self.addresses.len()].clone();
        self.next_address += 1;
        let channel: Channel = match endpoint.connect().await {
            Ok(channel) => channel,
            Err(error) => {
                tracing::debug!(%error, address = %endpoint.uri(), "cannot connect yet");
                return Ok(());
            }
        };
        let mut client = ChangeServiceClient::new(channel).max_decoding_message_size(MESSAGE_BYTES);
        match client.watch_changes(self.request.clone()).await {
            Ok(response) => self.stream = Some(response.into_inner()),
            Err(status) if passes(&status) => self.lost(Some(&status)),
            Err(status) => return Err(status),
        }
        Ok(())
    }

    fn lost(&mut self, status: Option<&Status>) {
        tracing::debug!(?status, "the stream ended; going on from the last token");
        self.stream = None;
        self.fragments.clear();
    }

    fn take(&mut self, response: WatchChangesResponse) -> Option<Delivery> {
        let WatchChangesResponse { event, token } = response;
        if !token.is_empty() {
            self.pause = Duration::ZERO;
            self.request.start = Some(watch_changes_request::Start::Token(token.clone()));
        }
        let delivery = |commits: Vec<Commit>, revision| Some(Delivery { commits, token, revision });
        match event? {
            Event::Commits(commits) => {
                let mut whole = Vec::with_capacity(commits.commits.len());
                for commit in commits.commits {
                    whole.extend(self.join(commit));
                }
                let revision = whole.last().map(|commit| commit.revision)?;
                delivery(whole, revision)
            }
            Event::Progress(progress) => {
                let until = self.request.until_revision;
                self.ended = until > 0 && progress.revision >= until;
                delivery(Vec::new(), progress.revision)
            }
            Event::CaughtUp(caught_up) => delivery(Vec::new(), caught_up.revision),
            Event::Started(started) => delivery(Vec::new(), started.after_revision),
            Event::FellBehind(_) | Event::Snapshot(_) | Event::SnapshotEnd(_) => None,
            Event::Draining(_) => {
                self.lost(None);
                None
            }
        }
    }

    /// Puts the fragments of a commit together; `None` until the last is there.
    fn join(&mut self, commit: Commit) -> Option<Commit> {
        if commit.fragment {
            self.fragments.push(commit);
            return None;
        }
        let mut parts = self.fragments.drain(..).chain([commit]);
        let mut whole = parts.next()?;
        for part in parts {
            whole.changes.extend(part.changes);
        }
        whole.fragment = false;
        Some(whole)
    }
}

/// Whether it helps to try again.
fn passes(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable
            | Code::Unknown
            | Code::Internal
            | Code::Cancelled
            | Code::Aborted
            | Code::ResourceExhausted
    )
}

/// Half to all of `pause`, so that many clients do not come back at once.
fn jittered(pause: Duration) -> Duration {
    let random = uuid::Uuid::new_v4().as_u128() % 1_000;
    let share = 0.5 + f64::from(u32::try_from(random).unwrap_or(0)) / 2_000.0;
    pause.mul_f64(share)
}
