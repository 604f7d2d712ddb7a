//! Trees and orders of records of one type: what may not lead back to itself, and what a
//! record must not do to those below it.

use std::collections::{BTreeSet, HashMap, HashSet};

use sea_orm::{ConnectionTrait, DbErr};

use super::load::Loaded;
use super::registry::Registry;
use super::resource::Object;
use super::sql::Sql;
use super::stage::Item;
use super::unit::Unit;
use crate::model::error::{Problems, Reason};
use crate::model::violations::Path;

/// The edges of a tree or order that may not become a cycle, as SQL can walk
/// them.
#[derive(Clone, Copy, Debug)]
pub struct Hierarchy {
    /// The table of the edges.
    pub table: &'static str,
    /// Column with the parent's key; the child's is `key`.
    pub parent: &'static str,
    /// Which rows are edges, as SQL; empty if all.
    pub condition: &'static str,
    /// What a child says to its parent's rules, as SQL over its edge: what
    /// [`Resource::upwards`](super::resource::Resource::upwards) is. `None` if nothing.
    pub upwards: Option<&'static str>,
}

/// A record below another.
#[derive(Clone, Debug)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// What it says to its parent's rules.
    pub says: String,
}

/// Children by their parents' names, each with its key.
pub(super) type Children = HashMap<String, Vec<(i64, Child)>>;

/// The keys of children that a group itself has written, by their parents' names.
pub(super) type OwnChildren = HashMap<String, BTreeSet<i64>>;

/// Loads the children of what is to be changed, where its type's rules compare it with them,
/// into `found`, which has the records themselves.
pub(super) async fn load_children(
    db: &impl ConnectionTrait,
    registry: Registry,
    changed: &HashSet<String>,
    found: &mut Loaded,
) -> Result<(), DbErr> {
    let mut parents: HashMap<&str, HashMap<i64, &str>> = HashMap::new();
    for name in changed {
        let Some(kind) = registry.by_name(name) else { continue };
        let is_compared = kind.hierarchy.is_some_and(|edges| edges.upwards.is_some());
        if let (true, Some(Some(known))) = (is_compared, found.names.get(name)) {
            parents.entry(kind.type_name).or_default().insert(known.key, name);
        }
    }
    for (type_name, parents) in parents {
        let edges = registry.by_type(type_name).and_then(|kind| kind.hierarchy);
        let Some(Hierarchy { table, parent, upwards: Some(says), .. }) = edges else { continue };
        let text = format!(
            "SELECT e.{parent}, e.key, r.name, {says} FROM {table} e JOIN record r ON r.key = e.key \
             WHERE e.{parent}"
        );
        let sql = Sql::new(db.get_database_backend(), &text).among_keys(parents.keys().copied());
        for row in db.query_all_raw(sql.push(" ORDER BY r.name").build()).await? {
            let Some(parent) = parents.get(&row.try_get_by_index(0)?) else { continue };
            let child = Child { name: row.try_get_by_index(2)?, says: row.try_get_by_index(3)? };
            let children = found.children.entry((*parent).to_owned()).or_default();
            children.push((row.try_get_by_index(1)?, child));
        }
    }
    Ok(())
}

impl Unit {
    /// The children of the record called `name`, as the requests before have left them.
    pub(super) fn children(&self, name: &str) -> Vec<Child> {
        let stored = self.loaded.children.get(name).into_iter().flatten();
        let stored = stored.filter(|(key, _)| !self.touched.contains_key(key));
        let own = self.own_children.get(name).into_iter().flatten().filter_map(|key| {
            let touched = self.touched.get(key)?;
            let (_, _, object) = touched.live.as_ref()?;
            // A later request may have put it elsewhere.
            let is_below = parent_names(object.as_ref()).iter().any(|parent| parent == name);
            is_below.then(|| Child { name: touched.name.clone(), says: object.upwards() })
        });
        stored.map(|(_, child)| child.clone()).chain(own).collect()
    }

    /// Notes of what `item` is a child.
    pub(super) fn note_parents(&mut self, item: &Item) {
        let is_compared = item.kind.hierarchy.is_some_and(|edges| edges.upwards.is_some());
        if let (true, Some(object)) = (is_compared, &item.object) {
            for parent in parent_names(object.as_ref()) {
                self.own_children.entry(parent).or_default().insert(item.key);
            }
        }
    }
}

/// Refuses edges that close a circle.
pub(super) fn refuse_cycles(unit: &Unit, items: &[Item], problems: &mut Problems) {
    let staged: HashMap<&str, Vec<String>> = items
        .iter()
        .filter(|item| item.kind.hierarchy.is_some())
        .filter_map(|item| Some((item.name.as_str(), parent_names(item.object.as_deref()?))))
        .collect();
    for item in items.iter().filter(|item| item.kind.hierarchy.is_some()) {
        let Some(object) = &item.object else { continue };
        for (field, parent) in object.parents() {
            let mut waiting = vec![parent];
            let mut seen = HashSet::new();
            while let Some(name) = waiting.pop() {
                if name == item.name {
                    let at = Path::Root;
                    let at = at.field(&item.path);
                    problems.add(
                        Reason::ValidationFailed,
                        &at.field(&field),
                        "must not lead back to itself",
                        "",
                    );
                    break;
                }
                if seen.insert(name.clone()) {
                    let staged = staged.get(name.as_str()).cloned();
                    waiting.extend(staged.unwrap_or_else(|| unit.parents(&name)));
                }
            }
        }
    }
}

pub(super) fn parent_names(object: &dyn Object) -> Vec<String> {
    object.parents().into_iter().map(|(_, name)| name).collect()
}
