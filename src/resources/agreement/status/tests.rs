//! Lives of agreements and where they stood.

use super::intervals::{holds_until, intervals};
use super::*;
use crate::model::dates::parse_day;

/// Reads `SIGNATURE 2000, RATIFICATION 2001 by countries/KHM`; `2000>2001`
/// is a date and an effective date.
pub(super) fn actions(text: &str) -> Vec<AgreementAction> {
    let parts = text.split(", ").filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (what, party) = part.split_once(" by ").unwrap_or((part, ""));
            let (kind, dates) = what.split_once(' ').unwrap_or((what, ""));
            let (date, effective_date) = dates.split_once('>').unwrap_or((dates, ""));
            let kind = ActionKind::from_str_name(&format!("ACTION_KIND_{kind}"));
            AgreementAction {
                kind: kind.unwrap_or_else(|| panic!("{part}")).into(),
                party: party.to_owned(),
                date: date.to_owned(),
                effective_date: effective_date.to_owned(),
                ..AgreementAction::default()
            }
        })
        .collect()
}

pub(super) fn parties(roles: &[PartyRole]) -> Vec<AgreementParty> {
    let party = |(index, role): (usize, &PartyRole)| AgreementParty {
        party: Some(Party::Country(format!("countries/P{index}"))),
        role: (*role).into(),
    };
    roles.iter().enumerate().map(party).collect()
}

/// Whether an agreement of these that does not say between how many it is, is bilateral.
pub(super) fn are_two(roles: &[PartyRole]) -> bool {
    is_bilateral(&Agreement { parties: parties(roles), ..Agreement::default() })
}

pub(super) fn short_name(status: AgreementStatus) -> &'static str {
    let name = status.as_str_name();
    name.trim_start_matches("AGREEMENT_STATUS_")
}

fn status(text: &str, roles: &[PartyRole], day: &str) -> &'static str {
    let day = parse_day(day).expect("a day");
    short_name(status_on(&actions(text), are_two(roles), day))
}

pub(super) const TWO: &[PartyRole] = &[PartyRole::Party; 2];
pub(super) const THREE: &[PartyRole] = &[PartyRole::Party; 3];

/// Checks lines such as `SIGNATURE 2000 = SIGNED` on a day.
fn check(day: &str, lines: &str) {
    for line in lines.lines() {
        let (text, expected) = line.split_once(" = ").expect("two parts");
        assert_eq!(status(text.trim(), TWO, day), expected, "{line} on {day}");
    }
}

#[test]
fn a_life_from_day_to_day() {
    let life = "NEGOTIATION_STARTED 1998, SIGNATURE 2000-03-01, RATIFICATION 2000-06, \
                    ENTRY_INTO_FORCE 2001-01-01, SUSPENSION 2005-01-01, RESUMPTION 2006-01-01, \
                    NOTICE_OF_TERMINATION 2010-01-01, TERMINATION 2011-01-01, RENEWAL 2015-01-01";
    for (day, expected) in [
        ("1998-01-01", "UNDER_NEGOTIATION"),
        ("2000-03-01", "SIGNED"),
        ("2001-01-01", "IN_FORCE"),
        ("2005-01-01", "SUSPENDED"),
        ("2006-01-01", "IN_FORCE"),
        ("2010-01-01", "TERMINATION_NOTIFIED"),
        ("2011-01-01", "TERMINATED"),
        ("2015-01-01", "IN_FORCE"),
    ] {
        assert_eq!(status(life, TWO, day), expected, "{day}");
    }
}

/// What each status may become by anything but a renewal.
const TRANSITIONS: &str = "\
UNKNOWN: UNDER_NEGOTIATION INITIALLED ADOPTED ANNOUNCED SIGNED PROVISIONALLY_APPLIED IN_FORCE TERMINATED ABANDONED
UNDER_NEGOTIATION: INITIALLED ADOPTED ANNOUNCED SIGNED IN_FORCE TERMINATED ABANDONED
INITIALLED: UNDER_NEGOTIATION SIGNED IN_FORCE TERMINATED ABANDONED
ADOPTED: UNDER_NEGOTIATION SIGNED IN_FORCE TERMINATED ABANDONED
ANNOUNCED: UNDER_NEGOTIATION SIGNED IN_FORCE TERMINATED ABANDONED
SIGNED: PROVISIONALLY_APPLIED IN_FORCE TERMINATED ABANDONED
PROVISIONALLY_APPLIED: IN_FORCE SUSPENDED TERMINATED
IN_FORCE: SUSPENDED TERMINATION_NOTIFIED TERMINATED
SUSPENDED: IN_FORCE TERMINATION_NOTIFIED TERMINATED
TERMINATION_NOTIFIED: IN_FORCE TERMINATED
TERMINATED: TERMINATED
ABANDONED: TERMINATED";

