//! More writes than the queue holds.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use entente::model::limits::QUEUE_REQUESTS;
use sea_orm::{ConnectionTrait, DbBackend};
use tonic::Code;

use crate::client::{Client, reason};
use crate::database::Database;
use crate::process::Process;
use crate::record::Record;
use crate::task::Task;
use crate::wait::until_true;

/// Requests beyond what the queue holds.
const SURPLUS: usize = 500;
/// Connections over which they come, each of which carries 1,000 at once.
const CONNECTIONS: usize = 8;

on_both!(beyond_its_queue_it_refuses_at_once_and_does_the_rest, super::flooded);

async fn flooded(database: Database) {
    let process = Process::start(&database.url()).await;
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| process.client()).collect();
    for client in &clients {
        assert!(client.is_serving().await);
    }
    let blocker = database.connect().await;
    let lock = match blocker.get_database_backend() {
        DbBackend::Postgres => "BEGIN; SELECT id FROM head FOR UPDATE",
        _ => "BEGIN IMMEDIATE",
    };
    blocker.execute_unprepared(lock).await.expect("the lock is free");
    let refused = Arc::new(AtomicUsize::new(0));
    let writes: Vec<_> = (0..QUEUE_REQUESTS + SURPLUS)
        .map(|number| {
            let client = clients[number % CONNECTIONS].clone();
            tokio::spawn(flood(client, number, Arc::clone(&refused)))
        })
        .collect();
    // They are refused while nothing can be written.
    until_true("the surplus to be refused", || refused.load(Ordering::Relaxed) >= SURPLUS).await;
    blocker.execute_unprepared("ROLLBACK").await.expect("the lock is let go");
    let mut done = 0;
    for write in writes {
        done += usize::from(write.await.expect("no write panics"));
    }
    assert_eq!(done, QUEUE_REQUESTS, "writes that waited and were done");
    let after = Task::create("after").send(&clients[0]).await.expect("there is room again");
    let record = Record::checked(&database).await;
    assert_eq!(record.head.revision, after.revision);
    let own = |id: &str| id.starts_with("flood-");
    let stand = record.commits.iter().filter(|logged| own(&logged.commit.request_id)).count();
    assert_eq!(stand, QUEUE_REQUESTS);
}

/// Whether it was done rather than refused for want of room.
async fn flood(client: Client, number: usize, refused: Arc<AtomicUsize>) -> bool {
    match Task::create(format!("flood-{number}")).send(&client).await {
        Ok(_) => true,
        Err(status) => {
            assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
            assert_eq!(reason(&status), "OVERLOADED", "{status}");
            refused.fetch_add(1, Ordering::Relaxed);
            false
        }
    }
}
