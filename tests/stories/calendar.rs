//! What depends on the day is stored as it is on the day, and its changes are told.

use std::collections::BTreeSet;

use entente::model::dates::{Day, day_of_microseconds, parse_day};
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementStatus, ChangeKind, Commit,
    GetAgreementRequest, ListAgreementsRequest, WatchChangesRequest, watch_changes_request::Start,
};
use entente::resources::REGISTRY;
use entente::resources::agreement::status::{is_bilateral, status_on};
use entente::server::Server;
use entente::store::clock::Clock;
use entente::store::connect::open;
use entente::store::migrate::migrate;
use entente::store::write::microseconds;
use tonic::Code;

use crate::on_both;
use crate::support::database::TestDatabase;
use crate::support::samples::{action, agreement, create, update};
use crate::support::server::ANY_PORT;
use crate::support::{Clients, Database, TestServer, invariant};
use crate::watching::{Watch, from, until};

use ActionKind::{EntryIntoForce, Expiry, Resumption, Signature, Suspension};

on_both!(
    a_treaty_enters_into_force_and_expires,
    days_that_were_missed_are_made_up_for,
    a_restart_on_the_same_day_writes_nothing,
    a_clock_that_goes_back_does_nothing,
    a_day_that_changes_much_has_several_commits,
    lists_by_status_are_what_the_actions_say,
    an_older_store_becomes_true,
);

pub fn day(text: &str) -> Day {
    parse_day(text).unwrap()
}

fn treaty(actions: &[(ActionKind, &str)]) -> Agreement {
    let actions: Vec<AgreementAction> =
        actions.iter().map(|(kind, date)| action(*kind, date)).collect();
    Agreement { actions, ..agreement("Treaty", &["KHM", "RUS"]) }
}

/// Lets `text` be the day, and waits until the store is there.
pub async fn comes(server: &TestServer, text: &str) {
    let store = &server.server.api.store;
    store.clock.set(day(text));
    assert_eq!(store.keep_day().await.unwrap(), day(text));
}

async fn get(clients: &Clients, name: &str) -> Agreement {
    let request = GetAgreementRequest { name: format!("agreements/{name}"), ..Default::default() };
    clients.agreements().get_agreement(request).await.unwrap().into_inner()
}

async fn create_all(clients: &Clients, agreements: Vec<(String, Agreement)>) {
    for some in agreements.chunks(1_000) {
        let mutations = some.iter().map(|(id, one)| create(id, Any::Agreement(one.clone())));
        clients.apply(mutations.collect()).await.unwrap();
    }
}

/// The commits after `start`, all of them by the calendar.
async fn by_calendar(clients: &Clients, start: i64) -> Vec<Commit> {
    let head = clients.head_revision().await;
    if head == start {
        return Vec::new();
    }
    let commits = until(clients, from(Start::AfterRevision(start)), head).await;
    for commit in &commits {
        assert_eq!((commit.actor.as_str(), commit.reason.as_str()), ("calendar", "a day has come"));
        for change in &commit.changes {
            assert_eq!(change.kind(), ChangeKind::Updated);
            assert_eq!(change.changed_fields.as_ref().unwrap().paths, ["status"]);
        }
    }
    commits
}

fn request_ids(commits: &[Commit]) -> Vec<&str> {
    commits.iter().map(|commit| commit.request_id.as_str()).collect()
}

async fn a_treaty_enters_into_force_and_expires(server: &TestServer) {
    let clients = &server.clients;
    comes(server, "2030-01-01").await;
    let life = [(Signature, "2029-05"), (EntryIntoForce, "2030-01-03"), (Expiry, "2030-01-10")];
    create_all(clients, vec![("treaty".to_owned(), treaty(&life))]).await;
    let made = get(clients, "treaty").await;
    assert_eq!(made.status(), AgreementStatus::Signed);
    let in_force = WatchChangesRequest {
        filter: "status = IN_FORCE".to_owned(),
        resource_types: vec!["Agreement".to_owned()],
        ..WatchChangesRequest::default()
    };
    let mut watch = Watch::open(clients, in_force).await.unwrap();

    comes(server, "2030-01-02").await;
    assert_eq!(get(clients, "treaty").await, made, "a day on which nothing changes");
    assert_eq!(clients.head_revision().await, made.revision);
    comes(server, "2030-01-03").await;
    let entered = get(clients, "treaty").await;
    assert_eq!(entered.status(), AgreementStatus::InForce);
    assert_eq!(entered.revision, made.revision + 1);
    assert!(entered.update_time.unwrap().seconds >= made.update_time.unwrap().seconds);
    assert_eq!(entered.create_time, made.create_time);
    let stale = Agreement { place: "Phnom Penh".to_owned(), ..made.clone() };
    let refusal = clients.apply(vec![update(Any::Agreement(stale), &["place"])]).await.unwrap_err();
    refusal.is(Code::Aborted, "ETAG_MISMATCH", &["mutations[0].update.resource.agreement.etag"]);
    comes(server, "2030-01-10").await;
    assert_eq!(get(clients, "treaty").await.status(), AgreementStatus::Terminated);

    let commits = by_calendar(clients, made.revision).await;
    assert_eq!(request_ids(&commits), ["calendar/2030-01-03", "calendar/2030-01-10"]);
    watch.up_to(made.revision + 2).await;
    let told = watch.commits();
    let kinds: Vec<_> = told.iter().map(|commit| commit.changes[0].kind()).collect();
    assert_eq!(kinds, [ChangeKind::Entered, ChangeKind::Left]);
}

