//! Imports, beside a bare insert of the same rows.

use std::time::Instant;

use entente::client::Client;
use entente::proto::v1::import_response::Outcome as Told;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{ImportRequest, ImportResponse, Resource};
use futures_util::stream;

use crate::creates::inserted;
use crate::report::{Floor, Report, Row};
use crate::rows::{Batch, Tables};
use crate::stores::{DatabaseKind, Product};
use crate::{Outcome, Scale, samples};

/// Agreements that are new, imported over one connection.
pub async fn new(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let mut batch = Batch::of_product().await?;
    let tables = Tables::make(kind).await?;
    let product = Product::start(kind).await?;
    let client = Client::new([format!("http://{}", product.server.address)])?;
    let (mut imports, mut inserts) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let requests = (0..scale.few).map(|number| {
            let resource = Some(Any::Agreement(samples::agreement(round * scale.few + number)));
            let resource = Some(Resource { resource });
            ImportRequest { resource, ..ImportRequest::default() }
        });
        let mut created = 0;
        let begun = Instant::now();
        let told = |answer: ImportResponse| {
            created += usize::from(matches!(answer.outcome, Some(Told::Result(_))));
        };
        client.import(stream::iter(requests), told).await?;
        let rate = scale.few as f64 / begun.elapsed().as_secs_f64();
        if created != scale.few {
            return Err("not all was imported".into());
        }
        let insert = inserted(&tables, &mut batch, scale.turn).await?;
        if round > 0 {
            imports.push(rate);
            inserts.push(insert);
        }
    }
    report.add(Row {
        database: kind.name(),
        work: format!("Import of {} new agreements", scale.few),
        unit: "/s",
        product: imports,
        limit: "bare insert of 512",
        limits: inserts,
        floor: Floor::Share(0.4),
    });
    product.finish().await?;
    tables.finish().await
}
