//! What several types find doubtful.

use std::collections::BTreeSet;

use crate::model::dates::PartialDate;
use crate::model::violations::Path;
use crate::proto::v1::{Country, Organization, Period, WarningCode};
use crate::store::resource::{Around, Warnings, look};

/// Other records that a warning names.
const NAMED: usize = 3;

/// Names them, or the first ones of many.
pub(crate) fn some_of(names: BTreeSet<&str>) -> String {
    let more = names.len().saturating_sub(NAMED);
    let some: Vec<&str> = names.into_iter().take(NAMED).collect();
    let some = some.join(", ");
    if more == 0 { some } else { format!("{some} and {more} more") }
}

/// Doubts a date whose year nobody knows.
pub(crate) fn year(date: &str, at: &Path<'_>, warnings: &mut Warnings) {
    if is_of_any_year(date) {
        let text = format!("the year of {date} is unknown, so it may mean any");
        warnings.add(WarningCode::YearUnknown, at, text);
    }
}

/// Whether nothing is known of the year of `date`.
pub(crate) fn is_of_any_year(date: &str) -> bool {
    date.starts_with("XXXX")
}

/// Doubts the dates of a period in the same way.
pub(crate) fn years(period: Option<&Period>, at: &Path<'_>, warnings: &mut Warnings) {
    if let Some(period) = period {
        year(&period.start, &at.field("start"), warnings);
        year(&period.end, &at.field("end"), warnings);
    }
}

/// Doubts that something happened on `date` if the country or organization `name` did
/// not exist then.
pub(crate) fn existence(
    around: &dyn Around,
    name: &str,
    date: &str,
    at: &Path<'_>,
    warnings: &mut Warnings,
) {
    let told = |existence: Option<&Period>| outside(existence?, name, date);
    let of_country = || look(around, name, |found: &Country| told(found.existence.as_ref()));
    let of_body = || look(around, name, |found: &Organization| told(found.existence.as_ref()));
    if let Some(text) = of_country().or_else(of_body).flatten() {
        warnings.add(WarningCode::OutsideExistence, at, text);
    }
}

/// Says that `date` lies outside the existence of `name`, if it does.
fn outside(existence: &Period, name: &str, date: &str) -> Option<String> {
    if !lies_outside(date, existence) {
        return None;
    }
    let span = match (existence.start.as_str(), existence.end.as_str()) {
        (start, "") => format!("since {start}"),
        ("", end) => format!("until {end}"),
        (start, end) => format!("from {start} to {end}"),
    };
    Some(format!("{name} existed {span}, and {date} lies outside of that"))
}

/// Whether every day that `date` can mean is before or after the whole of `span`.
pub(crate) fn lies_outside(date: &str, span: &Period) -> bool {
    let Ok(date) = PartialDate::parse(date) else { return false };
    let before = |start: &PartialDate| date.is_definitely_before(start);
    let after = |end: &PartialDate| date.is_definitely_after(end);
    PartialDate::parse(&span.start).is_ok_and(|start| before(&start))
        || PartialDate::parse(&span.end).is_ok_and(|end| after(&end))
}
