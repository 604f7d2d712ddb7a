//! The change stream.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt, TryStreamExt};
use prost::Message;
use tonic::{Request, Response, Status};

use super::status::status;
use super::{Api, asked};
use crate::feed::page;
use crate::feed::reader::Reader;
use crate::feed::start::{Place, Start, meaning_changed};
use crate::feed::subscription::{Settings, Subscription};
use crate::feed::token::Token;
use crate::feed::view::{Selection, View};
use crate::filter::several::{Filters, Tree};
use crate::model::error::{Problems, Reason, Result};
use crate::model::limits::{COMMITS_DEFAULT, LIST_CHANGES_WAIT, PAGE_MAX};
use crate::model::wire::{put_field, put_number};
use crate::proto::Frame;
use crate::proto::server::change_service_server::ChangeService;
use crate::proto::v1::{
    Detail, Expansion, GetHeadRequest, GetHeadResponse, ListChangesRequest, Started,
    WatchChangesRequest,
};
use crate::store::told::{self, ToldChange, Wanted};
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
        // Boxed, so that what starts a stream takes no room once it has started.
        let starting = Box::pin(self.watch(request.into_inner()));
        let subscription = starting.await.map_err(status)?;
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
            filter,
            resource_types,
            kinds: _,
            actors,
            detail: _,
            read_mask,
            progress_interval,
            until_revision,
            validate_only,
        } = request;
        let selection = Selection { filter, resource_types, kinds, actors, detail, read_mask };
        let start = asked::watch_start(start);
        // Alone it is told below, once the start is found to be in this history.
        let ours = start.as_ref().ok().filter(|start| start.belongs(&self.feed, None).is_ok());
        let until = ours.map(|start| asked::until(until_revision, start.revision().unwrap_or(0)));
        let between = start.as_ref().map_or(Ok(()), Start::between_commits);
        let asked = self.asked(start, selection, &mut problems);
        problems.keep(between);
        let interval = problems.keep(asked::progress_interval(progress_interval));
        if let Some(until) = until.filter(|_| !problems.is_empty()) {
            problems.keep(until);
        }
        let ((start, view), interval) = problems.into_ok(asked.zip(interval))?;
        let permit = self.feed.admit()?;
        let place = start.find(&self.feed, &self.store).await?;
        asked::until(until_revision, place.revision)?;
        let (view, meant_since) = self.bound(&start, view).await?;
        let detail = if detail == Detail::Unspecified { Detail::Full } else { detail };
        let started = Started {
            progress_interval: prost_types::Duration::try_from(interval).ok(),
            detail: detail.into(),
            expansions: expansions(&view),
            ..Started::default()
        };
        let settings = Settings {
            view,
            meant_since,
            progress_interval: interval,
            until_revision,
            validate_only,
            started,
        };
        let position = start.snapshot().map(str::to_owned);
        let (feed, store) = (self.feed.clone(), self.store.clone());
        Ok(Subscription::new(feed, store, settings, place, position, permit))
    }

    async fn page(&self, request: ListChangesRequest) -> Result<Frame> {
        let mut problems = Problems::of(&request);
        let kinds = request.kinds().collect();
        let detail = request.detail();
        let ListChangesRequest {
            start,
            filter,
            resource_types,
            kinds: _,
            actors,
            detail: _,
            read_mask,
            max_commits,
            wait,
        } = request;
        let selection = Selection { filter, resource_types, kinds, actors, detail, read_mask };
        let start = asked::page_start(start);
        let with_changes = start.as_ref().map_or(Ok(()), Start::with_changes);
        let asked = self.asked(start, selection, &mut problems);
        problems.keep(with_changes);
        let wait = problems.keep(asked::wait(wait));
        let ((start, view), wait) = problems.into_ok(asked.zip(wait))?;
        let max = match usize::try_from(max_commits) {
            Ok(0) | Err(_) => COMMITS_DEFAULT,
            Ok(max) => max.min(PAGE_MAX),
        };
        let place = start.find(&self.feed, &self.store).await?;
        let (view, since) = self.bound(&start, view).await?;
        let wait = wait.min(LIST_CHANGES_WAIT);
        let ordinal = start.ordinal();
        let (feed, store) = (&self.feed, &self.store);
        let page = page::read(feed, store, &view, since, place, ordinal, max, wait).await?;
        let Place { revision, hash } = page.place;
        let head = self.feed.head().mark.revision.max(revision);
        let mut tail = Vec::new();
        let (selectors, meaning) = (view.selectors(), view.meaning());
        let token = self.feed.token(revision, hash);
        let token = Token { selectors, meaning, ordinal: page.ordinal, ..token }.encode();
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
            token: self.feed.token(head.revision, hash).encode(),
        };
        Ok(Frame::whole(response.encode_to_vec().into()))
    }

    /// The one copy of `view` with its filter's names looked up, and the newest commit,
    /// which is certainly part of what they mean. By then this process knows of it, so
    /// that whoever comes behind a write, at whatever replica, finds it.
    async fn bound(&self, start: &Start, mut view: View) -> Result<(Arc<View>, i64)> {
        let newest = self.store.head().await?.revision;
        if let Some(filter) = &mut view.filter {
            // Later commits may be in it too, and are judged once more.
            let _turn = self.feed.log_turn().await;
            let bound = self.store.bind_several(filter).await;
            if let Err(error) = bound.map_err(|error| start.names_lost(error)) {
                if let Some(revision) = start.copied_at()
                    && error.reason == Reason::FilterInvalid
                {
                    let wanted = view.of_names();
                    self.meant_since(revision, newest, &wanted, |one| view.names_before(one))
                        .await?;
                }
                return Err(error);
            }
        }
        start.means(view.meaning())?;
        if let Some(wanted) = view.of_meaning()
            && let Some(revision) = start.copied_at()
        {
            self.meant_since(revision, newest, &wanted, |one| view.meant_else(one)).await?;
        }
        self.feed.reach(newest).await?;
        Ok((self.feed.share(view), newest))
    }

    /// Refuses a filter that has not meant the same ever since `revision`: for which one
    /// of the changes that are `wanted` has `altered` it.
    async fn meant_since(
        &self,
        mut revision: i64,
        until: i64,
        wanted: &Wanted,
        altered: impl Fn(&ToldChange) -> bool,
    ) -> Result<()> {
        while revision < until {
            let told::Page { commits, end } = self.store.log_page(revision, until, wanted).await?;
            for commit in &commits {
                if commit.changes.iter().any(&altered) {
                    return Err(meaning_changed(Some(commit.revision)));
                }
            }
            let last = commits.last().map(|commit| commit.revision);
            let Some(last) = end.map(|end| end.revision).or(last) else { break };
            revision = last;
        }
        Ok(())
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

fn expansions(view: &View) -> Vec<Expansion> {
    let trees = view.filter.iter().flat_map(Filters::trees);
    let expansion = |tree: &Tree| Expansion {
        root: tree.root.clone(),
        names: tree.names.iter().cloned().collect(),
    };
    trees.map(expansion).collect()
}
