//! What a group of writes is about, and what its messages name.

use std::collections::HashSet;

use super::judge::external_keys;
use super::load::ExternalKey;
use super::registry::Registry;
use super::resource::Object;
use super::write::{Operation, Write};
use crate::model::violations::Path;

/// Which records the group is about.
#[derive(Debug, Default)]
pub(super) struct Targets {
    pub(super) names: HashSet<String>,
    pub(super) deleted: HashSet<String>,
    pub(super) undeleted: HashSet<String>,
    /// Whether an existing record could get another parent.
    pub(super) moves_edges: bool,
}

impl Targets {
    pub(super) fn of(registry: Registry, writes: &[Write]) -> Self {
        let mut targets = Self::default();
        for write in writes {
            for check in &write.checks {
                targets.names.extend(registry.canonical(&check.name));
            }
            for draft in &write.drafts {
                let name = match &draft.operation {
                    Operation::Create { .. } => continue,
                    Operation::Import { name, fallback, .. } => {
                        targets.moves_edges |= draft.kind.hierarchy.is_some();
                        let names = [name, fallback].into_iter().flatten();
                        targets.names.extend(names.filter_map(|name| registry.canonical(name)));
                        continue;
                    }
                    Operation::Update { name, .. } => name,
                    Operation::Delete { name, .. } => {
                        targets.deleted.extend(registry.canonical(name));
                        name
                    }
                    Operation::Undelete { name } => {
                        targets.undeleted.extend(registry.canonical(name));
                        name
                    }
                };
                targets.moves_edges |= draft.kind.hierarchy.is_some();
                targets.names.extend(registry.canonical(name));
            }
        }
        targets
    }
}

/// The external ids by which imports may find what they are about.
pub(super) fn sought(writes: &[Write]) -> HashSet<ExternalKey> {
    let drafts = writes.iter().flat_map(|write| &write.drafts);
    let imports = drafts.filter_map(|draft| match &draft.operation {
        Operation::Import { object, name: None, .. } => Some(object),
        _ => None,
    });
    imports.flat_map(|object| external_keys(object.as_ref())).collect()
}

/// What the messages of the group name.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) names: HashSet<String>,
    /// Those of them that are looked into.
    pub(super) looked: HashSet<String>,
    /// Those of them that may change with it.
    pub(super) reached: HashSet<String>,
    pub(super) external: HashSet<ExternalKey>,
    pub(super) parents: HashSet<String>,
}

impl Wanted {
    pub(super) fn add_drafts(&mut self, registry: Registry, writes: &mut [Write]) {
        for draft in writes.iter_mut().flat_map(|write| &mut write.drafts) {
            match &mut draft.operation {
                Operation::Create { object, name } => {
                    self.names.extend(name.iter().cloned());
                    self.add(registry, object.as_mut());
                }
                Operation::Update { object, .. } | Operation::Import { object, .. } => {
                    self.add(registry, object.as_mut());
                }
                Operation::Delete { .. } | Operation::Undelete { .. } => {}
            }
        }
    }

    pub(super) fn add(&mut self, registry: Registry, object: &mut dyn Object) {
        let names = &mut self.names;
        object.visit_references(&Path::Root, &mut |_, _, name| {
            if !names.contains(name) {
                names.extend(registry.canonical(name));
            }
        });
        let looked = object.looks_into().into_iter().filter(|name| !name.is_empty());
        self.looked.extend(looked.filter_map(|name| registry.canonical(name)));
        let reached = object.reaches().into_iter();
        self.reached.extend(reached.filter_map(|name| registry.canonical(name)));
        self.external.extend(external_keys(object));
        let parents = object.parents().into_iter();
        self.parents.extend(parents.filter_map(|(_, name)| registry.canonical(&name)));
    }
}
