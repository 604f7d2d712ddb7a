//! The listener: starts everything, tells health, drains.

mod greeting;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::TryStreamExt;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tonic::service::RoutesBuilder;
use tonic::transport::Server as Transport;
use tonic::transport::server::TcpIncoming;
use tonic_health::server::HealthReporter;
use tonic_health::{ServingStatus, pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS};
use tonic_reflection::pb::{v1, v1alpha};

use greeting::Greeted;

use crate::api::Api;
use crate::api::history::HistoryService;
use crate::api::layer::CallLayer;
use crate::api::records::RecordService;
use crate::api::resources::ResourceService;
use crate::feed::tailer::Polls;
use crate::feed::{Feed, reader, tailer};
use crate::model::limits::{
    CONNECTION_WINDOW, DRAIN, KEEPALIVE, MESSAGE_IN_BYTES, RESETS_PER_CONNECTION, STREAM_WINDOW,
    STREAMS_PER_CONNECTION, UNARY_DEADLINE,
};
use crate::model::standard::Standard;
use crate::proto::server::change_service_server::ChangeServiceServer;
use crate::proto::{DESCRIPTORS, POOL};
use crate::resources::{REGISTRY, TypeVisitor, each_type, reference};
use crate::store::clock::Clock;
use crate::store::connect::{Databases, OpenError, open};
use crate::store::migrate::{MigrateError, Turn, migrate, stands_at};
use crate::store::resource::Resource;
use crate::store::state::Status;
use crate::store::{Running, Store};

/// By how much the threads that answer calls stand behind the committer's, in steps of `nice`.
#[cfg(target_os = "linux")]
const CALLS_BEHIND: i32 = 5;
/// How long queued writes may take once no more are taken.
const FINISH: Duration = Duration::from_secs(3);
/// How long closing the database may take.
const CLOSE: Duration = Duration::from_secs(1);
/// How long clients may take to let go; what is left of [`DRAIN`] is for the end.
const LET_GO: Duration = DRAIN.saturating_sub(FINISH).saturating_sub(CLOSE.saturating_mul(2));

/// The threads on which calls are answered. On Linux the one that asks for them goes before
/// them, and so does the committer that it starts: every write waits for that one, and
/// a call that is answered a little later holds up nobody else.
pub fn runtime() -> std::io::Result<Runtime> {
    let mut threads = tokio::runtime::Builder::new_multi_thread();
    #[cfg(target_os = "linux")]
    threads.on_thread_start(|| {
        // Where it is not allowed, all are equal.
        let _ = rustix::process::setpriority_process(None, CALLS_BEHIND);
    });
    threads.enable_all().build()
}

