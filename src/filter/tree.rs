//! A filter whose fields are known and whose values have types: what SQL is made
//! of and what is judged in memory.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::field::Filterable;
use super::syntax::{Comparator, Place};
use crate::model::dates::Day;
use crate::store::resource::Hierarchy;

/// A condition on a resource. It holds, it does not, or it only may, since dates
/// are known in part.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All hold.
    All(Vec<Self>),
    /// One holds.
    Any(Vec<Self>),
    /// It does not hold.
    Not(Box<Self>),
    /// It holds or may hold.
    Possibly(Box<Self>),
    /// An element of the field passes the test.
    Element(Box<Element>),
}

/// An element of a field that passes a test.
#[derive(Clone, Debug)]
pub struct Element {
    /// The field.
    pub field: Filterable,
    /// Of a map, the key.
    pub map_key: Option<String>,
    /// What it has to be.
    pub test: Test,
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub enum Test {
    /// Something.
    Present,
    /// A text that compares so, bytewise.
    Text(Comparator, String),
    /// A text with that in it, whatever the case of ASCII letters. The text is in
    /// lower case.
    Contains(String),
    /// That resource, or another if it `differs`.
    Refers {
        /// The resource.
        to: Named,
        /// Whether it has to be another.
        differs: bool,
    },
    /// That resource or one below it.
    Under {
        /// The resource.
        root: Named,
        /// What is below what.
        hierarchy: Hierarchy,
        /// The keys and names of all of them, once they are looked up.
        below: BTreeMap<i64, String>,
    },
    /// That uid, or another if `differs`.
    Uid(Uuid, bool),
    /// A number, instant or date that compares so with a span, first and last.
    Span(Comparator, i64, i64),
    /// That text on that day, or any without one, in a row of what holds when.
    Holds(Day, Option<String>),
}

/// A resource that a filter names.
#[derive(Clone, Debug)]
pub struct Named {
    /// Its name, written in the one way; it may still be another name, such as a
    /// code.
    pub name: String,
    /// Where in the filter it stands.
    pub at: Place,
    /// Its key, once that is looked up; no resource has 0.
    pub key: i64,
    /// What it is called itself, once that is looked up.
    pub found: String,
}

impl Condition {
    /// Shows every element to `visit`.
    pub(super) fn elements<'c>(&'c self, visit: &mut dyn FnMut(&'c Element)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter().for_each(|part| part.elements(visit));
            }
            Self::Not(part) | Self::Possibly(part) => part.elements(visit),
            Self::Element(element) => visit(element),
        }
    }

    /// The same, to change them.
    pub(super) fn elements_mut(&mut self, visit: &mut dyn FnMut(&mut Element)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                parts.iter_mut().for_each(|part| part.elements_mut(visit));
            }
            Self::Not(part) | Self::Possibly(part) => part.elements_mut(visit),
            Self::Element(element) => visit(element),
        }
    }
}

impl Element {
    /// The resource that it names.
    pub(super) fn named(&self) -> Option<&Named> {
        match &self.test {
            Test::Refers { to, .. } => Some(to),
            Test::Under { root, .. } => Some(root),
            _ => None,
        }
    }

    /// The same, to change it.
    pub(super) fn named_mut(&mut self) -> Option<&mut Named> {
        match &mut self.test {
            Test::Refers { to, .. } => Some(to),
            Test::Under { root, .. } => Some(root),
            _ => None,
        }
    }
}
