//! The state of the record, for commands that need it as a whole.

use tokio::time::timeout;

use super::Failure;
use crate::client::Client;
use crate::proto::v1::{Origin, Resource, WatchChangesRequest, watch_changes_request::Start};

/// Hands the resources of `types` that match `filter` to `take`, as they are at one revision.
/// It gives up when the service has said nothing for as long as the client has patience.
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
        let patience = client.patience();
        let silent = |_| format!("the service has not answered for {patience:?}");
        let Some(delivery) = timeout(patience, watch.next()).await.map_err(silent)?? else {
            return Ok(());
        };
        delivery.snapshot.iter().try_for_each(&mut take)?;
        if delivery.snapshot_is_whole {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::net::TcpListener;

    use super::*;
    use crate::cli::import::names::Names;

    const PATIENCE: Duration = Duration::from_millis(200);

    fn impatient(address: &str) -> Client {
        Client::new([address]).expect("an address").with_patience(PATIENCE)
    }

    /// What an export and the names for a mapping end with.
    async fn ends(client: &Client) -> [String; 2] {
        let exported = each_resource(client, Vec::new(), String::new(), |_| Ok(())).await;
        let loaded = Names::load(client, ["Country".to_owned()].into()).await.map(|_| ());
        [exported, loaded].map(|ended| ended.expect_err("nobody answers").to_string())
    }

    #[tokio::test]
    async fn what_needs_the_state_gives_up_where_nobody_answers() {
        let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", silent.local_addr().expect("its address"));
        let expected = "the service has not answered for 200ms";
        assert_eq!(ends(&impatient(&address)).await, [expected, expected], "it says nothing");
        drop(silent);
        assert_eq!(ends(&impatient(&address)).await, [expected, expected], "it is not there");
    }
}
