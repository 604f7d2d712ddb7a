//! The promises of the stream: ordered, complete, unique, whole commits, the same
//! at every replica and by every method.

use std::collections::BTreeMap;

use entente::model::limits::STREAM_AGE;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{
    Agreement, AgreementCommitment, Commit, Detail, ListChangesRequest, Origin,
    WatchChangesRequest, list_changes_request,
};
use prost::Message as _;
use prost_types::Duration;
use tonic::Code;

use crate::on_both;
use crate::support::samples::{agreement, create, delete};
use crate::support::{Clients, Database, TestServer};
use crate::watching::{Watch, from, from_origin, page, poll, until};

on_both!(
    a_stream_begins_and_becomes_live,
    eight_writers_and_no_duplicates,
    cut_at_any_token_and_resumed,
    a_poll_waits_for_the_next_commit,
    a_large_commit_comes_in_fragments,
    progress_comes_in_time,
    a_drain_tells_every_stream,
    an_old_stream_is_told_to_leave,
);

/// How long streams stay open that end soon.
const SHORT: std::time::Duration = std::time::Duration::from_millis(200);

/// Records `count` treaties one after the other.
async fn write(clients: &Clients, writer: usize, count: usize) -> Vec<Agreement> {
    let mut written = Vec::new();
    for index in 0..count {
        let title = format!("Treaty {index} of {writer}");
        written.push(clients.create_agreement(agreement(&title, &["KHM"])).await.unwrap());
    }
    written
}

fn revisions(commits: &[Commit]) -> Vec<i64> {
    commits.iter().map(|commit| commit.revision).collect()
}

async fn a_stream_begins_and_becomes_live(server: &TestServer) {
    let clients = &server.clients;
    let head = clients.head().await;
    let mut watch = Watch::open(clients, WatchChangesRequest::default()).await.unwrap();
    let Some(Event::Started(started)) = watch.messages[0].event.clone() else { panic!() };
    assert_eq!(started.store_id, head.store_id);
    assert_eq!(
        (started.after_revision, started.head_revision),
        (head.head_revision, head.head_revision)
    );
    assert_eq!((started.earliest_revision, started.detail()), (1, Detail::Full));
    assert_eq!(started.progress_interval, Some(Duration { seconds: 10, nanos: 0 }));
    let caught_up = watch.next().await.unwrap();
    assert!(matches!(caught_up.event, Some(Event::CaughtUp(_))), "{caught_up:?}");

    let written = write(clients, 0, 1).await;
    watch.up_to(head.head_revision + 1).await;

    let commits = watch.commits();
    let [commit] = commits.as_slice() else { panic!("{commits:?}") };
    assert_eq!((commit.actor.as_str(), commit.change_count), ("anonymous", 1));
    assert_eq!(commit.commit_time, written[0].create_time);
    let change = &commit.changes[0];
    assert_eq!(
        (change.resource_type.as_str(), change.name.as_str()),
        ("Agreement", written[0].name.as_str())
    );
    assert_eq!(change.uid, written[0].uid);
    let told = change.resource.clone().unwrap().resource.unwrap();
    assert_eq!(told, Any::Agreement(written[0].clone()));
}

async fn eight_writers_and_no_duplicates(server: &TestServer) {
    const WRITERS: usize = 8;
    const EACH: usize = 25;
    let clients = server.clients.clone();
    let start = clients.head_revision().await;
    let end = start + i64::try_from(WRITERS * EACH).unwrap();
    let replica = match server.database.kind {
        Database::Postgres => server.replica().await.clients,
        Database::Sqlite => clients.clone(),
    };
    let mut live = Watch::open(&clients, WatchChangesRequest::default()).await.unwrap();
    let mut elsewhere = Watch::open(&replica, WatchChangesRequest::default()).await.unwrap();

    let writers = (0..WRITERS).map(|writer| {
        let clients = if writer % 2 == 0 { clients.clone() } else { replica.clone() };
        tokio::spawn(async move { write(&clients, writer, EACH).await })
    });
    let writers: Vec<_> = writers.collect();
    live.up_to(end).await;
    elsewhere.up_to(end).await;

    let commits = live.commits();
    assert_eq!(revisions(&commits), (start + 1..=end).collect::<Vec<_>>());
    assert_eq!(elsewhere.commits(), commits, "the same at every replica");
    let told: BTreeMap<String, i64> =
        commits.iter().map(|commit| (commit.changes[0].name.clone(), commit.revision)).collect();
    for writer in writers {
        let written = writer.await.unwrap();
        let order: Vec<i64> = written.iter().map(|one| told[&one.name]).collect();
        assert!(order.is_sorted(), "what was answered before comes before");
        assert_eq!(order, written.iter().map(|one| one.revision).collect::<Vec<_>>());
    }
    assert_eq!(until(&replica, from(Start::AfterRevision(start)), end).await, commits);
    assert_eq!(poll(&clients, 1_000).await[usize::try_from(start).unwrap()..], commits);
}

