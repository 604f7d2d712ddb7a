//! Lines that name each other in a circle, such as an agreement and the one that it has
//! ended, or that cannot be changed one by one, such as a visit that is moved with its
//! meetings: none of them can be recorded before the others, so they are recorded at once.

use std::collections::{BTreeMap, HashMap};

use futures_util::stream;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::pass::Early;
use super::{Line, Place};
use crate::client::Client;
use crate::model::described::{Described, References};
use crate::model::violations::Path;
use crate::model::wire::put_field;
use crate::proto::ResourceVisitor;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::mutation::Operation;
use crate::proto::v1::{
    ApplyRequest, ImportRefusal, ImportRequest, ImportResponse, Mutation, Resource, UpdateMutation,
    Warning,
};

/// What became of the lines of circles.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) recorded: Vec<(Vec<Place>, ImportResponse)>,
    /// Those whose circle was refused as a whole.
    pub(super) refused: Vec<(Vec<Place>, ImportResponse)>,
}

/// Records the circles among `lines`, each as one commit. `early` says why they were refused.
pub(super) async fn record(
    client: &Client,
    lines: Vec<Line>,
    early: &BTreeMap<Place, Early>,
) -> Result<Outcomes, Status> {
    let mut outcomes = Outcomes::default();
    for circle in circles(lines, early) {
        let (places, requests): (Vec<_>, Vec<_>) = circle.into_iter().unzip();
        let reason = requests.first().map(|one| one.reason.clone()).unwrap_or_default();
        let mutations = requests.iter().cloned().map(mutation).collect();
        let apply = ApplyRequest { mutations, reason, ..ApplyRequest::default() };
        let results = match client.call(apply).await {
            Ok(answer) => answer.results,
            Err(status) if status.code() == Code::Unavailable => return Err(status),
            Err(status) => {
                let answer = refusal(places.len(), &status);
                outcomes.refused.extend(places.into_iter().map(|place| (place, answer.clone())));
                continue;
            }
        };
        let warnings = warnings(client, requests).await?;
        let answers = results.into_iter().zip(warnings).map(|(result, warnings)| ImportResponse {
            outcome: Some(Outcome::Result(result)),
            warnings,
            ..ImportResponse::default()
        });
        outcomes.recorded.extend(places.into_iter().zip(answers));
    }
    Ok(outcomes)
}

/// What is doubtful about each of `requests`, which are recorded.
async fn warnings(
    client: &Client,
    requests: Vec<ImportRequest>,
) -> Result<Vec<Vec<Warning>>, Status> {
    let judged = requests.into_iter().map(|one| ImportRequest { validate_only: true, ..one });
    let mut warnings = Vec::new();
    client.import(stream::iter(judged), |answer| warnings.push(answer.warnings)).await?;
    Ok(warnings)
}

/// Why none of the `count` lines of a circle is recorded.
fn refusal(count: usize, status: &Status) -> ImportResponse {
    let (info, why) = (status.get_details_error_info(), status.message());
    let message =
        format!("is one of {count} that need each other, which are recorded at once: {why}");
    let reason = info.map_or_else(|| status.code().to_string(), |info| info.reason);
    let refusal = ImportRefusal { reason, message, violations: Vec::new() };
    ImportResponse { outcome: Some(Outcome::Refusal(refusal)), ..ImportResponse::default() }
}

/// The same as a mutation. An import does not look at the etag that was exported.
fn mutation(request: ImportRequest) -> Mutation {
    struct WithoutEtag;
    impl ResourceVisitor for WithoutEtag {
        type Output = Vec<u8>;
        fn visit<T: Described>(self, mut value: T) -> Vec<u8> {
            value.common_mut().etag.clear();
            let mut resource = Vec::new();
            put_field(T::TAG, &value.encode_to_vec(), &mut resource);
            resource
        }
    }
    let ImportRequest { resource, update_mask, recorded_time, .. } = request;
    let resource = resource.and_then(|resource| resource.resource);
    let resource = resource.map(|resource| resource.visit(WithoutEtag));
    let resource = resource.and_then(|bytes| Resource::decode(bytes.as_slice()).ok());
    let allow_missing = true;
    let update = UpdateMutation { resource, update_mask, allow_missing, recorded_time };
    Mutation { operation: Some(Operation::Update(update)) }
}

/// Those of `lines` that need each other, directly or over others of them; each circle in
/// the order of the lines, and behind those that it names.
fn circles(lines: Vec<Line>, early: &BTreeMap<Place, Early>) -> Vec<Vec<Line>> {
    let named: Vec<Named> = lines.iter().map(|(_, request)| named(request)).collect();
    let mut needs = DiGraph::<usize, ()>::new();
    let nodes: Vec<_> = (0..lines.len()).map(|line| needs.add_node(line)).collect();
    let places: HashMap<&str, NodeIndex> =
        named.iter().zip(&nodes).map(|(one, node)| (one.name.as_str(), *node)).collect();
    for (((at, _), one), node) in lines.iter().zip(&named).zip(&nodes) {
        for other in one.names.iter().filter_map(|name| places.get(name.as_str())) {
            needs.add_edge(*node, *other, ());
        }
        let beside = early.get(&at[0]).into_iter().flat_map(|early| &early.beside);
        for other in beside.filter_map(|name| places.get(name.as_str())) {
            needs.add_edge(*other, *node, ());
        }
    }
    let mut lines: Vec<_> = lines.into_iter().map(Some).collect();
    let circles = kosaraju_scc(&needs).into_iter().filter(|circle| circle.len() > 1);
    circles
        .map(|mut circle| {
            circle.sort();
            circle.iter().filter_map(|node| lines[needs[*node]].take()).collect()
        })
        .collect()
}

/// A name, and what the message under it names.
struct Named {
    name: String,
    names: Vec<String>,
}

fn named(request: &ImportRequest) -> Named {
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
    let resource = request.resource.clone().and_then(|resource| resource.resource);
    match resource {
        Some(resource) => resource.visit(Visitor),
        None => Named { name: String::new(), names: Vec::new() },
    }
}