/// Treaties that enter into force on the 3rd, the 4th and the 6th.
async fn three(clients: &Clients) {
    let entering = ["2030-01-03", "2030-01-04", "2030-01-06"];
    let entering = entering.iter().map(|date| {
        let life = [(Signature, "2029"), (EntryIntoForce, *date)];
        (format!("on-{date}"), treaty(&life))
    });
    create_all(clients, entering.collect()).await;
}

async fn days_that_were_missed_are_made_up_for(first: &TestServer) {
    let database = TestDatabase::create(first.database.kind).await;
    let server = TestServer::start_by(Clock::at(day("2030-01-01")), database).await;
    three(&server.clients).await;
    let start = server.clients.head_revision().await;
    let server = TestServer::start_by(Clock::at(day("2030-01-08")), server.stop().await).await;
    // It was done before the service listened.
    let commits = by_calendar(&server.clients, start).await;
    let days = ["2030-01-03", "2030-01-04", "2030-01-06"];
    assert_eq!(request_ids(&commits), days.map(|day| format!("calendar/{day}")));
    for (commit, day) in commits.iter().zip(days) {
        let names: Vec<_> = commit.changes.iter().map(|change| change.name.as_str()).collect();
        assert_eq!(names, [format!("agreements/on-{day}")]);
    }
    server.finish().await;
}

async fn a_restart_on_the_same_day_writes_nothing(first: &TestServer) {
    let database = TestDatabase::create(first.database.kind).await;
    let server = TestServer::start_by(Clock::at(day("2030-01-01")), database).await;
    three(&server.clients).await;
    comes(&server, "2030-01-03").await;
    let head = server.clients.head().await;
    let server = TestServer::start_by(Clock::at(day("2030-01-03")), server.stop().await).await;
    assert_eq!(server.clients.head().await, head);
    server.finish().await;
}

async fn a_clock_that_goes_back_does_nothing(server: &TestServer) {
    let clients = &server.clients;
    let store = &server.server.api.store;
    comes(server, "2030-01-01").await;
    three(clients).await;
    comes(server, "2030-01-04").await;
    let head = clients.head().await;
    for earlier in ["2030-01-03", "2029-12-31"] {
        store.clock.set(day(earlier));
        assert_eq!(store.keep_day().await.unwrap(), day("2030-01-04"));
    }
    assert_eq!(clients.head().await, head);
    let late = treaty(&[(Signature, "2029"), (EntryIntoForce, "2030-01-02")]);
    let late = clients.create_agreement(late).await.unwrap();
    assert_eq!(late.status(), AgreementStatus::InForce, "as of the day that has been");
}

async fn a_day_that_changes_much_has_several_commits(server: &TestServer) {
    let clients = &server.clients;
    comes(server, "2030-01-01").await;
    let life = treaty(&[(Signature, "2029"), (EntryIntoForce, "2030-01-03")]);
    let many = (0..1_001).map(|number| (format!("t{number}"), life.clone()));
    create_all(clients, many.collect()).await;
    let start = clients.head_revision().await;
    comes(server, "2030-01-05").await;
    let commits = by_calendar(clients, start).await;
    assert_eq!(request_ids(&commits), ["calendar/2030-01-03", "calendar/2030-01-03/2"]);
    let counts: Vec<_> = commits.iter().map(|commit| commit.change_count).collect();
    assert_eq!(counts, [1_000, 1]);
    let request = ListAgreementsRequest {
        filter: "status = IN_FORCE".to_owned(),
        include_total_size: true,
        ..ListAgreementsRequest::default()
    };
    let page = clients.agreements().list_agreements(request).await.unwrap().into_inner();
    assert_eq!(page.total_size, Some(1_001));
}

async fn listed(clients: &Clients, filter: &str) -> Vec<Agreement> {
    let request = ListAgreementsRequest {
        filter: filter.to_owned(),
        page_size: 1_000,
        ..ListAgreementsRequest::default()
    };
    clients.agreements().list_agreements(request).await.unwrap().into_inner().agreements
}