#[test]
fn the_table_of_transitions_holds() {
    let mut all = vec![AgreementAction::default(); 31];
    (0..).zip(&mut all).for_each(|(number, action)| action.kind = number);
    let of = |action| Step::of(action, true, 0);
    let steps: Vec<_> = all.iter().flat_map(of).collect();
    for line in TRANSITIONS.lines() {
        let (from, expected) = line.split_once(": ").expect("two parts");
        let from =
            AgreementStatus::from_str_name(&format!("AGREEMENT_STATUS_{from}")).expect("a status");
        let (renewals, others): (Vec<_>, Vec<_>) = steps
            .iter()
            .filter(|step| may_become(from, step))
            .partition(|step| step.kind == ActionKind::Renewal);
        assert_eq!(renewals.len(), 1, "a renewal may follow anything");
        let mut found: Vec<_> = others.iter().map(|step| step.to).collect();
        found.sort_unstable();
        found.dedup();
        let found: Vec<_> = found.into_iter().map(short_name).collect();
        assert_eq!(found.join(" "), expected, "{line}");
    }
    check(
        "2020-01-01",
        "ENTRY_INTO_FORCE 2000, SUSPENSION 2001, ENTRY_INTO_FORCE 2002 = SUSPENDED
             ENTRY_INTO_FORCE 2000, NOTICE_OF_TERMINATION 2001, RESUMPTION 2002 = IN_FORCE
             EXPIRY 2000, ENTRY_INTO_FORCE 2001 = TERMINATED
             EXPIRY 2000, RESUMPTION 2001 = TERMINATED
             ABANDONMENT 2000, RENEWAL 2001 = IN_FORCE
             NEGOTIATION_STARTED 2000, TERMINATION 2001 = TERMINATED",
    );
}

#[test]
fn a_weaker_step_or_one_of_the_same_day_does_not_move_it_back() {
    check(
        "2020-01-01",
        "ENTRY_INTO_FORCE 2000, RATIFICATION 2001 = IN_FORCE
             SIGNATURE 1999, ENTRY_INTO_FORCE 2000, SIGNATURE 2001 = IN_FORCE
             ENTRY_INTO_FORCE 2000-01-01, SIGNATURE 2000-06-01 = IN_FORCE
             ENTRY_INTO_FORCE 2000, SIGNATURE 2000-06-01 = IN_FORCE
             ENTRY_INTO_FORCE 2000-01-01, SIGNATURE 2000-01-01 = IN_FORCE
             TERMINATION 2000-01-01, ENTRY_INTO_FORCE 2000-01-01 = TERMINATED
             RENEWAL 2000-01-01, EXPIRY 2000-01-01 = IN_FORCE
             TERMINATION 2000-01-01, RENEWAL 2000-01-01 = TERMINATED",
    );
}

#[test]
fn an_action_counts_unless_it_is_definitely_later() {
    check(
        "2020-01-01",
        " = UNKNOWN
             RATIFICATION 2000, EXCHANGE_OF_INSTRUMENTS 2001, AMENDMENT 2002 = UNKNOWN
             ANNOUNCED XXXX-12-15 = ANNOUNCED
             SIGNATURE 2020 = SIGNED
             SIGNATURE 2000, TERMINATION soon = SIGNED",
    );
    check("2019-12-31", "SIGNATURE 2020 = UNKNOWN");
    check("2020-04-30", "SIGNATURE 2020-05-01? = UNKNOWN");
    check("2020-12-31", "SIGNATURE 2019>2021 = UNKNOWN");
    check("2020-12-31", "SIGNATURE >2021 = UNKNOWN");
    check("2021-01-01", "SIGNATURE 2019>2021 = SIGNED");
}

#[test]
fn an_undated_action_takes_its_place_in_life() {
    check(
        "2020-01-01",
        "RATIFICATION, SIGNATURE 2000 = SIGNED
             TERMINATION, SIGNATURE 2000 = TERMINATED
             EXPIRY, ENTRY_INTO_FORCE 2000, RENEWAL 2010 = TERMINATED
             RENEWAL, ENTRY_INTO_FORCE 2000, TERMINATION 2010 = TERMINATED
             ENTRY_INTO_FORCE, SIGNATURE 2000 = IN_FORCE
             ENTRY_INTO_FORCE, SIGNATURE 2000, SUSPENSION 2010 = SUSPENDED
             SIGNATURE, ENTRY_INTO_FORCE 2000 = IN_FORCE
             NEGOTIATION_STARTED, ANNOUNCED 2000 = ANNOUNCED
             SUSPENSION, ENTRY_INTO_FORCE 2000 = SUSPENDED
             SUSPENSION, ENTRY_INTO_FORCE 2000, RESUMPTION 2010 = IN_FORCE
             TERMINATION, ENTRY_INTO_FORCE, SIGNATURE = TERMINATED
             ABANDONMENT, ENTRY_INTO_FORCE 2000 = IN_FORCE
             ABANDONMENT, SIGNATURE 2000 = ABANDONED",
    );
}

