//! What a request for changes, or of the past, asks for, as far as it alone can tell.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::feed::start::Start;
use crate::model::dates::{Day, day_of_microseconds, parse_day};
use crate::model::error::{Error, Result};
use crate::model::limits::{PROGRESS_DEFAULT, PROGRESS_RANGE};
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{Origin, list_changes_request, watch_changes_request};

/// Seconds of a `google.protobuf.Timestamp`: the years 1 to 9999.
const TIMESTAMP_SECONDS: RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// Seconds of a `google.protobuf.Duration` that is not negative: 10,000 years.
const DURATION_SECONDS: RangeInclusive<i64> = 0..=315_576_000_000;
/// What a time has to be.
const NO_TIME: &str = "must be a time in the years 1 to 9999, with 0 to 999,999,999 ns";
/// Nanoseconds of both.
const NANOS: RangeInclusive<i32> = 0..=999_999_999;

/// Where a watch starts.
pub fn watch_start(start: Option<watch_changes_request::Start>) -> Result<Start> {
    match start {
        None => Ok(Start::Now),
        Some(watch_changes_request::Start::Token(token)) => Start::of_token(&token),
        Some(watch_changes_request::Start::AfterRevision(revision)) => Start::of_revision(revision),
        Some(watch_changes_request::Start::AfterTime(time)) => after_time(time),
        Some(watch_changes_request::Start::Origin(origin)) => Ok(of_origin(origin, Start::Now)),
    }
}

/// Where a page starts.
pub fn page_start(start: Option<list_changes_request::Start>) -> Result<Start> {
    match start {
        None => Ok(Start::Earliest),
        Some(list_changes_request::Start::Token(token)) => Start::of_token(&token),
        Some(list_changes_request::Start::AfterRevision(revision)) => Start::of_revision(revision),
        Some(list_changes_request::Start::AfterTime(time)) => after_time(time),
        Some(list_changes_request::Start::Origin(origin)) => Ok(of_origin(origin, Start::Earliest)),
    }
}

/// How often progress comes at least.
pub fn progress_interval(interval: Option<prost_types::Duration>) -> Result<Duration> {
    let Some(interval) = interval else { return Ok(PROGRESS_DEFAULT) };
    let known = duration(interval).filter(|interval| PROGRESS_RANGE.contains(interval));
    known.ok_or_else(|| wrong("progress_interval", "must be 1 s to 60 s"))
}

/// How long the answer may be held.
pub fn wait(wait: Option<prost_types::Duration>) -> Result<Duration> {
    let Some(wait) = wait else { return Ok(Duration::ZERO) };
    duration(wait)
        .ok_or_else(|| wrong("wait", "must not be negative; the answer is held for 20 s at most"))
}

/// Refuses to end before the start, `after`; 0 is no end.
pub fn until(until_revision: i64, after: i64) -> Result<()> {
    if until_revision == 0 || until_revision >= after {
        return Ok(());
    }
    Err(wrong("until_revision", &format!("must not be below the start, {after}")))
}

fn wrong(field: &str, text: &str) -> Error {
    Error::invalid(&Path::Root.field(field), text)
}

/// The duration as the protobuf specification has it, unless it is negative.
fn duration(duration: prost_types::Duration) -> Option<Duration> {
    let prost_types::Duration { seconds, nanos } = duration;
    if !DURATION_SECONDS.contains(&seconds) || !NANOS.contains(&nanos) {
        return None;
    }
    Some(Duration::new(seconds.unsigned_abs(), nanos.unsigned_abs()))
}

fn after_time(after: prost_types::Timestamp) -> Result<Start> {
    time(after, "after_time").map(Start::AfterTime)
}

/// Microseconds since 1970 of the time in the field `field`.
pub fn time(time: prost_types::Timestamp, field: &str) -> Result<i64> {
    microseconds(time).ok_or_else(|| wrong(field, NO_TIME))
}

/// The day of the time at `path`, if there is one; what is no time is among `violations`.
pub fn day_of(
    time: Option<prost_types::Timestamp>,
    path: &str,
    violations: &mut Violations,
) -> Option<Day> {
    let microseconds = microseconds(time?);
    if microseconds.is_none() {
        violations.add(&Path::Root.field(path), NO_TIME);
    }
    microseconds.map(day_of_microseconds)
}

/// Microseconds since 1970, of a time as the protobuf specification has it.
fn microseconds(time: prost_types::Timestamp) -> Option<i64> {
    let prost_types::Timestamp { seconds, nanos } = time;
    let is_time = TIMESTAMP_SECONDS.contains(&seconds) && NANOS.contains(&nanos);
    is_time.then(|| seconds * 1_000_000 + i64::from(nanos) / 1_000)
}

/// The day in the field `on_date`; `None` if it is empty.
pub fn day(on_date: &str) -> Result<Option<Day>> {
    if on_date.is_empty() {
        return Ok(None);
    }
    parse_day(on_date).map(Some).map_err(|error| wrong("on_date", &error.to_string()))
}

fn of_origin(origin: i32, unset: Start) -> Start {
    match Origin::try_from(origin) {
        Ok(Origin::Now) => Start::Now,
        Ok(Origin::Earliest) => Start::Earliest,
        Ok(Origin::Snapshot) => Start::Snapshot,
        Ok(Origin::Unspecified) | Err(_) => unset,
    }
}
