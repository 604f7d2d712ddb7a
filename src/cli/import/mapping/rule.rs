//! How one value is made of columns.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect::EnumDescriptor;
use regex::Regex;

use super::date_forms::{DateForm, narrowed};
use super::row::Row;
use super::template::Template;
use crate::cli::import::names::Names;

/// Texts by the values of a register.
pub(super) type Values = HashMap<String, Template>;

/// What a value must be in the record.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Text,
    Number,
    Truth,
    Choice(EnumDescriptor),
}

/// What becomes of a value that a rule does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    /// The record is refused.
    Refuse,
    /// The field is left out, and the value is told in the record's note.
    Note,
    /// The same, and the list element with it.
    Skip,
    /// The field is left out, and the value told in the report alone.
    Ignore,
}

/// What is taken of a record that is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Give {
    Name,
    Id,
    DisplayName,
}

/// How a value is made: the first of `from` that is filled and can be made one.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) from: Vec<Template>,
    pub(super) split: Option<String>,
    pub(super) extract: Option<Regex>,
    pub(super) values: Option<Arc<Values>>,
    pub(super) matches: Vec<(Regex, Template)>,
    pub(super) date: Vec<DateForm>,
    pub(super) narrowed_by: Option<Template>,
    pub(super) find: Vec<String>,
    pub(super) give: Give,
    pub(super) kind: Kind,
    pub(super) otherwise: Option<Template>,
    pub(super) unknown: Unknown,
    pub(super) join: Option<String>,
    /// What the report calls it: the columns that it is made of.
    pub(super) label: String,
}

/// What a rule makes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    Nothing,
    Value(String),
    /// It does not know `given`; `taken` stands for it, if anything does.
    Unknown {
        given: String,
        why: String,
        taken: Option<String>,
    },
    /// It names a record of the same input, whose name is not known yet.
    Promised(String),
}

/// Why nothing is made of a text.
enum Why {
    Unknown(String),
    /// It names this record of the same input, whose name is not known yet.
    Promised(String),
}

impl<T: Into<String>> From<T> for Why {
    fn from(why: T) -> Self {
        Self::Unknown(why.into())
    }
}

impl Rule {
    /// A rule that takes a text as it is.
    pub(super) fn plain(from: Template, kind: Kind) -> Self {
        Self {
            from: vec![from],
            split: None,
            extract: None,
            values: None,
            matches: Vec::new(),
            date: Vec::new(),
            narrowed_by: None,
            find: Vec::new(),
            give: Give::Name,
            kind,
            otherwise: None,
            unknown: Unknown::Refuse,
            join: None,
            label: String::new(),
        }
    }

    /// The values for a row: one, or one for each part of a list.
    pub(super) fn all(&self, row: &Row<'_>, names: &Names) -> Vec<Made> {
        let Some(split) = &self.split else { return vec![self.one(row, names)] };
        let texts = self.from.iter().map(|from| from.fill(row));
        let whole = texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default();
        let parts = whole.split(split.as_str()).map(str::trim).filter(|part| !part.is_empty());
        let row = |item| Row { item: Some(item), ..*row };
        parts.map(|part| self.first(&[part.to_owned()], &row(part), names)).collect()
    }

    /// The value for a row.
    pub(super) fn one(&self, row: &Row<'_>, names: &Names) -> Made {
        let texts: Vec<String> = self.from.iter().map(|from| from.fill(row)).collect();
        self.first(&texts, row, names)
    }

    /// The columns that a value depends on.
    pub(super) fn columns(&self) -> Vec<&str> {
        let listed = self.values.iter().flat_map(|values| values.values());
        let listed = listed.chain(self.matches.iter().map(|(_, value)| value));
        let others = self.narrowed_by.iter().chain(&self.otherwise);
        self.from.iter().chain(listed).chain(others).flat_map(Template::columns).collect()
    }

