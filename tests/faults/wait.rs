//! Waiting for what must become true.

use std::fmt::Debug;
use std::future::Future;
use std::time::{Duration, Instant};

/// How long anything may take that has no limit of its own: far more than it needs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// Asks until the answer is `Some`; `what` is told if that never happens.
pub(crate) async fn until<T>(what: impl Debug, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {what:?}");
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks until the answer is yes.
pub(crate) async fn until_true(what: impl Debug, mut ask: impl FnMut() -> bool) {
    until(what, async || ask().then_some(())).await;
}

/// What `future` comes to, which may take `limit`.
pub(crate) async fn within<T>(
    what: impl Debug,
    limit: Duration,
    future: impl Future<Output = T>,
) -> T {
    match tokio::time::timeout(limit, future).await {
        Ok(answer) => answer,
        Err(_) => panic!("{what:?} took more than {limit:?}"),
    }
}
