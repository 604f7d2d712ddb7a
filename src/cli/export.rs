//! Prints the record as JSON Lines.

use std::io::Write;

use clap::Args;

use super::Failure;
use super::json::to_json;
use crate::client::Client;
use crate::proto::v1::{Origin, WatchChangesRequest, watch_changes_request::Start};

/// Prints each resource as one JSON object a line, such as {"country": {...}}.
///
/// All are as they were at one revision. They come type by type in the order of names;
/// `entente import` reads them.
#[derive(Clone, Debug, Args)]
pub struct Export {
    /// Address of the service; several mean replicas of one store
    #[arg(
        long,
        env = "ENTENTE_ADDRESS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    address: Vec<String>,
    /// Only resources of these types, such as Agreement
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only resources that match, such as parties.country = "countries/KHM"
    #[arg(long, default_value = "", hide_default_value = true)]
    filter: String,
}

impl Export {
    /// Prints them.
    pub async fn run(self) -> Result<(), Failure> {
        let mut watch = Client::new(&self.address)?.watch(WatchChangesRequest {
            start: Some(Start::Origin(Origin::Snapshot.into())),
            filter: self.filter,
            resource_types: self.types,
            ..WatchChangesRequest::default()
        });
        while let Some(delivery) = watch.next().await? {
            let mut out = std::io::stdout().lock();
            for resource in &delivery.snapshot {
                writeln!(out, "{}", to_json("Resource", resource)?)?;
            }
            out.flush()?;
            if delivery.snapshot_is_whole {
                break;
            }
        }
        Ok(())
    }
}
