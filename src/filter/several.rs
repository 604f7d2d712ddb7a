//! A filter for resources of several types, for streams.
//!
//! A comparison that a type cannot make, for want of the field or of the value,
//! does not hold for its resources; one that none of the types can make is refused.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::check::{Checked, check};
use super::tree::Test;
use super::{Filter, Wrong, invalid, parse};
use crate::model::error::Result;
use crate::store::registry::{Kind, Registry};
use crate::store::resource::{Hierarchy, Object};

/// A filter for resources of several types.
#[derive(Clone, Debug)]
pub struct Filters {
    /// As it was written, in the one way.
    pub text: String,
    of: Vec<(&'static str, Filter)>,
    trees: Vec<Tree>,
    /// The other names in it, such as codes, and whose they are.
    codes: BTreeSet<(String, String)>,
    /// The names in it that are somebody's own.
    own: BTreeSet<String>,
    /// Those of them that are another's code as well, which counts only without the own.
    shadowing: BTreeSet<String>,
}

/// What `under` in a filter stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tree {
    /// The type of its members.
    pub kind: &'static str,
    /// The root.
    pub root: String,
    /// The root and everything below it.
    pub names: BTreeSet<String>,
}

impl Tree {
    /// Whether `name`, which is `after` now, joins the tree or leaves it.
    fn is_altered(&self, name: &str, after: Option<&dyn Object>) -> bool {
        let belongs = after.is_some_and(|object| {
            name == self.root
                || object.parents().iter().any(|(_, parent)| self.names.contains(parent))
        });
        belongs != self.names.contains(name)
    }
}

