//! What readers ask for.

use entente::proto::v1::{ChangeKind, Detail as WireDetail, WatchChangesRequest};

use super::Stage;
use super::deeds::COUNTRIES;
use crate::history::Kind;
use crate::history::selection::{Condition, Detail, Selection};

/// A selection that chance has chosen; every third asks for everything.
pub(super) fn choose(stage: &mut Stage) -> Selection {
    let mut selection = Selection::default();
    if stage.once_in(3) {
        return selection;
    }
    if stage.once_in(2) {
        // Of the types some must have the field; the others are taken to have none there.
        selection.filter = Some(condition(stage));
        if stage.once_in(2) {
            selection.types.insert("Agreement".to_owned());
        }
    } else if stage.once_in(2) {
        selection.types.insert((*stage.one(&["Agreement", "Official"])).to_owned());
    }
    if stage.once_in(2) {
        selection.detail = *stage.one(&[Detail::Names, Detail::FullWithBefore]);
    }
    if stage.once_in(4) {
        let kinds = [Kind::Updated, Kind::Created, Kind::Entered, Kind::Left, Kind::Undeleted];
        selection.kinds.extend([Kind::Deleted, *stage.one(&kinds), *stage.one(&kinds)]);
    }
    if stage.once_in(4) {
        selection.actors.extend(["writer-0".to_owned(), "writer-1".to_owned()]);
    }
    selection
}

fn condition(stage: &mut Stage) -> Condition {
    let [one, other] = COUNTRIES.map(|id| Condition::Party(format!("countries/{id}")));
    match stage.number(4) {
        0 => Condition::Not(Box::new(one)),
        1 => Condition::Or(Box::new(one), Box::new(other)),
        2 => one,
        _ => other,
    }
}

/// A watch of it.
pub(super) fn request(selection: &Selection) -> WatchChangesRequest {
    WatchChangesRequest {
        filter: selection.filter.as_ref().map(Condition::text).unwrap_or_default(),
        resource_types: selection.types.iter().cloned().collect(),
        kinds: selection.kinds.iter().map(|kind| wire_kind(*kind).into()).collect(),
        actors: selection.actors.iter().cloned().collect(),
        detail: wire_detail(selection.detail).into(),
        progress_interval: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
        ..WatchChangesRequest::default()
    }
}

fn wire_kind(kind: Kind) -> ChangeKind {
    match kind {
        Kind::Created => ChangeKind::Created,
        Kind::Updated => ChangeKind::Updated,
        Kind::Entered => ChangeKind::Entered,
        Kind::Left => ChangeKind::Left,
        Kind::Deleted => ChangeKind::Deleted,
        Kind::Undeleted => ChangeKind::Undeleted,
    }
}

fn wire_detail(detail: Detail) -> WireDetail {
    match detail {
        Detail::Names => WireDetail::Names,
        Detail::Full => WireDetail::Full,
        Detail::FullWithBefore => WireDetail::FullWithBefore,
    }
}
