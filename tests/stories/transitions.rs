//! What a stream with a filter tells of a change: judged on the resource before and
//! after it.

use entente::feed::ring::Next;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    Agreement, ChangeKind, Commit, Country, Detail, ListAgreementsRequest, ListChangesRequest,
    Resource, WatchChangesRequest, list_changes_request,
};
use tonic::Code;

use crate::on_both;
use crate::stalled;
use crate::support::TestServer;
use crate::support::samples::{agreement, area, country, create, delete, undelete, update};
use crate::watching::{Watch, from, page, until};

on_both!(
    each_kind_by_what_was_before_and_after,
    the_same_from_the_log,
    kinds_choose_what_is_told,
    all_types_or_some,
    a_copy_of_a_list_whose_filter_has_changed,
    what_a_filter_names_may_be_deleted,
    filters_that_are_wrong,
);

const KHM: &str = "parties.country = \"countries/KH\"";

fn pact(name: &str, title: &str, countries: &[&str]) -> Any {
    Any::Agreement(Agreement { name: name.to_owned(), ..agreement(title, countries) })
}

/// An agreement that comes and goes, for those who look at Cambodia; the revision
/// before, and the last.
async fn history(server: &TestServer) -> (i64, i64) {
    let clients = &server.clients;
    let start = clients.head_revision().await;
    let named = |title: &str, countries: &[&str]| pact("agreements/pact", title, countries);
    let steps = [
        create("pact", pact("", "One", &["KHM", "RUS"])),
        update(named("Two", &["KHM", "RUS"]), &["title"]),
        update(named("Two", &["THA", "RUS"]), &["parties"]),
        update(named("Three", &["THA", "RUS"]), &["title"]),
        delete("agreements/pact"),
        undelete("agreements/pact"),
        update(named("Three", &["KHM", "RUS"]), &["parties"]),
        delete("agreements/pact"),
        undelete("agreements/pact"),
    ];
    let count = i64::try_from(steps.len()).unwrap();
    for step in steps {
        clients.apply(vec![step]).await.unwrap();
    }
    (start, start + count)
}

fn told(commits: &[Commit]) -> Vec<(i64, ChangeKind)> {
    let changes = commits.iter().flat_map(|commit| {
        assert_eq!(usize::try_from(commit.change_count).unwrap(), commit.changes.len());
        commit.changes.iter().map(|change| (commit.revision, change.kind()))
    });
    changes.collect()
}

fn expected(start: i64) -> Vec<(i64, ChangeKind)> {
    vec![
        (start + 1, ChangeKind::Created),
        (start + 2, ChangeKind::Updated),
        (start + 3, ChangeKind::Left),
        (start + 7, ChangeKind::Entered),
        (start + 8, ChangeKind::Deleted),
        (start + 9, ChangeKind::Undeleted),
    ]
}

fn asked(start: i64) -> WatchChangesRequest {
    WatchChangesRequest {
        filter: KHM.to_owned(),
        detail: Detail::FullWithBefore.into(),
        ..from(Start::AfterRevision(start))
    }
}

fn title(resource: &Option<Resource>) -> Option<&str> {
    match resource.as_ref()?.resource.as_ref()? {
        Any::Agreement(agreement) => Some(&agreement.title),
        _ => None,
    }
}

fn check(commits: &[Commit], start: i64) {
    assert_eq!(told(commits), expected(start));
    let titles: Vec<_> = commits
        .iter()
        .flat_map(|commit| &commit.changes)
        .map(|change| (title(&change.before), title(&change.resource)))
        .collect();
    let all = [
        (None, Some("One")),
        (Some("One"), Some("Two")),
        (Some("Two"), None),
        (Some("Three"), Some("Three")),
        (Some("Three"), None),
        (None, Some("Three")),
    ];
    assert_eq!(titles, all);
    let fields = commits[2].changes[0].changed_fields.clone().unwrap();
    assert_eq!(fields.paths, ["parties"]);
    assert!(commits.iter().all(|commit| !commit.changes[0].uid.is_empty()));
}

async fn each_kind_by_what_was_before_and_after(server: &TestServer) {
    let (start, end) = history(server).await;
    let commits = until(&server.clients, asked(start), end).await;
    check(&commits, start);
    let without = WatchChangesRequest { detail: Detail::Full.into(), ..asked(start) };
    let without = until(&server.clients, without, end).await;
    assert_eq!(told(&without), expected(start));
    assert!(without.iter().all(|commit| commit.changes[0].before.is_none()));
    let request = ListChangesRequest {
        filter: KHM.to_owned(),
        detail: Detail::FullWithBefore.into(),
        start: Some(list_changes_request::Start::AfterRevision(start)),
        ..ListChangesRequest::default()
    };
    let polled = page(&server.clients, request).await.unwrap();
    assert_eq!(polled.commits, commits);
}

