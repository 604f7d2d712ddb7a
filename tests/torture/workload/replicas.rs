//! The processes of the service that share a database.

use futures_util::future::join_all;

use super::processes::Replica;
use crate::client::Client;
use crate::database::Database;

/// The processes.
#[derive(Debug)]
pub(super) struct Replicas(Vec<Replica>);

impl Replicas {
    /// Starts so many.
    pub(super) async fn start(database: &Database, count: usize) -> Self {
        Self(join_all((0..count).map(|_| Replica::start(database.url()))).await)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// One of them.
    pub(super) fn get(&self, number: usize) -> &Replica {
        &self.0[number]
    }

    /// A client of one, with a connection of its own.
    pub(super) fn client(&self, number: usize) -> Client {
        self.0[number].client()
    }

    /// A client of each.
    pub(super) fn clients(&self) -> Vec<Client> {
        self.0.iter().map(Replica::client).collect()
    }

    /// Waits until all serve.
    pub(super) async fn until_all_serve(&self) {
        join_all(self.0.iter().map(Replica::restart)).await;
    }

    /// Ends all.
    pub(super) fn kill(&self) {
        self.0.iter().for_each(Replica::kill);
    }
}
