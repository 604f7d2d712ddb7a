//! What a store has from its first start, and who may serve it.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, Country, GetCountryRequest, ListCooperationAreasRequest, ListCountriesRequest,
};
use entente::server::{Server, open_store};
use entente::store::FORMAT;
use entente::store::clock::Clock;
use sea_orm::ConnectionTrait;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::on_both;
use crate::support::database::TestDatabase;
use crate::support::samples::{agreement, delete, update};
use crate::support::server::ANY_PORT;
use crate::support::{Clients, Database, Refusal, TestServer, invariant};

/// ISO 3166-1, the former ones of ISO 3166-3, and Kosovo.
const COUNTRIES: i32 = 281;
/// The tree of cooperation areas.
const AREAS: i32 = 50;

on_both!(
    reference_data_is_there,
    a_second_start_writes_nothing,
    what_users_changed_stays,
    a_newer_store_is_not_served,
    a_store_that_becomes_newer_is_not_written,
    a_step_of_the_schema_is_made_whole_or_not_at_all,
);

async fn counts(clients: &Clients) -> (i32, i32) {
    let countries = ListCountriesRequest { include_total_size: true, ..Default::default() };
    let countries = clients.countries().list_countries(countries).await.unwrap().into_inner();
    let areas = ListCooperationAreasRequest { include_total_size: true, ..Default::default() };
    let areas = clients.areas().list_cooperation_areas(areas).await.unwrap().into_inner();
    (countries.total_size.unwrap(), areas.total_size.unwrap())
}

async fn country(clients: &Clients, name: &str) -> Result<Country, Refusal> {
    let request =
        GetCountryRequest { name: name.to_owned(), read_mask: None, ..Default::default() };
    let answer = clients.countries().get_country(request).await;
    answer.map(tonic::Response::into_inner).map_err(|status| Refusal::of(&status))
}

async fn reference_data_is_there(server: &TestServer) {
    assert_eq!(counts(&server.clients).await, (COUNTRIES, AREAS));
    assert_eq!(server.clients.head_revision().await, 2, "a commit for each type");
    for (name, canonical) in [("KHM", "KHM"), ("ru", "RUS"), ("sun", "SUN"), ("XKX", "XKX")] {
        let found = country(&server.clients, &format!("countries/{name}")).await.unwrap();
        assert_eq!(found.name, format!("countries/{canonical}"));
    }
}

async fn a_second_start_writes_nothing(first: &TestServer) {
    let server = TestServer::start(first.database.kind).await;
    let head = server.clients.head().await;
    let server = TestServer::start_on(server.stop().await).await;
    assert_eq!(server.clients.head().await, head, "also the token, and so the hash");
    let database = server.stop().await;
    for _ in 0..2 {
        let (api, databases, running) = open_store(&database.url, Clock::default()).await.unwrap();
        api.store.stop();
        running.watcher.abort();
        running.committer.await.unwrap();
        databases.close().await;
    }
    let server = TestServer::start_on(database).await;
    assert_eq!(server.clients.head().await, head, "migrated twice");
    server.finish().await;
}

async fn what_users_changed_stays(first: &TestServer) {
    let server = TestServer::start(first.database.kind).await;
    let khm = Country {
        name: "countries/KHM".to_owned(),
        display_name: "Kampuchea".to_owned(),
        ..Country::default()
    };
    let changes = vec![
        update(Any::Country(khm), &["display_name"]),
        delete("countries/MCO"),
        delete("cooperationAreas/drug-trafficking"),
    ];
    server.clients.apply(changes).await.unwrap();
    // As if a newer version came with a newer set.
    server.execute("UPDATE head SET reference_set = 0").await;
    let server = TestServer::start_on(server.stop().await).await;
    assert_eq!(country(&server.clients, "countries/KHM").await.unwrap().display_name, "Kampuchea");
    let refusal = country(&server.clients, "countries/MCO").await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &[]);
    assert_eq!(counts(&server.clients).await, (COUNTRIES - 1, AREAS - 1));
    assert_eq!(server.clients.head_revision().await, 3);
    server.finish().await;
}

