//! What an accepted item becomes: its revision, its change and its message.

use bytes::Bytes;

use super::entities::change;
use super::log::ChangeKind;
use super::stage::Item;
use super::write::{Written, etag, timestamp};
use crate::model::dates::Day;
use crate::model::wire;
use crate::proto::v1::{MutationOutcome, MutationResult};

/// An item with its revision.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) item: Item,
    pub(super) change: Option<change::Model>,
    /// The message after; of a deleted resource as it last was.
    pub(super) body: Bytes,
    /// The message before, where the resource was there; else empty.
    pub(super) before: Bytes,
    pub(super) result: MutationResult,
}

/// Gives `item` its revision, and its derived fields as of the day `today` of the head.
pub(super) fn finish(mut item: Item, revision: i64, commit_time: i64, today: Day) -> Finished {
    let mut result = MutationResult {
        outcome: item.outcome.into(),
        name: item.name.clone(),
        uid: item.uid.to_string(),
        revision,
        etag: etag(revision),
    };
    let before = item.before.clone();
    if item.outcome == MutationOutcome::Unchanged {
        let (revision, body) = before.unwrap_or_default();
        result.revision = revision;
        result.etag = etag(revision);
        return Finished { item, change: None, body, before: Bytes::new(), result };
    }
    let body: Bytes = match &mut item.object {
        Some(object) => {
            let common = object.common_mut();
            *common.etag = result.etag.clone();
            *common.revision = revision;
            *common.create_time = Some(item.create_time.unwrap_or_else(|| timestamp(commit_time)));
            *common.update_time = Some(timestamp(commit_time));
            object.derive(today);
            object.encode().into()
        }
        None => last_body(&before.clone().unwrap_or_default().1, revision).into(),
    };
    let change = change::Model {
        revision,
        ordinal: 0,
        kind: ChangeKind::of(item.outcome).as_str().to_owned(),
        key: item.key,
        name: item.name.clone(),
        uid: item.uid,
        previous_revision: before.as_ref().map_or(0, |(revision, _)| *revision),
        fields: changed_fields(&item, before.as_ref().map(|(_, body)| body), &body),
        body: if item.object.is_some() { body.to_vec() } else { Vec::new() },
    };
    let was_there = matches!(item.outcome, MutationOutcome::Updated | MutationOutcome::Deleted);
    let before = before.filter(|_| was_there).map(|(_, body)| body).unwrap_or_default();
    Finished { item, change: Some(change), body, before, result }
}

/// A deleted resource as it last was, with the revision of its deletion.
pub(super) fn last_body(before: &[u8], revision: i64) -> Vec<u8> {
    let mut body = wire::without(before, |number| number == 105 || number == 106);
    wire::put_field(105, etag(revision).as_bytes(), &mut body);
    wire::put_number(106, revision.cast_unsigned(), &mut body);
    body
}

fn changed_fields(item: &Item, before: Option<&Bytes>, after: &[u8]) -> String {
    let Some(before) = before.filter(|_| item.object.is_some()) else { return String::new() };
    let message = item.kind.descriptor();
    let names: Vec<String> = wire::changed_fields(before, after)
        .into_iter()
        .filter_map(|number| Some(message.get_field(number)?.name().to_owned()))
        .collect();
    names.join(",")
}

/// What a request would come to on the day `today`, without a revision.
pub(super) fn preview(items: Vec<Item>, today: Day) -> Written {
    let (results, bodies) = items
        .into_iter()
        .map(|item| {
            let result = MutationResult {
                outcome: item.outcome.into(),
                name: item.name.clone(),
                uid: item.uid.to_string(),
                ..MutationResult::default()
            };
            let body = match item.object {
                Some(mut object) => {
                    object.derive(today);
                    object.encode().into()
                }
                None => item.before.map(|(_, body)| body).unwrap_or_default(),
            };
            (result, body)
        })
        .unzip();
    Written { revision: 0, results, bodies }
}
