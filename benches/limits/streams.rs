//! The change stream: to many, at once, and from the beginning.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{Agreement, Origin, WatchChangesRequest, WatchChangesResponse};
use prost::Message;
use tokio::sync::mpsc;
use tonic::transport::Channel;

use crate::bare::{Bare, ECHO, STREAM};
use crate::creates::CREATE;
use crate::drive::{connect, drive, percentile, raw_stream, unary};
use crate::report::{Floor, Report, Row};
use crate::stores::{DatabaseKind, Product};
use crate::{Outcome, Scale, samples};

/// The method.
pub const WATCH: &str = "/entente.v1.ChangeService/WatchChanges";
const SUBSCRIBERS: usize = 100;
const CONNECTIONS: usize = 4;
/// Exchanges of one turn of the delay.
pub const EXCHANGES: usize = 200;

fn between(after: i64, until: i64) -> WatchChangesRequest {
    let start = Some(Start::AfterRevision(after));
    WatchChangesRequest { start, until_revision: until, ..WatchChangesRequest::default() }
}

/// Reads streams to their end, each a task; seconds until the last has ended.
async fn read_all(
    channels: &[Channel],
    count: usize,
    path: &'static str,
    request: &WatchChangesRequest,
) -> Outcome<f64> {
    let started = Instant::now();
    let readers: Vec<_> = (0..count)
        .map(|reader| {
            let (channel, request) = (channels[reader % channels.len()].clone(), request.clone());
            tokio::spawn(async move {
                let mut messages = raw_stream(&channel, path, &request).await?;
                while messages.message().await?.is_some() {}
                Ok::<_, tonic::Status>(())
            })
        })
        .collect();
    for reader in readers {
        reader.await??;
    }
    Ok(started.elapsed().as_secs_f64())
}

/// The messages of a stream as they come, and how many changes they carry.
async fn record(channel: &Channel, request: &WatchChangesRequest) -> Outcome<(Vec<Bytes>, usize)> {
    let mut stream = raw_stream(channel, WATCH, request).await?;
    let (mut messages, mut changes) = (Vec::new(), 0);
    while let Some(message) = stream.message().await? {
        if let Some(Event::Commits(commits)) = WatchChangesResponse::decode(message.clone())?.event
        {
            changes += commits.commits.iter().map(|commit| commit.changes.len()).sum::<usize>();
        }
        messages.push(message);
    }
    Ok((messages, changes))
}

/// 100 subscribers that catch up with the newest changes, beside 100 bare
/// streams of the very messages that one of them got.
pub async fn deliver(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let product = Product::start(kind).await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let after = product.server.api.feed.head().mark.revision;
    let call = |channel: Channel, number| async move {
        let _: Agreement = unary(&channel, CREATE, samples::create(number)).await?;
        Ok(())
    };
    drive(&ours, 256, Duration::from_millis(500), call).await?;
    let head = product.server.api.feed.head().mark.revision;
    let request = between(after, head.min(after + 4_000));
    let (messages, changes) = record(&ours[0], &request).await?;
    let bare = Bare { messages: Arc::new(messages), ..Bare::default() }.listen().await?;
    let theirs = connect(bare.address, CONNECTIONS).await?;
    let (mut deliveries, mut limits) = (Vec::new(), Vec::new());
    let delivered = (changes * SUBSCRIBERS) as f64;
    for round in 0..=scale.rounds {
        let product = read_all(&ours, SUBSCRIBERS, WATCH, &request).await?;
        let limit = read_all(&theirs, SUBSCRIBERS, STREAM, &request).await?;
        if round > 0 {
            deliveries.push(delivered / product);
            limits.push(delivered / limit);
        }
    }
    report.add(Row {
        database: kind.name(),
        work: "WatchChanges to 100, in full".to_owned(),
        unit: "/s",
        product: deliveries,
        limit: "bare stream of the same",
        limits,
        floor: Floor::Share(0.5),
    });
    drop((ours, theirs));
    product.finish().await
}

