//! Makes organizations and officials of Popolo.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::document::{Document, Item};
use super::fields::{identifiers, kind, put_list, put_object, put_text};
use super::{CLASSIFICATION, SCHEME, text};
use crate::cli::import::names::Names;
use crate::cli::import::spelling::slug;
use crate::cli::import::{Entry, Place, Prepared, Remark, resource_of_json};

/// The fields that are taken of each class.
const ORGANIZATION: [&str; 10] = [
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
const PERSON: [&str; 8] = [
    "id",
    "name",
    "other_names",
    "identifiers",
    "given_name",
    "family_name",
    "birth_date",
    "death_date",
];
const MEMBERSHIP: [&str; 11] = [
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
    for item in document.class("organizations") {
        reader.organization(item);
    }
    let memberships = reader.memberships();
    for item in document.class("persons") {
        let id = text(&item.object, "id");
        let held = id.and_then(|id| memberships.get(id)).map_or(&[][..], Vec::as_slice);
        reader.official(item, held);
    }
    for (class, items) in document.counts() {
        if !["persons", "organizations", "memberships", "posts", "areas", "events"].contains(&class)
            && let Some(first) = items.first()
        {
            reader.leave_out(class.to_owned(), &first.place, items.len());
        }
    }
    Ok(reader.finish())
}

pub(super) struct Reader<'d> {
    pub(super) names: &'d Names,
    pub(super) document: &'d Document,
    /// The resource names of organizations and persons by their ids.
    pub(super) bodies: HashMap<String, String>,
    persons: HashMap<String, String>,
    taken: BTreeSet<String>,
    /// What has no place in a record: how often, and where first.
    pub(super) left_out: BTreeMap<String, (usize, Place)>,
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

    fn organization(&mut self, item: &Item) {
        self.leave_rest("organizations", item, &ORGANIZATION);
        let (object, place) = (&item.object, &item.place);
        let mut record = Map::new();
        let name = text(object, "id").and_then(|id| self.bodies.get(id));
        Self::identify(item, name.map(String::as_str), &mut record);
        put_text(&mut record, "displayName", text(object, "name"));
        let names = self.other_names("organizations", item, true);
        put_list(&mut record, "names", names);
        if let Some(classification) = text(object, "classification") {
            let kind = kind(classification);
            put_text(&mut record, "kind", kind.as_deref());
            if kind.is_none() {
                record.insert("labels".to_owned(), json!({ CLASSIFICATION: classification }));
            }
        }
        let parent = text(object, "parent_id");
        let body = parent.and_then(|parent| self.body(parent));
        put_text(&mut record, "parent", body.as_deref());
        let refusal = parent
            .filter(|_| body.is_none())
            .map(|parent| format!("parent_id: there is no organization {parent:?}"));
        let country = self.country(object);
        put_text(&mut record, "country", country.as_deref());
        if country.is_none() && says_area(object) {
            self.leave_out("organizations.area_id".to_owned(), place, 1);
        }
        let keys = ["founding_date", "dissolution_date"];
        let period = self.period("organizations", place, object, keys);
        put_object(&mut record, "existence", period);
        self.push("Organization", record, vec![place.clone()], item.size, refusal);
    }

    /// The memberships by their persons; those of nobody are refused.
    fn memberships(&mut self) -> HashMap<String, Vec<Item>> {
        let mut held = HashMap::<String, Vec<Item>>::new();
        for item in self.document.class("memberships") {
            let why = match text(&item.object, "person_id") {
                Some(person) if self.persons.contains_key(person) => {
                    held.entry(person.to_owned()).or_default().push(item.clone());
                    continue;
                }
                Some(person) => {
                    format!("person_id: there is no person {person:?} in these files")
                }
                None => "person_id is missing: only memberships of persons are taken".to_owned(),
            };
            self.entries.push(Entry::refused(item.place.clone(), why));
        }
        held
    }

    fn official(&mut self, item: &Item, memberships: &[Item]) {
        self.leave_rest("persons", item, &PERSON);
        let object = &item.object;
        let mut record = Map::new();
        let name = text(object, "id").and_then(|id| self.persons.get(id));
        Self::identify(item, name.map(String::as_str), &mut record);
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
            let date = self.date("persons", &item.place, object, key);
            put_text(&mut record, field, date.as_deref());
        }
        let (mut places, mut size) = (vec![item.place.clone()], item.size);
        let (mut tenures, mut refusals) = (Vec::new(), Vec::new());
        for membership in memberships {
            let (file, line) = &membership.place;
            match self.tenure(membership) {
                Ok(tenure) => tenures.push(tenure),
                Err(why) => {
                    refusals.push(format!("membership at {}:{line}: {why}", file.display()))
                }
            }
            places.push(membership.place.clone());
            size += membership.size;
        }
        put_list(&mut record, "tenures", tenures);
        let refusal = (!refusals.is_empty()).then(|| refusals.join("; "));
        self.push("Official", record, places, size, refusal);
    }

    fn tenure(&mut self, item: &Item) -> Result<Value, String> {
        self.leave_rest("memberships", item, &MEMBERSHIP);
        let (object, place, document) = (&item.object, &item.place, self.document);
        let post = text(object, "post_id").and_then(|id| document.find("posts", id));
        let of_post = |key: &str| post.and_then(|post| text(post, key));
        let mut record = Map::new();
        let (role, label) = (text(object, "role"), text(object, "label"));
        let title = role.or(label).or_else(|| of_post("role")).or_else(|| of_post("label"));
        put_text(&mut record, "title", Some(title.unwrap_or("Member")));
        if role.is_some() && label.is_some() && role != label {
            self.leave_out("memberships.label".to_owned(), place, 1);
        }
        let body = text(object, "organization_id").or_else(|| of_post("organization_id"));
        if let Some(id) = body {
            let name = self.body(id);
            let none = || format!("organization_id: there is no organization {id:?}");
            put_text(&mut record, "organization", Some(&name.ok_or_else(none)?));
        }
        let country = self.country(object);
        if country.is_none() && says_area(object) {
            self.leave_out("memberships.area_id".to_owned(), place, 1);
        }
        // `null` says that there is none; a constituency is in the organization's country.
        let is_open = object.get("area_id").is_none_or(|area| !area.is_null());
        let of_body = body.filter(|_| is_open).and_then(|id| document.find("organizations", id));
        let country = country.or_else(|| of_body.and_then(|body| self.country(body)));
        put_text(&mut record, "country", country.as_deref());
        let keys = ["start_date", "end_date"];
        let mut period = self.period("memberships", place, object, keys);
        let event = text(object, "legislative_period_id");
        if let Some(event) = event.and_then(|id| document.find("events", id)) {
            for (key, date) in self.period("events", place, event, keys) {
                period.entry(key).or_insert(date);
            }
        }
        put_object(&mut record, "period", period);
        Ok(Value::Object(record))
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
        self.entries.push(Entry::new(places, size, resource));
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

/// Whether an object says of what area it is.
fn says_area(object: &Value) -> bool {
    text(object, "area_id").is_some() || object.get("area").is_some_and(Value::is_object)
}
