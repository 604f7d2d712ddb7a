//! Reads of single agreements.

use std::sync::Arc;
use std::time::Duration;

use entente::proto::v1::{Agreement, GetAgreementRequest};
use tonic::transport::Channel;

use crate::bare::{Bare, HELD};
use crate::drive::{Turn, connect, drive, unary};
use crate::report::{Floor, Report, Row};
use crate::stores::{DatabaseKind, Product};
use crate::{Outcome, Scale};

/// The method.
pub const GET: &str = "/entente.v1.AgreementService/GetAgreement";
const CONNECTIONS: usize = 4;
const IN_FLIGHT: usize = 64;

async fn calls(
    channels: &[Channel],
    names: &Arc<Vec<String>>,
    time: Duration,
    path: &'static str,
    asked: &GetAgreementRequest,
) -> Outcome<Turn> {
    let (names, asked) = (Arc::clone(names), asked.clone());
    let call = move |channel: Channel, number: usize| {
        let name = names[number.wrapping_mul(7_919) % names.len()].clone();
        let request = GetAgreementRequest { name, ..asked.clone() };
        async move {
            let _: Agreement = unary(&channel, path, request).await?;
            Ok(())
        }
    };
    drive(channels, IN_FLIGHT, time, call).await
}

/// 64 in flight on 4 connections, beside a service that answers one agreement
/// from memory.
pub async fn get(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let product = Product::filled(kind, scale.few).await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let request =
        GetAgreementRequest { name: product.names[0].clone(), ..GetAgreementRequest::default() };
    let held: Agreement = unary(&ours[0], GET, request).await?;
    let bare = Bare { held: Arc::new(held), ..Bare::default() }.listen().await?;
    let theirs = connect(bare.address, CONNECTIONS).await?;
    let now = GetAgreementRequest::default();
    let (mut gets, mut echoes) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let got = calls(&ours, &product.names, scale.turn, GET, &now).await?.rate;
        let echo = calls(&theirs, &product.names, scale.turn, HELD, &now).await?.rate;
        if round > 0 {
            gets.push(got);
            echoes.push(echo);
        }
    }
    report.add(Row {
        database: kind.name(),
        work: format!("GetAgreement of {}, 64 in flight", scale.few),
        unit: "/s",
        product: gets,
        limit: "unary, from memory",
        limits: echoes,
        floor: Floor::Share(if kind == DatabaseKind::Sqlite { 0.5 } else { 0.2 }),
    });
    product.finish().await
}

/// The same, of what the record said before all was changed, and of where agreements stood on
/// another day, beside reads of now.
pub async fn of_another_time(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let product = Product::filled(kind, scale.few).await?;
    let read_revision = product.server.api.feed.head().mark.revision;
    product.change_all().await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let now = GetAgreementRequest::default();
    let then = GetAgreementRequest { read_revision, ..now.clone() };
    let day = GetAgreementRequest { on_date: "1945-05-08".to_owned(), ..now.clone() };
    for (what, asked) in [("as of an earlier revision", &then), ("on another day", &day)] {
        let (mut gets, mut others) = (Vec::new(), Vec::new());
        for round in 0..=scale.rounds {
            let get = calls(&ours, &product.names, scale.turn, GET, &now).await?.rate;
            let other = calls(&ours, &product.names, scale.turn, GET, asked).await?.rate;
            if round > 0 {
                gets.push(get);
                others.push(other);
            }
        }
        report.add(Row {
            database: kind.name(),
            work: format!("GetAgreement {what}, 64 in flight"),
            unit: "/s",
            product: others,
            limit: "GetAgreement of now",
            limits: gets,
            floor: Floor::Share(1.0 / 3.0),
        });
    }
    product.finish().await
}

/// The product alone, for a profiler; reads a second.
pub async fn product_alone(kind: DatabaseKind, time: Duration) -> Outcome<f64> {
    let product = Product::filled(kind, Scale::FULL.few).await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let rate = calls(&ours, &product.names, time, GET, &GetAgreementRequest::default()).await?.rate;
    product.finish().await?;
    Ok(rate)
}
