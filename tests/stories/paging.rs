//! Pages of a list while others write: what is there all the time comes once.

use std::collections::{BTreeMap, BTreeSet};

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{Agreement, ListAgreementsRequest};
use tokio::sync::watch;

use crate::on_both;
use crate::support::samples::{agreement, create, delete, undelete, update};
use crate::support::{Clients, Database, TestServer};

on_both!(what_is_there_all_the_time_comes_once);

/// Agreements that stay, of which every second is written to all the time.
const STAYING: usize = 90;
/// Titles among them, so that many have the same.
const TITLES: usize = 7;
/// On a page.
const PAGE_SIZE: i32 = 7;
/// Those who write meanwhile.
const WRITERS: usize = 4;
/// Of the first so many that a writer creates some are kept, so that lists end.
const KEPT: usize = 32;
/// Commits between two pages at least.
const BETWEEN: i64 = 4;

async fn what_is_there_all_the_time_comes_once(server: &TestServer) {
    let clients = &server.clients;
    let staying = (0..STAYING).map(|number| create(&format!("stays-{number}"), titled(number)));
    clients.apply(staying.collect()).await.unwrap();
    let elsewhere = match server.database.kind {
        Database::Postgres => server.replica().await.clients,
        Database::Sqlite => clients.clone(),
    };
    let (stop, stopped) = watch::channel(false);
    let (wrote, mut written) = watch::channel(0);
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let clients = if writer % 2 == 0 { clients.clone() } else { elsewhere.clone() };
            tokio::spawn(write(clients, writer, wrote.clone(), stopped.clone()))
        })
        .collect();

    for order_by in ["", "name desc", "title", "title desc", "title, name desc", "create_time"] {
        let mut listed = Vec::new();
        let mut page_token = String::new();
        loop {
            let order_by = order_by.to_owned();
            let request = ListAgreementsRequest {
                page_size: PAGE_SIZE,
                page_token,
                order_by,
                ..ListAgreementsRequest::default()
            };
            let page = clients.agreements().list_agreements(request).await.unwrap().into_inner();
            listed.extend(page.agreements);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
            // The next page begins behind an agreement that has just been deleted.
            let last = &listed.last().unwrap().name;
            if last.contains("comes") {
                let _ = clients.apply(vec![delete(last)]).await;
            }
            let goal = *written.borrow_and_update() + BETWEEN;
            written.wait_for(|count| *count >= goal).await.unwrap();
        }
        check(order_by, &listed);
    }

    stop.send_replace(true);
    for writer in writers {
        writer.await.unwrap();
    }
}

fn titled(number: usize) -> Any {
    Any::Agreement(agreement(&format!("Title {}", number % TITLES), &["KHM", "RUS"]))
}

/// Creates agreements all over the order, changes, deletes and brings back some of
/// them, and writes to those that stay, until it is stopped.
async fn write(
    clients: Clients,
    writer: usize,
    wrote: watch::Sender<i64>,
    stopped: watch::Receiver<bool>,
) {
    for number in 0.. {
        if *stopped.borrow() {
            return;
        }
        let stays = (number * 2 * (writer + 1)) % STAYING;
        let noted = Agreement {
            name: format!("agreements/stays-{stays}"),
            note: format!("{writer} at {number}"),
            ..Agreement::default()
        };
        // Before, among and behind the names that stay.
        let letter = ["a", "stays-4", "z"][number % 3];
        let id = format!("{letter}-comes-{writer}-{number}");
        let name = format!("agreements/{id}");
        let retitled = Agreement {
            name: name.clone(),
            title: format!("Title {}", (number + 3) % TITLES),
            ..Agreement::default()
        };
        clients.apply(vec![create(&id, titled(number))]).await.unwrap();
        clients.apply(vec![update(Any::Agreement(noted), &["note"])]).await.unwrap();
        wrote.send_modify(|count| *count += 2);
        // The one who lists may have deleted it.
        let _ = clients.apply(vec![update(Any::Agreement(retitled), &["title"])]).await;
        if number % 3 > 0 {
            let _ = clients.apply(vec![delete(&name)]).await;
        }
        if number % 3 > 1 {
            let _ = clients.apply(vec![undelete(&name)]).await;
        }
        if number >= KEPT || number % 8 > 0 {
            let _ = clients.apply(vec![delete(&name)]).await;
        }
    }
}

/// All that stay came once and in order, and nothing came twice whose place in the
/// order does not change.
fn check(order_by: &str, listed: &[Agreement]) {
    let mut times = BTreeMap::new();
    for one in listed {
        *times.entry(one.name.as_str()).or_insert(0) += 1;
    }
    let moves = order_by.contains("title");
    for (name, times) in &times {
        assert!(
            *times == 1 || (moves && name.contains("comes")),
            "{order_by}: {name} {times} times"
        );
    }
    let stay: Vec<_> = listed.iter().filter(|one| !one.name.contains("comes")).collect();
    let names: BTreeSet<_> = stay.iter().map(|one| one.name.clone()).collect();
    let expected = (0..STAYING).map(|number| format!("agreements/stays-{number}"));
    assert_eq!(names, expected.collect(), "{order_by}");
    let titles: Vec<_> = stay.iter().map(|one| one.title.as_str()).collect();
    let names: Vec<_> = stay.iter().map(|one| one.name.as_str()).collect();
    match order_by {
        "" => assert!(names.is_sorted()),
        "name desc" => assert!(names.iter().rev().is_sorted()),
        "title desc" => assert!(titles.iter().rev().is_sorted()),
        "create_time" => assert!(
            stay.iter()
                .map(|one| one.create_time.map(|time| (time.seconds, time.nanos)))
                .is_sorted()
        ),
        _ => assert!(titles.is_sorted()),
    }
}
