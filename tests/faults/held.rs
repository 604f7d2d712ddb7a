//! Somebody else holds the store and does not let go.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend};

use crate::client::assert_store_unavailable;
use crate::database::Database;
use crate::process::{Process, free_address};
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::task::Task;
use crate::wait::within;

/// How long a write may be tried.
const LIMIT: Duration = Duration::from_secs(20);
/// How long a read may take.
const READ: Duration = Duration::from_secs(5);

/// What is read ahead is never answered: neither is the write lost for that, nor do others
/// wait for as long as an answer may take.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_ahead_and_never_answered_holds_up_nobody() {
    let database = Database::postgres().await;
    let url = database.url();
    let silent = [("FAILPOINTS", "ahead=return(1)")];
    let (deaf, other) =
        tokio::join!(Process::start_with(&url, free_address(), &silent), Process::start(&url));
    let subscriber = Subscriber::start(&other.client());
    let mut names = Vec::new();
    // The first one of each two follows one of another process: nothing is read ahead.
    for number in 0..3 {
        for (process, who) in [(&deaf, "a"), (&deaf, "b"), (&other, "c")] {
            let task = Task::create(format!("ahead-{number}-{who}"));
            let answer = within("a write", READ, task.send(&process.client())).await;
            names.extend(answer.expect("it is written").names);
        }
    }
    let lost = deaf.log().matches("failpoint ahead").count();
    assert!(lost >= 3, "{lost} answers were lost:\n{}", deaf.log());
    for name in &names {
        assert!(other.client().exists(name).await, "{name} is there");
    }
    subscriber.check(&Record::checked(&database).await).await;
}

on_both!(while_a_stranger_holds_the_head_it_reads_on_and_serves, super::held);

async fn held(database: Database) {
    let process = Process::start(&database.url()).await;
    let client = process.client();
    let subscriber = Subscriber::start(&client);
    let known = Task::create("before").send(&client).await.expect("all is well");
    let stranger = database.connect().await;
    let lock = match stranger.get_database_backend() {
        DbBackend::Postgres => "BEGIN; SELECT id FROM head FOR UPDATE",
        _ => "BEGIN IMMEDIATE",
    };
    stranger.execute_unprepared(lock).await.expect("the lock is free");

    let task = Task::apply("held");
    let write = tokio::spawn({
        let (task, client) = (task.clone(), client.clone());
        async move { within("a write", LIMIT, task.send(&client)).await }
    });
    while !write.is_finished() {
        assert!(client.is_serving().await, "the database answers:\n{}", process.log());
        let read = within("a read", READ, client.get(&known.names[0])).await;
        read.expect("reads go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refused = write.await.expect("it does not panic").expect_err("it cannot be written");
    assert_store_unavailable(&refused);
    assert!(client.is_serving().await, "it still does");

    stranger.execute_unprepared("ROLLBACK").await.expect("the lock is let go");
    let answer = within("a write", LIMIT, task.send(&client)).await.expect("nobody is in the way");
    let record = Record::checked(&database).await;
    assert_eq!(record.revisions_of(&task.request_id), [answer.revision]);
    subscriber.check(&record).await;
}
