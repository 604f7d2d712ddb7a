//! A stream that begins with the state.

use std::collections::BTreeMap;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{
    Agreement, AgreementCommitment, ChangeKind, Detail, ListAgreementsRequest, ListChangesRequest,
    Official, Origin, Resource, WatchChangesRequest, WatchChangesResponse, list_changes_request,
};
use prost::Message;
use tonic::Code;

use crate::on_both;
use crate::support::samples::{agreement, create, delete, mask, name, official, update};
use crate::support::{Clients, TestServer};
use crate::watching::{Watch, from, from_origin, page, until};

on_both!(
    the_state_and_then_every_change,
    cut_anywhere_and_resumed,
    with_a_filter,
    names_alone_and_masks,
    where_it_cannot_go_on,
    a_list_starts_a_watch,
);

/// What a folder of a copy keeps: resources by name.
type Copy = BTreeMap<String, Resource>;

/// Folds what a stream tells; panics if a resource of the state comes twice.
pub fn fold(copy: &mut Copy, messages: &[WatchChangesResponse]) {
    for message in messages {
        match message.event.as_ref().unwrap() {
            Event::Snapshot(snapshot) => {
                for item in &snapshot.items {
                    assert_eq!(copy.insert(name(item), item.clone()), None, "comes once");
                }
            }
            Event::Commits(commits) => {
                for change in commits.commits.iter().flat_map(|commit| &commit.changes) {
                    match change.kind() {
                        ChangeKind::Deleted | ChangeKind::Left => copy.remove(&change.name),
                        _ => copy.insert(change.name.clone(), change.resource.clone().unwrap()),
                    };
                }
            }
            _ => {}
        }
    }
}

/// Everything there is.
async fn everything(clients: &Clients) -> Copy {
    let mut copy = Copy::new();
    let head = clients.head_revision().await;
    let commits = until(clients, from_origin(Origin::Earliest), head).await;
    for change in commits.into_iter().flat_map(|commit| commit.changes) {
        match change.resource {
            Some(resource) => copy.insert(change.name, resource),
            None => copy.remove(&change.name),
        };
    }
    copy
}

/// Some agreements and officials, with changes of each kind.
async fn fill(clients: &Clients, label: &str) {
    let pact = |number: usize| {
        let parties = if number.is_multiple_of(3) { ["KHM", "RUS"] } else { ["THA", "VNM"] };
        let text = AgreementCommitment { text: "x".repeat(20_000), ..Default::default() };
        let pact = agreement(&format!("{label} {number}"), &parties);
        Any::Agreement(Agreement { commitments: vec![text], ..pact })
    };
    let made = (0..40).map(|number| create(&format!("{label}-{number:03}"), pact(number)));
    let people = (0..10).map(|number| {
        let person = official(&format!("{label} {number}"));
        create(&format!("{label}-{number}"), Any::Official(person))
    });
    clients.apply(made.chain(people).collect()).await.unwrap();
    let renamed = |number: usize| {
        let name = format!("agreements/{label}-{number:03}");
        let title = format!("{label} {number} renamed");
        update(Any::Agreement(Agreement { name, ..agreement(&title, &[]) }), &["title"])
    };
    clients.apply((0..40).step_by(4).map(renamed).collect()).await.unwrap();
    let gone = |number: usize| delete(&format!("agreements/{label}-{number:03}"));
    clients.apply((0..40).step_by(7).map(gone).collect()).await.unwrap();
}

