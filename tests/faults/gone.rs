//! PostgreSQL is gone for a while.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

use entente::proto::v1::list_changes_request::Start;
use entente::proto::v1::{ListAgreementsRequest, ListChangesRequest};
use prost_types::Timestamp;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tonic::Status;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::client::{Client, assert_store_unavailable};
use crate::database::Database;
use crate::load::Load;
use crate::process::Process;
use crate::proxy::{Gate, Proxy};
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::task::Task;
use crate::wait::{until, within};

/// Until the loss is known.
const FIRST: Duration = Duration::from_secs(5);
/// The same where the database is silent rather than gone.
const FIRST_SILENT: Duration = Duration::from_secs(20);
/// Connections of the service, when all are open: one writes, two are for hints.
const CONNECTIONS: i64 = 9;
/// Readers at the same time, more than there are connections.
const READERS: usize = 12;
/// Once it is known.
const AFTER: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_it_says_so_at_once_and_recovers() {
    outage(Gate::Closed, FIRST).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_a_silent_database_it_says_so_and_recovers() {
    outage(Gate::Silent, FIRST_SILENT).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_recovers_from_a_database_whose_machine_vanished() {
    let database = Database::postgres().await;
    let proxy = Proxy::start(database.host()).await;
    let process = Process::start(&database.url_by(&proxy.address.to_string())).await;
    let client = process.client();
    let subscriber = Subscriber::start(&client);
    Task::create("before").send(&client).await.expect("all is well");
    let load = Load::start(&client, "load", 4);
    let eyes = database.connect().await;
    for round in 0..2 {
        load.until_more(8).await;
        // Readers enough to hold every connection when it vanishes.
        let readers: Vec<_> = (0..READERS).map(|_| tokio::spawn(read_on(client.clone()))).collect();
        until("every connection to be open", async || {
            (connections(&eyes).await >= CONNECTIONS).then_some(())
        })
        .await;
        proxy.set(Gate::Vanished);
        for reader in readers {
            let status = within("a read", FIRST_SILENT, reader).await.expect("no reader panics");
            assert_store_unavailable(&status);
        }
        until("health to say so", async || {
            (client.health().await == Some(ServingStatus::NotServing)).then_some(())
        })
        .await;
        // What was connected stays silent; only who connects anew is answered.
        proxy.set(Gate::Open);
        let back = until("a read", async || client.get("agreements/before").await.ok());
        within("reads to be back", FIRST, back).await;
        within("the list to be back", FIRST, list(&client)).await.expect("reads are back");
        let task = Task::apply(format!("after-{round}"));
        within("a write", 2 * FIRST, task.send(&client)).await.expect("writes are back");
    }
    let acknowledged = load.finish().await;
    let record = Record::checked(&database).await;
    record.check_acknowledged(&acknowledged);
    subscriber.check(&record).await;
}

/// How many connections of the service are open.
async fn connections(eyes: &DatabaseConnection) -> i64 {
    let text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'entente' \
                AND datname = current_database()";
    let asked = eyes.query_one_raw(Statement::from_string(DbBackend::Postgres, text)).await;
    let counted = asked.expect("PostgreSQL tells").expect("a count is a row");
    counted.try_get_by_index(0).expect("it is a number")
}

/// Reads until it is refused, and how.
async fn read_on(client: Client) -> Status {
    loop {
        if let Err(status) = list(&client).await {
            return status;
        }
    }
}

async fn outage(gate: Gate, limit: Duration) {
    let database = Database::postgres().await;
    let proxy = Proxy::start(database.host()).await;
    let process = Process::start(&database.url_by(&proxy.address.to_string())).await;
    let client = process.client();
    let subscriber = Subscriber::start(&client);
    let known = Task::create("before").send(&client).await.expect("all is well");
    subscriber.until(known.revision).await;
    for round in 0..3 {
        proxy.set(gate);
        let task = Task::apply(format!("during-{round}"));
        // Whether reads or writes find out first differs from round to round.
        if round % 2 == 0 {
            refused("the first write", limit, task.send(&client)).await;
        }
        refused("the first read", limit, client.get("agreements/before")).await;
        refused("the next write", limit, task.send(&client)).await;
        until("health to say so", async || {
            (client.health().await == Some(ServingStatus::NotServing)).then_some(())
        })
        .await;
        for _ in 0..3 {
            refused("a write", AFTER, task.send(&client)).await;
            refused("a read", AFTER, client.get("agreements/before")).await;
            refused("a list", AFTER, list(&client)).await;
            refused("the head", AFTER, client.head()).await;
            refused("a page of changes", AFTER, changes(&client)).await;
        }
        proxy.set(Gate::Open);
        until("a healthy service", async || client.is_serving().await.then_some(())).await;
        let answer = within("a write", FIRST, task.send(&client)).await.expect("it is back");
        assert!(client.exists(&task.names[0]).await);
        subscriber.until(answer.revision).await;
    }
    let record = Record::checked(&database).await;
    subscriber.check(&record).await;
    for round in 0..3 {
        assert_eq!(record.revisions_of(&format!("during-{round}")).len(), 1);
    }
}

async fn list(client: &Client) -> Result<(), Status> {
    client.agreements().list_agreements(ListAgreementsRequest::default()).await.map(|_| ())
}

/// Asks for changes from a time on, which only the database knows.
async fn changes(client: &Client) -> Result<(), Status> {
    let start = Some(Start::AfterTime(Timestamp::default()));
    let request = ListChangesRequest { start, ..ListChangesRequest::default() };
    client.changes().list_changes(request).await.map(|_| ())
}

async fn refused<T: Debug>(
    what: &str,
    limit: Duration,
    call: impl Future<Output = Result<T, Status>>,
) {
    let started = Instant::now();
    let status = call.await.expect_err(what);
    let took = started.elapsed();
    assert!(took < limit, "{what} took {took:?}: {status}");
    assert_store_unavailable(&status);
}
