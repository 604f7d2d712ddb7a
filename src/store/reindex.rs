//! Fills the tables anew from the records.

use std::collections::HashMap;

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait};

use super::FORMAT;
use super::connect::Databases;
use super::entities::record;
use super::index::{index_rows, index_tables};
use super::load::decode;
use super::registry::Registry;
use super::resource::Keys;
use super::sql::{Rows, Sql};
use super::transaction::{begin, lock_head};
use crate::model::dates::day_of_microseconds;

/// Records that are indexed by one statement.
const BATCH: usize = 500;

/// The format since which the head has a day. Before, the status of a message was that
/// of the day of its commit; with the day of the newest commit, the calendar finds
/// those of which this is no longer true.
const DAYS_SINCE: i32 = 3;

struct AllKeys(HashMap<String, i64>);

impl Keys for AllKeys {
    fn key(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied()
    }
}

/// When those records were first recorded that were written by a version which
/// did not note it.
const CREATE_TIMES: &str = "UPDATE record SET create_time = COALESCE(( \
     SELECT c.commit_time FROM change x JOIN \"commit\" c ON c.revision = x.revision \
     WHERE x.key = record.key ORDER BY x.revision LIMIT 1), 0) WHERE create_time = 0";

/// Empties every typed table and fills it from the records, in one transaction,
/// with which the store has this version's format; the number of records.
pub async fn reindex(databases: &Databases, registry: Registry) -> Result<usize, DbErr> {
    let transaction = begin(&databases.writer).await?;
    if databases.backend() == sea_orm::DbBackend::Postgres {
        transaction.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
    }
    let (head, _) = lock_head(&transaction).await?;
    let today = match head.format {
        ..DAYS_SINCE => day_of_microseconds(head.commit_time),
        _ => head.today,
    };
    for table in index_tables(registry).map(|table| table.name) {
        transaction.execute_unprepared(&format!("DELETE FROM \"{table}\"")).await?;
    }
    transaction.execute_unprepared(CREATE_TIMES).await?;
    let backend = databases.backend();
    let names = Sql::new(backend, "SELECT name, key FROM record").build();
    let mut keys = HashMap::new();
    for row in transaction.query_all_raw(names).await? {
        keys.insert(row.try_get_by_index(0)?, row.try_get_by_index(1)?);
    }
    let keys = AllKeys(keys);
    let mut after = 0i64;
    let mut done = 0;
    loop {
        let sql = Sql::new(
            backend,
            "SELECT key, type, name, uid, revision, body, create_time FROM record WHERE key > ",
        )
        .bind(after)
        .push(&format!(" ORDER BY key LIMIT {BATCH}"));
        let records = record::Entity::find().from_raw_sql(sql.build()).all(&transaction).await?;
        let Some(last) = records.last() else { break };
        after = last.key;
        done += records.len();
        let mut rows = Rows::default();
        for record in records {
            let kind = registry.by_type(&record.r#type).ok_or_else(|| {
                DbErr::Custom(format!("{} is of the unknown type {}", record.name, record.r#type))
            })?;
            let object = decode(kind, &Bytes::from(record.body))?;
            index_rows(kind, record.key, object.as_ref(), &keys, today, &mut rows);
        }
        let nothing = Sql::new(backend, "UPDATE head SET id = id WHERE id = 1");
        rows.insert(&transaction, nothing).await?;
    }
    let sql = Sql::new(backend, "UPDATE head SET today = ").bind(today);
    let sql = sql.push(", format = ").bind(FORMAT).push(" WHERE id = 1 AND format < ");
    let sql = sql.bind(FORMAT);
    transaction.execute_raw(sql.build()).await?;
    transaction.commit().await?;
    Ok(done)
}
