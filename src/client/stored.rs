//! A watch that keeps its token, and goes on from it when the program starts anew.

use std::io;

use tonic::Status;

use super::tokens::TokenStore;
use super::watch::{Delivery, Watch};

/// Why a watch ended.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The service refuses to go on: the token leads nowhere, or the request is wrong.
    #[error(transparent)]
    Refused(#[from] Status),
    /// The token cannot be kept.
    #[error("the token cannot be kept: {0}")]
    Store(#[from] io::Error),
}

/// A watch whose token is kept in `S`.
///
/// What a delivery brings counts as processed once the next one is asked for: that
/// saves its token. A program that ends before gets the delivery again when it
/// starts anew, and none is left out. To have each commit take effect exactly once,
/// either let what you do with it bear repeating, or use a plain [`Watch`] and store
/// [`Delivery::token`] together with what you made of the commits.
#[derive(Debug)]
pub struct StoredWatch<S> {
    watch: Watch,
    store: S,
    saved: String,
    delivered: String,
}

impl<S: TokenStore> StoredWatch<S> {
    /// Goes on behind the token in `store`; without one, as the watch was asked to.
    pub(super) async fn start(watch: Watch, mut store: S) -> io::Result<Self> {
        let saved = store.load().await?.unwrap_or_default();
        let watch = if saved.is_empty() { watch } else { watch.after(saved.clone()) };
        Ok(Self { watch, store, delivered: saved.clone(), saved })
    }

    /// Saves the token of the delivery before, and waits for the next one; `None`
    /// when `until_revision` is reached. May be dropped and asked again.
    pub async fn next(&mut self) -> Result<Option<Delivery>, WatchError> {
        self.acknowledge().await?;
        let delivery = self.watch.next().await?;
        if let Some(Delivery { token, .. }) = &delivery {
            self.delivered.clone_from(token);
        }
        Ok(delivery)
    }

    /// Saves the token of the last delivery now, without asking for the next one.
    pub async fn acknowledge(&mut self) -> io::Result<()> {
        if self.saved != self.delivered {
            self.store.save(&self.delivered).await?;
            self.saved.clone_from(&self.delivered);
        }
        Ok(())
    }
}
