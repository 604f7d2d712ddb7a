//! Where an agreement stands on a day, computed from what happened to it.
//!
//! The actions that count on the day are folded in order, each moving the status
//! where the table in `may_become` allows it. An action that the table does
//! not allow is passed over: a ratification or a further signature after the
//! entry into force, however dated, does not move an agreement back.
//!
//! **Which count.** An action counts unless its date (`effective_date` where
//! given, else `date`) is definitely later than the day. A notice counts from its
//! `date`, and a denunciation or withdrawal is a notice from its `date` and an end
//! from its `effective_date`. So one without a date
//! counts on every day, and so does one dated `XXXX-12-15`. A malformed date,
//! which no check lets in, makes its action count on none.
//!
//! **In which order.** Dated actions go by the earliest day that they can mean,
//! which is also the order in which they come to count; on one day by their
//! place in an agreement's life, as `effect` has it; then as listed. An
//! undated action takes its place in that life: it comes just before the first
//! dated one that belongs to a later stage. An undated end comes last, since
//! whoever records an end without a date says that the agreement is over.

pub mod intervals;

use crate::model::dates::{Day, PartialDate};
use crate::proto::v1::agreement_party::Party;
use crate::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementParty, AgreementStatus, Participation,
    PartyRole,
};

/// The status on `day`. UNKNOWN if no action that counts says anything of it.
pub fn status_on(actions: &[AgreementAction], bilateral: bool, day: Day) -> AgreementStatus {
    let steps = actions.iter().flat_map(|action| Step::of(action, bilateral, day)).collect();
    in_order(steps).iter().fold(AgreementStatus::Unknown, after)
}

/// The actions that lead from a status to one that cannot follow it, by their places, and
/// why. What only repeats an earlier stage, such as a signature after the entry into
/// force, is none of them.
pub fn impossible(actions: &[AgreementAction], bilateral: bool) -> Vec<(usize, String)> {
    let steps = actions.iter().enumerate().flat_map(|(place, action)| {
        Step::of(action, bilateral, Day::MAX).map(move |step| Step { place, ..step })
    });
    let mut found = Vec::new();
    let (mut status, mut stage) = (AgreementStatus::Unknown, 0);
    for step in in_order(steps.collect()) {
        let ended = matches!(status, AgreementStatus::Terminated | AgreementStatus::Abandoned);
        if step.to != status && !is_foreseen(status, &step) && (step.stage > stage || ended) {
            let (from, to) = (short(status), short(step.to));
            found.push((step.place, format!("{to} does not follow {from}")));
        }
        if may_become(status, &step) {
            (status, stage) = (step.to, step.stage);
        }
    }
    found
}

/// The status behind a step.
fn after(status: AgreementStatus, step: &Step) -> AgreementStatus {
    if may_become(status, step) { step.to } else { status }
}

fn short(status: AgreementStatus) -> &'static str {
    status.as_str_name().trim_start_matches("AGREEMENT_STATUS_")
}

/// An action that counts and that has a say in the status.
struct Step {
    /// Its action's place in the list, where that is asked for.
    place: usize,
    /// Earliest day that it can mean; `None` if it has no date.
    day: Option<Day>,
    kind: ActionKind,
    stage: u8,
    to: AgreementStatus,
}

impl Step {
    /// What an action does: mostly one thing; a denunciation or withdrawal that
    /// takes effect on another day is a notice until then.
    fn of(action: &AgreementAction, bilateral: bool, on: Day) -> impl Iterator<Item = Self> {
        let kind = action.kind();
        let leaves = matches!(kind, ActionKind::Denunciation | ActionKind::Withdrawal);
        let concerns_all = !leaves || bilateral || action.party.is_empty();
        let (date, effective) = (action.date.as_str(), action.effective_date.as_str());
        let (first, second) = match (date, effective) {
            (date, "") => (Self::on(kind, date, on), None),
            ("", effective) => (Self::on(kind, effective, on), None),
            // The notice itself is given on its date, whatever it aims at.
            (date, _) if kind == ActionKind::NoticeOfTermination => {
                (Self::on(kind, date, on), None)
            }
            (date, effective) if leaves => {
                let notice = Self::on(ActionKind::NoticeOfTermination, date, on);
                (notice, Self::on(kind, effective, on))
            }
            (_, effective) => (Self::on(kind, effective, on), None),
        };
        first.into_iter().chain(second).filter(move |_| concerns_all)
    }

    fn on(kind: ActionKind, text: &str, on: Day) -> Option<Self> {
        let (stage, to) = effect(kind)?;
        let day = if text.is_empty() {
            None
        } else {
            let date = PartialDate::parse(text).ok()?;
            if date.is_definitely_after_day(on) {
                return None;
            }
            Some(date.earliest())
        };
        Some(Self { place: 0, day, kind, stage, to })
    }

    fn is_end(&self) -> bool {
        matches!(self.to, AgreementStatus::Terminated | AgreementStatus::Abandoned)
    }
}

/// Whether an agreement ends when one party leaves: as it says, else by those that are known
/// to take part.
pub fn is_bilateral(agreement: &Agreement) -> bool {
    match agreement.participation() {
        Participation::Bilateral => true,
        Participation::Plurilateral | Participation::Multilateral => false,
        Participation::Unspecified => takers(&agreement.parties).nth(2).is_none(),
    }
}

/// Those that take part as parties or signatories. Observers, guarantors and territories do
/// not make an agreement a wider one.
pub(super) fn takers(parties: &[AgreementParty]) -> impl Iterator<Item = &Party> {
    let mut seen = Vec::with_capacity(2);
    let takes_part = |party: &&AgreementParty| {
        matches!(party.role(), PartyRole::Unspecified | PartyRole::Party | PartyRole::Signatory)
    };
    let members = parties.iter().filter(takes_part).filter_map(|one| one.party.as_ref());
    members.filter(move |member| {
        let is_new = !seen.contains(member);
        seen.extend(is_new.then_some(*member));
        is_new
    })
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
/// lack the steps between; for the same reason an entry into force follows
/// negotiations.
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
        UnderNegotiation => {
            matches!(to, Initialled | Adopted | Announced | Signed | InForce | Abandoned)
        }
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

/// Whether the model foresees that step, without the two exceptions of [`may_become`].
fn is_foreseen(from: AgreementStatus, step: &Step) -> bool {
    use AgreementStatus::{
        Announced, InForce, ProvisionallyApplied, Signed, Suspended, Terminated,
        TerminationNotified, UnderNegotiation, Unknown, Unspecified,
    };
    match step.to {
        Terminated => matches!(
            from,
            Unspecified
                | Unknown
                | Announced
                | Signed
                | ProvisionallyApplied
                | InForce
                | Suspended
                | TerminationNotified
        ),
        InForce if from == UnderNegotiation => step.kind == ActionKind::Renewal,
        _ => may_become(from, step),
    }
}

mod force;

pub use force::entry_into_force;

#[cfg(test)]
mod tests;
