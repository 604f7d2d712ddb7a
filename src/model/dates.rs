//! Partial dates: what is known of a day, written as EDTF (ISO 8601-2).
//!
//! A date is compared by the earliest and the latest day that it can mean, and
//! comparison has three answers: definitely before, definitely after, or
//! neither, because both may be. Whoever needs a yes asks for the definite one.

use std::fmt;

use edtf_core::{Bound, Date, DateField, Edtf, ParseError, YearKind};

/// A day as a number: days since 1970-01-01 in the Gregorian calendar, carried
/// back before its adoption, with a year 0000 before 0001.
pub type Day = i32;

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// Beyond this year, either way, no day fits [`Day`] any more.
const LAST_YEAR: i64 = 6_000_000;

/// What is known of a day.
///
/// Accepted are dates of EDTF levels 0 and 1 (`2021`, `2021-12`, `2021-12-15`,
/// `-0044`, `Y12345`, `2021?`, `2021-12~`, `2021%`) and unspecified digits of
/// level 2 (`1964-XX-16`, `XXXX-12-15`). So are the four seasons of level 1,
/// `2021-21` to `2021-24`, with the bounds that edtf-core gives them, those of
/// the northern hemisphere: spring from March to May, and so on to winter from
/// December to February of the next year. Whoever means a southern season writes
/// its months or the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialDate {
    date: Date,
    earliest: Day,
    latest: Day,
}

/// Why a text is no partial date, in words that say what would be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// It is no EDTF at all, or names a day that there is not.
    #[error(
        "must be an EDTF date such as 2021, 2021-12, 2021-12-15, 2021? or XXXX-12-15; {} (at offset {})",
        .0.message,
        .0.offset
    )]
    Malformed(ParseError),
    /// It has a time of day.
    #[error("must be a date without a time of day, such as 2021-12-15")]
    TimeOfDay,
    /// It is an interval.
    #[error("must be a single date, such as 2021-12-15, not an interval")]
    Interval,
    /// It is a set.
    #[error(
        "must be a single date, such as 2021-12-15, not a set; what is unknown is written 2021-XX"
    )]
    Set,
    /// Only a part of it is qualified.
    #[error("must have `?`, `~` or `%` once and at the end, for the whole date, such as 2021-12~")]
    PartlyQualified,
    /// The year has an exponent or a number of significant digits.
    #[error("must have its year written out, such as 2021, 202X or Y12345")]
    YearForm,
    /// It is a season or another part of a year of level 2.
    #[error("must have a month from 01 to 12, or a season from 21 (spring) to 24 (winter)")]
    Season,
    /// A whole day was asked for.
    #[error("must be a day, such as 2021-12-15")]
    NotADay,
    /// A whole day was asked for, and this names none that there is.
    #[error("must be a day, such as 2021-12-15; {} (at offset {})", .0.message, .0.offset)]
    NoSuchDay(ParseError),
}

impl PartialDate {
    /// Reads a date. The text is kept: [`fmt::Display`] gives it back.
    pub fn parse(text: &str) -> Result<Self, DateError> {
        let date = match Edtf::parse(text).map_err(DateError::Malformed)? {
            Edtf::Date(date) => date,
            Edtf::DateTime(_) => return Err(DateError::TimeOfDay),
            Edtf::Interval(_) => return Err(DateError::Interval),
            Edtf::Set(_) => return Err(DateError::Set),
        };
        if text.trim_end_matches(is_qualifier).contains(is_qualifier) {
            return Err(DateError::PartlyQualified);
        }
        let exponential = matches!(date.year.kind, YearKind::Exponential { .. });
        if exponential || date.year.significant_digits.is_some() {
            return Err(DateError::YearForm);
        }
        if date.month.and_then(DateField::value) > Some(24) {
            return Err(DateError::Season);
        }
        let bounds = Edtf::Date(date).bounds();
        Ok(Self {
            date,
            earliest: day_of_bound(bounds.earliest, Day::MIN),
            latest: day_of_bound(bounds.latest, Day::MAX),
        })
    }

    /// The earliest day that it can mean. `?` and `~` do not widen it:
    /// `1897-05-15?` is about that day. A year of which nothing is known,
    /// `XXXX`, is one from 0000 to 9999. A year too far off for [`Day`] has the
    /// nearest that fits.
    pub fn earliest(&self) -> Day {
        self.earliest
    }

