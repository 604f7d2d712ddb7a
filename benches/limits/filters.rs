//! What filters cost: many subscribers with them, beside as many without, all of
//! which get everything.

use entente::proto::v1::{Agreement, WatchChangesRequest};
use tonic::transport::Channel;

use crate::creates::CREATE;
use crate::crowd::Crowd;
use crate::drive::{connect, unary};
use crate::report::{Floor, Report, Row};
use crate::served::Served;
use crate::stores::{DatabaseKind, Place};
use crate::streams::WATCH;
use crate::{Outcome, Scale, samples};

const SUBSCRIBERS: usize = 1_000;
const CONNECTIONS: usize = 4;

/// Twenty filters that are all true of every agreement of the load.
fn filters() -> Vec<String> {
    let parties = ["FRA", "DEU"].into_iter().flat_map(|party| {
        let of = move |area: &&str| {
            format!("parties.country = {party} AND areas = \"cooperationAreas/{area}\"")
        };
        samples::AREAS.iter().map(of).collect::<Vec<_>>()
    });
    let dates = (0..4).map(|year| format!("actions.date > 139{year} AND form = AGREEMENT"));
    let texts = ["Agreement", "cooperation", "France", "Germany"]
        .map(|word| format!("title:\"{word}\" AND NOT labels.desk = \"asia\""));
    parties.chain(dates).chain(texts).collect()
}

/// Processor time of the server for a commit that 1,000 subscribers hear of.
pub async fn cost(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let place = Place::make(kind).await?;
    let served = Served::start(&place.url)?;
    let writer = connect(served.address, 1).await?;
    let (filters, none) = (filters(), vec![String::new()]);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let product = turn(&served, &writer[0], &filters, scale.commits).await?;
        let limit = turn(&served, &writer[0], &none, scale.commits).await?;
        if round > 0 {
            with.push(product);
            without.push(limit);
        }
    }
    report.add(Row {
        database: kind.name(),
        work: format!("CPU of a commit to {SUBSCRIBERS}, {} filters", filters.len()),
        unit: "us",
        product: with,
        limit: "the same without filters",
        limits: without,
        floor: Floor::Times(1.5),
    });
    drop(writer);
    served.finish().await?;
    place.remove().await
}

/// Microseconds of a core for each of `commits`, which are made one by one: the next
/// when all have heard of the one before.
async fn turn(
    served: &Served,
    writer: &Channel,
    filters: &[String],
    commits: usize,
) -> Outcome<f64> {
    let channels = connect(served.address, CONNECTIONS).await?;
    let request = |filter: &String| WatchChangesRequest {
        filter: filter.clone(),
        ..WatchChangesRequest::default()
    };
    let requests = filters.iter().cycle().take(SUBSCRIBERS).map(request).collect();
    let mut crowd = Crowd::gather(&channels, WATCH, requests).await?;
    let before = served.cpu_seconds()?;
    for number in 0..commits {
        let _: Agreement = unary(writer, CREATE, samples::create(number)).await?;
        crowd.hear().await?;
    }
    Ok((served.cpu_seconds()? - before) * 1e6 / commits as f64)
}