async fn cut_at_any_token_and_resumed(server: &TestServer) {
    let clients = &server.clients;
    write(clients, 0, 12).await;
    let end = clients.head_revision().await;
    let earliest = from_origin(Origin::Earliest);
    let mut whole =
        Watch::open(clients, WatchChangesRequest { until_revision: end, ..earliest.clone() })
            .await
            .unwrap();
    whole.read_to_end().await;
    let expected = whole.commits();
    assert_eq!(revisions(&expected), (1..=end).collect::<Vec<_>>());
    let last = whole.messages.last().unwrap();
    assert!(matches!(&last.event, Some(Event::Progress(progress)) if progress.revision == end));
    let resume_at = match server.database.kind {
        Database::Postgres => server.replica().await.clients,
        Database::Sqlite => clients.clone(),
    };

    for cut in 1..=whole.messages.len() {
        let token = whole.messages[cut - 1].token.clone();
        assert!(!token.is_empty(), "no commit here is in fragments");
        let mut told = crate::watching::whole(&whole.messages[..cut]);
        told.extend(until(&resume_at, from(Start::Token(token)), end).await);
        assert_eq!(told, expected, "cut after message {cut}");
    }
    for max_commits in [1, 5, 1_000] {
        let mut polled = Vec::new();
        for commit in poll(clients, max_commits).await {
            let token_start = from(Start::AfterRevision(commit.revision));
            if polled.is_empty() {
                let rest = until(clients, token_start, end).await;
                assert_eq!(rest, expected[1..], "after the first");
            }
            polled.push(commit);
        }
        assert_eq!(polled, expected, "polled by {max_commits}");
    }
}

async fn a_poll_waits_for_the_next_commit(server: &TestServer) {
    let clients = server.clients.clone();
    let head = clients.head().await;
    let request = |wait: i64| ListChangesRequest {
        start: Some(list_changes_request::Start::Token(head.token.clone())),
        wait: Some(Duration { seconds: wait, nanos: 0 }),
        ..ListChangesRequest::default()
    };
    let empty = page(&clients, request(0)).await.unwrap();
    assert_eq!((empty.commits.len(), empty.at_head), (0, true));
    assert_eq!(empty.head_revision, head.head_revision);

    let waiting = tokio::spawn({
        let (clients, request) = (clients.clone(), request(20));
        async move { page(&clients, request).await }
    });
    write(&clients, 0, 1).await;
    let answer = waiting.await.unwrap().unwrap();
    assert_eq!(revisions(&answer.commits), [head.head_revision + 1]);
    let wait = Some(Duration { seconds: -1, nanos: 0 });
    let refusal = page(&clients, ListChangesRequest { wait, ..request(0) }).await.unwrap_err();
    refusal.is_invalid(&["wait"]);
    let refusal = page(&clients, ListChangesRequest { max_commits: -1, ..request(0) }).await;
    refusal.unwrap_err().is_invalid(&["max_commits"]);
}

