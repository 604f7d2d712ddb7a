//! Opens the database: who may write, who reads, and with which settings.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use sea_orm::{DatabaseConnection, DbBackend, DbErr, SqlxPostgresConnector, SqlxSqliteConnector};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::failure::{in_time, silent, was_cut};
use super::lock::Lock;
use crate::model::limits::{IDLE_IN_TRANSACTION, LOCK_TIMEOUT, STATEMENT_TIMEOUT};

/// Connections that read.
const READERS: u32 = 6;
/// Rows that SQLite's thread reads ahead of whoever takes them.
const ROW_BUFFER: usize = 256;
/// Pages of 4 KiB in SQLite's log before they go into the file: the larger, the
/// fewer pages are written more than once.
const WAL_PAGES: &str = "10000";
/// For the committer: its statements find rows by keys, whatever the group. PostgreSQL would
/// plan some of them anew each time, which takes longer than to run them.
const COMMITTER_PLANS: [(&str, &str); 2] = [("plan_cache_mode", "force_generic_plan"), NO_JIT];
/// Compiling the longest filters takes seconds, and running them does not.
const NO_JIT: (&str, &str) = ("jit", "off");
/// How long a caller waits for a connection before the store counts as gone.
const ACQUIRE: Duration = Duration::from_secs(3);

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The address is none that can be used.
    #[error("the database URL must begin with sqlite: or postgres:, not {0:?}")]
    Address(String),
    /// The folder of a SQLite file cannot be made, or its lock not opened.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// Another process has the file.
    #[error(
        "{0} is in use by another entente process: one process serves one SQLite file. Stop it, or use PostgreSQL for several"
    )]
    InUse(PathBuf),
    /// The database refuses.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] DbErr),
    /// The settings in the address are wrong.
    #[error("the database cannot be opened: {0}")]
    Settings(#[from] sqlx::Error),
}

/// Connections that read, shared.
pub type Reader = Arc<DatabaseConnection>;

/// An open database.
#[derive(Debug)]
pub struct Databases {
    /// For the committer alone: one connection.
    pub writer: DatabaseConnection,
    /// For everybody else.
    reader: RwLock<Reader>,
    writer_way: Way,
    reader_way: Way,
    /// How to connect for hints; there are none on SQLite.
    pub hint_way: Option<PgConnectOptions>,
    /// Hears the text of each statement that the committer sends.
    pub hears_statements: Option<fn(&str)>,
    /// Held until a SQLite file is closed.
    lock: Mutex<Option<Lock>>,
}

/// How to connect, and as how many.
#[derive(Debug)]
enum Way {
    Sqlite(SqlitePoolOptions, SqliteConnectOptions),
    Postgres(PgPoolOptions, PgConnectOptions),
}

impl Way {
    fn connect(&self) -> DatabaseConnection {
        match self {
            Self::Sqlite(pool, options) => SqlxSqliteConnector::from_sqlx_sqlite_pool(
                pool.clone().connect_lazy_with(options.clone()),
            ),
            Self::Postgres(pool, options) => SqlxPostgresConnector::from_sqlx_postgres_pool(
                pool.clone().connect_lazy_with(options.clone()),
            ),
        }
    }
}

impl Databases {
    fn connect(
        writer_way: Way,
        reader_way: Way,
        hint_way: Option<PgConnectOptions>,
        lock: Option<Lock>,
    ) -> Self {
        Self {
            writer: writer_way.connect(),
            reader: RwLock::new(Arc::new(reader_way.connect())),
            writer_way,
            reader_way,
            hint_way,
            hears_statements: None,
            lock: Mutex::new(lock),
        }
    }

    /// Which of the two it is.
    pub fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// A new connection for the committer, in place of one in an unknown state.
    pub fn connect_writer(&self) -> DatabaseConnection {
        self.heard(self.writer_way.connect())
    }

    /// A new connection by which the committer reads ahead.
    pub fn connect_scout(&self) -> DatabaseConnection {
        self.heard(match &self.reader_way {
            Way::Postgres(pool, options) => {
                let options = options.clone().options(COMMITTER_PLANS);
                Way::Postgres(pool.clone().max_connections(1), options).connect()
            }
            sqlite @ Way::Sqlite(..) => sqlite.connect(),
        })
    }

    fn heard(&self, mut connection: DatabaseConnection) -> DatabaseConnection {
        if let Some(hears) = self.hears_statements {
            connection.set_metric_callback(move |told| hears(&told.statement.sql));
        }
        connection
    }

