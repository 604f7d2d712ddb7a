//! The versions of a resource, and putting it back.

use std::convert::Infallible;
use std::task::{Context, Poll};

use prost::Message;
use sha2::{Digest, Sha256};
use tonic::Request;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use super::unary::{Answer, answer, unimplemented};
use super::{Api, caller, drafts, listing, read_mask};
use crate::feed::token::prefix;
use crate::model::described::Validate;
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::violations::{Path, Violations};
use crate::model::wire::{Mask, put_field};
use crate::proto::Frame;
use crate::proto::v1::{ListRevisionsRequest, Revision, RollbackRequest};
use crate::store::log::ChangeKind;
use crate::store::registry::Kind;
use crate::store::versions::Version;
use crate::store::write::{Check, Expectation, Write, timestamp};

/// Numbers of fields of the contract.
const REVISIONS: u32 = 1;
const NEXT_PAGE_TOKEN: u32 = 2;
const RESOURCE: u32 = 8;

/// The service of versions.
#[derive(Clone, Debug)]
pub struct HistoryService {
    api: Api,
}

impl HistoryService {
    /// Serves `api`.
    pub fn new(api: Api) -> Self {
        Self { api }
    }
}

impl NamedService for HistoryService {
    const NAME: &'static str = "entente.v1.HistoryService";
}

impl Service<http::Request<Body>> for HistoryService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        let api = self.api.clone();
        match request.uri().path() {
            "/entente.v1.HistoryService/ListRevisions" => {
                answer(request, move |request| list_revisions(api.clone(), request))
            }
            "/entente.v1.HistoryService/Rollback" => {
                answer(request, move |request| rollback(api.clone(), request))
            }
            _ => unimplemented(),
        }
    }
}

async fn list_revisions(api: Api, request: Request<ListRevisionsRequest>) -> Result<Frame> {
    let request = request.into_inner();
    let mut problems = Problems::of(&request);
    let ListRevisionsRequest { name, page_size, page_token, read_mask: mask } = request;
    let kind = problems.keep(kind_of(&api, &name)).flatten();
    let mask = problems.keep(match kind {
        Some(kind) => read_mask(kind, mask.as_ref()),
        None => Ok(None),
    });
    let before = problems.keep(before(&page_token));
    let ((kind, mask), before) = problems.into_ok(kind.zip(mask).zip(before))?;
    let (key, name) = found(&api, kind, &name).await?;
    let identity = prefix(&Sha256::digest(format!("revisions {name} {key}")));
    let before = match before {
        Some((of, _)) if of != identity => {
            let text = "belongs to a list of the versions of another resource";
            return Err(Error::token(Reason::TokenOfAnotherQuery, "page_token", text));
        }
        Some((_, before)) => before,
        None => i64::MAX,
    };
    let limit = listing::page_limit(page_size);
    let (versions, more) = api.store.versions(key, before, limit, listing::PAGE_BYTES).await?;
    let next = versions.last().filter(|_| more).map(|last| last.revision.to_string());
    let mut out = Vec::new();
    for version in versions {
        put_field(REVISIONS, &told(kind, version, mask.as_ref()), &mut out);
    }
    if let Some(next) = next {
        put_field(NEXT_PAGE_TOKEN, listing::encode(identity, &[next]).as_bytes(), &mut out);
    }
    Ok(Frame::whole(out.into()))
}

/// A version as the contract has it.
fn told(kind: &Kind, version: Version, mask: Option<&Mask>) -> Vec<u8> {
    let Version { revision, commit_time, actor, reason, request_id, kind: change, fields, body } =
        version;
    let paths: Vec<_> =
        fields.split(',').filter(|path| !path.is_empty()).map(str::to_owned).collect();
    let head = Revision {
        revision,
        commit_time: Some(timestamp(commit_time)),
        actor,
        reason,
        request_id,
        kind: ChangeKind::wire(&change).into(),
        changed_fields: (!paths.is_empty()).then_some(prost_types::FieldMask { paths }),
        resource: None,
    };
    let mut out = head.encode_to_vec();
    if !body.is_empty() {
        let mut resource = Vec::new();
        let body = mask.map_or(body.clone(), |mask| mask.keep(&body));
        put_field(kind.tag, &body, &mut resource);
        put_field(RESOURCE, &resource, &mut out);
    }
    out
}

