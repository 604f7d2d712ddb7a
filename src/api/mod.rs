//! The services: each method takes its request apart, calls, and replies.

pub mod caller;
pub mod changes;
pub mod drafts;
pub mod layer;
pub mod listing;
pub mod records;
pub mod resources;
pub mod status;
pub mod unary;

use prost_types::FieldMask;

use crate::feed::Feed;
use crate::model::dates::{Day, day_of_microseconds};
use crate::model::error::{Problems, Reason, Result};
use crate::model::violations::Path;
use crate::model::wire::{Mask, MaskUse};
use crate::store::resource::Kind;
use crate::store::{Store, now_micros};

/// What every service needs. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Api {
    /// The record.
    pub store: Store,
    /// Its changes.
    pub feed: Feed,
}

/// Today, in UTC.
pub fn today() -> Day {
    day_of_microseconds(now_micros())
}

/// Checks a field mask of a request; `None` if it takes everything.
pub fn read_mask(kind: &Kind, mask: Option<&FieldMask>) -> Result<Option<Mask>> {
    let Some(FieldMask { paths }) = mask.filter(|mask| !mask.paths.is_empty()) else {
        return Ok(None);
    };
    let mask = checked_mask(kind, paths, MaskUse::Read, "read_mask")?;
    Ok((!mask.is_all()).then_some(mask))
}

/// Checks the paths of the field mask `field`.
pub fn checked_mask(kind: &Kind, paths: &[String], purpose: MaskUse, field: &str) -> Result<Mask> {
    let parsed = Mask::parse(&kind.descriptor(), paths.iter().map(String::as_str), purpose);
    parsed.map_err(|wrong| {
        let mut problems = Problems::default();
        for (index, text) in wrong {
            let root = Path::Root;
            let at = root.field(field);
            problems.add(Reason::ValidationFailed, &at.field("paths").index(index), text, "");
        }
        match problems.into_result() {
            Err(error) => error,
            Ok(()) => crate::model::error::Error::internal(),
        }
    })
}
