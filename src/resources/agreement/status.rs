//! Where an agreement stands on a day, computed from what happened to it.
//!
//! The actions that count on the day are folded in order, each moving the status
//! where the table in [`may_become`] allows it. An action that the table does
//! not allow is passed over: a ratification or a further signature after the
//! entry into force, however dated, does not move an agreement back.
//!
//! **Which count.** An action counts unless its date (`effective_date` where
//! given, else `date`) is definitely later than the day. So one without a date
//! counts on every day, and so does one dated `XXXX-12-15`. A malformed date,
//! which no check lets in, makes its action count on none.
//!
//! **In which order.** Dated actions go by the earliest day that they can mean,
//! which is also the order in which they come to count; on one day by their
//! place in an agreement's life, as [`effect`] has it; then as listed. An
//! undated action takes its place in that life: it comes just before the first
//! dated one that belongs to a later stage. An undated end comes last, since
//! whoever records an end without a date says that the agreement is over.

use crate::model::dates::{Day, PartialDate};
use crate::proto::v1::agreement_party::Party;
use crate::proto::v1::{ActionKind, AgreementAction, AgreementParty, AgreementStatus, PartyRole};

/// The status on `day`. UNKNOWN if no action that counts says anything of it.
pub fn status_on(
    actions: &[AgreementAction],
    parties: &[AgreementParty],
    day: Day,
) -> AgreementStatus {
    let bilateral = is_bilateral(parties);
    let steps = actions.iter().filter_map(|action| Step::of(action, bilateral, day)).collect();
    let mut status = AgreementStatus::Unknown;
    for step in in_order(steps) {
        if may_become(status, &step) {
            status = step.to;
        }
    }
    status
}

/// An action that counts and that has a say in the status.
struct Step {
    /// Earliest day that it can mean; `None` if it has no date.
    day: Option<Day>,
    kind: ActionKind,
    stage: u8,
    to: AgreementStatus,
}

impl Step {
    fn of(action: &AgreementAction, bilateral: bool, on: Day) -> Option<Self> {
        let kind = action.kind();
        let (stage, to) = effect(kind)?;
        let leaves = matches!(kind, ActionKind::Denunciation | ActionKind::Withdrawal);
        if leaves && !bilateral && !action.party.is_empty() {
            return None;
        }
        let text = match action.effective_date.as_str() {
            "" => action.date.as_str(),
            effective => effective,
        };
        let day = if text.is_empty() {
            None
        } else {
            let date = PartialDate::parse(text).ok()?;
            if date.is_definitely_after_day(on) {
                return None;
            }
            Some(date.earliest())
        };
        Some(Self { day, kind, stage, to })
    }

    fn is_end(&self) -> bool {
        matches!(self.to, AgreementStatus::Terminated | AgreementStatus::Abandoned)
    }
}

/// Whether at most two take part as parties or signatories. Observers,
/// guarantors and territories do not make an agreement a wider one.
fn is_bilateral(parties: &[AgreementParty]) -> bool {
    let mut members: Vec<&Party> = Vec::with_capacity(2);
    for party in parties {
        let takes_part = matches!(
            party.role(),
            PartyRole::Unspecified | PartyRole::Party | PartyRole::Signatory
        );
        match &party.party {
            Some(member) if takes_part && !members.contains(&member) => members.push(member),
            _ => {}
        }
        if members.len() > 2 {
            return false;
        }
    }
    true
}

/// Puts steps in the order that the module's comment tells.
fn in_order(steps: Vec<Step>) -> Vec<Step> {
    let (mut dated, mut undated): (Vec<_>, Vec<_>) =
        steps.into_iter().partition(|step| step.day.is_some());
    dated.sort_by_key(|step| (step.day, step.stage));
    undated.sort_by_key(|step| (step.is_end(), step.stage));

    let mut ordered = Vec::with_capacity(dated.len() + undated.len());
    let mut undated = undated.into_iter().peekable();
    for step in dated {
        while let Some(earlier) =
            undated.next_if(|other| !other.is_end() && other.stage < step.stage)
        {
            ordered.push(earlier);
        }
        ordered.push(step);
    }
    ordered.extend(undated);
    ordered
}

