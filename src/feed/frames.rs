//! The messages of a stream, encoded.

use bytes::Bytes;

use super::Head;
use super::segment::COMMITS;
use super::start::Place;
use crate::model::wire::{put_field, put_varint};
use crate::proto::Frame;
use crate::proto::v1::watch_changes_response::Event;
use crate::proto::v1::{
    CaughtUp, Draining, FellBehind, Progress, SnapshotEnd, Started, WatchChangesResponse,
};
use crate::store::write::timestamp;

/// Numbers of `WatchChangesResponse`'s fields.
const SNAPSHOT: u32 = 2;
const COMMITS_EVENT: u32 = 4;
const TOKEN: u32 = 15;

/// A message that tells `event`.
pub(super) fn event(event: Event, token: String) -> Frame {
    Frame::of(&WatchChangesResponse { event: Some(event), token })
}

/// The first message of a stream from `place`.
pub(super) fn started(settings: Started, store_id: String, head: Head, place: Place) -> Event {
    Event::Started(Started {
        store_id,
        head_revision: head.mark.revision.max(place.revision),
        earliest_revision: head.earliest_revision,
        after_revision: place.revision,
        ..settings
    })
}

pub(super) fn progress(head: Head, revision: i64) -> Event {
    Event::Progress(Progress {
        revision,
        head_revision: head.mark.revision.max(revision),
        head_commit_time: Some(timestamp(head.mark.commit_time)),
        earliest_revision: head.earliest_revision,
    })
}

pub(super) fn snapshot_end(revision: i64) -> Event {
    Event::SnapshotEnd(SnapshotEnd { revision })
}

pub(super) fn caught_up(revision: i64) -> Event {
    Event::CaughtUp(CaughtUp { revision })
}

pub(super) fn fell_behind(head: Head, revision: i64) -> Event {
    Event::FellBehind(FellBehind { revision, head_revision: head.mark.revision })
}

pub(super) fn draining(revision: i64) -> Event {
    Event::Draining(Draining { revision })
}

/// A message with entries of commits, which others may be sending too, and the token
/// of one stream.
pub(super) fn commits(entries: Bytes, token: &str) -> Frame {
    wrapped(COMMITS_EVENT, entries, token)
}

/// A message with a part of a commit that is too large for one.
pub(super) fn fragment(part: &[u8], token: &str) -> Frame {
    let mut entries = Vec::with_capacity(part.len() + 8);
    put_field(COMMITS, part, &mut entries);
    commits(entries.into(), token)
}

/// A message with entries of the state; without any it tells that the stream lives.
pub(super) fn snapshot(items: Bytes, token: &str) -> Frame {
    wrapped(SNAPSHOT, items, token)
}

fn wrapped(number: u32, entries: Bytes, token: &str) -> Frame {
    let mut head = Vec::with_capacity(8);
    put_varint(u64::from(number) << 3 | 2, &mut head);
    put_varint(entries.len() as u64, &mut head);
    let mut tail = Vec::with_capacity(token.len() + 2);
    if !token.is_empty() {
        put_field(TOKEN, token.as_bytes(), &mut tail);
    }
    Frame::new(head.into(), entries, tail.into())
}
