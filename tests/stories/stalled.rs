//! Readers that stand still: what they hold, whom they hold up, and how they end.

use entente::feed::reader::close_stalled;
use entente::model::limits::LOG_PAGES_BYTES;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{Agreement, AgreementCommitment, Detail, WatchChangesRequest};
use tonic::Code;
use tonic::transport::Endpoint;

use crate::on_both;
use crate::support::samples::{agreement, create};
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::{Watch, from, until, whole};

on_both!(
    readers_that_stand_still_hold_up_nobody,
    what_readers_behind_hold_is_bounded_over_all,
    a_reader_that_takes_nothing_is_closed,
    many_that_come_back_share_what_is_read,
);

/// Commits that are written, together more than the ring holds.
const COMMITS: i64 = 12;
/// Readers that stand still: each would hold a page, and together they would hold
/// every turn to read the log and every connection.
const STALLED: usize = 16;

/// Records more than the ring holds; the revision before.
pub async fn fill(clients: &Clients) -> i64 {
    let start = clients.head_revision().await;
    let text =
        || AgreementCommitment { text: "x".repeat(20_000), ..AgreementCommitment::default() };
    let large = || Agreement { commitments: vec![text(); 19], ..agreement("Large", &["KHM"]) };
    for _ in 0..COMMITS {
        let mutations = (0..10).map(|_| create("", Any::Agreement(large()))).collect();
        clients.apply(mutations).await.unwrap();
    }
    start
}

/// Readers behind `start` that never read, each with a view of its own, over a
/// connection on which each stream has room for `window` bytes.
async fn stall(
    server: &TestServer,
    start: i64,
    window: u32,
) -> Vec<tonic::Streaming<entente::proto::v1::WatchChangesResponse>> {
    let endpoint = Endpoint::from_shared(format!("http://{}", server.server.address)).unwrap();
    let channel = endpoint.initial_stream_window_size(window).connect().await.unwrap();
    let clients = Clients { channel };
    let mut streams = Vec::new();
    for number in 0..STALLED {
        let request = WatchChangesRequest {
            actors: vec!["anonymous".to_owned(), format!("nobody {number}")],
            ..from(Start::AfterRevision(start))
        };
        streams.push(clients.changes().watch_changes(request).await.unwrap().into_inner());
    }
    streams
}

async fn readers_that_stand_still_hold_up_nobody(server: &TestServer) {
    let clients = &server.clients;
    let start = fill(clients).await;
    let end = start + COMMITS;
    // They have no room for the first byte, so that each stands still where it is
    // about to read the log.
    let _stalled = stall(server, start, 0).await;

    let commits = until(clients, from(Start::AfterRevision(start)), end).await;

    assert_eq!(commits.len(), usize::try_from(COMMITS).unwrap());
    assert_eq!(server.server.api.feed.watches(), STALLED, "they are still there");
}

async fn what_readers_behind_hold_is_bounded_over_all(server: &TestServer) {
    let clients = &server.clients;
    let start = fill(clients).await;
    let end = start + COMMITS;
    let feed = &server.server.api.feed;
    let _stalled = stall(server, start, 65_535).await;
    let page = 10 * 19 * 20_000;
    assert!(STALLED * page > LOG_PAGES_BYTES, "they would hold more");

    let commits = until(clients, from(Start::AfterRevision(start)), end).await;

    assert_eq!(commits.len(), usize::try_from(COMMITS).unwrap());
    assert!((1..=LOG_PAGES_BYTES).contains(&feed.log_page_bytes()), "{}", feed.log_page_bytes());
}

async fn a_reader_that_takes_nothing_is_closed(server: &TestServer) {
    let clients = &server.clients;
    let start = fill(clients).await;
    let end = start + COMMITS;
    let feed = &server.server.api.feed;
    let mut stalled = stall(server, start, 65_535).await;
    let progress_interval = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let request = WatchChangesRequest { progress_interval, ..WatchChangesRequest::default() };
    let mut quiet = Watch::open(clients, request).await.unwrap();
    let is_progress = |event: &Option<Event>| matches!(event, Some(Event::Progress(_)));
    let told = |watch: &Watch| watch.messages.iter().filter(|one| is_progress(&one.event)).count();
    while told(&quiet) < 6 {
        quiet.next().await.unwrap();
    }

    let closed = close_stalled(feed, std::time::Duration::from_secs(5));

    assert_eq!(closed, STALLED, "all of them, and not the one that reads");
    assert_eq!(feed.watches(), 1, "their places are free");
    // One of them reads after all: what was on its way, and why it has ended.
    let mut messages = Vec::new();
    let status = loop {
        match stalled[0].message().await {
            Ok(message) => messages.extend(message),
            Err(status) => break status,
        }
    };
    Refusal::of(&status).is(Code::Aborted, "SLOW_CONSUMER", &[]);
    let last = messages.iter().rposition(|message| !message.token.is_empty()).unwrap();
    let token = Start::Token(messages[last].token.clone());
    messages.truncate(last + 1);
    let mut told = whole(&messages);
    let actors = vec!["anonymous".to_owned(), "nobody 0".to_owned()];
    let rest = WatchChangesRequest { actors, ..from(token) };
    told.extend(until(clients, rest, end).await);
    assert_eq!(told, until(clients, from(Start::AfterRevision(start)), end).await);
    quiet.up_to(end).await;
}

/// Readers that come back together, with so many different filters.
const RETURNING: usize = 240;
const DISTINCT: usize = 4;

async fn many_that_come_back_share_what_is_read(server: &TestServer) {
    let clients = &server.clients;
    let start = fill(clients).await;
    let head = clients.head_revision().await;
    let before = server.server.api.feed.log_pages_read();
    let returning = (0..RETURNING).map(|number| {
        let request = WatchChangesRequest {
            filter: format!("title = \"Large\" OR title = \"{}\"", number % DISTINCT),
            detail: Detail::Names.into(),
            ..from(Start::AfterRevision(start))
        };
        let clients = clients.clone();
        tokio::spawn(async move { until(&clients, request, head).await.len() })
    });
    for reader in returning.collect::<Vec<_>>() {
        assert_eq!(reader.await.unwrap(), usize::try_from(COMMITS).unwrap());
    }
    let read = server.server.api.feed.log_pages_read() - before;
    let alone = u64::try_from(COMMITS).unwrap() * RETURNING as u64;
    println!("{read} pages were read for {RETURNING} readers, who alone would read {alone}");
    assert!(read * 10 < alone, "{read} pages of {alone}");
}
