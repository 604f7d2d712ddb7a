//! What was altered in the database is found out and named: what the other stories
//! check can fail.

use entente::resources::REGISTRY;
use entente::store::verify::difference::Difference;
use entente::store::verify::{VerifyError, verify_in};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, TransactionTrait};

use crate::database::Database;
use crate::process::Process;
use crate::record::Record;
use crate::task::Task;
use crate::verify::delete;

on_both!(what_was_altered_is_found_out, super::altered);

/// The resource that alterations are about.
const TRUE: &str = "agreements/true-2-0";
/// One that was deleted.
const DELETED: &str = "agreements/true-0-0";

async fn altered(database: Database) {
    let mut process = Process::start(&database.url()).await;
    let client = process.client();
    let mut revisions = Vec::new();
    for number in 0..5 {
        let answer = Task::apply(format!("true-{number}")).send(&client).await;
        revisions.push(answer.expect("it is written").revision);
    }
    delete(&client, DELETED).await;
    process.kill();
    let newest = Record::checked(&database).await.head.revision;
    let db = database.connect().await;
    let history = History { middle: revisions[2], newest };
    let alterations =
        [history.changes(), history.commits(), history.ends(), records(), rows(), tombstones()];
    for Alteration { what, text, place, finding } in alterations.into_iter().flatten() {
        let Difference { place: found, findings } = difference(&db, &text).await;
        println!("{what}: {found}: {findings:?}");
        assert_eq!(found.to_string(), place, "{what}");
        assert!(findings.iter().any(|one| one.what == finding), "{what}: {findings:?}");
    }
    Record::checked(&database).await;
}

/// What is said of the store after `text`, which is taken back.
async fn difference(db: &DatabaseConnection, text: &str) -> Difference {
    let transaction = db.begin().await.expect("nobody else is there");
    if db.get_database_backend() == DbBackend::Postgres {
        let unchecked = "SET LOCAL session_replication_role = replica";
        transaction.execute_unprepared(unchecked).await.expect("references may break");
    }
    let altered = transaction.execute_unprepared(text).await.expect("the statement is right");
    assert_eq!(altered.rows_affected(), 1, "{text}");
    let verdict = verify_in(&transaction, *REGISTRY).await;
    transaction.rollback().await.expect("all is as it was");
    match verdict {
        Err(VerifyError::Differs(difference)) => difference,
        other => panic!("not found out: {text}: {other:?}"),
    }
}

/// A statement that changes one row, and where that is found.
struct Alteration {
    what: &'static str,
    text: String,
    place: String,
    finding: &'static str,
}

fn alteration(
    what: &'static str,
    text: impl Into<String>,
    place: impl Into<String>,
    finding: &'static str,
) -> Alteration {
    Alteration { what, text: text.into(), place: place.into(), finding }
}

/// A commit that created three agreements, and the newest one.
struct History {
    middle: i64,
    newest: i64,
}

impl History {
    fn changes(&self) -> Vec<Alteration> {
        let Self { middle, .. } = self;
        let body = "body = (SELECT body FROM change WHERE revision = 1 AND ordinal = 0)";
        let change = |what, ordinal: i32, set: &str, finding| {
            let text = format!(
                "UPDATE change SET {set} WHERE revision = {middle} AND ordinal = {ordinal}"
            );
            alteration(what, text, format!("revision {middle}"), finding)
        };
        let half = format!("DELETE FROM change WHERE revision = {middle} AND ordinal = 1");
        vec![
            change("a resource", 0, body, "digest"),
            change("a name", 1, "name = 'agreements/forged'", "digest"),
            change("a name that is taken", 1, "name = 'countries/KHM'", "name"),
            change("a kind", 2, "kind = 'UPDATED'", "kind"),
            change("a kind that is none", 2, "kind = 'FORGED'", "kind"),
            change("what came before", 2, "previous_revision = 1", "previous_revision"),
            change("a place", 2, "ordinal = 7", "ordinal"),
            alteration("half a commit", half, format!("revision {middle}"), "digest"),
        ]
    }

    fn commits(&self) -> Vec<Alteration> {
        let Self { middle, newest } = self;
        let commit = |what, set: &str, finding| {
            let text = format!("UPDATE \"commit\" SET {set} WHERE revision = {middle}");
            alteration(what, text, format!("revision {middle}"), finding)
        };
        let delete = |what, revision: &i64| {
            let text = format!("DELETE FROM \"commit\" WHERE revision = {revision}");
            alteration(what, text, format!("revision {revision}"), "commit")
        };
        vec![
            commit("who", "actor = 'somebody else'", "hash"),
            commit("why", "reason = 'no reason'", "hash"),
            commit("the request", "request_id = 'forged'", "hash"),
            commit("when", "commit_time = commit_time + 1", "hash"),
            commit("before its time", "commit_time = 1", "commit_time"),
            commit("a size", "size = size + 1", "size"),
            commit("a digest", "digest = hash", "digest"),
            commit("a hash", "hash = digest", "hash"),
            delete("a commit", middle),
            delete("the newest commit", newest),
        ]
    }

