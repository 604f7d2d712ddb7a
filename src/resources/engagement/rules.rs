//! When an engagement can have been, and what is doubtful about it.

use crate::model::dates::PartialDate;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{
    Engagement, EngagementStatus, Official, Participant, Period, Tenure, WarningCode,
};
use crate::resources::doubts;
use crate::store::resource::{Around, Child, Warnings, look};

/// Engagements that a violation names at most.
const CHILDREN_TOLD: usize = 3;

/// Refuses what cannot have been: over before it began, or outside of what it is part of.
pub(super) fn check_times(
    engagement: &Engagement,
    around: &dyn Around,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    let Some(period) = &engagement.period else { return };
    let at = at.field("period");
    let start = PartialDate::parse(&period.start);
    if engagement.status() == EngagementStatus::Completed
        && start.is_ok_and(|start| start.is_definitely_after_day(around.today()))
    {
        let text = "must not lie in the future of an engagement that is COMPLETED";
        violations.add(&at.field("start"), text);
    }
    check_children(&engagement.name, period, around, &at, violations);
    let parent = look(around, &engagement.parent, |parent: &Engagement| parent.period.clone());
    let Some(whole) = parent.flatten() else { return };
    for (field, date) in [("start", &period.start), ("end", &period.end)] {
        if doubts::lies_outside(date, &whole) {
            let text = format!(
                "must lie within the period of {}, {} to {}",
                engagement.parent, whole.start, whole.end
            );
            violations.add(&at.field(field), text);
        }
    }
}

/// Refuses a period that some of what is part of the engagement `name` lies outside of. What
/// the same request writes of that is judged by itself.
fn check_children(
    name: &str,
    period: &Period,
    around: &dyn Around,
    at: &Path<'_>,
    violations: &mut Violations,
) {
    let lies_outside = |child: &Child| {
        let mut dates = child.says.split('/');
        dates.any(|date| doubts::lies_outside(date, period))
    };
    let outside: Vec<Child> = around.children(name).into_iter().filter(lies_outside).collect();
    if outside.is_empty() {
        return;
    }
    let told = outside.iter().take(CHILDREN_TOLD);
    let mut told: Vec<String> =
        told.map(|child| format!("{} ({})", child.name, child.says)).collect();
    if outside.len() > CHILDREN_TOLD {
        told.push(format!("{} more", outside.len() - CHILDREN_TOLD));
    }
    let text = format!("must include that of {}: move them in the same request", told.join(", "));
    violations.add(at, text);
}

/// Adds what is doubtful.
pub(super) fn doubt(engagement: &Engagement, around: &dyn Around, warnings: &mut Warnings) {
    let root = Path::Root;
    doubts::years(engagement.period.as_ref(), &root.field("period"), warnings);
    let participants = root.field("participants");
    for (index, one) in engagement.participants.iter().enumerate() {
        let attested = look(around, &one.official, |official: &Official| {
            attests(official, one, engagement.period.as_ref())
        });
        if !one.title_on_date.is_empty() && attested == Some(false) {
            let text = format!("no tenure of {} has this title on that day", one.official);
            let at = participants.index(index);
            warnings.add(WarningCode::TitleNotAttested, &at.field("title_on_date"), text);
        }
    }
    let honours = root.field("honours");
    for (index, honour) in engagement.honours.iter().enumerate() {
        let at = honours.index(index);
        doubts::year(&honour.conferred_on, &at.field("conferred_on"), warnings);
        if engagement.citations.is_empty() {
            let text = "nothing is cited for this honour";
            warnings.add(WarningCode::CitationMissing, &at, text);
        }
    }
}

/// Whether a tenure of `official` has the title of `participant` and may include a day of
/// `period`.
fn attests(official: &Official, participant: &Participant, period: Option<&Period>) -> bool {
    let title = participant.title_on_date.to_lowercase();
    official.tenures.iter().any(|tenure| {
        tenure.title.to_lowercase() == title && period.is_none_or(|period| includes(tenure, period))
    })
}

fn includes(tenure: &Tenure, period: &Period) -> bool {
    let span = tenure.period.clone().unwrap_or_default();
    let begun = PartialDate::parse(&span.start).ok();
    let ended = PartialDate::parse(&span.end).ok();
    let start = PartialDate::parse(&period.start).ok();
    let end = PartialDate::parse(&period.end).ok().or(start);
    let too_early = begun.zip(end).is_some_and(|(begun, end)| end.is_definitely_before(&begun));
    let too_late = ended.zip(start).is_some_and(|(ended, start)| start.is_definitely_after(&ended));
    !too_early && !too_late
}
