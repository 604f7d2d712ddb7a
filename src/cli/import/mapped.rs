//! Records that tables say by a mapping, and what they are called.
//!
//! Where rules look for records of the type that the rows make, a row may name what another
//! row makes. So names are those that the store will have once all rows are recorded: the
//! second run of the same files finds what the first one has found.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use prost_reflect::{DynamicMessage, Value};

use super::mapping::{Mapping, Reading};
use super::names::{Names, messages, text};
use super::rows::{Draft, Prepared, Tables};
use super::{Place, record_at};
use crate::cli::Failure;
use crate::cli::lines::not_text;
use crate::client::Client;
use crate::model::names::canonical_country_id;
use crate::proto;

/// How often rows are read anew because names that they make change what others say.
const ROUNDS: usize = 32;

/// Tables, and what they are read by.
#[derive(Debug)]
pub(super) struct Mapped {
    mapping: Mapping,
    tables: Tables,
    /// The names of other types.
    others: Names,
    /// The records of the type that rows make, by name; none if no rule looks for them.
    stored: BTreeMap<String, DynamicMessage>,
    finds_its_own: bool,
    /// Whether what is there is replaced as a whole.
    replace: bool,
}

impl Mapped {
    /// Reads a mapping and tables, and asks for the names of what is there. All that is wrong
    /// with the files is told at once.
    pub(super) async fn read(
        client: &Client,
        path: &Path,
        files: &[PathBuf],
        replace: bool,
    ) -> Result<Self, Failure> {
        let told = |problem: String| format!("{}: {problem}", path.display());
        let bytes = std::fs::read(path).map_err(|error| told(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| told(not_text(&error)))?;
        let Reading { layout, mapping, mut problems } = Reading::of(path, &text);
        let tables = layout.and_then(|layout| {
            Tables::read(layout, files).map_err(|more| problems.extend(more)).ok()
        });
        let (Some(mapping), Some(tables), true) = (mapping, tables, problems.is_empty()) else {
            return Err(problems.join("\n").into());
        };
        let types = mapping.types();
        let finds_its_own = types.contains(&mapping.of_type);
        let (others, own) = Names::load_beside(client, types, &mapping.of_type).await?;
        let stored = own.into_iter().map(|record| (self::text(&record, "name"), record)).collect();
        Ok(Self { mapping, tables, others, stored, finds_its_own, replace })
    }

    /// The records. Of those that got their names from the service, `recorded` says which
    /// stands where.
    pub(super) fn prepare(&self, recorded: &HashMap<String, Place>) -> Result<Prepared, Failure> {
        if !self.finds_its_own {
            return Ok(self.tables.drafts(&self.mapping, &self.others).finish(&self.tables));
        }
        let recorded = recorded.iter().map(|(name, place)| (place, name.as_str())).collect();
        let mut names = self.names(&[], &recorded);
        let mut before = None;
        for _ in 0..ROUNDS {
            let made = self.tables.drafts(&self.mapping, &names);
            let says: Vec<_> = made.drafts.iter().map(|draft| draft.record.clone()).collect();
            if before.as_ref() == Some(&says) {
                return Ok(made.finish(&self.tables));
            }
            let next = self.names(&made.drafts, &recorded);
            drop(made);
            names = next;
            before = Some(says);
        }
        Err("the rows name each other in a way that has no end: each changes what another says"
            .into())
    }

    /// The names of all records once `drafts` are recorded.
    fn names(&self, drafts: &[Draft], recorded: &HashMap<&Place, &str>) -> Names {
        let mut names = self.others.clone();
        let mut records = self.stored.clone();
        let mut ids = HashMap::new();
        for (name, record) in &self.stored {
            ids.extend(messages(record, "external_ids").map(|id| (identity(&id), name.clone())));
        }
        for draft in drafts {
            let json = serde_json::Value::Object(draft.record.clone());
            let message = proto::message(&self.mapping.of_type);
            // What is no such record is refused, and nothing has its name.
            let Ok(record) = DynamicMessage::deserialize(message, json) else { continue };
            let known = messages(&record, "external_ids").find_map(|id| ids.get(&identity(&id)));
            let (place, own) = (&draft.places[0], self.own_name(&record));
            let name = own.or_else(|| known.cloned());
            let name = name.or_else(|| recorded.get(place).map(|name| (*name).to_owned()));
            let name = name.unwrap_or_else(|| {
                let name = record_at(place);
                names.promise(&name);
                name
            });
            let kept = records.remove(&name).filter(|_| !self.replace);
            let mut record = kept.map_or(record.clone(), |kept| merged(kept, record));
            record.set_field_by_name("name", Value::String(name.clone()));
            records.insert(name, record);
        }
        records.values().for_each(|record| names.add(record));
        names
    }

    /// The name that a record gives itself, as the service writes it.
    fn own_name(&self, record: &DynamicMessage) -> Option<String> {
        let name = Some(text(record, "name")).filter(|name| !name.is_empty())?;
        let Some(code) = name.strip_prefix("countries/") else { return Some(name) };
        let code = canonical_country_id(code);
        let has = |(_, country): &(&String, &DynamicMessage)| text(country, "alpha2") == code;
        let found = self.stored.iter().find(has).map(|(name, _)| name.clone());
        Some(found.unwrap_or_else(|| format!("countries/{code}")))
    }
}

/// What is there after a record is taken over it: external ids join those that are there, and
/// other fields take their place.
fn merged(mut kept: DynamicMessage, record: DynamicMessage) -> DynamicMessage {
    for (field, value) in record.fields() {
        let value = match (kept.get_field(&field).into_owned(), value.clone()) {
            (Value::List(mut kept), Value::List(more)) if field.name() == "external_ids" => {
                kept.extend(more);
                Value::List(kept)
            }
            (_, value) => value,
        };
        kept.set_field(&field, value);
    }
    kept
}

/// What an external id says.
fn identity(id: &DynamicMessage) -> (String, String) {
    (text(id, "scheme"), text(id, "value"))
}
