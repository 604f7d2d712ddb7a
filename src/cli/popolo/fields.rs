//! What fields of Popolo are here.

use serde_json::{Map, Value, json};

use super::document::Item;
use super::read::Reader;
use super::{CLASSIFICATIONS, KIND, NAME_KINDS, SCHEME, is_date, text};
use crate::cli::import::Place;
use crate::proto;

impl Reader<'_> {
    /// The name and the external ids of an object.
    pub(super) fn identify(item: &Item, name: Option<&str>, record: &mut Map<String, Value>) {
        put_text(record, "name", name);
        let mut ids = Vec::new();
        if let Some(id) = text(&item.object, "id").filter(|id| name.is_some_and(|name| name != *id))
        {
            ids.push(json!({ "scheme": SCHEME, "value": id }));
        }
        for (scheme, value) in identifiers(&item.object) {
            ids.push(json!({ "scheme": scheme, "value": value }));
        }
        put_list(record, "externalIds", ids);
    }

    pub(super) fn other_names(&mut self, class: &str, item: &Item, has_kinds: bool) -> Vec<Value> {
        let others = item.object.get("other_names").and_then(Value::as_array);
        let mut names = Vec::new();
        for other in others.into_iter().flatten() {
            let Some(name) = text(other, "name") else {
                self.leave_out(format!("{class}.other_names without a name"), &item.place, 1);
                continue;
            };
            let mut made = Map::from_iter([("text".to_owned(), Value::from(name))]);
            put_text(&mut made, "language", text(other, "lang"));
            let note = text(other, "note");
            let mut kind =
                NAME_KINDS.iter().find(|(one, _)| note == Some(one)).map(|(_, kind)| *kind);
            if has_kinds && kind.is_none() && text(other, "end_date").is_some() {
                kind = Some("ORGANIZATION_NAME_KIND_FORMER");
            }
            put_text(&mut made, "kind", kind.filter(|_| has_kinds));
            for key in other.as_object().into_iter().flat_map(Map::keys) {
                let is_kept = ["name", "lang"].contains(&key.as_str())
                    || (has_kinds && key == "note" && kind.is_some());
                if !is_kept {
                    self.leave_out(format!("{class}.other_names.{key}"), &item.place, 1);
                }
            }
            let made = Value::Object(made);
            if !names.contains(&made) {
                names.push(made);
            }
        }
        names
    }

    pub(super) fn period(
        &mut self,
        class: &str,
        place: &Place,
        object: &Value,
        keys: [&str; 2],
    ) -> Map<String, Value> {
        let mut period = Map::new();
        for (field, key) in ["start", "end"].iter().zip(keys) {
            let date = self.date(class, place, object, key);
            put_text(&mut period, field, date.as_deref());
        }
        period
    }

    /// A date; one with a time of day is its day, and what is none is left out.
    pub(super) fn date(
        &mut self,
        class: &str,
        place: &Place,
        object: &Value,
        key: &str,
    ) -> Option<String> {
        let given = text(object, key)?;
        let day = given.split('T').next().unwrap_or_default();
        if is_date(day) {
            return Some(day.to_owned());
        }
        self.leave_out(format!("{class}.{key} {given:?}, which is no date"), place, 1);
        None
    }

    pub(super) fn body(&self, id: &str) -> Option<String> {
        let stored = || self.names.by_external_id("Organization", SCHEME, id).map(str::to_owned);
        let own = || self.names.has(id).then(|| id.to_owned());
        self.bodies.get(id).cloned().or_else(stored).or_else(own)
    }

    /// The country that the area of an object is, if it is one.
    pub(super) fn country(&self, object: &Value) -> Option<String> {
        let countries = ["Country".to_owned()];
        let id = text(object, "area_id");
        let area = id.and_then(|id| self.document.find("areas", id)).map(|area| &area.object);
        let area = area.or_else(|| object.get("area").filter(|area| area.is_object()));
        let id = id.or_else(|| area.and_then(|area| text(area, "id"))).unwrap_or_default();
        let division = id.rsplit_once("country:").map(|(_, code)| code);
        let by_id = if id.starts_with("countries/") { Some(id) } else { division };
        let is_country = area.and_then(|area| text(area, "classification")) == Some("country");
        let by_name = area.filter(|_| is_country).and_then(|area| text(area, "name"));
        let mut texts = [by_id, by_name].into_iter().flatten();
        texts.find_map(|text| self.names.find(&countries, text).ok().map(str::to_owned))
    }

    /// Notes the fields of an object that have no place in a record, and those that are not
    /// of the sort that is taken.
    pub(super) fn leave_rest(
        &mut self,
        class: &str,
        object: &Value,
        place: &Place,
        known: &[&str],
    ) {
        for (key, value) in object.as_object().into_iter().flatten() {
            let is_empty = match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(list) => list.is_empty(),
                Value::Object(object) => object.is_empty(),
                _ => false,
            };
            if is_empty {
                continue;
            }
            let (fits, sort) = match key.as_str() {
                "other_names" | "identifiers" => (value.is_array(), "list"),
                "area" => (value.is_object(), "object"),
                _ => (value.is_string(), "text"),
            };
            if !known.contains(&key.as_str()) {
                self.leave_out(format!("{class}.{key}"), place, 1);
            } else if !fits {
                self.leave_out(format!("{class}.{key}, which is no {sort},"), place, 1);
            }
        }
        let identifiers = object.get("identifiers").filter(|_| known.contains(&"identifiers"));
        for one in identifiers.and_then(Value::as_array).into_iter().flatten() {
            if text(one, "identifier").is_none() {
                self.leave_out(format!("{class}.identifiers without an identifier"), place, 1);
            }
            let keys = one.as_object().into_iter().flat_map(Map::keys);
            for key in keys.filter(|key| !["scheme", "identifier"].contains(&key.as_str())) {
                self.leave_out(format!("{class}.identifiers.{key}"), place, 1);
            }
        }
    }

    pub(super) fn leave_out(&mut self, what: String, place: &Place, count: usize) {
        self.left_out.entry(what).or_insert_with(|| (0, place.clone())).0 += count;
    }
}

