//! Places where tests make things go wrong inside a running process, told by the
//! variable `FAILPOINTS`. Without the feature `failpoints`, which is for tests alone,
//! nothing ever does.

use std::time::Duration;

/// By how many microseconds the clock is wrong.
pub fn clock_skew() -> i64 {
    value("clock").unwrap_or_default()
}

/// Whether a hint of another process is lost on its way.
pub fn hint_is_lost() -> bool {
    value("hint").is_some()
}

/// Whether what the committer reads ahead is never answered.
pub fn read_ahead_is_lost() -> bool {
    value("ahead").is_some()
}

/// How long the tailer stands still before it reads.
pub fn tailer_pause() -> Option<Duration> {
    value("tailer").map(|milliseconds| Duration::from_millis(milliseconds.unsigned_abs()))
}

#[cfg(not(feature = "failpoints"))]
fn value(_name: &str) -> Option<i64> {
    None
}

#[cfg(feature = "failpoints")]
fn value(name: &str) -> Option<i64> {
    fail::fail_point!(name, |value| {
        let value = value?.parse().ok()?;
        tracing::info!(value, "failpoint {name}");
        Some(value)
    });
    None
}
