//! A client that does it right: calls that are repeated where that is safe, and a
//! watch that goes on by itself, over the replicas of one store.
//!
//! A request says which method it is for and what answers it, so one function
//! sends them all:
//!
//! ```no_run
//! use entente::client::{Client, TokenFile};
//! use entente::proto::v1::{
//!     Agreement, AgreementForm, CreateAgreementRequest, GetCountryRequest, Origin,
//!     WatchChangesRequest, watch_changes_request::Start,
//! };
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new(["http://one:50051", "http://two:50051"])?.with_actor("desk-asia")?;
//!
//! let name = "countries/KH".to_owned();
//! let country = client.call(GetCountryRequest { name, ..Default::default() }).await?;
//! println!("{} is {}", country.name, country.display_name);
//!
//! let agreement = Agreement {
//!     title: "Extradition treaty".to_owned(),
//!     form: AgreementForm::Treaty.into(),
//!     ..Agreement::default()
//! };
//! let agreement = Some(agreement);
//! let made = client.call(CreateAgreementRequest { agreement, ..Default::default() }).await?;
//! println!("{} was recorded at revision {}", made.name, made.revision);
//!
//! let start = Some(Start::Origin(Origin::Earliest.into()));
//! let watch = client.watch(WatchChangesRequest { start, ..Default::default() });
//! let mut watch = watch.stored_in(TokenFile::new("changes.token")).await?;
//! while let Some(delivery) = watch.next().await? {
//!     for commit in &delivery.commits {
//!         println!("{} by {}: {} changes", commit.revision, commit.actor, commit.change_count);
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod import;
mod replicas;
mod retry;
mod stored;
mod tokens;
mod watch;

pub use stored::{StoredWatch, WatchError};
pub use tokens::{InMemory, TokenFile, TokenStore};
pub use watch::{Delivery, Watch};

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use tokio::time::{Instant, sleep, timeout};
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use crate::model::call::Call;
use crate::proto::v1::WatchChangesRequest;
use replicas::Replicas;

/// The metadata that names the actor.
const ACTOR: &str = "entente-actor";
/// How long one answer may take before the request is sent again, unless
/// [`Client::with_deadline`] says otherwise: longer than the service lets a call
/// take, so that it is the service that says so.
pub const DEADLINE: Duration = Duration::from_secs(35);
/// How long a call may take over all of its tries, unless
/// [`Client::with_patience`] says otherwise.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of one message: what the service sends at most, and some room.
const MESSAGE_BYTES: usize = 8 << 20;

/// Why there can be no such client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// There is nobody to ask.
    #[error("a client needs the address of at least one replica")]
    NoAddress,
    /// An address is none.
    #[error("{0:?} is not an address such as http://127.0.0.1:50051")]
    Address(String),
    /// An actor cannot be sent.
    #[error("{0:?} is not an actor: printable ASCII characters")]
    Actor(String),
}

/// A client of the replicas of one store, which are tried in turn. Connections are
/// made when they are needed, and again when they are lost. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client {
    replicas: Arc<Replicas>,
    actor: Option<MetadataValue<Ascii>>,
    deadline: Duration,
    patience: Duration,
}

impl Client {
    /// A client of the replicas at `addresses`, such as `http://127.0.0.1:50051`.
    pub fn new<A: AsRef<str>>(addresses: impl IntoIterator<Item = A>) -> Result<Self, ClientError> {
        let replicas = Arc::new(Replicas::new(addresses)?);
        Ok(Self { replicas, actor: None, deadline: DEADLINE, patience: PATIENCE })
    }

    /// The same on behalf of `actor`, who is kept with each commit.
    pub fn with_actor(self, actor: &str) -> Result<Self, ClientError> {
        let value = MetadataValue::try_from(actor);
        let value = value.map_err(|_| ClientError::Actor(actor.to_owned()))?;
        Ok(Self { actor: Some(value), ..self })
    }

    /// The same with another limit than [`DEADLINE`] for one answer.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// The same with another limit than [`PATIENCE`] for all tries of a call.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// How long a call may take over all of its tries.
    pub fn patience(&self) -> Duration {
        self.patience
    }

    /// Sends `request` to its method. A replica that cannot be reached, is going
    /// away, lacks its store or is overloaded is left for the next one, after a
    /// pause, until there is an answer or the patience is at its end. Any other
    /// error is final.
    ///
    /// A write without a request id gets one, so that it is done once however often
    /// it is sent. Set one yourself to be able to repeat it after an error that
    /// leaves open whether it was done.
    pub async fn call<Q: Call>(&self, mut request: Q) -> Result<Q::Answer, Status> {
        let is_write = identify(&mut request);
        let end = Instant::now() + self.patience;
        let mut failures = 0;
        loop {
            let turn = self.replicas.turn();
            let limit = self.deadline.min(end.saturating_duration_since(Instant::now()));
            let answer = self.send(self.replicas.channel(turn), request.clone());
            let status = match timeout(limit, answer).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(status)) => status,
                Err(_) => Status::deadline_exceeded(format!("no answer within {limit:?}")),
            };
            failures += 1;
            let pause = retry::pause(failures, &status);
            if !retry::call_may_pass(&status, is_write) || Instant::now() + pause >= end {
                return Err(status);
            }
            tracing::debug!(%status, method = Q::PATH, ?pause, "sending the request again");
            self.replicas.pass(turn);
            sleep(pause).await;
        }
    }

    /// A watch that goes on by itself. It has a connection of its own, so that a
    /// reader who is slow holds up nobody else.
    pub fn watch(&self, request: WatchChangesRequest) -> Watch {
        Watch::new(self.clone(), request)
    }

    async fn send<Q: Call>(&self, channel: Channel, message: Q) -> Result<Q::Answer, Status> {
        let mut grpc = Grpc::new(channel).max_decoding_message_size(MESSAGE_BYTES);
        grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::from_static(Q::PATH);
        let answer = grpc.unary(self.signed(message), path, ProstCodec::default()).await?;
        Ok(answer.into_inner())
    }

    /// The message with who sends it.
    fn signed<Q>(&self, message: Q) -> Request<Q> {
        let mut request = Request::new(message);
        if let Some(actor) = &self.actor {
            request.metadata_mut().insert(ACTOR, actor.clone());
        }
        request
    }
}

/// Makes a write one that can be sent again; whether it is a write.
fn identify(request: &mut impl Call) -> bool {
    let Some(id) = request.request_id_mut() else { return false };
    if id.is_empty() {
        *id = uuid::Uuid::now_v7().to_string();
    }
    true
}
