//! Writes organizations and officials as Popolo.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{CLASSIFICATION, KIND, NAME_KINDS, SCHEME, is_date, text};

/// Fields of a record that say how it is kept, not what it says.
const KEPT: [&str; 8] =
    ["name", "uid", "externalIds", "warnings", "etag", "revision", "createTime", "updateTime"];

/// What is written, and what has no place in it.
#[derive(Debug, Default)]
pub(in crate::cli) struct Written {
    /// The document.
    pub(in crate::cli) document: Value,
    /// Fields of records that have no place in Popolo, and how often they are filled.
    pub(in crate::cli) left_out: BTreeMap<String, usize>,
}

/// Writes records in canonical proto JSON: countries, for the names of areas, organizations
/// and officials.
pub(in crate::cli) fn write(records: &[Value]) -> Written {
    let mut writer = Writer::default();
    let of = |field: &'static str| records.iter().filter_map(move |record| record.get(field));
    for country in of("country") {
        let names = [text(country, "name"), text(country, "displayName")];
        if let [Some(name), Some(shown)] = names {
            writer.countries.insert(name.to_owned(), shown.to_owned());
        }
    }
    for organization in of("organization") {
        writer
            .bodies
            .insert(text(organization, "name").unwrap_or_default().to_owned(), id(organization));
    }
    let mut organizations: Vec<Value> =
        of("organization").map(|one| writer.organization(one)).collect();
    sort(&mut organizations);
    let mut persons: Vec<(Value, Vec<Value>)> =
        of("official").map(|one| writer.person(one)).collect();
    persons.sort_by(|(one, _), (other, _)| text(one, "id").cmp(&text(other, "id")));
    let memberships: Vec<Value> = persons.iter().flat_map(|(_, held)| held.clone()).collect();
    let persons: Vec<Value> = persons.into_iter().map(|(person, _)| person).collect();
    let areas = writer.areas.iter().map(|name| {
        let shown = writer.countries.get(name).unwrap_or(name);
        json!({ "id": name, "name": shown, "classification": "country" })
    });
    let document = json!({
        "persons": persons,
        "organizations": organizations,
        "memberships": memberships,
        "areas": areas.collect::<Vec<_>>(),
    });
    Written { document, left_out: writer.left_out }
}

#[derive(Default)]
struct Writer {
    /// Names to show of countries.
    countries: BTreeMap<String, String>,
    /// Ids of organizations by their resource names.
    bodies: BTreeMap<String, String>,
    areas: BTreeSet<String>,
    left_out: BTreeMap<String, usize>,
}

impl Writer {
    fn organization(&mut self, record: &Value) -> Value {
        let mut out = self.common(record);
        let names = self.names("organizations", record);
        put_list(&mut out, "other_names", names);
        let label = record.get("labels").and_then(|labels| text(labels, CLASSIFICATION));
        let kind = text(record, "kind").and_then(|kind| kind.strip_prefix(KIND));
        let kind = kind.map(|kind| kind.to_lowercase().replace('_', " "));
        put(&mut out, "classification", kind.as_deref().or(label));
        let parent = text(record, "parent").map(|parent| self.body(parent));
        put(&mut out, "parent_id", parent.as_deref());
        let country = text(record, "country");
        self.area(&mut out, country);
        self.period(
            "organizations.existence",
            record.get("existence"),
            &mut out,
            ["founding_date", "dissolution_date"],
        );
        let known = ["displayName", "names", "kind", "parent", "country", "existence"];
        self.leave_rest("organizations", record, &known);
        Value::Object(out)
    }

    fn person(&mut self, record: &Value) -> (Value, Vec<Value>) {
        let mut out = self.common(record);
        for (key, field) in [("given_name", "givenName"), ("family_name", "familyName")] {
            put(&mut out, key, text(record, field));
        }
        for (key, field) in [("birth_date", "birth"), ("death_date", "death")] {
            self.date(&format!("officials.{field}"), text(record, field), key, &mut out);
        }
        let names = self.names("officials", record);
        put_list(&mut out, "other_names", names);
        let known =
            ["displayName", "names", "givenName", "familyName", "birth", "death", "tenures"];
        self.leave_rest("officials", record, &known);
        let person = id(record);
        let tenures = record.get("tenures").and_then(Value::as_array);
        let held = tenures.into_iter().flatten().map(|tenure| self.membership(&person, tenure));
        let held = held.collect();
        (Value::Object(out), held)
    }