/// The identifiers of an object, with schemes as external ids have them.
pub(super) fn identifiers(object: &Value) -> Vec<(String, String)> {
    let list = object.get("identifiers").and_then(Value::as_array);
    let mut found = Vec::new();
    for one in list.into_iter().flatten() {
        let scheme = text(one, "scheme").unwrap_or("unknown").to_lowercase();
        let fits =
            |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || "./-".contains(one);
        let scheme: String = scheme.chars().map(|one| if fits(one) { one } else { '-' }).collect();
        let scheme = scheme.trim_start_matches(['.', '/', '-']).to_owned();
        if let Some(value) = text(one, "identifier")
            && !found.contains(&(scheme.clone(), value.to_owned()))
        {
            found.push((scheme, value.to_owned()));
        }
    }
    found
}

/// Our kind of organization for a classification.
pub(super) fn kind(classification: &str) -> Option<String> {
    let folded = classification.to_lowercase().replace(['_', '-'], " ");
    let listed = CLASSIFICATIONS.iter().find(|(one, _)| *one == folded).map(|(_, kind)| *kind);
    let name = format!(
        "{KIND}{}",
        listed.map_or_else(|| folded.to_uppercase().replace(' ', "_"), str::to_owned)
    );
    let kinds = proto::POOL.get_enum_by_name("entente.v1.OrganizationKind")?;
    kinds.get_value_by_name(&name).filter(|kind| kind.number() != 0).map(|_| name)
}

pub(super) fn put_text(record: &mut Map<String, Value>, field: &str, text: Option<&str>) {
    if let Some(text) = text {
        record.insert(field.to_owned(), text.into());
    }
}

pub(super) fn put_list(record: &mut Map<String, Value>, field: &str, list: Vec<Value>) {
    if !list.is_empty() {
        record.insert(field.to_owned(), list.into());
    }
}

pub(super) fn put_object(record: &mut Map<String, Value>, field: &str, object: Map<String, Value>) {
    if !object.is_empty() {
        record.insert(field.to_owned(), object.into());
    }
}
