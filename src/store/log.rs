//! The log as it is read: pages of whole commits in order.

use std::collections::VecDeque;

use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult};

use super::entities::{change, commit};
use super::sql::Sql;
use crate::model::limits::{LOG_PAGE_BYTES, LOG_PAGE_COMMITS};
use crate::proto::v1::{self, MutationOutcome};

/// What happened to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is new.
    Created,
    /// It changed.
    Updated,
    /// It was deleted.
    Deleted,
    /// It was brought back.
    Undeleted,
}

impl ChangeKind {
    /// What an outcome that changed something was.
    pub fn of(outcome: MutationOutcome) -> Self {
        match outcome {
            MutationOutcome::Created => Self::Created,
            MutationOutcome::Deleted => Self::Deleted,
            MutationOutcome::Undeleted => Self::Undeleted,
            MutationOutcome::Updated
            | MutationOutcome::Unchanged
            | MutationOutcome::Unspecified => Self::Updated,
        }
    }

    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Updated => "UPDATED",
            Self::Deleted => "DELETED",
            Self::Undeleted => "UNDELETED",
        }
    }

    /// As the contract has it, from what is stored.
    pub fn wire(stored: &str) -> v1::ChangeKind {
        match stored {
            "CREATED" => v1::ChangeKind::Created,
            "UPDATED" => v1::ChangeKind::Updated,
            "DELETED" => v1::ChangeKind::Deleted,
            "UNDELETED" => v1::ChangeKind::Undeleted,
            _ => v1::ChangeKind::Unspecified,
        }
    }
}

/// A commit with its changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The commit.
    pub commit: commit::Model,
    /// Its changes, in order.
    pub changes: Vec<change::Model>,
}

#[derive(Debug, FromQueryResult)]
struct Sized {
    revision: i64,
    size: i64,
}

/// The commits after `after` and up to `until`, as many as make a page: at least
/// one if there is one.
pub async fn page(db: &impl ConnectionTrait, after: i64, until: i64) -> Result<Vec<Logged>, DbErr> {
    let backend = db.get_database_backend();
    let sql = Sql::new(backend, "SELECT revision, size FROM \"commit\" WHERE revision > ")
        .bind(after)
        .push(" AND revision <= ")
        .bind(until.min(after.saturating_add(LOG_PAGE_COMMITS as i64)))
        .push(" ORDER BY revision");
    let sizes = Sized::find_by_statement(sql.build()).all(db).await?;
    let mut bytes = 0;
    let fitting = sizes.iter().take_while(|row| {
        let first = bytes == 0;
        bytes += row.size + 1;
        first || bytes <= LOG_PAGE_BYTES as i64
    });
    match fitting.last() {
        Some(last) => range(db, after + 1, last.revision).await,
        None => Ok(Vec::new()),
    }
}

/// The commits from `first` to `last`.
pub async fn range(db: &impl ConnectionTrait, first: i64, last: i64) -> Result<Vec<Logged>, DbErr> {
    let backend = db.get_database_backend();
    let between = |text: &str| {
        Sql::new(backend, text).bind(first).push(" AND ").bind(last).push(" ORDER BY revision")
    };
    let commits = between(
        "SELECT revision, hash, digest, commit_time, actor, reason, request_id, format, size \
         FROM \"commit\" WHERE revision BETWEEN ",
    );
    let commits = commit::Entity::find().from_raw_sql(commits.build()).all(db).await?;
    let changes = between(
        "SELECT revision, ordinal, kind, key, name, uid, previous_revision, fields, body \
         FROM change WHERE revision BETWEEN ",
    )
    .push(", ordinal");
    let rows = db.query_all_raw(changes.build()).await?;
    let mut changes = rows.iter().map(change_of).collect::<Result<VecDeque<_>, _>>()?;
    let mut page = Vec::with_capacity(commits.len());
    for commit in commits {
        let own = changes.iter().take_while(|change| change.revision == commit.revision).count();
        page.push(Logged { commit, changes: changes.drain(..own).collect() });
    }
    Ok(page)
}

/// A change, by place: looking columns up by name would cost more than the rest.
fn change_of(row: &QueryResult) -> Result<change::Model, DbErr> {
    Ok(change::Model {
        revision: row.try_get_by_index(0)?,
        ordinal: row.try_get_by_index(1)?,
        kind: row.try_get_by_index(2)?,
        key: row.try_get_by_index(3)?,
        name: row.try_get_by_index(4)?,
        uid: row.try_get_by_index(5)?,
        previous_revision: row.try_get_by_index(6)?,
        fields: row.try_get_by_index(7)?,
        body: row.try_get_by_index(8)?,
    })
}

/// The message of `name` as it was left by the commit `revision`; of a deleted
/// one as it last was.
pub async fn body_at(
    db: &impl ConnectionTrait,
    name: &str,
    revision: i64,
) -> Result<Option<Vec<u8>>, DbErr> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT c.kind, c.body, p.body FROM change c LEFT JOIN change p \
         ON p.key = c.key AND p.revision = c.previous_revision WHERE c.revision = ",
    )
    .bind(revision)
    .push(" AND c.name = ")
    .bind(name);
    let Some(row) = db.query_one_raw(sql.build()).await? else { return Ok(None) };
    let kind: String = row.try_get_by_index(0)?;
    if kind == ChangeKind::Deleted.as_str() {
        let before: Option<Vec<u8>> = row.try_get_by_index(2)?;
        return Ok(before.map(|body| super::finish::last_body(&body, revision)));
    }
    row.try_get_by_index(1).map(Some)
}

/// The newest commit at or before `micros`, or 0.
pub async fn revision_at(db: &impl ConnectionTrait, micros: i64) -> Result<i64, DbErr> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT revision FROM \"commit\" WHERE commit_time <= ",
    )
    .bind(micros)
    .push(" ORDER BY commit_time DESC LIMIT 1");
    match db.query_one_raw(sql.build()).await? {
        Some(row) => row.try_get_by_index(0),
        None => Ok(0),
    }
}

/// The chain hash at `revision`; `None` if there is no such commit.
pub async fn hash_at(db: &impl ConnectionTrait, revision: i64) -> Result<Option<Vec<u8>>, DbErr> {
    let found = commit::Entity::find_by_id(revision).one(db).await?;
    Ok(found.map(|commit| commit.hash))
}
