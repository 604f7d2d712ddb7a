//! Replicas on one PostgreSQL tell each other of their commits, and nothing is lost
//! where they cannot.

use std::sync::Arc;
use std::time::Duration;

use entente::api::Api;
use entente::feed::tailer::{Polls, tail};
use entente::proto::v1::Origin;
use entente::server::open_store;
use entente::store::clock::Clock;
use entente::store::connect::{Databases, open};
use entente::store::hints::{Hint, Hints};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::statements::write;
use crate::support::samples::agreement;
use crate::support::{Clients, Database, TestServer};
use crate::watching::{Watch, from_origin};

/// How long anything may take: far more than it needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// Longer than any test.
const NEVER: Duration = Duration::from_secs(86_400);
/// A replica that does not look by itself once it has begun.
const BLIND: Polls = Polls { watched: NEVER, heard: NEVER, idle: NEVER };

/// A replica that serves nobody.
struct Replica {
    api: Api,
    databases: Arc<Databases>,
    tasks: Vec<JoinHandle<()>>,
}

impl Replica {
    /// Starts one that neither sends hints nor hears any.
    async fn mute(url: &str, polls: Polls) -> Self {
        let (api, databases, running) = open_store(url, Clock::default()).await.unwrap();
        let tailer = tokio::spawn(tail(api.feed.clone(), api.store.clone(), polls));
        Self { api, databases, tasks: vec![tailer, running.watcher] }
    }

    /// Starts one that hears hints and does not look by itself.
    async fn blind(url: &str) -> Self {
        let mut replica = Self::mute(url, BLIND).await;
        let feed = replica.api.feed.clone();
        let (hints, store_id) = (&replica.api.store.hints, feed.store_id());
        let exchange = hints.exchange(&replica.databases, store_id, move |hint| feed.hear(hint));
        replica.tasks.push(exchange);
        becomes(&mut replica.api.store.hints.subscribe_heard(), true).await;
        replica
    }

    /// Waits until it knows of `revision`.
    async fn knows(&self, revision: i64) {
        let mut head = self.api.feed.subscribe_head();
        let known = head.wait_for(|head| head.mark.revision >= revision);
        tokio::time::timeout(PATIENCE, known).await.expect("it hears of the commit").unwrap();
    }

    async fn stop(self) {
        self.api.store.stop();
        for task in self.tasks {
            task.abort();
        }
        self.databases.close().await;
    }
}

async fn becomes(heard: &mut watch::Receiver<bool>, wanted: bool) {
    let waited = heard.wait_for(|heard| *heard == wanted);
    tokio::time::timeout(PATIENCE, waited).await.expect("hints are heard in time").unwrap();
}

async fn create(clients: &Clients, title: &str) -> i64 {
    clients.create_agreement(agreement(title, &["KHM"])).await.unwrap().revision
}