async fn a_newer_store_is_not_served(first: &TestServer) {
    let server = TestServer::start(first.database.kind).await;
    server.execute(&format!("UPDATE head SET format = {}", FORMAT + 1)).await;
    let database = server.stop().await;
    let error = Server::start(ANY_PORT, &database.url).await.unwrap_err().to_string();
    assert!(error.contains("use a newer version"), "{error}");
    database.remove().await;
}

async fn a_store_that_becomes_newer_is_not_written(server: &TestServer) {
    let clients = &server.clients;
    let written = clients.create_agreement(agreement("Before", &["KHM"])).await.unwrap();
    server.execute(&format!("UPDATE head SET format = {}", FORMAT + 1)).await;

    for _ in 0..2 {
        let refusal = clients.create_agreement(Agreement::default()).await.unwrap_err();
        refusal.is(Code::Unavailable, "STORE_UNAVAILABLE", &[]);
    }
    assert_eq!(clients.head_revision().await, written.revision, "reads go on");
    let mut health = HealthClient::new(clients.channel.clone());
    let mut told = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    loop {
        let status = told.message().await.unwrap().expect("health is told").status();
        if status == ServingStatus::NotServing {
            break;
        }
    }
    // What it left behind is checked like the store of any story.
    server.execute(&format!("UPDATE head SET format = {FORMAT}")).await;
}

async fn a_step_of_the_schema_is_made_whole_or_not_at_all(first: &TestServer) {
    let server = TestServer::start(first.database.kind).await;
    let made = server.clients.create_agreement(agreement("Before", &["KHM"])).await.unwrap();
    // As if the last step had not been made, but for one of its last columns.
    for of in ["agreement", "engagement", "bilateral_relation", "statement"] {
        server.execute(&format!("DROP INDEX IF EXISTS {of}_first_day")).await;
        server.execute(&format!("ALTER TABLE {of} DROP COLUMN first_day")).await;
    }
    server.execute("DELETE FROM seaql_migrations WHERE version LIKE '%_first_day'").await;
    server.execute(&format!("UPDATE head SET format = {}", FORMAT - 1)).await;
    let database = server.stop().await;
    let error = Server::start(ANY_PORT, &database.url).await.unwrap_err().to_string();
    assert!(error.contains("first_day"), "{error}");
    let connection = database.connect().await;
    let made_in_part = connection.execute_unprepared("SELECT first_day FROM agreement").await;
    assert!(made_in_part.is_err(), "the first of its columns is there");
    for statement in ["DROP INDEX source_first_day", "ALTER TABLE source DROP COLUMN first_day"] {
        connection.execute_unprepared(statement).await.unwrap();
    }
    connection.close().await.unwrap();
    let server = TestServer::start_on(database).await;
    assert_eq!(server.clients.head_revision().await, made.revision);
    server.finish().await;
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused() {
    let server = TestServer::start(Database::Sqlite).await;
    let error = Server::start(ANY_PORT, &server.database.url).await.unwrap_err().to_string();
    assert!(error.contains("in use by another entente process"), "{error}");
    assert!(error.contains("use PostgreSQL for several"), "says what to do: {error}");
    server.clients.create_agreement(agreement("Still there", &["KHM"])).await.unwrap();
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_start_together_write_the_reference_data_once() {
    let database = TestDatabase::create(Database::Postgres).await;
    let starts = (0..3).map(|_| {
        let url = database.url.clone();
        tokio::spawn(async move { Server::start(ANY_PORT, &url).await.unwrap() })
    });
    let starts: Vec<_> = starts.collect();
    let mut servers = Vec::new();
    for start in starts {
        servers.push(start.await.unwrap());
    }
    for server in &servers {
        let clients = Clients::connect(server.address).await;
        assert_eq!(counts(&clients).await, (COUNTRIES, AREAS));
        assert_eq!(clients.head_revision().await, 2);
    }
    for server in servers {
        server.drain().await.unwrap();
    }
    invariant::check(&database.url).await;
    database.remove().await;
}

#[tokio::test]
async fn an_address_that_is_none_is_refused() {
    let error = Server::start(ANY_PORT, "mysql://secret@host/x").await.unwrap_err().to_string();
    assert!(error.contains("must begin with sqlite: or postgres:"), "{error}");
    assert!(!error.contains("secret"), "{error}");
}