/// The stage of an agreement's life to which an action belongs, and the status
/// that it leads to. `None` for those that prepare or attend a change without
/// being one: a ratification waits for the entry into force, and a definitive
/// signature, though it binds, does so too. A renewal follows the expiry that it
/// undoes and comes before an end that is meant to last.
fn effect(kind: ActionKind) -> Option<(u8, AgreementStatus)> {
    use AgreementStatus as Status;
    let effect = match kind {
        ActionKind::NegotiationStarted => (0, Status::UnderNegotiation),
        ActionKind::Initialled => (1, Status::Initialled),
        ActionKind::Adopted => (2, Status::Adopted),
        ActionKind::Announced => (3, Status::Announced),
        ActionKind::Signature | ActionKind::DefinitiveSignature => (4, Status::Signed),
        ActionKind::ProvisionalApplication => (5, Status::ProvisionallyApplied),
        ActionKind::EntryIntoForce => (6, Status::InForce),
        ActionKind::Suspension => (7, Status::Suspended),
        ActionKind::NoticeOfTermination => (8, Status::TerminationNotified),
        ActionKind::Resumption => (9, Status::InForce),
        ActionKind::Expiry => (10, Status::Terminated),
        ActionKind::Renewal => (11, Status::InForce),
        ActionKind::Denunciation | ActionKind::Withdrawal | ActionKind::Termination => {
            (12, Status::Terminated)
        }
        ActionKind::Abandonment => (12, Status::Abandoned),
        ActionKind::Unspecified
        | ActionKind::Ratification
        | ActionKind::Acceptance
        | ActionKind::Approval
        | ActionKind::Accession
        | ActionKind::Succession
        | ActionKind::Notification
        | ActionKind::ExchangeOfInstruments
        | ActionKind::Registration
        | ActionKind::Reservation
        | ActionKind::Declaration
        | ActionKind::Objection
        | ActionKind::TerritorialApplication
        | ActionKind::Amendment => return None,
    };
    Some(effect)
}

/// Whether an agreement may go from one status to the next. UNKNOWN stands for
/// nothing recorded yet. Two things hold from any status: a renewal brings an
/// agreement (back) into force, and an end ends it, since imported records often
/// lack the steps between.
fn may_become(from: AgreementStatus, step: &Step) -> bool {
    use AgreementStatus::{
        Abandoned, Adopted, Announced, InForce, Initialled, ProvisionallyApplied, Signed,
        Suspended, Terminated, TerminationNotified, UnderNegotiation, Unknown, Unspecified,
    };
    let to = step.to;
    if step.kind == ActionKind::Renewal || to == Terminated {
        return true;
    }
    match from {
        Unspecified | Unknown => !matches!(to, Suspended | TerminationNotified),
        UnderNegotiation => matches!(to, Initialled | Adopted | Announced | Signed | Abandoned),
        Initialled | Adopted => matches!(to, Signed | InForce | UnderNegotiation | Abandoned),
        Announced => matches!(to, UnderNegotiation | Signed | InForce | Abandoned),
        Signed => matches!(to, ProvisionallyApplied | InForce | Abandoned),
        ProvisionallyApplied => matches!(to, InForce | Suspended),
        InForce => matches!(to, Suspended | TerminationNotified),
        // Only a resumption lifts either: an entry into force recorded later, for
        // a party that joined, does not.
        Suspended => step.kind == ActionKind::Resumption || to == TerminationNotified,
        TerminationNotified => step.kind == ActionKind::Resumption,
        Terminated | Abandoned => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::dates::parse_day;

    /// Reads `SIGNATURE 2000, RATIFICATION 2001 by countries/KHM`; `2000>2001`
    /// is a date and an effective date.
    fn actions(text: &str) -> Vec<AgreementAction> {
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

    fn parties(roles: &[PartyRole]) -> Vec<AgreementParty> {
        let party = |(index, role): (usize, &PartyRole)| AgreementParty {
            party: Some(Party::Country(format!("countries/P{index}"))),
            role: (*role).into(),
        };
        roles.iter().enumerate().map(party).collect()
    }

    fn short_name(status: AgreementStatus) -> &'static str {
        let name = status.as_str_name();
        name.trim_start_matches("AGREEMENT_STATUS_")
    }

    fn status(text: &str, roles: &[PartyRole], day: &str) -> &'static str {
        let day = parse_day(day).expect("a day");
        short_name(status_on(&actions(text), &parties(roles), day))
    }

    const TWO: &[PartyRole] = &[PartyRole::Party; 2];
    const THREE: &[PartyRole] = &[PartyRole::Party; 3];

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
UNDER_NEGOTIATION: INITIALLED ADOPTED ANNOUNCED SIGNED TERMINATED ABANDONED
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
        let steps: Vec<_> = all.iter().filter_map(of).collect();
        for line in TRANSITIONS.lines() {
            let (from, expected) = line.split_once(": ").expect("two parts");
            let from = AgreementStatus::from_str_name(&format!("AGREEMENT_STATUS_{from}"))
                .expect("a status");
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
        assert!(is_bilateral(&twice), "a country in two roles is one party");
    }
}
