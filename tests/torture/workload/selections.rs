//! What readers ask for.

use entente::proto::v1::{ChangeKind, Detail as WireDetail, WatchChangesRequest};

use super::Stage;
use crate::history::Kind;
use crate::history::selection::{Detail, Selection};

/// A selection that chance has chosen; every third asks for everything.
pub(super) fn choose(stage: &mut Stage) -> Selection {
    let mut selection = Selection::default();
    if stage.once_in(3) {
        return selection;
    }
    if stage.once_in(3) {
        selection.detail = Detail::Names;
    }
    if stage.once_in(3) {
        selection.types.insert((*stage.one(&["Agreement", "Official"])).to_owned());
    }
    if stage.once_in(4) {
        selection.kinds.extend([Kind::Deleted, *stage.one(&[Kind::Updated, Kind::Created])]);
    }
    if stage.once_in(4) {
        selection.actors.extend(["writer-0".to_owned(), "writer-1".to_owned()]);
    }
    selection
}

/// A watch of it.
pub(super) fn request(selection: &Selection) -> WatchChangesRequest {
    WatchChangesRequest {
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
        Kind::Updated | Kind::Entered | Kind::Left => ChangeKind::Updated,
        Kind::Deleted => ChangeKind::Deleted,
        Kind::Undeleted => ChangeKind::Undeleted,
    }
}

/// How much of each change, as the service takes it.
pub(super) fn wire_detail(detail: Detail) -> WireDetail {
    match detail {
        Detail::Names => WireDetail::Names,
        Detail::Full | Detail::FullWithBefore => WireDetail::Full,
    }
}