async fn rollback(api: Api, request: Request<RollbackRequest>) -> Result<Frame> {
    let mut violations = Violations::default();
    request.get_ref().validate(&Path::Root, &mut violations);
    let actor = caller::actor_beside(request.metadata(), &violations)?;
    let request = request.into_inner();
    let (size, digest) = (request.encoded_len(), Write::digest_of("Rollback", &request));
    let mut problems = Problems::default();
    problems.extend(&violations);
    let RollbackRequest { name, revision, etag, request_id, validate_only, reason } = request;
    let kind = problems.keep(kind_of(&api, &name)).flatten();
    let kind = problems.into_ok(kind)?;
    let (key, name) = found(&api, kind, &name).await?;
    if revision > api.feed.head().mark.revision {
        let head = api.store.head().await?.revision;
        if revision > head {
            let text = format!("the newest revision is {head}");
            return Err(Error::token(Reason::RevisionInFuture, "revision", text));
        }
    }
    let body = api.store.version_at(key, revision).await?.filter(|body| !body.is_empty());
    let Some(body) = body else {
        let mut problems = Problems::default();
        let text = format!("{name} was not there at revision {revision}");
        problems.add(Reason::NotFound, &Path::Root.field("revision"), text, &name);
        return problems.into_ok(None);
    };
    let object = kind.decode(&body).map_err(|error| {
        tracing::error!(%error, name, "a version cannot be decoded");
        Error::internal()
    })?;
    let reason =
        if reason.is_empty() { format!("rolled back to revision {revision}") } else { reason };
    // The name may have been given to another one since the version was looked up.
    let expectation = Expectation::Key(key);
    let checks = vec![Check { path: "revision".to_owned(), name: name.clone(), expectation }];
    let drafts = vec![drafts::replace(kind, object, name, etag, Violations::default())];
    let write = Write { actor, reason, request_id, digest, validate_only, checks, drafts, size };
    let mut written = api.store.write(write).await?;
    let mut resource = Vec::new();
    put_field(kind.tag, &written.bodies.pop().unwrap_or_default(), &mut resource);
    Ok(Frame::whole(resource.into()))
}

/// The type of the resource that a request names; `None` if it names none, which its
/// declared rule has told already.
fn kind_of(api: &Api, name: &str) -> Result<Option<&'static Kind>> {
    if name.is_empty() {
        return Ok(None);
    }
    let mut violations = Violations::default();
    let kind = drafts::kind_of(api.store.registry, name, "name", &mut violations);
    let mut problems = Problems::default();
    problems.extend(&violations);
    problems.into_ok(kind.map(Some))
}

/// The key and the name of what `name` means, or meant last.
async fn found(api: &Api, kind: &Kind, name: &str) -> Result<(i64, String)> {
    let canonical = api.store.registry.canonical(name).unwrap_or_else(|| name.to_owned());
    let meant = api.store.meanings(&[&canonical]).await?.remove(&canonical).unwrap_or_default();
    match meant.as_slice() {
        [] => Err(Error::not_found(&canonical)),
        [one] => Ok(one.clone()),
        several => {
            let names: Vec<_> = several.iter().map(|(_, name)| name.as_str()).collect();
            let text = format!("may mean {} in {}", names.join(" or "), kind.collection);
            Err(Error::invalid(&Path::Root.field("name"), text))
        }
    }
}

/// The identity of its list and the revision at which the page before ended.
fn before(page_token: &str) -> Result<Option<([u8; 8], i64)>> {
    if page_token.is_empty() {
        return Ok(None);
    }
    let (identity, values) = listing::decode(page_token).ok_or_else(listing::malformed)?;
    let [before] = values.as_slice() else { return Err(listing::malformed()) };
    let before = before.parse().map_err(|_| listing::malformed())?;
    Ok(Some((identity, before)))
}
