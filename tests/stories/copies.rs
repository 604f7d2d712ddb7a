//! What one store has recorded and another one takes over: the records are the same, also
//! those that changed with others, and those of which somebody has taken that back.

use std::collections::BTreeMap;

use entente::proto::v1::import_response::Outcome;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementLink, AgreementLinkKind, ApplyRequest,
    ImportRequest, ImportResponse, Mutation, UpdateMutation, mutation::Operation,
};
use entente::store::clock::Clock;
use futures_util::{StreamExt, stream};
use prost_types::Timestamp;
use serde_json::Value;

use crate::calendar::{comes, day};
use crate::on_both;
use crate::support::clients::by;
use crate::support::command::{Files, import, run};
use crate::support::database::TestDatabase;
use crate::support::samples::{action, agreement, any, create, update};
use crate::support::{Clients, TestServer};

use ActionKind::{EntryIntoForce, Expiry, Signature};

on_both!(
    an_export_makes_the_same_records,
    what_follows_on_a_later_day_follows,
    a_copy_says_when_it_was_recorded,
);

/// An agreement with these actions that takes the place of others.
fn treaty(title: &str, actions: &[(ActionKind, &str)], supersedes: &[&str]) -> Agreement {
    let actions = actions.iter().map(|(kind, date)| action(*kind, date)).collect();
    let links = supersedes.iter().map(|id| AgreementLink {
        kind: AgreementLinkKind::Supersedes.into(),
        agreement: format!("agreements/{id}"),
    });
    Agreement { actions, links: links.collect(), ..agreement(title, &["KHM", "RUS"]) }
}

async fn make(server: &TestServer, id: &str, actions: &[(ActionKind, &str)], others: &[&str]) {
    let made = treaty(id, actions, others);
    server.clients.apply(vec![create(id, Any::Agreement(made))]).await.unwrap();
}

/// Takes back that `id` has ended.
async fn goes_on(server: &TestServer, id: &str) {
    let name = format!("agreements/{id}");
    let one = Agreement { name, ..treaty(id, &[(EntryIntoForce, "2000")], &[]) };
    server.clients.apply(vec![update(Any::Agreement(one), &["actions"])]).await.unwrap();
}

