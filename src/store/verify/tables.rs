//! The tables beside the log: they must be what it leads to.

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};
use sha2::{Digest, Sha256};

use super::VerifyError;
use super::difference::{Difference, Findings, Place};
use super::fold::{Fold, Version};
use crate::model::dates::Day;
use crate::store::entities::{record, tombstone};
use crate::store::index::{index_rows, index_tables};
use crate::store::load::decode;
use crate::store::registry::{Kind, Registry};
use crate::store::sql::{Rows, Sql};

/// Records that are read at once: at most 50 MB.
const RECORDS: usize = 100;
/// Tombstones that are read at once.
const TOMBSTONES: usize = 1_000;

/// Checks the live records, and the rows that follow from them on the day `today` of
/// the head, in the order of keys; the number of records.
pub(super) async fn check_records(
    db: &impl ConnectionTrait,
    registry: Registry,
    fold: &Fold,
    today: Day,
) -> Result<usize, VerifyError> {
    let mut live = fold.live();
    let mut after = i64::MIN;
    let mut count = 0;
    loop {
        let records = records(db, after).await?;
        let until = records.last().map_or(i64::MAX, |last| last.key);
        let mut rows = Rows::default();
        count += records.len();
        for record in records {
            let kind = check_record(registry, live.next(), &record)?;
            let object = decode(kind, &Bytes::from(record.body))?;
            index_rows(kind, record.key, object.as_ref(), fold, today, &mut rows);
        }
        if until == i64::MAX
            && let Some((_, missing)) = live.next()
        {
            return Err(missing_record(missing).into());
        }
        check_rows(db, registry, fold, &rows, (after, until)).await?;
        if until == i64::MAX {
            return Ok(count);
        }
        after = until;
    }
}

async fn records(db: &impl ConnectionTrait, after: i64) -> Result<Vec<record::Model>, DbErr> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT key, type, name, uid, revision, body, create_time FROM record WHERE key > ",
    )
    .bind(after)
    .push(&format!(" ORDER BY key LIMIT {RECORDS}"));
    record::Entity::find().from_raw_sql(sql.build()).all(db).await
}

/// Checks a record against the one that comes next in the fold; its type.
fn check_record(
    registry: Registry,
    expected: Option<(i64, &Version)>,
    record: &record::Model,
) -> Result<&'static Kind, VerifyError> {
    let record::Model { key, r#type, name, uid, revision, body, create_time } = record;
    let version = match expected {
        Some((expected, version)) if expected == *key => version,
        Some((expected, version)) if expected < *key => return Err(missing_record(version).into()),
        _ => {
            let mut findings = Findings::default();
            findings.add("row", "none", format!("one with the key {key}"));
            return Err(findings.at(Place::Record(name.clone())).into());
        }
    };
    let kind = registry.by_name(&version.name);
    let mut findings = Findings::default();
    findings.compare("type", kind.map_or("", |kind| kind.type_name), r#type);
    findings.compare("name", &version.name, name);
    findings.compare("uid", version.uid, *uid);
    findings.compare("revision", version.revision, *revision);
    findings.compare("create_time", version.create_time, *create_time);
    let digest = Sha256::digest(body);
    findings.compare_bytes("body", &version.body.unwrap_or_default(), &digest);
    findings.into_result(|| Place::Record(version.name.clone()))?;
    kind.ok_or_else(|| DbErr::Custom(format!("{name} is of no type")).into())
}

fn missing_record(version: &Version) -> Difference {
    let mut findings = Findings::default();
    findings.add("row", format!("one at revision {}", version.revision), "none");
    findings.at(Place::Record(version.name.clone()))
}

/// Checks all rows for keys beyond the first of `keys` and up to the second.
async fn check_rows(
    db: &impl ConnectionTrait,
    registry: Registry,
    fold: &Fold,
    rows: &Rows,
    keys: (i64, i64),
) -> Result<(), VerifyError> {
    for table in index_tables(registry).map(|table| table.name) {
        let Some(odd) = rows.first_odd(db, table, keys).await? else { continue };
        let name = fold.version(odd.key).map_or("", |version| &version.name).to_owned();
        let mut findings = Findings::default();
        findings.add("rows", odd.expected, odd.stands);
        return Err(findings.at(Place::Rows { table, key: odd.key, name }).into());
    }
    Ok(())
}

/// Checks what is kept of deleted records, in the order of names.
pub(super) async fn check_tombstones(
    db: &impl ConnectionTrait,
    fold: &Fold,
) -> Result<(), VerifyError> {
    let mut missing = fold.buried();
    let mut after = String::new();
    loop {
        let sql = Sql::new(
            db.get_database_backend(),
            "SELECT name, key, uid, last_revision FROM tombstone WHERE name > ",
        )
        .bind(after)
        .push(&format!(" ORDER BY name LIMIT {TOMBSTONES}"));
        let page = tombstone::Entity::find().from_raw_sql(sql.build()).all(db).await?;
        let Some(last) = page.last() else { break };
        after = last.name.clone();
        for tombstone in &page {
            check_tombstone(fold, tombstone)?;
            missing.remove(&tombstone.key);
        }
    }
    match missing.first().and_then(|key| fold.version(*key)) {
        Some(version) => {
            let mut findings = Findings::default();
            findings.add("row", "one", "none");
            Err(findings.at(Place::Tombstone(version.name.clone())).into())
        }
        None => Ok(()),
    }
}

/// A name that is taken may still have what was deleted under it before.
fn check_tombstone(fold: &Fold, tombstone: &tombstone::Model) -> Result<(), Difference> {
    let tombstone::Model { name, key, uid, last_revision } = tombstone;
    let mut findings = Findings::default();
    let dead = |version: &&Version| version.body.is_none() && version.name == *name;
    match fold.version(*key).filter(dead) {
        Some(version) => {
            findings.compare("key", fold.buried_as(name).unwrap_or(*key), *key);
            findings.compare("uid", version.uid, *uid);
            findings.compare("last_revision", version.revision, *last_revision);
        }
        None => findings.add("key", "that of a deleted record of this name", key.to_string()),
    }
    findings.into_result(|| Place::Tombstone(name.clone()))
}