async fn the_state_and_then_every_change(server: &TestServer) {
    let clients = &server.clients;
    fill(clients, "before").await;
    let at = clients.head_revision().await;
    let state = everything(clients).await;
    let mut watch = Watch::open(clients, from_origin(Origin::Snapshot)).await.unwrap();
    fill(clients, "after").await;
    let head = clients.head_revision().await;
    watch.up_to(head).await;
    let end = watch.messages.iter().position(
        |message| matches!(message.event, Some(Event::SnapshotEnd(end)) if end.revision == at),
    );
    let end = end.expect("the snapshot ends");
    let mut copy = Copy::new();
    fold(&mut copy, &watch.messages[..end]);
    assert_eq!(copy, state, "the state is that of the revision");
    let later = &watch.messages[end + 1..];
    assert!(!later.iter().any(|message| matches!(message.event, Some(Event::Snapshot(_)))));
    assert!(watch.commits().iter().all(|commit| commit.revision > at));
    fold(&mut copy, later);
    assert_eq!(copy, everything(clients).await);
    assert!(watch.messages.iter().all(|message| !message.token.is_empty()));
}

async fn cut_anywhere_and_resumed(server: &TestServer) {
    let clients = &server.clients;
    fill(clients, "before").await;
    let request = from_origin(Origin::Snapshot);
    let until_revision = clients.head_revision().await;
    let whole = WatchChangesRequest { until_revision, ..request.clone() };
    let mut first = Watch::open(clients, whole).await.unwrap();
    first.read_to_end().await;
    assert!(first.messages.len() > 5, "there is something to cut: {}", first.messages.len());
    let state = {
        let mut copy = Copy::new();
        fold(&mut copy, &first.messages);
        copy
    };
    // The state moves on while the readers are away.
    fill(clients, "after").await;
    let gone = (1..40).map(|number| format!("agreements/before-{number:03}"));
    let gone: Vec<_> = gone.filter(|name| state.contains_key(name)).collect();
    clients.apply(gone.iter().map(|name| delete(name)).collect()).await.unwrap();
    let again = Any::Agreement(agreement("Another", &["KHM"]));
    let id = gone[0].split_once('/').unwrap().1;
    clients.apply(vec![create(id, again)]).await.unwrap();
    let now = everything(clients).await;
    let head = clients.head_revision().await;
    for cut in 0..first.messages.len() {
        let token = first.messages[cut].token.clone();
        let mut copy = Copy::new();
        fold(&mut copy, &first.messages[..=cut]);
        let start = Some(Start::Token(token));
        let mut rest =
            Watch::open(clients, WatchChangesRequest { start, ..request.clone() }).await.unwrap();
        rest.up_to(head).await;
        let end =
            |message: &WatchChangesResponse| matches!(message.event, Some(Event::SnapshotEnd(_)));
        let told =
            first.messages[..=cut].iter().chain(&rest.messages).filter(|one| end(one)).count();
        assert_eq!(told, 1, "the end comes once, cut at {cut}");
        let (rest_of_state, later) =
            rest.messages.split_at(rest.messages.iter().position(end).unwrap_or(0));
        fold(&mut copy, rest_of_state);
        assert_eq!(copy, state, "the state as it was, cut at {cut}");
        fold(&mut copy, later);
        assert_eq!(copy, now, "cut at {cut}");
    }
}

async fn with_a_filter(server: &TestServer) {
    let clients = &server.clients;
    fill(clients, "before").await;
    let request = WatchChangesRequest {
        filter: "parties.country = KHM".to_owned(),
        ..from_origin(Origin::Snapshot)
    };
    let mut watch = Watch::open(clients, request).await.unwrap();
    fill(clients, "after").await;
    let away = Agreement { name: "agreements/after-003".to_owned(), ..agreement("Away", &["VNM"]) };
    clients.apply(vec![update(Any::Agreement(away), &["parties"])]).await.unwrap();
    watch.up_to(clients.head_revision().await).await;
    let mut copy = Copy::new();
    fold(&mut copy, &watch.messages);
    let request = ListAgreementsRequest {
        filter: "parties.country = KHM".to_owned(),
        page_size: 1_000,
        ..ListAgreementsRequest::default()
    };
    let listed = clients.agreements().list_agreements(request).await.unwrap().into_inner();
    let listed: Vec<_> = listed.agreements.into_iter().map(|one| one.name).collect();
    assert_eq!(copy.into_keys().collect::<Vec<_>>(), listed);
}

