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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> PartialDate {
        PartialDate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn bounds_are_the_days_that_a_date_can_mean() {
        for (text, earliest, latest) in [
            ("2021", "2021-01-01", "2021-12-31"),
            ("2021-02", "2021-02-01", "2021-02-28"),
            ("2021-12-15", "2021-12-15", "2021-12-15"),
            ("1897-05-15?", "1897-05-15", "1897-05-15"),
            ("2021-12~", "2021-12-01", "2021-12-31"),
            ("2020%", "2020-01-01", "2020-12-31"),
            ("201X", "2010-01-01", "2019-12-31"),
            ("1964-XX-16", "1964-01-16", "1964-12-16"),
            ("2020-02-XX", "2020-02-01", "2020-02-29"),
            ("XXXX-12-15", "0000-12-15", "9999-12-15"),
            ("XXXX-02-29", "0000-02-29", "9996-02-29"),
            ("XXXX", "0000-01-01", "9999-12-31"),
            ("0000", "0000-01-01", "0000-12-31"),
            ("-0044-03-15", "-0044-03-15", "-0044-03-15"),
            ("Y12345", "+12345-01-01", "+12345-12-31"),
            ("Y-12345", "-12345-01-01", "-12345-12-31"),
            ("2021-21", "2021-03-01", "2021-05-31"),
            ("2023-24", "2023-12-01", "2024-02-29"),
        ] {
            let date = date(text);
            assert_eq!(format_day(date.earliest()), earliest, "{text}");
            assert_eq!(format_day(date.latest()), latest, "{text}");
            assert_eq!(date.to_string(), text);
        }
    }

    #[test]
    fn years_too_far_off_have_the_nearest_day_that_fits() {
        let future = date("Y9223372036854775807");
        assert_eq!((future.earliest(), future.latest()), (Day::MAX, Day::MAX));
        let past = date("Y-9223372036854775807");
        assert_eq!((past.earliest(), past.latest()), (Day::MIN, Day::MIN));
        assert!(past.is_definitely_before(&future));
        assert!(!future.is_definitely_after(&date("Y99999999")));
    }

    #[test]
    fn what_is_no_date_is_refused_with_what_would_be_right() {
        for (text, said) in [
            ("", "such as 2021,"),
            ("2021-02-30", "day is out of range"),
            ("2021-13", "month must be 01-12"),
            ("0014-022005", "expected '-' before day"),
            ("15.12.2021", "four digits"),
            ("20XX-1x", "month must be two digits"),
            ("-XXXX", "negative years"),
            (" 2021", "whitespace"),
            ("2021é", "ASCII"),
            ("2021-12-15T10:00:00Z", "without a time of day"),
            ("2020/2021", "not an interval"),
            ("{2020,2021}", "not a set"),
            ("2021?-12-15", "at the end"),
            ("?2021", "at the end"),
            ("2021-12-~15", "at the end"),
            ("Y17E7", "written out"),
            ("1950S2", "written out"),
            ("2021-33", "season from 21"),
        ] {
            let words = PartialDate::parse(text).expect_err(text).to_string();
            assert!(words.contains(said), "{text}: {words}");
        }
    }

    #[test]
    fn comparison_has_three_answers() {
        let (early, late) = (date("1999"), date("2000-01-01"));
        assert!(early.is_definitely_before(&late) && late.is_definitely_after(&early));
        for (left, right) in [("1999", "1999-06"), ("XXXX-12-15", "2021"), ("2021", "2021")] {
            let (left, right) = (date(left), date(right));
            assert!(!left.is_definitely_before(&right) && !left.is_definitely_after(&right));
        }
        let (before, first) = (date("1969"), date("1970"));
        assert!(before.is_definitely_before_day(0) && first.is_definitely_after_day(-1));
        assert!(!first.is_definitely_before_day(0) && !first.is_definitely_after_day(0));
    }

    #[test]
    fn a_period_is_inverted_only_if_it_must_be() {
        assert!(period_definitely_inverted("2021-01-02", "2021-01-01"));
        assert!(period_definitely_inverted("2021", "2020"));
        for (start, end) in [
            ("2021-06", "2021"),
            ("2021-01-01", "2021-01-01"),
            ("XXXX-12-16", "XXXX-12-14"),
            ("2021", ""),
            ("", "2021"),
            ("2021", "soon"),
        ] {
            assert!(!period_definitely_inverted(start, end), "{start} to {end}");
        }
    }

    #[test]
    fn an_instant_falls_on_its_utc_day() {
        for (microseconds, day) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (MICROSECONDS_PER_DAY, "1970-01-02"),
            (1_609_459_200_000_000, "2021-01-01"),
        ] {
            assert_eq!(format_day(day_of_microseconds(microseconds)), day);
        }
    }

    #[test]
    fn only_a_whole_day_is_a_day() {
        assert_eq!(parse_day("1970-01-02"), Ok(1));
        for text in "2021 2021-12 2021-12-15? 2021-12-1X XXXX-12-15 2021-21".split(' ') {
            assert_eq!(parse_day(text), Err(DateError::NotADay), "{text}");
        }
        for (text, said) in [
            ("2021-02-30", "day is out of range"),
            ("soon", "must be a day, such as 2021-12-15;"),
            ("", "must be a day, such as 2021-12-15;"),
            ("2021-12-15/2022-01-01", "must be a day"),
            ("2021-12-15T10:00:00Z", "must be a day"),
        ] {
            let words = parse_day(text).expect_err(text).to_string();
            assert!(words.contains(said) && !words.contains("2021,"), "{text}: {words}");
        }
    }

    proptest! {
        #[test]
        fn a_day_survives_being_written(day in -4_371_587..=2_932_896_i32) {
            prop_assert_eq!(parse_day(&format_day(day)), Ok(day));
            let known = date(&format_day(day));
            prop_assert_eq!((known.earliest(), known.latest()), (day, day));
        }

        #[test]
        fn days_agree_with_another_calendar(day in -4_371_587..=2_932_896_i32) {
            let other = time::Date::from_julian_day(day + 2_440_588).expect("in its range");
            let (year, month, day_of_month) = civil_of_day(day);
            prop_assert_eq!(year, i64::from(other.year()));
            prop_assert_eq!(month, i64::from(u8::from(other.month())));
            prop_assert_eq!(day_of_month, i64::from(other.day()));
        }

        #[test]
        fn every_day_number_has_a_calendar_day(day: i32) {
            let (year, month, day_of_month) = civil_of_day(day);
            prop_assert_eq!(day_of_civil(year, month, day_of_month), i64::from(day));
        }

        #[test]
        fn a_date_of_the_right_shape_has_ordered_bounds_and_keeps_its_text(
            text in "(Y-?[1-9][0-9]{4,18}|-?[0-9X]{4}(-[0-3X][0-9X](-[0-3X][0-9X])?)?)[?~%]?"
        ) {
            if let Ok(date) = PartialDate::parse(&text) {
                prop_assert!(date.earliest() <= date.latest());
                prop_assert_eq!(date.to_string(), text);
            }
        }

        #[test]
        fn whatever_is_accepted_keeps_its_text(text in "[-0-9XYSET?~%/.:,]{0,12}|\\PC*") {
            if let Ok(date) = PartialDate::parse(&text) {
                prop_assert_eq!(date.to_string(), text);
            }
        }
    }
}