async fn the_same_from_the_log(server: &TestServer) {
    let clients = &server.clients;
    let (start, end) = history(server).await;
    let live = until(&server.clients, asked(start), end).await;
    stalled::fill(clients).await;
    let next = server.server.api.feed.after(start);
    assert!(matches!(next, Next::Behind), "the ring has moved on: {next:?}");
    let read = until(&server.clients, asked(start), end).await;
    check(&read, start);
    assert_eq!(read, live);
    let by_type = WatchChangesRequest {
        filter: String::new(),
        resource_types: vec!["Country".to_owned()],
        ..asked(start)
    };
    assert_eq!(until(&server.clients, by_type, end).await, []);
    let created = WatchChangesRequest {
        filter: String::new(),
        kinds: vec![ChangeKind::Deleted.into()],
        ..asked(start)
    };
    let created = until(&server.clients, created, end).await;
    assert_eq!(
        told(&created),
        [(start + 5, ChangeKind::Deleted), (start + 8, ChangeKind::Deleted)]
    );
}

async fn kinds_choose_what_is_told(server: &TestServer) {
    let (start, end) = history(server).await;
    for kinds in [vec![ChangeKind::Left], vec![ChangeKind::Entered, ChangeKind::Created]] {
        let chosen = kinds.iter().map(|kind| i32::from(*kind)).collect();
        let request = WatchChangesRequest { kinds: chosen, ..asked(start) };
        let commits = until(&server.clients, request, end).await;
        let mut all = expected(start);
        all.retain(|(_, kind)| kinds.contains(kind));
        assert_eq!(told(&commits), all);
    }
}

async fn all_types_or_some(server: &TestServer) {
    let clients = &server.clients;
    let start = clients.head_revision().await;
    let step = vec![
        create("one", pact("", "Shared name", &["KHM", "RUS"])),
        create("two", Any::CooperationArea(area("Shared name"))),
        create("three", Any::CooperationArea(area("Another"))),
    ];
    clients.apply(step).await.unwrap();
    let asked = |filter: &str, types: &[&str]| WatchChangesRequest {
        filter: filter.to_owned(),
        resource_types: types.iter().map(|name| (*name).to_owned()).collect(),
        ..from(Start::AfterRevision(start))
    };
    let by = async |filter: &str, types: &[&str]| {
        let commits = until(clients, asked(filter, types), start + 1).await;
        let changes = commits.into_iter().flat_map(|commit| commit.changes);
        changes.map(|change| change.name).collect::<Vec<_>>()
    };
    let either = "title = \"Shared name\" OR display_name = \"Shared name\"";
    assert_eq!(by(either, &[]).await, ["agreements/one", "cooperationAreas/two"]);
    assert_eq!(by(either, &["Agreement", "Country"]).await, ["agreements/one"]);
    // What a type does not have it does not match, and does not match the contrary.
    assert_eq!(by("title = \"Shared name\"", &["CooperationArea", "Agreement"]).await.len(), 1);
    assert_eq!(
        by("NOT title = \"Shared name\"", &[]).await,
        ["cooperationAreas/two", "cooperationAreas/three"]
    );
    assert_eq!(by("form = TREATY", &[]).await, ["agreements/one"]);
    assert_eq!(by("under(areas, security)", &[]).await, [""; 0]);
}

