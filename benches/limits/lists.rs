//! Lists: a page costs the same wherever it is and however many there are.

use std::time::Instant;

use entente::proto::v1::{
    Agreement, GetAgreementRequest, ListAgreementsRequest, ListAgreementsResponse,
};
use tonic::transport::Channel;

use crate::drive::{connect, median, unary};
use crate::reads::GET;
use crate::report::{Floor, Report, Row};
use crate::stores::{PAIR_IN_FORCE, Product};
use crate::{Outcome, Scale};

const LIST: &str = "/entente.v1.AgreementService/ListAgreements";
/// Pages between the first and the far one, where the store has as many.
const FAR: usize = 2_000;
/// Calls of one turn.
const CALLS: usize = 50;

async fn list(
    channel: &Channel,
    page_size: usize,
    page_token: &str,
) -> Outcome<ListAgreementsResponse> {
    let request = ListAgreementsRequest {
        page_size: i32::try_from(page_size)?,
        page_token: page_token.to_owned(),
        ..ListAgreementsRequest::default()
    };
    Ok(unary(channel, LIST, request).await?)
}

/// The token of the page after `skipped` agreements.
async fn token_after(channel: &Channel, skipped: usize) -> Outcome<String> {
    let (mut token, mut left) = (String::new(), skipped);
    while left > 0 {
        let page = list(channel, left.min(1_000), &token).await?;
        left -= page.agreements.len().min(left);
        token = page.next_page_token;
        if token.is_empty() {
            return Err("the store has fewer pages".into());
        }
    }
    Ok(token)
}

/// Microseconds of a page.
async fn turn(channel: &Channel, size: usize, token: &str) -> Outcome<f64> {
    let mut micros = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let begun = Instant::now();
        let page = list(channel, size, token).await?;
        micros.push(begun.elapsed().as_secs_f64() * 1e6);
        if page.agreements.len() != size {
            return Err("a page is not full".into());
        }
    }
    Ok(median(&micros))
}

/// The first page of what was in force between two countries on a day, beside ten reads of one.
pub async fn in_force(large: &Product, scale: Scale, report: &mut Report) -> Outcome<()> {
    let channels = connect(large.server.address, 1).await?;
    let (mut pages, mut reads) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let (mut page, mut read) = (Vec::new(), Vec::new());
        for call in 0..CALLS {
            let begun = Instant::now();
            let request = ListAgreementsRequest {
                page_size: i32::try_from(scale.page)?,
                filter: PAIR_IN_FORCE.to_owned(),
                ..ListAgreementsRequest::default()
            };
            let found: ListAgreementsResponse = unary(&channels[0], LIST, request).await?;
            page.push(begun.elapsed().as_secs_f64() * 1e6);
            if found.agreements.is_empty() {
                return Err("nothing is in force".into());
            }
            let begun = Instant::now();
            let name = large.names[call * 997 % large.names.len()].clone();
            let request = GetAgreementRequest { name, ..GetAgreementRequest::default() };
            let _: Agreement = unary(&channels[0], GET, request).await?;
            read.push(begun.elapsed().as_secs_f64() * 1e6);
        }
        if round > 0 {
            pages.push(median(&page));
            reads.push(median(&read));
        }
    }
    report.add(Row {
        database: large.place.kind.name(),
        work: format!("page of a pair in force on a day, of {}", scale.many),
        unit: "us",
        product: pages,
        limit: "GetAgreement",
        limits: reads,
        floor: Floor::Times(10.0),
    });
    Ok(())
}

/// The first page and a far one of the large store, and the first of a small one.
pub async fn pages(large: &Product, scale: Scale, report: &mut Report) -> Outcome<()> {
    let small = Product::filled(large.place.kind, scale.few).await?;
    let of_large = connect(large.server.address, 1).await?;
    let of_small = connect(small.server.address, 1).await?;
    let far = FAR.min(scale.many / scale.page);
    let token = token_after(&of_large[0], (far - 1) * scale.page).await?;
    let (mut first, mut distant, mut few) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let times = (
            turn(&of_large[0], scale.page, "").await?,
            turn(&of_large[0], scale.page, &token).await?,
            turn(&of_small[0], scale.page, "").await?,
        );
        if round > 0 {
            first.push(times.0);
            distant.push(times.1);
            few.push(times.2);
        }
    }
    let row = |work, product: &Vec<f64>, limit, limits: &Vec<f64>| Row {
        database: large.place.kind.name(),
        work,
        unit: "us",
        product: product.clone(),
        limit,
        limits: limits.clone(),
        floor: Floor::Times(1.5),
    };
    let many = scale.many;
    report.add(row(format!("page {far} of {many}"), &distant, "first page", &first));
    report.add(row(format!("first page of {many}"), &first, "first page of the small", &few));
    small.finish().await
}
