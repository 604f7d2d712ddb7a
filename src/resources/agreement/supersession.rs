//! An agreement that takes the place of others ends them when it enters into force: they
//! get an action that says so, which is theirs from then on, to be changed or removed.

use super::status::{entry_into_force, status_on};
use crate::model::dates::Day;
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
    let entered = || entry_into_force(&agreement.actions, &agreement.parties, day).is_some();
    if names.is_empty() || !entered() { Vec::new() } else { names }
}

/// Ends `agreement` with the entry into force of `cause`, unless it has ended by `day` or
/// says so already.
pub(super) fn end(agreement: &mut Agreement, cause: &Agreement, day: Day) -> bool {
    let Some(since) = entry_into_force(&cause.actions, &cause.parties, day) else { return false };
    let is_told = agreement.actions.iter().any(|action| is_end_by(action, &cause.name));
    let status = status_on(&agreement.actions, &agreement.parties, day);
    if is_told || matches!(status, AgreementStatus::Terminated | AgreementStatus::Abandoned) {
        return false;
    }
    agreement.actions.push(AgreementAction {
        kind: ActionKind::Termination.into(),
        date: since.to_owned(),
        ground: TerminationGround::Superseded.into(),
        cause: cause.name.clone(),
        ..AgreementAction::default()
    });
    true
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
