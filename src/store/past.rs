//! The record as it was: for each name, the newest version at or below a revision.
//!
//! What has not changed since is in `record`; the rest is in the log. Every name
//! that was ever used is in `record` or in `tombstone`.

use std::collections::HashMap;

use bytes::Bytes;
use futures_util::StreamExt;
use sea_orm::sea_query::ArrayType;
use sea_orm::{DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, StreamTrait, Value};

use super::registry::Kind;
use super::sql::Sql;

/// Asks for records of a type, in the order of their names.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The type.
    pub kind: &'static Kind,
    /// The last name of the page before; empty for the first.
    pub after: &'a str,
    /// When: everything at or below this revision counts.
    pub revision: i64,
    /// Names to look at, at most.
    pub names: usize,
    /// Bytes of the messages together, unless one alone has more.
    pub bytes: usize,
}

/// Records as they were.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Names and encoded messages, in the order of names.
    pub records: Vec<(String, Bytes)>,
    /// The last name that was looked at, if more may follow.
    pub next: Option<String>,
}

/// A page of the records of a type. It looks at a bounded number of names, so it
/// may hold few or none although more follow.
pub async fn page(db: &DatabaseConnection, asked: &Asked<'_>) -> Result<Page, DbErr> {
    let (mut found, mut more) = names(db, asked).await?;
    let changed = found.iter().filter(|(_, body)| body.is_none());
    let changed: Vec<String> = changed.map(|(name, _)| name.clone()).collect();
    if !changed.is_empty() {
        let changed: Vec<&str> = changed.iter().map(String::as_str).collect();
        let (mut versions, last) = bounded(db, &changed, asked.revision, asked.bytes).await?;
        for (name, body) in &mut found {
            *body = body.take().or_else(|| versions.remove(name));
        }
        // What lies behind the last version that was read has not been looked at.
        if let Some(last) = last {
            found.retain(|(name, _)| *name <= last);
            more = true;
        }
    }
    let mut page = Page::default();
    let mut bytes = 0;
    let mut looked_at = None;
    for (name, body) in found {
        let size = body.as_ref().map_or(0, Bytes::len);
        if bytes > 0 && bytes + size > asked.bytes {
            more = true;
            break;
        }
        bytes += size;
        looked_at = Some(name.clone());
        page.records.extend(body.map(|body| (name, body)));
    }
    page.next = looked_at.filter(|_| more);
    Ok(page)
}

/// Names in order, each with its message if that has not changed since; and whether
/// more follow.
///
/// Both tables are read by one statement, since a name may move between them. Names of
/// the dead come first, so that the messages of the living need not be sorted, nor read
/// to the end.
async fn names(
    db: &DatabaseConnection,
    asked: &Asked<'_>,
) -> Result<(Vec<(String, Option<Bytes>)>, bool), DbErr> {
    let mut rows = db.stream_raw(statement(db.get_database_backend(), asked)).await?;
    let (mut dead, mut live, mut read) = (Vec::new(), Vec::new(), 0);
    let mut is_cut = false;
    while let Some(row) = rows.next().await {
        let row = row?;
        let name: String = row.try_get_by_index(0)?;
        if row.try_get_by_index::<i32>(2)? == DEAD {
            if !live.is_empty() {
                return Err(DbErr::Custom("the dead come first".to_owned()));
            }
            dead.push((name, None));
            continue;
        }
        let body: Option<Vec<u8>> = row.try_get_by_index(1)?;
        read += body.as_ref().map_or(0, Vec::len);
        if live.len() == asked.names || (read > asked.bytes && !live.is_empty()) {
            is_cut = true;
            break;
        }
        live.push((name, body.map(Bytes::from)));
    }
    // What lies behind the last of either that was read has not been looked at.
    let mut ends: Vec<String> = Vec::new();
    ends.extend(live.last().filter(|_| is_cut).map(|(name, _)| name.clone()));
    if dead.len() > asked.names {
        dead.truncate(asked.names);
        ends.extend(dead.last().map(|(name, _): &(String, Option<Bytes>)| name.clone()));
    }
    live.extend(dead);
    live.sort_by(|(one, _), (other, _)| one.cmp(other));
    if let Some(end) = ends.iter().min() {
        live.retain(|(name, _)| name <= end);
    }
    Ok((live, !ends.is_empty()))
}

/// What tells names of `tombstone` and of `record` apart.
const DEAD: i32 = 0;
const LIVE: i32 = 1;

