//! The state with which a stream may start: every resource that its view lets
//! through, as it was at one revision, type by type in the order of names.
//!
//! No database snapshot is held: what a resource was at the revision can be read at
//! any time, so a reader may stop at any name and go on at another replica.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::Feed;
use super::start::check_kept;
use super::view::{Depth, View};
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{SNAPSHOT_BYTES, SNAPSHOT_NAMES};
use crate::model::wire::{Mask, MaskUse, field_len, put_field, put_varint};
use crate::store::Store;
use crate::store::past::{Asked, Page};
use crate::store::registry::Kind;

/// Number of `items` in `Snapshot`.
const ITEMS: u32 = 1;
/// Pages of names that are looked at before a reader is told how far it is.
const PAGES: usize = 16;
/// What is told of a resource with NAMES.
const NAMES: [&str; 3] = ["name", "uid", "revision"];

/// The position behind all names, where only the end is still to be told.
pub const END: &str = "~";

/// A part of the state.
#[derive(Debug)]
pub struct Part {
    /// Entries of `items`, encoded.
    pub items: Bytes,
    /// Everything up to this name has been looked at; `None` at the end.
    pub position: Option<String>,
    /// Its place among the parts that were read before they are asked for.
    pub ahead: Option<OwnedSemaphorePermit>,
}

/// The state to be told to a reader.
#[derive(Clone, Debug)]
pub struct State {
    /// Whose it is.
    pub feed: Feed,
    /// Where it is read.
    pub store: Store,
    /// What the reader wants of it.
    pub view: Arc<View>,
    /// When it was so.
    pub revision: i64,
}

impl State {
    /// Reads the part that follows `position`, in a task of its own.
    pub fn read(self, position: String) -> JoinHandle<Result<Part>> {
        tokio::spawn(read(self, position))
    }

    /// The same for a part that nobody has asked for yet, if there is a place for it.
    pub fn read_ahead(self, position: String) -> Option<JoinHandle<Result<Part>>> {
        let place = self.feed.part_ahead()?;
        Some(tokio::spawn(async move {
            let part = read(self, position).await?;
            Ok(Part { ahead: Some(place), ..part })
        }))
    }
}

/// Reads what follows `position`.
async fn read(state: State, mut position: String) -> Result<Part> {
    let State { feed, store, view, revision } = state;
    if position == END {
        return Ok(Part { items: Bytes::new(), position: None, ahead: None });
    }
    let _turn = feed.log_turn().await;
    let mut items = Vec::new();
    for _ in 0..PAGES {
        let Some(kind) = kind_at(&view, &position) else {
            let text = "is of a snapshot of other types";
            return Err(Error::token(Reason::TokenMalformed, "token", text));
        };
        let asked = Asked {
            kind,
            after: &position,
            revision,
            names: SNAPSHOT_NAMES,
            bytes: SNAPSHOT_BYTES.saturating_sub(items.len()),
        };
        let Page { records, next } = store.past_page(&asked).await?;
        for (_, body) in records {
            put(&view, kind, &body, &mut items);
        }
        let after = view.chosen().skip_while(|other| other.tag != kind.tag).nth(1);
        match next.or_else(|| after.map(|kind| format!("{}/", kind.collection))) {
            Some(next) => position = next,
            None => return finish(&feed, &store, revision, items, None).await,
        }
        if items.len() >= SNAPSHOT_BYTES / 2 {
            break;
        }
    }
    finish(&feed, &store, revision, items, Some(position)).await
}

/// A part counts only if nothing in it was removed while it was read.
async fn finish(
    feed: &Feed,
    store: &Store,
    revision: i64,
    items: Vec<u8>,
    position: Option<String>,
) -> Result<Part> {
    feed.set_earliest(store.head().await?.earliest_revision);
    check_kept(feed, revision)?;
    Ok(Part { items: items.into(), position, ahead: None })
}

/// The type among whose names `position` is; an empty one is before the first.
fn kind_at(view: &View, position: &str) -> Option<&'static Kind> {
    let collection = position.split('/').next().unwrap_or_default();
    view.chosen().find(|kind| position.is_empty() || kind.collection == collection)
}

/// Appends a resource, if the view lets it through.
fn put(view: &View, kind: &'static Kind, body: &[u8], items: &mut Vec<u8>) {
    if let Some(filter) = &view.filter {
        let Ok(object) = kind.decode(body) else {
            tracing::error!(kind = kind.type_name, "a logged message cannot be decoded");
            return;
        };
        if !filter.lets(kind, object.as_ref()) {
            return;
        }
    }
    let body = match view.depth {
        Depth::Names => {
            let mask = Mask::parse(&kind.descriptor(), NAMES, MaskUse::Read);
            Cow::Owned(mask.map(|mask| mask.keep(body)).unwrap_or_default())
        }
        Depth::Full | Depth::WithBefore => view.masked(kind, body),
    };
    put_varint(u64::from(ITEMS) << 3 | 2, items);
    put_varint(field_len(kind.tag, body.len()) as u64, items);
    put_field(kind.tag, &body, items);
}
