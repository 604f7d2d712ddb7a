//! Lines that name each other in a circle, such as an agreement and the one that it has
//! ended, or that cannot be changed one by one, such as a visit that is moved with its
//! meetings: none of them can be recorded before the others, so they are recorded at once.

use std::collections::{BTreeMap, HashSet};

use futures_util::stream;
use prost::Message as _;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::order::{name_of, together};
use super::parted::without;
use super::pass::Early;
use super::{Line, Place};
use crate::client::Client;
use crate::model::described::Described;
use crate::model::error::Reason;
use crate::model::limits::MESSAGE_IN_BYTES;
use crate::model::wire::put_field;
use crate::proto::ResourceVisitor;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::mutation::Operation;
use crate::proto::v1::{
    ApplyRequest, ImportRefusal, ImportRequest, ImportResponse, Mutation, Resource, UpdateMutation,
    Warning,
};

/// Mutations that one request may hold, as `ApplyRequest` has it.
const MUTATIONS: usize = 1_000;

/// What became of the lines of circles.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) recorded: Vec<(Vec<Place>, ImportResponse)>,
    /// Those whose circle was refused as a whole.
    pub(super) refused: Vec<(Vec<Place>, ImportResponse)>,
    /// Those that are there now, but not with all that they name: their circle is too large
    /// for one commit.
    pub(super) begun: Vec<Place>,
}

impl Outcomes {
    /// Notes why a circle cannot be recorded.
    fn refuse(&mut self, circle: Vec<Line>, why: &str) {
        let refused = refusal(circle.len(), Reason::ValidationFailed.as_str(), why);
        self.refused.extend(circle.into_iter().map(|(places, _)| (places, refused.clone())));
    }
}

/// Records the circles among `lines`, each as one commit. `early` says why they were refused.
pub(super) async fn record(
    client: &Client,
    lines: Vec<Line>,
    early: &BTreeMap<Place, Early>,
) -> Result<Outcomes, Status> {
    let mut outcomes = Outcomes::default();
    let circles = {
        let resources = lines.iter().map(|(places, one)| (&places[0], one.resource.as_ref()));
        together(resources, early)
    };
    let mut lines: Vec<_> = lines.into_iter().map(Some).collect();
    for circle in circles.iter().filter(|circle| circle.len() > 1) {
        let circle: Vec<Line> = circle.iter().filter_map(|line| lines[*line].take()).collect();
        let reason = circle.first().map(|(_, one)| one.reason.clone()).unwrap_or_default();
        let mutations = circle.iter().map(|(_, one)| mutation(one.clone())).collect();
        let apply = ApplyRequest { mutations, reason, ..ApplyRequest::default() };
        if apply.mutations.len() > MUTATIONS || apply.encoded_len() > MESSAGE_IN_BYTES {
            begin(client, circle, early, &mut outcomes).await?;
            continue;
        }
        let (places, requests): (Vec<_>, Vec<_>) = circle.into_iter().unzip();
        let results = match client.call(apply).await {
            Ok(answer) => answer.results,
            Err(status) if status.code() == Code::Unavailable => return Err(status),
            Err(status) => {
                let info = status.get_details_error_info();
                let reason = info.map_or_else(|| status.code().to_string(), |info| info.reason);
                let answer = refusal(places.len(), &reason, status.message());
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

/// Records those lines of a circle that are not there yet without what they name of such, so
/// that all of it is there. Where that helps nothing the circle cannot be recorded.
async fn begin(
    client: &Client,
    circle: Vec<Line>,
    early: &BTreeMap<Place, Early>,
    outcomes: &mut Outcomes,
) -> Result<(), Status> {
    let name = |line: &Line| name_of(line.1.resource.as_ref());
    let names: HashSet<String> = circle.iter().map(name).collect();
    let waiting: Vec<&Early> =
        circle.iter().filter_map(|(places, _)| early.get(&places[0])).collect();
    let missing: HashSet<String> =
        waiting.iter().flat_map(|one| one.missing.iter().cloned()).collect();
    if let Some(name) = missing.difference(&names).min() {
        let why = format!("there is no {name}");
        outcomes.refuse(circle, &why);
        return Ok(());
    }
    // What has to change at once is not helped by what it names being there.
    let fits = waiting.iter().all(|one| one.unfit.is_empty());
    let is_to_begin = |line: &&Line| fits && missing.contains(&name(line));
    let (places, parts): (Vec<_>, Vec<_>) = circle
        .iter()
        .filter(is_to_begin)
        .map(|(places, request)| (places[0].clone(), without(request.clone(), &missing)))
        .unzip();
    let mut answers = Vec::new();
    client.import(stream::iter(parts), |answer| answers.push(answer)).await?;
    let is_made = |answer: &ImportResponse| matches!(answer.outcome, Some(Outcome::Result(_)));
    let made = places.into_iter().zip(answers).filter(|(_, answer)| is_made(answer));
    let made: Vec<Place> = made.map(|(place, _)| place).collect();
    if made.is_empty() {
        let why =
            format!("a request may hold {MUTATIONS} of them, with {MESSAGE_IN_BYTES} bytes in all");
        outcomes.refuse(circle, &why);
    }
    outcomes.begun.extend(made);
    Ok(())
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
fn refusal(count: usize, reason: &str, why: &str) -> ImportResponse {
    let message =
        format!("is one of {count} that need each other, which are recorded at once: {why}");
    let reason = reason.to_owned();
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
