//! How every transaction that writes begins: with the head.

use std::sync::LazyLock;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, EntityTrait,
    FromQueryResult, IdenStatic, Iterable, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};

use super::entities::head;
use super::sql::Sql;
use crate::model::failpoints;

/// Begins a transaction that writes: on SQLite with its lock, since a lock taken
/// later fails at once where somebody has written in between.
pub async fn begin(writer: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    let options = TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    writer.begin_with_options(options).await
}

#[derive(FromQueryResult)]
struct Clock {
    now: i64,
}

/// All columns of the head by their names, on PostgreSQL: a newer version may add one, and a
/// statement that asks for `*` is then refused by whoever has it prepared.
static TAKE_HEAD: LazyLock<String> = LazyLock::new(|| {
    let columns: Vec<_> = head::Column::iter().map(|column| column.as_str()).collect();
    let clock = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now";
    format!("SELECT {}, {clock} FROM head WHERE id = 1 FOR UPDATE", columns.join(", "))
});

/// Takes the head row; also the clock of the database, in microseconds.
pub async fn lock_head(transaction: &impl ConnectionTrait) -> Result<(head::Model, i64), DbErr> {
    let backend = transaction.get_database_backend();
    let lost = || DbErr::RecordNotFound("the head row".to_owned());
    if backend == DbBackend::Postgres {
        let row = transaction.query_one_raw(Sql::new(backend, &TAKE_HEAD).build()).await?;
        let row = row.ok_or_else(lost)?;
        let clock = Clock::from_query_result(&row, "")?;
        let now = clock.now.saturating_add(failpoints::clock_skew());
        return Ok((super::load::model(&row)?, now));
    }
    let head = head::Entity::find_by_id(1).one(transaction).await?.ok_or_else(lost)?;
    Ok((head, super::now_micros()))
}

/// Forgets answers that have expired.
pub(super) async fn sweep(transaction: &impl ConnectionTrait, now: i64) -> Result<(), DbErr> {
    let sql = Sql::new(transaction.get_database_backend(), "DELETE FROM request WHERE expires < ");
    transaction.execute_raw(sql.bind(now).build()).await?;
    Ok(())
}
