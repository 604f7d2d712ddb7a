//! What a stream lets through, and how much of it.

use std::collections::BTreeSet;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    ChangeKind, Commit, Country, Detail, ListChangesRequest, Origin, Resource, WatchChangesRequest,
    list_changes_request,
};
use prost_types::Timestamp;

use crate::on_both;
use crate::support::clients::by;
use crate::support::samples::{agreement, area, country, create, delete, mask, undelete, update};
use crate::support::{Refusal, TestServer};
use crate::watching::{Watch, from, from_origin, page, until};

on_both!(types_kinds_and_actors, names_and_read_masks, from_a_time, judged_only, wrong_selectors);

/// Writes one commit by each of two actors, with every kind of change.
async fn history(server: &TestServer) -> (i64, i64) {
    let start = server.clients.head_revision().await;
    let changed = Country { name: "countries/UTO".to_owned(), ..country("Changed") };
    let steps = [
        (
            "ann",
            vec![
                create("uto", Any::Country(country("Utopia"))),
                create("new", Any::CooperationArea(area("New"))),
            ],
        ),
        (
            "bob",
            vec![
                update(Any::Country(changed), &[]),
                create("pact", Any::Agreement(agreement("Pact", &["UTO"]))),
            ],
        ),
        ("ann", vec![delete("cooperationAreas/new")]),
        ("bob", vec![undelete("cooperationAreas/new"), delete("agreements/pact")]),
    ];
    for (actor, mutations) in steps {
        let request = entente::proto::v1::ApplyRequest {
            mutations,
            reason: format!("by {actor}"),
            ..Default::default()
        };
        server.clients.records().apply(by(actor, request)).await.unwrap();
    }
    (start, start + 4)
}

/// Each change as actor, kind and name.
fn told(commits: &[Commit]) -> Vec<(String, ChangeKind, String)> {
    let mut told = Vec::new();
    for commit in commits {
        assert_eq!(usize::try_from(commit.change_count).unwrap(), commit.changes.len());
        for change in &commit.changes {
            told.push((commit.actor.clone(), change.kind(), change.name.clone()));
        }
    }
    told
}

async fn types_kinds_and_actors(server: &TestServer) {
    let (start, end) = history(server).await;
    let all = until(&server.clients, from(Start::AfterRevision(start)), end).await;
    assert_eq!(all[0].reason, "by ann");
    let types: [&[&str]; 3] = [&[], &["CooperationArea"], &["Agreement", "Country"]];
    let kinds: [&[ChangeKind]; 3] =
        [&[], &[ChangeKind::Deleted], &[ChangeKind::Created, ChangeKind::Undeleted]];
    let actors: [&[&str]; 3] = [&[], &["ann"], &["bob", "nobody"]];
    let choices = types.iter().flat_map(|one| kinds.iter().map(move |two| (one, two)));
    let choices = choices.flat_map(|(one, two)| actors.iter().map(move |three| (one, two, three)));
    for (types, kinds, actors) in choices {
        let request = WatchChangesRequest {
            resource_types: types.iter().map(|one| (*one).to_owned()).collect(),
            kinds: kinds.iter().map(|kind| (*kind).into()).collect(),
            actors: actors.iter().map(|one| (*one).to_owned()).collect(),
            ..from(Start::AfterRevision(start))
        };
        let passes = |actor: &str, kind: ChangeKind, resource_type: &str| {
            (types.is_empty() || types.contains(&resource_type))
                && (kinds.is_empty() || kinds.contains(&kind))
                && (actors.is_empty() || actors.contains(&actor))
        };
        let mut expected = all.clone();
        for commit in &mut expected {
            commit.changes.retain(|one| passes(&commit.actor, one.kind(), &one.resource_type));
            commit.change_count = i32::try_from(commit.changes.len()).unwrap();
        }
        expected.retain(|commit| !commit.changes.is_empty());
        let found = until(&server.clients, request.clone(), end).await;
        assert_eq!(told(&found), told(&expected), "{request:?}");
        assert_eq!(found, expected, "{request:?}");
        let WatchChangesRequest { resource_types, kinds, actors, .. } = request;
        let start = Some(list_changes_request::Start::AfterRevision(start));
        let request =
            ListChangesRequest { start, resource_types, kinds, actors, ..Default::default() };
        assert_eq!(page(&server.clients, request).await.unwrap().commits, expected);
    }
}

