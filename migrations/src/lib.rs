//! The schema of Entente's store, one step after the other.
//!
//! Steps only ever add (expand); what a step leaves behind unused is removed by
//! a later one (contract), and no step is edited once it has been released.
//! Steps are written in SQL, since they are read by whoever opens the database.

#![forbid(unsafe_code)]

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

/// The step that the file of that name is; what includes a file takes no variable.
macro_rules! step {
    ($name:literal) => {
        Step { name: $name, sql: include_str!(concat!($name, ".sql")) }
    };
}

/// All steps, oldest first.
const STEPS: [Step; 19] = [
    step!("m20261124_000001_store"),
    step!("m20261124_000002_countries"),
    step!("m20261124_000003_cooperation_areas"),
    step!("m20261124_000004_officials"),
    step!("m20261124_000005_agreements"),
    step!("m20261124_000006_filters"),
    step!("m20261125_000001_past"),
    step!("m20261125_000002_calendar"),
    step!("m20261126_000001_sources"),
    step!("m20261126_000002_organizations"),
    step!("m20261126_000003_engagements"),
    step!("m20261126_000004_bilateral_relations"),
    step!("m20261126_000005_statements"),
    step!("m20261126_000006_citations"),
    step!("m20261127_000001_agreement_status"),
    step!("m20261127_000002_peers"),
    step!("m20261127_000003_titles"),
    step!("m20261128_000001_participation"),
    step!("m20261129_000001_first_day"),
];

/// All steps.
#[derive(Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.map(|step| Box::new(step) as Box<dyn MigrationTrait>).into()
    }
}

/// A step: SQL that both databases understand once five words are replaced:
/// `{text}` compares bytewise, `{bytes}` and `{uuid}` are the database's own,
/// `{key}` is a primary key of 64 bits, which SQLite keeps in the table itself only
/// if it is called integer, and `{rowless}` stores a table in the order of its key.
struct Step {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    /// A step is made whole or not at all, also where it is interrupted.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let (text, bytes, uuid, key, rowless) = match manager.get_database_backend() {
            DbBackend::Postgres => ("text COLLATE \"C\"", "bytea", "uuid", "bigint", ""),
            _ => ("text", "blob", "blob", "integer", "WITHOUT ROWID"),
        };
        let sql = match manager.get_database_backend() {
            DbBackend::Postgres => self.sql.to_owned(),
            // Otherwise every insert keeps a copy of each page that it touches, to be able
            // to take back what it did before a reference was found wrong.
            _ => self.sql.replace(
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
}
