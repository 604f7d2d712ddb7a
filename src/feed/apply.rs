//! Views applied to encoded commits.

use bytes::Bytes;

use super::view::{Depth, View};
use crate::filter::several::Filters;
use crate::model::wire::{WireField, WireFields, put_field, put_number};
use crate::proto::v1::ChangeKind;
use crate::store::registry::Kind;
use crate::store::resource::Object;

/// Numbers of `Commit`'s fields.
pub(super) mod commit {
    pub(crate) const REVISION: u32 = 1;
    pub(crate) const TIME: u32 = 2;
    pub(crate) const ACTOR: u32 = 3;
    pub(crate) const REASON: u32 = 4;
    pub(crate) const REQUEST_ID: u32 = 5;
    pub(crate) const CHANGES: u32 = 6;
    pub(crate) const CHANGE_COUNT: u32 = 7;
    pub(crate) const FRAGMENT: u32 = 8;
}

/// Numbers of `Change`'s fields.
pub(super) mod change {
    pub(crate) const ORDINAL: u32 = 1;
    pub(crate) const KIND: u32 = 2;
    pub(crate) const RESOURCE_TYPE: u32 = 3;
    pub(crate) const NAME: u32 = 4;
    pub(crate) const UID: u32 = 5;
    pub(crate) const RESOURCE: u32 = 6;
    pub(crate) const BEFORE: u32 = 7;
    pub(crate) const CHANGED_FIELDS: u32 = 8;
}

/// A commit as a view has it.
#[derive(Debug, Default)]
pub(super) struct Applied {
    /// The encoded commit; `None` if nothing goes through.
    pub(super) commit: Option<Vec<u8>>,
    /// Whether it alters what the view's filter means.
    pub(super) alters: bool,
}

/// A change as it stands in an encoded commit.
struct Whole<'c> {
    kind: ChangeKind,
    resource_kind: &'static Kind,
    name: &'c str,
    /// The resource after; empty after a deletion.
    after: &'c [u8],
    /// The resource before; empty if it was not there, or nobody asked.
    before: &'c [u8],
}

impl View {
    /// The encoded commit as this view has it; `befores` has the messages before its
    /// changes, in order.
    pub(super) fn apply(&self, encoded: &[u8], befores: &[Bytes]) -> Applied {
        let mut out = Vec::with_capacity(encoded.len());
        let (mut count, mut index, mut actor, mut alters) = (0, 0, &b""[..], false);
        for field in WireFields(encoded) {
            match field.number {
                commit::ACTOR => {
                    actor = field.value;
                    out.extend_from_slice(field.whole);
                }
                commit::CHANGES => {
                    let before = befores.get(index).map_or(&b""[..], Bytes::as_ref);
                    index += 1;
                    let Some(whole) = self.whole(field.value, before) else { continue };
                    alters |= self.filter.as_ref().is_some_and(|filter| altered(filter, &whole));
                    if let Some(kind) = self.told_as(&whole) {
                        count += 1;
                        put_field(commit::CHANGES, &self.told(field, &whole, kind), &mut out);
                    }
                }
                commit::CHANGE_COUNT => {}
                _ => out.extend_from_slice(field.whole),
            }
        }
        let lets_actor = self.actors.is_empty()
            || std::str::from_utf8(actor).is_ok_and(|actor| self.actors.contains(actor));
        if count == 0 || !lets_actor {
            return Applied { commit: None, alters };
        }
        put_number(commit::CHANGE_COUNT, count, &mut out);
        Applied { commit: Some(out), alters }
    }

    fn whole<'c>(&self, encoded: &'c [u8], before: &'c [u8]) -> Option<Whole<'c>> {
        let (mut kind, mut type_name, mut name, mut after) = (0, "", "", &b""[..]);
        for part in WireFields(encoded) {
            match part.number {
                change::KIND => kind = part.number_value()?,
                change::RESOURCE_TYPE => type_name = std::str::from_utf8(part.value).ok()?,
                change::NAME => name = std::str::from_utf8(part.value).ok()?,
                change::RESOURCE => after = WireFields(part.value).next()?.value,
                _ => {}
            }
        }
        let kind = ChangeKind::try_from(i32::try_from(kind).ok()?).ok()?;
        let resource_kind = self.registry.by_type(type_name)?;
        Some(Whole { kind, resource_kind, name, after, before })
    }

    /// As what a change is told; `None` if it does not go through.
    fn told_as(&self, whole: &Whole<'_>) -> Option<ChangeKind> {
        if !self.types.is_empty() && !self.types.contains(whole.resource_kind.type_name) {
            return None;
        }
        let kind = match &self.filter {
            None => whole.kind,
            Some(filter) => transition(filter, whole)?,
        };
        (self.kinds.is_empty() || self.kinds.contains(&kind.into())).then_some(kind)
    }

    /// The encoded change `field` as this view tells it.
    fn told(&self, field: WireField<'_>, whole: &Whole<'_>, kind: ChangeKind) -> Vec<u8> {
        let mut out = Vec::with_capacity(field.value.len() + whole.before.len());
        let tag = whole.resource_kind.tag;
        let wrap = |number: u32, body: &[u8], out: &mut Vec<u8>| {
            let body = self.masked(whole.resource_kind, body);
            let mut wrapped = Vec::with_capacity(body.len() + 8);
            put_field(tag, &body, &mut wrapped);
            put_field(number, &wrapped, out);
        };
        for part in WireFields(field.value) {
            match part.number {
                change::KIND => {
                    put_number(change::KIND, i32::from(kind).unsigned_abs().into(), &mut out);
                }
                change::RESOURCE if self.depth == Depth::Names || kind == ChangeKind::Left => {}
                change::RESOURCE if !self.masks.is_empty() => {
                    wrap(change::RESOURCE, whole.after, &mut out);
                }
                _ => out.extend_from_slice(part.whole),
            }
        }
        if self.depth == Depth::WithBefore && !whole.before.is_empty() {
            wrap(change::BEFORE, whole.before, &mut out);
        }
        out
    }
}

pub(super) fn object(kind: &Kind, body: &[u8]) -> Option<Box<dyn Object>> {
    if body.is_empty() {
        return None;
    }
    let decoded = kind.decode(body);
    decoded.inspect_err(|error| tracing::error!(%error, "a logged message cannot be decoded")).ok()
}

/// As what the filter tells a change, judged on the resource before and after.
fn transition(filter: &Filters, whole: &Whole<'_>) -> Option<ChangeKind> {
    let lets = |body: &[u8]| {
        let object = object(whole.resource_kind, body);
        object.is_some_and(|object| filter.lets(whole.resource_kind, object.as_ref()))
    };
    let kind = match whole.kind {
        ChangeKind::Updated => match (lets(whole.before), lets(whole.after)) {
            (true, true) => ChangeKind::Updated,
            (false, true) => ChangeKind::Entered,
            (true, false) => ChangeKind::Left,
            (false, false) => return None,
        },
        ChangeKind::Deleted => return lets(whole.before).then_some(whole.kind),
        kind => return lets(whole.after).then_some(kind),
    };
    Some(kind)
}

/// Whether a change alters what the filter means.
fn altered(filter: &Filters, whole: &Whole<'_>) -> bool {
    filter.depends_on(whole.resource_kind) && {
        let before = object(whole.resource_kind, whole.before);
        let after = object(whole.resource_kind, whole.after);
        filter.is_altered(whole.resource_kind, whole.name, before.as_deref(), after.as_deref())
    }
}
