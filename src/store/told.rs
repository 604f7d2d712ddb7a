//! What streams tell of the log: its commits, with as much of each change as a
//! reader may want to see.

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, QueryResult};
use uuid::Uuid;

use super::log::Logged;
use super::sql::Sql;
use crate::model::limits::{LOG_PAGE_BYTES, LOG_PAGE_COMMITS};

/// A commit as streams tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its number.
    pub revision: i64,
    /// Its chain hash, 32 bytes.
    pub hash: Vec<u8>,
    /// Microseconds since 1970.
    pub commit_time: i64,
    /// Who, as claimed.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The writer's request id.
    pub request_id: String,
    /// Its changes that are wanted, in order.
    pub changes: Vec<ToldChange>,
}

/// A change as streams tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldChange {
    /// Its place in the commit.
    pub ordinal: i32,
    /// `CREATED`, `UPDATED`, `DELETED` or `UNDELETED`.
    pub kind: String,
    /// The resource's name.
    pub name: String,
    /// The resource's uid.
    pub uid: Uuid,
    /// Changed fields, comma-separated.
    pub fields: String,
    /// The resource after; empty after a deletion.
    pub body: Bytes,
    /// The resource before; empty if it was not there, or is not wanted.
    pub before: Bytes,
}

impl Told {
    /// What is told of a commit that was just logged. `befores` has the messages
    /// before its changes.
    pub fn of(logged: Logged, befores: &mut impl Iterator<Item = Bytes>) -> Self {
        let Logged { commit, changes } = logged;
        let changes = changes.into_iter().map(|change| ToldChange {
            ordinal: change.ordinal,
            kind: change.kind,
            name: change.name,
            uid: change.uid,
            fields: change.fields,
            body: change.body.into(),
            before: befores.next().unwrap_or_default(),
        });
        Self {
            revision: commit.revision,
            hash: commit.hash,
            commit_time: commit.commit_time,
            actor: commit.actor,
            reason: commit.reason,
            request_id: commit.request_id,
            changes: changes.collect(),
        }
    }
}

/// What a reader wants of the log: the database leaves out the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Changes in these collections; all if empty.
    pub collections: Vec<&'static str>,
    /// Changes of these kinds, as they are stored; all if empty.
    pub kinds: Vec<&'static str>,
    /// Commits by these actors; all if empty.
    pub actors: Vec<String>,
    /// Collections whose changes are wanted whatever their kind and actor.
    pub always: Vec<&'static str>,
    /// Whether the messages before are wanted.
    pub before: bool,
}

impl Wanted {
    /// All there is.
    pub fn everything() -> Self {
        Self { before: true, ..Self::default() }
    }

    /// Whether no change is left out.
    fn has_all(&self) -> bool {
        self.collections.is_empty() && self.kinds.is_empty() && self.actors.is_empty()
    }
}

/// Where a page ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The last commit that was looked at.
    pub revision: i64,
    /// Its chain hash, 32 bytes.
    pub hash: Vec<u8>,
    /// Microseconds since 1970.
    pub commit_time: i64,
}

/// Consecutive commits, without those of which nothing is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The commits, in order.
    pub commits: Vec<Told>,
    /// Where it ends; `None` if that is the last of the commits, or nothing.
    pub end: Option<End>,
}

/// The commits after `after` and up to `until`, as many as make a page.
pub async fn page(
    db: &DatabaseConnection,
    after: i64,
    until: i64,
    wanted: &Wanted,
) -> Result<Page, DbErr> {
    // A single commit makes a page, and has all there is to know of its end.
    let alone = wanted.has_all() && until == after + 1;
    let end = if alone { None } else { end(db, after, until).await? };
    let Some(last) = end.as_ref().map(|end| end.revision).or(alone.then_some(until)) else {
        return Ok(Page { commits: Vec::new(), end: None });
    };
    let between = |sql: Sql| sql.bind(after + 1).push(" AND ").bind(last);
    let (mut commits, changes) = if wanted.has_all() {
        let range = |sql: Sql| between(sql.push(" BETWEEN "));
        tokio::try_join!(commits(db, range), changes(db, between, wanted))?
    } else {
        let changes = changes(db, between, wanted).await?;
        let mut revisions: Vec<i64> = changes.iter().map(|(revision, _)| *revision).collect();
        revisions.dedup();
        let some = |sql: Sql| sql.among_keys(revisions.iter().copied());
        let found = if revisions.is_empty() { Vec::new() } else { commits(db, some).await? };
        (found, changes)
    };
    let mut changes = changes.into_iter().peekable();
    for commit in &mut commits {
        while let Some((_, change)) = changes.next_if(|(revision, _)| *revision == commit.revision)
        {
            commit.changes.push(change);
        }
    }
    Ok(Page { commits, end })
}

