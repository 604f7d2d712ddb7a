//! The load: callers that each make one call after the other.

use std::future::Future;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;
use prost::Message;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::Outcome;
use crate::bare::RawCodec;

/// Largest message that a caller takes, in bytes.
const MESSAGE_BYTES: usize = 16 << 20;

/// What a turn came to.
#[derive(Debug, Default)]
pub struct Turn {
    /// Calls a second.
    pub rate: f64,
    /// Microseconds of each call, sorted.
    pub micros: Vec<f64>,
}

impl Turn {
    /// The time within which the share `share` of the calls was answered.
    pub fn percentile(&self, share: f64) -> f64 {
        percentile(&self.micros, share)
    }
}

/// The value below which the share `share` of the sorted `values` lies.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let index = (values.len() as f64 * share) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// The middle of `values`.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    percentile(&sorted, 0.5)
}

/// Opens `count` connections.
pub async fn connect(address: SocketAddr, count: usize) -> Outcome<Vec<Channel>> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
    let mut channels = Vec::with_capacity(count);
    for _ in 0..count {
        channels.push(endpoint.connect().await?);
    }
    Ok(channels)
}

/// Makes one call.
pub async fn unary<Q, A>(channel: &Channel, path: &'static str, message: Q) -> Result<A, Status>
where
    Q: Message + Send + Sync + 'static,
    A: Message + Default + Send + Sync + 'static,
{
    let mut grpc = ready(channel).await?;
    let path = PathAndQuery::from_static(path);
    Ok(grpc.unary(Request::new(message), path, ProstCodec::<Q, A>::default()).await?.into_inner())
}

/// Opens a stream whose messages are counted and thrown away.
pub async fn raw_stream(
    channel: &Channel,
    path: &'static str,
    message: &impl Message,
) -> Result<Streaming<bytes::Bytes>, Status> {
    let mut grpc = ready(channel).await?;
    let path = PathAndQuery::from_static(path);
    let request = Request::new(message.encode_to_vec().into());
    Ok(grpc.server_streaming(request, path, RawCodec).await?.into_inner())
}

async fn ready(channel: &Channel) -> Result<Grpc<Channel>, Status> {
    let mut grpc = Grpc::new(channel.clone()).max_decoding_message_size(MESSAGE_BYTES);
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    Ok(grpc)
}

/// Keeps `in_flight` calls going for `time`, spread over `channels`. `call` is
/// given a connection and a number that is new for each call.
pub async fn drive<C, F>(
    channels: &[Channel],
    in_flight: usize,
    time: Duration,
    call: C,
) -> Outcome<Turn>
where
    C: Fn(Channel, usize) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), Status>> + Send,
{
    let started = Instant::now();
    let callers: Vec<_> = (0..in_flight)
        .map(|caller| {
            let (channel, call) = (channels[caller % channels.len()].clone(), call.clone());
            tokio::spawn(async move {
                let mut micros = Vec::new();
                while started.elapsed() < time {
                    let begun = Instant::now();
                    call(channel.clone(), micros.len() * in_flight + caller).await?;
                    micros.push(begun.elapsed().as_secs_f64() * 1e6);
                }
                Ok::<_, Status>(micros)
            })
        })
        .collect();
    let mut micros = Vec::new();
    for caller in callers {
        micros.extend(caller.await??);
    }
    let rate = micros.len() as f64 / started.elapsed().as_secs_f64();
    micros.sort_by(f64::total_cmp);
    Ok(Turn { rate, micros })
}
