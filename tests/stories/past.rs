//! What the record said at an earlier time.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    Agreement, BatchGetAgreementsRequest, GetAgreementRequest, GetCountryRequest,
    ListAgreementsRequest, ListCountriesRequest,
};
use prost_types::Timestamp;
use tonic::Code;

use crate::on_both;
use crate::support::samples::{agreement, create, delete, undelete, update};
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::{from, until};

on_both!(
    what_was_said_of_one,
    a_name_that_two_had,
    lists_of_the_past,
    a_list_of_the_past_that_is_cut,
    by_time_and_by_code,
    the_past_cannot_be_asked_so,
);

async fn title_at(clients: &Clients, name: &str, read_revision: i64) -> Option<String> {
    let name = name.to_owned();
    let request = GetAgreementRequest { name, read_revision, ..GetAgreementRequest::default() };
    match clients.agreements().get_agreement(request).await {
        Ok(found) => {
            let found = found.into_inner();
            assert!(found.revision <= read_revision);
            Some(found.title)
        }
        Err(status) => {
            Refusal::of(&status).is(Code::NotFound, "NOT_FOUND", &["name"]);
            None
        }
    }
}

fn renamed(name: &str, title: &str) -> Any {
    Any::Agreement(Agreement { name: name.to_owned(), ..agreement(title, &["KHM"]) })
}

/// Versions of `agreements/pact`, one for each revision from the first on.
async fn history(clients: &Clients) -> (i64, Vec<Option<&'static str>>) {
    let start = clients.head_revision().await;
    let new = |title: &str| create("pact", Any::Agreement(agreement(title, &["KHM"])));
    let steps = [
        (Some("One"), new("One")),
        (Some("Two"), update(renamed("agreements/pact", "Two"), &["title"])),
        (None, delete("agreements/pact")),
        (Some("Two"), undelete("agreements/pact")),
        (None, delete("agreements/pact")),
        (Some("Other"), new("Other")),
        (Some("Other two"), update(renamed("agreements/pact", "Other two"), &["title"])),
        (None, delete("agreements/pact")),
        (Some("Third"), new("Third")),
    ];
    let mut titles = vec![None];
    for (title, step) in steps {
        clients.apply(vec![step]).await.unwrap();
        titles.push(title);
    }
    (start, titles)
}

async fn what_was_said_of_one(server: &TestServer) {
    let clients = &server.clients;
    let (start, titles) = history(clients).await;
    for (revision, title) in (start..).zip(&titles) {
        let found = title_at(clients, "agreements/pact", revision).await;
        assert_eq!(found.as_deref(), *title, "at {revision}");
    }
    let names = vec!["agreements/pact".to_owned()];
    let request = BatchGetAgreementsRequest {
        names,
        read_revision: start + 2,
        ..BatchGetAgreementsRequest::default()
    };
    let found = clients.agreements().batch_get_agreements(request.clone()).await.unwrap();
    assert_eq!(found.into_inner().agreements[0].title, "Two");
    let missing = BatchGetAgreementsRequest { read_revision: start, ..request };
    let refusal = clients.agreements().batch_get_agreements(missing).await.unwrap_err();
    Refusal::of(&refusal).is(Code::NotFound, "NOT_FOUND", &["names[0]"]);
}

async fn a_name_that_two_had(server: &TestServer) {
    let clients = &server.clients;
    let (start, titles) = history(clients).await;
    let uid = async |revision: i64| {
        let request = GetAgreementRequest {
            name: "agreements/pact".to_owned(),
            read_revision: revision,
            ..GetAgreementRequest::default()
        };
        clients.agreements().get_agreement(request).await.unwrap().into_inner().uid
    };
    assert_eq!(uid(start + 1).await, uid(start + 4).await);
    assert_ne!(uid(start + 1).await, uid(start + 6).await);
    assert_ne!(uid(start + 7).await, uid(start + 9).await);
    clients.apply(vec![delete("agreements/pact")]).await.unwrap();
    for (revision, title) in (start..).zip(&titles) {
        let found = title_at(clients, "agreements/pact", revision).await;
        assert_eq!(found.as_deref(), *title, "at {revision}, now that it is gone");
    }
}