    /// The latest day that it can mean, see [`Self::earliest`].
    pub fn latest(&self) -> Day {
        self.latest
    }

    /// Whether every day that this can mean is before every one that `other` can.
    pub fn is_definitely_before(&self, other: &Self) -> bool {
        self.latest < other.earliest
    }

    /// Whether every day that this can mean is after every one that `other` can.
    pub fn is_definitely_after(&self, other: &Self) -> bool {
        other.is_definitely_before(self)
    }

    /// Whether every day that this can mean is before `day`.
    pub fn is_definitely_before_day(&self, day: Day) -> bool {
        self.latest < day
    }

    /// Whether every day that this can mean is after `day`.
    pub fn is_definitely_after_day(&self, day: Day) -> bool {
        day < self.earliest
    }
}

impl fmt::Display for PartialDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(out)
    }
}

/// Whether a period ends before it starts, whatever its dates mean. An empty
/// date is unknown and a malformed one is reported by its own check, so neither
/// makes a period inverted.
pub fn period_definitely_inverted(start: &str, end: &str) -> bool {
    match (PartialDate::parse(start), PartialDate::parse(end)) {
        (Ok(start), Ok(end)) => end.is_definitely_before(&start),
        _ => false,
    }
}

/// The UTC day of an instant in microseconds since 1970-01-01T00:00:00Z.
pub fn day_of_microseconds(microseconds: i64) -> Day {
    saturate(microseconds.div_euclid(MICROSECONDS_PER_DAY))
}

/// Writes a day as `YYYY-MM-DD`, with `-` before a year below 0000 and `+`
/// before one above 9999.
pub fn format_day(day: Day) -> String {
    let (year, month, day_of_month) = civil_of_day(day);
    let sign = match year {
        ..0 => "-",
        0..=9_999 => "",
        _ => "+",
    };
    format!("{sign}{:04}-{month:02}-{day_of_month:02}", year.abs())
}

/// Reads a day as `YYYY-MM-DD`, with `-` before a year below 0000.
pub fn parse_day(text: &str) -> Result<Day, DateError> {
    let partial = PartialDate::parse(text).map_err(|error| match error {
        DateError::Malformed(error) => DateError::NoSuchDay(error),
        _ => DateError::NotADay,
    })?;
    let date = partial.date;
    if date.day.is_none() || date.has_unspecified() || text.ends_with(is_qualifier) {
        return Err(DateError::NotADay);
    }
    Ok(partial.earliest)
}

fn is_qualifier(character: char) -> bool {
    matches!(character, '?' | '~' | '%')
}

/// `unbounded` stands for a bound that is no day. No date that is accepted has
/// one, but edtf-core has it in the type.
fn day_of_bound(bound: Bound, unbounded: Day) -> Day {
    match bound {
        Bound::Date(date) => {
            let year = date.year.clamp(-LAST_YEAR, LAST_YEAR);
            saturate(day_of_civil(year, date.month.into(), date.day.into()))
        }
        Bound::NegativeInfinity => Day::MIN,
        Bound::PositiveInfinity => Day::MAX,
        Bound::Unknown => unbounded,
    }
}

fn saturate(day: i64) -> Day {
    day.clamp(Day::MIN.into(), Day::MAX.into()).try_into().unwrap_or(Day::MAX)
}

/// Days from 0000-03-01 to 1970-01-01. Counting years from March puts the leap
/// day at their end.
const MARCH_0000_TO_EPOCH: i64 = 719_468;

/// Days in 400 years, after which the calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;

fn day_of_civil(year: i64, month: i64, day_of_month: i64) -> i64 {
    let march_year = if month <= 2 { year - 1 } else { year };
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day_of_month - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - MARCH_0000_TO_EPOCH
}

fn civil_of_day(day: Day) -> (i64, i64, i64) {
    let shifted = i64::from(day) + MARCH_0000_TO_EPOCH;
    let era = shifted.div_euclid(DAYS_PER_ERA);
    let day_of_era = shifted.rem_euclid(DAYS_PER_ERA);
    let leap_days = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests;