/// The last of the commits that make a page: at most so many, and so many bytes
/// unless one alone has more.
async fn end(db: &DatabaseConnection, after: i64, until: i64) -> Result<Option<End>, DbErr> {
    let last = until.min(after.saturating_add(LOG_PAGE_COMMITS as i64));
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT revision, hash, commit_time FROM \"commit\" WHERE revision = ( \
         SELECT max(revision) FROM (SELECT revision, size, \
         SUM(size) OVER (ORDER BY revision ROWS UNBOUNDED PRECEDING) AS total \
         FROM \"commit\" WHERE revision > ",
    );
    let sql = sql.bind(after).push(" AND revision <= ").bind(last);
    let fits = format!(") q WHERE total = size OR total <= {LOG_PAGE_BYTES})");
    let Some(row) = db.query_one_raw(sql.push(&fits).build()).await? else { return Ok(None) };
    Ok(Some(End {
        revision: row.try_get_by_index(0)?,
        hash: row.try_get_by_index(1)?,
        commit_time: row.try_get_by_index(2)?,
    }))
}

/// The commits whose revision is `which`, in order and without changes.
async fn commits(
    db: &DatabaseConnection,
    which: impl FnOnce(Sql) -> Sql,
) -> Result<Vec<Told>, DbErr> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT revision, hash, commit_time, actor, reason, request_id FROM \"commit\" \
         WHERE revision",
    );
    let rows = db.query_all_raw(which(sql).push(" ORDER BY revision").build()).await?;
    let commit = |row: &QueryResult| {
        Ok(Told {
            revision: row.try_get_by_index(0)?,
            hash: row.try_get_by_index(1)?,
            commit_time: row.try_get_by_index(2)?,
            actor: row.try_get_by_index(3)?,
            reason: row.try_get_by_index(4)?,
            request_id: row.try_get_by_index(5)?,
            changes: Vec::new(),
        })
    };
    rows.iter().map(commit).collect()
}

/// The changes with a revision `between` two that are wanted, each with it. What is
/// short travels as one text: a value costs more than its bytes.
async fn changes(
    db: &DatabaseConnection,
    between: impl FnOnce(Sql) -> Sql,
    wanted: &Wanted,
) -> Result<Vec<(i64, ToldChange)>, DbErr> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT h.revision, h.ordinal || ',' || h.kind || ',' || h.name || ',' || h.fields, \
         h.uid, h.body",
    );
    let sql = sql.push(if wanted.before {
        ", p.body FROM change h LEFT JOIN change p ON h.kind IN ('UPDATED', 'DELETED') \
         AND p.key = h.key AND p.revision = h.previous_revision"
    } else {
        " FROM change h"
    });
    let sql = narrowed(between(sql.push(" WHERE h.revision BETWEEN ")), wanted);
    let sql = sql.push(" ORDER BY h.revision, h.ordinal");
    let rows = db.query_all_raw(sql.build()).await?;
    rows.iter().map(|row| change(row, wanted)).collect()
}

fn change(row: &QueryResult, wanted: &Wanted) -> Result<(i64, ToldChange), DbErr> {
    let short: String = row.try_get_by_index(1)?;
    let mut parts = short.splitn(4, ',');
    let mut part = || parts.next().unwrap_or_default();
    let ordinal = part().parse().map_err(|_| DbErr::Type("the ordinal of a change".to_owned()))?;
    let (kind, name, fields) = (part().to_owned(), part().to_owned(), part().to_owned());
    let body: Vec<u8> = row.try_get_by_index(3)?;
    let before: Option<Vec<u8>> = if wanted.before { row.try_get_by_index(4)? } else { None };
    let uid = row.try_get_by_index(2)?;
    let (body, before) = (body.into(), before.unwrap_or_default().into());
    let change = ToldChange { ordinal, kind, name, uid, fields, body, before };
    Ok((row.try_get_by_index(0)?, change))
}

/// The conditions on a change `h`. Collections and kinds are words of our own.
fn narrowed(sql: Sql, wanted: &Wanted) -> Sql {
    let Wanted { collections, kinds, actors, always, before: _ } = wanted;
    let within = |collections: &[&str]| {
        let ranges = collections
            .iter()
            .map(|collection| format!("h.name > '{collection}/' AND h.name < '{collection}0'"));
        format!("({})", ranges.collect::<Vec<_>>().join(" OR "))
    };
    if wanted.has_all() {
        return sql;
    }
    let mut sql = sql.push(" AND (");
    if !always.is_empty() {
        sql = sql.push(&within(always)).push(" OR ");
    }
    let mut and = "(";
    if !collections.is_empty() {
        sql = sql.push(and).push(&within(collections));
        and = " AND ";
    }
    if !kinds.is_empty() {
        sql = sql.push(and).push(&format!("h.kind IN ('{}')", kinds.join("', '")));
        and = " AND ";
    }
    if !actors.is_empty() {
        let by = "EXISTS (SELECT 1 FROM \"commit\" c WHERE c.revision = h.revision AND c.actor";
        let actors = actors.iter().map(String::as_str);
        sql = sql.push(and).push(by).among_text(actors).push(")");
    }
    sql.push("))")
}
