//! PostgreSQL is gone for a while.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

use entente::proto::v1::ListAgreementsRequest;
use tonic::Status;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::client::{Client, assert_store_unavailable};
use crate::database::Database;
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