fn statement(backend: DbBackend, asked: &Asked<'_>) -> Statement {
    let Asked { kind, after, revision, names, bytes: _ } = *asked;
    let lower = if after.is_empty() { format!("{}/", kind.collection) } else { after.to_owned() };
    let upper = format!("{}0", kind.collection);
    let limit = i64::try_from(names + 1).unwrap_or(i64::MAX);
    let dead = format!("SELECT name, body, {DEAD} FROM (SELECT name, ");
    let sql = Sql::new(backend, &dead);
    let sql = sql.push("(SELECT body FROM record WHERE key < 0) AS body FROM tombstone t");
    let sql = sql.push(" WHERE name > ").bind(lower.clone());
    let sql = sql.push(" AND name < ").bind(upper.clone());
    let sql = sql.push(" AND NOT EXISTS (SELECT 1 FROM record r WHERE r.name = t.name)");
    let sql = sql.push(" ORDER BY name LIMIT ").bind(limit);
    let live = format!(") d UNION ALL SELECT name, body, {LIVE} FROM (SELECT name, CASE WHEN");
    let sql = sql.push(&live).push(" revision <= ").bind(revision);
    let sql = sql.push(" THEN body END AS body FROM record WHERE name > ").bind(lower);
    let sql = sql.push(" AND name < ").bind(upper);
    sql.push(" ORDER BY name LIMIT ").bind(limit).push(") l").build()
}

/// The records that are asked for, each by its name and as it was at a revision: by
/// revision and name.
pub async fn versions(
    db: &DatabaseConnection,
    asked: &[(&str, i64)],
) -> Result<HashMap<i64, HashMap<String, Bytes>>, DbErr> {
    let mut found: HashMap<i64, HashMap<String, Bytes>> = HashMap::new();
    let mut rows = db.stream_raw(versions_statement(db, asked.iter().copied())).await?;
    while let Some(row) = rows.next().await {
        let (revision, name, body) = version(&row?)?;
        found.entry(revision).or_default().insert(name, body);
    }
    Ok(found)
}

/// The records called `names` as they were at `revision`, in the order of names, until so many
/// bytes have been read; with the last name if there may be more.
async fn bounded(
    db: &DatabaseConnection,
    names: &[&str],
    revision: i64,
    limit: usize,
) -> Result<(HashMap<String, Bytes>, Option<String>), DbErr> {
    let asked = names.iter().map(|name| (*name, revision));
    let mut rows = db.stream_raw(versions_statement(db, asked)).await?;
    let (mut found, mut read) = (HashMap::new(), 0);
    while let Some(row) = rows.next().await {
        let (_, name, body) = version(&row?)?;
        read += body.len();
        found.insert(name.clone(), body);
        if read >= limit {
            return Ok((found, Some(name)));
        }
    }
    Ok((found, None))
}

fn version(row: &QueryResult) -> Result<(i64, String, Bytes), DbErr> {
    let body: Vec<u8> = row.try_get_by_index(2)?;
    Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, body.into()))
}

/// At a revision a name belonged to the record that was the first to be deleted under it
/// later, else to the one that has it now, if they were there already.
fn versions_statement<'a>(
    db: &DatabaseConnection,
    asked: impl IntoIterator<Item = (&'a str, i64)>,
) -> Statement {
    let held = "WITH held AS MATERIALIZED (SELECT asked.name, asked.revision, COALESCE(( \
         SELECT d.key FROM change d WHERE d.name = asked.name AND d.kind = 'DELETED' \
         AND d.revision > asked.revision ORDER BY d.revision LIMIT 1), \
         (SELECT r.key FROM record r WHERE r.name = asked.name)) AS key FROM ";
    let newest = ") SELECT held.revision, held.name, v.body FROM held JOIN change v \
         ON v.key = held.key AND v.revision = (SELECT max(w.revision) FROM change w \
         WHERE w.key = held.key AND w.revision <= held.revision) \
         WHERE v.kind <> 'DELETED' ORDER BY held.name";
    asked_table(Sql::new(db.get_database_backend(), held), asked).push(newest).build()
}

/// Goes on with a table called `asked` of names and revisions. Names sort bytewise, as those
/// of the tables do: parameters would have the order of the database's language.
fn asked_table<'a>(sql: Sql, asked: impl IntoIterator<Item = (&'a str, i64)>) -> Sql {
    if sql.is_postgres() {
        let (names, revisions): (Vec<Value>, Vec<Value>) =
            asked.into_iter().map(|(name, revision)| (name.into(), revision.into())).unzip();
        let names = Value::Array(ArrayType::String, Some(Box::new(names)));
        let revisions = Value::Array(ArrayType::BigInt, Some(Box::new(revisions)));
        let table = "(SELECT name COLLATE \"C\" AS name, revision FROM unnest(";
        let sql = sql.push(table).bind(names).push(", ").bind(revisions);
        return sql.push(") AS given(name, revision)) AS asked");
    }
    let asked: Vec<(&str, i64)> = asked.into_iter().collect();
    let sql = sql.push("(SELECT value ->> 0 AS name, value ->> 1 AS revision FROM json_each(");
    sql.bind(serde_json::json!(asked).to_string()).push(")) AS asked")
}
