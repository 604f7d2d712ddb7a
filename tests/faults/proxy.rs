//! A way to PostgreSQL that can be closed, or cut at a COMMIT.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// First four bytes after the length of a request for TLS.
const TLS_REQUEST: u32 = 80_877_103;
/// Only the committer asks for this setting when it connects.
const COMMITTER: &[u8] = b"lock_timeout";

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// COMMIT never reaches the database.
    Before,
    /// COMMIT is on its way when the connection goes.
    AtOnce,
    /// The database has answered, and the answer is lost.
    AfterAnswer,
}

/// What happens to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// They are carried.
    Open,
    /// They are cut, and new ones too.
    Closed,
    /// They stay, and nothing comes through, as when a machine has frozen.
    Silent,
    /// The same, and those of now stay silent for ever, as when a machine has been
    /// unplugged and another takes its address.
    Vanished,
}

/// The proxy.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: String,
    gate: watch::Sender<Gate>,
    cut: Mutex<Option<Cut>>,
}

impl Proxy {
    /// A proxy before the server at `target`.
    pub(crate) async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let gate = watch::Sender::new(Gate::Open);
        let shared = Arc::new(Shared { target, gate, cut: Mutex::default() });
        let inner = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&inner);
                tokio::spawn(async move { shared.watch_over(client).await });
            }
        });
        Self { address, shared }
    }

    /// Treats all connections, and new ones, as `gate` says.
    pub(crate) fn set(&self, gate: Gate) {
        self.shared.gate.send_replace(gate);
    }

    /// Cuts the committer's connection at its next COMMIT.
    pub(crate) fn cut_next(&self, cut: Cut) {
        *self.shared.cut.lock().expect("nobody panicked") = Some(cut);
    }

    /// Whether the cut that was asked for has been made.
    pub(crate) fn has_cut(&self) -> bool {
        self.shared.cut.lock().expect("nobody panicked").is_none()
    }
}

impl Shared {
    /// Carries a connection as long as the gate lets it.
    async fn watch_over(&self, client: TcpStream) {
        let mut gate = self.gate.subscribe();
        let mut carried = std::pin::pin!(self.carry(client));
        loop {
            let now = *gate.borrow_and_update();
            if now == Gate::Vanished {
                std::future::pending::<()>().await;
            }
            tokio::select! {
                biased;
                () = std::future::ready(()), if now == Gate::Closed => return,
                changed = gate.changed() => changed.expect("the proxy holds it"),
                _ = &mut carried, if now == Gate::Open => return,
            }
        }
    }

    /// Carries bytes to and fro until one side is done or the connection is cut.
    async fn carry(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut server = TcpStream::connect(&self.target).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let (mut asked, mut answered) = (BytesMut::new(), BytesMut::new());
        let mut frames = Frames::default();
        loop {
            tokio::select! {
                read = client.read_buf(&mut asked) => if read? == 0 { return Ok(()) },
                read = server.read_buf(&mut answered) => if read? == 0 { return Ok(()) },
            }
            client.write_all_buf(&mut answered).await?;
            while let Some(frame) = frames.take(&mut asked) {
                let cut = if frames.is_commit(&frame) { self.take_cut() } else { None };
                if cut == Some(Cut::Before) {
                    return Ok(());
                }
                server.write_all(&frame).await?;
                match cut {
                    Some(Cut::AfterAnswer) => {
                        server.read_buf(&mut answered).await?;
                        return Ok(());
                    }
                    Some(Cut::AtOnce | Cut::Before) => return Ok(()),
                    None => {}
                }
            }
        }
    }

    fn take_cut(&self) -> Option<Cut> {
        self.cut.lock().expect("nobody panicked").take()
    }
}

/// Cuts what a client sends into messages of PostgreSQL's protocol.
#[derive(Debug, Default)]
struct Frames {
    started: bool,
    committer: bool,
}

impl Frames {
    /// The next whole message.
    fn take(&mut self, bytes: &mut BytesMut) -> Option<BytesMut> {
        // Until it has started, messages have a length and no type before it.
        let length_at = usize::from(self.started);
        let length = bytes.get(length_at..length_at + 4)?.get_u32();
        let whole = length_at + usize::try_from(length).expect("lengths are small");
        if bytes.len() < whole {
            return None;
        }
        let frame = bytes.split_to(whole);
        if !self.started && (&frame[4..]).get_u32() != TLS_REQUEST {
            self.started = true;
            self.committer = frame.windows(COMMITTER.len()).any(|part| part == COMMITTER);
        }
        Some(frame)
    }

    fn is_commit(&self, frame: &[u8]) -> bool {
        self.committer && frame[0] == b'Q' && frame[5..].starts_with(b"COMMIT")
    }
}
