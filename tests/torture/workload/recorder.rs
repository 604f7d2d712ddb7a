//! Notes what everybody sends and sees, under one clock.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::watch;

use crate::history::{Answer, History, Poll, Read, Stream, Tick, Write};

/// The notes.
#[derive(Debug)]
pub(super) struct Recorder {
    clock: AtomicU64,
    /// Writes that were answered.
    answered: AtomicUsize,
    history: Mutex<History>,
    state: watch::Sender<State>,
}

/// How far the run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Everybody is at work.
    Running,
    /// Writers finish what they do.
    Stopping,
    /// Nothing is written any more, and this is the head.
    Ended(i64),
}

impl Default for Recorder {
    fn default() -> Self {
        Self {
            clock: AtomicU64::default(),
            answered: AtomicUsize::default(),
            history: Mutex::default(),
            state: watch::Sender::new(State::Running),
        }
    }
}

impl Recorder {
    /// Now.
    pub(super) fn tick(&self) -> Tick {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    /// How many writes were done and answered.
    pub(super) fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    /// How far the run has come.
    pub(super) fn state(&self) -> State {
        *self.state.borrow()
    }

    /// Hears of it.
    pub(super) fn subscribe(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Asks writers to finish.
    pub(super) fn stop(&self) {
        self.state.send_replace(State::Stopping);
    }

    /// Says at which revision all ends.
    pub(super) fn set_end(&self, head: i64) {
        self.state.send_replace(State::Ended(head));
    }

    /// Notes a write.
    pub(super) fn write(&self, write: Write) {
        if matches!(write.answer, Answer::Done { .. }) {
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        self.history().writes.push(write);
    }

    /// Notes a stream that has ended; its number.
    pub(super) fn stream(&self, stream: Stream) -> usize {
        let streams = &mut self.history().streams;
        streams.push(stream);
        streams.len() - 1
    }

    /// Notes a poll.
    pub(super) fn poll(&self, poll: Poll) {
        self.history().polls.push(poll);
    }

    /// Notes a read.
    pub(super) fn read(&self, read: Read) {
        self.history().reads.push(read);
    }

    /// All of it.
    pub(super) fn take(&self) -> History {
        std::mem::take(&mut *self.history())
    }

    fn history(&self) -> MutexGuard<'_, History> {
        self.history.lock().expect("nobody panicked")
    }
}
