//! The replicas of a store, one of which is in use.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::uri::Scheme;
use tonic::transport::{Channel, Endpoint};

use super::ClientError;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How often a connection is asked whether the other end is still there, and how
/// long the answer may take.
const KEEPALIVE: Duration = Duration::from_secs(10);
const KEEPALIVE_ANSWER: Duration = Duration::from_secs(5);

/// Replicas in the order in which they are tried.
#[derive(Debug)]
pub(super) struct Replicas {
    replicas: Vec<Replica>,
    turn: AtomicUsize,
}

/// One of them, with a connection that is made when it is needed.
#[derive(Debug)]
struct Replica {
    endpoint: Endpoint,
    channel: OnceLock<Channel>,
}

impl Replicas {
    /// Replicas at `addresses`.
    pub(super) fn new<A: AsRef<str>>(
        addresses: impl IntoIterator<Item = A>,
    ) -> Result<Self, ClientError> {
        let endpoints = addresses.into_iter().map(|address| endpoint(address.as_ref()));
        let replicas = endpoints
            .map(|endpoint| Ok(Replica { endpoint: endpoint?, channel: OnceLock::new() }))
            .collect::<Result<Vec<_>, _>>()?;
        if replicas.is_empty() {
            return Err(ClientError::NoAddress);
        }
        Ok(Self { replicas, turn: AtomicUsize::new(0) })
    }

    /// Whose turn it is.
    pub(super) fn turn(&self) -> usize {
        self.turn.load(Ordering::Relaxed)
    }

    /// Gives the next one its turn, unless somebody has done so since `turn`.
    pub(super) fn pass(&self, turn: usize) {
        let next = turn.wrapping_add(1);
        let _ = self.turn.compare_exchange(turn, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The connection that all calls to the one of `turn` share.
    pub(super) fn channel(&self, turn: usize) -> Channel {
        let Replica { endpoint, channel } = &self.replicas[turn % self.replicas.len()];
        channel.get_or_init(|| endpoint.connect_lazy()).clone()
    }

    /// Where the one of `turn` is, for a connection of one's own.
    pub(super) fn endpoint(&self, turn: usize) -> Endpoint {
        self.replicas[turn % self.replicas.len()].endpoint.clone()
    }
}

fn endpoint(address: &str) -> Result<Endpoint, ClientError> {
    let wrong = || ClientError::Address(address.to_owned());
    let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| wrong())?;
    if endpoint.uri().scheme() != Some(&Scheme::HTTP) {
        return Err(wrong());
    }
    Ok(endpoint
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE_ANSWER)
        .keep_alive_while_idle(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_urls() {
        for right in ["http://127.0.0.1:50051", "http://entente.example:50051/", "http://[::1]:1"] {
            Replicas::new([right]).unwrap();
        }
        for wrong in ["", "localhost:50051", "127.0.0.1", "https://entente.example", "http://"] {
            let error = Replicas::new([wrong]).unwrap_err();
            assert!(matches!(error, ClientError::Address(_)), "{wrong}: {error}");
        }
        let none: [&str; 0] = [];
        assert!(matches!(Replicas::new(none), Err(ClientError::NoAddress)));
    }

    #[test]
    fn of_those_who_leave_a_replica_together_one_passes_the_turn() {
        let replicas = Replicas::new(["http://one:1", "http://two:1"]).unwrap();
        let turn = replicas.turn();
        replicas.pass(turn);
        replicas.pass(turn);
        assert_eq!(replicas.turn(), turn + 1);
        assert_eq!(replicas.endpoint(replicas.turn()).uri().host(), Some("two"));
        assert_eq!(replicas.endpoint(replicas.turn() + 1).uri().host(), Some("one"));
    }
}
