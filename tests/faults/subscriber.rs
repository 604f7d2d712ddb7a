//! A subscriber that resumes by its last token whenever its stream ends.

use std::sync::{Arc, Mutex};

use entente::proto::v1::Commit;
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::record::Record;
use crate::wait::until_true;

/// Listens from the first commit on, until it is dropped.
#[derive(Debug)]
pub(crate) struct Subscriber {
    seen: Arc<Mutex<Vec<Commit>>>,
    task: JoinHandle<()>,
}

impl Subscriber {
    /// Begins to listen.
    pub(crate) fn start(client: &Client) -> Self {
        let mut watch = client.watch_all();
        let seen = Arc::<Mutex<Vec<Commit>>>::default();
        let keep = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            loop {
                let next = watch.next().await.expect("the token leads on");
                let next = next.expect("the stream has no end");
                keep.lock().expect("nobody panicked").extend(next.commits);
            }
        });
        Self { seen, task }
    }

    /// The newest revision that it has seen.
    pub(crate) fn newest(&self) -> i64 {
        self.seen.lock().expect("nobody panicked").last().map_or(0, |commit| commit.revision)
    }

    /// Waits until it has seen `revision`.
    pub(crate) async fn until(&self, revision: i64) {
        until_true(format!("the subscriber to see revision {revision}"), || {
            assert!(!self.task.is_finished(), "the subscriber gave up");
            self.newest() >= revision
        })
        .await;
    }

    /// Checks that it has seen every commit of `record` once, in order.
    pub(crate) async fn check(&self, record: &Record) {
        self.until(record.head.revision).await;
        let seen = self.seen.lock().expect("nobody panicked");
        let told = seen.iter().map(|commit| {
            let names = commit.changes.iter().map(|change| change.name.as_str()).collect();
            (commit.revision, commit.request_id.as_str(), names)
        });
        let stands = record.commits.iter().map(|logged| {
            let names = logged.changes.iter().map(|change| change.name.as_str()).collect();
            (logged.commit.revision, logged.commit.request_id.as_str(), names)
        });
        let told: Vec<(i64, &str, Vec<&str>)> = told.collect();
        let stands: Vec<(i64, &str, Vec<&str>)> = stands.collect();
        assert_eq!(told.len(), stands.len(), "commits seen and commits that stand");
        for (told, stands) in told.iter().zip(&stands) {
            assert_eq!(told, stands);
        }
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}
