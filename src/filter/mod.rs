//! Filters: the subset of AIP-160 that docs/filters.md describes.
//!
//! A text is read ([`parse`]) and checked against the fields that the type
//! declares ([`field`]); that makes a typed tree ([`tree`]), the same for lists
//! and for streams. It becomes SQL ([`sql`]), or is judged in memory ([`memory`])
//! over the very values that the type extracts for its tables, so that both read
//! the same.

mod check;
mod constant;
pub mod field;
pub mod memory;
pub mod parse;
pub mod several;
pub mod sql;
pub mod syntax;
pub mod tree;

use std::collections::{BTreeMap, HashMap};

use self::memory::Facts;
use self::syntax::{Expression, Place};
use self::tree::{Condition, Test};
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::violations::Path;
use crate::store::registry::{Kind, Registry};
use crate::store::resource::{Hierarchy, Keys, Object};

/// What is wrong with a filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Where: a character of it, from 1; behind the last one if something is
    /// missing at the end.
    pub at: Place,
    /// What, and what would be right.
    pub what: String,
    /// Of a field that there is none of, how many of its names there are.
    known: Option<usize>,
}

impl Wrong {
    fn new(at: Place, what: impl Into<String>) -> Self {
        Self { at, what: what.into(), known: None }
    }
}

/// A filter for resources of one type.
#[derive(Clone, Debug)]
pub struct Filter {
    /// As it was written, in the one way.
    pub text: String,
    root: Condition,
    /// The table that has one row for each resource of the type.
    table: &'static str,
    keys: BoundKeys,
}

/// Keys of the resources that a filter names, for judging in memory: all others
/// may share one, since nothing asks which of them it is.
#[derive(Clone, Debug, Default)]
pub struct BoundKeys(HashMap<String, i64>);

/// The key of whatever a filter does not name.
const OTHER: i64 = -1;

impl Keys for BoundKeys {
    fn key(&self, name: &str) -> Option<i64> {
        (!name.is_empty()).then(|| self.0.get(name).copied().unwrap_or(OTHER))
    }
}

impl Filter {
    /// Reads the filter `text` for resources of `kind`; `None` if it is empty.
    pub fn new(registry: Registry, kind: &Kind, text: &str) -> Result<Option<Self>> {
        let Some(read) = parse::parse(text).map_err(|wrong| invalid(vec![wrong]))? else {
            return Ok(None);
        };
        let checked = check::check(registry, kind, &read);
        if !checked.wrong.is_empty() {
            return Err(invalid(checked.wrong.into_iter().map(|(_, wrong)| wrong).collect()));
        }
        Ok(Some(Self::of(kind, &read, checked.root)))
    }

    fn of(kind: &Kind, read: &Expression, root: Condition) -> Self {
        let table = kind.tables.first().map_or("", |table| table.name);
        Self { text: read.to_string(), root, table, keys: BoundKeys::default() }
    }

    /// The resources that it names, to be looked up for [`Self::bind`].
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.root.elements(&mut |element| {
            names.extend(element.named().map(|named| named.name.as_str()));
        });
        names
    }

    /// Says which resources its names mean: `meanings` gives the key and the name
    /// of each. A name that means none, or several, is an error: what nobody
    /// recorded is rather mistyped than searched for.
    pub fn bind(&mut self, meanings: impl Fn(&str) -> Vec<(i64, String)>) -> Result<()> {
        let wrong = self.bind_or_tell(meanings);
        if wrong.is_empty() { Ok(()) } else { Err(invalid(wrong)) }
    }

    fn bind_or_tell(&mut self, meanings: impl Fn(&str) -> Vec<(i64, String)>) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        let keys = &mut self.keys.0;
        self.root.elements_mut(&mut |element| {
            let Some(named) = element.named_mut() else { return };
            let found = meanings(&named.name);
            match found.as_slice() {
                [(key, name)] => {
                    named.key = *key;
                    named.found.clone_from(name);
                    keys.insert(name.clone(), *key);
                }
                [] => wrong.push(Wrong::new(named.at, format!("there is no {}", named.name))),
                several => {
                    let names: Vec<_> = several.iter().map(|(_, name)| name.as_str()).collect();
                    let text = format!("{} may mean {}", named.name, names.join(" or "));
                    wrong.push(Wrong::new(named.at, text));
                }
            }
        });
        wrong
    }

    /// The roots of its trees, to be looked up for [`Self::expand`] once the
    /// filter is bound.
    pub fn roots(&self) -> Vec<(Hierarchy, i64)> {
        let mut roots = Vec::new();
        self.root.elements(&mut |element| {
            if let Test::Under { root, hierarchy, .. } = &element.test {
                roots.push((*hierarchy, root.key));
            }
        });
        roots
    }

    /// Says what the trees hold: `tree` gives the keys and names of a root and of all
    /// below it.
    pub fn expand(&mut self, tree: impl Fn(&Hierarchy, i64) -> BTreeMap<i64, String>) {
        let keys = &mut self.keys.0;
        self.root.elements_mut(&mut |element| {
            if let Test::Under { root, hierarchy, below } = &mut element.test {
                *below = tree(hierarchy, root.key);
                keys.extend(below.iter().map(|(key, name)| (name.clone(), *key)));
            }
        });
    }

    /// Whether `object` matches, whatever the database says: the filter is bound.
    pub fn lets(&self, kind: &Kind, object: &dyn Object) -> bool {
        self.matches(&Facts::of(kind, object, &self.keys))
    }
}

fn invalid(wrong: Vec<Wrong>) -> Error {
    let mut problems = Problems::default();
    let told =
        wrong.into_iter().map(|Wrong { at, what, known: _ }| format!("at character {at}: {what}"));
    problems.add_each(Reason::FilterInvalid, &Path::Root.field("filter"), told);
    match problems.into_result() {
        Err(error) => error,
        Ok(()) => Error::internal(),
    }
}

#[cfg(test)]
mod tests;
