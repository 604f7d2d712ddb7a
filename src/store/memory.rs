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
}

impl Memory {
    /// Names that are kept.
    const MOST: usize = 20_000;

    /// Forgets everything if the log has gone on without us.
    pub(super) fn forget_unless(&mut self, hash: &[u8]) {
        if self.hash != hash {
            self.names.clear();
            self.hash = hash.to_vec();
        }
    }

    /// Takes in what a group has left, up to the commit with `hash`.
    pub(super) fn learn(&mut self, hash: Vec<u8>, names: HashMap<String, Option<Known>>) {
        if self.names.len() > Self::MOST {
            self.names.clear();
        }
        for (name, known) in names {
            match known {
                Some(known) => self.names.insert(name, Known { body: None, ..known }),
                None => self.names.remove(&name),
            };
        }
        self.hash = hash;
    }
}