/// Why the service could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] crate::model::error::Error),
    /// The database cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store cannot be brought to this version.
    #[error(transparent)]
    Migrate(#[from] MigrateError),
    /// The reference data cannot be added.
    #[error(transparent)]
    Reference(#[from] reference::ReferenceError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The listener failed.
    #[error("the listener failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The descriptors for reflection are wrong.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// A service that runs.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The parts behind it.
    pub api: Api,
    databases: Arc<Databases>,
    running: Running,
    tailer: JoinHandle<()>,
    calendar: JoinHandle<()>,
    hints: JoinHandle<()>,
    health: HealthReporter,
    stop: Option<oneshot::Sender<()>>,
    listener: JoinHandle<Result<(), tonic::transport::Error>>,
}

/// Opens the store, brings it to this version and to the day of `clock`, and adds the
/// reference data.
pub async fn open_store(
    database_url: &str,
    clock: Clock,
) -> Result<(Api, Arc<Databases>, Running), ServeError> {
    let databases = Arc::new(open(database_url).await?);
    let turn = Turn::take(&databases).await?;
    migrate(&databases, *REGISTRY).await?;
    let (head, base) = stands_at(&databases, tailer::first_base).await?;
    let feed = Feed::new(*REGISTRY, &head, base.into());
    let publish = Arc::new(feed.clone());
    let (store, running) = Store::start(Arc::clone(&databases), *REGISTRY, publish, clock);
    tracing::debug!(revision = head.revision, store_id = %head.store_id, "the store is open");
    if let Err(error) = store.keep_day().await {
        // It can be read all the same, and the calendar will try again.
        tracing::warn!(%error, "the calendar could not go on");
    }
    reference::add(&store).await?;
    turn.end().await?;
    Ok((Api { store, feed }, databases, running))
}

impl Server {
    /// Starts the service on `address`; port 0 means any.
    pub async fn start(address: SocketAddr, database_url: &str) -> Result<Self, ServeError> {
        Self::start_by(Clock::default(), address, database_url).await
    }

    /// The same by another clock than the machine's.
    pub async fn start_by(
        clock: Clock,
        address: SocketAddr,
        database_url: &str,
    ) -> Result<Self, ServeError> {
        let failed = |cause| ServeError::Listen { address, cause };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (api, databases, running) = open_store(database_url, clock).await?;
        tailer::fill(&api.feed, &api.store).await?;
        let tail = tailer::tail(api.feed.clone(), api.store.clone(), Polls::default());
        let tailer = tokio::spawn(tail);
        let feed = api.feed.clone();
        let hear = move |hint| feed.hear(hint);
        let hints = api.store.hints.exchange(&databases, api.feed.store_id(), hear);
        let calendar = tokio::spawn(api.store.clone().keep_days());
        tokio::spawn(reader::watch_over(api.feed.clone()));
        let (health, health_service) = tonic_health::server::health_reporter();
        tokio::spawn(tell_health(health.clone(), api.clone()));

        let mut routes = RoutesBuilder::default();
        each_type(&mut Routed { routes: &mut routes, api: &api });
        routes.add_service(RecordService::new(api.clone()));
        routes.add_service(HistoryService::new(api.clone()));
        let changes = ChangeServiceServer::new(api.clone());
        routes.add_service(changes.max_decoding_message_size(MESSAGE_IN_BYTES));
        routes.add_service(health_service);
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(DESCRIPTORS)
                .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(v1::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(v1alpha::FILE_DESCRIPTOR_SET)
        };
        routes.add_service(reflection().build_v1()?);
        routes.add_service(reflection().build_v1alpha()?);

        let (stop, stopped) = oneshot::channel::<()>();
        let incoming = TcpIncoming::from(listener)
            .with_nodelay(Some(true))
            .with_keepalive(Some(KEEPALIVE))
            .with_keepalive_interval(Some(KEEPALIVE))
            .with_keepalive_retries(Some(1))
            .map_ok(Greeted::new);
        let transport = Transport::builder()
            .layer(CallLayer)
            .timeout(UNARY_DEADLINE)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keepalive_interval(Some(KEEPALIVE))
            .http2_keepalive_timeout(Some(KEEPALIVE))
            .max_concurrent_streams(Some(STREAMS_PER_CONNECTION))
            .http2_max_pending_accept_reset_streams(Some(RESETS_PER_CONNECTION))
            .http2_max_local_error_reset_streams(Some(RESETS_PER_CONNECTION))
            .add_routes(routes.routes())
            .serve_with_incoming_shutdown(incoming, async move {
                let _ = stopped.await;
            });
        let listener = tokio::spawn(transport);
        tracing::info!(%address, "listening");
        let stop = Some(stop);
        Ok(Self {
            address,
            api,
            databases,
            running,
            tailer,
            calendar,
            hints,
            health,
            stop,
            listener,
        })
    }

    /// Says goodbye: health NOT_SERVING, streams told, queued writes done, all
    /// within [`DRAIN`].
    pub async fn drain(mut self) -> Result<(), ServeError> {
        tracing::info!("draining");
        for service in services() {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
        self.api.feed.drain();
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        let Self { api, databases, running, tailer, calendar, hints, mut listener, .. } = self;
        calendar.abort();
        if tokio::time::timeout(LET_GO, &mut listener).await.is_err() {
            tracing::warn!("some clients did not let go; their connections are cut");
            listener.abort();
        }
        tailer.abort();
        running.watcher.abort();
        api.store.stop();
        if tokio::time::timeout(FINISH, running.committer).await.is_err() {
            tracing::warn!("queued writes could not be finished in time");
        }
        hints.abort();
        let _ = tokio::time::timeout(CLOSE, databases.close()).await;
        tracing::info!("stopped");
        Ok(())
    }

    /// Serves until `stop` is ready, then drains.
    pub async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), ServeError> {
        tokio::select! {
            () = stop => self.drain().await,
            ended = &mut self.listener => match ended {
                Ok(result) => Ok(result?),
                Err(_) => Ok(()),
            },
        }
    }
}

struct Routed<'r> {
    routes: &'r mut RoutesBuilder,
    api: &'r Api,
}

impl TypeVisitor for Routed<'_> {
    fn visit<T: Resource + Standard>(&mut self) {
        self.routes.add_service(ResourceService::<T>::new(self.api.clone()));
    }
}

/// The names by which health is asked for: each service, and the whole.
fn services() -> Vec<String> {
    let own = POOL.services().filter(|service| service.package_name() == "entente.v1");
    own.map(|service| service.full_name().to_owned()).chain([String::new()]).collect()
}

/// Tells health whatever the store's status is.
async fn tell_health(health: HealthReporter, api: Api) {
    let mut status: watch::Receiver<Status> = api.store.state.subscribe();
    let mut draining = api.feed.subscribe_draining();
    drop(api);
    loop {
        let serving = match *status.borrow_and_update() {
            Status::Up => ServingStatus::Serving,
            Status::Down | Status::Outdated => ServingStatus::NotServing,
        };
        for service in services() {
            health.set_service_status(service, serving).await;
        }
        tokio::select! {
            changed = status.changed() => if changed.is_err() { return },
            _ = draining.wait_for(|draining| *draining) => return,
        }
    }
}
