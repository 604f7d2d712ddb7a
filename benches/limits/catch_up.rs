//! Subscribers that want little of much: how fast the log is looked through.

use std::time::Instant;

use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{ChangeKind, Origin, WatchChangesRequest, WatchChangesResponse};
use entente::store::connect::open_to_read;
use prost::Message;
use prost_types::FieldMask;
use tonic::transport::Channel;

use crate::drive::{connect, raw_stream};
use crate::report::{Floor, Report, Row};
use crate::stores::{Product, THOUSANDTH};
use crate::streams::WATCH;
use crate::{Outcome, Scale, scan};

/// A field to be sent for each turn: pages of the log that one view has read are kept
/// for the next with the same, which would then look through nothing.
const FIELDS: [&str; 6] = ["title", "place", "summary", "parties", "areas", "actions"];

/// From the first change to the head, in each turn by a view of its own.
fn all_of(product: &Product, round: usize) -> WatchChangesRequest {
    let paths = vec![FIELDS[round % FIELDS.len()].to_owned()];
    WatchChangesRequest {
        start: Some(Start::Origin(Origin::Earliest.into())),
        until_revision: product.server.api.feed.head().mark.revision,
        read_mask: Some(FieldMask { paths }),
        ..WatchChangesRequest::default()
    }
}

/// Seconds until the stream has ended, and how many changes came.
async fn turn(channel: &Channel, request: &WatchChangesRequest) -> Outcome<(f64, usize)> {
    let started = Instant::now();
    let mut stream = raw_stream(channel, WATCH, request).await?;
    let mut changes = 0;
    while let Some(message) = stream.message().await? {
        if let Some(Event::Commits(commits)) = WatchChangesResponse::decode(message)?.event {
            changes += commits.commits.iter().map(|commit| commit.changes.len()).sum::<usize>();
        }
    }
    Ok((started.elapsed().as_secs_f64(), changes))
}

/// Updates of countries, of which there are none: the database can tell.
pub async fn by_type_and_kind(product: &Product, scale: Scale, report: &mut Report) -> Outcome<()> {
    let db = open_to_read(&product.place.url)?;
    let ours = connect(product.server.address, 1).await?;
    let changes = scan::count(&db, "SELECT count(*) FROM change").await?;
    let text = "SELECT count(*) FROM change WHERE name > 'countries/' AND name < 'countries0' \
                AND kind = 'UPDATED'";
    let (mut rates, mut limits) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let mut request = all_of(product, round);
        request.resource_types.push("Country".to_owned());
        request.kinds.push(ChangeKind::Updated.into());
        let (seconds, came) = turn(&ours[0], &request).await?;
        let started = Instant::now();
        let counted = scan::count(&db, text).await?;
        let limit = started.elapsed().as_secs_f64();
        if came != 0 || counted != 0 {
            return Err("a country has been changed".into());
        }
        if round > 0 {
            rates.push(changes as f64 / seconds);
            limits.push(changes as f64 / limit);
        }
    }
    report.add(Row {
        database: product.place.kind.name(),
        work: "catch-up by type and kind".to_owned(),
        unit: "/s",
        product: rates,
        limit: "bare count of the same",
        limits,
        floor: Floor::Rate(300_000.0),
    });
    db.close().await?;
    Ok(())
}

/// One agreement in a thousand: the service itself has to judge each.
pub async fn by_filter(product: &Product, scale: Scale, report: &mut Report) -> Outcome<()> {
    let db = open_to_read(&product.place.url)?;
    let ours = connect(product.server.address, 1).await?;
    let changes = scan::count(&db, "SELECT count(*) FROM change").await?;
    let (mut rates, mut limits) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let request =
            WatchChangesRequest { filter: THOUSANDTH.to_owned(), ..all_of(product, round) };
        let (seconds, came) = turn(&ours[0], &request).await?;
        if came != scale.many / 1_000 {
            return Err(format!("{came} changes came").into());
        }
        let limit = scan::read_log(&db).await?;
        if round > 0 {
            rates.push(changes as f64 / seconds);
            limits.push(changes as f64 / limit);
        }
    }
    report.add(Row {
        database: product.place.kind.name(),
        work: "catch-up by a filter, 1 in 1000".to_owned(),
        unit: "/s",
        product: rates,
        limit: "bare read of the log",
        limits,
        floor: Floor::Rate(100_000.0),
    });
    db.close().await?;
    Ok(())
}
