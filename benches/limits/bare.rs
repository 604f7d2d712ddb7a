//! The limit of the transport: a gRPC service that does nothing with the same
//! messages, on the same runtime and behind the same settings.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf, BufMut, Bytes};
use entente::model::limits::{PROGRESS_DEFAULT, STREAMS_PER_CONNECTION};
use entente::proto::v1::{Agreement, CreateAgreementRequest, GetAgreementRequest};
use futures_util::stream;
use sea_orm::DatabaseConnection;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, NamedService, ServerStreamingService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

use crate::{Outcome, scan};

/// Answers the agreement of a CreateAgreementRequest.
pub const ECHO: &str = "/bare.Bare/Echo";
/// Answers one agreement that is held in memory to any GetAgreementRequest.
pub const HELD: &str = "/bare.Bare/Held";
/// Streams messages that were encoded beforehand.
pub const STREAM: &str = "/bare.Bare/Stream";
/// Streams the first of those messages, then the second at every progress interval.
pub const IDLE: &str = "/bare.Bare/Idle";
/// Streams all records of a database.
pub const SCAN: &str = "/bare.Bare/Scan";

/// The service, and what it holds.
#[derive(Clone, Debug, Default)]
pub struct Bare {
    /// What [`HELD`] answers.
    pub held: Arc<Agreement>,
    /// What [`STREAM`] and [`IDLE`] send.
    pub messages: Arc<Vec<Bytes>>,
    /// What [`SCAN`] reads.
    pub scanned: Option<DatabaseConnection>,
}

/// A [`Bare`] that listens; it ends when this is dropped.
#[derive(Debug)]
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    task: JoinHandle<Result<(), tonic::transport::Error>>,
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Bare {
    /// Listens on any port.
    pub async fn listen(self) -> Outcome<Listening> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder()
            .max_concurrent_streams(Some(STREAMS_PER_CONNECTION))
            .add_service(self)
            .serve_with_incoming(incoming);
        Ok(Listening { address, task: tokio::spawn(server) })
    }
}

impl NamedService for Bare {
    const NAME: &'static str = "bare.Bare";
}

type Answer = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        let bare = self.clone();
        Box::pin(async move {
            Ok(match request.uri().path() {
                ECHO => {
                    let codec = ProstCodec::<Agreement, CreateAgreementRequest>::default();
                    Grpc::new(codec).unary(Echo, request).await
                }
                HELD => {
                    let codec = ProstCodec::<Agreement, GetAgreementRequest>::default();
                    Grpc::new(codec).unary(Held(bare.held), request).await
                }
                path => {
                    let messages = match path {
                        IDLE => idle(bare.messages),
                        SCAN => scan::messages(bare.scanned),
                        _ => sent(bare.messages),
                    };
                    Grpc::new(RawCodec).server_streaming(Sent(messages), request).await
                }
            })
        })
    }
}

struct Echo;

impl UnaryService<CreateAgreementRequest> for Echo {
    type Response = Agreement;
    type Future = Ready<Result<Response<Agreement>, Status>>;

    fn call(&mut self, request: Request<CreateAgreementRequest>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner().agreement.unwrap_or_default())))
    }
}

struct Held(Arc<Agreement>);

impl UnaryService<GetAgreementRequest> for Held {
    type Response = Agreement;
    type Future = Ready<Result<Response<Agreement>, Status>>;

    fn call(&mut self, _: Request<GetAgreementRequest>) -> Self::Future {
        ready(Ok(Response::new(Agreement::clone(&self.0))))
    }
}

/// What a stream sends.
pub type Messages = Pin<Box<dyn futures_util::Stream<Item = Result<Bytes, Status>> + Send>>;

struct Sent(Messages);

impl ServerStreamingService<Bytes> for Sent {
    type Response = Bytes;
    type ResponseStream = Messages;
    type Future = Ready<Result<Response<Messages>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        let messages = std::mem::replace(&mut self.0, Box::pin(stream::empty()));
        ready(Ok(Response::new(messages)))
    }
}

fn sent(messages: Arc<Vec<Bytes>>) -> Messages {
    let next = move |index: usize| {
        let message = messages.get(index).cloned();
        async move { message.map(|message| (Ok(message), index + 1)) }
    };
    Box::pin(stream::unfold(0, next))
}

fn idle(messages: Arc<Vec<Bytes>>) -> Messages {
    let next = move |index: usize| {
        let message = messages.get(index).cloned();
        async move {
            if index > 0 {
                sleep(PROGRESS_DEFAULT).await;
            }
            message.map(|message| (Ok(message), 1))
        }
    };
    Box::pin(stream::unfold(0, next))
}

/// Messages as they are, encoded.
#[derive(Clone, Copy, Debug)]
pub struct RawCodec;

impl Codec for RawCodec {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.reserve(item.len());
        out.put(item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, source: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(source.copy_to_bytes(source.remaining())))
    }
}
