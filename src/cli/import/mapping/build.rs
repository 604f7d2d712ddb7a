//! Makes of one row what it says of a record.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::row::Row;
use super::rule::{Kind, Made, Rule, Unknown};
use super::template::Template;
use super::{Content, Element, Field, Mapping, Shape};
use crate::cli::import::names::Names;

/// What a row says.
#[derive(Debug, Default)]
pub(in crate::cli::import) struct Said {
    /// The record, as proto JSON; `None` if the mapping leaves the row out.
    pub(in crate::cli::import) record: Option<Map<String, Value>>,
    /// The values of `group_by`.
    pub(in crate::cli::import) group: Vec<String>,
    /// Why the record must be refused.
    pub(in crate::cli::import) refusals: Vec<String>,
    /// Records of the same input that it names, whose names are not known yet.
    pub(in crate::cli::import) awaits: BTreeSet<String>,
    /// Values that no rule knows.
    pub(in crate::cli::import) unmapped: Vec<Unmapped>,
}

/// A value that a rule does not know, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cli::import) struct Unmapped {
    pub(in crate::cli::import) column: String,
    pub(in crate::cli::import) value: String,
    pub(in crate::cli::import) why: String,
    pub(in crate::cli::import) becomes: String,
}

/// Takes notes while a record is made.
struct Maker<'m> {
    names: &'m Names,
    said: Said,
    notes: Vec<String>,
    /// Whether the list element that is being made must be left out.
    skips: bool,
}

impl Mapping {
    /// What a row says. `values` are those of the columns of `places`, without the derived
    /// ones at the end.
    pub(in crate::cli::import) fn say(
        &self,
        places: &HashMap<String, usize>,
        mut values: Vec<String>,
        names: &Names,
    ) -> Said {
        let mut maker = Maker { names, said: Said::default(), notes: Vec::new(), skips: false };
        // Those of which nobody knows what they are.
        let mut doubtful = BTreeSet::new();
        for (column, rule) in &self.columns {
            let row = Row { places, values: &values, item: None };
            let before = maker.doubts();
            let value = maker.value(rule.one(&row, names), rule);
            if maker.doubts() > before || rule.columns().iter().any(|one| doubtful.contains(one)) {
                doubtful.insert(column.as_str());
            }
            values.push(value.unwrap_or_default());
        }
        let row = Row { places, values: &values, item: None };
        maker.said.group = self.group_by.iter().map(|column| row.get(column).to_owned()).collect();
        if !self.record.holds(&row) {
            if self.record.conditions().any(|column| doubtful.contains(column)) {
                maker.said.record = Some(Map::new());
            } else {
                maker.said.refusals.clear();
                maker.said.awaits.clear();
            }
            return maker.said;
        }
        let mut record = maker.shape(&self.record, &row);
        let notes = std::mem::take(&mut maker.notes);
        super::merge::note(&mut record, &notes);
        maker.said.record = Some(record);
        maker.said
    }
}

impl Shape {
    /// The columns on which it depends whether it is made.
    fn conditions(&self) -> impl Iterator<Item = &str> {
        self.when.iter().chain(&self.unless).flat_map(Template::columns)
    }

    /// Whether its conditions hold for a row.
    fn holds(&self, row: &Row<'_>) -> bool {
        self.when.iter().all(|when| !when.fill(row).is_empty())
            && self.unless.iter().all(|unless| unless.fill(row).is_empty())
    }
}