/// The records of a store as they are exported, by name.
async fn exported(server: &TestServer) -> String {
    let output = run(server, &["export"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The same without what is each store's own.
fn records(lines: &str) -> BTreeMap<String, Value> {
    let records = lines.lines().map(|line| {
        let line: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
        let mut record = line.into_values().next().unwrap();
        for field in ["uid", "etag", "revision", "createTime", "updateTime"] {
            assert!(record.as_object_mut().unwrap().remove(field).is_some(), "{field}");
        }
        (record["name"].as_str().unwrap().to_owned(), record)
    });
    records.collect()
}

/// The kinds of the actions of an agreement.
fn kinds(records: &BTreeMap<String, Value>, id: &str) -> Vec<String> {
    let actions = records[&format!("agreements/{id}")]["actions"].as_array().unwrap();
    let kinds = actions.iter().map(|one| one["kind"].as_str().unwrap().to_owned());
    kinds.map(|kind| kind.replace("ACTION_KIND_", "")).collect()
}

/// Takes what is exported over into `to`, twice: the second time nothing is written.
async fn copy(exported: &str, to: &TestServer, flags: &[&str]) -> BTreeMap<String, Value> {
    let files = Files::new();
    let file = files.put("copy.jsonl", exported);
    let told = import(to, flags, &[&file]).await;
    assert!(told.is_whole, "{}", told.text);
    let head = to.clients.head_revision().await;
    let told = import(to, flags, &[&file]).await;
    assert_eq!(told.of("unchanged").len(), exported.lines().count(), "{}", told.summary);
    assert_eq!(to.clients.head_revision().await, head, "no commit");
    records(&self::exported(to).await)
}

async fn an_export_makes_the_same_records(server: &TestServer) {
    let entered = [(EntryIntoForce, "2010")];
    for old in ["stands", "undone", "x", "y"] {
        make(server, old, &[(EntryIntoForce, "2000")], &[]).await;
    }
    make(server, "new", &entered, &["stands"]).await;
    // These come before what they name, and the one is in a circle with one of its two.
    make(server, "a", &[(EntryIntoForce, "2010"), (Expiry, "2900")], &["undone"]).await;
    make(server, "b", &entered, &["x", "y"]).await;
    goes_on(server, "undone").await;
    goes_on(server, "x").await;

    let other = TestServer::start(server.database.kind).await;
    let lines = exported(server).await;
    let mut told = records(&lines);
    for id in ["stands", "y"] {
        assert_eq!(kinds(&told, id), ["ENTRY_INTO_FORCE", "TERMINATION"], "{id}");
    }
    for id in ["undone", "x"] {
        assert_eq!(kinds(&told, id), ["ENTRY_INTO_FORCE"], "{id}");
    }
    assert_eq!(copy(&lines, &other, &[]).await, told);

    // What is taken back afterwards is taken over where the record is taken as a whole.
    goes_on(server, "stands").await;
    let lines = exported(server).await;
    told = records(&lines);
    assert_ne!(copy(&lines, &other, &[]).await, told);
    assert_eq!(copy(&lines, &other, &["--replace"]).await, told);

    // A register knows nothing of that: what it says of an agreement is all there.
    let files = Files::new();
    let again = r#"{"agreement": {"name": "agreements/undone", "place": "Minsk"}}"#;
    assert!(import(&other, &[], &[&files.put("again.jsonl", again)]).await.is_whole);
    comes(&other, "2950-01-01").await;
    let later = records(&exported(&other).await);
    assert_eq!(later["agreements/a"]["status"], "AGREEMENT_STATUS_TERMINATED");
    for id in ["stands", "undone", "x"] {
        assert_eq!(kinds(&later, id), ["ENTRY_INTO_FORCE"], "{id}: what is past is past");
    }
    other.finish().await;
}

async fn what_follows_on_a_later_day_follows(server: &TestServer) {
    for old in ["old", "undone"] {
        make(server, old, &[(EntryIntoForce, "2000")], &[]).await;
    }
    make(server, "a", &[(EntryIntoForce, "2010")], &["undone"]).await;
    make(server, "b", &[(Signature, "2010"), (EntryIntoForce, "2950-01-02")], &["old"]).await;
    goes_on(server, "undone").await;
    let lines = exported(server).await;

    let early = TestServer::start(server.database.kind).await;
    assert_eq!(copy(&lines, &early, &[]).await, records(&lines));
    comes(&early, "2950-01-02").await;
    let on_the_day = records(&exported(&early).await);
    let database = TestDatabase::create(server.database.kind).await;
    let late = TestServer::start_by(Clock::at(day("2950-01-03")), database).await;
    let after_it = copy(&lines, &late, &[]).await;
    assert_eq!(on_the_day, after_it, "as if the day had come there");
    assert_eq!(kinds(&after_it, "old"), ["ENTRY_INTO_FORCE", "TERMINATION"]);
    assert_eq!(kinds(&after_it, "undone"), ["ENTRY_INTO_FORCE"]);
    early.finish().await;
    late.finish().await;
}

fn at(day: &str) -> Option<Timestamp> {
    Some(Timestamp { seconds: i64::from(self::day(day)) * 86_400, nanos: 0 })
}

async fn imported(clients: &Clients, request: ImportRequest) -> ImportResponse {
    let call = clients.records().import(by("registrar", stream::iter([request]))).await.unwrap();
    call.into_inner().next().await.unwrap().unwrap()
}

async fn a_copy_says_when_it_was_recorded(server: &TestServer) {
    let clients = &server.clients;
    make(server, "old", &[(EntryIntoForce, "2000")], &[]).await;
    let actions = async || -> Vec<AgreementAction> {
        let request = entente::proto::v1::GetAgreementRequest {
            name: "agreements/old".to_owned(),
            ..Default::default()
        };
        clients.agreements().get_agreement(request).await.unwrap().into_inner().actions
    };
    let new = |id: &str| {
        let name = format!("agreements/{id}");
        any(Any::Agreement(Agreement { name, ..treaty(id, &[(EntryIntoForce, "2010")], &["old"]) }))
    };
    let copied = |id, recorded_time| ImportRequest {
        resource: new(id),
        recorded_time,
        ..ImportRequest::default()
    };
    let updated = |id, recorded_time| {
        let allow_missing = true;
        let update =
            UpdateMutation { resource: new(id), allow_missing, recorded_time, update_mask: None };
        ApplyRequest {
            mutations: vec![Mutation { operation: Some(Operation::Update(update)) }],
            ..ApplyRequest::default()
        }
    };
    // No time at all, which is told beside all else.
    let never = Some(Timestamp { seconds: i64::MAX, nanos: 0 });
    let answer =
        imported(clients, ImportRequest { id: "No!".to_owned(), ..copied("", never) }).await;
    let Some(Outcome::Refusal(refusal)) = answer.outcome else { panic!("{answer:?}") };
    let fields: Vec<_> = refusal.violations.iter().map(|one| one.field.as_str()).collect();
    assert!(fields.contains(&"recorded_time"), "{refusal:?}");
    let refusal = clients.apply_request(updated("never", never)).await.unwrap_err();
    refusal.is_invalid(&["mutations[0].update.recorded_time"]);

    // After it had entered into force nothing more follows, however it is written.
    let judged = ImportRequest { validate_only: true, ..copied("judged", at("2011-01-01")) };
    for request in [judged, copied("imported", at("2011-01-01"))] {
        let answer = imported(clients, request).await;
        assert!(matches!(answer.outcome, Some(Outcome::Result(_))), "{answer:?}");
        assert_eq!(actions().await.len(), 1);
    }
    clients.apply_request(updated("updated", at("2011-01-01"))).await.unwrap();
    assert_eq!(actions().await.len(), 1);
    // What had been recorded before that has had nothing follow from it yet.
    imported(clients, copied("before", at("2009-12-31"))).await;
    assert_eq!(actions().await[1].cause, "agreements/before");
    // A copy from before that end was recorded, whenever it came, does not know of it.
    let name = "agreements/old".to_owned();
    let old = Agreement { name, ..treaty("old", &[(EntryIntoForce, "2000")], &[]) };
    let old = ImportRequest {
        resource: any(Any::Agreement(Agreement { place: "Minsk".to_owned(), ..old })),
        recorded_time: at("2020-01-01"),
        ..ImportRequest::default()
    };
    imported(clients, old).await;
    assert_eq!(actions().await[1].cause, "agreements/before");
}