    /// The first of `texts` of which a value can be made, or what stands for it. One that is
    /// not known is told even if something stands for it.
    fn first(&self, texts: &[String], row: &Row<'_>, names: &Names) -> Made {
        let (mut unknown, mut taken) = (None, None);
        for text in texts.iter().filter(|text| !text.is_empty()) {
            match self.made(text, row, names) {
                Ok(value) => {
                    taken = Some(value);
                    break;
                }
                Err(Why::Promised(record)) => return Made::Promised(record),
                Err(Why::Unknown(why)) => unknown = unknown.or_else(|| Some((text.clone(), why))),
            }
        }
        if let (None, Some(otherwise)) = (&taken, &self.otherwise) {
            let given = otherwise.fill(row);
            taken = match self.typed(&given) {
                Err(why) if !given.is_empty() => {
                    return Made::Unknown { given, why, taken: None };
                }
                typed => Some(typed.unwrap_or_default()),
            };
        }
        match (unknown, taken) {
            (Some((given, why)), taken) => Made::Unknown { given, why, taken },
            (None, Some(value)) if !value.is_empty() => Made::Value(value),
            (None, _) => Made::Nothing,
        }
    }

    /// What is made of a text that is not empty; an error says why nothing is.
    fn made(&self, text: &str, row: &Row<'_>, names: &Names) -> Result<String, Why> {
        let mut text = text.to_owned();
        if let Some(extract) = &self.extract {
            let found = extract.captures(&text).and_then(|found| found.get(1).or(found.get(0)));
            text = found.ok_or("has another form")?.as_str().trim().to_owned();
        }
        let listed = self.values.as_ref().and_then(|values| values.get(&text));
        let listed = listed.or_else(|| {
            self.matches.iter().find(|(form, _)| form.is_match(&text)).map(|(_, value)| value)
        });
        let has_list = self.values.is_some() || !self.matches.is_empty();
        text = match listed {
            Some(value) => value.fill(row),
            None if has_list && self.find.is_empty() => return Err("is not listed".into()),
            None => text,
        };
        if text.is_empty() {
            return Ok(text);
        }
        if !self.date.is_empty() {
            let date = self.date.iter().find_map(|form| form.edtf(&text));
            text = date.ok_or("is no date of that form")?;
            let closer = self.narrowed_by.as_ref().map(|closer| closer.fill(row));
            text = closer.and_then(|closer| narrowed(&text, &closer)).unwrap_or(text);
        }
        if !self.find.is_empty() {
            let name = names.find(&self.find, &text)?;
            if names.is_promised(name) {
                return Err(Why::Promised(name.to_owned()));
            }
            text = match self.give {
                Give::Name => name.to_owned(),
                Give::Id => name.split_once('/').map_or(name, |(_, id)| id).to_owned(),
                Give::DisplayName => names.display_name(name).to_owned(),
            };
        }
        Ok(self.typed(&text)?)
    }

    /// The text as proto JSON has it.
    pub(super) fn typed(&self, text: &str) -> Result<String, String> {
        match &self.kind {
            Kind::Text => Ok(text.to_owned()),
            Kind::Number if text.parse::<i64>().is_ok() => Ok(text.to_owned()),
            Kind::Number => Err("is no whole number".to_owned()),
            Kind::Truth if ["true", "false"].contains(&text) => Ok(text.to_owned()),
            Kind::Truth => Err("is neither true nor false".to_owned()),
            Kind::Choice(choices) => choice(choices, text)
                .ok_or_else(|| format!("is no {}: it has {}", choices.name(), listed(choices))),
        }
    }
}

/// The full name of the value of an enum that `text` names by its full or its short name.
fn choice(choices: &EnumDescriptor, text: &str) -> Option<String> {
    let wanted = text.to_uppercase().replace([' ', '-'], "_");
    let prefix = prefix(choices);
    let found = choices.values().find(|value| {
        value.number() != 0
            && (value.name() == wanted || value.name().strip_prefix(&*prefix) == Some(&*wanted))
    });
    found.map(|value| value.name().to_owned())
}

/// The short names of an enum.
fn listed(choices: &EnumDescriptor) -> String {
    let prefix = prefix(choices);
    let names = choices.values().filter(|value| value.number() != 0);
    let names = names.map(|value| value.name().trim_start_matches(&*prefix).to_owned());
    names.collect::<Vec<_>>().join(", ")
}

/// What the names of an enum's values begin with: that of the one which means nothing.
fn prefix(choices: &EnumDescriptor) -> String {
    let zero = choices.get_value(0).map(|value| value.name().to_owned()).unwrap_or_default();
    zero.strip_suffix("UNSPECIFIED").unwrap_or_default().to_owned()
}
