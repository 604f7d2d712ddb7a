//! What a mapping file says: how the rows of a table become records.
//!
//! The file has the shape of the record. Where the record has a text, the mapping has a rule
//! that makes it of columns; docs/import.md has the language.

mod build;
mod contract;
mod date_forms;
mod layout;
mod merge;
mod read;
mod read_layout;
mod read_rule;
mod row;
mod rule;
mod template;

use std::collections::BTreeSet;

use self::row::Row;
use self::rule::Rule;
use self::template::Template;

pub(super) use self::build::Unmapped;
pub(super) use self::layout::{Join, Layout};
pub(super) use self::merge::{Difference, Merged, Merging};
pub(super) use self::read::Reading;

/// How records are made, which fits the contract.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The type of the records, such as `Agreement`.
    pub(super) of_type: String,
    /// Rows with the same values here make one record; none: each makes its own.
    pub(super) group_by: Vec<String>,
    /// Columns that are made of others, in order.
    columns: Vec<(String, Rule)>,
    record: Shape,
}

/// How a message is made.
#[derive(Debug, Default)]
struct Shape {
    /// It is made only if all of these are filled,
    when: Vec<Template>,
    /// and none of these.
    unless: Vec<Template>,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    /// As proto JSON calls it.
    name: String,
    content: Content,
}

/// How a field is made.
#[derive(Debug)]
enum Content {
    One(Rule),
    /// What the rule finds goes to the member for its collection.
    OneOf(Rule, Vec<(String, String)>),
    Many(Vec<Rule>),
    Entries(Vec<(String, Rule)>),
    Message(Shape),
    Messages(Vec<Element>),
}

/// How elements of a list are made: one, or one for each part of a column.
#[derive(Debug)]
struct Element {
    each: Option<Each>,
    /// Whether elements that differ in lists alone are one.
    unite: bool,
    shape: Shape,
}

/// The parts of a column.
#[derive(Debug)]
struct Each {
    from: Template,
    split: Option<String>,
}

impl Each {
    fn parts(&self, row: &Row<'_>) -> Vec<String> {
        let whole = self.from.fill(row);
        let parts: Vec<&str> = match &self.split {
            None => vec![&whole],
            Some(split) => whole.split(split.as_str()).map(str::trim).collect(),
        };
        parts.into_iter().filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }
}

impl Mapping {
    /// The types of the records that rules find by their names.
    pub(super) fn types(&self) -> BTreeSet<String> {
        let mut types = BTreeSet::new();
        let mut rules: Vec<&Rule> = self.columns.iter().map(|(_, rule)| rule).collect();
        self.record.rules(&mut rules);
        for rule in rules {
            types.extend(rule.find.iter().cloned());
        }
        types
    }

    /// How several rows become one record.
    pub(super) fn merging(&self) -> Merging {
        let mut merging = Merging::default();
        merging.joins.insert("note".to_owned(), "\n".to_owned());
        self.record.merging("", &mut merging);
        merging
    }
}

impl Shape {
    fn rules<'s>(&'s self, found: &mut Vec<&'s Rule>) {
        for field in &self.fields {
            match &field.content {
                Content::One(rule) | Content::OneOf(rule, _) => found.push(rule),
                Content::Many(rules) => found.extend(rules),
                Content::Entries(rules) => found.extend(rules.iter().map(|(_, rule)| rule)),
                Content::Message(shape) => shape.rules(found),
                Content::Messages(elements) => {
                    elements.iter().for_each(|element| element.shape.rules(found));
                }
            }
        }
    }

    fn merging(&self, path: &str, merging: &mut Merging) {
        for Field { name, content } in &self.fields {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match content {
                Content::One(Rule { join: Some(join), .. }) => {
                    merging.joins.insert(path, join.clone());
                }
                Content::Message(shape) => shape.merging(&path, merging),
                Content::Messages(elements) if elements.iter().any(|element| element.unite) => {
                    merging.united.insert(path);
                }
                _ => {}
            }
        }
    }
}