impl Maker<'_> {
    /// How often it was not known what stands in the row.
    fn doubts(&self) -> usize {
        self.said.refusals.len() + self.said.awaits.len()
    }

    fn shape(&mut self, shape: &Shape, row: &Row<'_>) -> Map<String, Value> {
        let mut made = Map::new();
        for Field { name, content } in &shape.fields {
            let value = match content {
                Content::One(rule) => self.json(rule, row),
                Content::OneOf(rule, members) => {
                    self.member(rule, members, row, &mut made);
                    None
                }
                Content::Many(rules) => Some(self.list(rules, row)),
                Content::Entries(rules) => {
                    let entries = rules.iter().filter_map(|(key, rule)| {
                        self.json(rule, row).map(|value| (key.clone(), value))
                    });
                    Some(Value::Object(entries.collect()))
                }
                Content::Message(inner) if inner.holds(row) => {
                    Some(Value::Object(self.shape(inner, row)))
                }
                Content::Message(_) => None,
                Content::Messages(elements) => Some(self.elements(elements, row)),
            };
            let is_empty = match &value {
                None => true,
                Some(Value::Object(object)) => object.is_empty(),
                Some(Value::Array(list)) => list.is_empty(),
                Some(_) => false,
            };
            if let (Some(value), false) = (value, is_empty) {
                made.insert(name.clone(), value);
            }
        }
        made
    }

    fn json(&mut self, rule: &Rule, row: &Row<'_>) -> Option<Value> {
        let made = rule.one(row, self.names);
        self.value(made, rule).map(|text| typed(&rule.kind, text))
    }

    fn list(&mut self, rules: &[Rule], row: &Row<'_>) -> Value {
        let mut list = Vec::new();
        for rule in rules {
            for made in rule.all(row, self.names) {
                let value = self.value(made, rule).map(|text| typed(&rule.kind, text));
                list.extend(value.filter(|value| !list.contains(value)));
            }
        }
        Value::Array(list)
    }

    /// Puts what is found into the member of the oneof that is for its type.
    fn member(
        &mut self,
        rule: &Rule,
        members: &[(String, String)],
        row: &Row<'_>,
        made: &mut Map<String, Value>,
    ) {
        let Some(name) = self.value(rule.one(row, self.names), rule) else { return };
        let member = members
            .iter()
            .find(|(collection, _)| name.split_once('/').is_some_and(|(one, _)| one == collection));
        if let Some((_, member)) = member {
            made.insert(member.clone(), Value::String(name));
            return;
        }
        let listed = members.iter().map(|(collection, _)| collection.as_str());
        let why = format!("is the name of none of {}", listed.collect::<Vec<_>>().join(" or "));
        self.value(Made::Unknown { given: name, why, taken: None }, rule);
    }

    fn elements(&mut self, elements: &[Element], row: &Row<'_>) -> Value {
        let mut list = Vec::new();
        for Element { each, shape, unite: _ } in elements {
            let items = match each {
                None => vec![None],
                Some(each) => each.parts(row).into_iter().map(Some).collect(),
            };
            for item in items {
                let row = Row { item: item.as_deref(), ..*row };
                if !shape.holds(&row) {
                    continue;
                }
                let outer = std::mem::replace(&mut self.skips, false);
                let element = Value::Object(self.shape(shape, &row));
                let skips = std::mem::replace(&mut self.skips, outer);
                let is_empty = element.as_object().is_some_and(Map::is_empty);
                if !skips && !is_empty && !list.contains(&element) {
                    list.push(element);
                }
            }
        }
        Value::Array(list)
    }

    /// The value that a rule has made; what it does not know is told.
    fn value(&mut self, made: Made, rule: &Rule) -> Option<String> {
        let (given, why, taken) = match made {
            Made::Nothing => return None,
            Made::Value(value) => return Some(value),
            Made::Unknown { given, why, taken } => (given, why, taken),
            Made::Promised(record) => {
                self.said.awaits.insert(record);
                return None;
            }
        };
        let column = &rule.label;
        let told = format!("{column}: {given}");
        let becomes = match (&taken, rule.unknown) {
            (Some(taken), _) if taken.is_empty() => "left out".to_owned(),
            (Some(taken), _) => format!("taken as {taken}"),
            (None, Unknown::Refuse) => {
                self.said.refusals.push(format!("{column}: {given:?} {why}"));
                "refused".to_owned()
            }
            (None, Unknown::Ignore) => "left out".to_owned(),
            (None, unknown) => {
                self.skips |= unknown == Unknown::Skip;
                self.notes.push(told);
                "told in the note".to_owned()
            }
        };
        let column = column.clone();
        self.said.unmapped.push(Unmapped { column, value: given, why, becomes });
        taken.filter(|taken| !taken.is_empty())
    }
}

fn typed(kind: &Kind, text: String) -> Value {
    match kind {
        Kind::Truth => Value::Bool(text == "true"),
        Kind::Number => text.parse::<i64>().map_or(Value::Null, Value::from),
        Kind::Text | Kind::Choice(_) => Value::String(text),
    }
}