#[test]
fn a_notice_counts_from_its_date_and_an_end_from_its_effect() {
    for kind in ["DENUNCIATION", "WITHDRAWAL"] {
        let life = format!("ENTRY_INTO_FORCE 2000, {kind} 2010-01-01>2011-01-01");
        assert_eq!(status(&life, TWO, "2009-12-31"), "IN_FORCE");
        assert_eq!(status(&life, TWO, "2010-01-01"), "TERMINATION_NOTIFIED");
        assert_eq!(status(&life, TWO, "2011-01-01"), "TERMINATED");
    }
    let life = "ENTRY_INTO_FORCE 2000, NOTICE_OF_TERMINATION 2010-01-01>2011-01-01";
    assert_eq!(status(life, TWO, "2010-01-01"), "TERMINATION_NOTIFIED");
}

#[test]
fn who_leaves_a_wider_agreement_leaves_it_to_the_others() {
    use PartyRole::{Guarantor, Observer, Party, Signatory, Territory, Unspecified};
    for kind in ["DENUNCIATION", "WITHDRAWAL"] {
        let on_day = |roles: &[PartyRole], by: &str| {
            let text = format!("ENTRY_INTO_FORCE 2000, {kind} 2010{by}");
            status(&text, roles, "2020-01-01")
        };
        let by = " by countries/P0";
        assert_eq!(on_day(TWO, by), "TERMINATED");
        assert_eq!(on_day(&[], by), "TERMINATED");
        assert_eq!(on_day(THREE, by), "IN_FORCE");
        assert_eq!(on_day(THREE, ""), "TERMINATED", "all of them left");
        assert_eq!(on_day(&[Party, Unspecified, Signatory], by), "IN_FORCE");
        let others = [Party, Party, Observer, Guarantor, Territory];
        assert_eq!(on_day(&others, by), "TERMINATED");
    }
    let mut twice = [parties(TWO), parties(TWO)].concat();
    twice[2].role = Signatory.into();
    assert_eq!(takers(&twice).count(), 2, "a country in two roles is one party");
    // Registers do not know all parties, and two sides may be more than two countries.
    let said = |participation: Participation, roles| {
        let parties = parties(roles);
        is_bilateral(&Agreement {
            participation: participation.into(),
            parties,
            ..Agreement::default()
        })
    };
    assert!(said(Participation::Bilateral, THREE) && said(Participation::Bilateral, &[]));
    assert!(!said(Participation::Multilateral, TWO) && !said(Participation::Plurilateral, &[]));
}

#[test]
fn a_status_holds_until_the_first_day_on_which_it_is_another() {
    let lives = [
        "",
        "SIGNATURE 2029, ENTRY_INTO_FORCE 2030-01-03, EXPIRY 2030-01-10",
        "ENTRY_INTO_FORCE 2020, SUSPENSION 2030-01-05, RESUMPTION 2030-01-07",
        "ENTRY_INTO_FORCE 2020, SUSPENSION 2030-01-05, RESUMPTION 2030-01-05",
        "ENTRY_INTO_FORCE XXXX-01-04, DENUNCIATION 2030-01-02>2030-01-09 by countries/P0",
        "EXPIRY 2030-01-04, SIGNATURE",
    ];
    let (first, end) = (parse_day("2029-12-30").expect("a day"), parse_day("2030-01-15"));
    let end = end.expect("a day");
    for life in lives {
        let actions = actions(life);
        let on = |day: Day| status_on(&actions, true, day);
        let intervals = intervals(&actions, true);
        for today in first..end {
            for status in [on(today), AgreementStatus::Suspended] {
                let expected = (today..end).find(|day| on(*day) != status);
                let found = holds_until(status, &intervals, today);
                assert_eq!(found, expected, "{life}: {status:?} on {today}");
            }
        }
    }
}

/// What the domain's table of transitions says, row by row: no more than this is foreseen.
const FORESEEN: &str = "\
UNKNOWN: UNDER_NEGOTIATION INITIALLED ADOPTED ANNOUNCED SIGNED PROVISIONALLY_APPLIED IN_FORCE TERMINATED ABANDONED
UNDER_NEGOTIATION: INITIALLED ADOPTED ANNOUNCED SIGNED ABANDONED
INITIALLED: UNDER_NEGOTIATION SIGNED IN_FORCE ABANDONED
ADOPTED: UNDER_NEGOTIATION SIGNED IN_FORCE ABANDONED
ANNOUNCED: UNDER_NEGOTIATION SIGNED IN_FORCE TERMINATED ABANDONED
SIGNED: PROVISIONALLY_APPLIED IN_FORCE TERMINATED ABANDONED
PROVISIONALLY_APPLIED: IN_FORCE SUSPENDED TERMINATED
IN_FORCE: SUSPENDED TERMINATION_NOTIFIED TERMINATED
SUSPENDED: IN_FORCE TERMINATION_NOTIFIED TERMINATED
TERMINATION_NOTIFIED: IN_FORCE TERMINATED
TERMINATED: IN_FORCE
ABANDONED: IN_FORCE";

