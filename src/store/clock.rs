//! Which day it is.

use tokio::sync::watch;

use crate::model::dates::{Day, day_of_microseconds};

/// The one place that the store has its day from. Cheap to clone; clones agree.
#[derive(Clone, Debug)]
pub struct Clock(watch::Sender<Option<Day>>);

impl Default for Clock {
    /// The day of whatever time it is, in UTC.
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Clock {
    /// A clock that stands at `day` until it is set.
    pub fn at(day: Day) -> Self {
        Self(watch::Sender::new(Some(day)))
    }

    /// Sets it to `day`, at which it stands from then on.
    pub fn set(&self, day: Day) {
        self.0.send_replace(Some(day));
    }

    /// The day at `now`, microseconds since 1970.
    pub fn day(&self, now: i64) -> Day {
        let set = *self.0.borrow();
        set.unwrap_or_else(|| day_of_microseconds(now))
    }

    /// Sees every time that it is set.
    pub(super) fn subscribe(&self) -> watch::Receiver<Option<Day>> {
        self.0.subscribe()
    }
}
