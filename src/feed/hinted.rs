//! What the tailer has been told since it asked last: any number of hints come to
//! one.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::store::hints::Hint;

/// A place for one hint that covers all that were told.
#[derive(Debug, Default)]
pub struct Hinted {
    hint: Mutex<Option<Hint>>,
    wakes: Notify,
}

impl Hinted {
    /// Adds a hint and wakes whoever waits.
    pub fn tell(&self, hint: Hint) {
        let mut told = self.hint.lock().unwrap_or_else(PoisonError::into_inner);
        *told = (*told).max(Some(hint));
        drop(told);
        self.wakes.notify_one();
    }

    /// Waits for a hint and takes it.
    pub async fn next(&self) -> Hint {
        loop {
            self.wakes.notified().await;
            let taken = self.hint.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(hint) = taken {
                return hint;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_hint_covers_all_that_were_told() {
        let hinted = Hinted::default();
        for revision in [7, 9, 8] {
            hinted.tell(Hint::Committed(revision));
        }
        assert_eq!(hinted.next().await, Hint::Committed(9));
        hinted.tell(Hint::Missed);
        hinted.tell(Hint::Committed(10));
        assert_eq!(hinted.next().await, Hint::Missed, "more may have come than the tenth");
        hinted.tell(Hint::Committed(3));
        assert_eq!(hinted.next().await, Hint::Committed(3), "nothing is left of the others");
    }
}
