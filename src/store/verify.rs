//! Whether a store is what its log says.
//!
//! The log is walked from its first commit: each follows from the one before, by
//! its hash too, and its changes are its own. What they leave alive must be what
//! stands in `record`, and what follows from that must be what stands in the tables
//! that are filled from the records. Nothing is written, and everything is read in one
//! snapshot, so a service may go on beside it.

pub mod difference;
mod fold;
mod tables;
mod walk;

use std::fmt;

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    EntityTrait, IsolationLevel, TransactionTrait,
};

use self::difference::{Difference, Findings, Place, hex};
use super::FORMAT;
use super::entities::{commit, head};
use super::registry::Registry;

/// A store in which all is as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The newest revision, and so the number of commits.
    pub commits: i64,
    /// Live records.
    pub records: usize,
    /// The chain hash of the newest commit, 32 bytes.
    pub hash: Vec<u8>,
}

impl fmt::Display for Verified {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { commits, records, hash } = self;
        let hash = hex(hash);
        write!(out, "{commits} commits, {records} records, head {hash}: all as they should be")
    }
}

/// Why a store is not found to be as it should be.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Something differs.
    #[error("{0}")]
    Differs(#[from] Difference),
    /// The store is newer than this program.
    #[error(
        "the store has format {0}, and this version knows format {FORMAT}: use a newer version"
    )]
    Newer(i32),
    /// The store is older, so its tables are not those of this program.
    #[error(
        "the store has format {0}, and this version knows format {FORMAT}: use the version that wrote it, or run `entente migrate` first"
    )]
    Older(i32),
    /// The database refuses.
    #[error("the store cannot be read: {0}")]
    Database(#[from] DbErr),
}

/// Checks the store behind `db`.
pub async fn verify(db: &DatabaseConnection, registry: Registry) -> Result<Verified, VerifyError> {
    let snapshot = snapshot(db).await?;
    let verdict = verify_in(&snapshot, registry).await;
    snapshot.rollback().await?;
    verdict
}

/// Checks the store as the transaction `db` sees it, which must be one snapshot.
pub async fn verify_in(
    db: &impl ConnectionTrait,
    registry: Registry,
) -> Result<Verified, VerifyError> {
    let head = head::Entity::find_by_id(1).one(db).await?;
    let Some(head) = head else {
        let mut findings = Findings::default();
        findings.add("row", "one", "none");
        return Err(findings.at(Place::Head).into());
    };
    match head.format {
        format if format > FORMAT => return Err(VerifyError::Newer(format)),
        format if format < FORMAT => return Err(VerifyError::Older(format)),
        _ => {}
    }
    let (fold, newest) = walk::walk(db, &head).await?;
    check_head(&head, &newest, fold.newest_key())?;
    walk::check_ends(db, newest.revision).await?;
    let records = tables::check_records(db, registry, &fold, head.today).await?;
    tables::check_tombstones(db, &fold).await?;
    Ok(Verified { commits: newest.revision, records, hash: newest.hash })
}

/// A transaction that sees the store as it stands now, for as long as it lasts.
pub async fn snapshot(db: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    if db.get_database_backend() != DbBackend::Postgres {
        return db.begin().await;
    }
    let isolation = Some(IsolationLevel::RepeatableRead);
    let snapshot = db.begin_with_config(isolation, Some(AccessMode::ReadOnly)).await?;
    snapshot.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    Ok(snapshot)
}

/// The head must be the newest commit. Where it is ahead of the log, its hash tells
/// whether the head was moved or commits are gone.
fn check_head(head: &head::Model, newest: &commit::Model, key: i64) -> Result<(), Difference> {
    let mut findings = Findings::default();
    if head.revision > newest.revision && head.hash != newest.hash {
        findings.add("commit", format!("one, since the head is {}", head.revision), "none");
        return Err(findings.at(Place::Revision(newest.revision + 1)));
    }
    findings.compare("revision", newest.revision, head.revision);
    findings.compare_bytes("hash", &newest.hash, &head.hash);
    if newest.revision > 0 {
        findings.compare("commit_time", newest.commit_time, head.commit_time);
    }
    if head.next_key <= key {
        findings.add("next_key", format!("more than {key}"), head.next_key.to_string());
    }
    findings.into_result(|| Place::Head)
}
