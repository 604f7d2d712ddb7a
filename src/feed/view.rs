//! What a stream lets through.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use prost_types::FieldMask;
use sha2::{Digest, Sha256};

use super::apply::object;
use super::token::prefix;
use crate::filter::several::Filters;
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::violations::Path;
use crate::model::wire::{Mask, MaskUse};
use crate::proto::v1::{ChangeKind, Detail};
use crate::store::registry::{Kind, Registry};
use crate::store::told::{ToldChange, Wanted};

/// What a client asks to see.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Only resources that match.
    pub filter: String,
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

/// How much of each change a view has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    Names,
    Full,
    WithBefore,
}

/// A selection that has been checked.
#[derive(Clone, Debug)]
pub struct View {
    pub(super) registry: Registry,
    pub(super) types: BTreeSet<String>,
    pub(super) kinds: BTreeSet<i32>,
    pub(super) actors: BTreeSet<String>,
    pub(super) depth: Depth,
    /// By the type's number in `Resource`; empty if all fields are wanted.
    pub(super) masks: BTreeMap<u32, Mask>,
    /// Its names are looked up before the view is used.
    pub filter: Option<Filters>,
}

impl View {
    /// Checks `selection` against the types that there are.
    pub fn new(registry: Registry, selection: Selection) -> Result<Self> {
        let Selection { filter, resource_types, kinds, actors, detail, read_mask } = selection;
        let mut problems = Problems::default();
        let mut chosen: Vec<&'static Kind> = Vec::new();
        for (index, name) in resource_types.iter().enumerate() {
            if let Some(kind) = registry.by_type(name) {
                chosen.push(kind);
                continue;
            }
            let known: Vec<_> = registry.0.iter().map(|kind| kind.type_name).collect();
            let text = format!("must be one of {}", known.join(", "));
            let root = Path::Root;
            let at = root.field("resource_types");
            problems.add(Reason::ValidationFailed, &at.index(index), text, "");
        }
        if chosen.is_empty() {
            chosen.extend(registry.0);
        }
        let masks = masks(registry, read_mask.as_ref(), &mut problems);
        let filter = problems.keep(Filters::new(registry, &chosen, &filter));
        let filter = problems.into_ok(filter)?;
        Ok(Self {
            registry,
            types: resource_types.into_iter().collect(),
            kinds: kinds.into_iter().map(i32::from).collect(),
            actors: actors.into_iter().collect(),
            depth: match detail {
                Detail::Names => Depth::Names,
                Detail::Full | Detail::Unspecified => Depth::Full,
                Detail::FullWithBefore => Depth::WithBefore,
            },
            masks,
            filter,
        })
    }

    /// Whether every commit goes through as it is.
    pub fn is_full(&self) -> bool {
        let Self { registry: _, types, kinds, actors, depth, masks, filter } = self;
        types.is_empty()
            && kinds.is_empty()
            && actors.is_empty()
            && *depth == Depth::Full
            && masks.is_empty()
            && filter.is_none()
    }

    /// The types whose resources it lets through, in the order of the registry.
    pub fn chosen(&self) -> impl Iterator<Item = &'static Kind> {
        let lets = |kind: &&Kind| self.types.is_empty() || self.types.contains(kind.type_name);
        self.registry.0.iter().filter(lets)
    }

    /// Tells views apart.
    pub fn identity(&self) -> [u8; 32] {
        let Self { registry: _, types, kinds, actors, depth, masks, filter } = self;
        let text = filter.as_ref().map(Filters::bound);
        let all = format!("{types:?} {kinds:?} {actors:?} {depth:?} {masks:?} {text:?}");
        Sha256::digest(all).into()
    }

    /// What the filter means now, for tokens: see [`Filters::meaning`].
    pub fn meaning(&self) -> [u8; 8] {
        self.filter.as_ref().map_or([0; 8], Filters::meaning)
    }

    /// Hash of what decides which changes go through, for tokens.
    pub fn selectors(&self) -> [u8; 8] {
        let no_lists = self.types.is_empty() && self.actors.is_empty() && self.kinds.is_empty();
        if no_lists && self.filter.is_none() {
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
        if let Some(filter) = &self.filter {
            hasher.update(b"filter");
            hasher.update(&filter.text);
        }
        prefix(&hasher.finalize())
    }

    /// What the log has to be asked for, so that nothing is missing.
    pub fn wanted(&self) -> Wanted {
        let mut kinds = BTreeSet::new();
        for kind in self.kinds.iter().filter_map(|kind| ChangeKind::try_from(*kind).ok()) {
            kinds.insert(match kind {
                ChangeKind::Created => "CREATED",
                ChangeKind::Deleted => "DELETED",
                ChangeKind::Undeleted => "UNDELETED",
                // Whether a resource enters or leaves is judged on its updates.
                ChangeKind::Updated
                | ChangeKind::Entered
                | ChangeKind::Left
                | ChangeKind::Unspecified => "UPDATED",
            });
        }
        let chosen = if self.types.is_empty() { None } else { Some(self.chosen()) };
        let alters = |kind: &&Kind| self.filter.as_ref().is_some_and(|f| f.depends_on(kind));
        Wanted {
            collections: chosen.into_iter().flatten().map(|kind| kind.collection).collect(),
            kinds: kinds.into_iter().collect(),
            actors: self.actors.iter().cloned().collect(),
            always: self.registry.0.iter().filter(alters).map(|kind| kind.collection).collect(),
            before: self.filter.is_some() || self.depth == Depth::WithBefore,
        }
    }

    /// What has to be read of the log to tell whether the filter has meant the same all
    /// along; `None` if it always does.
    pub fn of_meaning(&self) -> Option<Wanted> {
        let alters = |kind: &&Kind| self.filter.as_ref().is_some_and(|f| f.depends_on(kind));
        let collections: Vec<_> =
            self.registry.0.iter().filter(alters).map(|kind| kind.collection).collect();
        (!collections.is_empty()).then(|| Wanted { collections, before: true, ..Wanted::default() })
    }

    /// What has to be read of the log to tell whether a name in the filter has meant
    /// something.
    pub fn of_names(&self) -> Wanted {
        let named = self.registry.0.iter().filter(|kind| kind.has_aliases);
        let collections = named.map(|kind| kind.collection).collect();
        Wanted { collections, before: true, ..Wanted::default() }
    }

    /// Whether before `change` the resource had a name that stands in the filter.
    pub fn names_before(&self, change: &ToldChange) -> bool {
        let kind = self.registry.by_name(&change.name);
        kind.zip(self.filter.as_ref()).is_some_and(|(kind, filter)| {
            let Some(before) = object(kind, &change.before) else { return false };
            let others = before.aliases();
            let mut names = filter.names().into_iter();
            names.any(|name| name == change.name || others.iter().any(|other| other == name))
        })
    }

    /// Whether the filter, which is bound, meant something else before `change`.
    pub fn meant_else(&self, change: &ToldChange) -> bool {
        let kind = self.registry.by_name(&change.name);
        kind.zip(self.filter.as_ref()).is_some_and(|(kind, filter)| {
            let (before, after) = (object(kind, &change.before), object(kind, &change.body));
            filter.is_altered(kind, &change.name, after.as_deref(), before.as_deref())
        })
    }

    /// The encoded `body` of a resource of `kind` as this view has it.
    pub(super) fn masked<'b>(&self, kind: &Kind, body: &'b [u8]) -> Cow<'b, [u8]> {
        match self.masks.get(&kind.tag) {
            Some(mask) => Cow::Owned(mask.keep(body)),
            None => Cow::Borrowed(body),
        }
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
