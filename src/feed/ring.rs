//! The newest commits, in memory, in order and without a hole.

use std::collections::VecDeque;
use std::sync::Arc;

use super::segment::{Mark, Segment};
use super::token::HashPrefix;
use crate::model::limits::RING_BYTES;

/// Where a reader stands to the ring.
#[derive(Debug)]
pub enum Next {
    /// The segment that holds the commit after the reader's.
    Segment(Arc<Segment>),
    /// The reader has seen everything.
    Nothing,
    /// The commit after the reader's is no longer in the ring.
    Behind,
}

/// Segments, oldest first; each begins where the one before ends.
#[derive(Debug)]
pub struct Ring {
    segments: VecDeque<Arc<Segment>>,
    bytes: usize,
    /// The commit before the first segment.
    base: Mark,
}

impl Ring {
    /// An empty ring behind the commit `base`.
    pub fn new(base: Mark) -> Self {
        Self { segments: VecDeque::new(), bytes: 0, base }
    }

    /// The newest commit.
    pub fn last(&self) -> Mark {
        let newest = self.segments.back().and_then(|segment| segment.marks.last());
        newest.copied().unwrap_or(self.base)
    }

    /// Appends a segment that begins right behind the newest commit, and lets go
    /// of the oldest ones beyond the ring's size; the newest always stays.
    pub fn push(&mut self, segment: Segment) {
        debug_assert_eq!(segment.first, self.last().revision + 1);
        self.bytes += segment.len();
        self.segments.push_back(Arc::new(segment));
        while self.bytes > RING_BYTES && self.segments.len() > 1 {
            if let Some(oldest) = self.segments.pop_front() {
                self.bytes -= oldest.len();
                self.base = oldest.marks.last().copied().unwrap_or(self.base);
            }
        }
    }

    /// What comes after the commit `revision`.
    pub fn after(&self, revision: i64) -> Next {
        if revision >= self.last().revision {
            return Next::Nothing;
        }
        if revision < self.base.revision {
            return Next::Behind;
        }
        let index = self.segments.partition_point(|segment| segment.last() <= revision);
        self.segments.get(index).map_or(Next::Behind, |segment| Next::Segment(Arc::clone(segment)))
    }

    /// The chain hash at `revision`, if it is in the ring.
    pub fn hash(&self, revision: i64) -> Option<HashPrefix> {
        if revision == self.base.revision {
            return Some(self.base.hash);
        }
        let Next::Segment(segment) = self.after(revision.checked_sub(1)?) else { return None };
        let index = usize::try_from(revision - segment.first).ok()?;
        segment.marks.get(index).map(|mark| mark.hash)
    }
}
