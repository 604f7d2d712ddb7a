//! Consecutive commits, encoded once for all who read them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::token::{HashPrefix, prefix};
use super::view::{View, change, commit};
use crate::model::limits::{MESSAGE_OUT_BYTES, VIEW_BYTES};
use crate::model::wire::{WireFields, put_field, put_number};
use crate::store::entities::commit as commit_row;
use crate::store::log::{ChangeKind, Logged, encode_header};
use crate::store::resource::Registry;

/// Number of `commits` in `Commits`, and in `ListChangesResponse`.
pub(super) const COMMITS: u32 = 1;

/// Bytes of commits in one message at most; the rest is for what stands beside them.
pub(super) const FRAGMENT_BYTES: usize = MESSAGE_OUT_BYTES - 1_024;
/// Bytes of the mark of a fragment.
const MARK_BYTES: usize = 2;

/// A commit of a segment.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// Its number.
    pub revision: i64,
    /// Of its chain hash.
    pub hash: HashPrefix,
    /// Microseconds since 1970.
    pub commit_time: i64,
}

impl From<commit_row::Model> for Mark {
    fn from(commit: commit_row::Model) -> Self {
        let commit_row::Model { revision, hash, commit_time, .. } = commit;
        Self { revision, hash: prefix(&hash), commit_time }
    }
}

/// The commits of a segment as a view has them: the entries of `commits` one
/// after the other.
#[derive(Debug)]
pub struct Encoded {
    /// The entries.
    pub bytes: Bytes,
    /// Where each commit of the segment ends; one that the view leaves out ends
    /// where the one before does.
    pub ends: Vec<usize>,
}

impl Encoded {
    fn of<'c>(commits: impl Iterator<Item = Option<std::borrow::Cow<'c, [u8]>>>) -> Self {
        let mut bytes = Vec::new();
        let mut ends = Vec::new();
        for commit in commits {
            if let Some(commit) = commit {
                put_field(COMMITS, &commit, &mut bytes);
            }
            ends.push(bytes.len());
        }
        Self { bytes: bytes.into(), ends }
    }

    /// Where the commit at `index` begins.
    pub fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// Consecutive commits as a view has them.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// The commits, in order; never empty.
    pub marks: Arc<[Mark]>,
    /// What the view lets through of them.
    pub encoded: Arc<Encoded>,
}

impl Viewed {
    /// The first revision.
    pub fn first(&self) -> i64 {
        self.marks.first().map_or(0, |mark| mark.revision)
    }

    /// The last revision.
    pub fn last(&self) -> i64 {
        self.marks.last().map_or(0, |mark| mark.revision)
    }

    /// Where the commit after `revision` stands among these.
    pub fn index_after(&self, revision: i64) -> usize {
        usize::try_from(revision + 1 - self.first()).unwrap_or(0)
    }

    /// Bytes that it takes in memory.
    pub fn size(&self) -> usize {
        self.encoded.bytes.len() + self.marks.len() * (size_of::<Mark>() + size_of::<usize>())
    }
}

/// Counts the bytes of views that are kept, over all segments.
pub type ViewBudget = Arc<AtomicUsize>;

#[derive(Debug)]
struct Kept {
    view: Arc<View>,
    encoded: Arc<Encoded>,
}

/// Consecutive commits.
#[derive(Debug)]
pub struct Segment {
    /// The commits, in order; never empty.
    pub marks: Arc<[Mark]>,
    /// All of them, whole.
    pub full: Arc<Encoded>,
    views: Mutex<HashMap<usize, Kept>>,
    budget: ViewBudget,
}

impl Segment {
    /// Encodes `commits`, which are consecutive; `None` if there are none.
    pub fn new(registry: Registry, commits: &[Logged], budget: &ViewBudget) -> Option<Self> {
        if commits.is_empty() {
            return None;
        }
        let marks = commits.iter().map(|logged| Mark {
            revision: logged.commit.revision,
            hash: prefix(&logged.commit.hash),
            commit_time: logged.commit.commit_time,
        });
        let encoded = commits.iter().map(|logged| Some(encode(registry, logged).into()));
        Some(Self {
            marks: marks.collect(),
            full: Arc::new(Encoded::of(encoded)),
            views: Mutex::default(),
            budget: Arc::clone(budget),
        })
    }

    /// The first revision.
    pub fn first(&self) -> i64 {
        self.marks.first().map_or(0, |mark| mark.revision)
    }

    /// The last revision.
    pub fn last(&self) -> i64 {
        self.marks.last().map_or(0, |mark| mark.revision)
    }

    /// Bytes of the whole commits.
    pub fn len(&self) -> usize {
        self.full.bytes.len()
    }

