//! Killed under load, again and again.

use crate::chance::Chance;
use crate::database::Database;
use crate::load::Load;
use crate::process::Process;
use crate::record::Record;
use crate::subscriber::Subscriber;

/// How often it is killed.
const KILLS: u32 = 20;
/// Clients that write.
const WRITERS: usize = 8;
/// At most so many requests come between two kills.
const REQUESTS: u64 = 150;

on_both!(killed_at_any_moment_it_keeps_what_it_acknowledged, super::killed);

async fn killed(database: Database) {
    let mut chance = Chance::of(&format!("kills on {}", database.kind()));
    let mut process = Process::start(&database.url()).await;
    let (client, address) = (process.client(), process.address);
    let subscriber = Subscriber::start(&client);
    let load = Load::start(&client, "load", WRITERS);
    for _ in 0..KILLS {
        load.until_sent(load.sent() + 1 + chance.below(REQUESTS)).await;
        process.kill();
        let acknowledged = load.acknowledged();
        process = Process::start_at(&database.url(), address).await;
        let record = Record::checked(&database).await;
        record.check_acknowledged(&acknowledged);
        for known in acknowledged.iter().rev().take(3) {
            assert!(client.exists(&known.answer.names[0]).await, "{known:?} cannot be read");
        }
    }
    load.until_more(WRITERS).await;
    let acknowledged = load.finish().await;
    let repeated: Vec<_> = acknowledged.iter().filter(|known| known.tries > 1).collect();
    assert!(!repeated.is_empty(), "no kill met a write on its way");
    for known in repeated {
        let again = known.task.send(&client).await.expect("it was done once already");
        assert_eq!(again, known.answer, "{:?} was answered anew", known.task);
    }
    let record = Record::checked(&database).await;
    record.check_acknowledged(&acknowledged);
    subscriber.check(&record).await;
    println!("{} writes acknowledged over {KILLS} kills", acknowledged.len());
}
