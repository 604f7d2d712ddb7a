//! Since when an agreement has been in force.

use super::{Step, in_order, is_bilateral, may_become};
use crate::model::dates::Day;
use crate::proto::v1::{AgreementAction, AgreementParty, AgreementStatus};

/// The date, as recorded, of the action by which an agreement has come into force, if it
/// has on `day` and has not ended since. A suspension or a notice does not end it.
pub fn in_force_since<'a>(
    actions: &'a [AgreementAction],
    parties: &[AgreementParty],
    day: Day,
) -> Option<&'a str> {
    use AgreementStatus::{InForce, Suspended, TerminationNotified};
    let bilateral = is_bilateral(parties);
    let steps = actions.iter().enumerate().flat_map(|(place, action)| {
        Step::of(action, bilateral, day).map(move |step| Step { place, ..step })
    });
    let (mut status, mut since) = (AgreementStatus::Unknown, None);
    for step in in_order(steps.collect()) {
        if may_become(status, &step) {
            status = step.to;
            since = match status {
                InForce => since.or(Some(step.place)),
                Suspended | TerminationNotified => since,
                _ => None,
            };
        }
    }
    let AgreementAction { date, effective_date, .. } = actions.get(since?)?;
    Some(if effective_date.is_empty() { date } else { effective_date })
}
