//! In which order lines can be recorded that name each other.

use std::collections::{BTreeMap, HashMap};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::pass::Early;
use super::{Entry, Place};
use crate::model::described::Described;
use crate::proto::ResourceVisitor;
use crate::proto::v1::Resource;

/// The same entries, each behind those that it names. `early` says why they were refused.
pub(super) fn in_order(entries: Vec<Entry>, early: &BTreeMap<Place, Early>) -> Vec<Entry> {
    let resources = entries.iter().map(|one| (&one.places[0], one.resource.as_ref().ok()));
    let order = together(resources, early);
    let mut entries: Vec<_> = entries.into_iter().map(Some).collect();
    order.iter().flatten().filter_map(|place| entries[*place].take()).collect()
}

/// The indexes of `resources` in the order in which they can be recorded, those that need each
/// other together, directly or over others of them, and in the order of their lines. What is
/// there already nobody needs.
pub(super) fn together<'r>(
    resources: impl Iterator<Item = (&'r Place, Option<&'r Resource>)>,
    early: &BTreeMap<Place, Early>,
) -> Vec<Vec<usize>> {
    let mut needs = DiGraph::<(&Place, String), ()>::new();
    for (place, resource) in resources {
        needs.add_node((place, name_of(resource)));
    }
    let nodes: HashMap<&str, NodeIndex> =
        needs.node_indices().map(|node| (needs[node].1.as_str(), node)).collect();
    let mut edges = Vec::new();
    for node in needs.node_indices() {
        let Some(early) = early.get(needs[node].0) else { continue };
        let others = early.missing.iter().filter_map(|name| nodes.get(name.as_str()));
        edges.extend(others.map(|other| (node, *other)));
        // What does not fit may have to change at once.
        let unfit = early.unfit.iter().filter_map(|name| nodes.get(name.as_str()));
        edges.extend(unfit.flat_map(|other| [(*other, node), (node, *other)]));
    }
    for (line, other) in edges {
        needs.add_edge(line, other, ());
    }
    let together = kosaraju_scc(&needs).into_iter().map(|mut nodes| {
        nodes.sort();
        nodes.into_iter().map(NodeIndex::index).collect()
    });
    together.collect()
}

/// The name of a resource; empty if it says none.
pub(super) fn name_of(resource: Option<&Resource>) -> String {
    struct Name;
    impl ResourceVisitor for Name {
        type Output = String;
        fn visit<T: Described>(self, value: T) -> String {
            value.common().name.to_owned()
        }
    }
    let resource = resource.and_then(|resource| resource.resource.clone());
    resource.map(|resource| resource.visit(Name)).unwrap_or_default()
}
