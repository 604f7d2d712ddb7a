//! Whatever a request alone shows to be wrong is told in one answer, each field
//! once.

use entente::proto::v1::list_changes_request::Start as PageStart;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    Agreement, BatchGetCountriesRequest, Country, CreateAgreementRequest, GetCountryRequest,
    ListChangesRequest, ListCountriesRequest, UpdateAgreementRequest, UpdateCountryRequest,
    WatchChangesRequest,
};
use prost_types::{Duration, Timestamp};
use tonic::{Code, Response, Status};

use crate::on_both;
use crate::support::samples::{agreement, create, delete, mask, undelete, update};
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::{Watch, page};

on_both!(
    wrong_gets,
    a_star_beside_other_paths,
    wrong_lists,
    wrong_starts_of_pages,
    wrong_starts_of_watches,
    durations_and_times_that_are_none,
    a_token_of_the_other_kind,
    unusable_mutations_beside_wrong_ones,
    a_write_without_its_resource,
);

fn refusal<T: std::fmt::Debug>(answer: Result<Response<T>, Status>) -> Refusal {
    Refusal::of(&answer.unwrap_err())
}

async fn wrong_gets(server: &TestServer) {
    let mut countries = server.clients.countries();
    for name in ["", "KHM", "agreements/KHM"] {
        let read_mask = mask(&["name", "nope", "uid.nope"]);
        let request = GetCountryRequest { name: name.to_owned(), read_mask, ..Default::default() };
        let fields = ["name", "read_mask.paths[1]", "read_mask.paths[2]"];
        refusal(countries.get_country(request).await).is_invalid(&fields);
    }
    let names = ["", "countries/KHM", "KHM", "officials/x", "countries/NIX"];
    for read_revision in [0, server.clients.head_revision().await] {
        let request = BatchGetCountriesRequest {
            names: names.map(str::to_owned).to_vec(),
            read_mask: mask(&["nope"]),
            read_revision,
            ..Default::default()
        };
        let fields = ["names[0]", "names[2]", "names[3]", "read_mask.paths[0]", "names[4]"];
        refusal(countries.batch_get_countries(request).await).is_invalid(&fields);
    }
}

async fn a_star_beside_other_paths(server: &TestServer) {
    let request = UpdateCountryRequest {
        country: Some(Country { name: "countries/KHM".to_owned(), ..Country::default() }),
        update_mask: mask(&["display_name", "*", "nope"]),
        ..UpdateCountryRequest::default()
    };
    let fields = ["update_mask.paths[2]", "update_mask.paths[1]"];
    refusal(server.clients.countries().update_country(request).await).is_invalid(&fields);
}

async fn wrong_lists(server: &TestServer) {
    let mut countries = server.clients.countries();
    let request = ListCountriesRequest {
        page_size: -1,
        page_token: "nonsense".to_owned(),
        order_by: "nope, uid".to_owned(),
        read_mask: mask(&["nope"]),
        ..ListCountriesRequest::default()
    };
    let fields = ["page_size", "read_mask.paths[0]", "order_by", "page_token"];
    refusal(countries.list_countries(request.clone()).await).is_invalid(&fields);

    let first = ListCountriesRequest { page_size: 1, ..ListCountriesRequest::default() };
    let token = countries.list_countries(first).await.unwrap().into_inner().next_page_token;
    let other = ListCountriesRequest {
        page_token: token,
        order_by: "display_name".to_owned(),
        read_mask: mask(&["nope"]),
        ..ListCountriesRequest::default()
    };
    let told = refusal(countries.list_countries(other.clone()).await);
    told.is_invalid(&["read_mask.paths[0]", "page_token"]);
    let told =
        refusal(countries.list_countries(ListCountriesRequest { read_mask: None, ..other }).await);
    told.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["page_token"]);
}

