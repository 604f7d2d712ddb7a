//! What holds after every test, whatever it did: the log is whole, the records
//! are the fold of the log, and the tables are what the records say.

use std::collections::BTreeMap;

use entente::resources::REGISTRY;
use entente::store::connect::{Databases, open};
use entente::store::entities::{commit, head, record};
use entente::store::index::SHARED_TABLES;
use entente::store::log::{self, Logged};
use entente::store::{chain, reindex};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, Statement};
use uuid::Uuid;

/// A record as the fold of the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Folded {
    name: String,
    uid: Uuid,
    revision: i64,
    body: Vec<u8>,
}

/// Checks the store at `url`, which no process serves.
pub async fn check(url: &str) {
    let databases = open(url).await.unwrap();
    let head = head::Entity::find_by_id(1).one(&*databases.reader()).await.unwrap().unwrap();
    let folded = fold(&databases.reader(), &head).await;
    let records = record::Entity::find().all(&*databases.reader()).await.unwrap();
    for record in &records {
        let kind = REGISTRY.by_name(&record.name).unwrap();
        assert_eq!(record.r#type, kind.type_name, "the type of {}", record.name);
        assert!(record.key < head.next_key, "the key of {} is not to be given again", record.name);
    }
    let stored: BTreeMap<i64, Folded> = records
        .into_iter()
        .map(|record| {
            let record::Model { key, name, uid, revision, body, .. } = record;
            (key, Folded { name, uid, revision, body })
        })
        .collect();
    assert_same(&stored, &folded);
    let before = dump(&databases).await;
    assert_eq!(reindex::reindex(&databases, *REGISTRY).await.unwrap(), stored.len());
    let after = dump(&databases).await;
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "the table {table} is what its records say");
    }
    databases.close().await;
}

/// Folds the log to the records that live, and checks it on the way.
async fn fold(db: &DatabaseConnection, head: &head::Model) -> BTreeMap<i64, Folded> {
    let mut previous = chain::before_first(head);
    let mut live: BTreeMap<i64, Folded> = BTreeMap::new();
    let mut versions: BTreeMap<i64, (i64, Uuid)> = BTreeMap::new();
    loop {
        let page = log::page(db, previous.revision, i64::MAX).await.unwrap();
        if page.is_empty() {
            break;
        }
        for Logged { commit, changes } in page {
            assert_follows(&commit, &previous);
            assert_eq!(commit.digest, chain::digest(&changes), "the digest of {}", commit.revision);
            let size: usize = changes.iter().map(|change| change.body.len()).sum();
            assert_eq!(commit.size, i64::try_from(size).unwrap());
            assert!(!changes.is_empty(), "the commit {} changes something", commit.revision);
            for (index, change) in changes.into_iter().enumerate() {
                assert_eq!(usize::try_from(change.ordinal).unwrap(), index);
                let last = versions.insert(change.key, (change.revision, change.uid));
                let last_revision = last.map_or(0, |(revision, _)| revision);
                let removed = live.remove(&change.key);
                match change.kind.as_str() {
                    "CREATED" => assert_eq!(last, None, "{} is new", change.name),
                    "UPDATED" | "DELETED" => {
                        let removed = removed.unwrap();
                        assert_eq!((removed.uid, &removed.name), (change.uid, &change.name));
                        assert_eq!(change.previous_revision, last_revision, "{}", change.name);
                    }
                    "UNDELETED" => {
                        assert_eq!(removed, None, "{} was deleted", change.name);
                        assert_eq!(last.unwrap().1, change.uid, "{}", change.name);
                        assert!(change.previous_revision < last_revision, "{}", change.name);
                    }
                    other => panic!("there is no kind {other}"),
                }
                if change.kind == "DELETED" {
                    assert!(change.body.is_empty());
                    continue;
                }
                let entente::store::entities::change::Model {
                    key, name, uid, revision, body, ..
                } = change;
                live.insert(key, Folded { name, uid, revision, body });
            }
            previous = commit;
        }
    }
    assert_eq!(head.revision, previous.revision, "the head is the newest commit");
    assert_eq!(head.hash, previous.hash, "the head has its hash");
    assert!(head.revision == 0 || head.commit_time == previous.commit_time);
    live
}

fn assert_follows(commit: &commit::Model, previous: &commit::Model) {
    assert_eq!(commit.revision, previous.revision + 1, "revisions are contiguous");
    assert!(commit.commit_time > previous.commit_time, "time at {}", commit.revision);
    let hash = chain::hash(&previous.hash, commit);
    assert_eq!(commit.hash, hash, "the hash chain at {}", commit.revision);
}

fn assert_same(stored: &BTreeMap<i64, Folded>, folded: &BTreeMap<i64, Folded>) {
    for (key, record) in folded {
        assert_eq!(stored.get(key), Some(record), "the record of {}", record.name);
    }
    for (key, record) in stored {
        assert!(folded.contains_key(key), "{} lives in the log too", record.name);
    }
}

/// All rows of all tables that are filled from the records.
pub async fn dump(databases: &Databases) -> BTreeMap<String, Vec<String>> {
    let tables = REGISTRY.0.iter().flat_map(|kind| kind.tables).map(|table| table.name);
    let mut dump = BTreeMap::new();
    for table in tables.chain(SHARED_TABLES) {
        dump.insert(table.to_owned(), rows(&databases.reader(), table).await);
    }
    dump
}

async fn rows(db: &DatabaseConnection, table: &str) -> Vec<String> {
    let backend = db.get_database_backend();
    let row = match backend {
        DbBackend::Postgres => "row_to_json(t)::text".to_owned(),
        _ => {
            let text = format!("SELECT name FROM pragma_table_info('{table}')");
            texts(db, &text)
                .await
                .iter()
                .map(|column| format!("quote(\"{column}\")"))
                .fold("''".to_owned(), |row, column| format!("{row} || ' ' || {column}"))
        }
    };
    let mut rows = texts(db, &format!("SELECT {row} FROM \"{table}\" t")).await;
    rows.sort();
    rows
}

async fn texts(db: &DatabaseConnection, sql: &str) -> Vec<String> {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect()
}
