//! Asked to end under load.

use std::net::TcpStream;
use std::time::Duration;

use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{
    Origin, WatchChangesRequest, WatchChangesResponse, watch_changes_request::Start,
};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::client::Client;
use crate::database::Database;
use crate::load::Load;
use crate::process::Process;
use crate::proxy::{Gate, Proxy};
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::wait::{PATIENCE, within};

/// Within this it ends.
const LIMIT: Duration = Duration::from_secs(10);

on_both!(asked_to_end_it_finishes_its_writes_and_tells_its_streams, super::drained);

async fn drained(database: Database) {
    let mut process = Process::start(&database.url()).await;
    let (client, address) = (process.client(), process.address);
    let subscriber = Subscriber::start(&client);
    let stream = tokio::spawn(listen_to_the_end(process.client()));
    let health = tokio::spawn(until_not_serving(process.url()));
    // Two that stay connected and say nothing.
    let idle = process.client();
    assert!(idle.is_serving().await);
    let mute = TcpStream::connect(address).expect("it listens");
    let load = Load::start(&client, "load", 8);
    load.until_more(40).await;

    process.signal("TERM");
    let (status, took) = process.end().await;
    println!("it ended after {took:?}");
    assert_eq!(status.code(), Some(0), "{}", process.log());
    assert!(took < LIMIT, "it took {took:?}:\n{}", process.log());
    within("health to say so", PATIENCE, health).await.expect("health said NOT_SERVING");
    let (revision, token) = within("the stream's end", PATIENCE, stream).await.expect("draining");
    drop((idle, mute));
    let acknowledged = load.acknowledged();
    let record = Record::checked(&database).await;
    record.check_acknowledged(&acknowledged);

    let _process = Process::start_at(&database.url(), address).await;
    let start = Some(Start::Token(token));
    let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
    let mut stream =
        client.changes().watch_changes(request).await.expect("it leads on").into_inner();
    load.until_more(8).await;
    let next = loop {
        let next = within("the next commit", PATIENCE, stream.message()).await;
        let next = next.expect("it goes on").expect("it has no end");
        if let Some(Event::Commits(commits)) = next.event {
            break commits.commits[0].revision;
        }
    };
    assert_eq!(next, revision + 1, "the first commit after the draining token");
    let acknowledged = load.finish().await;
    let record = Record::checked(&database).await;
    record.check_acknowledged(&acknowledged);
    subscriber.check(&record).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_it_does_not_wait_for_a_silent_database() {
    let database = Database::postgres().await;
    let proxy = Proxy::start(database.host()).await;
    let mut process = Process::start(&database.url_by(&proxy.address.to_string())).await;
    let client = process.client();
    let load = Load::start(&client, "load", 8);
    load.until_more(16).await;
    // Writers wait for answers that do not come.
    proxy.set(Gate::Silent);
    process.signal("TERM");
    let (status, took) = process.end().await;
    println!("it ended after {took:?}");
    assert_eq!(status.code(), Some(0), "{}", process.log());
    assert!(took < LIMIT, "it took {took:?}:\n{}", process.log());
    proxy.set(Gate::Open);
    let _process = Process::start_at(&database.url(), process.address).await;
    let acknowledged = load.finish().await;
    Record::checked(&database).await.check_acknowledged(&acknowledged);
}

/// Listens until `draining`, after which the stream must end well: with which
/// revision and token.
async fn listen_to_the_end(client: Client) -> (i64, String) {
    let start = Some(Start::Origin(Origin::Earliest.into()));
    let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
    let stream = client.changes().watch_changes(request).await;
    let mut stream = stream.expect("it serves").into_inner();
    let mut newest = 0;
    loop {
        let message = stream.message().await.expect("draining comes first");
        let WatchChangesResponse { event, token } = message.expect("draining comes first");
        match event {
            Some(Event::Commits(commits)) => {
                newest = commits.commits.last().map_or(newest, |commit| commit.revision);
            }
            Some(Event::Draining(draining)) => {
                assert_eq!(draining.revision, newest);
                let end = stream.message().await.expect("the stream ends well");
                assert_eq!(end, None, "nothing comes after draining");
                return (draining.revision, token);
            }
            _ => {}
        }
    }
}

async fn until_not_serving(url: String) {
    let channel = Endpoint::from_shared(url).expect("it is a URL").connect_lazy();
    let watch = HealthClient::new(channel).watch(HealthCheckRequest::default()).await;
    let mut watch = watch.expect("health can be watched").into_inner();
    while let Some(answer) = watch.message().await.expect("NOT_SERVING comes first") {
        if answer.status() == ServingStatus::NotServing {
            return;
        }
    }
    panic!("the watch of health ended before NOT_SERVING");
}
