//! When an agreement entered into force.

use super::{Step, in_order, is_bilateral, may_become};
use crate::model::dates::Day;
use crate::proto::v1::{Agreement, AgreementAction, AgreementStatus};

/// The date, as recorded, of the action by which an agreement first entered into force, if it
/// has by `day`, whatever became of it since.
pub fn entry_into_force(agreement: &Agreement, day: Day) -> Option<&str> {
    let (actions, bilateral) = (&agreement.actions, is_bilateral(agreement));
    let steps = actions.iter().enumerate().flat_map(|(place, action)| {
        Step::of(action, bilateral, day).map(move |step| Step { place, ..step })
    });
    let mut status = AgreementStatus::Unknown;
    let mut entry = None;
    for step in in_order(steps.collect()) {
        if may_become(status, &step) {
            status = step.to;
            if status == AgreementStatus::InForce {
                entry = entry.or(Some(step.place));
            }
        }
    }
    let AgreementAction { date, effective_date, .. } = actions.get(entry?)?;
    Some(if effective_date.is_empty() { date } else { effective_date })
}
