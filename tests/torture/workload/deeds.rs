//! What writers do, on few names, so that they are in each other's way.

use entente::model::dates::{day_of_microseconds, format_day};
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementCommitment, ApplyRequest, CreateAgreementRequest,
    DeleteAgreementRequest, Mutation, UndeleteAgreementRequest, UpdateAgreementRequest, mutation,
};
use entente::store::now_micros;
use tonic::{Request, Response, Status};

use super::Stage;
use crate::client::Client;
use crate::support::clients::by;
use crate::support::samples;

/// Agreements that everybody writes.
pub(super) const AGREEMENTS: [&str; 6] = ["t0", "t1", "t2", "t3", "t4", "t5"];
/// Officials that everybody writes.
const OFFICIALS: [&str; 3] = ["o0", "o1", "o2"];
/// Countries that are parties.
pub(super) const COUNTRIES: [&str; 2] = ["KHM", "RUS"];
/// Agreements of a commit that is too large for one message.
const LARGE: usize = 9;
/// Texts in each, of so many bytes: a resource may have 512 KiB.
const TEXTS: usize = 19;
const TEXT_BYTES: usize = 20_000;

/// A write that can be sent again.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Create { id: String, agreement: Agreement },
    Update { agreement: Agreement, allow_missing: bool },
    Delete { name: String },
    Undelete { name: String },
    Apply { mutations: Vec<Mutation> },
}

/// What was done: the commit and the resources.
pub(super) type Done = (i64, Vec<String>);

impl Deed {
    /// One that chance has chosen. `known` is an etag that was seen some time ago.
    pub(super) fn choose(stage: &mut Stage, request_id: &str, known: &str) -> Self {
        let id = *stage.one(&AGREEMENTS);
        let name = format!("agreements/{id}");
        let agreement = agreement(stage, request_id);
        match stage.number(10) {
            0 | 1 => Self::Create { id: id.to_owned(), agreement },
            2..=4 => {
                let etag = if stage.once_in(4) { known.to_owned() } else { String::new() };
                let allow_missing = stage.once_in(3);
                Self::Update { agreement: Agreement { name, etag, ..agreement }, allow_missing }
            }
            5 => Self::Delete { name },
            6 => Self::Undelete { name },
            _ => Self::Apply { mutations: mutations(stage, request_id) },
        }
    }

    /// One whose commit is too large for one message.
    pub(super) fn large(request_id: &str) -> Self {
        let text = || AgreementCommitment {
            text: "x".repeat(TEXT_BYTES),
            ..AgreementCommitment::default()
        };
        let mutations = (0..LARGE).map(|number| {
            upsert(Any::Agreement(Agreement {
                name: format!("agreements/large-{number}"),
                commitments: vec![text(); TEXTS],
                ..samples::agreement(request_id, &["VNM"])
            }))
        });
        Self::Apply { mutations: mutations.collect() }
    }

    /// Sends it once.
    pub(super) async fn send(
        &self,
        client: &Client,
        actor: &str,
        request_id: &str,
    ) -> Result<Done, Status> {
        let request_id = request_id.to_owned();
        let mut agreements = client.agreements();
        match self.clone() {
            Self::Create { id, agreement } => {
                let request = CreateAgreementRequest {
                    agreement: Some(agreement),
                    agreement_id: id,
                    request_id,
                    ..CreateAgreementRequest::default()
                };
                agreements.create_agreement(by(actor, request)).await.map(done)
            }
            Self::Update { agreement, allow_missing } => {
                let request = UpdateAgreementRequest {
                    agreement: Some(agreement),
                    allow_missing,
                    request_id,
                    ..UpdateAgreementRequest::default()
                };
                agreements.update_agreement(by(actor, request)).await.map(done)
            }
            Self::Delete { name } => {
                let request = DeleteAgreementRequest {
                    name,
                    request_id,
                    ..DeleteAgreementRequest::default()
                };
                agreements.delete_agreement(by(actor, request)).await.map(done)
            }
            Self::Undelete { name } => {
                let request = UndeleteAgreementRequest {
                    name,
                    request_id,
                    ..UndeleteAgreementRequest::default()
                };
                agreements.undelete_agreement(by(actor, request)).await.map(done)
            }
            Self::Apply { mutations } => {
                let request = ApplyRequest { mutations, request_id, ..ApplyRequest::default() };
                let request: Request<ApplyRequest> = by(actor, request);
                let response = client.records().apply(request).await?.into_inner();
                let names = response.results.into_iter().map(|result| result.name).collect();
                Ok((response.revision, names))
            }
        }
    }
}

fn done(response: Response<Agreement>) -> Done {
    let Agreement { revision, name, .. } = response.into_inner();
    (revision, vec![name])
}

/// An agreement that differs from every other one by its title.
fn agreement(stage: &mut Stage, title: &str) -> Agreement {
    let parties: Vec<_> = COUNTRIES.into_iter().filter(|_| stage.once_in(2)).collect();
    // There must be two of them, or none.
    let parties = if parties.is_empty() { vec!["VNM"] } else { parties };
    let mut agreement = samples::agreement(title, &parties);
    if stage.once_in(3) {
        // Something for the calendar, where a clock jumps over midnight.
        let tomorrow = format_day(day_of_microseconds(now_micros()) + 1);
        agreement.actions = vec![samples::action(ActionKind::EntryIntoForce, &tomorrow)];
    }
    agreement
}

fn mutations(stage: &mut Stage, request_id: &str) -> Vec<Mutation> {
    let agreements = AGREEMENTS.map(|id| format!("agreements/{id}"));
    let names = agreements.into_iter().chain(OFFICIALS.map(|id| format!("officials/{id}")));
    let mut names: Vec<_> = names.collect();
    let count = 2 + stage.number(3);
    (0..count)
        .map(|_| {
            let at = stage.number(names.len());
            let name = names.swap_remove(at);
            if stage.once_in(6) {
                return samples::delete(&name);
            }
            match name.split_once('/') {
                Some(("officials", _)) => {
                    let mut official = samples::official(request_id);
                    official.name = name;
                    upsert(Any::Official(official))
                }
                _ => upsert(Any::Agreement(Agreement { name, ..agreement(stage, request_id) })),
            }
        })
        .collect()
}

fn upsert(resource: Any) -> Mutation {
    let mut mutation = samples::update(resource, &[]);
    if let Some(mutation::Operation::Update(update)) = &mut mutation.operation {
        update.allow_missing = true;
    }
    mutation
}
