//! What a type is given beside its message, and what its rules come to.

use std::any::Any;
use std::sync::Arc;

use super::hierarchy::Child;
use super::resource::{Object, Resource};
use crate::model::dates::Day;
use crate::model::violations::Path;
use crate::proto::v1::{Warning, WarningCode};

/// What is doubtful about a record, as it is collected.
#[derive(Debug, Default)]
pub struct Warnings(pub(super) Vec<Warning>);

impl Warnings {
    /// Adds a doubt about the field at `at`, a path within the record.
    pub fn add(&mut self, code: WarningCode, at: &Path<'_>, message: impl Into<String>) {
        let (field, message) = (at.to_string(), message.into());
        self.0.push(Warning { code: code.into(), field, message });
    }
}

/// Finds the keys of the records that a message names.
pub trait Keys {
    /// The key of `name`; `None` for an empty name.
    fn key(&self, name: &str) -> Option<i64>;
}

/// What rules may look at besides the record itself.
pub trait Around {
    /// The day that it is for the store.
    fn today(&self) -> Day;
    /// The record called `name`, as the request leaves it: one that
    /// [`Resource::looks_into`] names.
    fn record(&self, name: &str) -> Option<Arc<dyn Object>>;
    /// The children of the record called `name`, which the request changes, that it leaves
    /// as they are. See [`Hierarchy::upwards`](super::hierarchy::Hierarchy::upwards).
    fn children(&self, name: &str) -> Vec<Child>;
}

/// What `read` finds in the record of type `T` called `name`, if it can be looked into.
pub fn look<T: Resource, F>(
    around: &dyn Around,
    name: &str,
    read: impl FnOnce(&T) -> F,
) -> Option<F> {
    let found = around.record(name)?;
    let found: &dyn Any = found.as_ref();
    found.downcast_ref::<T>().map(read)
}