/// Ends the connections of all replicas whose last statement began with `word`.
async fn terminate(eyes: &DatabaseConnection, word: &str) -> usize {
    let text = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE '{word} \"entente_%'"
    );
    let statement = Statement::from_string(DbBackend::Postgres, text);
    eyes.query_all_raw(statement).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_reaches_a_replica_that_never_looks() {
    let server = TestServer::start(Database::Postgres).await;
    let replica = Replica::blind(&server.database.url).await;
    // Somebody has to wait for commits, or they are left to the next look.
    let _waits = replica.api.feed.subscribe_head();
    for number in 0..10 {
        let revision = create(&server.clients, &format!("Treaty {number}")).await;
        replica.knows(revision).await;
    }
    replica.stop().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_without_a_hint_is_found_by_looking() {
    let server = TestServer::start(Database::Postgres).await;
    becomes(&mut server.server.api.store.hints.subscribe_heard(), true).await;
    let mute = Replica::mute(&server.database.url, Polls::default()).await;
    let mut watch = Watch::open(&server.clients, from_origin(Origin::Now)).await.unwrap();
    for number in 0..10 {
        let written = mute.api.store.write(write(&format!("Treaty {number}"))).await.unwrap();
        watch.up_to(written.revision).await;
    }
    let revision = create(&server.clients, "Heard by nobody").await;
    mute.knows(revision).await;
    mute.stop().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_whose_listener_was_ended_hears_again() {
    let server = TestServer::start(Database::Postgres).await;
    let replica = Replica::blind(&server.database.url).await;
    let _waits = replica.api.feed.subscribe_head();
    let mut heard = replica.api.store.hints.subscribe_heard();
    let eyes = server.connect().await;
    for number in 0..3 {
        becomes(&mut heard, true).await;
        heard.mark_unchanged();
        assert!(terminate(&eyes, "LISTEN").await > 0, "somebody listens");
        tokio::time::timeout(PATIENCE, heard.changed()).await.expect("it notices").unwrap();
        // Nobody hears of this one: it is found when the connection is back.
        let revision = create(&server.clients, &format!("Missed {number}")).await;
        replica.knows(revision).await;
        becomes(&mut heard, true).await;
        let revision = create(&server.clients, &format!("Heard {number}")).await;
        replica.knows(revision).await;
    }
    eyes.close().await.unwrap();
    replica.stop().await;
    server.finish().await;
}

/// Hints alone, and what is heard of others.
struct Ear {
    hints: Hints,
    heard: mpsc::UnboundedReceiver<Hint>,
    exchange: JoinHandle<()>,
}

impl Ear {
    async fn open(databases: &Databases, store_id: Uuid) -> Self {
        let hints = Hints::default();
        let (sender, heard) = mpsc::unbounded_channel();
        let exchange = hints.exchange(databases, store_id, move |hint| sender.send(hint).unwrap());
        becomes(&mut hints.subscribe_heard(), true).await;
        Self { hints, heard, exchange }
    }

    /// The commits that are told until `revision` is.
    async fn told(&mut self, revision: i64) -> Vec<Hint> {
        let mut told = Vec::new();
        while told.last() != Some(&Hint::Committed(revision)) {
            let next = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
            told.extend(next.expect("a hint in time"));
        }
        told.retain(|hint| *hint > Hint::Committed(0) && *hint != Hint::Missed);
        told
    }
}

#[tokio::test]
async fn commits_share_the_next_hint_and_ones_own_are_passed_over() {
    const COMMITS: i64 = 10_000;
    let server = TestServer::start(Database::Postgres).await;
    let databases = open(&server.database.url).await.unwrap();
    let store_id = Uuid::now_v7();
    let mut one = Ear::open(&databases, store_id).await;
    let mut other = Ear::open(&databases, store_id).await;
    // On one thread nothing is sent before all of them have been told.
    for revision in 1..=COMMITS {
        one.hints.committed(revision);
    }
    assert_eq!(other.told(COMMITS).await, [Hint::Committed(COMMITS)]);
    other.hints.committed(COMMITS + 1);
    assert_eq!(one.told(COMMITS + 1).await, [Hint::Committed(COMMITS + 1)]);
    one.exchange.abort();
    other.exchange.abort();
    databases.close().await;
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_while_connections_for_hints_are_ended() {
    const WRITES: i64 = 40;
    let server = TestServer::start(Database::Postgres).await;
    let others = [server.replica().await, server.replica().await];
    let clients = others.each_ref().map(|replica| &replica.clients);
    let clients = [&server.clients, clients[0], clients[1]];
    let mut watches = Vec::new();
    for clients in clients {
        watches.push(Watch::open(clients, from_origin(Origin::Earliest)).await.unwrap());
    }
    let head = server.clients.head_revision().await;
    let writers = clients.map(Clients::clone).into_iter().enumerate().map(|(writer, clients)| {
        tokio::spawn(async move {
            for number in 0..WRITES {
                create(&clients, &format!("Treaty {number} of {writer}")).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let eyes = server.connect().await;
    let mut ended = 0;
    while ended < 6 || writers.iter().any(|writer| !writer.is_finished()) {
        ended += terminate(&eyes, "LISTEN").await;
        ended += terminate(&eyes, "NOTIFY").await;
    }
    eyes.close().await.unwrap();
    for writer in writers {
        writer.await.unwrap();
    }
    let last = head + 3 * WRITES;
    for watch in &mut watches {
        watch.up_to(last).await;
        let told: Vec<_> = watch.commits().iter().map(|commit| commit.revision).collect();
        assert_eq!(told, (1..=last).collect::<Vec<_>>(), "each once and in order");
    }
    assert_eq!(watches[0].commits(), watches[1].commits(), "the same at every replica");
    assert_eq!(watches[0].commits(), watches[2].commits());
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drain_leaves_no_connection_behind() {
    let server = TestServer::start(Database::Postgres).await;
    becomes(&mut server.server.api.store.hints.subscribe_heard(), true).await;
    let database = server.stop().await;
    let eyes = database.connect().await;
    let text = "SELECT count(*) FROM pg_stat_activity \
                WHERE datname = current_database() AND application_name = 'entente'";
    let gone = async {
        loop {
            let statement = Statement::from_string(DbBackend::Postgres, text);
            let row = eyes.query_one_raw(statement).await.unwrap().unwrap();
            if row.try_get_by_index::<i64>(0).unwrap() == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("all connections are closed");
    eyes.close().await.unwrap();
    database.remove().await;
}
