//! Makes organizations and officials of Popolo.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::document::{Document, Item};
use super::{CLASSIFICATION, CLASSIFICATIONS, KIND, NAME_KINDS, SCHEME, is_date, text};
use crate::cli::import::names::{Names, slug};
use crate::cli::import::{Entry, Place, Prepared, Remark, resource_of_json};
use crate::proto;

/// The records that files say.
pub(in crate::cli) fn read(files: &[PathBuf], names: &Names) -> Result<Prepared, String> {
    let document = Document::read(files)?;
    let mut reader = Reader {
        names,
        document: &document,
        bodies: HashMap::new(),
        persons: HashMap::new(),
        taken: BTreeSet::new(),
        left_out: BTreeMap::new(),
        entries: Vec::new(),
    };
    reader.bodies = reader.call("organizations", "Organization");
    reader.persons = reader.call("persons", "Official");
    reader.organizations();
    reader.officials();
    for (class, items) in document.counts() {
        if !["persons", "organizations", "memberships", "posts", "areas", "events"].contains(&class)
            && let Some(first) = items.first()
        {
            reader.leave_out(class.to_owned(), &first.place, items.len());
        }
    }
    Ok(reader.finish())
}

struct Reader<'d> {
    names: &'d Names,
    document: &'d Document,
    /// The resource names of organizations and persons by their ids.
    bodies: HashMap<String, String>,
    persons: HashMap<String, String>,
    taken: BTreeSet<String>,
    /// What has no place in a record: how often, and where first.
    left_out: BTreeMap<String, (usize, Place)>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    /// What the objects of a class are called here: as they are in the store already, by
    /// their own resource name, or by a name made of their ids.
    fn call(&mut self, class: &str, of_type: &str) -> HashMap<String, String> {
        let collection = if of_type == "Official" { "officials" } else { class };
        let mut called = HashMap::new();
        for item in self.document.class(class) {
            let Some(id) = text(&item.object, "id") else { continue };
            let mut external = vec![(SCHEME.to_owned(), id.to_owned())];
            external.extend(identifiers(&item.object));
            let own = id
                .split_once('/')
                .is_some_and(|(one, rest)| one == collection && slug(rest) == rest);
            let held = external.iter().find_map(|(scheme, value)| {
                self.names.by_external_id(of_type, scheme, value).map(str::to_owned)
            });
            let name = if own {
                id.to_owned()
            } else {
                held.unwrap_or_else(|| self.new_name(collection, id))
            };
            self.taken.insert(name.clone());
            called.insert(id.to_owned(), name);
        }
        called
    }

    fn new_name(&self, collection: &str, id: &str) -> String {
        let last = id.strip_prefix(collection).map_or(id, |rest| rest.trim_start_matches('/'));
        let slug = match slug(last) {
            slug if slug.is_empty() => "unnamed".to_owned(),
            slug => slug,
        };
        let mut name = format!("{collection}/{slug}");
        for number in 2.. {
            if !self.taken.contains(&name) && !self.names.has(&name) {
                break;
            }
            let room = &slug[..slug.len().min(58)];
            name = format!("{collection}/{room}-{number}");
        }
        name
    }

    fn organizations(&mut self) {
        for item in self.document.class("organizations") {
            let known = [
                "id",
                "name",
                "other_names",
                "identifiers",
                "classification",
                "parent_id",
                "area_id",
                "area",
                "founding_date",
                "dissolution_date",
            ];
            self.leave_rest("organizations", item, &known);
            let object = &item.object;
            let mut record = Map::new();
            self.identify(item, &self.bodies.clone(), &mut record);
            if let Some(name) = text(object, "name") {
                record.insert("displayName".to_owned(), name.into());
            }
            let names = self.other_names("organizations", item, true);
            put_list(&mut record, "names", names);
            if let Some(classification) = text(object, "classification") {
                match kind(classification) {
                    Some(kind) => record.insert("kind".to_owned(), kind.into()),
                    None => record
                        .insert("labels".to_owned(), json!({ CLASSIFICATION: classification })),
                };
            }
            let mut refusal = None;
            if let Some(parent) = text(object, "parent_id") {
                match self.body(parent) {
                    Some(name) => drop(record.insert("parent".to_owned(), name.into())),
                    None => {
                        refusal = Some(format!("parent_id: there is no organization {parent:?}"))
                    }
                }
            }
            if let Some(country) = self.country(object) {
                record.insert("country".to_owned(), country.into());
            } else if text(object, "area_id").is_some() || object.get("area").is_some() {
                self.leave_out("organizations.area_id".to_owned(), &item.place, 1);
            }
            let period = self.period("organizations", item, ["founding_date", "dissolution_date"]);
            put_object(&mut record, "existence", period);
            self.push("Organization", record, vec![item.place.clone()], item.size, refusal);
        }
    }

    fn officials(&mut self) {
        let mut tenures: HashMap<&str, Vec<&Item>> = HashMap::new();
        for item in self.document.class("memberships") {
            match text(&item.object, "person_id") {
                Some(person) if self.persons.contains_key(person) => {
                    tenures.entry(person).or_default().push(item);
                }
                Some(person) => {
                    let why = format!("person_id: there is no person {person:?} in these files");
                    self.entries.push(Entry::refused(item.place.clone(), why));
                }
                None => {
                    let why = "person_id is missing: only memberships of persons are taken";
                    self.entries.push(Entry::refused(item.place.clone(), why.to_owned()));
                }
            }
        }
        for item in self.document.class("persons") {
            let known = [
                "id",
                "name",
                "other_names",
                "identifiers",
                "given_name",
                "family_name",
                "birth_date",
                "death_date",
            ];
            self.leave_rest("persons", item, &known);
            let object = &item.object;
            let mut record = Map::new();
            self.identify(item, &self.persons.clone(), &mut record);
            let parts = [text(object, "given_name"), text(object, "family_name")];
            for (field, part) in ["givenName", "familyName"].iter().zip(parts) {
                put_text(&mut record, field, part);
            }
            let whole = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
            let shown = text(object, "name").unwrap_or(&whole);
            put_text(&mut record, "displayName", Some(shown).filter(|shown| !shown.is_empty()));
            let names = self.other_names("persons", item, false);
            put_list(&mut record, "names", names);
            for (field, key) in [("birth", "birth_date"), ("death", "death_date")] {
                let date = self.date("persons", item, key);
                put_text(&mut record, field, date.as_deref());
            }
            let (mut places, mut size) = (vec![item.place.clone()], item.size);
            let (mut held, mut refusals) = (Vec::new(), Vec::new());
            for membership in
                text(object, "id").and_then(|id| tenures.remove(id)).unwrap_or_default()
            {
                places.push(membership.place.clone());
                size += membership.size;
                match self.tenure(membership) {
                    Ok(tenure) => held.push(tenure),
                    Err(why) => {
                        let (file, line) = &membership.place;
                        refusals
                            .push(format!("the membership at {}:{line}: {why}", file.display()));
                    }
                }
            }
            put_list(&mut record, "tenures", held);
            let refusal = (!refusals.is_empty()).then(|| refusals.join("; "));
            self.push("Official", record, places, size, refusal);
        }
    }

    fn tenure(&mut self, item: &Item) -> Result<Value, String> {
        let known = [
            "id",
            "person_id",
            "organization_id",
            "post_id",
            "role",
            "label",
            "area_id",
            "area",
            "start_date",
            "end_date",
            "legislative_period_id",
        ];
        self.leave_rest("memberships", item, &known);
        let (object, document) = (&item.object, self.document);
        let posts = document.by_id("posts");
        let post = text(object, "post_id").and_then(|id| posts.get(id)).map(|post| &post.object);
        let of_post = |key: &str| post.and_then(|post| text(post, key));
        let mut record = Map::new();
        let body = text(object, "organization_id").or_else(|| of_post("organization_id"));
        if let Some(body) = body {
            let name = self.body(body);
            let name =
                name.ok_or_else(|| format!("organization_id: there is no organization {body:?}"))?;
            record.insert("organization".to_owned(), name.into());
        }
        let (role, label) = (text(object, "role"), text(object, "label"));
        let title = role.or(label).or_else(|| of_post("role")).or_else(|| of_post("label"));
        if role.is_some() && label.is_some() && role != label {
            self.leave_out("memberships.label".to_owned(), &item.place, 1);
        }
        record.insert("title".to_owned(), title.unwrap_or("Member").into());
        let bodies = document.by_id("organizations");
        let of_body =
            body.and_then(|id| bodies.get(id)).and_then(|body| self.country(&body.object));
        let says_area = object.get("area_id").is_some() || object.get("area").is_some();
        match self.country(object) {
            Some(country) => drop(record.insert("country".to_owned(), country.into())),
            None if !says_area => put_text(&mut record, "country", of_body.as_deref()),
            None => {
                // A constituency is no country, and `null` says that there is none.
                put_text(
                    &mut record,
                    "country",
                    of_body.as_deref().filter(|_| text(object, "area_id").is_some()),
                );
                if text(object, "area_id").is_some()
                    || object.get("area").is_some_and(Value::is_object)
                {
                    self.leave_out("memberships.area_id".to_owned(), &item.place, 1);
                }
            }
        }
        let mut period = self.period("memberships", item, ["start_date", "end_date"]);
        let events = document.by_id("events");
        if let Some(event) = text(object, "legislative_period_id").and_then(|id| events.get(id)) {
            let of_event = self.period("events", event, ["start_date", "end_date"]);
            for (key, date) in of_event {
                period.entry(key).or_insert(date);
            }
        }
        put_object(&mut record, "period", period);
        Ok(Value::Object(record))
    }

    /// The name and the external ids of an object.
    fn identify(
        &self,
        item: &Item,
        called: &HashMap<String, String>,
        record: &mut Map<String, Value>,
    ) {
        let id = text(&item.object, "id");
        let name = id.and_then(|id| called.get(id));
        put_text(record, "name", name.map(String::as_str));
        let mut ids = Vec::new();
        if let Some(id) = id.filter(|id| name.is_some_and(|name| name != id)) {
            ids.push(json!({ "scheme": SCHEME, "value": id }));
        }
        for (scheme, value) in identifiers(&item.object) {
            ids.push(json!({ "scheme": scheme, "value": value }));
        }
        put_list(record, "externalIds", ids);
    }

    fn other_names(&mut self, class: &str, item: &Item, has_kinds: bool) -> Vec<Value> {
        let others = item.object.get("other_names").and_then(Value::as_array);
        let mut names = Vec::new();
        for other in others.into_iter().flatten() {
            let Some(name) = text(other, "name") else { continue };
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

    fn period(&mut self, class: &str, item: &Item, keys: [&str; 2]) -> Map<String, Value> {
        let mut period = Map::new();
        for (field, key) in ["start", "end"].iter().zip(keys) {
            let date = self.date(class, item, key);
            put_text(&mut period, field, date.as_deref());
        }
        period
    }

    /// A date; one with a time of day is its day, and what is none is left out.
    fn date(&mut self, class: &str, item: &Item, key: &str) -> Option<String> {
        let given = text(&item.object, key)?;
        let day = given.split('T').next().unwrap_or_default();
        if is_date(day) {
            return Some(day.to_owned());
        }
        self.leave_out(format!("{class}.{key} {given:?}, which is no date"), &item.place, 1);
        None
    }

    fn body(&self, id: &str) -> Option<String> {
        let stored = || self.names.by_external_id("Organization", SCHEME, id).map(str::to_owned);
        let own = || self.names.has(id).then(|| id.to_owned());
        self.bodies.get(id).cloned().or_else(stored).or_else(own)
    }

    /// The country that the area of an object is, if it is one.
    fn country(&self, object: &Value) -> Option<String> {
        let countries = ["Country".to_owned()];
        let areas = self.document.by_id("areas");
        let id = text(object, "area_id");
        let area = id.and_then(|id| areas.get(id)).map(|area| &area.object);
        let area = area.or_else(|| object.get("area").filter(|area| area.is_object()));
        let id = id.or_else(|| area.and_then(|area| text(area, "id"))).unwrap_or_default();
        let division = id.rsplit_once("country:").map(|(_, code)| code);
        let by_id = if id.starts_with("countries/") { Some(id) } else { division };
        let is_country = area.and_then(|area| text(area, "classification")) == Some("country");
        let by_name = area.filter(|_| is_country).and_then(|area| text(area, "name"));
        let mut texts = [by_id, by_name].into_iter().flatten();
        texts.find_map(|text| self.names.find(&countries, text).ok().map(str::to_owned))
    }

    /// Notes the fields of an object that have no place in a record.
    fn leave_rest(&mut self, class: &str, item: &Item, known: &[&str]) {
        for (key, value) in item.object.as_object().into_iter().flatten() {
            let is_empty = match value {
                Value::Null => true,
                Value::String(text) => text.is_empty(),
                Value::Array(list) => list.is_empty(),
                Value::Object(object) => object.is_empty(),
                _ => false,
            };
            if !is_empty && !known.contains(&key.as_str()) {
                self.leave_out(format!("{class}.{key}"), &item.place, 1);
            }
        }
    }

    fn leave_out(&mut self, what: String, place: &Place, count: usize) {
        self.left_out.entry(what).or_insert_with(|| (0, place.clone())).0 += count;
    }

    fn push(
        &mut self,
        of_type: &str,
        record: Map<String, Value>,
        places: Vec<Place>,
        size: u64,
        refusal: Option<String>,
    ) {
        let resource = match refusal {
            Some(why) => Err(why),
            None => resource_of_json(of_type, Value::Object(record)),
        };
        self.entries.push(Entry { places, size, resource });
    }

    fn finish(self) -> Prepared {
        let remarks = self.left_out.into_iter().map(|(what, (count, place))| {
            let text = format!("{what} has no place in a record ({count} times)");
            let details = json!({ "field": what, "count": count });
            Remark { outcome: "left out", place, text, details }
        });
        Prepared { remarks: remarks.collect(), entries: self.entries }
    }
}

/// The identifiers of an object, with schemes as external ids have them.
fn identifiers(object: &Value) -> Vec<(String, String)> {
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
fn kind(classification: &str) -> Option<String> {
    let folded = classification.to_lowercase().replace(['_', '-'], " ");
    let listed = CLASSIFICATIONS.iter().find(|(one, _)| *one == folded).map(|(_, kind)| *kind);
    let name = format!(
        "{KIND}{}",
        listed.map_or_else(|| folded.to_uppercase().replace(' ', "_"), str::to_owned)
    );
    let kinds = proto::POOL.get_enum_by_name("entente.v1.OrganizationKind")?;
    kinds.get_value_by_name(&name).filter(|kind| kind.number() != 0).map(|_| name)
}

fn put_text(record: &mut Map<String, Value>, field: &str, text: Option<&str>) {
    if let Some(text) = text {
        record.insert(field.to_owned(), text.into());
    }
}

fn put_list(record: &mut Map<String, Value>, field: &str, list: Vec<Value>) {
    if !list.is_empty() {
        record.insert(field.to_owned(), list.into());
    }
}

fn put_object(record: &mut Map<String, Value>, field: &str, object: Map<String, Value>) {
    if !object.is_empty() {
        record.insert(field.to_owned(), object.into());
    }
}
