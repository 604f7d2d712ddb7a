//! What is generated from the protos for each message: its checks, its
//! references and, for a resource, the fields that all resources share.

use std::collections::BTreeMap;

use super::violations::{Path, Violations};
use crate::proto::v1::{Citation, ExternalId, Warning, resource};

/// Checks the rules that the message declares for itself (`buf.validate`), down
/// to its last part. Generated for every message of the contract.
pub trait Validate {
    /// Adds to `violations` whatever is wrong with this message, which stands at
    /// `at`.
    fn validate(&self, at: &Path<'_>, violations: &mut Violations);
}

/// What a visitor of references is shown: the place, the type that is referred
/// to (`Country`, or `*` for any) and the name as written, to be made canonical in place.
pub type ReferenceVisitor<'v> = dyn FnMut(&Path<'_>, &'static str, &mut String) + 'v;

/// Shows the references that a message holds (`google.api.resource_reference`).
/// Generated for resources and the messages inside them.
pub trait References {
    /// Calls `visit` for each reference that is not empty, always in the same
    /// order.
    fn visit_references(&mut self, at: &Path<'_>, visit: &mut ReferenceVisitor<'_>);
}

/// The fields of every resource that the store reads.
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    /// Resource name.
    pub name: &'a str,
    /// UUIDv7 in its usual form.
    pub uid: &'a str,
    /// Identifiers in other registers.
    pub external_ids: &'a [ExternalId],
    /// Free keys and values.
    pub labels: &'a BTreeMap<String, String>,
    /// Where the facts come from.
    pub citations: &'a [Citation],
    /// What is doubtful.
    pub warnings: &'a [Warning],
    /// The quoted revision.
    pub etag: &'a str,
    /// Number of the commit that last changed it.
    pub revision: i64,
    /// When it was first recorded.
    pub create_time: Option<&'a prost_types::Timestamp>,
    /// When it was last changed.
    pub update_time: Option<&'a prost_types::Timestamp>,
}

/// The fields of every resource that the store writes.
#[derive(Debug)]
pub struct CommonMut<'a> {
    /// Resource name.
    pub name: &'a mut String,
    /// UUIDv7 in its usual form.
    pub uid: &'a mut String,
    /// Identifiers in other registers.
    pub external_ids: &'a mut Vec<ExternalId>,
    /// What is doubtful.
    pub warnings: &'a mut Vec<Warning>,
    /// The quoted revision.
    pub etag: &'a mut String,
    /// Number of the commit that last changed it.
    pub revision: &'a mut i64,
    /// When it was first recorded.
    pub create_time: &'a mut Option<prost_types::Timestamp>,
    /// When it was last changed.
    pub update_time: &'a mut Option<prost_types::Timestamp>,
}

/// A message with the option `google.api.resource`. Generated.
pub trait Described:
    prost::Message + Default + Clone + PartialEq + Validate + References + 'static
{
    /// The message's name: `CooperationArea`.
    const TYPE: &'static str;
    /// The plural as methods have it: `CooperationAreas`.
    const TYPE_PLURAL: &'static str;
    /// First segment of the names: `cooperationAreas`.
    const COLLECTION: &'static str;
    /// The field for it in requests and in `Resource`: `cooperation_area`.
    const FIELD: &'static str;
    /// Full name of its service: `entente.v1.CooperationAreaService`.
    const SERVICE: &'static str;
    /// Number of that field in `Resource`.
    const TAG: u32;
    /// Numbers of the fields that only the server sets, `etag` among them.
    const OUTPUT_ONLY: &'static [u32];

    /// The shared fields, to read.
    fn common(&self) -> Common<'_>;
    /// The shared fields, to write.
    fn common_mut(&mut self) -> CommonMut<'_>;
    /// Empties the fields of [`Self::OUTPUT_ONLY`].
    fn clear_output_only(&mut self);
    /// Wraps it.
    fn into_any(self) -> resource::Resource;
}