async fn names_alone_and_masks(server: &TestServer) {
    let clients = &server.clients;
    fill(clients, "some").await;
    let items = async |request: WatchChangesRequest| {
        let until_revision = clients.head_revision().await;
        let request = WatchChangesRequest { until_revision, ..request };
        let mut watch = Watch::open(clients, request).await.unwrap();
        watch.read_to_end().await;
        let mut copy = Copy::new();
        fold(&mut copy, &watch.messages);
        copy
    };
    let officials = WatchChangesRequest {
        resource_types: vec!["Official".to_owned()],
        ..from_origin(Origin::Snapshot)
    };
    let names = WatchChangesRequest { detail: Detail::Names.into(), ..officials.clone() };
    for (name, resource) in items(names).await {
        let Some(Any::Official(one)) = resource.resource else { panic!("only officials") };
        let Official { uid, revision, .. } = one.clone();
        assert_eq!(one, Official { name, uid, revision, ..Official::default() });
    }
    let masked = WatchChangesRequest { read_mask: mask(&["name", "display_name"]), ..officials };
    let masked = items(masked).await;
    assert_eq!(masked.len(), 10);
    for (name, resource) in masked {
        let Some(Any::Official(one)) = resource.resource else { panic!("only officials") };
        let display_name = one.display_name.clone();
        assert_eq!(one, Official { name, display_name, ..Official::default() });
    }
}

async fn where_it_cannot_go_on(server: &TestServer) {
    let clients = &server.clients;
    let watch = Watch::open(clients, from_origin(Origin::Snapshot)).await.unwrap();
    let token = watch.token();
    let poll = |start| ListChangesRequest { start: Some(start), ..ListChangesRequest::default() };
    let refusal = page(clients, poll(list_changes_request::Start::Token(token.clone()))).await;
    refusal.unwrap_err().is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["token"]);
    let snapshot = list_changes_request::Start::Origin(Origin::Snapshot.into());
    page(clients, poll(snapshot)).await.unwrap_err().is_invalid(&["origin"]);
    let other = WatchChangesRequest {
        resource_types: vec!["Country".to_owned()],
        ..from(Start::Token(token))
    };
    let refusal = Watch::open(clients, other).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["token"]);
    let below = WatchChangesRequest { until_revision: 1, ..from_origin(Origin::Snapshot) };
    Watch::open(clients, below).await.unwrap_err().is_invalid(&["until_revision"]);
    let head = clients.head_revision().await;
    let here = WatchChangesRequest { until_revision: head, ..from_origin(Origin::Snapshot) };
    let mut here = Watch::open(clients, here).await.unwrap();
    here.read_to_end().await;
    let mut copy = Copy::new();
    fold(&mut copy, &here.messages);
    assert_eq!(copy.len(), everything(clients).await.len());
    assert!(copy.values().all(|one| one.encoded_len() > 0));
}

async fn a_list_starts_a_watch(server: &TestServer) {
    let clients = &server.clients;
    fill(clients, "some").await;
    let request = ListAgreementsRequest { page_size: 7, ..ListAgreementsRequest::default() };
    let list = async |page_token: String| {
        let request = ListAgreementsRequest { page_token, ..request.clone() };
        clients.agreements().list_agreements(request).await.unwrap().into_inner()
    };
    let first = list(String::new()).await;
    clients.create_agreement(agreement("While listing", &["KHM"])).await.unwrap();
    let second = list(first.next_page_token).await;
    assert_eq!(second.watch_token, first.watch_token);
    let request = WatchChangesRequest {
        filter: "parties.country = KHM".to_owned(),
        ..from(Start::Token(second.watch_token))
    };
    let commits = until(clients, request, clients.head_revision().await).await;
    assert_eq!(commits.len(), 1);
}