async fn names_and_read_masks(server: &TestServer) {
    let (start, end) = history(server).await;
    let full = until(&server.clients, from(Start::AfterRevision(start)), end).await;
    let changed = &full[1].changes[0];
    assert_eq!(changed.changed_fields, mask(&["display_name"]));
    assert!(full[2].changes[0].resource.is_none(), "nothing is left of what was deleted");

    let detail = Detail::Names.into();
    let request = WatchChangesRequest { detail, ..from(Start::AfterRevision(start)) };
    let mut expected = full.clone();
    for change in expected.iter_mut().flat_map(|commit| &mut commit.changes) {
        change.resource = None;
    }
    assert_eq!(until(&server.clients, request, end).await, expected);

    let read_mask = mask(&["uid", "parties", "display_name"]);
    let request = WatchChangesRequest { read_mask, ..from(Start::AfterRevision(start)) };
    let masked = until(&server.clients, request, end).await;
    for (change, whole) in
        masked.iter().zip(&full).flat_map(|(a, b)| a.changes.iter().zip(&b.changes))
    {
        let expected = whole.resource.clone().map(|one| match one.resource.unwrap() {
            Any::Country(Country { uid, display_name, .. }) => {
                Any::Country(Country { uid, display_name, ..Country::default() })
            }
            Any::Agreement(one) => Any::Agreement(entente::proto::v1::Agreement {
                uid: one.uid,
                parties: one.parties,
                ..Default::default()
            }),
            Any::CooperationArea(one) => {
                Any::CooperationArea(entente::proto::v1::CooperationArea {
                    uid: one.uid,
                    display_name: one.display_name,
                    ..Default::default()
                })
            }
            other => panic!("there is no {other:?}"),
        });
        assert_eq!(change.resource, expected.map(|one| Resource { resource: Some(one) }));
    }
}

async fn from_a_time(server: &TestServer) {
    let (start, end) = history(server).await;
    let all = until(&server.clients, from_origin(Origin::Earliest), end).await;
    for commit in &all {
        let time = commit.commit_time.unwrap();
        let found = until(&server.clients, from(Start::AfterTime(time)), end).await;
        let first = usize::try_from(commit.revision).unwrap();
        assert_eq!(found, all[first..], "after the time of {}", commit.revision);
        let before = Timestamp { seconds: time.seconds - 1_000_000, nanos: 0 };
        let found = until(&server.clients, from(Start::AfterTime(before)), end).await;
        assert_eq!(found.len(), all.len());
    }
    let later = Timestamp { seconds: 32_503_680_000, nanos: 0 };
    assert!(until(&server.clients, from(Start::AfterTime(later)), end).await.is_empty());
    assert!(start < end);
}

async fn judged_only(server: &TestServer) {
    let request = WatchChangesRequest { validate_only: true, ..from_origin(Origin::Earliest) };
    let mut watch = Watch::open(&server.clients, request).await.unwrap();
    assert_eq!(watch.next().await, None, "nothing but `started`");
    let resource_types = vec!["Nonsense".to_owned()];
    let request = WatchChangesRequest { validate_only: true, resource_types, ..Default::default() };
    Watch::open(&server.clients, request).await.unwrap_err().is_invalid(&["resource_types[0]"]);
}

async fn wrong_selectors(server: &TestServer) {
    let wrong = WatchChangesRequest {
        kinds: vec![0, 1, 99],
        detail: 99,
        until_revision: -1,
        ..from(Start::Origin(99))
    };
    let refused = |refusal: Refusal| {
        let found: BTreeSet<_> = refusal.fields.iter().map(String::as_str).collect();
        refusal.is(
            tonic::Code::InvalidArgument,
            "VALIDATION_FAILED",
            &refusal.fields.iter().map(String::as_str).collect::<Vec<_>>(),
        );
        found.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let found = refused(Watch::open(&server.clients, wrong).await.unwrap_err());
    assert_eq!(found, ["detail", "kinds[0]", "kinds[2]", "origin", "until_revision"]);
    let wrong = WatchChangesRequest {
        resource_types: vec!["Country".into(), "country".into(), String::new()],
        read_mask: mask(&["title", "nonsense"]),
        ..Default::default()
    };
    let found = refused(Watch::open(&server.clients, wrong).await.unwrap_err());
    assert_eq!(found, ["read_mask.paths[1]", "resource_types[1]", "resource_types[2]"]);
    let past = WatchChangesRequest { until_revision: 1, ..from(Start::AfterRevision(2)) };
    Watch::open(&server.clients, past).await.unwrap_err().is_invalid(&["until_revision"]);
    let negative = from(Start::AfterRevision(-1));
    Watch::open(&server.clients, negative).await.unwrap_err().is_invalid(&["after_revision"]);
}
