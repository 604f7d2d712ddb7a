//! Consecutive commits, encoded once for all who read them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use super::apply::{change, commit};
use super::token::{HashPrefix, prefix};
use super::view::View;
use crate::model::limits::{MESSAGE_OUT_BYTES, VIEW_BYTES};
use crate::model::wire::{WireFields, field_len, put_field, put_number, put_varint};
use crate::store::entities::commit as commit_row;
use crate::store::log::ChangeKind;
use crate::store::registry::Registry;
use crate::store::told::{End, Told, ToldChange};
use crate::store::write::timestamp;

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

impl From<End> for Mark {
    fn from(end: End) -> Self {
        let End { revision, hash, commit_time } = end;
        Self { revision, hash: prefix(&hash), commit_time }
    }
}

/// The commits of a segment as a view has them: the entries of `commits` one
/// after the other.
#[derive(Debug, Default)]
pub struct Encoded {
    /// The entries.
    pub bytes: Bytes,
    /// Where each commit of the segment ends; one that the view leaves out ends
    /// where the one before does.
    pub ends: Vec<usize>,
    /// The commits that alter what the view's filter means.
    pub altering: Vec<i64>,
}

impl Encoded {
    /// Where the commit at `index` begins.
    pub fn start(&self, index: usize) -> usize {
        index.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

/// Consecutive commits as a view has them.
#[derive(Clone, Debug)]
pub struct Viewed {
    /// The first revision that it speaks of.
    pub first: i64,
    /// The commits, in order, and where they end; never empty. Those that the log
    /// was not asked for have none.
    pub marks: Arc<[Mark]>,
    /// What the view lets through of them.
    pub encoded: Arc<Encoded>,
}

impl Viewed {
    /// The last revision.
    pub fn last(&self) -> i64 {
        self.marks.last().map_or(0, |mark| mark.revision)
    }

    /// Where the first commit after `revision` stands among these.
    pub fn index_after(&self, revision: i64) -> usize {
        self.marks.partition_point(|mark| mark.revision <= revision)
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
    /// Held so that no other view gets its address.
    view: Arc<View>,
    /// Filled by whoever is first, while others look at other views.
    encoded: Arc<OnceLock<Arc<Encoded>>>,
    /// Bytes that the budget knows of.
    counted: Option<usize>,
}

/// Consecutive commits.
#[derive(Debug)]
pub struct Segment {
    /// The first revision that it speaks of.
    pub first: i64,
    /// The commits, in order, and where they end; never empty.
    pub marks: Arc<[Mark]>,
    /// All of them, whole.
    pub full: Arc<Encoded>,
    /// Of each commit, the messages before its changes.
    befores: Vec<Vec<Bytes>>,
    views: Mutex<HashMap<usize, Kept>>,
    budget: ViewBudget,
}

impl Segment {
    /// Encodes the commits from `first` to `end`; `None` if there are none.
    pub fn new(
        registry: Registry,
        first: i64,
        commits: Vec<Told>,
        end: Option<Mark>,
        budget: &ViewBudget,
    ) -> Option<Self> {
        let mut marks = Vec::with_capacity(commits.len() + 1);
        let mut full = Encoded::default();
        let mut befores = Vec::with_capacity(commits.len() + 1);
        let bodies = commits.iter().flat_map(|told| &told.changes).map(|change| change.body.len());
        let mut bytes = Vec::with_capacity(bodies.sum::<usize>() + commits.len() * 256);
        let mut changes = Vec::new();
        for told in commits {
            encode(registry, &told, &mut changes, &mut bytes);
            full.ends.push(bytes.len());
            let Told { revision, hash, commit_time, changes, .. } = told;
            marks.push(Mark { revision, hash: prefix(&hash), commit_time });
            let any = changes.iter().any(|change| !change.before.is_empty());
            let own = changes.into_iter().map(|change| change.before);
            befores.push(if any { own.collect() } else { Vec::new() });
        }
        let beyond = end.filter(|end| marks.last().is_none_or(|last| last.revision < end.revision));
        if let Some(end) = beyond {
            full.ends.push(bytes.len());
            marks.push(end);
            befores.push(Vec::new());
        }
        full.bytes = bytes.into();
        (!marks.is_empty()).then(|| Self {
            first,
            marks: marks.into(),
            full: Arc::new(full),
            befores,
            views: Mutex::default(),
            budget: Arc::clone(budget),
        })
    }

    /// The last revision.
    pub fn last(&self) -> i64 {
        self.marks.last().map_or(0, |mark| mark.revision)
    }

    /// Bytes of the whole commits, and of the messages before.
    pub fn len(&self) -> usize {
        let befores = self.befores.iter().flatten().map(Bytes::len);
        self.full.bytes.len() + befores.sum::<usize>()
    }

    /// Whether it holds no bytes.
    pub fn is_empty(&self) -> bool {
        self.full.bytes.is_empty()
    }

    /// The commits as `view` has them: encoded by whoever asks first, shared by
    /// the others as far as the budget reaches.
    pub fn view(&self, view: &Arc<View>) -> Viewed {
        let marks = Arc::clone(&self.marks);
        Viewed { first: self.first, marks, encoded: self.encoded(view) }
    }

    fn encoded(&self, view: &Arc<View>) -> Arc<Encoded> {
        if view.is_full() {
            return Arc::clone(&self.full);
        }
        let identity = Arc::as_ptr(view).addr();
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = views.entry(identity).or_insert_with(|| Kept {
            view: Arc::clone(view),
            encoded: Arc::default(),
            counted: None,
        });
        debug_assert!(Arc::ptr_eq(&kept.view, view));
        let cell = Arc::clone(&kept.encoded);
        let is_counted = kept.counted.is_some();
        drop(views);
        let encoded = Arc::clone(cell.get_or_init(|| Arc::new(self.apply(view))));
        if !is_counted {
            self.count(identity, encoded.bytes.len());
        }
        encoded
    }

    /// Counts the bytes of a view, and lets go of it where there is no room for all:
    /// others encode it again.
    fn count(&self, identity: usize, size: usize) {
        let mut views = self.views.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(kept) = views.get_mut(&identity).filter(|kept| kept.counted.is_none()) else {
            return;
        };
        if self.budget.fetch_add(size, Ordering::Relaxed) + size <= VIEW_BYTES {
            kept.counted = Some(size);
        } else {
            self.budget.fetch_sub(size, Ordering::Relaxed);
            views.remove(&identity);
        }
    }

    fn apply(&self, view: &View) -> Encoded {
        let mut out = Encoded::default();
        let mut bytes = Vec::new();
        for (index, mark) in self.marks.iter().enumerate() {
            let entry = &self.full.bytes[self.full.start(index)..self.full.ends[index]];
            if let Some(commit) = WireFields(entry).next() {
                let applied = view.apply(commit.value, &self.befores[index]);
                if let Some(commit) = applied.commit {
                    put_field(COMMITS, &commit, &mut bytes);
                }
                if applied.alters {
                    out.altering.push(mark.revision);
                }
            }
            out.ends.push(bytes.len());
        }
        out.bytes = bytes.into();
        out
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let views = self.views.get_mut().unwrap_or_else(PoisonError::into_inner);
        let size: usize = views.values().filter_map(|kept| kept.counted).sum();
        self.budget.fetch_sub(size, Ordering::Relaxed);
    }
}

/// Appends the entry of a commit, whole; `changes` is for use on the way.
fn encode(registry: Registry, told: &Told, changes: &mut Vec<u8>, out: &mut Vec<u8>) {
    changes.clear();
    for change in &told.changes {
        encode_change(registry, change, changes);
    }
    let Told { revision, hash: _, commit_time, actor, reason, request_id, .. } = told;
    let mut header = Vec::with_capacity(64);
    put_number(commit::REVISION, revision.cast_unsigned(), &mut header);
    put_field(commit::TIME, &timestamp(*commit_time).encode_to_vec(), &mut header);
    for (number, text) in
        [(commit::ACTOR, actor), (commit::REASON, reason), (commit::REQUEST_ID, request_id)]
    {
        if !text.is_empty() {
            put_field(number, text.as_bytes(), &mut header);
        }
    }
    let mut count = Vec::with_capacity(4);
    put_number(commit::CHANGE_COUNT, told.changes.len() as u64, &mut count);
    put_varint(u64::from(COMMITS) << 3 | 2, out);
    put_varint((header.len() + changes.len() + count.len()) as u64, out);
    out.extend_from_slice(&header);
    out.extend_from_slice(changes);
    out.extend_from_slice(&count);
}

/// Appends the entry of a change, whole.
fn encode_change(registry: Registry, told: &ToldChange, out: &mut Vec<u8>) {
    let ToldChange { ordinal, kind, name, uid, fields, body, before: _ } = told;
    let resource_kind = registry.by_name(name);
    let mut head = Vec::with_capacity(128);
    put_number(change::ORDINAL, u64::from(ordinal.unsigned_abs()), &mut head);
    let kind = i32::from(ChangeKind::wire(kind));
    put_number(change::KIND, u64::from(kind.unsigned_abs()), &mut head);
    let type_name = resource_kind.map_or("", |kind| kind.type_name);
    put_field(change::RESOURCE_TYPE, type_name.as_bytes(), &mut head);
    put_field(change::NAME, name.as_bytes(), &mut head);
    let mut text = Uuid::encode_buffer();
    put_field(change::UID, uid.hyphenated().encode_lower(&mut text).as_bytes(), &mut head);
    let mut mask = Vec::new();
    for path in fields.split(',').filter(|path| !path.is_empty()) {
        put_field(1, path.as_bytes(), &mut mask);
    }
    let resource = resource_kind.filter(|_| !body.is_empty());
    let resource = resource.map(|kind| (kind.tag, field_len(kind.tag, body.len())));
    let wrapped = resource.map_or(0, |(_, length)| field_len(change::RESOURCE, length));
    let mask_length =
        if mask.is_empty() { 0 } else { field_len(change::CHANGED_FIELDS, mask.len()) };
    put_varint(u64::from(commit::CHANGES) << 3 | 2, out);
    put_varint((head.len() + wrapped + mask_length) as u64, out);
    out.extend_from_slice(&head);
    if let Some((tag, length)) = resource {
        put_varint(u64::from(change::RESOURCE) << 3 | 2, out);
        put_varint(length as u64, out);
        put_field(tag, body, out);
    }
    if !mask.is_empty() {
        put_field(change::CHANGED_FIELDS, &mask, out);
    }
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
