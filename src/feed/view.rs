//! What a stream lets through, applied to encoded commits.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::FieldMask;
use sha2::{Digest, Sha256};

use super::token::prefix;
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::violations::Path;
use crate::model::wire::{Mask, MaskUse, WireField, WireFields, put_field, put_number, without};
use crate::proto::v1::{ChangeKind, Detail};
use crate::store::resource::Registry;

/// Numbers of `Commit`'s fields.
pub(super) mod commit {
    pub(crate) const ACTOR: u32 = 3;
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
    pub(crate) const CHANGED_FIELDS: u32 = 8;
}

/// What a client asks to see.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Types by name; all if empty.
    pub resource_types: Vec<String>,
    /// Kinds; all if empty.
    pub kinds: Vec<ChangeKind>,
    /// Actors; all if empty.
    pub actors: Vec<String>,
    /// How much of each change.
    pub detail: Detail,
    /// Fields of the resources; all if absent.
    pub read_mask: Option<FieldMask>,
}

/// A selection that has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    types: BTreeSet<String>,
    kinds: BTreeSet<i32>,
    actors: BTreeSet<String>,
    names_only: bool,
    /// By the type's number in `Resource`; empty if all fields are wanted.
    masks: BTreeMap<u32, Mask>,
}

impl View {
    /// Checks `selection` against the types that there are.
    pub fn new(registry: Registry, selection: Selection) -> Result<Self> {
        let Selection { resource_types, kinds, actors, detail, read_mask } = selection;
        let mut problems = Problems::default();
        for (index, name) in resource_types.iter().enumerate() {
            if registry.by_type(name).is_none() {
                let known: Vec<_> = registry.0.iter().map(|kind| kind.type_name).collect();
                let text = format!("must be one of {}", known.join(", "));
                let root = Path::Root;
                let at = root.field("resource_types");
                problems.add(Reason::ValidationFailed, &at.index(index), text, "");
            }
        }
        let masks = masks(registry, read_mask.as_ref(), &mut problems);
        problems.into_result()?;
        Ok(Self {
            types: resource_types.into_iter().collect(),
            kinds: kinds.into_iter().map(i32::from).collect(),
            actors: actors.into_iter().collect(),
            names_only: detail == Detail::Names,
            masks,
        })
    }

    /// Whether every commit goes through as it is.
    pub fn is_full(&self) -> bool {
        let Self { types, kinds, actors, names_only, masks } = self;
        types.is_empty() && kinds.is_empty() && actors.is_empty() && !names_only && masks.is_empty()
    }

    /// Tells views apart.
    pub fn identity(&self) -> [u8; 32] {
        Sha256::digest(format!("{self:?}")).into()
    }

    /// Hash of what decides which changes go through, for tokens.
    pub fn selectors(&self) -> [u8; 8] {
        if self.types.is_empty() && self.actors.is_empty() && self.kinds.is_empty() {
            return [1; 8];
        }
        let mut hasher = Sha256::new();
        for part in [&self.types, &self.actors] {
            hasher.update((part.len() as u64).to_be_bytes());
            for text in part {
                hasher.update((text.len() as u64).to_be_bytes());
                hasher.update(text);
            }
        }
        for kind in &self.kinds {
            hasher.update(kind.to_be_bytes());
        }
        prefix(&hasher.finalize())
    }

    /// The encoded commit as this view has it; `None` if nothing goes through.
    pub fn apply(&self, encoded: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(encoded.len());
        let mut count = 0;
        for field in WireFields(encoded) {
            match field.number {
                commit::ACTOR if !self.lets_actor(field.value) => return None,
                commit::CHANGES => {
                    if let Some(change) = self.change(field) {
                        count += 1;
                        put_field(commit::CHANGES, &change, &mut out);
                    }
                }
                commit::CHANGE_COUNT => {}
                _ => out.extend_from_slice(field.whole),
            }
        }
        let no_actor = || !WireFields(encoded).any(|field| field.number == commit::ACTOR);
        if count == 0 || (!self.actors.is_empty() && no_actor() && !self.actors.contains("")) {
            return None;
        }
        put_number(commit::CHANGE_COUNT, count, &mut out);
        Some(out)
    }

    fn lets_actor(&self, actor: &[u8]) -> bool {
        self.actors.is_empty()
            || std::str::from_utf8(actor).is_ok_and(|actor| self.actors.contains(actor))
    }

    fn change(&self, field: WireField<'_>) -> Option<Vec<u8>> {
        for part in WireFields(field.value) {
            let passes = match part.number {
                change::KIND if !self.kinds.is_empty() => {
                    self.kinds.iter().any(|kind| part.value == [kind.cast_unsigned() as u8])
                }
                change::RESOURCE_TYPE if !self.types.is_empty() => {
                    std::str::from_utf8(part.value).is_ok_and(|name| self.types.contains(name))
                }
                _ => true,
            };
            if !passes {
                return None;
            }
        }
        if self.names_only {
            return Some(without(field.value, |number| number == change::RESOURCE));
        }
        if self.masks.is_empty() {
            return Some(field.value.to_vec());
        }
        let mut out = Vec::with_capacity(field.value.len());
        for part in WireFields(field.value) {
            match (part.number, WireFields(part.value).next()) {
                (change::RESOURCE, Some(resource)) => {
                    let mask = self.masks.get(&resource.number);
                    let body = mask.map(|mask| mask.keep(resource.value)).unwrap_or_default();
                    let mut wrapped = Vec::with_capacity(body.len() + 8);
                    put_field(resource.number, &body, &mut wrapped);
                    put_field(change::RESOURCE, &wrapped, &mut out);
                }
                _ => out.extend_from_slice(part.whole),
            }
        }
        Some(out)
    }
}

/// A mask for each type. A path that some types do not have is passed over
/// there; one that none has is refused.
fn masks(
    registry: Registry,
    read_mask: Option<&FieldMask>,
    problems: &mut Problems,
) -> BTreeMap<u32, Mask> {
    let mut masks = BTreeMap::new();
    let Some(FieldMask { paths }) = read_mask else { return masks };
    if paths.is_empty() || paths.iter().any(|path| path == "*") {
        return masks;
    }
    let mut known = vec![false; paths.len()];
    for kind in registry.0 {
        let message = kind.descriptor();
        let fits = |path: &str| Mask::parse(&message, [path], MaskUse::Read).is_ok();
        let fitting: Vec<&str> = paths
            .iter()
            .enumerate()
            .filter(|(index, path)| {
                let fits = fits(path);
                known[*index] |= fits;
                fits
            })
            .map(|(_, path)| path.as_str())
            .collect();
        if let Ok(mask) = Mask::parse(&message, fitting, MaskUse::Read) {
            masks.insert(kind.tag, mask);
        }
    }
    for (index, path) in paths.iter().enumerate().filter(|(index, _)| !known[*index]) {
        let root = Path::Root;
        let at = root.field("read_mask").field("paths").index(index).to_string();
        let text = format!("no type has a field {path:?}");
        problems.add(Reason::ValidationFailed, &Path::Root.field(&at), text, "");
    }
    masks
}

/// The error for a token of a watch with other selectors.
pub fn other_selectors(at: &str) -> Error {
    let text = "belongs to a watch with other selectors: use the same ones, or another start";
    Error::token(Reason::TokenOfAnotherQuery, at, text)
}