async fn a_large_commit_comes_in_fragments(server: &TestServer) {
    let clients = &server.clients;
    let start = clients.head_revision().await;
    let text =
        || AgreementCommitment { text: "x".repeat(20_000), ..AgreementCommitment::default() };
    let large = || Agreement { commitments: vec![text(); 19], ..agreement("Large", &["KHM"]) };
    let mut live = Watch::open(clients, WatchChangesRequest::default()).await.unwrap();
    let mutations = (0..10).map(|_| create("", Any::Agreement(large()))).collect();
    clients.apply(mutations).await.unwrap();
    write(clients, 0, 1).await;
    let end = start + 2;
    live.up_to(end).await;

    let parts: Vec<_> = live
        .messages
        .iter()
        .filter_map(|message| match &message.event {
            Some(Event::Commits(commits)) => Some((commits.commits.clone(), &message.token)),
            _ => None,
        })
        .collect();
    assert!(parts.len() > 2, "the commit does not fit into one message");
    for (commits, token) in &parts {
        let open = commits.last().unwrap().fragment;
        assert_eq!(open, token.is_empty(), "a token only where a commit ends");
    }
    let commits = live.commits();
    assert_eq!(revisions(&commits), [start + 1, end]);
    assert_eq!((commits[0].changes.len(), commits[0].change_count), (10, 10));
    let ordinals: Vec<_> = commits[0].changes.iter().map(|change| change.ordinal).collect();
    assert_eq!(ordinals, (0..10).collect::<Vec<_>>());
    let again = until(clients, from(Start::AfterRevision(start)), end).await;
    assert_eq!(again, commits);
    let after = Some(list_changes_request::Start::AfterRevision(start));
    let request = ListChangesRequest { start: after.clone(), ..ListChangesRequest::default() };
    let fragments = parts.iter().filter(|(commits, _)| commits[0].revision == start + 1);
    let sizes: Vec<_> = fragments.map(|(commits, _)| commits[0].changes.len()).collect();
    polled_in_fragments(clients, request, &commits, &sizes).await;
    let detail = Detail::Names.into();
    let request = ListChangesRequest { start: after, detail, ..ListChangesRequest::default() };
    assert_eq!(revisions(&page(clients, request).await.unwrap().commits), [start + 1, end]);
}

/// Polls a commit that does not fit into one message, which is the first of
/// `commits`, and what follows it. `sizes` has how many changes its fragments have.
async fn polled_in_fragments(
    clients: &Clients,
    mut request: ListChangesRequest,
    commits: &[Commit],
    sizes: &[usize],
) {
    let mut whole = Commit::default();
    let mut parts = Vec::new();
    loop {
        let answer = page(clients, request.clone()).await.unwrap();
        assert_eq!(answer.commits.len(), 1, "a fragment stands alone");
        assert!(answer.encoded_len() <= 3 << 20, "no message is larger than 3 MiB");
        let part = answer.commits.into_iter().next().unwrap();
        parts.push(part.changes.len());
        let changes = std::mem::take(&mut whole.changes);
        whole = Commit { changes: changes.into_iter().chain(part.changes).collect(), ..part };
        assert!(!answer.at_head, "more follows");
        let token = answer.next_token;
        request.start = Some(list_changes_request::Start::Token(token.clone()));
        if !whole.fragment {
            break;
        }
        let watched = Watch::open(clients, from(Start::Token(token))).await.unwrap_err();
        watched.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["token"]);
        let names = ListChangesRequest { detail: Detail::Names.into(), ..request.clone() };
        let rest = page(clients, names).await.unwrap().commits;
        let told = whole.changes.len() + rest[0].changes.len();
        assert!(!rest[0].fragment && told == commits[0].changes.len(), "the rest, with less of it");
    }
    assert_eq!(parts, sizes, "the fragments are those of a stream");
    assert_eq!(whole, commits[0], "poll equals stream");
    let answer = page(clients, request.clone()).await.unwrap();
    assert_eq!((answer.commits.as_slice(), answer.at_head), (&commits[1..], true));
    let Some(list_changes_request::Start::Token(token)) = request.start else { panic!("a token") };
    let end = commits[1].revision;
    assert_eq!(until(clients, from(Start::Token(token)), end).await, commits[1..]);
}

