//! The change stream.

use std::pin::Pin;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use prost::Message;
use tonic::{Request, Response, Status};

use super::Api;
use super::status::status;
use crate::feed::page;
use crate::feed::start::{Place, Start};
use crate::feed::subscription::{Settings, Subscription};
use crate::feed::view::{Selection, View};
use crate::model::described::Validate;
use crate::model::error::{Error, Problems, Result};
use crate::model::limits::{
    COMMITS_DEFAULT, LIST_CHANGES_WAIT, PAGE_MAX, PROGRESS_DEFAULT, PROGRESS_RANGE,
};
use crate::model::violations::{Path, Violations};
use crate::model::wire::{put_field, put_number};
use crate::proto::Frame;
use crate::proto::server::change_service_server::ChangeService;
use crate::proto::v1::{
    ChangeKind, Detail, GetHeadRequest, GetHeadResponse, ListChangesRequest, Origin, Started,
    WatchChangesRequest, list_changes_request, watch_changes_request,
};
use crate::store::write::timestamp;

/// Numbers of `ListChangesResponse`'s fields.
const NEXT_TOKEN: u32 = 2;
const HEAD_REVISION: u32 = 3;
const AT_HEAD: u32 = 4;

#[tonic::async_trait]
impl ChangeService for Api {
    type WatchChangesStream =
        Pin<Box<dyn Stream<Item = std::result::Result<Frame, Status>> + Send>>;

    async fn watch_changes(
        &self,
        request: Request<WatchChangesRequest>,
    ) -> std::result::Result<Response<Self::WatchChangesStream>, Status> {
        let subscription = self.watch(request.into_inner()).await.map_err(status)?;
        let frames = stream::unfold(subscription, |mut subscription| async move {
            let frame = subscription.next().await?;
            Some((frame.map_err(status), subscription))
        });
        Ok(Response::new(frames.boxed()))
    }

    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> std::result::Result<Response<Frame>, Status> {
        self.page(request.into_inner()).await.map(Response::new).map_err(status)
    }

    async fn get_head(
        &self,
        _: Request<GetHeadRequest>,
    ) -> std::result::Result<Response<Frame>, Status> {
        self.get_head_now().await.map(Response::new).map_err(status)
    }
}

impl Api {
    async fn watch(&self, request: WatchChangesRequest) -> Result<Subscription> {
        refuse(&request)?;
        let kinds = request.kinds().collect();
        let detail = request.detail();
        let WatchChangesRequest {
            start,
            resource_types,
            kinds: _,
            actors,
            detail: _,
            read_mask,
            progress_interval,
            until_revision,
            validate_only,
        } = request;
        let interval = match progress_interval {
            None => PROGRESS_DEFAULT,
            Some(interval) => duration(interval, "progress_interval")?,
        };
        if !PROGRESS_RANGE.contains(&interval) {
            let at = Path::Root;
            return Err(Error::invalid(&at.field("progress_interval"), "must be 1 s to 60 s"));
        }
        let start = match start {
            None => Start::Now,
            Some(watch_changes_request::Start::Token(token)) => Start::Token(token),
            Some(watch_changes_request::Start::AfterRevision(revision)) => {
                Start::AfterRevision(revision)
            }
            Some(watch_changes_request::Start::AfterTime(time)) => after_time(time)?,
            Some(watch_changes_request::Start::Origin(origin)) => of_origin(origin, Start::Now),
        };
        let permit = self.feed.admit()?;
        let view = self.view(resource_types, kinds, actors, detail, read_mask)?;
        let place = start.find(&self.feed, &self.store, view.selectors()).await?;
        if until_revision != 0 && until_revision < place.revision {
            let text = format!("must not be below the start, {}", place.revision);
            return Err(Error::invalid(&Path::Root.field("until_revision"), text));
        }
        let detail = if detail == Detail::Unspecified { Detail::Full } else { detail };
        let started = Started {
            progress_interval: prost_types::Duration::try_from(interval).ok(),
            detail: detail.into(),
            ..Started::default()
        };
        let view = self.feed.share(view);
        let settings =
            Settings { view, progress_interval: interval, until_revision, validate_only, started };
        Ok(Subscription::new(self.feed.clone(), self.store.clone(), settings, place, permit))
    }

