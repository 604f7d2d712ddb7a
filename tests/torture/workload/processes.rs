//! One process of the service, behind a way that can be cut, which is started again when it was ended.

use std::net::SocketAddr;
use std::sync::Mutex;

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
}

impl Replica {
    /// Starts one on the database at `url`.
    pub(super) async fn start(url: String) -> Self {
        let address = free_address();
        let way = Way::start(address).await;
        let replica = Self { url, address, way, process: Mutex::default() };
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
        }
    }

    /// Asks it to end, and waits until it has.
    pub(super) async fn end(&self) {
        let process = self.process().take();
        if let Some(mut process) = process {
            process.signal("TERM");
            let (status, _) = process.end().await;
            assert!(status.success(), "{status}:\n{}", process.log());
        }
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
            *process = Some(Process::spawn(&self.url, self.address));
        }
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.process.lock().expect("nobody panicked")
    }
}
