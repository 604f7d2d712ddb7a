//! No room for the SQLite file. A limit on the size of files stands in for a full
//! disk: both make a write fail, and the limit can be lifted while it runs.

use std::process::Command;
use std::time::Duration;

use crate::client::assert_store_unavailable;
use crate::database::Database;
use crate::load::Load;
use crate::process::Process;
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::task::Task;
use crate::wait::{until, until_true, within};

/// How long a refusal may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Bytes that a file may have: less than any of the database has, or about what
/// it has, so that some writes still fit.
const ROOMS: [&str; 3] = ["4096", "65536", "1000000"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_it_reads_on_and_writes_again_when_there_is_some() {
    let database = Database::sqlite();
    let process = Process::start(&database.url()).await;
    let client = process.client();
    let subscriber = Subscriber::start(&client);
    let known = Task::create("before").send(&client).await.expect("all is well");
    for (round, room) in ROOMS.into_iter().enumerate() {
        let load = Load::start(&client, &format!("load-{round}"), 4);
        load.until_more(8).await;
        limit(&process, room);
        // Writes that still fit are done; in the end one does not.
        let mut number = 0;
        let (refused, status) = until("a write to be refused", async || {
            number += 1;
            let task = Task::apply(format!("full-{round}-{number}"));
            let sent = within("a write", LIMIT, task.send(&client)).await;
            sent.err().map(|status| (task, status))
        })
        .await;
        assert_store_unavailable(&status);
        let standing = load.count();
        let read = within("a read", LIMIT, client.get(&known.names[0])).await;
        read.expect("reads go on");
        let head = client.head().await.expect("reads go on").head_revision;
        let late = Subscriber::start(&client);
        late.until(head).await;
        subscriber.until(head).await;
        limit(&process, "unlimited");
        until_true("writers to go on", || load.count() >= standing + 16).await;
        let answer = refused.send(&client).await.expect("there is room");
        let acknowledged = load.finish().await;
        let record = Record::checked(&database).await;
        record.check_acknowledged(&acknowledged);
        assert_eq!(record.revisions_of(&refused.request_id), [answer.revision]);
        subscriber.check(&record).await;
    }
    assert!(client.is_serving().await);
}

fn limit(process: &Process, bytes: &str) {
    let (id, size) = (process.id().to_string(), format!("--fsize={bytes}:"));
    let status = Command::new("prlimit").args(["--pid", &id, &size]).status();
    assert!(status.expect("util-linux has prlimit").success(), "{size}");
}
