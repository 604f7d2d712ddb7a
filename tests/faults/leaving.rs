//! Clients that go away in the middle of a write.

use std::time::Duration;

use crate::chance::Chance;
use crate::client::Client;
use crate::database::Database;
use crate::process::Process;
use crate::record::Record;
use crate::task::{APPLIED, Task};

/// Times that clients come.
const WAVES: u32 = 16;
/// Clients that come at a time.
const CLIENTS: u32 = 8;
/// The longest time that a client waits, in microseconds.
const WAIT: u64 = 12_000;

on_both!(a_write_whose_client_leaves_is_done_or_not, super::abandoned);

async fn abandoned(database: Database) {
    let mut chance = Chance::of(&format!("leaving on {}", database.kind()));
    let process = Process::start(&database.url()).await;
    let client = process.client();
    let mut left = Vec::new();
    for wave in 0..WAVES {
        let clients = (0..CLIENTS).map(|number| {
            let task = Task::apply(format!("left-{wave}-{number}"));
            let wait = Duration::from_micros(chance.below(WAIT));
            // One leaves with its connection, the other cancels a call on a shared one.
            let leaving = if number % 2 == 0 { process.client() } else { client.clone() };
            tokio::spawn(leave(leaving, task, wait))
        });
        for client in clients.collect::<Vec<_>>() {
            left.extend(client.await.expect("no client panics"));
        }
    }
    assert!(!left.is_empty(), "every client stayed");
    Task::create("after").send(&client).await.expect("writes go on");
    let record = Record::checked(&database).await;
    record.check_acknowledged([]);
    let done = left.iter().filter(|task| !record.revisions_of(&task.request_id).is_empty());
    println!("{} clients left, {} of their writes stand", left.len(), done.count());
    for task in &left {
        let answer = task.send(&client).await.expect("it can be repeated");
        assert_eq!(answer.names.len(), APPLIED);
        for name in &task.names {
            assert!(client.exists(name).await, "{name}");
        }
    }
    let record = Record::checked(&database).await;
    record.check_acknowledged([]);
    for task in &left {
        assert_eq!(record.revisions_of(&task.request_id).len(), 1, "{task:?}");
    }
}

/// Sends a task and waits so long; the task, if that was not enough.
async fn leave(client: Client, task: Task, wait: Duration) -> Option<Task> {
    let answered = tokio::time::timeout(wait, task.send(&client)).await;
    answered.is_err().then_some(task)
}