async fn wrong_starts_of_pages(server: &TestServer) {
    let clients = &server.clients;
    let wrong = |start| ListChangesRequest {
        start: Some(start),
        resource_types: vec!["Country".to_owned(), "Nope".to_owned()],
        kinds: vec![0, 99],
        read_mask: mask(&["nope"]),
        max_commits: -1,
        wait: Some(Duration { seconds: -1, nanos: 0 }),
        ..ListChangesRequest::default()
    };
    let starts = [
        (PageStart::Token("nonsense".to_owned()), "token"),
        (PageStart::AfterRevision(-1), "after_revision"),
        (PageStart::AfterTime(Timestamp { seconds: 0, nanos: -1 }), "after_time"),
        (PageStart::Origin(99), "origin"),
    ];
    for (start, field) in starts {
        let told = page(clients, wrong(start)).await.unwrap_err();
        let mut fields = told.fields.clone();
        fields.sort();
        let mut expected = [
            field,
            "kinds[0]",
            "kinds[1]",
            "max_commits",
            "read_mask.paths[0]",
            "resource_types[1]",
            "wait",
        ];
        expected.sort_unstable();
        assert_eq!(fields, expected);
        assert_eq!((told.code, told.reason.as_str()), (Code::InvalidArgument, "VALIDATION_FAILED"));
    }
}

async fn wrong_starts_of_watches(server: &TestServer) {
    let clients = &server.clients;
    let wrong = |start, until_revision| WatchChangesRequest {
        start: Some(start),
        resource_types: vec!["Nope".to_owned()],
        read_mask: mask(&["name", "nope"]),
        progress_interval: Some(Duration { seconds: 61, nanos: 0 }),
        until_revision,
        ..WatchChangesRequest::default()
    };
    let token = clients.head().await.token;
    let starts = [
        (Start::Token("nonsense".to_owned()), -1, Some("token")),
        (Start::AfterRevision(-1), -1, Some("after_revision")),
        (Start::AfterRevision(2), 1, None),
        (Start::Token(token), 1, None),
    ];
    for (start, until_revision, field) in starts {
        let told = Watch::open(clients, wrong(start, until_revision)).await.unwrap_err();
        let mut fields = told.fields.clone();
        fields.sort();
        let others =
            ["progress_interval", "read_mask.paths[1]", "resource_types[0]", "until_revision"];
        let mut expected: Vec<_> = field.into_iter().chain(others).collect();
        expected.sort_unstable();
        assert_eq!(fields, expected);
        assert_eq!((told.code, told.reason.as_str()), (Code::InvalidArgument, "VALIDATION_FAILED"));
    }
}

async fn durations_and_times_that_are_none(server: &TestServer) {
    let clients = &server.clients;
    let nanos = [-1, 1_000_000_000, i32::MIN, i32::MAX];
    let durations = nanos.map(|nanos| Duration { seconds: 5, nanos }).into_iter();
    let others = [(i64::MIN, 0), (i64::MAX, 0), (-1, 1), (-1, 0)];
    let others = others.map(|(seconds, nanos)| Duration { seconds, nanos });
    for duration in durations.chain(others) {
        let wait = Some(duration);
        let told =
            page(clients, ListChangesRequest { wait, ..ListChangesRequest::default() }).await;
        told.unwrap_err().is_invalid(&["wait"]);
        let request =
            WatchChangesRequest { progress_interval: wait, ..WatchChangesRequest::default() };
        Watch::open(clients, request).await.unwrap_err().is_invalid(&["progress_interval"]);
    }
    let times = nanos.map(|nanos| Timestamp { seconds: 0, nanos }).into_iter();
    let others = [-62_135_596_801, 253_402_300_800, i64::MIN, i64::MAX];
    let others = others.map(|seconds| Timestamp { seconds, nanos: 0 });
    for time in times.chain(others) {
        let start = Some(PageStart::AfterTime(time));
        let told =
            page(clients, ListChangesRequest { start, ..ListChangesRequest::default() }).await;
        told.unwrap_err().is_invalid(&["after_time"]);
        let start = Some(Start::AfterTime(time));
        let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
        Watch::open(clients, request).await.unwrap_err().is_invalid(&["after_time"]);
    }
    for seconds in [-62_135_596_800, 253_402_300_799] {
        let start = Some(Start::AfterTime(Timestamp { seconds, nanos: 999_999_999 }));
        let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
        Watch::open(clients, request).await.unwrap();
    }
}

