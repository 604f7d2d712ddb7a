//! Brings a database to the schema of this version.

use entente_migrations::{Migrator, MigratorTrait as _};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, EntityTrait, IntoActiveModel,
    TransactionTrait,
};

use super::connect::Databases;
use super::entities::{commit, head};
use super::registry::Registry;
use super::reindex::reindex;
use super::transaction::begin;
use super::write::new_uid;
use super::{FORMAT, chain, now_micros};

/// Number of the lock under which replicas migrate, one after the other.
const LOCK: i64 = 0x0065_6e74_656e_7465;

/// Why a store cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The store is newer than this program.
    #[error(
        "the store has format {0}, and this version writes format {FORMAT}: use a newer version"
    )]
    Newer(i32),
    /// The database refuses.
    #[error("the database cannot be migrated: {0}")]
    Database(#[from] DbErr),
}

/// Held while one process prepares a store; replicas that start together wait.
#[derive(Debug)]
pub struct Turn(Option<DatabaseTransaction>);

impl Turn {
    /// Waits for the turn.
    pub async fn take(databases: &Databases) -> Result<Self, MigrateError> {
        if databases.backend() != DbBackend::Postgres {
            return Ok(Self(None));
        }
        let transaction = databases.reader().begin().await?;
        transaction
            .execute_unprepared(&format!(
                "SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock({LOCK})"
            ))
            .await?;
        Ok(Self(Some(transaction)))
    }

    /// Lets the next one go.
    pub async fn end(self) -> Result<(), MigrateError> {
        if let Some(transaction) = self.0 {
            transaction.rollback().await?;
        }
        Ok(())
    }
}

/// Runs the steps that are missing, makes the head row of a new store, and fills
/// the tables of an older one anew.
pub async fn migrate(databases: &Databases, registry: Registry) -> Result<(), MigrateError> {
    let present = databases.reader();
    if let Ok(Some(head)) = head::Entity::find_by_id(1).one(&*present).await
        && head.format > FORMAT
    {
        return Err(MigrateError::Newer(head.format));
    }
    Migrator::up(&databases.writer, None).await?;
    let transaction = begin(&databases.writer).await?;
    match head::Entity::find_by_id(1).one(&transaction).await? {
        None => {
            let store_id = new_uid();
            let head = head::Model {
                id: 1,
                store_id,
                revision: 0,
                hash: chain::genesis(store_id).to_vec(),
                commit_time: now_micros(),
                next_key: 1,
                earliest_revision: 1,
                format: FORMAT,
                reference_set: 0,
                today: 0,
            };
            head::Entity::insert(head.into_active_model()).exec(&transaction).await?;
        }
        Some(head) if head.format < FORMAT => {
            transaction.rollback().await?;
            reindex(databases, registry).await?;
            return Ok(());
        }
        Some(_) => {}
    }
    transaction.commit().await?;
    Ok(())
}

/// The head row, and the commit behind which the memory of the feed begins: the
/// one that `base` chooses from the newest and the oldest revision kept.
pub async fn stands_at(
    databases: &Databases,
    base: fn(i64, i64) -> i64,
) -> Result<(head::Model, commit::Model), MigrateError> {
    let db = &databases.writer;
    let head = head::Entity::find_by_id(1).one(db).await?;
    let head = head.ok_or_else(|| DbErr::RecordNotFound("the head row".to_owned()))?;
    let base = base(head.revision, head.earliest_revision);
    let commit = match commit::Entity::find_by_id(base).one(db).await? {
        Some(commit) => commit,
        None => chain::before_first(&head),
    };
    Ok((head, commit))
}
