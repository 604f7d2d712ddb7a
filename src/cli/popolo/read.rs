//! Makes organizations and officials of Popolo.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::document::{Document, Item};
use super::fields::{identifiers, kind, put_list, put_object, put_text};
use super::memberships::Membership;
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
pub(super) const MEMBERSHIP: [&str; 11] = [
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
        taken: HashMap::new(),
        left_out: BTreeMap::new(),
        unmapped: BTreeMap::new(),
        remarks: Vec::new(),
        entries: Vec::new(),
    };
    let (bodies, verdicts) = reader.call("organizations", "Organization");
    reader.bodies = bodies;
    for (item, verdict) in document.class("organizations").iter().zip(verdicts) {
        if verdict != Verdict::Repeats {
            reader.organization(item, verdict);
        }
    }
    let (persons, verdicts) = reader.call("persons", "Official");
    reader.persons = persons;
    let mut memberships = reader.memberships();
    for (item, verdict) in document.class("persons").iter().zip(verdicts) {
        // Of two with one id the first one has them.
        let held = text(&item.object, "id").and_then(|id| memberships.remove(id));
        if verdict != Verdict::Repeats {
            reader.official(item, &held.unwrap_or_default(), verdict);
        }
    }
    reader.rest();
    Ok(reader.finish())
}

pub(super) struct Reader<'d> {
    pub(super) names: &'d Names,
    pub(super) document: &'d Document,
    /// The resource names of organizations and persons by their ids.
    pub(super) bodies: HashMap<String, String>,
    pub(super) persons: HashMap<String, String>,
    /// The resource names that are given, and the ids and places of what has them.
    taken: HashMap<String, (String, Place)>,
    /// What has no place in a record: how often, and where first.
    pub(super) left_out: BTreeMap<String, (usize, Place)>,
    /// The same of ids that name nothing, by their fields.
    pub(super) unmapped: BTreeMap<(&'static str, String), (usize, Place)>,
    pub(super) remarks: Vec<Remark>,
    pub(super) entries: Vec<Entry>,
}

/// Whether an object makes a record.
#[derive(Debug, PartialEq)]
enum Verdict {
    Taken,
    /// Another one says all that it says.
    Repeats,
    Refused(String),
}

impl Verdict {
    fn refusal(self) -> Option<String> {
        if let Self::Refused(why) = self { Some(why) } else { None }
    }
}

/// Resource names by ids, and what is said of the objects of the class in order.
type Called = (HashMap<String, String>, Vec<Verdict>);

impl<'d> Reader<'d> {
    /// What the objects of a class are called here: as they are in the store already, by
    /// their own resource name, or by a name made of their ids. Two cannot be one record.
    fn call(&mut self, class: &str, of_type: &str) -> Called {
        let collection = if of_type == "Official" { "officials" } else { class };
        let document = self.document;
        let (mut called, mut verdicts) = (HashMap::new(), Vec::new());
        for item in document.class(class) {
            let Some(id) = text(&item.object, "id") else {
                verdicts.push(Verdict::Taken);
                continue;
            };
            let mut external = vec![(SCHEME.to_owned(), id.to_owned())];
            external.extend(identifiers(&item.object));
            let own = id
                .split_once('/')
                .is_some_and(|(one, rest)| one == collection && slug(rest) == rest);
            let held = external.iter().find_map(|(scheme, value)| {
                self.names.by_external_id(of_type, scheme, value).map(str::to_owned)
            });
            let known = if own { Some(id.to_owned()) } else { held };
            let name = match (called.get(id), known) {
                (Some(name), _) => String::clone(name),
                (None, Some(name)) => name,
                (None, None) => self.new_name(collection, id),
            };
            if called.contains_key(id)
                && let Some(first) = document.find(class, id)
                && first.object == item.object
            {
                self.repeats(&item.place, &first.place);
                verdicts.push(Verdict::Repeats);
                continue;
            }
            if let Some((other, first)) = self.taken.get(&name) {
                let why = format!(
                    "id: {id:?} is {name}, and so is {other:?} of {first}: one of them needs \
                     another id"
                );
                verdicts.push(Verdict::Refused(why));
                continue;
            }
            verdicts.push(Verdict::Taken);
            self.taken.insert(name.clone(), (id.to_owned(), item.place.clone()));
            called.insert(id.to_owned(), name);
        }
        (called, verdicts)
    }

