//! The queries that docs/schema.md shows run on both databases, and the tables are what it and
//! their types say.

use std::collections::BTreeSet;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{ActionKind, Agreement};
use entente::resources::REGISTRY;
use entente::store::index::index_tables;
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::on_both;
use crate::support::TestServer;
use crate::support::samples::{action, agreement, create};

on_both!(queries_of_the_docs_run, tables_are_as_their_types_say);

async fn queries_of_the_docs_run(server: &TestServer) {
    let actions = vec![
        action(ActionKind::EntryIntoForce, "2016-06-01"),
        action(ActionKind::Termination, "2016-06-02"),
    ];
    let pact = Agreement { actions, ..agreement("Pact", &["KHM", "RUS"]) };
    server.clients.apply(vec![create("pact", Any::Agreement(pact))]).await.unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let queries: Vec<&str> =
        docs.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(queries.len() > 10, "{}", queries.len());
    let db = server.connect().await;
    let mut of_that_day = None;
    for query in queries {
        let statement = Statement::from_string(db.get_database_backend(), query);
        let rows = db.query_all_raw(statement).await;
        let rows = rows.unwrap_or_else(|error| panic!("{query}: {error}"));
        if query.contains("16953") {
            of_that_day = Some(rows.len());
        }
    }
    assert_eq!(of_that_day, Some(1), "in force on 1 June 2016");
    db.close().await.unwrap();
}

/// A column with the key of another record that its type does not declare would let that be
/// deleted.
async fn tables_are_as_their_types_say(server: &TestServer) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let db = server.connect().await;
    let backend = db.get_database_backend();
    let query = match backend {
        DbBackend::Postgres => {
            "SELECT CAST(table_name AS text), CAST(column_name AS text) \
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
        _ => "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c",
    };
    let rows = db.query_all_raw(Statement::from_string(backend, query)).await.unwrap();
    let columns: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap()))
        .collect();
    db.close().await.unwrap();
    for table in index_tables(*REGISTRY) {
        let own = columns.iter().filter(|(name, _)| name == table.name).map(|(_, column)| column);
        // A party that acts or signs is one of the agreement's own, in whose table it stands.
        let is_key = |column: &&str| column.ends_with("_key") && *column != "party_key";
        let keys: BTreeSet<&str> = own.map(String::as_str).filter(is_key).collect();
        let declared = table.references.iter().copied().collect();
        assert_eq!(keys, declared, "{}", table.name);
        let row = format!("`{}`", table.name);
        let mut rows = docs.lines().filter(|line| line.starts_with('|'));
        assert!(rows.any(|line| line.contains(&row)), "{row} in docs/schema.md");
    }
}
