//! A group costs a number of statements that does not depend on how many
//! requests it holds.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use entente::api::drafts::{Site, create};
use entente::model::violations::Violations;
use entente::proto::v1::{ActionKind, Agreement, AgreementLink, AgreementLinkKind};
use entente::resources::REGISTRY;
use entente::store::Store;
use entente::store::clock::Clock;
use entente::store::connect::open;
use entente::store::deliver::Publish;
use entente::store::told::Told;
use entente::store::write::Write;
use futures_util::future::try_join_all;
use sea_orm::ConnectionTrait;

use crate::support::samples::{action, agreement};
use crate::support::{Database, TestServer, invariant};

/// The most requests that a group holds.
const GROUP: usize = 512;

/// Stands among the statements where the counting begins.
const WARM: &str = "-- warm";

/// Passes everything over.
struct Nobody;

impl Publish for Nobody {
    fn publish(&self, _: Vec<Told>) {}
}

/// What holds the head, so that requests queue up.
const LOCKS: [&str; 2] = ["BEGIN IMMEDIATE", "BEGIN; SELECT 1 FROM head FOR UPDATE"];

static SQLITE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static POSTGRES: Mutex<Vec<String>> = Mutex::new(Vec::new());
static ENDS_ON_SQLITE: Mutex<Vec<String>> = Mutex::new(Vec::new());
static ENDS_ON_POSTGRES: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[tokio::test]
async fn a_group_of_512_costs_what_one_request_costs_on_sqlite() {
    let hears = |text: &str| SQLITE.lock().unwrap().push(text.to_owned());
    story(Database::Sqlite, hears, LOCKS[0], Vec::new(), plain).await;
    costs_alike(&SQLITE.lock().unwrap());
}

#[tokio::test]
async fn a_group_of_512_costs_what_one_request_costs_on_postgres() {
    let hears = |text: &str| POSTGRES.lock().unwrap().push(text.to_owned());
    story(Database::Postgres, hears, LOCKS[1], Vec::new(), plain).await;
    costs_alike(&POSTGRES.lock().unwrap());
}

#[tokio::test]
async fn a_group_of_512_that_end_others_costs_what_one_costs_on_sqlite() {
    let hears = |text: &str| ENDS_ON_SQLITE.lock().unwrap().push(text.to_owned());
    story(Database::Sqlite, hears, LOCKS[0], (0..=GROUP).map(old).collect(), ends).await;
    costs_alike(&ENDS_ON_SQLITE.lock().unwrap());
}

#[tokio::test]
async fn a_group_of_512_that_end_others_costs_what_one_costs_on_postgres() {
    let hears = |text: &str| ENDS_ON_POSTGRES.lock().unwrap().push(text.to_owned());
    story(Database::Postgres, hears, LOCKS[1], (0..=GROUP).map(old).collect(), ends).await;
    costs_alike(&ENDS_ON_POSTGRES.lock().unwrap());
}

fn plain(index: usize) -> Write {
    write(&format!("Treaty {index}"))
}

/// An agreement in force.
fn old(index: usize) -> Write {
    let title = format!("Old {index}");
    written(&title, &format!("old{index}"), sample(&title))
}

/// One that takes its place.
fn ends(index: usize) -> Write {
    let title = format!("New {index}");
    let kind = AgreementLinkKind::Supersedes.into();
    let links = vec![AgreementLink { kind, agreement: format!("agreements/old{index}") }];
    written(&title, "", Agreement { links, ..sample(&title) })
}

/// Writes one request, and 512 that have queued up while `locks` held the head, over what
/// is `there`.
async fn story(
    kind: Database,
    hears: fn(&str),
    locks: &str,
    there: Vec<Write>,
    request: fn(usize) -> Write,
) {
    let database = TestServer::start(kind).await.stop().await;
    let mut databases = open(&database.url).await.unwrap();
    databases.hears_statements = Some(hears);
    let databases = Arc::new(databases);
    let (store, running) =
        Store::start(Arc::clone(&databases), *REGISTRY, Arc::new(Nobody), Clock::default());
    // What all of them name is looked up once and then remembered.
    store.write(write("Treaty")).await.unwrap();
    try_join_all(there.into_iter().map(|one| store.write(one))).await.unwrap();
    hears(WARM);
    let before = store.head().await.unwrap().revision;

    let mut other = sea_orm::ConnectOptions::new(&database.url);
    let other = sea_orm::Database::connect(other.max_connections(1).to_owned()).await.unwrap();
    other.execute_unprepared(locks).await.unwrap();
    let mut calls: Vec<Pin<Box<dyn Future<Output = _>>>> = Vec::new();
    for index in 0..=GROUP {
        calls.push(Box::pin(store.write(request(index))));
    }
    std::future::poll_fn(|context| {
        for call in &mut calls {
            assert!(call.as_mut().poll(context).is_pending(), "it waits for the committer");
        }
        Poll::Ready(())
    })
    .await;
    other.execute_unprepared("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    for call in calls {
        call.await.unwrap();
    }

    assert_eq!(store.head().await.unwrap().revision, before + 513, "a commit each");
    store.stop();
    drop(store);
    running.watcher.abort();
    running.committer.await.unwrap();
    databases.close().await;
    invariant::check(&database.url).await;
    database.remove().await;
}

/// Each group ends by moving the head; what comes before COMMIT then belongs to the next
/// one. With 513 requests there are two or three, one small and one large.
fn costs_alike(statements: &[String]) {
    let warm = statements.iter().rposition(|text| text == WARM).unwrap();
    let statements = &statements[warm + 1..];
    let groups = statements.split_inclusive(|text| text.contains("UPDATE head"));
    let groups: Vec<_> = groups.collect();
    assert!((2..=3).contains(&groups.len()), "{} groups", groups.len());
    let costs: Vec<_> = groups.iter().map(|group| parts(group)).collect();
    assert!(costs[0].0 > 1, "statements are heard: {statements:#?}");
    assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
}

/// How many statements were sent, and how many inserts they hold: several travel
/// as one.
fn parts(statements: &[String]) -> (usize, usize) {
    let inserts = statements.iter().map(|text| text.matches("INSERT INTO").count());
    (statements.len(), inserts.sum())
}

/// A plain create: two parties, six areas, two actions.
pub fn write(title: &str) -> Write {
    written(title, "", sample(title))
}

fn sample(title: &str) -> Agreement {
    let known = include_str!("../../src/resources/reference/cooperation_areas.jsonl");
    let areas = known.lines().take(6).map(area_name).collect();
    Agreement {
        areas,
        actions: vec![
            action(ActionKind::Signature, "2020-01-02"),
            action(ActionKind::EntryIntoForce, "2021"),
        ],
        ..agreement(title, &["KHM", "RUS"])
    }
}

fn written(request_id: &str, id: &str, agreement: Agreement) -> Write {
    let kind = REGISTRY.by_type("Agreement").unwrap();
    let site = Site { message: "", resource: "agreement", id: "agreement_id" };
    Write {
        actor: "ann".to_owned(),
        reason: String::new(),
        request_id: request_id.to_owned(),
        digest: [0; 32],
        validate_only: false,
        checks: Vec::new(),
        drafts: vec![create(kind, Box::new(agreement), id, site, Violations::default())],
        size: 600,
    }
}

fn area_name(line: &str) -> String {
    let area: serde_json::Value = serde_json::from_str(line).unwrap();
    area["name"].as_str().unwrap().to_owned()
}
