//! Clients of every service over one connection.

use entente::proto::v1::agreement_service_client::AgreementServiceClient;
use entente::proto::v1::change_service_client::ChangeServiceClient;
use entente::proto::v1::cooperation_area_service_client::CooperationAreaServiceClient;
use entente::proto::v1::country_service_client::CountryServiceClient;
use entente::proto::v1::history_service_client::HistoryServiceClient;
use entente::proto::v1::official_service_client::OfficialServiceClient;
use entente::proto::v1::record_service_client::RecordServiceClient;
use entente::proto::v1::{
    Agreement, ApplyRequest, ApplyResponse, CreateAgreementRequest, GetHeadRequest,
    GetHeadResponse, Mutation,
};
use http::uri::PathAndQuery;
use prost::Message;
use std::net::SocketAddr;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;

use super::Refusal;

/// Largest message that a test takes, in bytes.
const MESSAGE_BYTES: usize = 16 << 20;

/// A connection and the clients over it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The connection.
    pub channel: Channel,
}

impl Clients {
    /// Connects to a server.
    pub async fn connect(address: SocketAddr) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        Self { channel: endpoint.tcp_nodelay(true).connect().await.unwrap() }
    }

    /// Of CountryService.
    pub fn countries(&self) -> CountryServiceClient<Channel> {
        CountryServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Of AgreementService.
    pub fn agreements(&self) -> AgreementServiceClient<Channel> {
        AgreementServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Of CooperationAreaService.
    pub fn areas(&self) -> CooperationAreaServiceClient<Channel> {
        let client = CooperationAreaServiceClient::new(self.channel.clone());
        client.max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Of OfficialService.
    pub fn officials(&self) -> OfficialServiceClient<Channel> {
        OfficialServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Of HistoryService.
    pub fn history(&self) -> HistoryServiceClient<Channel> {
        HistoryServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Of RecordService.
    pub fn records(&self) -> RecordServiceClient<Channel> {
        RecordServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Of ChangeService.
    pub fn changes(&self) -> ChangeServiceClient<Channel> {
        ChangeServiceClient::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES)
    }

    /// Calls any unary method by its path, such as
    /// `/entente.v1.CountryService/GetCountry`.
    pub async fn unary<Q, A>(&self, path: &str, request: Request<Q>) -> Result<A, Status>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let mut grpc =
            tonic::client::Grpc::new(self.channel.clone()).max_decoding_message_size(MESSAGE_BYTES);
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        let path = PathAndQuery::try_from(path).unwrap();
        let answer = grpc.unary(request, path, ProstCodec::<Q, A>::default()).await?;
        Ok(answer.into_inner())
    }

    /// Where the log stands.
    pub async fn head(&self) -> GetHeadResponse {
        self.changes().get_head(GetHeadRequest {}).await.unwrap().into_inner()
    }

    /// The newest revision.
    pub async fn head_revision(&self) -> i64 {
        self.head().await.head_revision
    }

    /// Records `agreement` under an id of the server's.
    pub async fn create_agreement(&self, agreement: Agreement) -> Result<Agreement, Refusal> {
        let request = CreateAgreementRequest {
            agreement: Some(agreement),
            ..CreateAgreementRequest::default()
        };
        let answer = self.agreements().create_agreement(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| Refusal::of(&status))
    }

    /// Makes all of `mutations`, or none.
    pub async fn apply(&self, mutations: Vec<Mutation>) -> Result<ApplyResponse, Refusal> {
        let request = ApplyRequest { mutations, ..ApplyRequest::default() };
        self.apply_request(request).await
    }

    /// Sends an atomic write.
    pub async fn apply_request(&self, request: ApplyRequest) -> Result<ApplyResponse, Refusal> {
        let answer = self.records().apply(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| Refusal::of(&status))
    }
}

/// A request by `actor`.
pub fn by<Q>(actor: &str, message: Q) -> Request<Q> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("entente-actor", actor.parse().unwrap());
    request
}
