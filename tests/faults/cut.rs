//! Connections to the database are cut or fall silent, and the database is well.

use std::process::Command;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::database::Database;
use crate::process::Process;
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::task::Task;
use crate::wait::{until, within};

/// How often all connections are cut.
const CUTS: usize = 5;
/// Reads after each cut: more than there are connections that read.
const READS: usize = 12;
/// How long a write may wait for a connection that is silent.
const LIMIT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_connections_cut_at_once_are_no_outage() {
    let database = Database::postgres().await;
    let process = Process::start(&database.url()).await;
    let (client, eyes) = (process.client(), database.connect().await);
    let subscriber = Subscriber::start(&client);
    for cut in 0..CUTS {
        let before = Task::create(format!("before-{cut}")).send(&client).await;
        let before = before.expect("all is well").names.remove(0);
        rows(
            &eyes,
            "SELECT pg_terminate_backend(pid)::text AS told FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .await;
        let after = Task::create(format!("after-{cut}")).send(&client).await;
        after.unwrap_or_else(|refused| panic!("{refused:?}\n{}", process.log()));
        for _ in 0..READS {
            let read = client.get(&before).await;
            read.unwrap_or_else(|refused| panic!("{refused:?}\n{}", process.log()));
        }
        assert!(client.is_serving().await, "the database answers:\n{}", process.log());
    }
    assert!(!process.log().contains("to=Down"), "it never was away:\n{}", process.log());
    subscriber.check(&Record::checked(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_over_a_silent_connection_takes_another_one() {
    let database = Database::postgres().await;
    let process = Process::start(&database.url()).await;
    let (client, eyes) = (process.client(), database.connect().await);
    let mut number = 0;
    let writer = until("the connection that writes", async || {
        number += 1;
        let task = Task::create(format!("before-{number}"));
        task.send(&client).await.expect("all is well");
        let waits = "SELECT pid::text AS told FROM pg_stat_activity \
                     WHERE datname = current_database() AND state = 'idle in transaction'";
        rows(&eyes, waits).await.pop()
    })
    .await;
    signal("STOP", &writer);
    let answer = within("a write", LIMIT, Task::create("silent").send(&client)).await;
    signal("CONT", &writer);
    answer.unwrap_or_else(|refused| panic!("{refused:?}\n{}", process.log()));
    Record::checked(&database).await;
}

on_both!(a_table_with_a_column_more_is_read_and_written, super::widened);

async fn widened(database: Database) {
    let process = Process::start(&database.url()).await;
    let (client, stranger) = (process.client(), database.connect().await);
    let name = Task::create("before").send(&client).await.expect("all is well").names.remove(0);
    for table in ["head", "record", "agreement", "commit", "change", "request", "tombstone"] {
        let text = format!("ALTER TABLE \"{table}\" ADD COLUMN more text");
        stranger.execute_unprepared(&text).await.expect("it may be added");
        let update = Task::update(format!("with-{table}"), &name).send(&client).await;
        update.unwrap_or_else(|refused| panic!("{table}: {refused:?}\n{}", process.log()));
        client.get(&name).await.unwrap_or_else(|refused| panic!("{table}: {refused:?}"));
    }
}

/// What a statement tells, row by row.
async fn rows(eyes: &DatabaseConnection, text: &str) -> Vec<String> {
    let statement = Statement::from_string(eyes.get_database_backend(), text);
    let rows = eyes.query_all_raw(statement).await.expect("PostgreSQL tells");
    rows.iter().map(|row| row.try_get("", "told").expect("a text")).collect()
}

fn signal(signal: &str, process: &str) {
    let sent = Command::new("kill").arg(format!("-{signal}")).arg(process).status();
    assert!(sent.expect("there is kill").success(), "{signal} to {process}");
}
