//! A database for one test alone.

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use uuid::Uuid;

/// The variable that names a PostgreSQL in which databases may be made.
const POSTGRES: &str = "ENTENTE_TEST_POSTGRES";

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in a folder of its own.
    Sqlite,
    /// A database of its own in the cluster that the environment names.
    Postgres,
}

/// A database that exists for one test.
#[derive(Debug)]
pub struct TestDatabase {
    /// Which of the two.
    pub kind: Database,
    /// As the service takes it.
    pub url: String,
    folder: Option<TempDir>,
    name: String,
}

impl TestDatabase {
    /// Makes an empty one.
    pub async fn create(kind: Database) -> Self {
        let name = format!("entente_{}", Uuid::now_v7().simple());
        match kind {
            Database::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("entente.db").display());
                Self { kind, url, folder: Some(folder), name }
            }
            Database::Postgres => {
                let admin = admin().await;
                admin.execute_unprepared(&format!("CREATE DATABASE \"{name}\"")).await.unwrap();
                admin.close().await.unwrap();
                let (server, _) = admin_url().rsplit_once('/').map(own).unwrap();
                Self { kind, url: format!("{server}/{name}"), folder: None, name }
            }
        }
    }

    /// A copy of it as it stands; nobody may be using it.
    pub async fn copy(&self) -> Self {
        let copy = Self::create(self.kind).await;
        match &self.folder {
            Some(folder) => {
                let to = copy.folder.as_ref().unwrap().path().join("entente.db");
                std::fs::copy(folder.path().join("entente.db"), to).unwrap();
            }
            None => {
                let admin = admin().await;
                let (new, old) = (&copy.name, &self.name);
                admin.execute_unprepared(&format!("DROP DATABASE \"{new}\"")).await.unwrap();
                let make = format!("CREATE DATABASE \"{new}\" TEMPLATE \"{old}\"");
                admin.execute_unprepared(&make).await.unwrap();
                admin.close().await.unwrap();
            }
        }
        copy
    }

    /// A connection past the service, to look or to break things.
    pub async fn connect(&self) -> DatabaseConnection {
        sea_orm::Database::connect(&self.url).await.unwrap()
    }

    /// Removes it.
    pub async fn remove(self) {
        match self.folder {
            Some(folder) => folder.close().unwrap(),
            None => {
                let admin = admin().await;
                let drop = format!("DROP DATABASE \"{}\" WITH (FORCE)", self.name);
                admin.execute_unprepared(&drop).await.unwrap();
                admin.close().await.unwrap();
            }
        }
    }
}

fn own((server, database): (&str, &str)) -> (String, String) {
    (server.to_owned(), database.to_owned())
}

fn admin_url() -> String {
    std::env::var(POSTGRES).unwrap_or_else(|_| {
        panic!("{POSTGRES} names no PostgreSQL: run the tests by scripts/test, which starts one")
    })
}

async fn admin() -> DatabaseConnection {
    sea_orm::Database::connect(admin_url()).await.unwrap()
}