    /// Whether it holds no bytes.
    pub fn is_empty(&self) -> bool {
        self.full.bytes.is_empty()
    }

    /// The commits as `view` has them: encoded by whoever asks first, shared by
    /// the others as far as the budget reaches.
    pub fn view(&self, view: &Arc<View>) -> Viewed {
        Viewed { marks: Arc::clone(&self.marks), encoded: self.encoded(view) }
    }

    fn encoded(&self, view: &Arc<View>) -> Arc<Encoded> {
        if view.is_full() {
            return Arc::clone(&self.full);
        }
        let identity = Arc::as_ptr(view).addr();
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = views.get(&identity).filter(|kept| Arc::ptr_eq(&kept.view, view)) {
            return Arc::clone(&kept.encoded);
        }
        let commits = (0..self.marks.len()).map(|index| {
            let entry = &self.full.bytes[self.full.start(index)..self.full.ends[index]];
            let commit = WireFields(entry).next()?;
            view.apply(commit.value).map(Into::into)
        });
        let encoded = Arc::new(Encoded::of(commits));
        let size = encoded.bytes.len();
        if self.budget.fetch_add(size, Ordering::Relaxed) + size <= VIEW_BYTES {
            let kept = Kept { view: Arc::clone(view), encoded: Arc::clone(&encoded) };
            views.insert(identity, kept);
        } else {
            self.budget.fetch_sub(size, Ordering::Relaxed);
        }
        encoded
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let views = self.views.get_mut().unwrap_or_else(PoisonError::into_inner);
        let size: usize = views.values().map(|kept| kept.encoded.bytes.len()).sum();
        self.budget.fetch_sub(size, Ordering::Relaxed);
    }
}

/// The message `Commit` of a commit as it is logged, whole.
fn encode(registry: Registry, logged: &Logged) -> Vec<u8> {
    let mut out = encode_header(&logged.commit);
    for row in &logged.changes {
        let kind = registry.by_name(&row.name);
        let mut one = Vec::with_capacity(row.body.len() + 128);
        put_number(change::ORDINAL, u64::from(row.ordinal.unsigned_abs()), &mut one);
        let change_kind = i32::from(ChangeKind::wire(&row.kind));
        put_number(change::KIND, u64::from(change_kind.unsigned_abs()), &mut one);
        let type_name = kind.map_or("", |kind| kind.type_name);
        put_field(change::RESOURCE_TYPE, type_name.as_bytes(), &mut one);
        put_field(change::NAME, row.name.as_bytes(), &mut one);
        put_field(change::UID, row.uid.to_string().as_bytes(), &mut one);
        if let Some(kind) = kind.filter(|_| !row.body.is_empty()) {
            let mut resource = Vec::with_capacity(row.body.len() + 8);
            put_field(kind.tag, &row.body, &mut resource);
            put_field(change::RESOURCE, &resource, &mut one);
        }
        if !row.fields.is_empty() {
            let mut mask = Vec::new();
            for path in row.fields.split(',') {
                put_field(1, path.as_bytes(), &mut mask);
            }
            put_field(change::CHANGED_FIELDS, &mask, &mut one);
        }
        put_field(commit::CHANGES, &one, &mut out);
    }
    put_number(commit::CHANGE_COUNT, logged.changes.len() as u64, &mut out);
    out
}

/// The fragment of an encoded `Commit` that begins with the change `ordinal`, or
/// with the first one behind it, and where the next one begins; `None` after the
/// last. It has whole changes, one at least, and at most `limit` bytes if they fit.
pub fn fragment(encoded: &[u8], ordinal: u32, limit: usize) -> (Vec<u8>, Option<u32>) {
    let (changes, shared): (Vec<_>, Vec<_>) =
        WireFields(encoded).partition(|field| field.number == commit::CHANGES);
    let mut out: Vec<u8> = shared.iter().flat_map(|field| field.whole).copied().collect();
    let room = limit.saturating_sub(MARK_BYTES);
    let mut is_first = true;
    for field in changes {
        let own = ordinal_of(field.value);
        if own < ordinal {
            continue;
        }
        if !is_first && out.len() + field.whole.len() > room {
            put_number(commit::FRAGMENT, 1, &mut out);
            return (out, Some(own));
        }
        out.extend_from_slice(field.whole);
        is_first = false;
    }
    (out, None)
}

fn ordinal_of(encoded_change: &[u8]) -> u32 {
    let field = WireFields(encoded_change).find(|field| field.number == change::ORDINAL);
    field.and_then(|field| u32::try_from(field.number_value()?).ok()).unwrap_or(0)
}
