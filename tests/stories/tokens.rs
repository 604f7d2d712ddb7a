//! Tokens that lead nowhere are refused, never served.

use entente::feed::token::Token;
use entente::model::limits::WATCHES;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    ListAgreementsRequest, ListChangesRequest, ListCountriesRequest, Origin, WatchChangesRequest,
    list_changes_request,
};
use tonic::Code;

use crate::on_both;
use crate::support::samples::agreement;
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::{Watch, from, from_origin, page, until};

on_both!(
    a_token_belongs_to_its_selectors,
    tokens_that_are_none,
    a_token_of_another_store,
    a_page_token_of_another_store,
    a_history_that_is_not_ours,
    a_backup_that_was_written_on,
    more_streams_than_there_may_be,
    a_revision_to_come,
    a_history_that_is_gone,
);

/// How WatchChanges and ListChanges refuse `start`; both alike.
async fn refused(clients: &Clients, token: &str) -> Refusal {
    let watched = Watch::open(clients, from(Start::Token(token.to_owned()))).await.unwrap_err();
    let start = Some(list_changes_request::Start::Token(token.to_owned()));
    let request = ListChangesRequest { start, ..ListChangesRequest::default() };
    assert_eq!(page(clients, request).await.unwrap_err(), watched);
    watched
}

async fn token(clients: &Clients) -> Token {
    Token::decode(&clients.head().await.token, "token").unwrap()
}

async fn a_token_belongs_to_its_selectors(server: &TestServer) {
    let clients = &server.clients;
    let officials = WatchChangesRequest {
        resource_types: vec!["Official".to_owned(), "Country".to_owned()],
        ..from_origin(Origin::Now)
    };
    let bound = Watch::open(clients, officials.clone()).await.unwrap().token();
    let all = Watch::open(clients, WatchChangesRequest::default()).await.unwrap().token();
    let start = Some(Start::Token(bound.clone()));
    let turned = vec!["Country".to_owned(), "Official".to_owned(), "Country".to_owned()];
    let same = WatchChangesRequest { start, resource_types: turned, ..officials.clone() };
    Watch::open(clients, same).await.unwrap();
    let refusal = refused(clients, &bound).await;
    refusal.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["token"]);
    let start = Some(Start::Token(all));
    let refusal = Watch::open(clients, WatchChangesRequest { start, ..officials.clone() }).await;
    refusal.unwrap_err().is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["token"]);
    let start = Some(Start::Token(clients.head().await.token));
    Watch::open(clients, WatchChangesRequest { start, ..officials }).await.unwrap();
}

async fn tokens_that_are_none(server: &TestServer) {
    let right = server.clients.head().await.token;
    let altered = format!("{}{}", if right.starts_with('A') { 'B' } else { 'A' }, &right[1..]);
    for wrong in ["", "nonsense", &right[1..], &altered, &format!("{right}A")] {
        let refusal = refused(&server.clients, wrong).await;
        refusal.is(Code::InvalidArgument, "TOKEN_MALFORMED", &["token"]);
    }
}

async fn a_token_of_another_store(server: &TestServer) {
    let other = TestServer::start(server.database.kind).await;
    let token = other.clients.head().await.token;
    let refusal = refused(&server.clients, &token).await;
    refusal.is(Code::FailedPrecondition, "STORE_MISMATCH", &["token"]);
    // Whatever else would be wrong with it here.
    let ended = WatchChangesRequest { until_revision: 1, ..from(Start::Token(token)) };
    let refusal = Watch::open(&server.clients, ended).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "STORE_MISMATCH", &["token"]);
    other.finish().await;
}

async fn a_page_token_of_another_store(server: &TestServer) {
    let other = TestServer::start(server.database.kind).await;
    for read_revision in [0, other.clients.head_revision().await] {
        let first =
            ListCountriesRequest { page_size: 1, read_revision, ..ListCountriesRequest::default() };
        let page = other.clients.countries().list_countries(first.clone()).await.unwrap();
        let page_token = page.into_inner().next_page_token;
        let next = ListCountriesRequest { page_token, ..first };
        let refusal = server.clients.countries().list_countries(next).await.unwrap_err();
        Refusal::of(&refusal).is(Code::FailedPrecondition, "STORE_MISMATCH", &["page_token"]);
    }
    other.finish().await;
}

