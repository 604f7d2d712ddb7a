//! The seven standard methods, once for every type.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request as HttpRequest;
use prost::Message as _;
use tonic::Request;
use tonic::body::Body;
use tonic::server::NamedService;
use tower::Service;

use super::drafts::{self, Site};
use super::past::{self, AsOf};
use super::shown::Shown;
use super::unary::{Answer, answer, unimplemented};
use super::{Api, asked, caller, listing, read_mask};
use crate::feed::start::{Place, place_at};
use crate::filter::Filter;
use crate::model::described::Validate;
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::limits::MESSAGE_OUT_BYTES;
use crate::model::standard::{BatchGet, Create, Delete, Get, List, Standard, Undelete, Update};
use crate::model::violations::{Path, Violations};
use crate::model::wire::put_field;
use crate::proto::Frame;
use crate::store::registry::Kind;
use crate::store::resource::Resource;
use crate::store::write::{Draft, Write};

/// The service of the type `T`.
#[derive(Debug)]
pub struct ResourceService<T> {
    api: Api,
    resource: PhantomData<fn() -> T>,
}

impl<T> ResourceService<T> {
    /// Serves `api`.
    pub fn new(api: Api) -> Self {
        Self { api, resource: PhantomData }
    }
}

impl<T> Clone for ResourceService<T> {
    fn clone(&self) -> Self {
        Self::new(self.api.clone())
    }
}

impl<T: Standard> NamedService for ResourceService<T> {
    const NAME: &'static str = T::SERVICE;
}

impl<T: Standard + Resource> Service<HttpRequest<Body>> for ResourceService<T> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: HttpRequest<Body>) -> Answer {
        let api = self.api.clone();
        let path = request.uri().path();
        let method = path.rsplit('/').next().unwrap_or_default().to_owned();
        let verb =
            method.strip_suffix(T::TYPE_PLURAL).filter(|verb| ["BatchGet", "List"].contains(verb));
        match verb.or_else(|| method.strip_suffix(T::TYPE)) {
            Some("Get") => answer(request, move |r| get::<T>(api.clone(), r)),
            Some("BatchGet") => answer(request, move |r| batch_get::<T>(api.clone(), r)),
            Some("List") => answer(request, move |r| list::<T>(api.clone(), r)),
            Some("Create") => answer(request, move |r| create::<T>(api.clone(), r)),
            Some("Update") => answer(request, move |r| update::<T>(api.clone(), r)),
            Some("Delete") => answer(request, move |r| delete::<T>(api.clone(), r)),
            Some("Undelete") => answer(request, move |r| undelete::<T>(api.clone(), r)),
            _ => unimplemented(),
        }
    }
}

async fn get<T: Standard>(api: Api, request: Request<T::GetRequest>) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let request = request.into_inner();
    let mut problems = Problems::of(&request);
    let Get { name, read_mask: mask, read_revision, read_time, on_date } = request.into();
    let name = problems.keep(canonical_name(&api, kind, &name, &Path::Root.field("name")));
    let mask = problems.keep(read_mask(kind, mask.as_ref()));
    let as_of = problems.keep(AsOf::of(read_revision, read_time));
    let day = problems.keep(asked::day(&on_date));
    let ((name, as_of), (mask, day)) = problems.into_ok(name.zip(as_of).zip(mask.zip(day)))?;
    let body = match as_of.revision(&api).await? {
        None => api.store.reads.get_one(&name).await?,
        Some(revision) => {
            let found = past::all(&api, vec![name], revision, |_| "name".to_owned()).await?;
            found.into_iter().next().ok_or_else(Error::internal)?
        }
    };
    Ok(Frame::whole(Shown { kind, mask, day }.of(body)?))
}

