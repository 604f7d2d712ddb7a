//! Two replicas on one PostgreSQL: how long a commit at one takes to the subscribers
//! of the other.

use std::time::Instant;

use entente::proto::v1::Agreement;
use entente::server::Server;
use sqlx::{Connection, PgConnection};
use tokio::sync::mpsc;

use crate::creates::CREATE;
use crate::drive::{connect, percentile, unary};
use crate::report::{Floor, Report, Row};
use crate::stores::{DatabaseKind, Product};
use crate::streams::{EXCHANGES, watch};
use crate::{Outcome, Scale, samples};

/// From the answer of a create at one replica to its delivery by the other, beside
/// the least that a question to the database can take.
pub async fn delay(scale: Scale, report: &mut Report) -> Outcome<()> {
    let product = Product::start(DatabaseKind::Postgres).await?;
    let other = Server::start("127.0.0.1:0".parse()?, &product.place.url).await?;
    let here = connect(product.server.address, 1).await?;
    let there = connect(other.address, 1).await?;
    let mut bare = PgConnection::connect(&product.place.url).await?;
    let mut heard = other.api.store.hints.subscribe_heard();
    heard.wait_for(|heard| *heard).await?;
    let (sender, mut delivered) = mpsc::unbounded_channel();
    let watcher = tokio::spawn(watch(there[0].clone(), sender));
    delivered.recv().await.ok_or("the stream has ended")?;
    let (mut delays, mut limits) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let (mut late, mut trips) = (Vec::new(), Vec::new());
        for number in 0..EXCHANGES {
            let made: Agreement = unary(&here[0], CREATE, samples::create(number)).await?;
            let answered = Instant::now();
            let (revision, came) = delivered.recv().await.ok_or("the stream has ended")?;
            if revision != made.revision {
                return Err("a change is not the one that was made".into());
            }
            late.push(came.saturating_duration_since(answered).as_secs_f64() * 1e6);
            let begun = Instant::now();
            sqlx::query("SELECT 1").execute(&mut bare).await?;
            trips.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        late.sort_by(f64::total_cmp);
        trips.sort_by(f64::total_cmp);
        if round > 0 {
            delays.push(percentile(&late, 0.5));
            limits.push(percentile(&trips, 0.5));
        }
    }
    report.add(Row {
        database: DatabaseKind::Postgres.name(),
        work: "one replica to another, idle, median".to_owned(),
        unit: "us",
        product: delays,
        limit: "bare statement round trip",
        limits,
        floor: Floor::Times(5.0),
    });
    watcher.abort();
    bare.close().await?;
    drop((here, there));
    other.drain().await?;
    product.finish().await
}