    /// The connections that read.
    pub fn reader(&self) -> Reader {
        Arc::clone(&self.reader.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What `question` comes to, or after `limit` an error as for a lost connection.
    /// PostgreSQL's connections are then left behind, all of them: if its machine has
    /// vanished they stay silent when it is back, and a new one is answered. So they are where
    /// one was cut and a new one is answered, and the question is asked again.
    pub async fn read<T, A>(
        &self,
        limit: Duration,
        question: impl Fn(Reader) -> A,
    ) -> Result<T, DbErr>
    where
        A: Future<Output = Result<T, DbErr>>,
    {
        let reader = self.reader();
        match tokio::time::timeout(limit, question(Arc::clone(&reader))).await {
            Ok(Err(error)) if was_cut(&error) && self.answers_anew().await => {
                self.leave(&reader);
                in_time(limit, question(self.reader())).await
            }
            Ok(answer) => answer,
            Err(_) => {
                self.leave(&reader);
                Err(silent())
            }
        }
    }

    /// Whether PostgreSQL takes a new connection.
    async fn answers_anew(&self) -> bool {
        let Way::Postgres(_, options) = &self.reader_way else { return false };
        let connected = async { options.connect().await?.close().await };
        matches!(tokio::time::timeout(ACQUIRE, connected).await, Ok(Ok(())))
    }

    /// Connects readers anew, unless somebody else has in place of `old`.
    fn leave(&self, old: &Reader) {
        let mut reader = self.reader.write().unwrap_or_else(PoisonError::into_inner);
        if matches!(self.reader_way, Way::Postgres(..)) && Arc::ptr_eq(&reader, old) {
            tracing::warn!("readers connect to the database again");
            *reader = Arc::new(self.reader_way.connect());
        }
    }

    /// Closes all connections, so that SQLite leaves no log beside its file, and
    /// gives the file free, whoever still holds this.
    pub async fn close(&self) {
        let _ = self.reader().close_by_ref().await;
        let _ = self.writer.clone().close().await;
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Opens the database at `url`; a SQLite file is made if it is missing.
pub async fn open(url: &str) -> Result<Databases, OpenError> {
    match scheme(url) {
        Some("sqlite") => open_sqlite(url).await,
        Some("postgres" | "postgresql") => open_postgres(url),
        _ => Err(unknown_address(url)),
    }
}

/// Opens the database at `url` to read it over one connection. No store is made, and
/// the lock is not taken, so this may be done beside a process that serves the store:
/// SQLite too lets other processes read what was committed before they began. It
/// keeps their place in the `-shm` file, which it makes with an empty `-wal` if need be.
pub fn open_to_read(url: &str) -> Result<DatabaseConnection, OpenError> {
    let way = match scheme(url) {
        Some("sqlite") => Way::Sqlite(
            SqlitePoolOptions::new().acquire_timeout(ACQUIRE).max_connections(1),
            SqliteConnectOptions::from_str(url)?
                .read_only(true)
                .create_if_missing(false)
                .busy_timeout(Duration::from_secs(5))
                .row_buffer_size(ROW_BUFFER)
                .disable_statement_logging(),
        ),
        Some("postgres" | "postgresql") => Way::Postgres(
            PgPoolOptions::new().acquire_timeout(ACQUIRE).max_connections(1),
            postgres_reader(postgres(url)?),
        ),
        _ => return Err(unknown_address(url)),
    };
    Ok(way.connect())
}

fn scheme(url: &str) -> Option<&str> {
    url.split_once(':').map(|(scheme, _)| scheme)
}

/// An address may hold a password before the last `@`.
fn unknown_address(url: &str) -> OpenError {
    OpenError::Address(url.split('@').next_back().unwrap_or_default().to_owned())
}

async fn open_sqlite(url: &str) -> Result<Databases, OpenError> {
    let options = SqliteConnectOptions::from_str(url)?;
    let path = options.get_filename().to_owned();
    let lock = Lock::take(&path)?;
    let options = options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .disable_statement_logging();
    let pool = SqlitePoolOptions::new()
        .acquire_timeout(ACQUIRE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None);
    let writer_way = Way::Sqlite(
        pool.clone().max_connections(1),
        options
            .clone()
            .statement_cache_capacity(64)
            // References are checked when a write is judged, nobody else writes to the
            // file, and `entente verify` compares all: each would be looked up once more.
            .foreign_keys(false)
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", WAL_PAGES),
    );
    let reader_way = Way::Sqlite(
        pool.max_connections(READERS),
        options.read_only(true).row_buffer_size(ROW_BUFFER).create_if_missing(false),
    );
    let databases = Databases::connect(writer_way, reader_way, None, Some(lock));
    databases.writer.ping().await?;
    Ok(databases)
}

fn open_postgres(url: &str) -> Result<Databases, OpenError> {
    let options = postgres(url)?;
    let writer_options = options.clone().options(COMMITTER_PLANS).options([
        ("lock_timeout", millis(LOCK_TIMEOUT)),
        ("idle_in_transaction_session_timeout", millis(IDLE_IN_TRANSACTION)),
        ("statement_timeout", millis(STATEMENT_TIMEOUT)),
        ("synchronous_commit", "on".to_owned()),
        ("client_connection_check_interval", "1s".to_owned()),
    ]);
    let hint_way = options.clone().options([
        ("statement_timeout", millis(STATEMENT_TIMEOUT)),
        // A hint is not worth a sync of the disk.
        ("synchronous_commit", "off".to_owned()),
        // Whoever listens has nothing to say.
        ("idle_session_timeout", "0".to_owned()),
    ]);
    let reader_options = postgres_reader(options);
    let pool = PgPoolOptions::new().acquire_timeout(ACQUIRE).test_before_acquire(false);
    let writer_pool = pool.clone().max_connections(1).idle_timeout(None).max_lifetime(None);
    let writer_way = Way::Postgres(writer_pool, writer_options);
    let reader_way = Way::Postgres(pool.max_connections(READERS), reader_options);
    Ok(Databases::connect(writer_way, reader_way, Some(hint_way), None))
}

fn postgres(url: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let options = PgConnectOptions::from_str(url)?;
    Ok(options.application_name("entente").disable_statement_logging())
}

fn postgres_reader(options: PgConnectOptions) -> PgConnectOptions {
    options.options([NO_JIT]).options([("statement_timeout", millis(STATEMENT_TIMEOUT))])
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
