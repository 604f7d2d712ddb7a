//! The program's commands beside a service that runs.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::database::Database;
use crate::load::Load;
use crate::process::{PROGRAM, Process, free_address};
use crate::record::Record;
use crate::task::Task;
use crate::wait::until_true;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_on_one_file_is_refused() {
    let database = Database::sqlite();
    let first = Process::start(&database.url()).await;
    let mut second = Process::spawn(&database.url(), free_address(), &[]);
    let (status, _) = second.end().await;
    assert!(!status.success());
    let log = second.log();
    assert!(log.contains("in use by another entente process"), "{log}");
    assert!(first.client().is_serving().await, "the first is not disturbed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn healthcheck_ends_with_what_health_says() {
    let database = Database::sqlite();
    let mut process = Process::start(&database.url()).await;
    assert_eq!(healthcheck(process.address), Some(0));
    process.kill();
    assert_eq!(healthcheck(process.address), Some(1));
}

fn healthcheck(address: SocketAddr) -> Option<i32> {
    let mut command = Command::new(PROGRAM);
    command.args(["healthcheck", "--listen", &address.to_string()]);
    command.output().expect("the program starts").status.code()
}

on_both!(watch_goes_on_by_itself_over_restarts, super::watched);

async fn watched(database: Database) {
    let mut process = Process::start(&database.url()).await;
    let (client, address) = (process.client(), process.address);
    let watch = Printed::start(&process.url());
    let load = Load::start(&client, "load", 4);
    for _ in 0..3 {
        load.until_more(12).await;
        process.kill();
        process = Process::start_at(&database.url(), address).await;
    }
    load.until_more(12).await;
    load.finish().await;
    let record = Record::checked(&database).await;
    until_true("all lines", || watch.newest() >= record.head.revision).await;
    let lines = watch.lines();
    assert_eq!(lines.len(), record.commits.len());
    for (line, logged) in lines.iter().zip(&record.commits) {
        assert_eq!(line["revision"], logged.commit.revision.to_string());
        let changes = line["changes"].as_array().expect("a commit has changes");
        assert_eq!(changes.len(), logged.changes.len(), "{line}");
        assert!(changes.iter().all(|change| change["resource"].is_object()), "{line}");
    }
    let last = lines.last().expect("there are some");
    assert!(last["token"].is_string(), "{last}");
}

on_both!(watch_goes_on_from_its_state, super::kept);

async fn kept(database: Database) {
    let process = Process::start(&database.url()).await;
    let client = process.client();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let state = folder.path().join("state");
    let mut printed = Vec::new();
    for round in 0..3 {
        let task = Task::create(format!("round-{round}"));
        let end = task.send(&client).await.expect("all is well").revision;
        // The second time there is nothing left to print.
        for _ in 0..2 {
            let more = ["--from", "earliest"];
            let lines = printed_until(end, &process.url(), &state, &more);
            printed.extend(lines.iter().map(|line| revision(line).expect("a commit")));
            assert_eq!(printed, (1..=end).collect::<Vec<_>>());
        }
    }
}

on_both!(watch_begins_with_the_state_that_matches, super::began_with_the_state);

async fn began_with_the_state(database: Database) {
    let process = Process::start(&database.url()).await;
    let client = process.client();
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let state = folder.path().join("state");
    let more =
        ["--from", "snapshot", "--filter", "title = \"first\"", "--detail", "full-with-before"];
    let created = Task::create("first").send(&client).await.expect("all is well");
    let end = Task::create("other").send(&client).await.expect("all is well").revision;
    let lines = printed_until(end, &process.url(), &state, &more);
    let [item, whole] = lines.as_slice() else { panic!("{lines:?}") };
    assert_eq!(item["snapshot"]["agreement"]["name"], created.names[0]);
    assert_eq!(revision(&whole["snapshotEnd"]), Some(end));
    assert!(item["token"].is_string() && whole["token"].is_string());

    let renamed = Task::update("second", &created.names[0]).send(&client).await;
    let end = renamed.expect("all is well").revision;
    let lines = printed_until(end, &process.url(), &state, &more);
    let [commit] = lines.as_slice() else { panic!("{lines:?}") };
    let change = &commit["changes"][0];
    assert_eq!(change["kind"], "CHANGE_KIND_LEFT");
    assert_eq!(change["before"]["agreement"]["title"], "first");
}

/// What a watch prints that keeps its state and ends at `revision`.
fn printed_until(revision: i64, url: &str, state: &Path, more: &[&str]) -> Vec<Value> {
    let mut command = Command::new(PROGRAM);
    command.args(["watch", "--address", url, "--state"]).arg(state);
    command.args(["--until-revision", &revision.to_string()]).args(more);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = output.stdout.lines().map(|line| line.expect("it is text"));
    lines.map(|line| serde_json::from_str(&line).expect("each line is a JSON object")).collect()
}

/// The revision of a line.
fn revision(line: &Value) -> Option<i64> {
    line["revision"].as_str()?.parse().ok()
}

/// What `entente watch` prints.
struct Printed {
    child: Child,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Printed {
    fn start(url: &str) -> Self {
        let mut command = Command::new(PROGRAM);
        command.args(["watch", "--from", "earliest", "--address", url]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let out = child.stdout.take().expect("it is piped");
        let lines = Arc::<Mutex<Vec<Value>>>::default();
        let keep = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                let line = serde_json::from_str(&line).expect("each line is a JSON object");
                keep.lock().expect("nobody panicked").push(line);
            }
        });
        Self { child, lines }
    }

    fn lines(&self) -> Vec<Value> {
        self.lines.lock().expect("every line was JSON").clone()
    }

    fn newest(&self) -> i64 {
        let lines = self.lines.lock().expect("every line was JSON");
        lines.last().and_then(revision).unwrap_or(0)
    }
}

impl Drop for Printed {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
