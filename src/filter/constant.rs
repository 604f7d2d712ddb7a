//! What the values in a filter mean.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::model::dates::{Day, PartialDate};

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// The first and the last day of the span that `text` names: a day, a month, a
/// year. The error says what would be right.
pub(super) fn days(text: &str) -> Result<(Day, Day), String> {
    let date = PartialDate::parse(text).map_err(|error| error.to_string())?;
    if text.ends_with(['?', '~', '%']) {
        return Err("must be a date without `?`, `~` or `%`".to_owned());
    }
    let mut after_unknown = text.chars().skip_while(|one| *one != 'X');
    if after_unknown.any(|one| one.is_ascii_digit()) {
        return Err(
            "must be one span of days, such as 2021, 2021-12, 2021-12-15 or 202X".to_owned()
        );
    }
    Ok((date.earliest(), date.latest()))
}

/// The first and the last microsecond of what `text` names: an instant, or a
/// span of days in UTC. What lies beyond all that can be recorded is as far as that.
pub(super) fn microseconds(text: &str) -> Result<(i64, i64), String> {
    if let Ok((first, last)) = days(text) {
        let begin = |day: i64| day.saturating_mul(MICROSECONDS_PER_DAY);
        return Ok((begin(first.into()), begin(i64::from(last) + 1).saturating_sub(1)));
    }
    let instant = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| {
        "must be a time such as 2026-11-24T12:30:00Z or 2026-11-24T12:30:00.5+07:00, or a day, \
         month or year in UTC"
            .to_owned()
    })?;
    let nanos = instant.unix_timestamp_nanos();
    if nanos % 1_000 != 0 {
        return Err("must have at most six digits behind the second".to_owned());
    }
    let micros = i64::try_from(nanos / 1_000).map_err(|error| error.to_string())?;
    Ok((micros, micros))
}
