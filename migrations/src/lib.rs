//! The schema of Entente's store, one step after the other.
//!
//! Steps only ever add (expand); what a step leaves behind unused is removed by
//! a later one (contract), and no step is edited once it has been released.
//! Steps are written in SQL, since they are read by whoever opens the database.

#![forbid(unsafe_code)]

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

mod m20261124_000001_store;
mod m20261124_000002_countries;
mod m20261124_000003_cooperation_areas;
mod m20261124_000004_officials;
mod m20261124_000005_agreements;
mod m20261124_000006_filters;
mod m20261125_000001_past;
mod m20261125_000002_calendar;
mod m20261126_000001_sources;
mod m20261126_000002_organizations;
mod m20261126_000003_engagements;
mod m20261126_000004_bilateral_relations;
mod m20261126_000005_statements;
mod m20261126_000006_citations;
mod m20261127_000001_agreement_status;
mod m20261127_000002_peers;
mod m20261127_000003_titles;
mod m20261128_000001_participation;
mod m20261129_000001_first_day;

/// All steps, oldest first.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_store::Migration),
            Box::new(m20261124_000002_countries::Migration),
            Box::new(m20261124_000003_cooperation_areas::Migration),
            Box::new(m20261124_000004_officials::Migration),
            Box::new(m20261124_000005_agreements::Migration),
            Box::new(m20261124_000006_filters::Migration),
            Box::new(m20261125_000001_past::Migration),
            Box::new(m20261125_000002_calendar::Migration),
            Box::new(m20261126_000001_sources::Migration),
            Box::new(m20261126_000002_organizations::Migration),
            Box::new(m20261126_000003_engagements::Migration),
            Box::new(m20261126_000004_bilateral_relations::Migration),
            Box::new(m20261126_000005_statements::Migration),
            Box::new(m20261126_000006_citations::Migration),
            Box::new(m20261127_000001_agreement_status::Migration),
            Box::new(m20261127_000002_peers::Migration),
            Box::new(m20261127_000003_titles::Migration),
            Box::new(m20261128_000001_participation::Migration),
            Box::new(m20261129_000001_first_day::Migration),
        ]
    }
}

/// Runs SQL that both databases understand once five words are replaced:
/// `{text}` compares bytewise, `{bytes}` and `{uuid}` are the database's own,
/// `{key}` is a primary key of 64 bits, which SQLite keeps in the table itself only
/// if it is called integer, and `{rowless}` stores a table in the order of its key.
async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let (text, bytes, uuid, key, rowless) = match manager.get_database_backend() {
        DbBackend::Postgres => ("text COLLATE \"C\"", "bytea", "uuid", "bigint", ""),
        _ => ("text", "blob", "blob", "integer", "WITHOUT ROWID"),
    };
    let sql = match manager.get_database_backend() {
        DbBackend::Postgres => sql.to_owned(),
        // Otherwise every insert keeps a copy of each page that it touches, to be able
        // to take back what it did before a reference was found wrong.
        _ => sql.replace(
            "REFERENCES record (key)",
            "REFERENCES record (key) DEFERRABLE INITIALLY DEFERRED",
        ),
    };
    let sql = sql
        .replace("{text}", text)
        .replace("{bytes}", bytes)
        .replace("{uuid}", uuid)
        .replace("{key}", key)
        .replace("{rowless}", rowless);
    manager.get_connection().execute_unprepared(&sql).await?;
    Ok(())
}
