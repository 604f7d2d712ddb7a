//! Field masks and comparison on the encoded form.
//!
//! A protobuf message is a list of numbered fields, and two encodings one after
//! the other are the two messages merged. So a mask can keep or remove fields of
//! a record without decoding it, for any type, and an update is what the mask
//! removes from the old record followed by what it keeps of the new one.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{Kind, MessageDescriptor};

/// Numbers of the fields that every commit sets anew: etag, revision,
/// create_time, update_time.
pub const STAMP: std::ops::RangeInclusive<u32> = 105..=108;

/// One field as it stands in an encoded message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireField<'a> {
    /// The field's number.
    pub number: u32,
    /// Key and value.
    pub whole: &'a [u8],
    /// The value without length for length-delimited fields, else as encoded.
    pub value: &'a [u8],
}

impl WireField<'_> {
    /// The value of a varint field.
    pub fn number_value(&self) -> Option<u64> {
        varint(self.value).map(|(value, _)| value)
    }
}

/// Walks the fields of an encoded message. Ends early at bytes that are none;
/// what it is given comes from our own encoder or has been decoded before.
#[derive(Clone, Copy, Debug)]
pub struct WireFields<'a>(pub &'a [u8]);

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}

impl<'a> Iterator for WireFields<'a> {
    type Item = WireField<'a>;

    fn next(&mut self) -> Option<WireField<'a>> {
        let (key, key_length) = varint(self.0)?;
        let rest = &self.0[key_length..];
        let (skip, length) = match key & 7 {
            0 => (0, varint(rest)?.1),
            1 => (0, 8),
            5 => (0, 4),
            2 => {
                let (length, prefix) = varint(rest)?;
                (prefix, usize::try_from(length).ok()?)
            }
            _ => return None,
        };
        let value = rest.get(skip..skip.checked_add(length)?)?;
        let (whole, after) = self.0.split_at(key_length + skip + length);
        self.0 = after;
        Some(WireField { number: u32::try_from(key >> 3).ok()?, whole, value })
    }
}

/// Appends a length-delimited field.
pub fn put_field(number: u32, value: &[u8], out: &mut Vec<u8>) {
    put_varint(u64::from(number) << 3 | 2, out);
    put_varint(value.len() as u64, out);
    out.extend_from_slice(value);
}

/// Appends a varint field; nothing for zero.
pub fn put_number(number: u32, value: u64, out: &mut Vec<u8>) {
    if value != 0 {
        put_varint(u64::from(number) << 3, out);
        put_varint(value, out);
    }
}

/// Appends a varint.
pub fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// How many bytes a length-delimited field takes whose value has `length`.
pub fn field_len(number: u32, length: usize) -> usize {
    varint_len(u64::from(number) << 3 | 2) + varint_len(length as u64) + length
}

fn varint_len(value: u64) -> usize {
    let bits = u64::BITS - (value | 1).leading_zeros();
    usize::try_from(bits.div_ceil(7)).unwrap_or(10)
}

/// The message without the fields whose number `unwanted` names.
pub fn without(message: &[u8], unwanted: impl Fn(u32) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len());
    for field in WireFields(message).filter(|field| !unwanted(field.number)) {
        out.extend_from_slice(field.whole);
    }
    out
}

/// Numbers of the top-level fields in which two encoded messages differ, apart
/// from the stamp.
pub fn changed_fields(before: &[u8], after: &[u8]) -> BTreeSet<u32> {
    fn gather(message: &[u8]) -> BTreeMap<u32, Vec<&[u8]>> {
        let mut fields: BTreeMap<u32, Vec<&[u8]>> = BTreeMap::new();
        for field in WireFields(message).filter(|field| !STAMP.contains(&field.number)) {
            fields.entry(field.number).or_default().push(field.whole);
        }
        fields
    }
    let (before, after) = (gather(before), gather(after));
    before
        .keys()
        .chain(after.keys())
        .copied()
        .filter(|number| before.get(number) != after.get(number))
        .collect()
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tree {
    whole: bool,
    fields: BTreeMap<u32, Tree>,
    keys: BTreeSet<String>,
}

/// A field mask that has been checked against a message type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(Tree);

/// What a mask is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskUse {
    /// Choosing what to return: elements of lists may be looked into.
    Read,
    /// Choosing what to write: lists are taken whole.
    Update,
}

impl Mask {
    /// The mask that takes every field.
    pub fn all() -> Self {
        Self(Tree { whole: true, ..Tree::default() })
    }

    /// Whether it takes every field.
    pub fn is_all(&self) -> bool {
        self.0.whole
    }

