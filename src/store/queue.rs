//! Writes on their way to the committer: bounded in number and bytes, so that
//! whoever comes when it is full is told at once.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::state::{State, Status};
use super::write::{Write, Written};
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{IMPORTS_REQUESTS, QUEUE_BYTES, QUEUE_REQUESTS};

/// A write in the queue.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) write: Write,
    pub(super) reply: Reply,
}

/// The way back to whoever waits for a write, and its places in the queue.
#[derive(Debug)]
pub(super) struct Reply {
    sender: oneshot::Sender<Result<Written>>,
    places: (OwnedSemaphorePermit, OwnedSemaphorePermit, Option<OwnedSemaphorePermit>),
}

impl Reply {
    /// Gives the places free and answers.
    pub(super) fn send(self, answer: Result<Written>) {
        drop(self.places);
        // Nobody may be waiting any more.
        let _ = self.sender.send(answer);
    }
}

/// Who waits for a step of the calendar.
pub(super) type Turn = oneshot::Sender<Result<Written>>;

/// The committer's end of the queue.
#[derive(Debug)]
pub(super) struct End {
    pub(super) writes: mpsc::UnboundedReceiver<Queued>,
    pub(super) turns: mpsc::UnboundedReceiver<Turn>,
    /// Tells that the queue is closed.
    pub(super) closing: Arc<Notify>,
}

/// The way to the committer.
#[derive(Clone, Debug)]
pub struct Queue {
    sender: mpsc::UnboundedSender<Queued>,
    turns: mpsc::UnboundedSender<Turn>,
    closing: Arc<Notify>,
    requests: Arc<Semaphore>,
    /// The part of the places that imports may take.
    imports: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
    state: State,
}

impl Queue {
    /// A queue and its end.
    pub(super) fn new(state: State) -> (Self, End) {
        let (sender, writes) = mpsc::unbounded_channel();
        let (turns, asked) = mpsc::unbounded_channel();
        let closing = Arc::new(Notify::new());
        let queue = Self {
            sender,
            turns,
            closing: Arc::clone(&closing),
            requests: Arc::new(Semaphore::new(QUEUE_REQUESTS)),
            imports: Arc::new(Semaphore::new(IMPORTS_REQUESTS)),
            bytes: Arc::new(Semaphore::new(QUEUE_BYTES)),
            state,
        };
        (queue, End { writes, turns: asked, closing })
    }

    /// Takes no more writes; those that wait are still done.
    pub fn close(&self) {
        self.closing.notify_one();
    }

    /// Hands `write` over and waits for what came of it. Dropping the future
    /// does not stop the write.
    pub async fn write(&self, write: Write) -> Result<Written> {
        self.hand_over(&mut Some(write), None)?.await
    }

    /// Takes a `write` of an import and hands it over, after all that was handed over before;
    /// what comes of it comes later. Where there is no room for imports it stays.
    pub fn import(
        &self,
        write: &mut Option<Write>,
    ) -> Result<impl Future<Output = Result<Written>> + Send + use<>> {
        let place = Arc::clone(&self.imports).try_acquire_owned().map_err(full)?;
        self.hand_over(write, Some(place))
    }

    fn hand_over(
        &self,
        write: &mut Option<Write>,
        import: Option<OwnedSemaphorePermit>,
    ) -> Result<impl Future<Output = Result<Written>> + Send + use<>> {
        self.check_up()?;
        let size = write.as_ref().map_or(0, |write| write.size.clamp(1, QUEUE_BYTES));
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let request = Arc::clone(&self.requests).try_acquire_owned().map_err(full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(size).map_err(full)?;
        let write = write.take().ok_or_else(Error::internal)?;
        let (sender, answer) = oneshot::channel();
        let queued = Queued { write, reply: Reply { sender, places: (request, bytes, import) } };
        self.sender.send(queued).map_err(|_| draining())?;
        Ok(async { answer.await.map_err(|_| draining())? })
    }

    /// Lets the calendar take a step, before the writes that wait; what came of it. Its
    /// revision is 0 if the store is at the day that it is.
    pub(super) async fn turn(&self) -> Result<Written> {
        self.check_up()?;
        let (reply, answer) = oneshot::channel();
        self.turns.send(reply).map_err(|_| draining())?;
        answer.await.map_err(|_| draining())?
    }

    fn check_up(&self) -> Result<()> {
        match self.state.status() {
            Status::Up => Ok(()),
            Status::Down => Err(Error::store_unavailable()),
            Status::Outdated => Err(outdated()),
        }
    }
}

fn full<E>(_: E) -> Error {
    Error::new(Reason::Overloaded, "more writes wait than the queue may hold")
}

fn draining() -> Error {
    Error::new(Reason::Draining, "the server is going away")
}

/// The answer to a write that a newer version must make.
pub(super) fn outdated() -> Error {
    Error::new(
        Reason::StoreUnavailable,
        "a newer version writes to this store: this server must be upgraded",
    )
}
