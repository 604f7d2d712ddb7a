//! The processes of the service that share a database.

use futures_util::future::join_all;

use super::failpoints::Counts;
use super::processes::Replica;
use crate::chance::Chance;
use crate::client::Client;
use crate::database::Database;

/// The processes.
#[derive(Debug)]
pub(super) struct Replicas(Vec<Replica>);

impl Replicas {
    /// Starts so many.
    pub(super) async fn start(story: &str, database: &Database, count: usize) -> Self {
        let chance = |number| Chance::of(&format!("{story}-replica-{number}"));
        let start = |number| Replica::start(database.url(), chance(number));
        Self(join_all((0..count).map(start)).await)
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

    /// What went wrong inside all that have ended.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        for (name, count) in self.0.iter().flat_map(Replica::counts) {
            *counts.entry(name).or_default() += count;
        }
        counts
    }
}