    /// Checks `paths` against `message`; `*` takes everything. The error holds
    /// the index of each path that is wrong and what would be right.
    pub fn parse<'p>(
        message: &MessageDescriptor,
        paths: impl IntoIterator<Item = &'p str>,
        purpose: MaskUse,
    ) -> Result<Self, Vec<(usize, String)>> {
        let mut tree = Tree::default();
        let mut wrong = Vec::new();
        let mut count = 0;
        let mut star = None;
        for (index, path) in paths.into_iter().enumerate() {
            count += 1;
            if path == "*" {
                tree.whole = true;
                star = Some(index);
            } else if let Err(problem) = insert(&mut tree, message, path, purpose) {
                wrong.push((index, problem));
            }
        }
        // Whoever names fields beside it does not mean to clear all others.
        if let Some(star) = star.filter(|_| count > 1 && purpose == MaskUse::Update) {
            wrong.push((star, "takes every field, so it stands alone".to_owned()));
        }
        if wrong.is_empty() { Ok(Self(tree)) } else { Err(wrong) }
    }

    /// The mask that takes nothing.
    pub fn none() -> Self {
        Self(Tree::default())
    }

    /// The mask of the top-level fields that an encoded message has. A message in which
    /// nothing stands says nothing, unless it is one of several.
    pub fn populated(message: &[u8], repeats: impl Fn(u32) -> bool) -> Self {
        let mut tree = Tree::default();
        let fields = WireFields(message);
        for field in fields.filter(|field| !field.value.is_empty() || repeats(field.number)) {
            tree.fields.entry(field.number).or_default().whole = true;
        }
        Self(tree)
    }

    /// Adds a top-level field by number.
    pub fn with(mut self, number: u32) -> Self {
        self.0.fields.entry(number).or_default().whole = true;
        self
    }

    /// The parts of `message` that the mask names.
    pub fn keep(&self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len());
        keep(&self.0, message, MaskUse::Read, &mut out);
        out
    }

    /// The same to be written: a message of which it names nothing that is there is none.
    pub fn take(&self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len());
        keep(&self.0, message, MaskUse::Update, &mut out);
        out
    }

    /// The parts of `message` that the mask does not name. A message of which nothing is left
    /// is none.
    pub fn remove(&self, message: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(message.len());
        remove(&self.0, message, &mut out);
        out
    }
}

fn insert(
    tree: &mut Tree,
    message: &MessageDescriptor,
    path: &str,
    purpose: MaskUse,
) -> Result<(), String> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let Some(field) = message.get_field_by_name(name) else {
        let known: Vec<_> = message.fields().map(|field| field.name().to_owned()).collect();
        return Err(format!(
            "{} has no field {name:?}; it has {}",
            message.name(),
            known.join(", ")
        ));
    };
    let below = tree.fields.entry(field.number()).or_default();
    let Some(rest) = rest else {
        below.whole = true;
        return Ok(());
    };
    if field.is_map() {
        below.keys.insert(map_key(name, rest)?.to_owned());
        return Ok(());
    }
    if field.is_list() && purpose == MaskUse::Update {
        return Err(format!("{name} is a list, which an update takes whole: use {name:?}"));
    }
    match field.kind() {
        Kind::Message(inner) => insert(below, &inner, rest, purpose),
        _ => Err(format!("{name} has no fields inside")),
    }
}

/// The key that a path names (AIP-161): one with a dot stands in backticks, so that
/// nobody takes it for a path into a value.
fn map_key<'p>(map: &str, path: &'p str) -> Result<&'p str, String> {
    let quoted = path.strip_prefix('`').and_then(|rest| rest.strip_suffix('`'));
    match quoted {
        Some(key) if !key.is_empty() => Ok(key),
        None if !path.is_empty() && !path.contains(['.', '`']) => Ok(path),
        _ => {
            let key = quoted.unwrap_or(path);
            let key = if key.is_empty() { "key" } else { key };
            let text = "a key with a dot or a backtick stands in backticks";
            Err(format!("{text}: {map}.`{key}`"))
        }
    }
}

fn entry_key(entry: &[u8]) -> &[u8] {
    WireFields(entry).find(|field| field.number == 1).map_or(&[], |field| field.value)
}

fn has_key(tree: &Tree, entry: &[u8]) -> bool {
    std::str::from_utf8(entry_key(entry)).is_ok_and(|key| tree.keys.contains(key))
}

fn keep(tree: &Tree, message: &[u8], purpose: MaskUse, out: &mut Vec<u8>) {
    for field in WireFields(message) {
        match tree.fields.get(&field.number) {
            _ if tree.whole => out.extend_from_slice(field.whole),
            None => {}
            Some(below) if below.whole || has_key(below, field.value) => {
                out.extend_from_slice(field.whole);
            }
            Some(below) if below.fields.is_empty() => {}
            Some(below) => {
                let mut inner = Vec::new();
                keep(below, field.value, purpose, &mut inner);
                if purpose == MaskUse::Read || !inner.is_empty() {
                    put_field(field.number, &inner, out);
                }
            }
        }
    }
}

fn remove(tree: &Tree, message: &[u8], out: &mut Vec<u8>) {
    for field in WireFields(message) {
        match tree.fields.get(&field.number) {
            _ if tree.whole => {}
            None => out.extend_from_slice(field.whole),
            Some(below) if below.whole || has_key(below, field.value) => {}
            Some(below) if below.fields.is_empty() => out.extend_from_slice(field.whole),
            Some(below) => {
                let mut inner = Vec::new();
                remove(below, field.value, &mut inner);
                if !inner.is_empty() || field.value.is_empty() {
                    put_field(field.number, &inner, out);
                }
            }
        }
    }
}
