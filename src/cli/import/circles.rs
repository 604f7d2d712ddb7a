//! Lines that name each other in a circle, such as an agreement and the one that it has
//! ended: none of them can be recorded before the others, so they are recorded at once.

use std::collections::{BTreeSet, HashMap};

use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::Place;
use crate::client::Client;
use crate::model::described::{Described, References};
use crate::model::violations::Path;
use crate::model::wire::put_field;
use crate::proto::ResourceVisitor;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::mutation::Operation;
use crate::proto::v1::{
    ApplyRequest, ImportRefusal, ImportRequest, ImportResponse, Mutation, Resource, UpdateMutation,
};

/// What became of the lines of circles.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) recorded: Vec<(Vec<Place>, ImportResponse)>,
    /// Those whose circle was refused as a whole.
    pub(super) refused: Vec<(Vec<Place>, ImportResponse)>,
}

/// Records the circles among `lines`, each as one commit.
pub(super) async fn record(
    client: &Client,
    lines: Vec<(Vec<Place>, ImportRequest)>,
) -> Result<Outcomes, Status> {
    let mut outcomes = Outcomes::default();
    for circle in circles(lines) {
        let (places, requests): (Vec<_>, Vec<_>) = circle.into_iter().unzip();
        let reason = requests.first().map(|one| one.reason.clone()).unwrap_or_default();
        let mutations = requests.into_iter().map(mutation).collect();
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
        let answers = results.into_iter().map(|result| ImportResponse {
            outcome: Some(Outcome::Result(result)),
            ..ImportResponse::default()
        });
        outcomes.recorded.extend(places.into_iter().zip(answers));
    }
    Ok(outcomes)
}

/// Why none of the `count` lines of a circle is recorded.
fn refusal(count: usize, status: &Status) -> ImportResponse {
    let (info, why) = (status.get_details_error_info(), status.message());
    let message =
        format!("is one of {count} that name each other, which are recorded at once: {why}");
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

/// Those of `lines` that name each other, directly or over others of them; each circle in
/// the order of the lines.
fn circles(lines: Vec<(Vec<Place>, ImportRequest)>) -> Vec<Vec<(Vec<Place>, ImportRequest)>> {
    let named: Vec<Named> = lines.iter().map(|(_, request)| named(request)).collect();
    let places: HashMap<&str, usize> =
        named.iter().enumerate().map(|(place, one)| (one.name.as_str(), place)).collect();
    let next: Vec<Vec<usize>> = named
        .iter()
        .map(|one| one.names.iter().filter_map(|name| places.get(name.as_str()).copied()).collect())
        .collect();
    let reached: Vec<_> = (0..lines.len()).map(|start| reached(start, &next)).collect();
    // The first line of the circle that a line belongs to.
    let first = |line: usize| {
        let others = reached[line].iter().copied().filter(|other| *other != line);
        others.chain([line]).filter(|other| reached[*other].contains(&line)).min()
    };
    let mut circles: HashMap<usize, Vec<(Vec<Place>, ImportRequest)>> = HashMap::new();
    let firsts: Vec<_> = (0..lines.len()).map(first).collect();
    for (line, first) in lines.into_iter().zip(&firsts) {
        if let Some(first) = first {
            circles.entry(*first).or_default().push(line);
        }
    }
    let mut circles: Vec<_> = circles.into_iter().collect();
    circles.sort_by_key(|(first, _)| *first);
    circles.into_iter().map(|(_, circle)| circle).filter(|circle| circle.len() > 1).collect()
}

/// The lines to which `next` leads from `start`, which is one of them if it leads back.
fn reached(start: usize, next: &[Vec<usize>]) -> BTreeSet<usize> {
    let mut waiting = next[start].clone();
    let mut reached = BTreeSet::new();
    while let Some(line) = waiting.pop() {
        if reached.insert(line) {
            waiting.extend(&next[line]);
        }
    }
    reached
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
