//! What holds after every test, whatever it did: the log is whole, the records
//! are the fold of the log, and the tables are what the records say.

use std::collections::BTreeMap;

use entente::resources::REGISTRY;
use entente::store::connect::{Databases, open};
use entente::store::index::index_tables;
use entente::store::reindex::reindex;
use entente::store::verify::verify;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};

/// Checks the store at `url`, which no process serves.
pub async fn check(url: &str) {
    let databases = open(url).await.unwrap();
    let verified = verify(&databases.reader(), *REGISTRY).await;
    let verified = verified.unwrap_or_else(|error| panic!("{error}"));
    let before = dump(&databases).await;
    assert_eq!(reindex(&databases, *REGISTRY).await.unwrap(), verified.records);
    let after = dump(&databases).await;
    for (table, rows) in &before {
        assert_eq!(rows, &after[table], "the table {table} is what its records say");
    }
    databases.close().await;
}

/// All rows of all tables that are filled from the records.
pub async fn dump(databases: &Databases) -> BTreeMap<String, Vec<String>> {
    let mut dump = BTreeMap::new();
    for table in index_tables(*REGISTRY).map(|table| table.name) {
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
