//! History that was altered in the database is found out: what the other stories
//! check can fail.

use sea_orm::{ConnectionTrait, TransactionTrait};

use crate::database::Database;
use crate::process::Process;
use crate::record::Record;
use crate::task::Task;

on_both!(altered_history_is_found_out, super::altered);

async fn altered(database: Database) {
    let mut process = Process::start(&database.url()).await;
    let client = process.client();
    let mut revision = 0;
    for number in 0..5 {
        let answer = Task::apply(format!("true-{number}")).send(&client).await;
        revision = answer.expect("it is written").revision;
    }
    process.kill();
    Record::checked(&database).await;
    let db = database.connect().await;
    for (what, text) in alterations(revision - 2, revision) {
        let transaction = db.begin().await.expect("nobody else is there");
        let altered = transaction.execute_unprepared(&text).await.expect("the statement is right");
        assert_eq!(altered.rows_affected(), 1, "{text}");
        let verdict = Record::read_in(&transaction).await.check_chain();
        transaction.rollback().await.expect("all is as it was");
        println!("{what}: {verdict:?}");
        assert!(verdict.is_err(), "not found out: {what}");
    }
    Record::checked(&database).await;
}

/// What is altered, each by a statement that changes one row, in the commit
/// `middle` or at the end, `newest`.
fn alterations(middle: i64, newest: i64) -> Vec<(&'static str, String)> {
    let change = |ordinal: i32, set: &str| {
        format!("UPDATE change SET {set} WHERE revision = {middle} AND ordinal = {ordinal}")
    };
    let commit = |set: &str| format!("UPDATE \"commit\" SET {set} WHERE revision = {middle}");
    let body = "body = (SELECT body FROM change WHERE revision = 1 AND ordinal = 0)";
    vec![
        ("a resource", change(0, body)),
        ("a name", change(1, "name = 'agreements/forged'")),
        ("a kind", change(2, "kind = 'UPDATED'")),
        ("what came before", change(2, "previous_revision = 1")),
        ("who", commit("actor = 'somebody else'")),
        ("why", commit("reason = 'no reason'")),
        ("when", commit("commit_time = commit_time + 1")),
        ("a digest", commit("digest = hash")),
        ("a hash", commit("hash = digest")),
        ("half a commit", format!("DELETE FROM change WHERE revision = {middle} AND ordinal = 1")),
        ("the newest commit", format!("DELETE FROM \"commit\" WHERE revision = {newest}")),
        ("the head", "UPDATE head SET revision = revision - 1 WHERE id = 1".to_owned()),
    ]
}
