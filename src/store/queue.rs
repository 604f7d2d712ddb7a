//! Writes on their way to the committer: bounded in number and bytes, so that
//! whoever comes when it is full is told at once.

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::state::{State, Status};
use super::write::{Write, Written};
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{IMPORTS_BYTES, IMPORTS_REQUESTS, QUEUE_BYTES, QUEUE_REQUESTS};

/// A place in the queue, and the bytes that are in it.
type Places = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// Places, and the bytes of those who take them.
#[derive(Clone, Debug)]
struct Room {
    requests: Arc<Semaphore>,
    bytes: Arc<Semaphore>,
}

impl Room {
    fn new(requests: usize, bytes: usize) -> Self {
        let [requests, bytes] = [requests, bytes].map(|count| Arc::new(Semaphore::new(count)));
        Self { requests, bytes }
    }

    /// Takes a place for `size` bytes, if there is one.
    fn take(&self, size: u32) -> Result<Places> {
        let full = |_| Error::new(Reason::Overloaded, "more writes wait than the queue may hold");
        let request = Arc::clone(&self.requests).try_acquire_owned().map_err(full)?;
        let bytes = Arc::clone(&self.bytes).try_acquire_many_owned(size).map_err(full)?;
        Ok((request, bytes))
    }
}

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
    places: (Places, Option<Places>),
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
    room: Room,
    /// The part of it that imports may take.
    imports: Room,
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
            room: Room::new(QUEUE_REQUESTS, QUEUE_BYTES),
            imports: Room::new(IMPORTS_REQUESTS, IMPORTS_BYTES),
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
        self.hand_over(write, Some(&self.imports))
    }

    fn hand_over(
        &self,
        write: &mut Option<Write>,
        part: Option<&Room>,
    ) -> Result<impl Future<Output = Result<Written>> + Send + use<>> {
        self.check_up()?;
        let size = write.as_ref().map_or(0, |write| write.size.clamp(1, QUEUE_BYTES));
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        let places = (self.room.take(size)?, part.map(|part| part.take(size)).transpose()?);
        let write = write.take().ok_or_else(Error::internal)?;
        let (sender, answer) = oneshot::channel();
        let queued = Queued { write, reply: Reply { sender, places } };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn write(size: usize) -> Write {
        Write {
            actor: String::new(),
            reason: String::new(),
            request_id: String::new(),
            digest: [0; 32],
            validate_only: false,
            checks: Vec::new(),
            drafts: Vec::new(),
            size,
        }
    }

    /// How many writes of `size` bytes imports may have in the queue.
    fn imports(queue: &Queue, size: usize) -> usize {
        (0..).take_while(|_| queue.import(&mut Some(write(size))).is_ok()).count()
    }

    #[test]
    fn imports_leave_half_of_the_queue_to_others() {
        for (size, most) in [(1, QUEUE_REQUESTS / 2), (1 << 20, (QUEUE_BYTES / 2) >> 20)] {
            let (queue, mut end) = Queue::new(State::default());
            assert_eq!(imports(&queue, size), most);
            for _ in 0..most {
                assert!(queue.hand_over(&mut Some(write(size)), None).is_ok());
            }
            let refused = queue.hand_over(&mut Some(write(size)), None).err();
            assert_eq!(refused.map(|error| error.reason), Some(Reason::Overloaded));
            // What has been taken out gives its room back when it is answered.
            let queued = end.writes.try_recv().expect("it waits");
            queued.reply.send(Err(draining()));
            assert_eq!(imports(&queue, size), 1);
        }
    }
}
