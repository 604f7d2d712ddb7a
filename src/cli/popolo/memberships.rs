//! Memberships, each of them once: exporters put the same one into its person, its organization
//! and its post.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::document::Item;
use super::read::{MEMBERSHIP, Reader};
use super::text;
use crate::cli::import::{Entry, Place, Remark};

/// What two memberships without ids have in common if they are one.
const CONTENT: [&str; 9] = [
    "person_id",
    "organization_id",
    "post_id",
    "role",
    "label",
    "area_id",
    "legislative_period_id",
    "start_date",
    "end_date",
];

/// A membership, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub(super) places: Vec<Place>,
    pub(super) size: u64,
    pub(super) object: Value,
}

impl Reader<'_> {
    /// The memberships by their persons; those of nobody are refused.
    pub(super) fn memberships(&mut self) -> HashMap<String, Vec<Membership>> {
        let mut held = HashMap::<String, Vec<Membership>>::new();
        for membership in self.each_once() {
            let why = match text(&membership.object, "person_id") {
                Some(person) if self.persons.contains_key(person) => {
                    held.entry(person.to_owned()).or_default().push(membership);
                    continue;
                }
                Some(person) => {
                    format!("person_id: there is no person {person:?} in these files")
                }
                None => "person_id is missing: only memberships of persons are taken".to_owned(),
            };
            let Membership { places, size, .. } = membership;
            self.entries.push(Entry::new(places, size, Err(why)));
        }
        held
    }

    /// The memberships of the files. Those with one id are one, and those without that say the
    /// same.
    fn each_once(&mut self) -> Vec<Membership> {
        let document = self.document;
        let mut all = Vec::<Membership>::new();
        let (mut by_id, mut by_content) = (HashMap::new(), HashMap::new());
        for item in document.class("memberships") {
            let Item { place, size, object } = item;
            let id = text(object, "id");
            let content = (CONTENT.map(|key| text(object, key)), area(object));
            let same = id.and_then(|id| by_id.get(id)).or_else(|| by_content.get(&content));
            let same = same.copied().filter(|same: &usize| are_one(&all[*same].object, object));
            let index = same.unwrap_or(all.len());
            if let Some(id) = id {
                by_id.entry(id).or_insert(index);
            }
            by_content.entry(content).or_insert(index);
            match same {
                Some(same) => {
                    self.unite(&mut all[same], item);
                }
                None => {
                    let (places, size, object) = (vec![place.clone()], *size, object.clone());
                    all.push(Membership { places, size, object });
                }
            }
        }
        all
    }

    /// Adds what `again` says of a membership that is there already; what it says differently
    /// is told.
    fn unite(&mut self, kept: &mut Membership, again: &Item) {
        let first = kept.places[0].clone();
        let mut says_nothing_else = true;
        if let (Some(fields), Some(more)) = (kept.object.as_object_mut(), again.object.as_object())
        {
            for (key, given) in more {
                let Some(known) = filled(fields, key) else {
                    says_nothing_else &= given.is_null();
                    fields.insert(key.clone(), given.clone());
                    continue;
                };
                if known == given || given.is_null() {
                    continue;
                }
                says_nothing_else = false;
                if !MEMBERSHIP.contains(&key.as_str()) {
                    self.leave_out(format!("memberships.{key}"), &again.place, 1);
                    continue;
                }
                let field = format!("memberships.{key}");
                let text = format!("{field} is {given}, and {known} in {first}, which is kept");
                let (line, part) = (first.line, first.part.as_deref());
                let details = json!({
                    "field": field, "kept": known, "given": given,
                    "kept_line": line, "kept_part": part,
                });
                let place = again.place.clone();
                self.remarks.push(Remark { outcome: "differs", place, text, details });
            }
        }
        if says_nothing_else {
            self.repeats(&again.place, &first);
        }
        kept.places.push(again.place.clone());
        kept.size += again.size;
    }
}

/// Whether two that have an id or all else in common are one: not if ids or persons tell them
/// apart.
fn are_one(one: &Value, other: &Value) -> bool {
    ["id", "person_id"].iter().all(|key| match (text(one, key), text(other, key)) {
        (Some(one), Some(other)) => one == other,
        _ => true,
    })
}

/// The area that stands in an object, as a text.
fn area(object: &Value) -> Option<String> {
    object.get("area").map(Value::to_string)
}

/// What stands under a key, if anything does.
fn filled<'f>(fields: &'f Map<String, Value>, key: &str) -> Option<&'f Value> {
    fields.get(key).filter(|value| !value.is_null())
}
