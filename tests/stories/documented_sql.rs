//! The queries that docs/schema.md shows run on both databases.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{ActionKind, Agreement};
use sea_orm::{ConnectionTrait, Statement};

use crate::on_both;
use crate::support::TestServer;
use crate::support::samples::{action, agreement, create};

on_both!(queries_of_the_docs_run);

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