async fn lists_by_status_are_what_the_actions_say(server: &TestServer) {
    let clients = &server.clients;
    comes(server, "2030-01-01").await;
    let lives: [&[(ActionKind, &str)]; 8] = [
        &[],
        &[(Signature, "XXXX-01-04")],
        &[(Signature, "2030-01"), (EntryIntoForce, "2030-01-04")],
        &[(Signature, "2030-01-03"), (EntryIntoForce, "2030-02")],
        &[(EntryIntoForce, "2020"), (Suspension, "2030-01-03"), (Resumption, "2030-01-05")],
        &[(EntryIntoForce, "2020"), (Suspension, "2030-01-03"), (Resumption, "2030-01-03")],
        &[(Expiry, "2030-01-04"), (Signature, "1999")],
        &[(Signature, "2031?")],
    ];
    let lives = lives.iter().enumerate();
    create_all(clients, lives.map(|(index, life)| (format!("t{index}"), treaty(life))).collect())
        .await;
    let mut seen = BTreeSet::new();
    for today in
        ["2030-01-01", "2030-01-03", "2030-01-04", "2030-01-05", "2030-02-01", "2031-06-01"]
    {
        comes(server, today).await;
        let all = listed(clients, "").await;
        for one in &all {
            let expected = status_on(&one.actions, is_bilateral(one), day(today));
            assert_eq!(one.status(), expected, "{} on {today}", one.name);
        }
        for status in (1..=12).map(|number| AgreementStatus::try_from(number).unwrap()) {
            let expected: Vec<_> = all.iter().filter(|one| one.status() == status).collect();
            let filter = format!("status = {}", status.as_str_name());
            let found = listed(clients, &filter).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter} on {today}");
            seen.extend(found.first().map(|_| status));
        }
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

/// What a store of format 2 did not have.
const OLDER: &str = "
    DROP TABLE agreement_status;
    DROP INDEX agreement_status_today;
    DROP INDEX agreement_status_until;
    ALTER TABLE agreement DROP COLUMN status;
    ALTER TABLE agreement DROP COLUMN status_until;
    ALTER TABLE head DROP COLUMN today;
    UPDATE head SET format = 2;
    DELETE FROM seaql_migrations
        WHERE version IN ('m20261125_000002_calendar', 'm20261127_000001_agreement_status');
";

async fn an_older_store_becomes_true(first: &TestServer) {
    let database = TestDatabase::create(first.database.kind).await;
    // As if its records had been written at that time.
    let server = TestServer::start_by(Clock::at(day("2020-01-01")), database).await;
    let past = treaty(&[(Signature, "2019"), (EntryIntoForce, "2021-05-01")]);
    let same = treaty(&[(EntryIntoForce, "2019")]);
    let future = treaty(&[(Signature, "2019"), (EntryIntoForce, "2130-01-03")]);
    let all = [("past", past), ("same", same), ("future", future)];
    create_all(&server.clients, all.map(|(id, one)| (id.to_owned(), one)).into()).await;
    let head = server.clients.head().await;
    let newest = day_of_microseconds(microseconds(&head.head_commit_time.unwrap()));
    server.execute(OLDER).await;
    let database = server.stop().await;

    let databases = open(&database.url).await.unwrap();
    migrate(&databases, *REGISTRY).await.unwrap();
    databases.close().await;
    invariant::check(&database.url).await;

    let server = TestServer::start_by(Clock::at(newest), database).await;
    let commits = by_calendar(&server.clients, head.head_revision).await;
    let today = entente::model::dates::format_day(newest);
    assert_eq!(request_ids(&commits), [format!("calendar/{today}")]);
    assert_eq!(get(&server.clients, "past").await.status(), AgreementStatus::InForce);
    assert_eq!(get(&server.clients, "same").await.revision, head.head_revision);
    assert_eq!(get(&server.clients, "future").await.status(), AgreementStatus::Signed);
    comes(&server, "2130-01-03").await;
    assert_eq!(get(&server.clients, "future").await.status(), AgreementStatus::InForce);
    assert_eq!(server.clients.head_revision().await, head.head_revision + 2);
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_replicas_one_moves_on() {
    let database = TestDatabase::create(Database::Postgres).await;
    let server = TestServer::start_by(Clock::at(day("2030-01-01")), database).await;
    let clock = Clock::at(day("2030-01-01"));
    let replica = Server::start_by(clock, ANY_PORT, &server.database.url).await.unwrap();
    three(&server.clients).await;
    let start = server.clients.head_revision().await;
    let (one, other) = (&server.server.api.store, &replica.api.store);
    for store in [one, other] {
        store.clock.set(day("2030-01-03"));
    }
    let (at_one, at_other) = tokio::join!(one.keep_day(), other.keep_day());
    assert_eq!((at_one.unwrap(), at_other.unwrap()), (day("2030-01-03"), day("2030-01-03")));
    assert_eq!(by_calendar(&server.clients, start).await.len(), 1);
    replica.drain().await.unwrap();
    server.finish().await;
}
