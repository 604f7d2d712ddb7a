//! Atomic writes over any types.

use std::any::Any;
use std::convert::Infallible;
use std::task::{Context, Poll};

use prost::Message;
use tonic::Request;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use super::drafts::{self, Site};
use super::unary::{Answer, answer, unimplemented};
use super::{Api, asked, caller, import};
use crate::model::described::{Described, Validate};
use crate::model::error::{Problems, Result};
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{
    ApplyRequest, ApplyResponse, Check, CreateMutation, DeleteMutation, Mutation, Resource,
    UndeleteMutation, UpdateMutation, check, mutation,
};
use crate::proto::{Frame, ResourceVisitor};
use crate::store::registry::{Kind, Registry};
use crate::store::resource::Object;
use crate::store::write::{self, Draft, Expectation, Write};

/// The service of atomic writes.
#[derive(Clone, Debug)]
pub struct RecordService {
    api: Api,
}

impl RecordService {
    /// Serves `api`.
    pub fn new(api: Api) -> Self {
        Self { api }
    }
}

impl NamedService for RecordService {
    const NAME: &'static str = "entente.v1.RecordService";
}

impl Service<http::Request<Body>> for RecordService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        let api = self.api.clone();
        match request.uri().path() {
            "/entente.v1.RecordService/Apply" => {
                answer(request, move |request| apply(api.clone(), request))
            }
            "/entente.v1.RecordService/Import" => import::answer(api, request),
            _ => unimplemented(),
        }
    }
}

async fn apply(api: Api, request: Request<ApplyRequest>) -> Result<Frame> {
    let mut all = Violations::default();
    request.get_ref().validate(&Path::Root, &mut all);
    let actor = caller::actor_beside(request.metadata(), &all)?;
    let request = request.into_inner();
    let (size, digest) = (request.encoded_len(), Write::digest_of("Apply", &request));
    let ApplyRequest { mutations, checks, request_id, validate_only, reason } = request;
    let mut drafts = Vec::with_capacity(mutations.len());
    for (index, mutation) in mutations.into_iter().enumerate() {
        drafts.extend(draft(api.store.registry, index, mutation, &mut all));
    }
    let checks = checks.into_iter().enumerate().filter_map(|(index, one)| checked(index, one));
    let checks: Vec<_> = checks.collect();
    if drafts.is_empty() {
        let mut problems = Problems::default();
        problems.extend(&all);
        problems.into_result()?;
    }
    // Each request is judged whole: what its messages alone have shown goes with
    // the first mutation.
    if let Some(first) = drafts.first_mut() {
        all.append(std::mem::take(&mut first.violations));
        first.violations = all;
    }
    let write = Write { actor, reason, request_id, digest, validate_only, checks, drafts, size };
    let write::Written { revision, results, bodies: _ } = api.store.write(write).await?;
    let response = ApplyResponse { results, revision };
    Ok(Frame::whole(response.encode_to_vec().into()))
}

/// The draft of a mutation; `None` if none can be made of it, the reason for which is
/// among `violations` then.
fn draft(
    registry: Registry,
    index: usize,
    mutation: Mutation,
    violations: &mut Violations,
) -> Option<Draft> {
    let at = |operation: &str| format!("mutations[{index}].{operation}");
    let own = Violations::default();
    match mutation.operation? {
        mutation::Operation::Create(CreateMutation { resource, id }) => {
            let (kind, object) = unwrap(registry, resource)?;
            let (message, resource) = (at("create"), format!("resource.{}", kind.field));
            let site = Site { message: &message, resource: &resource, id: "id" };
            Some(drafts::create(kind, object, &id, site, own))
        }
        mutation::Operation::Update(update) => {
            let UpdateMutation { resource, update_mask, allow_missing, recorded_time } = update;
            let message = at("update");
            let recorded_path = format!("{message}.recorded_time");
            let recorded = asked::day_of(recorded_time, &recorded_path, violations);
            let (kind, object) = unwrap(registry, resource)?;
            let resource = format!("resource.{}", kind.field);
            violations.forget_below(&format!("{message}.{resource}"));
            let site = Site { message: &message, resource: &resource, id: "" };
            let mask = update_mask.as_ref();
            let draft = drafts::update(kind, object, mask, allow_missing, site, own);
            Some(Draft { recorded, ..draft })
        }
        mutation::Operation::Delete(DeleteMutation { name, etag }) => {
            let message = at("delete");
            let kind = drafts::kind_of(registry, &name, &format!("{message}.name"), violations)?;
            let site = Site { message: &message, resource: "", id: "" };
            Some(drafts::delete(kind, name, etag, site, own))
        }
        mutation::Operation::Undelete(UndeleteMutation { name }) => {
            let message = at("undelete");
            let kind = drafts::kind_of(registry, &name, &format!("{message}.name"), violations)?;
            let site = Site { message: &message, resource: "", id: "" };
            Some(drafts::undelete(kind, name, site, own))
        }
    }
}

fn checked(index: usize, check: Check) -> Option<write::Check> {
    let Check { name, expectation } = check;
    let expectation = match expectation? {
        check::Expectation::Etag(etag) => Expectation::Etag(etag),
        check::Expectation::Exists(exists) => Expectation::Exists(exists),
    };
    Some(write::Check { path: format!("checks[{index}]"), name, expectation })
}

struct Unwrap;

impl ResourceVisitor for Unwrap {
    type Output = (&'static str, Box<dyn Any>);

    fn visit<T: Described>(self, value: T) -> Self::Output {
        (T::TYPE, Box::new(value))
    }
}

pub(super) fn unwrap(
    registry: Registry,
    resource: Option<Resource>,
) -> Option<(&'static Kind, Box<dyn Object>)> {
    let (type_name, message) = resource?.resource?.visit(Unwrap);
    let kind = registry.by_type(type_name)?;
    Some((kind, kind.object(message)?))
}
