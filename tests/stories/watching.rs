//! A subscriber that keeps all that it is told.

use std::time::Duration;

use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{
    Commit, ListChangesRequest, ListChangesResponse, Origin, WatchChangesRequest,
    WatchChangesResponse, list_changes_request,
};
use tonic::{Status, Streaming};

use crate::support::{Clients, Refusal};

/// How long a message may be awaited before the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A stream and what came of it so far.
#[derive(Debug)]
pub struct Watch {
    stream: Streaming<WatchChangesResponse>,
    /// Every message, in order.
    pub messages: Vec<WatchChangesResponse>,
}

impl Watch {
    /// Starts a stream and waits for `started`.
    pub async fn open(clients: &Clients, request: WatchChangesRequest) -> Result<Self, Refusal> {
        let stream = clients.changes().watch_changes(request).await;
        let stream = stream.map_err(|status| Refusal::of(&status))?.into_inner();
        let mut watch = Self { stream, messages: Vec::new() };
        let started = watch.next().await.unwrap();
        assert!(matches!(started.event, Some(Event::Started(_))), "{started:?}");
        Ok(watch)
    }

    /// The next message; `None` at the end.
    pub async fn next(&mut self) -> Option<WatchChangesResponse> {
        self.try_next().await.unwrap()
    }

    /// The same for streams that may break.
    pub async fn try_next(&mut self) -> Result<Option<WatchChangesResponse>, Status> {
        let message = tokio::time::timeout(PATIENCE, self.stream.message()).await;
        let message = message.expect("a message in time")?;
        self.messages.extend(message.clone());
        Ok(message)
    }

    /// Reads on until everything up to `revision` has come.
    pub async fn up_to(&mut self, revision: i64) {
        while self.messages.last().is_none_or(|last| reached(last) < revision) {
            assert!(self.next().await.is_some(), "the stream goes on to {revision}");
        }
    }

    /// Reads to the end.
    pub async fn read_to_end(&mut self) {
        while self.next().await.is_some() {}
    }

    /// The commits that have come whole.
    pub fn commits(&self) -> Vec<Commit> {
        whole(&self.messages)
    }

    /// The newest token.
    pub fn token(&self) -> String {
        let tokens = self.messages.iter().rev().map(|message| &message.token);
        tokens.into_iter().find(|token| !token.is_empty()).unwrap().clone()
    }
}

/// The revision up to which everything has come with this message.
fn reached(message: &WatchChangesResponse) -> i64 {
    match message.event.as_ref().unwrap() {
        Event::Started(started) => started.after_revision,
        // The state stands for its revision once it is whole.
        Event::Snapshot(_) => 0,
        Event::SnapshotEnd(end) => end.revision,
        Event::Commits(commits) => commits
            .commits
            .last()
            .filter(|commit| !commit.fragment)
            .map_or(0, |commit| commit.revision),
        Event::Progress(progress) => progress.revision,
        Event::CaughtUp(caught_up) => caught_up.revision,
        Event::FellBehind(behind) => behind.revision,
        Event::Draining(draining) => draining.revision,
    }
}

/// The whole commits of a stream, fragments put together.
pub fn whole(messages: &[WatchChangesResponse]) -> Vec<Commit> {
    let mut commits: Vec<Commit> = Vec::new();
    for message in messages {
        let Some(Event::Commits(batch)) = &message.event else { continue };
        assert!(!batch.commits.is_empty(), "a message with commits has some");
        for commit in &batch.commits {
            match commits.last_mut() {
                Some(open) if open.fragment => {
                    assert_eq!(open.revision, commit.revision, "fragments belong together");
                    open.changes.extend(commit.changes.clone());
                    open.fragment = commit.fragment;
                }
                _ => commits.push(commit.clone()),
            }
        }
    }
    assert!(commits.iter().all(|commit| !commit.fragment), "every commit is whole");
    commits
}

/// A watch of everything from `start`.
pub fn from(start: Start) -> WatchChangesRequest {
    WatchChangesRequest { start: Some(start), ..WatchChangesRequest::default() }
}

/// A watch of everything from a named place.
pub fn from_origin(origin: Origin) -> WatchChangesRequest {
    from(Start::Origin(origin.into()))
}

/// The commits of a finite watch.
pub async fn until(clients: &Clients, request: WatchChangesRequest, revision: i64) -> Vec<Commit> {
    let request = WatchChangesRequest { until_revision: revision, ..request };
    let mut watch = Watch::open(clients, request).await.unwrap();
    watch.read_to_end().await;
    watch.commits()
}

/// One page of changes.
pub async fn page(
    clients: &Clients,
    request: ListChangesRequest,
) -> Result<ListChangesResponse, Refusal> {
    let answer = clients.changes().list_changes(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| Refusal::of(&status))
}

/// All changes page by page, `max_commits` at a time.
pub async fn poll(clients: &Clients, max_commits: i32) -> Vec<Commit> {
    let mut commits = Vec::new();
    let mut start = list_changes_request::Start::Origin(Origin::Earliest.into());
    loop {
        let request =
            ListChangesRequest { start: Some(start), max_commits, ..ListChangesRequest::default() };
        let answer = page(clients, request).await.unwrap();
        assert!(answer.commits.len() <= usize::try_from(max_commits).unwrap());
        commits.extend(answer.commits);
        if answer.at_head {
            return commits;
        }
        start = list_changes_request::Start::Token(answer.next_token);
    }
}
