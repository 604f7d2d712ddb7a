//! What a date can mean.

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
