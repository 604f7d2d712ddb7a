//! Many subscribers at once, of which one wants to know when all have heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use entente::proto::v1::WatchChangesRequest;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use crate::Outcome;
use crate::drive::raw_stream;

/// Numbers of what counts among `WatchChangesResponse`'s events.
const COMMITS: u8 = 4;
const CAUGHT_UP: u8 = 6;

/// How long the slowest one may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Subscribers, until this is dropped.
#[derive(Debug)]
pub struct Crowd {
    readers: JoinSet<Outcome<()>>,
    heard: Arc<Heard>,
}

#[derive(Debug)]
struct Heard {
    size: usize,
    messages: AtomicUsize,
    all: Notify,
}

impl Crowd {
    /// As many as there are `requests`, spread over `channels`; each has caught up.
    pub async fn gather(
        channels: &[Channel],
        path: &'static str,
        requests: Vec<WatchChangesRequest>,
    ) -> Outcome<Self> {
        let (size, messages) = (requests.len(), AtomicUsize::new(0));
        let heard = Arc::new(Heard { size, messages, all: Notify::new() });
        let mut readers = JoinSet::new();
        for (number, request) in requests.into_iter().enumerate() {
            let channel = channels[number % channels.len()].clone();
            readers.spawn(read(channel, path, request, Arc::clone(&heard)));
        }
        let mut crowd = Self { readers, heard };
        crowd.hear().await?;
        Ok(crowd)
    }

    /// Waits until each has got one message more: an error if one does not.
    pub async fn hear(&mut self) -> Outcome<()> {
        tokio::select! {
            () = self.heard.all.notified() => Ok(()),
            () = tokio::time::sleep(PATIENCE) => {
                let heard = self.heard.messages.load(Ordering::Relaxed) % self.heard.size;
                Err(format!("only {heard} of {} subscribers have heard", self.heard.size).into())
            }
            ended = self.readers.join_next() => {
                if let Some(ended) = ended {
                    ended??;
                }
                Err("a stream has ended".into())
            }
        }
    }
}

/// Takes messages as bytes: the first one tells the event, since it comes before the
/// token.
async fn read(
    channel: Channel,
    path: &'static str,
    request: WatchChangesRequest,
    heard: Arc<Heard>,
) -> Outcome<()> {
    let mut stream = raw_stream(&channel, path, &request).await?;
    while let Some(message) = stream.message().await? {
        let event = message.first().map_or(0, |tag| tag >> 3);
        if [COMMITS, CAUGHT_UP].contains(&event) {
            let before = heard.messages.fetch_add(1, Ordering::Relaxed);
            if (before + 1).is_multiple_of(heard.size) {
                heard.all.notify_one();
            }
        }
    }
    Ok(())
}
