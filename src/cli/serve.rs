//! Commands that work on a store.

use tokio::signal::unix::{SignalKind, signal};

use super::Failure;
use crate::config::{Settings, StoreSettings};
use crate::resources::REGISTRY;
use crate::server::{Server, open_store};
use crate::store::clock::Clock;
use crate::store::connect::open;
use crate::store::migrate::{Turn, migrate as bring_up};
use crate::store::reindex::reindex as fill_anew;

/// Serves until SIGTERM or SIGINT.
pub async fn serve(settings: Settings) -> Result<(), Failure> {
    settings.check()?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let server = Server::start(settings.listen, &settings.store.database_url).await?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(server.run(stop).await?)
}

/// Brings a store to this version.
pub async fn migrate(settings: StoreSettings) -> Result<(), Failure> {
    let (api, databases, running) = open_store(&settings.database_url, Clock::default()).await?;
    let head = api.store.head().await?;
    api.store.stop();
    drop(api);
    running.watcher.abort();
    running.committer.await?;
    databases.close().await;
    println!("the store {} stands at revision {}", head.store_id, head.revision);
    Ok(())
}

/// Fills the typed tables anew.
pub async fn reindex(settings: StoreSettings) -> Result<(), Failure> {
    let databases = open(&settings.database_url).await?;
    let turn = Turn::take(&databases).await?;
    bring_up(&databases, *REGISTRY).await?;
    let records = fill_anew(&databases, *REGISTRY).await?;
    turn.end().await?;
    databases.close().await;
    println!("{records} records indexed");
    Ok(())
}