/// Names and titles of all pages.
async fn listed(clients: &Clients, request: ListAgreementsRequest) -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = ListAgreementsRequest { page_token, ..request.clone() };
        let page = clients.agreements().list_agreements(request).await.unwrap().into_inner();
        all.extend(page.agreements.into_iter().map(|one| (one.name, one.title)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

async fn lists_of_the_past(server: &TestServer) {
    let clients = &server.clients;
    let new = |number: usize, parties: &[&str]| {
        let one = agreement(&format!("Title {number}"), parties);
        create(&format!("a{number:02}"), Any::Agreement(one))
    };
    let made = (0..30).map(|number| new(number, if number % 2 == 0 { &["KHM"] } else { &["RUS"] }));
    clients.apply(made.collect()).await.unwrap();
    let first = clients.head_revision().await;
    let was = listed(clients, ListAgreementsRequest::default()).await;
    let khm = ListAgreementsRequest {
        filter: "parties.country = countries/KH".to_owned(),
        ..ListAgreementsRequest::default()
    };
    let khm_was = listed(clients, khm.clone()).await;
    assert_eq!((was.len(), khm_was.len()), (30, 15));
    let mut steps: Vec<_> = (0..30)
        .step_by(3)
        .map(|number| update(renamed(&format!("agreements/a{number:02}"), "New"), &[]))
        .collect();
    steps.extend((1..30).step_by(6).map(|number| delete(&format!("agreements/a{number:02}"))));
    steps.push(create("a00b", Any::Agreement(agreement("Between", &["KHM"]))));
    clients.apply(steps).await.unwrap();
    let at = |request: &ListAgreementsRequest, page_size| ListAgreementsRequest {
        read_revision: first,
        page_size,
        ..request.clone()
    };
    for page_size in [1, 7, 1_000] {
        let all = at(&ListAgreementsRequest::default(), page_size);
        assert_eq!(listed(clients, all).await, was, "pages of {page_size}");
        assert_eq!(listed(clients, at(&khm, page_size)).await, khm_was, "pages of {page_size}");
    }
    let page = clients.agreements().list_agreements(at(&khm, 1)).await.unwrap().into_inner();
    let watch = from(Start::Token(page.watch_token));
    let later = until(clients, watch, clients.head_revision().await).await;
    assert_eq!(later.first().map(|commit| commit.revision), Some(first + 1));
    let before = ListAgreementsRequest { read_revision: first - 1, ..Default::default() };
    assert_eq!(listed(clients, before).await, []);
}

/// Pages that are full before they have as many records as was asked for, with names that
/// other languages sort otherwise.
async fn a_list_of_the_past_that_is_cut(server: &TestServer) {
    let clients = &server.clients;
    let large = |id: &str, title: &str| {
        let (name, summary) = (format!("agreements/{id}"), "x".repeat(19_000));
        Any::Agreement(Agreement { name, summary, ..agreement(title, &["KHM"]) })
    };
    let ids: Vec<String> =
        (0..180).flat_map(|number| [format!("aa{number}"), format!("zy{number}")]).collect();
    for ids in ids.chunks(50) {
        let made = ids.iter().map(|id| create(id, large(id, "Old")));
        clients.apply(made.collect()).await.unwrap();
    }
    let was = listed(clients, ListAgreementsRequest::default()).await;
    let read_revision = clients.head_revision().await;
    for ids in ids.chunks(50) {
        let changed = ids.iter().map(|id| update(large(id, "New"), &["title"]));
        clients.apply(changed.collect()).await.unwrap();
    }
    let then = ListAgreementsRequest { read_revision, page_size: 1_000, ..Default::default() };
    assert_eq!(listed(clients, then).await, was);
    assert_eq!(was.len(), ids.len());
}

async fn by_time_and_by_code(server: &TestServer) {
    let clients = &server.clients;
    let head = clients.head().await;
    let made = clients.create_agreement(agreement("New", &["KHM"])).await.unwrap();
    let request = |read_time: Option<Timestamp>| GetAgreementRequest {
        name: made.name.clone(),
        read_time,
        ..GetAgreementRequest::default()
    };
    let get = async |time| clients.agreements().get_agreement(request(Some(time))).await;
    let refusal = get(head.head_commit_time.unwrap()).await.unwrap_err();
    Refusal::of(&refusal).is(Code::NotFound, "NOT_FOUND", &["name"]);
    let now = clients.head().await.head_commit_time.unwrap();
    let found = get(now).await.unwrap().into_inner();
    assert_eq!(found, made);
    let later = Timestamp { seconds: now.seconds + 1_000_000, ..now };
    assert_eq!(get(later).await.unwrap().into_inner(), made);
    let by_code = GetCountryRequest {
        name: "countries/kh".to_owned(),
        read_revision: head.head_revision,
        ..GetCountryRequest::default()
    };
    let found = clients.countries().get_country(by_code).await.unwrap().into_inner();
    assert_eq!(found.name, "countries/KHM");
    let nothing = ListCountriesRequest {
        read_time: Some(Timestamp { seconds: 0, nanos: 0 }),
        ..ListCountriesRequest::default()
    };
    let nothing = clients.countries().list_countries(nothing).await.unwrap().into_inner();
    assert_eq!((nothing.countries.len(), nothing.next_page_token.as_str()), (0, ""));
}

async fn the_past_cannot_be_asked_so(server: &TestServer) {
    let clients = &server.clients;
    let head = clients.head_revision().await;
    let refused = async |request: ListAgreementsRequest| {
        let answer = clients.agreements().list_agreements(request).await;
        Refusal::of(&answer.unwrap_err())
    };
    let at = |read_revision| ListAgreementsRequest { read_revision, ..Default::default() };
    let refusal = refused(at(head + 1)).await;
    refusal.is(Code::OutOfRange, "REVISION_IN_FUTURE", &["read_revision"]);
    refused(at(-1)).await.is_invalid(&["read_revision"]);
    let both = ListAgreementsRequest { read_time: Some(Timestamp::default()), ..at(1) };
    refused(both).await.is_invalid(&["read_time"]);
    let never = Timestamp { seconds: i64::MAX, nanos: 0 };
    let never = ListAgreementsRequest { read_time: Some(never), ..at(0) };
    refused(never).await.is_invalid(&["read_time"]);
    let sorted = ListAgreementsRequest { order_by: "title".to_owned(), ..at(1) };
    refused(sorted).await.is_invalid(&["order_by"]);
    let counted = ListAgreementsRequest { include_total_size: true, ..at(1) };
    refused(counted).await.is_invalid(&["include_total_size"]);
    let pages = (0..3)
        .map(|number| create(&format!("p{number}"), Any::Agreement(agreement("Page", &["KHM"]))));
    clients.apply(pages.collect()).await.unwrap();
    let first = ListAgreementsRequest { page_size: 1, ..at(head + 1) };
    let token = clients.agreements().list_agreements(first).await.unwrap().into_inner();
    let other = ListAgreementsRequest { page_token: token.next_page_token, ..at(head) };
    refused(other).await.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["page_token"]);
    let sql = format!("UPDATE head SET earliest_revision = {}", head + 1);
    server.execute(&sql).await;
    let answer = until(clients, from(Start::AfterRevision(head)), head + 1).await;
    assert_eq!(answer.len(), 1);
    server.execute("UPDATE head SET earliest_revision = 1").await;
}
