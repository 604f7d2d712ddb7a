//! An agreement that takes the place of others ends them when it enters into force: they
//! get an action that says so, which is theirs from then on, to be changed or removed.

use super::status::{entry_into_force, is_bilateral, status_on};
use crate::model::dates::{Day, PartialDate};
use crate::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementLinkKind, AgreementStatus, TerminationGround,
};

/// The agreements whose place `agreement` takes.
pub(super) fn superseded(agreement: &Agreement) -> Vec<&str> {
    let links = agreement.links.iter();
    let links = links.filter(|link| link.kind() == AgreementLinkKind::Supersedes);
    links.map(|link| link.agreement.as_str()).filter(|name| !name.is_empty()).collect()
}

/// The same where it has entered into force by `day`; else none. It may have ended since:
/// registers are recorded when all is over.
pub(super) fn entailed(agreement: &Agreement, day: Day) -> Vec<&str> {
    let names = superseded(agreement);
    let entered = || entry_into_force(agreement, day).is_some();
    if names.is_empty() || !entered() { Vec::new() } else { names }
}

/// Ends `agreement` with the entry into force of `cause`, unless it says so already or has
/// ended by `day`. Of several that take its place the first one to enter into force ends it,
/// in whatever order they are recorded.
pub(super) fn end(agreement: &mut Agreement, cause: &Agreement, day: Day) -> bool {
    let Some(since) = entry_into_force(cause, day) else { return false };
    let is_told = agreement.actions.iter().any(|action| is_end_by(action, &cause.name));
    if is_told || (has_ended(agreement, |_| true, day) && !ends_earlier(agreement, since, day)) {
        return false;
    }
    agreement.actions.push(superseded_by(&cause.name, since));
    true
}

/// What an agreement says of having been superseded.
fn superseded_by(cause: &str, since: &str) -> AgreementAction {
    AgreementAction {
        kind: ActionKind::Termination.into(),
        date: since.to_owned(),
        ground: TerminationGround::Superseded.into(),
        cause: cause.to_owned(),
        ..AgreementAction::default()
    }
}

/// Whether `agreement` has ended by `day` as those of its actions that `count` tell.
fn has_ended(agreement: &Agreement, count: fn(&AgreementAction) -> bool, day: Day) -> bool {
    let actions: Vec<_> = agreement.actions.iter().filter(|one| count(one)).cloned().collect();
    let status = status_on(&actions, is_bilateral(agreement), day);
    matches!(status, AgreementStatus::Terminated | AgreementStatus::Abandoned)
}

/// Whether `since` lies before all that has ended `agreement`, and that is nothing but others
/// that have taken its place.
fn ends_earlier(agreement: &Agreement, since: &str, day: Day) -> bool {
    let Ok(since) = PartialDate::parse(since) else { return false };
    let mut ends = agreement.actions.iter().filter(|action| is_superseded(action));
    ends.all(|end| PartialDate::parse(&end.date).is_ok_and(|end| since.is_definitely_before(&end)))
        && !has_ended(agreement, |action| !is_superseded(action), day)
}

/// Whether an action is such as [`end`] adds: what says more is of people.
fn is_superseded(action: &AgreementAction) -> bool {
    !action.cause.is_empty() && *action == superseded_by(&action.cause, &action.date)
}

/// Keeps the ends by others of `before`, also as somebody has changed them, where the actions
/// are given anew: a register that is imported again does not know of them.
pub(super) fn keep(agreement: &mut Agreement, before: &Agreement) {
    if agreement.actions.is_empty() {
        return;
    }
    let ends = |end: &&AgreementAction| !end.cause.is_empty() && is_end_by(end, &end.cause);
    for end in before.actions.iter().filter(ends) {
        if !agreement.actions.iter().any(|action| is_end_by(action, &end.cause)) {
            agreement.actions.push(end.clone());
        }
    }
}

fn is_end_by(action: &AgreementAction, cause: &str) -> bool {
    let is_end = matches!(
        action.kind(),
        ActionKind::Termination
            | ActionKind::Expiry
            | ActionKind::Denunciation
            | ActionKind::Withdrawal
            | ActionKind::Abandonment
    );
    is_end && action.cause == cause
}