impl Filters {
    /// Reads the filter `text` for resources of `kinds`; `None` if it is empty.
    pub fn new(registry: Registry, kinds: &[&'static Kind], text: &str) -> Result<Option<Self>> {
        let Some(read) = parse::parse(text).map_err(|wrong| invalid(vec![wrong]))? else {
            return Ok(None);
        };
        let mut wrong = Vec::new();
        let mut of = Vec::new();
        for kind in kinds {
            let Checked { root, wrong: here } = check(registry, kind, &read);
            wrong.push(here);
            of.push((kind.type_name, Filter::of(kind, &read, root)));
        }
        let wrong = wrong_for_all(wrong);
        if !wrong.is_empty() {
            return Err(invalid(wrong));
        }
        Ok(Some(Self {
            text: read.to_string(),
            of,
            trees: Vec::new(),
            codes: BTreeSet::new(),
            own: BTreeSet::new(),
            shadowing: BTreeSet::new(),
        }))
    }

    /// The resources that it names, to be looked up for [`Self::bind`].
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.of.iter().flat_map(|(_, filter)| filter.names()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Says which resources its names mean, as [`Filter::bind`] does. One that means
    /// something to any of the types is right.
    pub fn bind(&mut self, meanings: impl Fn(&str) -> Vec<(i64, String)>) -> Result<()> {
        let (mut wrong, mut right) = (BTreeMap::new(), BTreeSet::new());
        for (_, filter) in &mut self.of {
            for one in filter.bind_or_tell(&meanings) {
                wrong.entry(one.at).or_insert(one);
            }
            filter.root.elements(&mut |element| {
                let Some(named) = element.named().filter(|named| named.key != 0) else { return };
                right.insert(named.at);
                if named.name == named.found {
                    self.own.insert(named.name.clone());
                } else {
                    self.codes.insert((named.name.clone(), named.found.clone()));
                }
            });
        }
        wrong.retain(|at, _| !right.contains(at));
        if wrong.is_empty() { Ok(()) } else { Err(invalid(wrong.into_values().collect())) }
    }

    /// Says which names are codes, whoever else has them for a name. The filter is bound.
    pub fn shadow(&mut self, codes: impl IntoIterator<Item = String>) {
        self.shadowing = codes.into_iter().filter(|code| self.own.contains(code)).collect();
    }

    /// The roots of its trees, to be looked up for [`Self::expand`].
    pub fn roots(&self) -> Vec<(Hierarchy, i64)> {
        let roots = self.of.iter().flat_map(|(_, filter)| filter.roots());
        roots.filter(|(_, root)| *root != 0).collect()
    }

    /// Says what the trees hold: `tree` gives the keys and names of a root and of all
    /// below it.
    pub fn expand(
        &mut self,
        registry: Registry,
        tree: impl Fn(&Hierarchy, i64) -> BTreeMap<i64, String>,
    ) {
        let mut trees = BTreeSet::new();
        for (_, filter) in &mut self.of {
            filter.expand(&tree);
            filter.root.elements(&mut |element| {
                let Test::Under { root, hierarchy, below } = &element.test else { return };
                let table = hierarchy.table;
                let kind = registry
                    .0
                    .iter()
                    .find(|kind| kind.hierarchy.is_some_and(|hierarchy| hierarchy.table == table));
                let kind = kind.map_or("", |kind| kind.type_name);
                let names = below.values().cloned().collect();
                trees.insert(Tree { kind, root: root.found.clone(), names });
            });
        }
        self.trees = trees.into_iter().filter(|tree| !tree.root.is_empty()).collect();
    }

    /// What its trees hold.
    pub fn trees(&self) -> &[Tree] {
        &self.trees
    }

    /// Tells apart what one text can mean at different times: what its other names
    /// stand for, and what its trees hold. Zeros if it always means the same.
    pub fn meaning(&self) -> [u8; 8] {
        if self.codes.is_empty() && self.trees.is_empty() {
            return [0; 8];
        }
        let digest = Sha256::digest(format!("{:?} {:?}", self.codes, self.trees));
        std::array::from_fn(|index| digest[index])
    }

    /// Tells apart all that it has been bound to, down to what only alters it later.
    pub fn bound(&self) -> String {
        let Self { text, of: _, trees, codes, own, shadowing } = self;
        format!("{text} {trees:?} {codes:?} {own:?} {shadowing:?}")
    }

    /// Whether `object` matches; the filter is bound.
    pub fn lets(&self, kind: &Kind, object: &dyn Object) -> bool {
        let own = self.of.iter().find(|(name, _)| *name == kind.type_name);
        own.is_some_and(|(_, filter)| filter.lets(kind, object))
    }

    /// Whether the resource `name`, which becomes `after`, alters one of its trees, or
    /// whom one of its names stands for. With the images exchanged: whether it did so
    /// before the filter was bound.
    pub fn is_altered(
        &self,
        kind: &Kind,
        name: &str,
        before: Option<&dyn Object>,
        after: Option<&dyn Object>,
    ) -> bool {
        let mut trees = self.trees.iter().filter(|tree| tree.kind == kind.type_name);
        if trees.any(|tree| tree.is_altered(name, after)) {
            return true;
        }
        let codes_of = |image: Option<&dyn Object>| image.map(Object::aliases).unwrap_or_default();
        let (had, has) = (codes_of(before), codes_of(after));
        // A code goes to another, or to nobody, or becomes somebody's own name.
        let mut codes = self.codes.iter().filter(|(code, _)| is_of(kind, code));
        let moved = codes.any(|(code, found)| {
            has.contains(code) != (name == found) || (name == code && after.is_some())
        });
        // A name becomes somebody's code as well, or is left to the one whose code it is.
        moved
            || self.own.iter().filter(|own| is_of(kind, own)).any(|own| {
                if name == own {
                    after.is_none() && self.shadowing.contains(own)
                } else {
                    has.contains(own) && !had.contains(own)
                }
            })
    }

    /// Whether changes of resources of `kind` may alter what it means.
    pub fn depends_on(&self, kind: &Kind) -> bool {
        self.trees.iter().any(|tree| tree.kind == kind.type_name)
            || self.codes.iter().any(|(code, _)| is_of(kind, code))
            || (kind.has_aliases && self.own.iter().any(|own| is_of(kind, own)))
    }
}

/// Whether `name` is one of a resource of `kind`.
fn is_of(kind: &Kind, name: &str) -> bool {
    name.split_once('/').is_some_and(|(collection, _)| collection == kind.collection)
}

/// Of what is wrong for each type, that which is wrong for all, told once: by the types
/// that come nearest to what was meant.
fn wrong_for_all(of_each: Vec<Vec<(usize, Wrong)>>) -> Vec<Wrong> {
    let Some((first, rest)) = of_each.split_first() else { return Vec::new() };
    let mut told = Vec::new();
    for (number, wrong) in first {
        let others: Option<Vec<&Wrong>> = rest
            .iter()
            .map(|other| other.iter().find(|(own, _)| own == number).map(|(_, wrong)| wrong))
            .collect();
        let Some(others) = others else { continue };
        let all = || others.iter().copied().chain([wrong]);
        // A type that has the field is nearer than any that has only some of its names.
        let nearness = |wrong: &Wrong| wrong.known.unwrap_or(usize::MAX);
        let nearest = all().map(nearness).max();
        let mut texts: Vec<&str> = Vec::new();
        let mut at = wrong.at;
        for wrong in all().filter(|wrong| Some(nearness(wrong)) == nearest) {
            at = wrong.at;
            if !texts.contains(&wrong.what.as_str()) {
                texts.push(&wrong.what);
            }
        }
        let text = match texts.as_slice() {
            [_, _, ..] if nearest == Some(0) => {
                "no type can be filtered so; all have name, uid, external_ids, labels, revision, \
                 create_time and update_time, and docs/filters.md lists the fields of each"
                    .to_owned()
            }
            texts => texts.join("; "),
        };
        told.push(Wrong::new(at, text));
    }
    told
}
