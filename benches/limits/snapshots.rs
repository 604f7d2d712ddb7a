//! The state with which a stream may start, beside the same records read and sent by
//! the least that can do it.

use std::time::Instant;

use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{Origin, WatchChangesRequest, WatchChangesResponse};
use entente::store::connect::open_to_read;
use prost::Message;
use tonic::transport::Channel;

use crate::bare::{Bare, SCAN};
use crate::drive::{connect, raw_stream};
use crate::report::{Floor, Report, Row};
use crate::stores::Product;
use crate::streams::WATCH;
use crate::{Outcome, Scale, scan};

/// Number of `snapshot_end` among `WatchChangesResponse`'s events.
const SNAPSHOT_END: u8 = 3;

fn from_state() -> WatchChangesRequest {
    let start = Some(Start::Origin(Origin::Snapshot.into()));
    WatchChangesRequest { start, ..WatchChangesRequest::default() }
}

/// Seconds until the state is whole, taken as bytes; a bare stream then ends.
async fn turn(channel: &Channel, path: &'static str) -> Outcome<f64> {
    let started = Instant::now();
    let mut stream = raw_stream(channel, path, &from_state()).await?;
    while let Some(message) = stream.message().await? {
        // Of the product's messages the first byte tells the event; the rest are records.
        let event = message.first().map_or(0, |tag| tag >> 3);
        if path == WATCH && event == SNAPSHOT_END {
            break;
        }
    }
    Ok(started.elapsed().as_secs_f64())
}

/// How many resources the state has.
async fn items(channel: &Channel) -> Outcome<i64> {
    let mut stream = raw_stream(channel, WATCH, &from_state()).await?;
    let mut items = 0;
    while let Some(message) = stream.message().await? {
        match WatchChangesResponse::decode(message)?.event {
            Some(Event::Snapshot(snapshot)) => items += snapshot.items.len(),
            Some(Event::SnapshotEnd(_)) => return Ok(i64::try_from(items)?),
            _ => {}
        }
    }
    Err("the state has no end".into())
}

/// All there is.
pub async fn whole(product: &Product, scale: Scale, report: &mut Report) -> Outcome<()> {
    let db = open_to_read(&product.place.url)?;
    let ours = connect(product.server.address, 1).await?;
    let resources = scan::count(&db, "SELECT count(*) FROM record").await?;
    if items(&ours[0]).await? != resources {
        return Err("the state is not whole".into());
    }
    let bare = Bare { scanned: Some(db.clone()), ..Bare::default() }.listen().await?;
    let theirs = connect(bare.address, 1).await?;
    let (mut rates, mut limits) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let product = turn(&ours[0], WATCH).await?;
        let limit = turn(&theirs[0], SCAN).await?;
        if round > 0 {
            rates.push(resources as f64 / product);
            limits.push(resources as f64 / limit);
        }
    }
    report.add(Row {
        database: product.place.kind.name(),
        work: format!("snapshot of {resources}"),
        unit: "/s",
        product: rates,
        limit: "bare scan and stream",
        limits,
        floor: Floor::Share(0.5),
    });
    drop((theirs, bare));
    db.close().await?;
    Ok(())
}
