//! A database for one story.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;

/// An empty database, removed at the end of the story.
#[derive(Debug)]
pub(crate) enum Database {
    /// A file in a folder of its own.
    Sqlite(TempDir),
    /// One of the databases of the server at the address.
    Postgres {
        /// Address of the server's database for administration.
        server: String,
        /// Name of the database.
        name: String,
    },
}

impl Database {
    /// A SQLite file.
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().expect("there is room for a folder"))
    }

    /// A database of the PostgreSQL server for tests.
    pub(crate) async fn postgres() -> Self {
        Self::postgres_in("pg_default").await
    }

    /// The same in a tablespace.
    pub(crate) async fn postgres_in(tablespace: &str) -> Self {
        Self::postgres_of(server(), tablespace).await
    }

    /// The same of another server.
    pub(crate) async fn postgres_of(server: String, tablespace: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("faults_{}_{number}", std::process::id());
        let admin = connect(&server).await;
        let text = format!("CREATE DATABASE {name} TABLESPACE {tablespace}");
        admin.execute_unprepared(&text).await.expect("it is new");
        admin.close().await.expect("the connection closes");
        Self::Postgres { server, name }
    }

    /// Short name of the kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "sqlite",
            Self::Postgres { .. } => "postgres",
        }
    }

    /// Address as the service takes it.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => {
                format!("sqlite:{}", folder.path().join("entente.db").display())
            }
            Self::Postgres { server, name } => with_database(server, name),
        }
    }

    /// Host and port of the PostgreSQL server.
    pub(crate) fn host(&self) -> String {
        let url = self.url();
        let authority = url.split("//").nth(1).and_then(|rest| rest.split('/').next());
        let authority = authority.expect("the address names a server");
        authority.rsplit('@').next().expect("something is last").to_owned()
    }

    /// Its address by way of `proxy`, a host and port.
    pub(crate) fn url_by(&self, proxy: &str) -> String {
        self.url().replacen(&self.host(), proxy, 1)
    }

    /// A connection of our own, beside the service.
    pub(crate) async fn connect(&self) -> DatabaseConnection {
        connect(&self.url()).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Self::Postgres { server, name } = self else { return };
        let (server, drop) = (server.clone(), format!("DROP DATABASE {name} WITH (FORCE)"));
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(async {
                let _ = connect(&server).await.execute_unprepared(&drop).await;
            });
        });
        let _ = dropped.join();
    }
}

/// Address of the PostgreSQL server for tests.
pub(crate) fn server() -> String {
    std::env::var("ENTENTE_TEST_POSTGRES").expect(
        "ENTENTE_TEST_POSTGRES must be the address of a PostgreSQL server for tests: run scripts/test",
    )
}

/// A connection to a database.
pub(crate) async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.expect("the database for tests answers")
}

fn with_database(server: &str, name: &str) -> String {
    let (address, query) = match server.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (server, String::new()),
    };
    let (head, _) = address.rsplit_once('/').expect("the address names a database");
    format!("{head}/{name}{query}")
}