    fn membership(&mut self, person: &str, tenure: &Value) -> Value {
        let mut out = Map::new();
        put(&mut out, "person_id", Some(person));
        let body = text(tenure, "organization").map(|body| self.body(body));
        put(&mut out, "organization_id", body.as_deref());
        put(&mut out, "role", text(tenure, "title"));
        // `null` says that there is none, so that a reader does not take the organization's.
        out.insert("area_id".to_owned(), Value::Null);
        self.area(&mut out, text(tenure, "country"));
        self.period(
            "officials.tenures.period",
            tenure.get("period"),
            &mut out,
            ["start_date", "end_date"],
        );
        let known = ["title", "organization", "country", "period"];
        self.leave_rest("officials.tenures", tenure, &known);
        Value::Object(out)
    }

    fn common(&self, record: &Value) -> Map<String, Value> {
        let mut out = Map::new();
        put(&mut out, "id", Some(&id(record)));
        put(&mut out, "name", text(record, "displayName"));
        let ids = external_ids(record).filter(|(scheme, _)| *scheme != SCHEME);
        let ids: Vec<Value> =
            ids.map(|(scheme, value)| json!({ "scheme": scheme, "identifier": value })).collect();
        put_list(&mut out, "identifiers", ids);
        out
    }

    fn names(&mut self, class: &str, record: &Value) -> Vec<Value> {
        let names = record.get("names").and_then(Value::as_array);
        let mut others = Vec::new();
        for name in names.into_iter().flatten() {
            let mut out = Map::new();
            put(&mut out, "name", text(name, "text"));
            put(&mut out, "lang", text(name, "language"));
            let note = NAME_KINDS.iter().find(|(_, kind)| text(name, "kind") == Some(kind));
            put(&mut out, "note", note.map(|(note, _)| *note));
            self.leave_rest(&format!("{class}.names"), name, &["text", "language", "kind"]);
            let out = Value::Object(out);
            if !others.contains(&out) {
                others.push(out);
            }
        }
        others
    }

    fn area(&mut self, out: &mut Map<String, Value>, country: Option<&str>) {
        if let Some(country) = country {
            self.areas.insert(country.to_owned());
            put(out, "area_id", Some(country));
        }
    }

    fn period(
        &mut self,
        what: &str,
        period: Option<&Value>,
        out: &mut Map<String, Value>,
        keys: [&str; 2],
    ) {
        for (field, key) in ["start", "end"].into_iter().zip(keys) {
            let date = period.and_then(|period| text(period, field));
            self.date(&format!("{what}.{field}"), date, key, out);
        }
    }

    /// Writes a date; one that is known in part has no place.
    fn date(&mut self, what: &str, date: Option<&str>, key: &str, out: &mut Map<String, Value>) {
        match date {
            Some(date) if is_date(date) => put(out, key, Some(date)),
            Some(_) => *self.left_out.entry(format!("{what}, known in part")).or_default() += 1,
            None => {}
        }
    }

    fn body(&self, name: &str) -> String {
        self.bodies.get(name).cloned().unwrap_or_else(|| name.to_owned())
    }

    fn leave_rest(&mut self, class: &str, record: &Value, known: &[&str]) {
        for key in record.as_object().into_iter().flat_map(Map::keys) {
            let only_classified = key == "labels"
                && record[key]
                    .as_object()
                    .is_some_and(|labels| labels.keys().all(|one| one == CLASSIFICATION));
            if !known.contains(&key.as_str()) && !KEPT.contains(&key.as_str()) && !only_classified {
                *self.left_out.entry(format!("{class}.{key}")).or_default() += 1;
            }
        }
    }
}

/// What a record is called: its id in the register that it came from, or its resource name.
fn id(record: &Value) -> String {
    let popolo = external_ids(record).find(|(scheme, _)| *scheme == SCHEME);
    let name = popolo.map(|(_, value)| value).or_else(|| text(record, "name"));
    name.unwrap_or_default().to_owned()
}

fn external_ids(record: &Value) -> impl Iterator<Item = (&str, &str)> {
    let ids = record.get("externalIds").and_then(Value::as_array);
    ids.into_iter().flatten().filter_map(|id| Some((text(id, "scheme")?, text(id, "value")?)))
}

fn sort(objects: &mut [Value]) {
    objects.sort_by(|one, other| text(one, "id").cmp(&text(other, "id")));
}

fn put(out: &mut Map<String, Value>, key: &str, text: Option<&str>) {
    if let Some(text) = text {
        out.insert(key.to_owned(), text.into());
    }
}

fn put_list(out: &mut Map<String, Value>, key: &str, list: Vec<Value>) {
    if !list.is_empty() {
        out.insert(key.to_owned(), list.into());
    }
}
