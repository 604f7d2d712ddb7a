//! The change stream.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, TryStreamExt};
use prost::Message;
use tonic::{Request, Response, Status};

use super::status::status;
use super::{Api, asked};
use crate::feed::page;
use crate::feed::reader::Reader;
use crate::feed::start::{Place, Start};
use crate::feed::subscription::{Settings, Subscription};
use crate::feed::token::Token;
use crate::feed::view::{Selection, View};
use crate::model::error::{Problems, Result};
use crate::model::limits::{COMMITS_DEFAULT, LIST_CHANGES_WAIT, PAGE_MAX};
use crate::model::wire::{put_field, put_number};
use crate::proto::Frame;
use crate::proto::server::change_service_server::ChangeService;
use crate::proto::v1::{
    Detail, GetHeadRequest, GetHeadResponse, ListChangesRequest, Started, WatchChangesRequest,
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
        let frames = Reader::new(&self.feed, subscription);
        Ok(Response::new(frames.map_err(status).boxed()))
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
        let mut problems = Problems::of(&request);
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
        let selection = Selection { resource_types, kinds, actors, detail, read_mask };
        let start = asked::watch_start(start);
        if let Ok(start) = &start {
            problems.keep(asked::until(until_revision, start.revision().unwrap_or(0)));
            problems.keep(start.between_commits());
        }
        let asked = self.asked(start, selection, &mut problems);
        let interval = problems.keep(asked::progress_interval(progress_interval));
        let ((start, view), interval) = problems.into_ok(asked.zip(interval))?;
        let permit = self.feed.admit()?;
        let place = start.find(&self.feed, &self.store).await?;
        asked::until(until_revision, place.revision)?;
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
        let mut problems = Problems::of(&request);
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
        let selection = Selection { resource_types, kinds, actors, detail, read_mask };
        let asked = self.asked(asked::page_start(start), selection, &mut problems);
        let wait = problems.keep(asked::wait(wait));
        let ((start, view), wait) = problems.into_ok(asked.zip(wait))?;
        let max = match usize::try_from(max_commits) {
            Ok(0) | Err(_) => COMMITS_DEFAULT,
            Ok(max) => max.min(PAGE_MAX),
        };
        let selectors = view.selectors();
        let place = start.find(&self.feed, &self.store).await?;
        let view = self.feed.share(view);
        let wait = wait.min(LIST_CHANGES_WAIT);
        let ordinal = start.ordinal();
        let page = page::read(&self.feed, &self.store, &view, place, ordinal, max, wait).await?;
        let Place { revision, hash } = page.place;
        let head = self.feed.head().mark.revision.max(revision);
        let mut tail = Vec::new();
        let token = self.feed.token(revision, hash, selectors);
        let token = Token { ordinal: page.ordinal, ..token }.encode();
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

    /// Where to start and what to see, if both can be done; what is wrong with them
    /// goes to `problems`.
    fn asked(
        &self,
        start: Result<Start>,
        selection: Selection,
        problems: &mut Problems,
    ) -> Option<(Start, View)> {
        let start = problems.keep(start);
        let view = problems.keep(View::new(self.feed.registry(), selection));
        if let Some(start) = &start {
            problems.keep(start.belongs(&self.feed, view.as_ref().map(View::selectors)));
        }
        start.zip(view)
    }
}