async fn progress_comes_in_time(server: &TestServer) {
    let clients = &server.clients;
    let interval = Some(Duration { seconds: 1, nanos: 0 });
    let request = |interval| WatchChangesRequest {
        progress_interval: interval,
        resource_types: vec!["Official".to_owned()],
        ..WatchChangesRequest::default()
    };
    let mut watch = Watch::open(clients, request(interval)).await.unwrap();
    watch.next().await.unwrap();
    let written = write(clients, 0, 3).await;
    let begun = tokio::time::Instant::now();
    let end = written.last().unwrap().revision;
    watch.up_to(end).await;
    assert!(begun.elapsed().as_secs() < 5, "what does not match is told by progress");
    let Some(Event::Progress(progress)) = watch.messages.last().unwrap().event else { panic!() };
    assert_eq!(
        (progress.revision, progress.head_revision, progress.earliest_revision),
        (end, end, 1)
    );
    assert_eq!(progress.head_commit_time, written.last().unwrap().update_time);
    assert!(watch.commits().is_empty());
    // Also where commits come all the time, so that a reader knows how far behind it is.
    let busy = WatchChangesRequest { resource_types: Vec::new(), ..request(interval) };
    let mut watch = Watch::open(clients, busy).await.unwrap();
    let told = |event: &Option<Event>| matches!(event, Some(Event::Progress(_)));
    while !watch.messages.iter().any(|message| told(&message.event)) {
        let [written] = &write(clients, 1, 1).await[..] else { panic!() };
        watch.up_to(written.revision).await;
        assert!(begun.elapsed().as_secs() < 60, "progress does not come");
    }

    for wrong in [Duration { seconds: 0, nanos: 999_999_999 }, Duration { seconds: 61, nanos: 0 }] {
        let refusal = Watch::open(clients, request(Some(wrong))).await.unwrap_err();
        refusal.is_invalid(&["progress_interval"]);
    }
}

async fn a_drain_tells_every_stream(other: &TestServer) {
    // It ends the server, so it starts one of its own beside the given one.
    let server = TestServer::start(other.database.kind).await;
    let clients = server.clients.clone();
    let head = clients.head_revision().await;
    let mut watches = Vec::new();
    for _ in 0..3 {
        watches.push(Watch::open(&clients, WatchChangesRequest::default()).await.unwrap());
    }
    let written = write(&clients, 0, 2).await;
    clients.apply(vec![delete(&written[0].name)]).await.unwrap();
    drop(clients);
    let database = tokio::spawn(server.stop());
    for watch in &mut watches {
        watch.read_to_end().await;
        let last = watch.messages.last().unwrap();
        assert!(matches!(last.event, Some(Event::Draining(_))), "{last:?}");
        assert!(!last.token.is_empty(), "says where to go on");
    }
    let server = TestServer::start_on(database.await.unwrap()).await;
    let end = write(&server.clients, 1, 1).await[0].revision;
    for watch in &watches {
        let mut told = watch.commits();
        let rest = from(Start::Token(watch.token()));
        told.extend(until(&server.clients, rest, end).await);
        assert_eq!(revisions(&told), (head + 1..=end).collect::<Vec<_>>(), "goes on from there");
    }
    assert_eq!(end, head + 4);
    server.finish().await;
}

async fn an_old_stream_is_told_to_leave(server: &TestServer) {
    let clients = &server.clients;
    server.server.api.feed.set_stream_age(SHORT);
    let mut watches = Vec::new();
    for origin in [Origin::Now, Origin::Earliest, Origin::Snapshot] {
        watches.push(Watch::open(clients, from_origin(origin)).await.unwrap());
    }
    for watch in &mut watches {
        watch.read_to_end().await;
        let last = watch.messages.last().unwrap();
        assert!(matches!(last.event, Some(Event::Draining(_))), "{last:?}");
    }
    server.server.api.feed.set_stream_age(STREAM_AGE);
    clients.create_agreement(agreement("Later", &["KHM"])).await.unwrap();
    let head = clients.head_revision().await;
    let mut all = watches[1].commits();
    all.extend(until(clients, from(Start::Token(watches[1].token())), head).await);
    assert_eq!(all, until(clients, from_origin(Origin::Earliest), head).await);
}
