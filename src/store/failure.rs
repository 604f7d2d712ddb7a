//! What a database's error means for whoever must go on.

use std::time::Duration;

use sea_orm::error::ConnAcquireErr;
use sea_orm::{DbErr, RuntimeErr};

/// What to do after a database error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The connection is gone: connect again.
    Lost,
    /// Another replica was in the way: try again.
    Busy,
    /// There is no room, or the disk fails: refuse writes, keep reading.
    Full,
    /// The database does not take this very data.
    Data,
}

impl Failure {
    /// Sorts `error`.
    pub fn of(error: &DbErr) -> Self {
        match error {
            DbErr::Conn(cause) | DbErr::Exec(cause) | DbErr::Query(cause) => match cause {
                RuntimeErr::SqlxError(error) => of_sqlx(error),
                RuntimeErr::Internal(_) => Self::Data,
            },
            DbErr::ConnectionAcquire(_) => Self::Lost,
            _ => Self::Data,
        }
    }
}

/// Whether `error` comes of a connection that was there and is gone. Others may have gone with
/// it while the database is well.
pub fn was_cut(error: &DbErr) -> bool {
    Failure::of(error) == Failure::Lost && !matches!(error, DbErr::ConnectionAcquire(_))
}

/// What `answer` comes to, or after `limit` an error as for a lost connection: a
/// machine that has frozen, or a network that swallows, never says no.
pub async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(silent()))
}

/// The error for an answer that does not come.
pub fn silent() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}

fn of_sqlx(error: &sqlx::Error) -> Failure {
    let sqlx::Error::Database(error) = error else {
        return match error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Failure::Lost,
            _ => Failure::Data,
        };
    };
    let code = error.code().unwrap_or_default();
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 || error.message().starts_with("database") => {
            of_sqlite(number)
        }
        _ => of_postgres(&code),
    }
}

/// Primary result codes of SQLite.
fn of_sqlite(code: u32) -> Failure {
    match code & 0xff {
        5 | 6 => Failure::Busy,
        // READONLY, IOERR, FULL, CANTOPEN
        8 | 10 | 13 | 14 => Failure::Full,
        _ => Failure::Data,
    }
}

/// SQLSTATE codes.
fn of_postgres(code: &str) -> Failure {
    match code {
        // lock_not_available, query_canceled, serialization_failure, deadlock_detected
        "55P03" | "57014" | "40001" | "40P01" => Failure::Busy,
        // disk_full, out_of_memory, configuration_limit_exceeded, io_error
        "53100" | "53200" | "53400" | "58030" => Failure::Full,
        // feature_not_supported: a table has changed since the connection prepared a statement.
        "0A000" => Failure::Lost,
        // read_only_sql_transaction, idle_in_transaction_session_timeout
        "25006" | "25P03" => Failure::Lost,
        _ if code.starts_with("08") || code.starts_with("57P") || code == "53300" => Failure::Lost,
        _ => Failure::Data,
    }
}
