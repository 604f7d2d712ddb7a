//! Writes that can be told from each other and repeated.

use entente::proto::v1::agreement_party::Party;
use entente::proto::v1::{
    Agreement, AgreementForm, AgreementParty, ApplyRequest, CreateAgreementRequest, CreateMutation,
    Mutation, Resource, UpdateAgreementRequest, mutation, resource,
};
use tonic::Status;

use crate::client::Client;

/// How many mutations an Apply has.
pub(crate) const APPLIED: usize = 3;

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Creates one agreement.
    Create,
    /// Gives an agreement a new title.
    Update,
    /// Creates [`APPLIED`] agreements at once.
    Apply,
}

/// A write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    /// Its request id, unique.
    pub(crate) request_id: String,
    /// What it does.
    pub(crate) deed: Deed,
    /// The resources that it writes.
    pub(crate) names: Vec<String>,
}

/// What was answered to a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The commit.
    pub(crate) revision: i64,
    /// The resources that were written.
    pub(crate) names: Vec<String>,
}

impl Task {
    /// Creates one agreement, called after the id.
    pub(crate) fn create(request_id: impl Into<String>) -> Self {
        let request_id = request_id.into();
        Self { names: vec![format!("agreements/{request_id}")], request_id, deed: Deed::Create }
    }

    /// Gives the agreement `name` the title that the id is.
    pub(crate) fn update(request_id: impl Into<String>, name: &str) -> Self {
        let names = vec![name.to_owned()];
        Self { request_id: request_id.into(), deed: Deed::Update, names }
    }

    /// Creates agreements at once, called after the id.
    pub(crate) fn apply(request_id: impl Into<String>) -> Self {
        let request_id = request_id.into();
        let names = (0..APPLIED).map(|part| format!("agreements/{request_id}-{part}")).collect();
        Self { request_id, deed: Deed::Apply, names }
    }

    /// Sends it once.
    pub(crate) async fn send(&self, client: &Client) -> Result<Answer, Status> {
        let request_id = self.request_id.clone();
        match self.deed {
            Deed::Create => {
                let request = CreateAgreementRequest {
                    agreement: Some(agreement("", &request_id)),
                    agreement_id: last_segment(&self.names[0]),
                    request_id,
                    ..CreateAgreementRequest::default()
                };
                client.agreements().create_agreement(request).await.map(answer)
            }
            Deed::Update => {
                let request = UpdateAgreementRequest {
                    agreement: Some(agreement(&self.names[0], &request_id)),
                    request_id,
                    ..UpdateAgreementRequest::default()
                };
                client.agreements().update_agreement(request).await.map(answer)
            }
            Deed::Apply => {
                let mutations = self.names.iter().map(|name| creation(name, &request_id)).collect();
                let request = ApplyRequest { mutations, request_id, ..ApplyRequest::default() };
                let response = client.records().apply(request).await?.into_inner();
                let names = response.results.into_iter().map(|result| result.name).collect();
                Ok(Answer { revision: response.revision, names })
            }
        }
    }
}

fn answer(response: tonic::Response<Agreement>) -> Answer {
    let Agreement { revision, name, .. } = response.into_inner();
    Answer { revision, names: vec![name] }
}

fn last_segment(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The mutation that creates the agreement `name`.
pub(crate) fn creation(name: &str, title: &str) -> Mutation {
    let resource = Resource { resource: Some(resource::Resource::Agreement(agreement("", title))) };
    let create = CreateMutation { resource: Some(resource), id: last_segment(name) };
    Mutation { operation: Some(mutation::Operation::Create(create)) }
}

fn agreement(name: &str, title: &str) -> Agreement {
    let party = |code: &str| AgreementParty {
        party: Some(Party::Country(format!("countries/{code}"))),
        ..AgreementParty::default()
    };
    Agreement {
        name: name.to_owned(),
        title: title.to_owned(),
        form: AgreementForm::Treaty.into(),
        parties: vec![party("KHM"), party("RUS")],
        ..Agreement::default()
    }
}