    fn ends(&self) -> Vec<Alteration> {
        let Self { newest, .. } = self;
        let head = |what, set: &str, finding| {
            alteration(what, format!("UPDATE head SET {set} WHERE id = 1"), "the head", finding)
        };
        let hash = format!("hash = (SELECT digest FROM \"commit\" WHERE revision = {newest})");
        let change = format!(
            "INSERT INTO change SELECT {newest} + 3, ordinal, kind, key, name, uid, \
             previous_revision, fields, body FROM change WHERE revision = {newest}"
        );
        vec![
            head("the head, back", "revision = revision - 1", "revision"),
            head("the head, ahead", "revision = revision + 1", "revision"),
            head("the head's hash", &hash, "hash"),
            head("the head's time", "commit_time = commit_time + 1", "commit_time"),
            head("the next key", "next_key = next_key - 1", "next_key"),
            alteration("no head", "DELETE FROM head", "the head", "row"),
            alteration("what no commit did", change, format!("revision {}", newest + 3), "rows"),
        ]
    }
}

fn records() -> Vec<Alteration> {
    let record = |what, set: &str, finding| {
        let text = format!("UPDATE record SET {set} WHERE name = '{TRUE}'");
        alteration(what, text, format!("the record {TRUE}"), finding)
    };
    let body = "body = (SELECT body FROM record WHERE name = 'agreements/true-2-1')";
    let uid = "uid = (SELECT uid FROM record WHERE name = 'agreements/true-2-1')";
    let add = format!(
        "INSERT INTO record (key, type, name, uid, revision, body, create_time) \
         SELECT 1000000, type, 'agreements/forged', uid, revision, body, create_time \
         FROM record WHERE name = '{TRUE}'"
    );
    let take = format!("DELETE FROM record WHERE name = '{TRUE}'");
    vec![
        record("a message", body, "body"),
        record("an identity", uid, "uid"),
        record("a record's name", "name = 'agreements/forged'", "name"),
        record("a record's type", "type = 'Country'", "type"),
        record("a record's revision", "revision = 1", "revision"),
        record("a first time", "create_time = create_time + 1", "create_time"),
        alteration("no record", take, format!("the record {TRUE}"), "row"),
        alteration("one more record", add, "the record agreements/forged", "row"),
    ]
}

fn rows() -> Vec<Alteration> {
    let key = format!("(SELECT key FROM record WHERE name = '{TRUE}')");
    let row = |what, text: String, table: &str| {
        alteration(what, text, format!("the table {table} for {TRUE}"), "rows")
    };
    let title = format!("UPDATE agreement SET title = 'Forged' WHERE key = {key}");
    let place = format!("UPDATE agreement SET place = 'Forged' WHERE key = {key}");
    let take = format!("DELETE FROM agreement WHERE key = {key}");
    let party = format!("WHERE key = {key} AND ordinal = 1");
    let role = format!("UPDATE agreement_party SET role = 'OBSERVER' {party}");
    let leave = format!("DELETE FROM agreement_party {party}");
    let join = format!(
        "INSERT INTO agreement_party (key, ordinal, country_key, role) \
         SELECT key, 2, country_key, role FROM agreement_party {party}"
    );
    let status = format!(
        "INSERT INTO agreement_status (key, ordinal, status) VALUES ({key}, 9, 'ABANDONED')"
    );
    let label = format!("INSERT INTO label (key, name, value) VALUES ({key}, 'forged', '')");
    let other = format!(
        "INSERT INTO external_id (type, scheme, value, key) VALUES ('Agreement', 'x', '1', {key})"
    );
    let official = format!("INSERT INTO official_name (key, ordinal, text) VALUES ({key}, 0, 'x')");
    let alias = "DELETE FROM alias WHERE alias = 'countries/KH'";
    let nobody = "INSERT INTO label (key, name, value) VALUES (1000000, 'forged', '')";
    vec![
        row("a title", title, "agreement"),
        row("a place that is not given", place, "agreement"),
        row("no row", take, "agreement"),
        row("a role", role, "agreement_party"),
        row("a party less", leave, "agreement_party"),
        row("a party more", join, "agreement_party"),
        row("a status on some days", status, "agreement_status"),
        row("a label", label, "label"),
        row("an external id", other, "external_id"),
        row("a row of another type", official, "official_name"),
        alteration("an alias", alias, "the table alias for countries/KHM", "rows"),
        alteration(
            "a row of nobody",
            nobody,
            "the table label for the key 1000000, which no record has,",
            "rows",
        ),
    ]
}

fn tombstones() -> Vec<Alteration> {
    let tombstone = |what, set: &str, finding| {
        let text = format!("UPDATE tombstone SET {set} WHERE name = '{DELETED}'");
        alteration(what, text, format!("the tombstone of {DELETED}"), finding)
    };
    let live = format!("key = (SELECT key FROM record WHERE name = '{TRUE}')");
    let uid = format!("uid = (SELECT uid FROM record WHERE name = '{TRUE}')");
    let take = format!("DELETE FROM tombstone WHERE name = '{DELETED}'");
    let add = format!(
        "INSERT INTO tombstone (name, key, uid, last_revision) \
         SELECT name, key, uid, revision FROM record WHERE name = '{TRUE}'"
    );
    vec![
        tombstone("a tombstone of what lives", &live, "key"),
        tombstone("a deleted one's identity", &uid, "uid"),
        tombstone("when it lived last", "last_revision = 1", "last_revision"),
        alteration("no tombstone", take, format!("the tombstone of {DELETED}"), "row"),
        alteration("one more tombstone", add, format!("the tombstone of {TRUE}"), "key"),
    ]
}
