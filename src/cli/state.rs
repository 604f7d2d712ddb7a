//! The state of the record, for commands that need it as a whole.

use tokio::time::timeout;

use super::Failure;
use crate::client::{Client, PATIENCE};
use crate::proto::v1::{Origin, Resource, WatchChangesRequest, watch_changes_request::Start};

/// Hands the resources of `types` that match `filter` to `take`, as they are at one revision.
/// It gives up when the service has said nothing for as long as a call may take.
pub(super) async fn each_resource(
    client: &Client,
    types: Vec<String>,
    filter: String,
    mut take: impl FnMut(&Resource) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut watch = client.watch(WatchChangesRequest {
        start: Some(Start::Origin(Origin::Snapshot.into())),
        filter,
        resource_types: types,
        ..WatchChangesRequest::default()
    });
    loop {
        let silent = |_| format!("the service has not answered for {} s", PATIENCE.as_secs());
        let Some(delivery) = timeout(PATIENCE, watch.next()).await.map_err(silent)?? else {
            return Ok(());
        };
        delivery.snapshot.iter().try_for_each(&mut take)?;
        if delivery.snapshot_is_whole {
            return Ok(());
        }
    }
}