async fn batch_get<T: Standard>(api: Api, request: Request<T::BatchGetRequest>) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let request = request.into_inner();
    let mut problems = Problems::of(&request);
    let BatchGet { names, read_mask: mask, read_revision, read_time, on_date } = request.into();
    let root = Path::Root;
    let at = root.field("names");
    let names = names.iter().enumerate();
    let names = names.filter_map(|(index, name)| {
        Some((index, problems.keep(canonical_name(&api, kind, name, &at.index(index)))?))
    });
    let (places, names): (Vec<_>, Vec<_>) = names.unzip();
    let mask = problems.keep(read_mask(kind, mask.as_ref()));
    let as_of = problems.keep(AsOf::of(read_revision, read_time));
    let day = problems.keep(asked::day(&on_date));
    let bodies = match as_of {
        Some(as_of) => problems.keep(all(&api, names, &places, as_of).await),
        None => None,
    };
    let ((mask, day), bodies) = problems.into_ok(mask.zip(day).zip(bodies))?;
    let mut out = Vec::new();
    let shown = Shown { kind, mask, day };
    for body in bodies {
        put_field(1, &shown.of(body)?, &mut out);
    }
    if out.len() > MESSAGE_OUT_BYTES {
        let text = format!(
            "the answer would have {} bytes, more than {MESSAGE_OUT_BYTES}: ask for fewer",
            out.len()
        );
        return Err(Error::new(Reason::MessageTooLarge, text));
    }
    Ok(Frame::whole(out.into()))
}

/// The resources called `names`, which have these `places` in the request.
async fn all(api: &Api, names: Vec<String>, places: &[usize], as_of: AsOf) -> Result<Vec<Bytes>> {
    match as_of.revision(api).await? {
        None => api.store.reads.get_all(names, places).await,
        Some(revision) => {
            past::all(api, names, revision, |index| format!("names[{}]", places[index])).await
        }
    }
}

async fn list<T: Standard + Resource>(api: Api, request: Request<T::ListRequest>) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let request = request.into_inner();
    let mut problems = Problems::of(&request);
    let List {
        page_size,
        page_token,
        order_by,
        read_mask: mask,
        include_total_size: count,
        filter,
        read_revision,
        read_time,
        on_date,
    } = request.into();
    let mask = problems.keep(read_mask(kind, mask.as_ref()));
    let filter = problems.keep(Filter::new(api.store.registry, kind, &filter));
    let as_of = problems.keep(AsOf::of(read_revision, read_time));
    let day = problems.keep(asked::day(&on_date));
    let is_known = filter.is_some() && as_of.is_some() && day.is_some();
    let (as_of, day) = (as_of.unwrap_or(AsOf::Now), day.flatten());
    problems.keep(as_of.counts(count));
    let query = listing::Query::new(kind, &order_by, filter.flatten(), as_of, day);
    let query = problems.keep(query);
    let after = problems.keep(listing::after(&page_token, query.as_ref().filter(|_| is_known)));
    let ((mask, query), after) = problems.into_ok(mask.zip(query).zip(after))?;
    let listing::After { values, watch_token, revision } = match after {
        Some(after) => {
            past::goes_on(&api, &after.watch_token, as_of).await?;
            after
        }
        None => begin(&api, as_of).await?,
    };
    let after = (!values.is_empty()).then_some(values);
    let mut list = query.page(page_size, after, count);
    if let Some(filter) = &mut list.filter {
        api.store.bind(filter).await?;
    }
    let page = match as_of {
        AsOf::Now => api.store.list(&list).await?,
        AsOf::Revision(_) | AsOf::Time(_) => past::page(&api, &list, revision).await?,
    };
    let mut out = Vec::new();
    let shown = Shown { kind, mask, day };
    for body in page.bodies {
        put_field(1, &shown.of(body)?, &mut out);
    }
    query.finish(page.next, page.total, &watch_token, revision, &mut out);
    Ok(Frame::whole(out.into()))
}

/// Where a listing begins: as of when, and what a watch behind it starts from.
async fn begin(api: &Api, as_of: AsOf) -> Result<listing::After> {
    let token = |place: Place| api.feed.token(place.revision, place.hash).encode();
    let (revision, watch_token) = match as_of.revision(api).await? {
        // What this process knows may be old. A watch from there tells a little more.
        None => (0, token(api.feed.head().mark.into())),
        Some(revision) => (revision, token(place_at(&api.feed, &api.store, revision).await?)),
    };
    Ok(listing::After { values: Vec::new(), watch_token, revision })
}

