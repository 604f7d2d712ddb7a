//! A stream as its reader takes it.
//!
//! HTTP/2 asks a stream for its next message once the reader has made room. One
//! whose reader stands still is not asked for anything, and nothing inside can
//! notice. So each notes when it was asked last, and those for which that was long
//! ago are looked for from outside. Others are asked at least as often as they
//! have progress to tell.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior, interval};
use uuid::Uuid;

use super::Feed;
use super::subscription::Subscription;
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::STALLED_READER;
use crate::proto::Frame;

/// Looks for readers that stand still, for each time that they may.
const LOOKS: u32 = 20;

type Frames = Pin<Box<dyn Stream<Item = Result<Frame>> + Send>>;

/// The frames of a subscription, until it is closed because nobody takes them.
#[derive(Debug)]
pub struct Reader(Arc<Seat>);

/// What is left of a reader without its subscription is a few bytes.
#[derive(Debug)]
pub(super) struct Seat(Mutex<Taken>);

struct Taken {
    frames: State,
    asked: Instant,
    waker: Waker,
}

enum State {
    Open(Frames),
    /// Closed, and the reader has yet to be told.
    Slow,
    Ended,
}

impl Reader {
    /// A reader of `subscription` that is known to `feed`.
    pub fn new(feed: &Feed, subscription: Subscription) -> Self {
        let frames = stream::unfold(subscription, async |mut subscription| {
            let frame = subscription.next().await?;
            Some((frame, subscription))
        });
        let frames = State::Open(frames.boxed());
        let taken = Taken { frames, asked: Instant::now(), waker: Waker::noop().clone() };
        let seat = Arc::new(Seat(Mutex::new(taken)));
        feed.seats().push(Arc::downgrade(&seat));
        Self(seat)
    }
}

impl Stream for Reader {
    type Item = Result<Frame>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut taken = self.0.taken();
        taken.asked = Instant::now();
        taken.waker.clone_from(context.waker());
        let next = match &mut taken.frames {
            State::Open(frames) => frames.as_mut().poll_next(context),
            State::Slow => {
                taken.frames = State::Ended;
                let text = format!("nothing was taken for {} s", STALLED_READER.as_secs());
                Poll::Ready(Some(Err(Error::new(Reason::SlowConsumer, text))))
            }
            State::Ended => Poll::Ready(None),
        };
        if matches!(next, Poll::Ready(None)) {
            taken.frames = State::Ended;
        }
        next
    }
}

impl Seat {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes it if it was not asked for as long as `limit`; whether it was closed.
    fn close_if_stalled(&self, limit: Duration) -> bool {
        let mut taken = self.taken();
        let stalled = matches!(taken.frames, State::Open(_)) && taken.asked.elapsed() >= limit;
        if stalled {
            taken.frames = State::Slow;
            taken.waker.wake_by_ref();
        }
        stalled
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taken").field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// Closes the streams whose readers have taken nothing for as long as `limit`, with
/// all that they hold; how many there were.
pub fn close_stalled(feed: &Feed, limit: Duration) -> usize {
    let mut closed = 0;
    feed.seats().retain(|seat| {
        let Some(seat) = Weak::upgrade(seat) else { return false };
        let stalled = seat.close_if_stalled(limit);
        closed += usize::from(stalled);
        !stalled
    });
    closed
}

/// Closes streams whose readers take nothing, until the server drains.
pub async fn watch_over(feed: Feed) {
    let mut draining = feed.subscribe_draining();
    let mut looks = interval(STALLED_READER / LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = looks.tick() => {
                let streams = close_stalled(&feed, STALLED_READER);
                if streams > 0 {
                    tracing::warn!(streams, "closed streams whose readers took nothing");
                }
            }
            _ = draining.wait_for(|draining| *draining) => return,
        }
    }
}

/// Nine tenths of `age` to all of it.
pub(super) fn somewhat_less(age: Duration) -> Duration {
    let random = u32::try_from(Uuid::new_v4().as_u128() % 1_000).unwrap_or(0);
    age.mul_f64(1.0 - f64::from(random) / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_that_began_together_do_not_end_together() {
        let age = Duration::from_secs(3_600);
        let ages: Vec<_> = (0..100).map(|_| somewhat_less(age)).collect();
        assert!(ages.iter().all(|one| (age.mul_f64(0.9)..=age).contains(one)));
        assert!(ages.iter().any(|one| *one < age.mul_f64(0.95)));
        assert!(ages.iter().any(|one| *one > age.mul_f64(0.95)));
    }
}
