//! A way to a server that can be cut or fall silent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// They are carried.
    Open,
    /// They are cut, and new ones too.
    Closed,
    /// They stay, and nothing that the server says comes through.
    Silent,
}

/// The way.
#[derive(Debug)]
pub struct Way {
    /// Where it begins.
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    traffic: watch::Sender<Traffic>,
    connections: watch::Sender<usize>,
    /// Bytes of answers until a connection is cut.
    left: Mutex<Option<usize>>,
}

impl Way {
    /// A way to the server at `target`.
    pub async fn start(target: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            target,
            traffic: watch::Sender::new(Traffic::Open),
            connections: watch::Sender::new(0),
            left: Mutex::default(),
        });
        let inner = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let shared = Arc::clone(&inner);
                shared.connections.send_modify(|count| *count += 1);
                tokio::spawn(async move {
                    shared.carry(client).await;
                    shared.connections.send_modify(|count| *count -= 1);
                });
            }
        });
        Self { address, shared }
    }

    /// Its beginning as clients take it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Treats all connections, and new ones, as `traffic` says.
    pub fn set(&self, traffic: Traffic) {
        self.shared.traffic.send_replace(traffic);
    }

    /// Cuts what is connected now.
    pub async fn cut(&self) {
        self.set(Traffic::Closed);
        let mut connections = self.shared.connections.subscribe();
        connections.wait_for(|count| *count == 0).await.unwrap();
        self.set(Traffic::Open);
    }

    /// Cuts a connection once `bytes` more of answers have been carried.
    pub fn cut_after(&self, bytes: usize) {
        *self.shared.left.lock().unwrap() = Some(bytes);
    }

    /// Whether the cut that was asked for has been made.
    pub fn has_cut(&self) -> bool {
        self.shared.left.lock().unwrap().is_none()
    }
}

impl Shared {
    async fn carry(&self, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.target).await else { return };
        let (mut asking, answered) = client.into_split();
        let (answering, mut asked) = server.into_split();
        let mut traffic = self.traffic.subscribe();
        tokio::select! {
            _ = traffic.wait_for(|traffic| *traffic == Traffic::Closed) => {}
            _ = tokio::io::copy(&mut asking, &mut asked) => {}
            _ = self.answer(answering, answered) => {}
        }
    }

    async fn answer(&self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> Option<()> {
        let mut traffic = self.traffic.subscribe();
        let mut bytes = vec![0; 16 << 10];
        loop {
            traffic.wait_for(|traffic| *traffic != Traffic::Silent).await.ok()?;
            let read = tokio::select! {
                changed = traffic.changed() => {
                    changed.ok()?;
                    continue;
                }
                read = from.read(&mut bytes) => read.ok().filter(|read| *read > 0)?,
            };
            let (carried, is_last) = self.room(read);
            to.write_all(&bytes[..carried]).await.ok()?;
            if is_last {
                return None;
            }
        }
    }

    /// How many of `wanted` bytes are carried, and whether the cut comes then.
    fn room(&self, wanted: usize) -> (usize, bool) {
        let mut left = self.left.lock().unwrap();
        let Some(room) = *left else { return (wanted, false) };
        *left = (room > wanted).then(|| room - wanted);
        (room.min(wanted), left.is_none())
    }
}
