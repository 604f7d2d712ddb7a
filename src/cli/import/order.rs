//! In which order lines can be recorded that name each other.

use std::collections::{BTreeMap, HashMap};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::pass::Early;
use super::{Entry, Place};
use crate::model::described::{Described, References};
use crate::model::violations::Path;
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
/// other together, directly or over others of them, and in the order of their lines.
pub(super) fn together<'r>(
    resources: impl Iterator<Item = (&'r Place, Option<&'r Resource>)>,
    early: &BTreeMap<Place, Early>,
) -> Vec<Vec<usize>> {
    let mut needs = DiGraph::<(&Place, Named), ()>::new();
    for (place, resource) in resources {
        needs.add_node((place, named(resource)));
    }
    let nodes: HashMap<&str, NodeIndex> =
        needs.node_indices().map(|node| (needs[node].1.name.as_str(), node)).collect();
    let mut edges = Vec::new();
    for node in needs.node_indices() {
        let (place, named) = &needs[node];
        let others = named.names.iter().filter_map(|name| nodes.get(name.as_str()));
        edges.extend(others.map(|other| (node, *other)));
        // What does not fit may have to change at once.
        let unfit = early.get(place).into_iter().flat_map(|early| &early.unfit);
        let unfit = unfit.filter_map(|name| nodes.get(name.as_str()));
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

/// A name, and what the message under it names.
#[derive(Default)]
pub(super) struct Named {
    pub(super) name: String,
    names: Vec<String>,
}

pub(super) fn named(resource: Option<&Resource>) -> Named {
    struct Visitor;
    impl ResourceVisitor for Visitor {
        type Output = Named;
        fn visit<T: Described>(self, mut value: T) -> Named {
            let mut names = Vec::new();
            References::visit_references(&mut value, &Path::Root, &mut |_, _, name| {
                names.push(name.clone());
            });
            Named { name: value.common().name.to_owned(), names }
        }
    }
    let resource = resource.and_then(|resource| resource.resource.clone());
    resource.map(|resource| resource.visit(Visitor)).unwrap_or_default()
}