    fn new_name(&self, collection: &str, id: &str) -> String {
        let last = id.strip_prefix(collection).map_or(id, |rest| rest.trim_start_matches('/'));
        let slug = match slug(last) {
            slug if slug.is_empty() => "unnamed".to_owned(),
            slug => slug,
        };
        let mut name = format!("{collection}/{slug}");
        for number in 2.. {
            if !self.taken.contains_key(&name) && !self.names.has(&name) {
                break;
            }
            let room = &slug[..slug.len().min(58)];
            name = format!("{collection}/{room}-{number}");
        }
        name
    }

    fn organization(&mut self, item: &Item, verdict: Verdict) {
        self.leave_rest("organizations", &item.object, &item.place, &ORGANIZATION);
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
        let lost = parent
            .filter(|_| body.is_none())
            .map(|parent| format!("parent_id: there is no organization {parent:?}"));
        let refusals: Vec<String> = verdict.refusal().into_iter().chain(lost).collect();
        let country = self.country(object);
        put_text(&mut record, "country", country.as_deref());
        if country.is_none() && says_area(object) {
            self.leave_out("organizations.area_id".to_owned(), place, 1);
        }
        let keys = ["founding_date", "dissolution_date"];
        let period = self.period("organizations", place, object, keys);
        put_object(&mut record, "existence", period);
        self.push("Organization", record, vec![place.clone()], item.size, &refusals);
    }

    fn official(&mut self, item: &Item, memberships: &[Membership], verdict: Verdict) {
        self.leave_rest("persons", &item.object, &item.place, &PERSON);
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
        let (mut tenures, mut refusals) = (Vec::new(), Vec::from_iter(verdict.refusal()));
        for membership in memberships {
            match self.tenure(membership) {
                Ok(tenure) => tenures.push(tenure),
                Err(why) => refusals.push(format!("membership at {}: {why}", membership.places[0])),
            }
            places.extend(membership.places.iter().cloned());
            size += membership.size;
        }
        put_list(&mut record, "tenures", tenures);
        self.push("Official", record, places, size, &refusals);
    }

    fn tenure(&mut self, membership: &Membership) -> Result<Value, String> {
        let Membership { object, places, .. } = membership;
        let (place, document) = (&places[0], self.document);
        self.leave_rest("memberships", object, place, &MEMBERSHIP);
        let post = self.named("posts", object, "memberships.post_id", place);
        let of_post = |key: &str| post.and_then(|post| text(&post.object, key));
        let mut record = Map::new();
        let (role, label) = (text(object, "role"), text(object, "label"));
        let title = role.or(label).or_else(|| of_post("role")).or_else(|| of_post("label"));
        put_text(&mut record, "title", Some(title.unwrap_or("Member")));
        if role.is_some() && label.is_some() && role != label {
            self.leave_out("memberships.label".to_owned(), place, 1);
        }
        let body = text(object, "organization_id").or_else(|| of_post("organization_id"));
        for (key, taken) in [("role", title), ("label", title), ("organization_id", body)] {
            if of_post(key).is_some_and(|said| taken != Some(said)) {
                self.leave_out(format!("posts.{key}"), place, 1);
            }
        }
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
        let country = country.or_else(|| of_body.and_then(|body| self.country(&body.object)));
        put_text(&mut record, "country", country.as_deref());
        let period = self.tenure_period(object, place);
        put_object(&mut record, "period", period);
        Ok(Value::Object(record))
    }

    /// The dates of a membership, or of the term that it is in if it has none: one of both
    /// would make a period that nobody has said.
    fn tenure_period(&mut self, object: &Value, place: &Place) -> Map<String, Value> {
        let keys = ["start_date", "end_date"];
        let own = self.period("memberships", place, object, keys);
        let field = "memberships.legislative_period_id";
        let Some(term) = self.named("events", object, field, place) else { return own };
        let is_dated = keys.iter().any(|key| text(object, key).is_some());
        if !is_dated {
            let period = self.period("events", &term.place, &term.object, keys);
            if !period.is_empty() {
                return period;
            }
        }
        self.leave_out(field.to_owned(), place, 1);
        own
    }

    fn push(
        &mut self,
        of_type: &str,
        record: Map<String, Value>,
        places: Vec<Place>,
        size: u64,
        refusals: &[String],
    ) {
        let resource = match refusals {
            [] => resource_of_json(of_type, Value::Object(record)),
            refusals => Err(refusals.join("; ")),
        };
        self.entries.push(Entry::new(places, size, resource));
    }
}

/// Whether an object says of what area it is.
fn says_area(object: &Value) -> bool {
    text(object, "area_id").is_some() || object.get("area").is_some_and(Value::is_object)
}
