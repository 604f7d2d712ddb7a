//! A watch that goes on by itself: over cuts, over replicas, over its own ends.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use entente::client::{Client, StoredWatch, TokenFile, Watch, WatchError};
use entente::feed::token::Token;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    Agreement, AgreementCommitment, ChangeKind, Commit, Detail, Origin, Resource,
    WatchChangesRequest,
};
use entente::server::Server;
use tonic::Code;

use crate::client_calls::elsewhere;
use crate::on_both;
use crate::support::samples::{self, agreement, create, delete, update};
use crate::support::server::ANY_PORT;
use crate::support::way::{Traffic, Way};
use crate::support::{Clients, Database, Refusal, TestServer, run};
use crate::wait::{PATIENCE, until_true, within};
use crate::watching::{from, from_origin, poll, until};

on_both!(
    a_watch_goes_on_from_its_file,
    a_cut_inside_a_commit_splits_no_delivery,
    a_snapshot_comes_once_over_cuts_and_ends,
    what_enters_a_filter_and_leaves_it,
    a_stream_that_falls_silent_is_left_for_another_replica,
    waiting_can_be_given_up_and_begun_again,
    final_errors_end_a_watch,
    a_watch_ends_where_it_was_asked_to,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_sends_watches_to_another_replica() {
    run(Database::Postgres, drained).await;
}

fn watched() -> Agreement {
    agreement("Watched", &["KHM"])
}

/// Records `count` treaties, a commit for each; the last revision.
async fn write(clients: &Clients, count: usize) -> i64 {
    let mut revision = 0;
    for _ in 0..count {
        let made = clients.create_agreement(watched()).await.unwrap();
        revision = made.revision;
    }
    revision
}

/// A client of `server` itself.
fn client(server: &TestServer) -> Client {
    Client::new([format!("http://{}", server.server.address)]).unwrap()
}

/// All that `watch` brings up to `revision`.
async fn up_to(watch: &mut Watch, revision: i64) -> Vec<Commit> {
    let mut commits = Vec::new();
    loop {
        let delivery = within("a delivery", PATIENCE, watch.next()).await.unwrap().unwrap();
        commits.extend(delivery.commits);
        if delivery.revision >= revision {
            return commits;
        }
    }
}

async fn a_watch_goes_on_from_its_file(server: &TestServer) {
    let clients = &server.clients;
    let start = clients.head_revision().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let mut applied = Vec::new();
    for _ in 0..5 {
        write(clients, 4).await;
        let mut watch = stored(server, &file, from(Start::AfterRevision(start))).await;
        let first = next_commits(&mut watch).await;
        write(clients, 4).await;
        // Asked for what follows, it keeps that the first has been processed.
        let second = next_commits(&mut watch).await;
        applied.extend(first);
        // Dropped in the middle of the second, of which nothing is kept.
        assert!(!second.is_empty());
    }
    let end = clients.head_revision().await;
    let request = WatchChangesRequest { until_revision: end, ..from(Start::AfterRevision(start)) };
    let mut watch = stored(server, &file, request.clone()).await;
    while let Some(delivery) = watch.next().await.unwrap() {
        applied.extend(delivery.commits);
    }
    assert_eq!(applied, until(clients, from(Start::AfterRevision(start)), end).await);

    let mut again = stored(server, &file, request).await;
    while let Some(delivery) = again.next().await.unwrap() {
        assert_eq!(delivery.commits, [], "everything has been processed");
    }
    let last = write(clients, 1).await;
    let mut later = stored(server, &file, from(Start::AfterRevision(start))).await;
    assert_eq!(next_commits(&mut later).await[0].revision, last);
    later.acknowledge().await.unwrap();
    drop(later);
    write(clients, 1).await;
    let mut latest = stored(server, &file, from(Start::AfterRevision(start))).await;
    assert_eq!(next_commits(&mut latest).await[0].revision, last + 1, "it was acknowledged");
}

async fn stored(
    server: &TestServer,
    file: &Path,
    request: WatchChangesRequest,
) -> StoredWatch<TokenFile> {
    client(server).watch(request).stored_in(TokenFile::new(file)).await.unwrap()
}

/// The next delivery that has commits.
async fn next_commits(watch: &mut StoredWatch<TokenFile>) -> Vec<Commit> {
    loop {
        let delivery = within("a delivery", PATIENCE, watch.next()).await.unwrap().unwrap();
        if !delivery.commits.is_empty() {
            return delivery.commits;
        }
    }
}

async fn a_cut_inside_a_commit_splits_no_delivery(server: &TestServer) {
    let clients = &server.clients;
    let start = write(clients, 1).await;
    let text =
        || AgreementCommitment { text: "x".repeat(20_000), ..AgreementCommitment::default() };
    let large = || Agreement { commitments: vec![text(); 19], ..agreement("Large", &["KHM"]) };
    // More than one message of 3 MiB holds.
    let mutations = (0..10).map(|_| create("", Any::Agreement(large()))).collect();
    clients.apply(mutations).await.unwrap();
    let end = write(clients, 2).await;
    let expected = until(clients, from(Start::AfterRevision(start - 1)), end).await;
    let ways = [Way::start(server.server.address).await, elsewhere(server).await];
    for bytes in [1_000, 1_000_000, 3_500_000] {
        ways[0].cut_after(bytes);
        let client = Client::new([ways[0].url(), ways[1].url()]).unwrap();
        let mut watch = client.watch(from(Start::AfterRevision(start - 1)));
        let commits = tokio::spawn(async move { up_to(&mut watch, end).await });
        until_true("the cut", || ways[0].has_cut()).await;
        assert_eq!(commits.await.unwrap(), expected, "cut after {bytes} bytes");
    }
}

async fn a_snapshot_comes_once_over_cuts_and_ends(server: &TestServer) {
    let clients = &server.clients;
    let note = "x".repeat(10_000);
    let noted = |_| create("", Any::Agreement(Agreement { note: note.clone(), ..watched() }));
    clients.apply((0..100).map(noted).collect()).await.unwrap();
    let expected = listed(clients).await;
    let ways = [Way::start(server.server.address).await, elsewhere(server).await];
    let client = Client::new([ways[0].url(), ways[1].url()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (number, bytes) in [100, 20_000, 300_000, 600_000, 900_000].into_iter().enumerate() {
        ways[0].cut_after(bytes);
        let file = folder.path().join(number.to_string());
        let head = clients.head_revision().await;
        let (told, revision) = snapshot(&client, &file).await;
        assert_eq!(names(&told), expected, "cut after {bytes} bytes");
        assert_eq!(revision, head);

        let made = clients.create_agreement(watched()).await.unwrap();
        let mut watch = stored(server, &file, from_origin(Origin::Snapshot)).await;
        let next = next_commits(&mut watch).await;
        assert_eq!(next[0].changes[0].name, made.name, "what follows the state");
        clients.apply(vec![delete(&made.name)]).await.unwrap();
    }
}

/// Takes the state in three lives, of which the first two end with a part that is not
/// kept; also the revision of the state.
async fn snapshot(client: &Client, file: &Path) -> (Vec<Resource>, i64) {
    let mut kept = Vec::new();
    for life in 1.. {
        let watch = client.watch(from_origin(Origin::Snapshot));
        let mut watch = watch.stored_in(TokenFile::new(file)).await.unwrap();
        let mut parts = Vec::new();
        while life > 2 || parts.len() < 2 {
            let delivery = within("a part", PATIENCE, watch.next()).await.unwrap().unwrap();
            assert_eq!(delivery.commits, [], "they come behind the state");
            if delivery.snapshot_is_whole {
                watch.acknowledge().await.unwrap();
                kept.extend(parts.into_iter().flatten());
                return (kept, delivery.revision);
            }
            if !delivery.snapshot.is_empty() {
                parts.push(delivery.snapshot);
            }
        }
        parts.pop();
        kept.extend(parts.into_iter().flatten());
    }
    unreachable!("some life is the last")
}

/// The names of `resources`, as they came.
fn names(resources: &[Resource]) -> Vec<String> {
    let mut names: Vec<_> = resources.iter().map(samples::name).collect();
    names.sort();
    names
}

/// The names of all that is recorded, by what was ever made.
async fn listed(clients: &Clients) -> Vec<String> {
    let mut live = BTreeSet::new();
    for commit in poll(clients, 1_000).await {
        for change in commit.changes {
            match change.kind() {
                ChangeKind::Deleted => live.remove(&change.name),
                _ => live.insert(change.name),
            };
        }
    }
    live.into_iter().collect()
}

async fn what_enters_a_filter_and_leaves_it(server: &TestServer) {
    let clients = &server.clients;
    let filter = "place = \"Phnom Penh\"".to_owned();
    let detail = Detail::FullWithBefore.into();
    let request = WatchChangesRequest { filter, detail, ..from_origin(Origin::Now) };
    let start = clients.head_revision().await;
    let mut watch = client(server).watch(request);
    within("the beginning", PATIENCE, watch.next()).await.unwrap().unwrap();
    clients.apply(vec![create("moves", Any::Agreement(watched()))]).await.unwrap();
    for place in ["Phnom Penh", "Siem Reap"] {
        let name = "agreements/moves".to_owned();
        let place = place.to_owned();
        let moved = Any::Agreement(Agreement { name, place, ..Agreement::default() });
        clients.apply(vec![update(moved, &["place"])]).await.unwrap();
    }
    let commits = up_to(&mut watch, start + 3).await;
    let changes: Vec<_> = commits.iter().map(|commit| &commit.changes[0]).collect();
    let kinds: Vec<_> = changes.iter().map(|change| change.kind()).collect();
    assert_eq!(kinds, [ChangeKind::Entered, ChangeKind::Left]);
    assert!(changes.iter().all(|change| change.before.is_some()));
}

async fn a_stream_that_falls_silent_is_left_for_another_replica(server: &TestServer) {
    let ways = [Way::start(server.server.address).await, elsewhere(server).await];
    let client = Client::new([ways[0].url(), ways[1].url()]).unwrap();
    let progress_interval = Some(prost_types::Duration { seconds: 1, nanos: 0 });
    let mut watch = client.watch(WatchChangesRequest { progress_interval, ..Default::default() });
    let head = server.clients.head_revision().await;
    up_to(&mut watch, head).await;

    ways[0].set(Traffic::Silent);
    let started = Instant::now();
    let revision = write(&server.clients, 1).await;
    let commits = up_to(&mut watch, revision).await;

    assert_eq!(commits.iter().map(|commit| commit.revision).collect::<Vec<_>>(), [revision]);
    // Before the connection itself is found to be dead, after 15 s.
    assert!(started.elapsed() < Duration::from_secs(13), "after {:?}", started.elapsed());
}

async fn waiting_can_be_given_up_and_begun_again(server: &TestServer) {
    let clients = &server.clients;
    let way = Way::start(server.server.address).await;
    let start = clients.head_revision().await;
    let client = Client::new([way.url()]).unwrap();
    let mut watch = client.watch(from(Start::AfterRevision(start)));
    let mut commits = Vec::new();
    let began = Instant::now();
    for _ in 0..3 {
        let revision = write(clients, 3).await;
        way.cut().await;
        while commits.last().is_none_or(|commit: &Commit| commit.revision < revision) {
            assert!(began.elapsed() < PATIENCE, "it makes no way");
            // Less than it takes to connect again.
            let next = tokio::time::timeout(Duration::from_millis(1), watch.next()).await;
            if let Ok(delivery) = next {
                commits.extend(delivery.unwrap().unwrap().commits);
            }
        }
    }
    assert_eq!(commits, until(clients, from(Start::AfterRevision(start)), start + 9).await);
}

async fn final_errors_end_a_watch(server: &TestServer) {
    let clients = &server.clients;
    let right = Token::decode(&clients.head().await.token, "token").unwrap();
    let tampered = Token { hash: right.hash.map(|byte| !byte), ..right }.encode();
    let head = clients.head_revision().await;
    for (start, code, reason, fields) in [
        (
            Start::Token("nonsense".to_owned()),
            Code::InvalidArgument,
            "TOKEN_MALFORMED",
            &["token"][..],
        ),
        (Start::Token(tampered), Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]),
        (
            Start::AfterRevision(head + 1),
            Code::OutOfRange,
            "REVISION_IN_FUTURE",
            &["after_revision"],
        ),
    ] {
        let mut watch = client(server).watch(from(start));
        let status = within("a refusal", PATIENCE, watch.next()).await.unwrap_err();
        Refusal::of(&status).is(code, reason, fields);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "nonsense").unwrap();
    let mut watch = stored(server, &file, WatchChangesRequest::default()).await;
    let error = within("a refusal", PATIENCE, watch.next()).await.unwrap_err();
    let WatchError::Refused(status) = error else { panic!("{error}") };
    Refusal::of(&status).is(Code::InvalidArgument, "TOKEN_MALFORMED", &["token"]);
}

async fn a_watch_ends_where_it_was_asked_to(server: &TestServer) {
    let end = write(&server.clients, 3).await;
    let finite =
        WatchChangesRequest { until_revision: end - 1, ..from(Start::AfterRevision(end - 3)) };
    let judged = WatchChangesRequest { validate_only: true, ..finite.clone() };
    for (request, count) in [(finite, 2), (judged, 0)] {
        let mut watch = client(server).watch(request);
        let mut commits = Vec::new();
        while let Some(delivery) = within("the end", PATIENCE, watch.next()).await.unwrap() {
            commits.extend(delivery.commits);
        }
        assert_eq!(commits.len(), count);
        assert_eq!(watch.next().await.unwrap(), None, "it stays so");
    }
}

async fn drained(server: &TestServer) {
    let url = &server.database.url;
    let first = Server::start(ANY_PORT, url).await.unwrap();
    let second = Server::start(ANY_PORT, url).await.unwrap();
    let addresses = [first.address, second.address].map(|address| format!("http://{address}"));
    let start = server.clients.head_revision().await;
    let mut watch = Client::new(addresses).unwrap().watch(from(Start::AfterRevision(start)));
    let middle = write(&server.clients, 2).await;
    let mut commits = up_to(&mut watch, middle).await;

    let drain = tokio::spawn(first.drain());
    let end = write(&server.clients, 2).await;
    commits.extend(up_to(&mut watch, end).await);
    drain.await.unwrap().unwrap();
    let last = write(&server.clients, 1).await;
    commits.extend(up_to(&mut watch, last).await);

    let told: Vec<_> = commits.iter().map(|commit| commit.revision).collect();
    assert_eq!(told, (start + 1..=last).collect::<Vec<_>>());
    drop(watch);
    second.drain().await.unwrap();
}
