//! Writes on their way to the committer: bounded in number and bytes, so that
//! whoever comes when it is full is told at once.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::state::{State, Status};
use super::write::{Write, Written};
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{QUEUE_BYTES, QUEUE_REQUESTS};

/// A write in the queue.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) write: Write,
    pub(super) reply: oneshot::Sender<Result<Written>>,
    pub(super) places: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

/// The way to the committer.
#[derive(Clone, Debug)]
pub struct Queue {
    sender: mpsc::UnboundedSender<Queued>,
    closing: Arc<Notify>,
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    state: State,
}

impl Queue {
    /// A queue, its end, and what tells that it is closed.
    pub(super) fn new(state: State) -> (Self, mpsc::UnboundedReceiver<Queued>, Arc<Notify>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let closing = Arc::new(Notify::new());
        let queue = Self {
            sender,
            closing: Arc::clone(&closing),
            requests: Arc::new(Semaphore::new(QUEUE_REQUESTS)),
            bytes: Arc::new(Semaphore::new(QUEUE_BYTES)),
            state,
        };
        (queue, receiver, closing)
    }

    /// Takes no more writes; those that wait are still done.
    pub fn close(&self) {
        self.closing.notify_one();
    }

    /// Hands `write` over and waits for what came of it. Dropping the future
    /// does not stop the write.
    pub async fn write(&self, write: Write) -> Result<Written> {
        match self.state.status() {
            Status::Up => {}
            Status::Down => return Err(Error::store_unavailable()),
            Status::Outdated => return Err(outdated()),
        }
        let full = |_| Error::new(Reason::Overloaded, "more writes wait than the queue may hold");
        let size = u32::try_from(write.size.clamp(1, QUEUE_BYTES)).unwrap_or(u32::MAX);
        let request = Arc::clone(&self.requests).try_acquire_owned().map_err(full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(size).map_err(full)?;
        let (reply, answer) = oneshot::channel();
        let queued = Queued { write, reply, places: (request, bytes) };
        let draining = || Error::new(Reason::Draining, "the server is going away");
        self.sender.send(queued).map_err(|_| draining())?;
        answer.await.map_err(|_| draining())?
    }
}

/// The answer to a write that a newer version must make.
pub(super) fn outdated() -> Error {
    Error::new(
        Reason::StoreUnavailable,
        "a newer version writes to this store: this server must be upgraded",
    )
}
