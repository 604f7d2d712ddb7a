//! The days on which an agreement has which status.

use super::{Step, after, in_order};
use crate::model::dates::Day;
use crate::proto::v1::{AgreementAction, AgreementStatus};

/// A status and the days on which it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// The status.
    pub status: AgreementStatus,
    /// The first of the days; `None` if it has been so since ever.
    pub from: Option<Day>,
    /// The day behind the last one; `None` if it stays so for ever.
    pub until: Option<Day>,
}

/// The status on every day: intervals in their order, without a gap, each of another status
/// than the one before. Only on a day that a date begins with can it become another.
pub fn intervals(actions: &[AgreementAction], bilateral: bool) -> Vec<Interval> {
    let steps = actions.iter().flat_map(|action| Step::of(action, bilateral, Day::MAX)).collect();
    let steps = in_order(steps);
    // On a day those without a date that have not had their turn come behind what counts by then.
    let undated: Vec<&Step> = steps.iter().filter(|step| step.day.is_none()).collect();
    let on_day = |status, passed: usize| undated[passed..].iter().copied().fold(status, after);
    let (mut status, mut passed) = (AgreementStatus::Unknown, 0);
    let mut begins = vec![(Day::MIN, on_day(status, passed))];
    for step in &steps {
        status = after(status, step);
        match step.day {
            None => passed += 1,
            Some(day) => {
                begins.pop_if(|(other, _)| *other == day);
                begins.push((day, on_day(status, passed)));
            }
        }
    }
    begins.dedup_by_key(|(_, status)| *status);
    let ends = begins.iter().skip(1).map(|(day, _)| Some(*day)).chain([None]);
    let intervals = begins.iter().zip(ends).map(|((day, status), until)| Interval {
        status: *status,
        from: Some(*day).filter(|day| *day > Day::MIN),
        until,
    });
    intervals.collect()
}

