//! Durable creates: many at once, and one after the other.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use entente::proto::v1::Agreement;
use tonic::transport::Channel;

use crate::bare::{Bare, ECHO};
use crate::drive::{Turn, connect, drive, unary};
use crate::report::{Floor, Report, Row};
use crate::rows::{BATCH, Batch, Tables};
use crate::stores::{DatabaseKind, Product};
use crate::{Outcome, Scale, samples};

/// The method.
pub const CREATE: &str = "/entente.v1.AgreementService/CreateAgreement";

/// That of the next agreement: none is the double of another.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

const CONNECTIONS: usize = 8;
const IN_FLIGHT: usize = 256;

async fn calls(
    channels: &[Channel],
    in_flight: usize,
    time: Duration,
    path: &'static str,
) -> Outcome<Turn> {
    let call = move |channel: Channel, _| async move {
        let number = NUMBER.fetch_add(1, Relaxed);
        let _: Agreement = unary(&channel, path, samples::create(number)).await?;
        Ok(())
    };
    drive(channels, in_flight, time, call).await
}

/// 256 in flight on 8 connections, beside an echo of the same message and a
/// bare insert of the same rows.
pub async fn many(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let mut batch = Batch::of_product().await?;
    let tables = Tables::make(kind).await?;
    let product = Product::start(kind).await?;
    let bare = Bare::default().listen().await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let theirs = connect(bare.address, CONNECTIONS).await?;
    let (mut creates, mut echoes, mut inserts) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        // The first round warms up.
        let time = if round == 0 { scale.turn / 2 } else { scale.turn };
        let create = calls(&ours, IN_FLIGHT, time, CREATE).await?.rate;
        let echo = calls(&theirs, IN_FLIGHT, time, ECHO).await?.rate;
        let insert = inserted(&tables, &mut batch, time).await?;
        if round > 0 {
            creates.push(create);
            echoes.push(echo);
            inserts.push(insert);
        }
    }
    let row = |limit, limits, floor| Row {
        database: kind.name(),
        work: "CreateAgreement, 256 in flight".to_owned(),
        unit: "/s",
        product: creates.clone(),
        limit,
        limits,
        floor: Floor::Share(floor),
    };
    let share = if kind == DatabaseKind::Sqlite { 0.25 } else { 0.10 };
    report.add(row("unary echo", echoes, share));
    report.add(row("bare insert of 512", inserts, 0.4));
    product.finish().await?;
    tables.finish().await
}

/// Creates a second by nothing but inserts. Only these are timed.
async fn inserted(tables: &Tables, batch: &mut Batch, time: Duration) -> Outcome<f64> {
    let (mut spent, mut count) = (Duration::ZERO, 0);
    while spent < time {
        batch.step();
        let begun = Instant::now();
        tables.insert(batch).await?;
        spent += begun.elapsed();
        count += BATCH;
    }
    Ok(count as f64 / spent.as_secs_f64())
}

/// One in flight, so that each is alone in its transaction, beside a transaction
/// of one row.
pub async fn alone(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let mut row = Batch::of_product().await?.one_row();
    let tables = Tables::make(kind).await?;
    let product = Product::start(kind).await?;
    let ours = connect(product.server.address, 1).await?;
    let (mut creates, mut inserts) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let create = calls(&ours, 1, scale.turn / 2, CREATE).await?.percentile(0.5);
        let mut turn = Turn::default();
        let started = Instant::now();
        while started.elapsed() < scale.turn / 2 {
            row.step();
            let begun = Instant::now();
            tables.insert(&row).await?;
            turn.micros.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        turn.micros.sort_by(f64::total_cmp);
        if round > 0 {
            creates.push(create);
            inserts.push(turn.percentile(0.5));
        }
    }
    report.add(Row {
        database: kind.name(),
        work: "CreateAgreement, one in flight, median".to_owned(),
        unit: "us",
        product: creates,
        limit: "transaction of one row",
        limits: inserts,
        floor: Floor::Times(3.0),
    });
    product.finish().await?;
    tables.finish().await
}

/// The product alone, for a profiler; creates a second.
pub async fn product_alone(kind: DatabaseKind, time: Duration) -> Outcome<f64> {
    let product = Product::start(kind).await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let rate = calls(&ours, IN_FLIGHT, time, CREATE).await?.rate;
    product.finish().await?;
    Ok(rate)
}