/// Each status and a life that leads to it by 2001.
const LIVES: [(&str, &str); 12] = [
    ("UNKNOWN", ""),
    ("UNDER_NEGOTIATION", "NEGOTIATION_STARTED 2001"),
    ("INITIALLED", "INITIALLED 2001"),
    ("ADOPTED", "ADOPTED 2001"),
    ("ANNOUNCED", "ANNOUNCED 2001"),
    ("SIGNED", "SIGNATURE 2001"),
    ("PROVISIONALLY_APPLIED", "PROVISIONAL_APPLICATION 2001"),
    ("IN_FORCE", "ENTRY_INTO_FORCE 2001"),
    ("SUSPENDED", "ENTRY_INTO_FORCE 2000, SUSPENSION 2001"),
    ("TERMINATION_NOTIFIED", "ENTRY_INTO_FORCE 2000, NOTICE_OF_TERMINATION 2001"),
    ("TERMINATED", "TERMINATION 2001"),
    ("ABANDONED", "ABANDONMENT 2001"),
];

/// The action that leads from a status to another.
fn leading(from: &str, to: &str) -> &'static str {
    match (from, to) {
        ("TERMINATED" | "ABANDONED", "IN_FORCE") => "RENEWAL",
        ("SUSPENDED" | "TERMINATION_NOTIFIED", "IN_FORCE") => "RESUMPTION",
        (_, "UNDER_NEGOTIATION") => "NEGOTIATION_STARTED",
        (_, "INITIALLED") => "INITIALLED",
        (_, "ADOPTED") => "ADOPTED",
        (_, "ANNOUNCED") => "ANNOUNCED",
        (_, "SIGNED") => "SIGNATURE",
        (_, "PROVISIONALLY_APPLIED") => "PROVISIONAL_APPLICATION",
        (_, "IN_FORCE") => "ENTRY_INTO_FORCE",
        (_, "SUSPENDED") => "SUSPENSION",
        (_, "TERMINATION_NOTIFIED") => "NOTICE_OF_TERMINATION",
        (_, "TERMINATED") => "TERMINATION",
        _ => "ABANDONMENT",
    }
}

#[test]
fn every_row_of_the_domains_table_is_a_life() {
    assert_eq!(FORESEEN.lines().count(), LIVES.len());
    for (line, (from, life)) in FORESEEN.lines().zip(LIVES) {
        assert_eq!(status(life, TWO, "2009-12-31"), from);
        let (named, foreseen) = line.split_once(": ").expect("two parts");
        assert_eq!(named, from);
        let foreseen: Vec<_> = foreseen.split(' ').collect();
        let tolerated =
            TRANSITIONS.lines().find_map(|line| line.strip_prefix(&format!("{from}: ")));
        let tolerated: Vec<_> = tolerated.expect("a row").split(' ').collect();
        for (to, _) in LIVES.iter().skip(1).filter(|(to, _)| *to != from) {
            let kind = leading(from, to);
            let life = format!("{life}, {kind} 2010");
            let life = life.trim_start_matches(", ");
            let moves = foreseen.contains(to) || tolerated.contains(to);
            assert_eq!(status(life, TWO, "2010-01-01"), if moves { *to } else { from }, "{life}");
            let doubted = !impossible(&actions(life), true).is_empty();
            assert!(!(doubted && foreseen.contains(to)), "{life}");
            // Whatever goes on to a later stage of a life, or behind its end, and is not
            // foreseen is doubted; what comes back to an earlier stage only repeats it.
            let goes_on = tolerated.contains(to) && !foreseen.contains(to);
            let early = ["UNDER_NEGOTIATION", "INITIALLED", "ADOPTED", "ANNOUNCED", "SIGNED"];
            let behind = ["TERMINATED", "ABANDONED"].contains(&from) && early.contains(to);
            assert!(doubted || !(goes_on || behind), "{life}");
        }
    }
    let same_day = "SIGNATURE 2001-05-01, ENTRY_INTO_FORCE 2001-05-01";
    assert_eq!(status(same_day, TWO, "2001-05-01"), "IN_FORCE");
    assert_eq!(impossible(&actions(same_day), true), []);
}