async fn create<T: Standard + Resource>(
    api: Api,
    request: Request<T::CreateRequest>,
) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let violations = violations(request.get_ref());
    let actor = caller::actor_beside(request.metadata(), &violations)?;
    let request = request.into_inner();
    let (size, digest) = (request.encoded_len(), digest::<T>("Create", &request));
    let Create { resource, id, request_id, validate_only, reason } = request.into();
    let (resource, violations) = present(resource, T::FIELD, violations)?;
    let id_path = format!("{}_id", T::FIELD);
    let site = Site { message: "", resource: T::FIELD, id: &id_path };
    let draft = drafts::create(kind, Box::new(resource), &id, site, violations);
    let drafts = vec![draft];
    let checks = Vec::new();
    let write = Write { actor, reason, request_id, digest, validate_only, checks, drafts, size };
    one(&api, write).await
}

async fn update<T: Standard + Resource>(
    api: Api,
    request: Request<T::UpdateRequest>,
) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let violations = violations(request.get_ref());
    let actor = caller::actor_beside(request.metadata(), &violations)?;
    let request = request.into_inner();
    let (size, digest) = (request.encoded_len(), digest::<T>("Update", &request));
    let Update { resource, update_mask, allow_missing, request_id, validate_only, reason } =
        request.into();
    let (resource, violations) = present(resource, T::FIELD, violations)?;
    let site = Site { message: "", resource: T::FIELD, id: "" };
    let mask = update_mask.as_ref();
    let object = Box::new(resource);
    let drafts = vec![drafts::update(kind, object, mask, allow_missing, site, violations)];
    let checks = Vec::new();
    let write = Write { actor, reason, request_id, digest, validate_only, checks, drafts, size };
    one(&api, write).await
}

async fn delete<T: Standard>(api: Api, request: Request<T::DeleteRequest>) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let violations = violations(request.get_ref());
    let actor = caller::actor_beside(request.metadata(), &violations)?;
    let request = request.into_inner();
    let (size, digest) = (request.encoded_len(), digest::<T>("Delete", &request));
    let Delete { name, etag, request_id, validate_only, reason } = request.into();
    let site = Site { message: "", resource: "", id: "" };
    let drafts: Vec<Draft> = vec![drafts::delete(kind, name, etag, site, violations)];
    let checks = Vec::new();
    let write = Write { actor, reason, request_id, digest, validate_only, checks, drafts, size };
    one(&api, write).await
}

async fn undelete<T: Standard>(api: Api, request: Request<T::UndeleteRequest>) -> Result<Frame> {
    let kind = drafts::kind::<T>(api.store.registry)?;
    let violations = violations(request.get_ref());
    let actor = caller::actor_beside(request.metadata(), &violations)?;
    let request = request.into_inner();
    let (size, digest) = (request.encoded_len(), digest::<T>("Undelete", &request));
    let Undelete { name, request_id, validate_only, reason } = request.into();
    let site = Site { message: "", resource: "", id: "" };
    let drafts: Vec<Draft> = vec![drafts::undelete(kind, name, site, violations)];
    let checks = Vec::new();
    let write = Write { actor, reason, request_id, digest, validate_only, checks, drafts, size };
    one(&api, write).await
}

/// Makes a write of one mutation and answers the resource.
async fn one(api: &Api, write: Write) -> Result<Frame> {
    let mut written = api.store.write(write).await?;
    Ok(Frame::whole(written.bodies.pop().unwrap_or_default()))
}

fn canonical_name(api: &Api, kind: &Kind, name: &str, at: &Path<'_>) -> Result<String> {
    let belongs = name.split('/').next() == Some(kind.collection);
    let canonical = api.store.registry.canonical(name).filter(|_| belongs);
    canonical.ok_or_else(|| {
        Error::invalid(at, format!("must be a name such as {}/{{id}}", kind.collection))
    })
}

fn violations(request: &impl Validate) -> Violations {
    let mut violations = Violations::default();
    request.validate(&Path::Root, &mut violations);
    violations
}

/// The resource of a request, which cannot be done without.
fn present<T>(resource: Option<T>, field: &str, violations: Violations) -> Result<(T, Violations)> {
    let Some(resource) = resource else {
        let mut problems = Problems::default();
        problems.extend(&violations);
        problems.add(Reason::ValidationFailed, &Path::Root.field(field), "is required", "");
        return problems.into_ok(None);
    };
    Ok((resource, violations))
}

fn digest<T: Standard>(verb: &str, request: &impl prost::Message) -> [u8; 32] {
    Write::digest_of(&format!("{verb}{}", T::TYPE), request)
}
