//! Prints the record as JSON Lines.

use std::io::{BufWriter, Write};

use clap::Args;

use super::Failure;
use super::json::to_json;
use super::popolo::{self, Written};
use super::state::each_resource;
use crate::client::Client;
use crate::proto::v1::Resource;

/// Prints each resource as one JSON object a line, such as {"country": {...}}, or with
/// --popolo one document with all officials and organizations.
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
    /// Print Popolo JSON: officials with their tenures, and organizations
    #[arg(long, conflicts_with_all = ["types", "filter"])]
    popolo: bool,
    /// Only resources of these types, such as Agreement
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only resources that match, such as parties.country = "countries/KHM"
    #[arg(long, default_value = "", hide_default_value = true)]
    filter: String,
}

impl Export {
    /// Prints them.
    pub async fn run(mut self) -> Result<(), Failure> {
        if self.popolo {
            self.types = ["Country", "Organization", "Official"].map(str::to_owned).into();
        }
        let client = Client::new(&self.address)?;
        let mut out = BufWriter::new(std::io::stdout());
        let mut records = Vec::new();
        let take = |resource: &Resource| {
            let record = to_json("Resource", resource)?;
            if self.popolo {
                records.push(record);
            } else {
                writeln!(out, "{record}")?;
            }
            Ok(())
        };
        each_resource(&client, self.types, self.filter, take).await?;
        if self.popolo {
            let Written { document, left_out } = popolo::write(&records);
            writeln!(out, "{document:#}")?;
            for (field, count) in left_out {
                eprintln!("left out: {field} has no place in Popolo ({count} times)");
            }
        }
        Ok(out.flush()?)
    }
}
