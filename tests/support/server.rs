//! A server in this process, on a database of its own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Mutex;

use entente::server::Server;
use entente::store::clock::Clock;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::database::TestDatabase;
use super::{Clients, Database, invariant};

/// Any free port of this machine alone.
pub const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A server and its database.
#[derive(Debug)]
pub struct TestServer {
    /// Its database.
    pub database: TestDatabase,
    /// Clients of it.
    pub clients: Clients,
    /// The service itself.
    pub server: Server,
    replicas: Mutex<Vec<Server>>,
}

/// A second server on the same PostgreSQL; it is drained with the first.
#[derive(Debug)]
pub struct Replica {
    /// Where it listens.
    pub address: SocketAddr,
    /// Clients of it.
    pub clients: Clients,
}

impl TestServer {
    /// Starts one on a new database.
    pub async fn start(database: Database) -> Self {
        Self::start_on(TestDatabase::create(database).await).await
    }

    /// Starts one on a database that exists.
    pub async fn start_on(database: TestDatabase) -> Self {
        Self::start_by(Clock::default(), database).await
    }

    /// The same by a clock of its own.
    pub async fn start_by(clock: Clock, database: TestDatabase) -> Self {
        let server = Server::start_by(clock, ANY_PORT, &database.url).await.unwrap();
        let clients = Clients::connect(server.address).await;
        Self { database, clients, server, replicas: Mutex::default() }
    }

    /// Starts another server on the same database, which must be PostgreSQL.
    pub async fn replica(&self) -> Replica {
        let server = Server::start(ANY_PORT, &self.database.url).await.unwrap();
        let address = server.address;
        let clients = Clients::connect(address).await;
        self.replicas.lock().unwrap().push(server);
        Replica { address, clients }
    }

    /// A connection past the service.
    pub async fn connect(&self) -> DatabaseConnection {
        self.database.connect().await
    }

    /// Runs one statement past the service.
    pub async fn execute(&self, sql: &str) {
        let connection = self.connect().await;
        connection.execute_unprepared(sql).await.unwrap();
        connection.close().await.unwrap();
    }

    /// Drains it and its replicas; the database stays.
    pub async fn stop(self) -> TestDatabase {
        let Self { database, clients, server, replicas } = self;
        drop(clients);
        for replica in replicas.into_inner().unwrap() {
            replica.drain().await.unwrap();
        }
        server.drain().await.unwrap();
        database
    }

    /// Drains it, checks the invariant and removes the database.
    pub async fn finish(self) {
        let database = self.stop().await;
        invariant::check(&database.url).await;
        database.remove().await;
    }
}
