//! Makes drafts of what clients ask to write.

use prost_reflect::{Cardinality, FieldDescriptor};
use prost_types::FieldMask;

use super::checked_mask;
use crate::model::described::Described;
use crate::model::error::{Error, Result};
use crate::model::names;
use crate::model::violations::{Path, Violations};
use crate::model::wire::{Mask, MaskUse};
use crate::store::registry::{Kind, Registry};
use crate::store::resource::Object;
use crate::store::write::{Draft, Operation};

/// Where a mutation stands in a request.
#[derive(Clone, Copy, Debug)]
pub struct Site<'p> {
    /// Path of the message that holds the fields of the mutation; empty for the
    /// request itself.
    pub message: &'p str,
    /// Path of the resource in it.
    pub resource: &'p str,
    /// Name of the field with the id.
    pub id: &'p str,
}

impl Site<'_> {
    fn path(&self, field: &str) -> String {
        match (self.message, field) {
            ("", field) => field.to_owned(),
            (message, "") => message.to_owned(),
            (message, field) => format!("{message}.{field}"),
        }
    }
}

/// Records a new resource, under `id` if that is not empty, or else under its own or one
/// of the store's.
pub fn create(
    kind: &'static Kind,
    mut object: Box<dyn Object>,
    id: &str,
    site: Site<'_>,
    violations: Violations,
) -> Draft {
    object.clear_output_only();
    object.common_mut().name.clear();
    let id = if id.is_empty() { object.own_id() } else { Some(id.to_owned()) };
    let name = id.map(|id| kind.name(&id));
    if let Some(name) = &name {
        tell_name(name, object.as_mut());
    }
    Draft {
        kind,
        path: site.path(site.resource),
        name_path: site.path(site.id),
        operation: Operation::Create { object, name },
        violations,
        recorded: None,
    }
}

/// Changes a resource.
pub fn update(
    kind: &'static Kind,
    mut object: Box<dyn Object>,
    mask: Option<&FieldMask>,
    allow_missing: bool,
    site: Site<'_>,
    mut violations: Violations,
) -> Draft {
    let path = site.path(site.resource);
    // What is written is judged once it is merged; what is sent may lack parts.
    violations.forget_below(&path);
    let name_path = format!("{path}.name");
    let name = object.common().name.to_owned();
    let etag = object.common().etag.to_owned();
    if name.is_empty() {
        violations.add(&Path::Root.field(&name_path), "is required: it says what to update");
    }
    object.clear_output_only();
    if let Some(name) = names::split(&name).map(|(_, id)| kind.name(id)) {
        tell_name(&name, object.as_mut());
    }
    let mask = taken(kind, object.as_ref(), mask, site, &mut violations);
    Draft {
        kind,
        path,
        name_path,
        operation: Operation::Update { object, name, mask, allow_missing, etag },
        violations,
        recorded: None,
    }
}

/// Changes a resource, or records it where there is none.
pub fn import(
    kind: &'static Kind,
    mut object: Box<dyn Object>,
    id: &str,
    mask: Option<&FieldMask>,
    site: Site<'_>,
    mut violations: Violations,
) -> Draft {
    let path = site.path(site.resource);
    // What is written is judged once it is merged; what is sent may lack parts.
    violations.forget_below(&path);
    let name = object.common().name.to_owned();
    object.clear_output_only();
    let id = if id.is_empty() { object.own_id() } else { Some(id.to_owned()) };
    let fallback = id.map(|id| kind.name(&id));
    for name in [Some(&name), fallback.as_ref()].into_iter().flatten() {
        tell_name(name, object.as_mut());
    }
    let keeps = mask.is_none_or(|mask| mask.paths.is_empty());
    let mask = taken(kind, object.as_ref(), mask, site, &mut violations);
    let name_path = if name.is_empty() { site.path(site.id) } else { format!("{path}.name") };
    let name = (!name.is_empty()).then_some(name);
    let operation = Operation::Import { object, name, fallback, mask, keeps };
    Draft { kind, path, name_path, operation, violations, recorded: None }
}

/// The fields to take of `object`: those of `mask`, or else the populated ones.
fn taken(
    kind: &Kind,
    object: &dyn Object,
    mask: Option<&FieldMask>,
    site: Site<'_>,
    violations: &mut Violations,
) -> Mask {
    match mask.map(|mask| mask.paths.as_slice()).unwrap_or_default() {
        [] => {
            let repeats = |field: FieldDescriptor| field.cardinality() == Cardinality::Repeated;
            let field = |number| kind.descriptor().get_field(number);
            Mask::populated(&object.encode(), |number| field(number).is_some_and(repeats))
        }
        paths => {
            let field = site.path("update_mask");
            let mask = checked_mask(kind, paths, MaskUse::Update, &field, violations);
            // With a mask that takes nothing the rest is judged all the same.
            mask.unwrap_or_else(Mask::none)
        }
    }
}

/// Makes the resource called `name` what `object` says, as a whole.
pub fn replace(
    kind: &'static Kind,
    mut object: Box<dyn Object>,
    name: String,
    etag: String,
    violations: Violations,
) -> Draft {
    object.clear_output_only();
    object.common_mut().name.clone_from(&name);
    Draft {
        kind,
        path: String::new(),
        name_path: "name".to_owned(),
        operation: Operation::Update {
            object,
            name,
            mask: Mask::all(),
            allow_missing: false,
            etag,
        },
        violations,
        recorded: None,
    }
}

/// Lets a resource take from its name what it leaves out.
fn tell_name(name: &str, object: &mut dyn Object) {
    if let Some((_, id)) = names::split(name) {
        object.named(id);
    }
}

/// The type that `name` belongs to, for a mutation that only has a name; `None` if
/// it is none, which is then among `violations`.
pub fn kind_of(
    registry: Registry,
    name: &str,
    name_path: &str,
    violations: &mut Violations,
) -> Option<&'static Kind> {
    let at = Path::Root;
    let at = at.field(name_path);
    if names::split(name).is_none() {
        violations.add(&at, "must be a resource name such as countries/KHM");
        return None;
    }
    let kind = registry.by_name(name);
    if kind.is_none() {
        violations.add(&at, format!("must be a name in one of {}", registry.collections()));
    }
    kind
}

/// Deletes a resource.
pub fn delete(
    kind: &'static Kind,
    name: String,
    etag: String,
    site: Site<'_>,
    violations: Violations,
) -> Draft {
    Draft {
        kind,
        path: site.path("name"),
        name_path: site.path("name"),
        operation: Operation::Delete { name, etag },
        violations,
        recorded: None,
    }
}

/// Brings a resource back.
pub fn undelete(
    kind: &'static Kind,
    name: String,
    site: Site<'_>,
    violations: Violations,
) -> Draft {
    Draft {
        kind,
        path: site.path("name"),
        name_path: site.path("name"),
        operation: Operation::Undelete { name },
        violations,
        recorded: None,
    }
}

/// The type `T` in `registry`.
pub fn kind<T: Described>(registry: Registry) -> Result<&'static Kind> {
    registry.by_type(T::TYPE).ok_or_else(|| {
        tracing::error!(r#type = T::TYPE, "is not registered");
        Error::internal()
    })
}
