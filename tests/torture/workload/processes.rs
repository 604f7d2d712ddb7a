//! One process of the service, behind a way that can be cut, which is started again when it was ended.

use std::net::SocketAddr;
use std::sync::Mutex;

use super::failpoints;
use crate::chance::Chance;
use crate::client::Client;
use crate::process::{Process, free_address};
use crate::support::way::Way;
use crate::wait::until;

/// The process and the way to it.
#[derive(Debug)]
pub(super) struct Replica {
    url: String,
    address: SocketAddr,
    /// The way to it.
    pub(super) way: Way,
    process: Mutex<Option<Process>>,
    /// Decides what goes wrong inside each process.
    chance: Mutex<Chance>,
    /// What went wrong inside those that have ended.
    counts: Mutex<failpoints::Counts>,
}

impl Replica {
    /// Starts one on the database at `url`.
    pub(super) async fn start(url: String, chance: Chance) -> Self {
        let address = free_address();
        let way = Way::start(address).await;
        let (process, chance, counts) = (Mutex::default(), Mutex::new(chance), Mutex::default());
        let replica = Self { url, address, way, process, chance, counts };
        replica.restart().await;
        replica
    }

    /// A client with a connection of its own, by that way.
    pub(super) fn client(&self) -> Client {
        Client::of(self.way.address)
    }

    /// Sends the process a signal.
    pub(super) fn signal(&self, signal: &str) {
        if let Some(process) = &*self.process() {
            process.signal(signal);
        }
    }

    /// Ends it as a power failure would.
    pub(super) fn kill(&self) {
        if let Some(mut process) = self.process().take() {
            process.kill();
            self.count(&process);
        }
    }

    /// Asks it to end, and waits until it has.
    pub(super) async fn end(&self) {
        let process = self.process().take();
        if let Some(mut process) = process {
            process.signal("TERM");
            let (status, _) = process.end().await;
            assert!(status.success(), "{status}:\n{}", process.log());
            self.count(&process);
        }
    }

    /// What went wrong inside the processes that have ended.
    pub(super) fn counts(&self) -> failpoints::Counts {
        self.counts.lock().expect("nobody panicked").clone()
    }

    fn count(&self, process: &Process) {
        failpoints::count(&process.log(), &mut self.counts.lock().expect("nobody panicked"));
    }

    /// Starts it again and waits until it serves. It ends by itself where the database
    /// is gone at that time, so it is tried again.
    pub(super) async fn restart(&self) {
        let client = Client::of(self.address);
        until("a healthy service", async || {
            self.spawn_unless_there();
            client.is_serving().await.then_some(())
        })
        .await;
    }

    fn spawn_unless_there(&self) {
        let mut process = self.process();
        if process.as_mut().is_none_or(|process| process.ended().is_some()) {
            let wrong = failpoints::choose(&mut self.chance.lock().expect("nobody panicked"));
            let variables = [(failpoints::VARIABLE, wrong.as_str())];
            *process = Some(Process::spawn(&self.url, self.address, &variables));
        }
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.process.lock().expect("nobody panicked")
    }
}
