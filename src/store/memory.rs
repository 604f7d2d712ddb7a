//! What a committer remembers from one group to the next.

use std::collections::HashMap;

use super::load::{Known, Names};

/// Names that recent groups have looked up. They are true as long as the log ends
/// with the commit after which they were learned, whoever wrote it: a lone write
/// then need not ask for what it names.
#[derive(Debug, Default)]
pub(super) struct Memory {
    hash: Vec<u8>,
    pub(super) names: Names,
    /// How many of them have their message.
    seen: usize,
}

impl Memory {
    /// Names that are kept.
    const MOST: usize = 20_000;
    /// Messages that are kept with their names.
    const MOST_SEEN: usize = 4_000;
    /// Bytes up to which a message that was looked into is kept with its name.
    const SMALL: usize = 2_048;

    /// Forgets everything if the log has gone on without us; whether it has not.
    pub(super) fn keeps_up(&mut self, hash: &[u8]) -> bool {
        let keeps_up = self.hash == hash;
        if !keeps_up {
            self.clear();
            self.hash = hash.to_vec();
        }
        keeps_up
    }

    /// Takes in what a group has left, up to the commit with `hash`.
    pub(super) fn learn(&mut self, hash: Vec<u8>, names: HashMap<String, Option<Known>>) {
        if self.names.len() > Self::MOST || self.seen > Self::MOST_SEEN {
            self.clear();
        }
        for (name, known) in names {
            let before = match known {
                Some(mut known) => {
                    let size = known.body.take().map(|body| body.len());
                    known.seen = known.seen.filter(|_| size.is_none_or(|size| size <= Self::SMALL));
                    self.seen += usize::from(known.seen.is_some());
                    self.names.insert(name, known)
                }
                None => self.names.remove(&name),
            };
            self.seen -= usize::from(before.is_some_and(|before| before.seen.is_some()));
        }
        self.hash = hash;
    }

    fn clear(&mut self) {
        self.names.clear();
        self.seen = 0;
    }
}
