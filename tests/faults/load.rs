//! Writers that never give up: each sends one task after the other, and one that
//! is not answered again until it is, under the same request id.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::{Client, reason};
use crate::task::{Answer, Task};
use crate::wait::until_true;

/// Pause before a task that failed is sent again.
const PAUSE: Duration = Duration::from_millis(20);

/// A task that was acknowledged.
#[derive(Clone, Debug)]
pub(crate) struct Acknowledged {
    /// The task.
    pub(crate) task: Task,
    /// What was answered.
    pub(crate) answer: Answer,
    /// How often it had been sent by then.
    pub(crate) tries: u32,
    /// When the answer came.
    pub(crate) at: Instant,
}

/// What writers know.
#[derive(Debug, Default)]
struct Ledger {
    acknowledged: Vec<Acknowledged>,
    refused: Vec<String>,
}

/// Writers at work.
#[derive(Debug)]
pub(crate) struct Load {
    ledger: Arc<Mutex<Ledger>>,
    sent: watch::Receiver<u64>,
    stop: watch::Sender<bool>,
    writers: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts `writers` of them, whose request ids begin with `label`.
    pub(crate) fn start(client: &Client, label: &str, writers: usize) -> Self {
        let (sent_in, sent) = watch::channel(0);
        let (stop, stopped) = watch::channel(false);
        let ledger = Arc::<Mutex<Ledger>>::default();
        let writers = (0..writers).map(|writer| {
            let writer = Writer {
                label: format!("{label}-{writer}"),
                client: client.clone(),
                ledger: Arc::clone(&ledger),
                sent: sent_in.clone(),
                stopped: stopped.clone(),
            };
            tokio::spawn(writer.work())
        });
        let writers = writers.collect();
        Self { ledger, sent, stop, writers }
    }

    /// How many requests have been sent.
    pub(crate) fn sent(&self) -> u64 {
        *self.sent.borrow()
    }

    /// Waits until so many requests have been sent.
    pub(crate) async fn until_sent(&self, count: u64) {
        let mut sent = self.sent.clone();
        let waited = sent.wait_for(|sent| *sent >= count);
        crate::wait::within("requests being sent", crate::wait::PATIENCE, waited)
            .await
            .expect("writers are at work");
    }

    /// Waits until so many more have been acknowledged.
    pub(crate) async fn until_more(&self, count: usize) {
        let goal = self.acknowledged().len() + count;
        until_true("more acknowledged writes", || self.count() >= goal).await;
    }

    /// How many have been acknowledged.
    pub(crate) fn count(&self) -> usize {
        self.ledger().acknowledged.len()
    }

    /// All that has been acknowledged so far.
    pub(crate) fn acknowledged(&self) -> Vec<Acknowledged> {
        self.ledger().acknowledged.clone()
    }

    /// Lets every writer finish its task, and returns all that was acknowledged.
    pub(crate) async fn finish(self) -> Vec<Acknowledged> {
        self.stop.send_replace(true);
        let Self { ledger, writers, .. } = self;
        for writer in writers {
            let finished =
                crate::wait::within("a writer's last task", crate::wait::PATIENCE, writer);
            finished.await.expect("a writer does not panic");
        }
        let Ledger { acknowledged, refused } =
            std::mem::take(&mut *ledger.lock().expect("no writer panicked"));
        assert!(refused.is_empty(), "refused: {refused:#?}");
        acknowledged
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no writer panicked")
    }
}

struct Writer {
    label: String,
    client: Client,
    ledger: Arc<Mutex<Ledger>>,
    sent: watch::Sender<u64>,
    stopped: watch::Receiver<bool>,
}

impl Writer {
    async fn work(self) {
        let mut newest: Option<String> = None;
        for number in 0.. {
            let id = format!("{}-{number}", self.label);
            let task = match (number % 3, newest.as_deref()) {
                (1, Some(name)) => Task::update(id, name),
                (2, _) => Task::apply(id),
                _ => Task::create(id),
            };
            newest = Some(task.names[0].clone());
            if !self.do_until_answered(task).await || *self.stopped.borrow() {
                return;
            }
        }
    }

    /// Whether it was acknowledged rather than refused.
    async fn do_until_answered(&self, task: Task) -> bool {
        for tries in 1.. {
            self.sent.send_modify(|sent| *sent += 1);
            match task.send(&self.client).await {
                Ok(answer) => {
                    let at = Instant::now();
                    let one = Acknowledged { task, answer, tries, at };
                    self.ledger.lock().expect("no writer panicked").acknowledged.push(one);
                    return true;
                }
                Err(status) if passes(&reason(&status)) => tokio::time::sleep(PAUSE).await,
                Err(status) => {
                    let text = format!("{task:?} at try {tries}: {status}");
                    self.ledger.lock().expect("no writer panicked").refused.push(text);
                    return false;
                }
            }
        }
        false
    }
}

/// Whether a failure for `reason` invites to try again: the connection broke, or
/// the service says so.
pub(crate) fn passes(reason: &str) -> bool {
    matches!(reason, "" | "STORE_UNAVAILABLE" | "DRAINING" | "OVERLOADED")
}
