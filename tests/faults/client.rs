//! A client of one service.

use std::net::SocketAddr;
use std::time::Duration;

use entente::client::{Client as Resuming, Watch};
use entente::proto::v1::agreement_service_client::AgreementServiceClient;
use entente::proto::v1::change_service_client::ChangeServiceClient;
use entente::proto::v1::record_service_client::RecordServiceClient;
use entente::proto::v1::{
    Agreement, GetAgreementRequest, GetHeadRequest, GetHeadResponse, Origin, WatchChangesRequest,
    watch_changes_request::Start,
};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

/// How long a call may take before the client gives up: more than the service's
/// own deadline.
const CALL: Duration = Duration::from_secs(40);

/// A client with one connection, made when it is needed and again when it is lost.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// Address of the service.
    pub(crate) url: String,
    /// Its connection.
    pub(crate) channel: Channel,
}

impl Client {
    /// A client of the service at `address`.
    pub(crate) fn of(address: SocketAddr) -> Self {
        let url = format!("http://{address}");
        let endpoint = Endpoint::from_shared(url.clone()).expect("an address is a URL");
        Self { url, channel: endpoint.connect_timeout(CALL).timeout(CALL).connect_lazy() }
    }

    /// Agreements.
    pub(crate) fn agreements(&self) -> AgreementServiceClient<Channel> {
        AgreementServiceClient::new(self.channel.clone())
    }

    /// Atomic writes.
    pub(crate) fn records(&self) -> RecordServiceClient<Channel> {
        RecordServiceClient::new(self.channel.clone())
    }

    /// Changes.
    pub(crate) fn changes(&self) -> ChangeServiceClient<Channel> {
        ChangeServiceClient::new(self.channel.clone())
    }

    /// What health says; `None` if nobody answers.
    pub(crate) async fn health(&self) -> Option<ServingStatus> {
        let mut client = HealthClient::new(self.channel.clone());
        let answer = client.check(HealthCheckRequest::default()).await.ok()?;
        Some(answer.into_inner().status())
    }

    /// Whether it says that it serves.
    pub(crate) async fn is_serving(&self) -> bool {
        self.health().await == Some(ServingStatus::Serving)
    }

    /// The agreement `name`.
    pub(crate) async fn get(&self, name: &str) -> Result<Agreement, Status> {
        let request =
            GetAgreementRequest { name: name.to_owned(), read_mask: None, ..Default::default() };
        self.agreements().get_agreement(request).await.map(tonic::Response::into_inner)
    }

    /// Whether there is an agreement `name`.
    pub(crate) async fn exists(&self, name: &str) -> bool {
        match self.get(name).await {
            Ok(_) => true,
            Err(status) if status.code() == Code::NotFound => false,
            Err(status) => panic!("{name}: {status}"),
        }
    }

    /// Where the log stands.
    pub(crate) async fn head(&self) -> Result<GetHeadResponse, Status> {
        self.changes().get_head(GetHeadRequest {}).await.map(tonic::Response::into_inner)
    }

    /// A watch that resumes by itself, over everything there ever was.
    pub(crate) fn watch_all(&self) -> Watch {
        let start = Some(Start::Origin(Origin::Earliest.into()));
        let request = WatchChangesRequest { start, ..WatchChangesRequest::default() };
        Resuming::new([&self.url]).expect("the address is a URL").watch(request)
    }
}

/// The reason in the status' details; empty if it has none, as when the
/// connection broke.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Checks that `status` is the one for a store that does not answer.
pub(crate) fn assert_store_unavailable(status: &Status) {
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert_eq!(reason(status), "STORE_UNAVAILABLE", "{status}");
    let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
    assert!(retry.is_some_and(|delay| !delay.is_zero()), "no retry info: {status}");
}
