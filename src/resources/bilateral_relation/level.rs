//! At what level two countries stand to each other on a day, computed from what
//! happened between them.
//!
//! An event counts unless its date is definitely later than the day. Dated events go by
//! the earliest day that they can mean, and those of one day as they are listed. One
//! without a date comes before all dated ones, but one that ends relations comes last,
//! since whoever records an end without a date says that they are over.

use super::ends;
use crate::model::dates::{Day, PartialDate};
use crate::proto::v1::{RelationEvent, RelationEventKind as Kind, RelationLevel as Level};
use crate::resources::first_change;

/// How two countries stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'e> {
    /// The level; UNSPECIFIED if the events do not tell.
    pub level: Level,
    /// Since when they have had relations without a break, EDTF; empty if they have none
    /// or nobody knows.
    pub established: &'e str,
}

/// How they stand on `day`.
pub fn on(events: &[RelationEvent], day: Day) -> Standing<'_> {
    let mut standing = Standing { level: Level::Unspecified, established: "" };
    // The level to which a resumption leads if it names none.
    let mut before = Level::Unspecified;
    for event in in_order(events, day) {
        let given = Some(event.level()).filter(|level| *level != Level::Unspecified);
        let level = standing.level;
        match event.kind() {
            Kind::Recognised if matches!(level, Level::Unspecified | Level::None) => {
                standing.level = Level::RecognitionOnly;
            }
            Kind::Established => {
                standing = Standing { level: given.unwrap_or_default(), established: &event.date };
            }
            Kind::Resumed => {
                let level = given.unwrap_or(before);
                standing = Standing { level, established: &event.date };
            }
            Kind::Suspended | Kind::Severed => {
                if standing.level != Level::None {
                    before = standing.level;
                }
                standing = Standing { level: given.unwrap_or(Level::None), established: "" };
            }
            Kind::AmbassadorRecalled if given.is_none() && level == Level::Ambassador => {
                standing.level = Level::ChargeDAffaires;
            }
            _ => standing.level = given.unwrap_or(level),
        }
    }
    standing
}

/// The first day, from `today` on, on which they stand otherwise; `None` if it stays so.
pub fn holds_until(
    level: Level,
    established: &str,
    events: &[RelationEvent],
    today: Day,
) -> Option<Day> {
    let dates = events.iter().map(|event| event.date.as_str());
    first_change(dates, today, |day| on(events, day) != Standing { level, established })
}

/// Whether an event of this kind can say at what level relations are from then on.
pub(super) fn may_set(kind: Kind) -> bool {
    !matches!(kind, Kind::Recognised | Kind::PartnershipDeclared)
}

fn in_order(events: &[RelationEvent], day: Day) -> Vec<&RelationEvent> {
    let mut ordered: Vec<(u8, Option<Day>, &RelationEvent)> = Vec::with_capacity(events.len());
    for event in events {
        if event.date.is_empty() {
            ordered.push((if ends(event.kind()) { 2 } else { 0 }, None, event));
        } else if let Ok(date) = PartialDate::parse(&event.date)
            && !date.is_definitely_after_day(day)
        {
            ordered.push((1, Some(date.earliest()), event));
        }
    }
    ordered.sort_by_key(|(stage, day, _)| (*stage, *day));
    ordered.into_iter().map(|(_, _, event)| event).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dates::PartialDate;

    fn event(kind: Kind, date: &str, level: Level) -> RelationEvent {
        RelationEvent {
            kind: kind.into(),
            date: date.to_owned(),
            level: level.into(),
            text: String::new(),
        }
    }

    fn level_on(events: &[RelationEvent], day: &str) -> (Level, String) {
        let day = PartialDate::parse(day).expect("a date").earliest();
        let standing = on(events, day);
        (standing.level, standing.established.to_owned())
    }

    /// The United States and Cuba, as the register of the former has it.
    #[test]
    fn relations_are_established_severed_and_resumed() {
        let events = [
            event(Kind::Resumed, "2015-07-20", Level::Ambassador),
            event(Kind::Severed, "1961-01-03", Level::Unspecified),
            event(Kind::Recognised, "1902-05-20", Level::Unspecified),
            event(Kind::Established, "1902-05-27", Level::Minister),
            event(Kind::Raised, "1923-02-10", Level::Ambassador),
            event(Kind::MissionOpened, "1977-09-01", Level::InterestsSection),
        ];
        let told = |day| level_on(&events, day);
        assert_eq!(told("1900-01-01"), (Level::Unspecified, String::new()));
        assert_eq!(told("1902-05-21"), (Level::RecognitionOnly, String::new()));
        assert_eq!(told("1910-01-01"), (Level::Minister, "1902-05-27".to_owned()));
        assert_eq!(told("1950-01-01"), (Level::Ambassador, "1902-05-27".to_owned()));
        assert_eq!(told("1970-01-01"), (Level::None, String::new()));
        assert_eq!(told("1980-01-01"), (Level::InterestsSection, String::new()));
        assert_eq!(told("2020-01-01"), (Level::Ambassador, "2015-07-20".to_owned()));
    }

    #[test]
    fn without_a_level_relations_resume_as_they_were() {
        let events = [
            event(Kind::Established, "1956", Level::Ambassador),
            event(Kind::AmbassadorRecalled, "1960", Level::Unspecified),
            event(Kind::Severed, "", Level::Unspecified),
        ];
        assert_eq!(level_on(&events, "1970-01-01").0, Level::None);
        assert_eq!(level_on(&events[..2], "1970-01-01").0, Level::ChargeDAffaires);
        let resumed = [
            event(Kind::Established, "1956", Level::Ambassador),
            event(Kind::Suspended, "1965", Level::Unspecified),
            event(Kind::Resumed, "1970", Level::Unspecified),
        ];
        assert_eq!(level_on(&resumed, "1971-01-01").0, Level::Ambassador);
    }

    #[test]
    fn a_level_holds_until_the_next_event() {
        let day = |text: &str| PartialDate::parse(text).expect("a date").earliest();
        let events = [
            event(Kind::Established, "2020", Level::Ambassador),
            event(Kind::Severed, "2030-05-01", Level::Unspecified),
        ];
        let until = |today| {
            let standing = on(&events, day(today));
            holds_until(standing.level, standing.established, &events, day(today))
        };
        assert_eq!(until("2019-12-31"), Some(day("2020-01-01")));
        assert_eq!(until("2025-01-01"), Some(day("2030-05-01")));
        assert_eq!(until("2030-05-01"), None);
    }
}
