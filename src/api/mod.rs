//! The services: each method takes its request apart, calls, and replies.

pub mod asked;
pub mod caller;
pub mod changes;
pub mod drafts;
pub mod history;
mod import;
pub mod layer;
pub mod listing;
pub mod past;
pub mod records;
pub mod resources;
pub mod shown;
pub mod status;
pub mod unary;

use prost_types::FieldMask;

use crate::feed::Feed;
use crate::model::error::{Problems, Result};
use crate::model::violations::{Path, Violations};
use crate::model::wire::{Mask, MaskUse};
use crate::store::Store;
use crate::store::registry::Kind;

/// What every service needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    /// The record.
    pub store: Store,
    /// Its changes.
    pub feed: Feed,
}

/// Checks a field mask of a request; `None` if it takes everything.
pub fn read_mask(kind: &Kind, mask: Option<&FieldMask>) -> Result<Option<Mask>> {
    let Some(FieldMask { paths }) = mask.filter(|mask| !mask.paths.is_empty()) else {
        return Ok(None);
    };
    let mut violations = Violations::default();
    let mask = checked_mask(kind, paths, MaskUse::Read, "read_mask", &mut violations);
    let mut problems = Problems::default();
    problems.extend(&violations);
    problems.into_ok(mask.map(|mask| (!mask.is_all()).then_some(mask)))
}

/// Checks the paths of the field mask `field`; `None` if there are violations.
pub fn checked_mask(
    kind: &Kind,
    paths: &[String],
    purpose: MaskUse,
    field: &str,
    violations: &mut Violations,
) -> Option<Mask> {
    let parsed = Mask::parse(&kind.descriptor(), paths.iter().map(String::as_str), purpose);
    let root = Path::Root;
    let at = root.field(field);
    let at = at.field("paths");
    parsed
        .map_err(|wrong| {
            wrong.into_iter().for_each(|(index, text)| violations.add(&at.index(index), text));
        })
        .ok()
}
