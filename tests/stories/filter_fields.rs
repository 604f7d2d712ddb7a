//! The fields that are declared to be filtered by are in the contract, in the
//! database and in the docs.

use entente::filter::field::{Filterable, Only, SHARED, Values, filterable};
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, BilateralRelation, CooperationArea, Country, Engagement, Official, Organization,
    Source, Statement,
};
use entente::resources::REGISTRY;

use crate::conformance::name_of;
use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::standard::{Client, Sample, create as create_request};
use crate::support::samples::{agreement, create, delete};
use crate::support::{Database, TestServer};

on_both!(every_field_can_be_asked_for);

/// Whatever is declared is in the contract and in the database.
async fn every_field_can_be_asked_for(server: &TestServer) {
    async fn of<T: Sample>(server: &TestServer) {
        let sample = create_request("sample1", &T::sample("Sample"));
        Client::<T>::new(&server.clients).create_request(sample).await.unwrap();
        let kind = REGISTRY.by_type(T::TYPE).unwrap();
        for field in filterable(kind) {
            let present = matching::<T>(server, &format!("{}:*", field.path)).await;
            let absent = matching::<T>(server, &format!("NOT {}:*", field.path)).await;
            let all = matching::<T>(server, "").await;
            assert_eq!(present.len() + absent.len(), all.len(), "{}", field.path);
        }
        let one = matching::<T>(server, &format!("name = {}", T::id("sample1"))).await;
        assert_eq!(format!("{}/{}", T::COLLECTION, one[0]), name_of::<T>("sample1"));
    }
    of::<Agreement>(server).await;
    of::<CooperationArea>(server).await;
    of::<Country>(server).await;
    of::<Official>(server).await;
    of::<Organization>(server).await;
    of::<Engagement>(server).await;
    of::<BilateralRelation>(server).await;
    of::<Statement>(server).await;
    of::<Source>(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_store_is_filled_on_sqlite() {
    an_older_store_is_filled(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_store_is_filled_on_postgres() {
    an_older_store_is_filled(Database::Postgres).await;
}

/// What format 1 did not extract is there once a newer version has started.
async fn an_older_store_is_filled(kind: Database) {
    let server = TestServer::start(kind).await;
    let labels = [("desk".to_owned(), "asia".to_owned())].into();
    let pact = Agreement { labels, ..agreement("Pact", &["KHM", "RUS"]) };
    server.clients.apply(vec![create("pact", Any::Agreement(pact))]).await.unwrap();
    server.execute("DELETE FROM label").await;
    server.execute("UPDATE record SET create_time = 0").await;
    server.execute("UPDATE head SET format = 1").await;
    assert_ids(&matching::<Agreement>(&server, "labels.desk = asia").await, &[], "not yet");
    let server = TestServer::start_on(server.stop().await).await;
    let filter = "labels.desk = asia AND create_time > 2020";
    assert_ids(&matching::<Agreement>(&server, filter).await, &["pact"], filter);
    let head = server.clients.head().await.head_revision;
    server.clients.apply(vec![delete("agreements/pact")]).await.unwrap();
    assert_eq!(server.clients.head_revision().await, head + 1, "it may write");
    server.finish().await;
}

#[test]
fn declared_fields_are_those_of_the_contract() {
    for kind in REGISTRY.0 {
        for field in filterable(kind) {
            let mut found = prost_reflect::Kind::Message(kind.descriptor());
            for name in field.path.split('.') {
                let message = found.as_message().cloned();
                let one = message.and_then(|message| message.get_field_by_name(name));
                found =
                    one.unwrap_or_else(|| panic!("{} has {}", kind.type_name, field.path)).kind();
            }
            let fits = match field.values {
                Values::Enum => found.as_enum().is_some(),
                Values::Integer => {
                    [prost_reflect::Kind::Int64, prost_reflect::Kind::Int32].contains(&found)
                }
                Values::Instant | Values::Map => found.as_message().is_some(),
                _ => found == prost_reflect::Kind::String,
            };
            assert!(fits, "{} of {}", field.path, kind.type_name);
            if let Values::Reference(target) = field.values {
                assert!(target == "*" || REGISTRY.by_type(target).is_some(), "{target}");
            }
        }
    }
}

/// What stands in docs/filters.md between its marks.
fn documented() -> String {
    let mut text = String::new();
    let mut table = |title: &str, fields: &[Filterable]| {
        text.push_str(&format!("\n### {title}\n| Field | Values | Index |\n|---|---|---|\n"));
        for field in fields {
            let values = match field.values {
                Values::Text => "text".to_owned(),
                Values::Enum => "enum".to_owned(),
                Values::Reference("*") => "a resource of any type, by its whole name".to_owned(),
                Values::Reference(target) => target.to_owned(),
                Values::Name => "the resource's own name".to_owned(),
                Values::Uid => "UUID".to_owned(),
                Values::Date => "date".to_owned(),
                Values::Instant => "time".to_owned(),
                Values::Integer => "whole number".to_owned(),
                Values::Map => "text, by key: `labels.KEY`".to_owned(),
            };
            let index = if field.indexed { "yes" } else { "" };
            text.push_str(&format!("| `{}` | {values} | {index} |\n", field.path));
            if field.daily.is_some() {
                let what = "its value on that day, UTC";
                text.push_str(&format!("| `{}_on(day)` | {values}: {what} | |\n", field.path));
            }
        }
    };
    table("All types", &SHARED);
    for kind in REGISTRY.0 {
        table(kind.type_name, kind.filterable);
    }
    text
}

#[test]
fn the_docs_list_the_fields() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/filters.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let (_, rest) = docs.split_once("<!-- fields -->\n").unwrap();
    let (listed, _) = rest.split_once("\n<!-- end -->").unwrap();
    assert!(listed == documented(), "docs/filters.md should list:\n{}", documented());
}

#[test]
fn rows_of_a_field_are_told_apart() {
    // Two fields of one column must not be the same rows.
    for kind in REGISTRY.0 {
        for (index, one) in kind.filterable.iter().enumerate() {
            for other in &kind.filterable[index + 1..] {
                let same = (one.table, one.column) == (other.table, other.column);
                let apart = one.only != other.only && one.only != Only::Every;
                assert!(!same || apart, "{} and {}", one.path, other.path);
            }
        }
    }
}