/// Whoever has copied a list and goes on from its token is told if the filter came to mean
/// something else in between.
async fn a_copy_of_a_list_whose_filter_has_changed(server: &TestServer) {
    let clients = &server.clients;
    let coded = |name: &str, code: &str| {
        let codes = Country { alpha3: code.to_owned(), ..country(name) };
        Any::Country(Country { name: format!("countries/{name}"), ..codes })
    };
    let below = |broader: &str| {
        let mut area = area("Made up");
        area.name = "cooperationAreas/made-up".to_owned();
        area.broader = format!("cooperationAreas/{broader}");
        Any::CooperationArea(area)
    };
    clients
        .apply(vec![
            create("CONE", coded("CONE", "XXA")),
            create("CTWO", coded("CTWO", "")),
            create("made-up", below("trade")),
        ])
        .await
        .unwrap();
    let moves =
        vec![update(coded("CONE", ""), &["alpha3"]), update(coded("CTWO", "XXA"), &["alpha3"])];
    for (filter, alters) in [
        (
            "under(areas, \"cooperationAreas/security\")",
            vec![update(below("security"), &["broader"])],
        ),
        ("parties.country = \"countries/XXA\"", moves),
    ] {
        let list = || ListAgreementsRequest { filter: filter.to_owned(), ..Default::default() };
        let listed = clients.agreements().list_agreements(list()).await.unwrap().into_inner();
        let behind = |token: String| WatchChangesRequest {
            start: Some(Start::Token(token)),
            filter: filter.to_owned(),
            ..WatchChangesRequest::default()
        };
        clients.create_agreement(agreement("Another", &["KHM", "RUS"])).await.unwrap();
        Watch::open(clients, behind(listed.watch_token.clone())).await.unwrap();
        clients.apply(alters).await.unwrap();
        let refusal = Watch::open(clients, behind(listed.watch_token.clone())).await.unwrap_err();
        refusal.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
        let poll = ListChangesRequest {
            filter: filter.to_owned(),
            start: Some(list_changes_request::Start::Token(listed.watch_token)),
            ..ListChangesRequest::default()
        };
        let refusal = page(clients, poll).await.unwrap_err();
        refusal.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
        let again = clients.agreements().list_agreements(list()).await.unwrap().into_inner();
        Watch::open(clients, behind(again.watch_token)).await.unwrap();
    }

    // The code is nobody's any more: it was right when the list was made.
    let filter = "parties.country = \"countries/XXA\"".to_owned();
    let list = ListAgreementsRequest { filter: filter.clone(), ..Default::default() };
    let listed = clients.agreements().list_agreements(list).await.unwrap().into_inner();
    clients.apply(vec![update(coded("CTWO", ""), &["alpha3"])]).await.unwrap();
    let start = Some(Start::Token(listed.watch_token));
    let behind = WatchChangesRequest { start: start.clone(), filter, ..Default::default() };
    let refusal = Watch::open(clients, behind).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
    let filter = "parties.country = \"countries/XXQ\"".to_owned();
    let never = WatchChangesRequest { start, filter, ..Default::default() };
    let refusal = Watch::open(clients, never).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
}

async fn what_a_filter_names_may_be_deleted(server: &TestServer) {
    let clients = &server.clients;
    clients.apply(vec![create("gone", pact("", "Gone", &["KHM"]))]).await.unwrap();
    let request = WatchChangesRequest {
        filter: "name = \"agreements/gone\"".to_owned(),
        ..WatchChangesRequest::default()
    };
    let watch = Watch::open(clients, request.clone()).await.unwrap();
    let lived = clients.head_revision().await;
    clients.apply(vec![delete("agreements/gone")]).await.unwrap();
    let start = Some(Start::Token(watch.token()));
    let resumed = WatchChangesRequest { start, ..request.clone() };
    let commits = until(clients, resumed, lived + 1).await;
    assert_eq!(told(&commits), [(lived + 1, ChangeKind::Deleted)]);
    let list = |read_revision| ListAgreementsRequest {
        filter: request.filter.clone(),
        read_revision,
        ..ListAgreementsRequest::default()
    };
    for (read_revision, count) in [(lived, 1), (lived + 1, 0), (0, 0)] {
        let page = clients.agreements().list_agreements(list(read_revision)).await.unwrap();
        assert_eq!(page.into_inner().agreements.len(), count, "as of {read_revision}");
    }
}

async fn filters_that_are_wrong(server: &TestServer) {
    let clients = &server.clients;
    let refused = async |filter: &str, types: &[&str]| {
        let request = WatchChangesRequest {
            filter: filter.to_owned(),
            resource_types: types.iter().map(|name| (*name).to_owned()).collect(),
            ..WatchChangesRequest::default()
        };
        let watched = Watch::open(clients, request.clone()).await.unwrap_err();
        let WatchChangesRequest { filter, resource_types, .. } = request;
        let poll = ListChangesRequest { filter, resource_types, ..ListChangesRequest::default() };
        assert_eq!(page(clients, poll).await.unwrap_err(), watched);
        watched
    };
    for (filter, types, place) in [
        ("nonsense = 1", &[][..], 1),
        ("title = a AND nope = 1", &["Agreement"], 15),
        ("form = NOPE", &[], 8),
        ("title = a AND title = b OR title = c", &[], 25),
        ("(title = a", &[], 1),
        ("parties.country = \"countries/NOPE\"", &[], 19),
        ("title = a", &["Country"], 1),
    ] {
        let refusal = refused(filter, types).await;
        refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
        let at = format!("at character {place}:");
        assert!(refusal.descriptions[0].starts_with(&at), "{filter}: {:?}", refusal.descriptions);
    }
    let nearest = refused("tenures.cuntry = KHM", &[]).await;
    assert!(nearest.descriptions[0].contains("tenures has"), "{:?}", nearest.descriptions);
    let long = format!("title = \"{}\"", "x".repeat(2_048));
    refused(&long, &[]).await.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
    let deep = format!("{}title = a{}", "(".repeat(17), ")".repeat(17));
    refused(&deep, &[]).await.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
}
