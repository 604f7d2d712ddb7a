//! The product as it is measured: a whole server in this process, on a database
//! of its own.

use std::sync::Arc;

use entente::proto::v1::mutation::Operation;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, ApplyRequest, ApplyResponse, CreateMutation, Mutation, Resource, UpdateMutation,
};
use entente::server::Server;
use futures_util::{StreamExt, TryStreamExt, stream};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;

use crate::drive::{connect, unary};
use crate::{Outcome, samples};

/// The variable that names a PostgreSQL in which databases may be made.
pub const ENVIRONMENT: &str = "ENTENTE_TEST_POSTGRES";

/// Agreements that one atomic write records.
const PORTION: usize = 500;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum DatabaseKind {
    /// A file in a temporary folder.
    Sqlite,
    /// A database in the cluster that the environment names.
    Postgres,
}

impl DatabaseKind {
    /// As the table has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// An empty database, removed by [`Place::remove`].
#[derive(Debug)]
pub struct Place {
    /// Which of the two.
    pub kind: DatabaseKind,
    /// As the service takes it.
    pub url: String,
    folder: Option<TempDir>,
    name: String,
}

impl Place {
    /// Makes one.
    pub async fn make(kind: DatabaseKind) -> Outcome<Self> {
        let name = format!("bench_{}", uuid::Uuid::now_v7().simple());
        if kind == DatabaseKind::Sqlite {
            let folder = tempfile::tempdir()?;
            let url = format!("sqlite:{}", folder.path().join("entente.db").display());
            return Ok(Self { kind, url, folder: Some(folder), name });
        }
        let (admin, server) = administrator().await?;
        admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await?;
        admin.close().await?;
        Ok(Self { kind, url: format!("{server}/{name}"), folder: None, name })
    }

    /// Removes it.
    pub async fn remove(self) -> Outcome<()> {
        if self.folder.is_none() {
            let (admin, _) = administrator().await?;
            admin.execute_unprepared(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await?;
            admin.close().await?;
        }
        Ok(())
    }
}

async fn administrator() -> Outcome<(DatabaseConnection, String)> {
    let url = std::env::var(ENVIRONMENT)?;
    let (server, _) = url.rsplit_once('/').ok_or("the address of PostgreSQL names no database")?;
    Ok((sea_orm::Database::connect(&url).await?, server.to_owned()))
}

/// A server that runs.
#[derive(Debug)]
pub struct Product {
    /// Its database.
    pub place: Place,
    /// The server.
    pub server: Server,
    /// Names of agreements that it was filled with.
    pub names: Arc<Vec<String>>,
}

impl Product {
    /// A server that holds the reference data alone.
    pub async fn start(kind: DatabaseKind) -> Outcome<Self> {
        let place = Place::make(kind).await?;
        let address = "127.0.0.1:0".parse()?;
        let server = Server::start(address, &place.url).await?;
        Ok(Self { place, server, names: Arc::default() })
    }

    /// A server with `count` agreements.
    pub async fn filled(kind: DatabaseKind, count: usize) -> Outcome<Self> {
        let mut product = Self::start(kind).await?;
        let channels = connect(product.server.address, 1).await?;
        let answers: Vec<ApplyResponse> = stream::iter((0..count).step_by(PORTION))
            .map(|first| unary(&channels[0], APPLY, portion(first, count)))
            .buffered(4)
            .try_collect()
            .await?;
        let results = answers.into_iter().flat_map(|answer| answer.results);
        product.names = Arc::new(results.map(|result| result.name).collect());
        Ok(product)
    }

    /// Changes each agreement that it was filled with.
    pub async fn change_all(&self) -> Outcome<()> {
        let channels = connect(self.server.address, 1).await?;
        for names in self.names.chunks(PORTION) {
            let mutations = names.iter().map(|name| {
                let agreement = Agreement {
                    name: name.clone(),
                    note: "Changed.".to_owned(),
                    ..Agreement::default()
                };
                let resource = Some(Resource { resource: Some(Any::Agreement(agreement)) });
                let update = UpdateMutation { resource, ..UpdateMutation::default() };
                Mutation { operation: Some(Operation::Update(update)) }
            });
            let request = ApplyRequest { mutations: mutations.collect(), ..Default::default() };
            let _: ApplyResponse = unary(&channels[0], APPLY, request).await?;
        }
        Ok(())
    }

    /// Stops it and removes its database.
    pub async fn finish(self) -> Outcome<()> {
        self.server.drain().await?;
        self.place.remove().await
    }
}

/// A filter for the agreements of a pair, every thousandth one, that were in force on a day.
pub const PAIR_IN_FORCE: &str = "parties.country = \"countries/KHM\" AND \
     parties.country = \"countries/RUS\" AND status_on(\"1945-05-08\") = IN_FORCE";

/// A filter for every thousandth agreement of a store that was filled.
pub const THOUSANDTH: &str = "labels.sample = \"thousandth\"";

const APPLY: &str = "/entente.v1.RecordService/Apply";

fn portion(first: usize, count: usize) -> ApplyRequest {
    let create = |number| {
        let mut agreement = samples::agreement(number);
        if number % 100 == 0 {
            let other = if number % 1_000 == 0 { "RUS" } else { "FRA" };
            agreement.parties = vec![samples::party("KHM"), samples::party(other)];
        }
        if number % 1_000 == 0 {
            agreement.labels.insert("sample".to_owned(), "thousandth".to_owned());
        }
        let resource = Some(Any::Agreement(agreement));
        let create =
            CreateMutation { resource: Some(Resource { resource }), ..CreateMutation::default() };
        Mutation { operation: Some(Operation::Create(create)) }
    };
    let mutations = (first..count.min(first + PORTION)).map(create).collect();
    ApplyRequest { mutations, ..ApplyRequest::default() }
}
