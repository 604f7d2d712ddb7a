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

const GET: &str = "/entente.v1.AgreementService/GetAgreement";
const CONNECTIONS: usize = 4;
const IN_FLIGHT: usize = 64;

async fn calls(
    channels: &[Channel],
    names: &Arc<Vec<String>>,
    time: Duration,
    path: &'static str,
) -> Outcome<Turn> {
    let names = Arc::clone(names);
    let call = move |channel: Channel, number: usize| {
        let name = names[number.wrapping_mul(7_919) % names.len()].clone();
        async move {
            let request = GetAgreementRequest { name, ..GetAgreementRequest::default() };
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
    let (mut gets, mut echoes) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let got = calls(&ours, &product.names, scale.turn, GET).await?.rate;
        let echo = calls(&theirs, &product.names, scale.turn, HELD).await?.rate;
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

/// The product alone, for a profiler; reads a second.
pub async fn product_alone(kind: DatabaseKind, time: Duration) -> Outcome<f64> {
    let product = Product::filled(kind, Scale::FULL.few).await?;
    let ours = connect(product.server.address, CONNECTIONS).await?;
    let rate = calls(&ours, &product.names, time, GET).await?.rate;
    product.finish().await?;
    Ok(rate)
}
