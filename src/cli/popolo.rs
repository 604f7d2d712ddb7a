//! Popolo, the form in which many registers keep persons, organizations and memberships
//! (<https://www.popoloproject.com/specs/>).
//!
//! A record that was imported keeps its id there as an external id of the scheme `popolo`. Any
//! other record is called by its resource name, so that it is the same one when it is read.

mod classes;
mod document;
mod fields;
mod memberships;
mod read;
mod told;
mod write;

use serde_json::Value;

pub(super) use self::read::read;
pub(super) use self::write::{Written, write};

/// The scheme of external ids that are ids in Popolo.
const SCHEME: &str = "popolo";
/// The label that keeps a classification which is no kind of ours.
const CLASSIFICATION: &str = "popolo-classification";
/// What a `note` of another name says of it, and our kind of name.
const NAME_KINDS: [(&str, &str); 4] = [
    ("short", "ORGANIZATION_NAME_KIND_SHORT"),
    ("formal", "ORGANIZATION_NAME_KIND_FORMAL"),
    ("former", "ORGANIZATION_NAME_KIND_FORMER"),
    ("abbreviation", "ORGANIZATION_NAME_KIND_ABBREVIATION"),
];
/// Classifications of other registers, and our kind of organization.
const CLASSIFICATIONS: [(&str, &str); 9] = [
    ("cabinet", "GOVERNMENT"),
    ("executive", "GOVERNMENT"),
    ("department", "MINISTRY"),
    ("parliament", "LEGISLATURE"),
    ("chamber", "LEGISLATURE"),
    ("university", "UNIVERSITY"),
    ("company", "COMPANY"),
    ("military", "ARMED_FORCES"),
    ("international organization", "INTERGOVERNMENTAL_ORGANIZATION"),
];
const KIND: &str = "ORGANIZATION_KIND_";

/// A date as Popolo has it: a year, a month or a day.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &str, count: usize| {
        part.len() == count && part.bytes().all(|one| one.is_ascii_digit())
    };
    (1..=3).contains(&parts.len())
        && digits(parts[0], 4)
        && parts[1..].iter().all(|part| digits(part, 2))
}

/// The text under `key`, if there is one that is not empty.
fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key)?.as_str().map(str::trim).filter(|text| !text.is_empty())
}