async fn a_token_of_the_other_kind(server: &TestServer) {
    let clients = &server.clients;
    let first = ListCountriesRequest { page_size: 1, ..ListCountriesRequest::default() };
    let page_token = clients.countries().list_countries(first).await.unwrap().into_inner();
    let page_token = page_token.next_page_token;
    let told = watched_and_polled(clients, &page_token).await;
    told.is(Code::InvalidArgument, "TOKEN_MALFORMED", &["token"]);

    let watched = Watch::open(clients, WatchChangesRequest::default()).await.unwrap().token();
    for token in [watched, clients.head().await.token] {
        let request = ListCountriesRequest { page_token: token, ..ListCountriesRequest::default() };
        let told = refusal(clients.countries().list_countries(request).await);
        told.is(Code::InvalidArgument, "TOKEN_MALFORMED", &["page_token"]);
    }
}

/// How WatchChanges and ListChanges refuse a token; both alike.
async fn watched_and_polled(clients: &Clients, token: &str) -> Refusal {
    let start = Some(Start::Token(token.to_owned()));
    let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
    let watched = Watch::open(clients, request).await.unwrap_err();
    let start = Some(PageStart::Token(token.to_owned()));
    let request = ListChangesRequest { start, ..ListChangesRequest::default() };
    assert_eq!(page(clients, request).await.unwrap_err(), watched);
    watched
}

async fn unusable_mutations_beside_wrong_ones(server: &TestServer) {
    let clients = &server.clients;
    let stands = clients.create_agreement(agreement("Stands", &["KHM"])).await.unwrap();
    let head = clients.head_revision().await;
    let new = || Any::Agreement(Agreement { name: stands.name.clone(), ..agreement("New", &[]) });
    let mutations = vec![
        update(new(), &["nope", "title.nope"]),
        create("", Any::Agreement(agreement("x", &["XYZ"]))),
        delete("nonsense"),
        undelete("nowhere/x"),
        delete("officials/nobody"),
    ];
    let told = clients.apply(mutations).await.unwrap_err();
    let mut fields = told.fields.clone();
    fields.sort();
    let expected = [
        "mutations[0].update.update_mask.paths[0]",
        "mutations[0].update.update_mask.paths[1]",
        "mutations[1].create.resource.agreement.parties[0].country",
        "mutations[2].delete.name",
        "mutations[3].undelete.name",
        "mutations[4].delete.name",
    ];
    assert_eq!(fields, expected);
    assert_eq!((told.code, told.reason.as_str()), (Code::InvalidArgument, "VALIDATION_FAILED"));
    let told = clients.apply(vec![delete("nonsense"), delete("")]).await.unwrap_err();
    let mut fields = told.fields.clone();
    fields.sort();
    assert_eq!(fields, ["mutations[0].delete.name", "mutations[1].delete.name"]);
    assert_eq!(clients.head_revision().await, head, "nothing is written");
}

async fn a_write_without_its_resource(server: &TestServer) {
    let mut agreements = server.clients.agreements();
    let request_id = "x".repeat(129);
    let request = CreateAgreementRequest { request_id: request_id.clone(), ..Default::default() };
    let told = refusal(agreements.create_agreement(request).await);
    told.is_invalid(&["agreement", "request_id"]);
    let request = UpdateAgreementRequest { request_id, ..Default::default() };
    let told = refusal(agreements.update_agreement(request).await);
    told.is_invalid(&["agreement", "request_id"]);
}