/// From the answer of a create to its delivery, beside the round trip of an echo.
pub async fn delay(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let product = Product::start(kind).await?;
    let ours = connect(product.server.address, 2).await?;
    let bare = Bare::default().listen().await?;
    let theirs = connect(bare.address, 1).await?;
    let (sender, mut delivered) = mpsc::unbounded_channel();
    let watcher = tokio::spawn(watch(ours[1].clone(), sender));
    delivered.recv().await.ok_or("the stream has ended")?;
    let (mut delays, mut echoes) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let (mut late, mut trips) = (Vec::new(), Vec::new());
        for number in 0..EXCHANGES {
            let made: Agreement = unary(&ours[0], CREATE, samples::create(number)).await?;
            let answered = Instant::now();
            let (revision, came) = delivered.recv().await.ok_or("the stream has ended")?;
            if revision != made.revision {
                return Err("a change is not the one that was made".into());
            }
            late.push(came.saturating_duration_since(answered).as_secs_f64() * 1e6);
            let begun = Instant::now();
            let _: Agreement = unary(&theirs[0], ECHO, samples::create(number)).await?;
            trips.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        late.sort_by(f64::total_cmp);
        trips.sort_by(f64::total_cmp);
        if round > 0 {
            delays.push(percentile(&late, 0.99));
            echoes.push(percentile(&trips, 0.99));
        }
    }
    report.add(Row {
        database: kind.name(),
        work: "from answer to delivery, idle, p99".to_owned(),
        unit: "us",
        product: delays,
        limit: "round trip of an echo, p99",
        limits: echoes,
        floor: Floor::Times(1.0),
    });
    watcher.abort();
    drop((ours, theirs));
    product.finish().await
}

/// Tells each revision and when it came; 0 once the stream has caught up.
pub async fn watch(channel: Channel, sender: mpsc::UnboundedSender<(i64, Instant)>) -> Outcome<()> {
    let start = Some(Start::Origin(Origin::Now.into()));
    let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
    let mut stream = raw_stream(&channel, WATCH, &request).await?;
    while let Some(message) = stream.message().await? {
        let came = Instant::now();
        match WatchChangesResponse::decode(message)?.event {
            Some(Event::CaughtUp(_)) => sender.send((0, came))?,
            Some(Event::Commits(commits)) => {
                for commit in commits.commits {
                    sender.send((commit.revision, came))?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// One subscriber from the beginning, beside a bare stream of the same messages:
/// taking them as bytes, and decoding them as a client does.
pub async fn replay(product: &Product, scale: Scale, report: &mut Report) -> Outcome<()> {
    let ours = connect(product.server.address, 1).await?;
    let head = product.server.api.feed.head().mark.revision;
    let start = Some(Start::Origin(Origin::Earliest.into()));
    let request =
        WatchChangesRequest { start, until_revision: head, ..WatchChangesRequest::default() };
    let (messages, changes) = record(&ours[0], &request).await?;
    let bare = Bare { messages: Arc::new(messages), ..Bare::default() }.listen().await?;
    let theirs = connect(bare.address, 1).await?;
    for decoding in [false, true] {
        let (mut rates, mut limits) = (Vec::new(), Vec::new());
        for round in 0..=scale.rounds {
            let (product, limit) = if decoding {
                let product = decoded(&ours[0], WATCH, &request).await?;
                (product, decoded(&theirs[0], STREAM, &request).await?)
            } else {
                let product = read_all(&ours, 1, WATCH, &request).await?;
                (product, read_all(&theirs, 1, STREAM, &request).await?)
            };
            if round > 0 {
                rates.push(changes as f64 / product);
                limits.push(changes as f64 / limit);
            }
        }
        let how = if decoding { "decoded" } else { "as bytes" };
        report.add(Row {
            database: product.place.kind.name(),
            work: format!("replay of {changes} changes, {how}"),
            unit: "/s",
            product: rates,
            limit: "bare stream of the same",
            limits,
            floor: Floor::Rate(200_000.0),
        });
    }
    Ok(())
}

/// Seconds until a stream has ended, with all of it decoded.
async fn decoded(
    channel: &Channel,
    path: &'static str,
    request: &WatchChangesRequest,
) -> Outcome<f64> {
    let started = Instant::now();
    let mut stream = raw_stream(channel, path, request).await?;
    while let Some(message) = stream.message().await? {
        WatchChangesResponse::decode(message)?;
    }
    Ok(started.elapsed().as_secs_f64())
}
