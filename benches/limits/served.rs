//! A server in a process of its own, so that what it takes of memory and time is its
//! alone: the clients' share is not in it. Linux tells both.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{CaughtUp, Progress, WatchChangesResponse};
use entente::server::Server;
use prost::Message;

use crate::Outcome;
use crate::bare::Bare;

/// What is served instead of a database to have the service that does nothing.
pub const BARE: &str = "bare";

/// Parts of a second in which Linux tells the time of a process.
const TICKS: f64 = 100.0;
/// Bytes of a token, nearly.
const TOKEN_BYTES: usize = 80;

/// Whether this system tells what a process takes.
pub fn can_be_measured() -> bool {
    cfg!(target_os = "linux")
}

/// A server that runs, until this is dropped.
#[derive(Debug)]
pub struct Served {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    hold: ChildStdin,
}

impl Served {
    /// Starts this program once more, to serve the database at the address `what`.
    pub fn start(what: &str) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let command = command.args(["--serve", what]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let hold = child.stdin.take().ok_or("the server has no input")?;
        let output = child.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse::<SocketAddr>().map_err(|_| "the server did not start")?;
        Ok(Self { address, child, hold })
    }

    /// Seconds of a core that it has taken so far.
    pub fn cpu_seconds(&self) -> Outcome<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The name of the program comes second, in parentheses, and may hold spaces.
        let (_, numbers) = stat.rsplit_once(')').ok_or("/proc has no time")?;
        let mut times = numbers.split_whitespace().skip(11).take(2);
        let mut next = || times.next().and_then(|time| time.parse::<f64>().ok());
        let (user, system) = next().zip(next()).ok_or("/proc has no time")?;
        Ok((user + system) / TICKS)
    }

    /// KiB of memory that it holds.
    pub fn resident_kib(&self) -> Outcome<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("/proc has no memory")?.parse()?)
    }

    /// Stops it, once its clients have let go.
    pub async fn finish(self) -> Outcome<()> {
        let Self { address: _, mut child, hold } = self;
        drop(hold);
        tokio::task::spawn_blocking(move || child.wait()).await??;
        Ok(())
    }
}

/// The other side: serves `what` and tells where, for as long as somebody holds the
/// standard input.
pub async fn serve(what: &str) -> Outcome<()> {
    let held = || std::io::stdin().read_to_end(&mut Vec::new());
    if what == BARE {
        let bare = Bare { messages: Arc::new(quiet_messages()), ..Bare::default() };
        let listening = bare.listen().await?;
        println!("{}", listening.address);
        tokio::task::spawn_blocking(held).await??;
        return Ok(());
    }
    let server = Server::start("127.0.0.1:0".parse()?, what).await?;
    println!("{}", server.address);
    tokio::task::spawn_blocking(held).await??;
    Ok(server.drain().await?)
}

/// As long as what the product sends while nothing happens.
fn quiet_messages() -> Vec<Bytes> {
    let progress =
        Progress { revision: 1, head_revision: 1, earliest_revision: 1, ..Progress::default() };
    let events = [Event::CaughtUp(CaughtUp { revision: 1 }), Event::Progress(progress)];
    let message = |event| {
        let token = "A".repeat(TOKEN_BYTES);
        Bytes::from(WatchChangesResponse { event: Some(event), token }.encode_to_vec())
    };
    events.map(message).into()
}