/// The first day, from `today` on, on which the status is another than `status`;
/// `None` if it stays.
pub fn holds_until(status: AgreementStatus, intervals: &[Interval], today: Day) -> Option<Day> {
    let mut later = intervals.iter().filter(|one| one.until.is_none_or(|until| until > today));
    let other = later.find(|one| one.status != status)?;
    Some(other.from.map_or(today, |from| from.max(today)))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::tests::{THREE, TWO, actions, are_two, short_name};
    use super::*;
    use crate::model::dates::{format_day, parse_day};
    use crate::proto::v1::PartyRole;
    use crate::resources::agreement::status::status_on;

    /// Intervals as `SIGNED 2000-01-01 to 2001-01-01`; without a first or last day as they go on.
    fn told(life: &str, roles: &[PartyRole]) -> Vec<String> {
        let day = |day: Option<Day>| day.map(format_day).unwrap_or_default();
        let found = intervals(&actions(life), are_two(roles));
        let told = found.iter().map(|Interval { status, from, until }| {
            format!("{} {} to {}", short_name(*status), day(*from), day(*until))
        });
        told.collect()
    }

    #[test]
    fn intervals_hold_every_day() {
        for (life, expected) in [
            ("", &["UNKNOWN  to "][..]),
            ("RATIFICATION 2000", &["UNKNOWN  to "]),
            ("SIGNATURE", &["SIGNED  to "]),
            (
                "SIGNATURE 2000-05, ENTRY_INTO_FORCE 2001",
                &[
                    "UNKNOWN  to 2000-05-01",
                    "SIGNED 2000-05-01 to 2001-01-01",
                    "IN_FORCE 2001-01-01 to ",
                ],
            ),
            // Nothing holds for no day.
            (
                "SIGNATURE 2000-05-01, ENTRY_INTO_FORCE 2000-05-01",
                &["UNKNOWN  to 2000-05-01", "IN_FORCE 2000-05-01 to "],
            ),
            (
                "ENTRY_INTO_FORCE 2000, SUSPENSION 2002, RESUMPTION 2002, AMENDMENT 2003",
                &["UNKNOWN  to 2000-01-01", "IN_FORCE 2000-01-01 to "],
            ),
            (
                "ENTRY_INTO_FORCE, DENUNCIATION 2010>2011-06-30",
                &[
                    "IN_FORCE  to 2010-01-01",
                    "TERMINATION_NOTIFIED 2010-01-01 to 2011-06-30",
                    "TERMINATED 2011-06-30 to ",
                ],
            ),
            ("SIGNATURE XXXX-12-15", &["UNKNOWN  to 0000-12-15", "SIGNED 0000-12-15 to "]),
            // Without a date it ends all that is dated.
            ("TERMINATION, SIGNATURE 2000", &["TERMINATED  to "]),
        ] {
            assert_eq!(told(life, TWO), expected, "{life}");
        }
        let far = actions("SIGNATURE, ENTRY_INTO_FORCE, TERMINATION");
        let far: Vec<_> = far
            .into_iter()
            .zip(["Y-9223372036854775807", "2000", "Y9223372036854775807"])
            .map(|(action, date)| AgreementAction { date: date.to_owned(), ..action })
            .collect();
        let found = intervals(&far, true);
        let of = |day| status_on(&far, true, day);
        assert_eq!(
            found.iter().map(|one| one.status).collect::<Vec<_>>(),
            [of(Day::MIN), of(0).max(AgreementStatus::InForce), of(Day::MAX)]
        );
        assert_eq!((found[0].from, found[2].from), (None, Some(Day::MAX)));
    }

    const KINDS: [&str; 20] = [
        "NEGOTIATION_STARTED",
        "INITIALLED",
        "ADOPTED",
        "ANNOUNCED",
        "SIGNATURE",
        "RATIFICATION",
        "PROVISIONAL_APPLICATION",
        "ENTRY_INTO_FORCE",
        "ENTRY_INTO_FORCE",
        "SUSPENSION",
        "SUSPENSION",
        "RESUMPTION",
        "RENEWAL",
        "NOTICE_OF_TERMINATION",
        "DENUNCIATION",
        "DENUNCIATION",
        "WITHDRAWAL",
        "EXPIRY",
        "TERMINATION",
        "ABANDONMENT",
    ];
    const DATES: [&str; 12] = [
        "",
        "",
        "1999",
        "2000-01",
        "2000-01-01",
        "2000-01-02",
        "2000-01-03",
        "2000-01-04",
        "200X",
        "XXXX-01-02",
        "2000-02?",
        "Y-99999999999",
    ];

    proptest! {
        #[test]
        fn intervals_say_what_each_day_says(
            life in vec((select(&KINDS[..]), select(&DATES[..]), select(&DATES[..]), 0..3_usize), 0..9),
            wide: bool,
        ) {
            let life: Vec<_> = life
                .iter()
                .map(|(kind, date, effective, by)| {
                    let by = ["", " by countries/P0", " by countries/P1"][*by];
                    let effective = if effective.is_empty() { "" } else { &format!(">{effective}") };
                    format!("{kind} {date}{effective}{by}")
                })
                .collect();
            let (actions, bilateral) = (actions(&life.join(", ")), are_two(if wide { THREE } else { TWO }));
            let found = intervals(&actions, bilateral);
            prop_assert_eq!((found[0].from, found[found.len() - 1].until), (None, None));
            for pair in found.windows(2) {
                prop_assert!(pair[0].until.is_some() && pair[0].until == pair[1].from);
                prop_assert!(pair[0].from < pair[0].until && pair[0].status != pair[1].status);
            }
            let first = parse_day("1998-12-30").expect("a day");
            for day in [Day::MIN, first - 400_000, Day::MAX].into_iter().chain(first..first + 450) {
                let holds = |one: &&Interval| {
                    one.from.is_none_or(|from| from <= day) && one.until.is_none_or(|until| day < until)
                };
                let on_day: Vec<_> = found.iter().filter(holds).map(|one| one.status).collect();
                prop_assert_eq!(on_day, [status_on(&actions, bilateral, day)]);
            }
        }
    }
}
