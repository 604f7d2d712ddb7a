//! What subscribers cost while nothing happens, beside as many bare streams that send
//! a message as often.

use std::time::Duration;

use entente::model::limits::{PROGRESS_DEFAULT, STREAMS_PER_CONNECTION};
use entente::proto::v1::WatchChangesRequest;
use tokio::time::sleep;

use crate::bare::IDLE;
use crate::crowd::Crowd;
use crate::drive::connect;
use crate::report::{Floor, Report, Row};
use crate::served::{BARE, Served};
use crate::stores::{DatabaseKind, Place};
use crate::streams::WATCH;
use crate::{Outcome, Scale};

/// How long a turn hears nothing: each stream tells its progress once.
const QUIET: Duration = PROGRESS_DEFAULT;
/// How long a server may take to come to rest once all have subscribed.
const REST: Duration = Duration::from_secs(1);

/// What a turn came to.
#[derive(Debug)]
struct Cost {
    /// KiB of memory for each subscriber.
    memory: f64,
    /// Percent of a core for all of them.
    time: f64,
}

/// Memory and time of 10,000 subscribers of a server that is asked for nothing else.
pub async fn cost(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let (mut product, mut limit) = (Vec::new(), Vec::new());
    for _ in 0..scale.idle_rounds {
        let place = Place::make(kind).await?;
        product.push(turn(&place.url, WATCH, scale.idle).await?);
        place.remove().await?;
        limit.push(turn(BARE, IDLE, scale.idle).await?);
    }
    let row = |work, unit, floor, of: fn(&Cost) -> f64| Row {
        database: kind.name(),
        work: format!("{work} {} idle subscribers", scale.idle),
        unit,
        product: product.iter().map(of).collect(),
        limit: "idle bare streams",
        limits: limit.iter().map(of).collect(),
        floor: Floor::Most(floor),
    };
    report.add(row("memory, each of", "KiB", 20.0, |cost| cost.memory));
    report.add(row("CPU of", "%", 5.0, |cost| cost.time));
    Ok(())
}

/// Each turn has a new server, since memory that was used once is not given back.
async fn turn(what: &str, path: &'static str, subscribers: usize) -> Outcome<Cost> {
    let served = Served::start(what)?;
    let empty = served.resident_kib()?;
    let connections = subscribers.div_ceil(STREAMS_PER_CONNECTION as usize);
    let channels = connect(served.address, connections).await?;
    let requests = vec![WatchChangesRequest::default(); subscribers];
    let crowd = Crowd::gather(&channels, path, requests).await?;
    sleep(REST).await;
    let full = served.resident_kib()?;
    let before = served.cpu_seconds()?;
    sleep(QUIET).await;
    let time = (served.cpu_seconds()? - before) / QUIET.as_secs_f64() * 100.0;
    drop((crowd, channels));
    served.finish().await?;
    Ok(Cost { memory: (full - empty) / subscribers as f64, time })
}
