//! One of two replicas freezes.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::chance::Chance;
use crate::database::Database;
use crate::load::{Acknowledged, Load};
use crate::process::Process;
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::wait::until;

/// How often it is frozen at most: until once it held the head row.
const FREEZES: u32 = 15;
/// How long the other one may stand still.
const LIMIT: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_replica_does_not_stop_the_other() {
    let mut chance = Chance::of("frozen");
    let database = Database::postgres().await;
    let url = database.url();
    let (frozen, other) = tokio::join!(Process::start(&url), Process::start(&url));
    let subscriber = Subscriber::start(&other.client());
    let its = Load::start(&frozen.client(), "frozen", 4);
    let others = Load::start(&other.client(), "other", 4);
    let eyes = database.connect().await;
    let mut blocked = false;
    for freeze in 1..=FREEZES {
        its.until_sent(its.sent() + 1 + chance.below(40)).await;
        frozen.signal("STOP");
        let goal = others.count() + 40;
        blocked |= until("the other to go on or to be blocked", async || {
            if others.count() >= goal { Some(false) } else { waits(&eyes).await.then_some(true) }
        })
        .await;
        others.until_more(20).await;
        frozen.signal("CONT");
        its.until_more(10).await;
        if blocked {
            println!("it held the head row at freeze {freeze}");
            break;
        }
    }
    assert!(blocked, "no freeze came while it held the head row");
    let (its, others) = (its.finish().await, others.finish().await);
    let gap = longest_gap(&others);
    println!("the other one stood still for {gap:?} at most");
    assert!(gap < LIMIT, "the other one stood still for {gap:?}");
    let record = Record::checked(&database).await;
    record.check_acknowledged(its.iter().chain(&others));
    subscriber.check(&record).await;
}

/// Whether somebody has been waiting for the head row for a second.
async fn waits(eyes: &DatabaseConnection) -> bool {
    let text = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
                AND wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '1 s'";
    let backend = eyes.get_database_backend();
    let found = eyes.query_one_raw(Statement::from_string(backend, text)).await;
    found.expect("PostgreSQL tells").is_some()
}

fn longest_gap(acknowledged: &[Acknowledged]) -> Duration {
    let gaps = acknowledged.windows(2).map(|pair| pair[1].at - pair[0].at);
    gaps.max().unwrap_or_default()
}
