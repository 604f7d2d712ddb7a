//! The answer to a COMMIT is lost on the way from PostgreSQL.

use std::time::Duration;

use crate::database::Database;
use crate::load::Load;
use crate::process::Process;
use crate::proxy::{Cut, Proxy};
use crate::record::Record;
use crate::subscriber::Subscriber;
use crate::task::Task;
use crate::wait::{until_true, within};

/// How often each cut is made, alone and under load.
const ROUNDS: u32 = 4;
/// How long a write may take whose COMMIT was cut.
const LIMIT: Duration = Duration::from_secs(10);
const CUTS: [Cut; 3] = [Cut::Before, Cut::AtOnce, Cut::AfterAnswer];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_commit_is_found_out() {
    let database = Database::postgres().await;
    let proxy = Proxy::start(database.host()).await;
    let process = Process::start(&database.url_by(&proxy.address.to_string())).await;
    let client = process.client();
    let subscriber = Subscriber::start(&client);
    for round in 0..ROUNDS {
        for cut in CUTS {
            let task = Task::create(format!("cut-{round}-{cut:?}").to_lowercase());
            proxy.cut_next(cut);
            let answer = within(&task, LIMIT, task.send(&client)).await;
            let answer = answer.unwrap_or_else(|status| panic!("{cut:?}: {status}"));
            assert!(proxy.has_cut(), "COMMIT was not recognised");
            let record = Record::checked(&database).await;
            assert_eq!(record.revisions_of(&task.request_id), [answer.revision], "{cut:?}");
            let next = Task::apply(format!("next-{round}-{cut:?}").to_lowercase());
            let after = next.send(&client).await.expect("writes go on");
            assert_eq!(after.revision, answer.revision + 1);
        }
    }
    subscriber.check(&Record::checked(&database).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_under_load_lose_nothing() {
    let database = Database::postgres().await;
    let proxy = Proxy::start(database.host()).await;
    let process = Process::start(&database.url_by(&proxy.address.to_string())).await;
    let client = process.client();
    let subscriber = Subscriber::start(&client);
    let load = Load::start(&client, "load", 8);
    for _ in 0..ROUNDS {
        for cut in CUTS {
            proxy.cut_next(cut);
            until_true("the next COMMIT", || proxy.has_cut()).await;
            load.until_more(16).await;
        }
    }
    let acknowledged = load.finish().await;
    assert!(acknowledged.iter().all(|known| known.tries == 1), "a write was given up");
    let record = Record::checked(&database).await;
    record.check_acknowledged(&acknowledged);
    subscriber.check(&record).await;
}