async fn a_history_that_is_not_ours(server: &TestServer) {
    let clients = &server.clients;
    let right = token(clients).await;
    let tampered = Token { hash: right.hash.map(|byte| !byte), ..right.clone() };
    let refusal = refused(clients, &tampered.encode()).await;
    refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]);
    let ended = WatchChangesRequest { until_revision: 1, ..from(Start::Token(tampered.encode())) };
    let refusal = Watch::open(clients, ended).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]);
    let beyond = Token { revision: right.revision + 1, ..right.clone() };
    let refusal = refused(clients, &beyond.encode()).await;
    refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]);
    let misplaced = Token { revision: 1, ..right.clone() };
    let refusal = refused(clients, &misplaced.encode()).await;
    refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]);
    for revision in [-1, i64::MIN] {
        let negative = Token { revision, ..right.clone() };
        let refusal = refused(clients, &negative.encode()).await;
        refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]);
    }
}

async fn a_backup_that_was_written_on(server: &TestServer) {
    let first = TestServer::start(server.database.kind).await;
    let shared = first.clients.head().await.token;
    let database = first.stop().await;
    let backup = database.copy().await;
    let original = TestServer::start_on(database).await;
    for title in ["Lost", "Lost too"] {
        original.clients.create_agreement(agreement(title, &["KHM"])).await.unwrap();
    }
    let head = original.clients.head().await;
    let lost = head.token;
    let mut listed = ListAgreementsRequest {
        page_size: 1,
        read_revision: head.head_revision,
        ..Default::default()
    };
    let first_page = original.clients.agreements().list_agreements(listed.clone()).await.unwrap();
    listed.page_token = first_page.into_inner().next_page_token;
    original.clients.agreements().list_agreements(listed.clone()).await.unwrap();
    original.finish().await;
    let restored = TestServer::start_on(backup).await;
    // As far as the backup goes, and beyond it by one and by two commits.
    for title in ["Other", "Another"] {
        restored.clients.create_agreement(agreement(title, &["RUS"])).await.unwrap();
        let refusal = refused(&restored.clients, &lost).await;
        refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["token"]);
    }
    // Nor is a list of the lost past gone on with in the other.
    let mixed = restored.clients.agreements().list_agreements(listed).await;
    let refusal = Refusal::of(&mixed.unwrap_err());
    refusal.is(Code::FailedPrecondition, "HISTORY_DIVERGED", &["page_token"]);
    let head = restored.clients.head_revision().await;
    let commits = until(&restored.clients, from(Start::Token(shared)), head).await;
    assert_eq!(commits.len(), 2);
    restored.finish().await;
}

async fn more_streams_than_there_may_be(server: &TestServer) {
    let feed = &server.server.api.feed;
    let mut places: Vec<_> = (0..WATCHES).map(|_| feed.admit().unwrap()).collect();
    let refusal = Watch::open(&server.clients, from_origin(Origin::Now)).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "TOO_MANY_STREAMS", &[]);
    assert!(refusal.has_retry);
    places.pop();
    Watch::open(&server.clients, from_origin(Origin::Now)).await.unwrap();
}

async fn a_revision_to_come(server: &TestServer) {
    let clients = &server.clients;
    let head = clients.head_revision().await;
    for revision in [head + 1, i64::MAX] {
        let refusal = Watch::open(clients, from(Start::AfterRevision(revision))).await.unwrap_err();
        refusal.is(Code::OutOfRange, "REVISION_IN_FUTURE", &["after_revision"]);
        let start = Some(list_changes_request::Start::AfterRevision(revision));
        let request = ListChangesRequest { start, ..ListChangesRequest::default() };
        let refusal = page(clients, request).await.unwrap_err();
        refusal.is(Code::OutOfRange, "REVISION_IN_FUTURE", &["after_revision"]);
    }
    Watch::open(clients, from(Start::AfterRevision(head))).await.unwrap();
}

async fn a_history_that_is_gone(server: &TestServer) {
    // It restarts the server, so it has one of its own.
    let server = TestServer::start(server.database.kind).await;
    let old = server.clients.head().await.token;
    for title in ["One", "Two", "Three"] {
        server.clients.create_agreement(agreement(title, &["KHM"])).await.unwrap();
    }
    let head = server.clients.head_revision().await;
    server.execute(&format!("UPDATE head SET earliest_revision = {head}")).await;
    let server = TestServer::start_on(server.stop().await).await;
    let clients = &server.clients;

    refused(clients, &old).await.is(Code::OutOfRange, "HISTORY_COMPACTED", &[]);
    let refusal = Watch::open(clients, from(Start::AfterRevision(0))).await.unwrap_err();
    refusal.is(Code::OutOfRange, "HISTORY_COMPACTED", &[]);
    assert_eq!(clients.head().await.earliest_revision, head);
    let mut earliest = Watch::open(clients, from_origin(Origin::Earliest)).await.unwrap();
    earliest.up_to(head).await;
    assert_eq!(earliest.commits().len(), 1);
    drop(earliest);
    server.finish().await;
}