    async fn page(&self, request: ListChangesRequest) -> Result<Frame> {
        refuse(&request)?;
        let kinds = request.kinds().collect();
        let detail = request.detail();
        let ListChangesRequest {
            start,
            resource_types,
            kinds: _,
            actors,
            detail: _,
            read_mask,
            max_commits,
            wait,
        } = request;
        let wait = wait.map_or(Ok(Duration::ZERO), |wait| duration(wait, "wait"))?;
        let start = match start {
            None => Start::Earliest,
            Some(list_changes_request::Start::Token(token)) => Start::Token(token),
            Some(list_changes_request::Start::AfterRevision(revision)) => {
                Start::AfterRevision(revision)
            }
            Some(list_changes_request::Start::AfterTime(time)) => after_time(time)?,
            Some(list_changes_request::Start::Origin(origin)) => of_origin(origin, Start::Earliest),
        };
        let max = match usize::try_from(max_commits) {
            Ok(0) | Err(_) => COMMITS_DEFAULT,
            Ok(max) => max.min(PAGE_MAX),
        };
        let view = self.view(resource_types, kinds, actors, detail, read_mask)?;
        let selectors = view.selectors();
        let place = start.find(&self.feed, &self.store, selectors).await?;
        let view = self.feed.share(view);
        let wait = wait.min(LIST_CHANGES_WAIT);
        let page = page::read(&self.feed, &self.store, &view, place, max, wait).await?;
        let Place { revision, hash } = page.place;
        let head = self.feed.head().mark.revision.max(revision);
        let mut tail = Vec::new();
        let token = self.feed.token(revision, hash, selectors).encode();
        put_field(NEXT_TOKEN, token.as_bytes(), &mut tail);
        put_number(HEAD_REVISION, head.unsigned_abs(), &mut tail);
        put_number(AT_HEAD, u64::from(page.at_head && revision == head), &mut tail);
        Ok(Frame::new(page.commits, tail.into(), bytes::Bytes::new()))
    }

    async fn get_head_now(&self) -> Result<Frame> {
        let head = self.store.head().await?;
        let hash = crate::feed::token::prefix(&head.hash);
        let response = GetHeadResponse {
            store_id: head.store_id.to_string(),
            head_revision: head.revision,
            earliest_revision: head.earliest_revision,
            head_commit_time: Some(timestamp(head.commit_time)),
            token: self.feed.token(head.revision, hash, [0; 8]).encode(),
        };
        Ok(Frame::whole(response.encode_to_vec().into()))
    }

    fn view(
        &self,
        resource_types: Vec<String>,
        kinds: Vec<ChangeKind>,
        actors: Vec<String>,
        detail: Detail,
        read_mask: Option<prost_types::FieldMask>,
    ) -> Result<View> {
        let selection = Selection { resource_types, kinds, actors, detail, read_mask };
        View::new(self.feed.registry(), selection)
    }
}

fn refuse(request: &impl Validate) -> Result<()> {
    let mut violations = Violations::default();
    request.validate(&Path::Root, &mut violations);
    let mut problems = Problems::default();
    problems.extend(&violations);
    problems.into_result()
}

fn duration(duration: prost_types::Duration, field: &str) -> Result<Duration> {
    let wrong =
        || Error::invalid(&Path::Root.field(field), "must be a duration that is not negative");
    Duration::try_from(duration).map_err(|_| wrong())
}

fn after_time(time: prost_types::Timestamp) -> Result<Start> {
    let micros = time.seconds.checked_mul(1_000_000);
    let micros = micros.and_then(|micros| micros.checked_add(i64::from(time.nanos) / 1_000));
    let wrong = || Error::invalid(&Path::Root.field("after_time"), "must be a time");
    micros.map(Start::AfterTime).ok_or_else(wrong)
}

fn of_origin(origin: i32, unset: Start) -> Start {
    match Origin::try_from(origin) {
        Ok(Origin::Now) => Start::Now,
        Ok(Origin::Earliest) => Start::Earliest,
        Ok(Origin::Unspecified) | Err(_) => unset,
    }
}
