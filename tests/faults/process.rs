//! The built program as a process.

use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::client::Client;
use crate::wait::{PATIENCE, until};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_entente");

/// A service that runs, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
}

impl Process {
    /// Starts the service on a free port and waits until it is healthy.
    pub(crate) async fn start(url: &str) -> Self {
        Self::start_at(url, free_address()).await
    }

    /// Starts the service on `address` and waits until it is healthy.
    pub(crate) async fn start_at(url: &str, address: SocketAddr) -> Self {
        Self::start_with(url, address, &[]).await
    }

    /// Starts the service with more in its environment and waits until it is healthy.
    pub(crate) async fn start_with(
        url: &str,
        address: SocketAddr,
        variables: &[(&str, &str)],
    ) -> Self {
        let mut process = Self::spawn(url, address, variables);
        let client = Client::of(address);
        until("a healthy service", async || {
            assert!(process.ended().is_none(), "it ended at the start:\n{}", process.log());
            client.is_serving().await.then_some(())
        })
        .await;
        process
    }

    /// Starts the service with more in its environment, and does not wait.
    pub(crate) fn spawn(url: &str, address: SocketAddr, variables: &[(&str, &str)]) -> Self {
        // Beyond a limit of size a write should fail, as on a full disk, not kill.
        let mut command = Command::new("sh");
        command
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", PROGRAM])
            .args(["serve", "--log-format", "text", "--listen", &address.to_string()])
            .args(["--database-url", url])
            .env_remove("ENTENTE_LOG")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let errors = child.stderr.take().expect("it is piped");
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(errors).lines().map_while(Result::ok) {
                lines.lock().expect("no test failed here").push(line);
            }
        });
        Self { child, address, log }
    }

    /// Its address as clients take it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client {
        Client::of(self.address)
    }

    /// Number of the process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power failure would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it is ours");
    }

    /// Sends it a signal, such as `TERM`.
    pub(crate) fn signal(&self, signal: &str) {
        let command = format!("kill -{signal} {}", self.id());
        let sent = Command::new("sh").args(["-c", &command]).status().expect("there is a shell");
        assert!(sent.success(), "{command}");
    }

    /// How it ended; `None` while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is ours")
    }

    /// Waits for its end; also how long that took.
    pub(crate) async fn end(&mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.ended() {
                return (status, started.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it does not end:\n{}", self.log());
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no test failed here").join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("--- log of the service at {}\n{}", self.address, self.log());
        }
    }
}

/// An address that nobody listens on. It lies below the ports that the system
/// gives to outgoing connections, so that it is still free after a restart.
pub(crate) fn free_address() -> SocketAddr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let begin = u16::try_from(std::process::id() % 5_000).expect("it is small");
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + (begin + step) % 5_000;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", port)) {
            return listener.local_addr().expect("it is bound");
        }
    }
}
