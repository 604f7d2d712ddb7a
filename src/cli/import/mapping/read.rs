//! Reads mapping files. All that is wrong is told at once, each with its place.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use prost_reflect::{FieldDescriptor, Kind as FieldKind, MessageDescriptor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layout::{Layout, Use};
use super::row::ITEM;
use super::rule::{Kind, Values};
use super::template::Template;
use super::{Content, Each, Element, Field, Mapping, Shape, contract};
use crate::proto;

/// A value with its place in the file.
pub(super) type Node<'t> = Spanned<DeValue<'t>>;

/// The keys of a list element that are no fields of it.
const CONTROLS: [&str; 5] = ["when", "unless", "each", "split", "unite"];

/// The keys of a rule whose texts have braces of their own.
const PATTERNS: [&str; 2] = ["extract", "matches"];

/// Reads one file.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) path: &'t Path,
    problems: Vec<(usize, String)>,
    uses: Vec<Use>,
    pub(super) tables: HashMap<String, Arc<Values>>,
    /// The columns of whose parts list elements or texts are made, while their rules are read.
    pub(super) each: Option<String>,
}

/// What a mapping file says, as far as it can be read.
#[derive(Debug)]
pub(in crate::cli::import) struct Reading {
    /// The columns; `None` if the file is no TOML.
    pub(in crate::cli::import) layout: Option<Layout>,
    /// How records are made; `None` if that cannot be read.
    pub(in crate::cli::import) mapping: Option<Mapping>,
    /// All that is wrong, each with its place.
    pub(in crate::cli::import) problems: Vec<String>,
}

impl Reading {
    /// Reads the file `path`, which says `text`.
    pub(in crate::cli::import) fn of(path: &Path, text: &str) -> Self {
        let mut reader = Reader {
            text,
            path,
            problems: Vec::new(),
            uses: Vec::new(),
            tables: HashMap::new(),
            each: None,
        };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            reader.problem(at, error.message());
        }
        if !reader.problems.is_empty() {
            return Self { layout: None, mapping: None, problems: reader.told() };
        }
        let (layout, mapping) = reader.read(&table);
        Self { layout: Some(layout), mapping, problems: reader.told() }
    }
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, at: usize, text: impl Into<String>) {
        self.problems.push((at, text.into()));
    }

    /// Line and character, from 1, of a place in the file.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let character = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, character)
    }

    fn told(mut self) -> Vec<String> {
        self.problems.sort();
        self.problems.dedup();
        let told = self.problems.iter().map(|(at, text)| {
            let (line, character) = self.place(*at);
            format!("{}:{line}:{character}: {text}", self.path.display())
        });
        told.collect()
    }

    fn read(&mut self, root: &Spanned<DeTable<'_>>) -> (Layout, Option<Mapping>) {
        let table = root.get_ref();
        let known =
            ["type", "delimiter", "group_by", "ignore", "tables", "columns", "join", "record"];
        self.keys(table, &known);
        for (name, node) in self.entries(table, "tables") {
            // What the parts of which columns are, the rules say that use it.
            self.each = Some(ITEM.to_owned());
            let values = self.value_table(node);
            self.each = None;
            self.tables.insert(name, Arc::new(values));
        }
        let (derived, columns) = self.derived(table);
        let joins = self.joins(table.get("join"));
        let group_by = self.texts(table.get("group_by"));
        for (column, at) in &group_by {
            self.uses(column, *at);
        }
        let ignore = self.texts(table.get("ignore")).into_iter();
        let ignore = ignore.map(|(column, at)| self.named(&column, at)).collect();
        let delimiter = self.delimiter(table.get("delimiter"));
        let record = self.record(table);
        let (file, uses) = (self.path.to_owned(), std::mem::take(&mut self.uses));
        let layout = Layout { file, delimiter, joins, ignore, derived, uses };
        let group_by = group_by.into_iter().map(|(column, _)| column).collect();
        let mapping =
            record.map(|(of_type, record)| Mapping { of_type, group_by, columns, record });
        (layout, mapping)
    }

    /// The type of the records, and how they are made.
    fn record(&mut self, table: &DeTable<'_>) -> Option<(String, Shape)> {
        let types = proto::RESOURCE_TYPES;
        let of_type = self.text(table.get("type"), "type");
        if let Some((name, at)) = &of_type
            && !types.contains(&name.as_str())
        {
            self.problem(*at, format!("{name:?} is no type: they are {}", types.join(", ")));
        } else if of_type.is_none() {
            self.problem(0, format!("type is missing: one of {}", types.join(", ")));
        }
        let of_type = of_type.map(|(name, _)| name).filter(|name| types.contains(&name.as_str()));
        let Some(record) = table.get("record") else {
            self.problem(0, "[record] is missing: it has the fields of the record");
            return None;
        };
        let Some(of_type) = of_type else {
            self.columns_in(record);
            return None;
        };
        let shape = self.shape(&proto::message(&of_type), record, &["when", "unless"])?;
        let fields = record.get_ref().as_table();
        let is_found = |key: &str| fields.is_some_and(|fields| fields.contains_key(key));
        if !is_found("name") && !is_found("external_ids") {
            let text = "[record] needs name or external_ids, by which a record is found again";
            self.problem(record.span().start, text);
        }
        Some((of_type, shape))
    }

    /// Notes the columns that texts below a node are made of, whatever they are to be, so that
    /// they can be judged where the type of the record is not known.
    fn columns_in(&mut self, node: &Node<'_>) {
        let at = node.span().start;
        match node.get_ref() {
            DeValue::String(text) => {
                let template = Template::read(text).unwrap_or_default();
                let columns = template.columns().into_iter().filter(|column| *column != ITEM);
                columns.for_each(|column| self.uses(column, at));
            }
            DeValue::Array(nodes) => nodes.iter().for_each(|node| self.columns_in(node)),
            DeValue::Table(table) => {
                let nodes =
                    table.iter().filter(|(key, _)| !PATTERNS.contains(&key.get_ref().as_ref()));
                nodes.for_each(|(_, node)| self.columns_in(node));
            }
            _ => {}
        }
    }

    /// How a message is made. `controls` are keys that are no fields.
    fn shape(
        &mut self,
        message: &MessageDescriptor,
        node: &Node<'_>,
        controls: &[&str],
    ) -> Option<Shape> {
        let Some(table) = node.get_ref().as_table() else {
            let fields = contract::names(message);
            self.problem(
                node.span().start,
                format!("must be a table with fields of {}: {fields}", message.name()),
            );
            return None;
        };
        let mut shape = Shape::default();
        for (key, node) in table {
            let (name, at) = (key.get_ref().as_ref(), key.span().start);
            if controls.contains(&name) {
                let conditions = match name {
                    "when" => &mut shape.when,
                    "unless" => &mut shape.unless,
                    _ => continue,
                };
                conditions.extend(self.template(node));
            } else if let Some(field) = message.get_field_by_name(name) {
                if contract::is_output(&field) {
                    self.problem(at, format!("{name} is filled by the service itself"));
                } else if let Some(content) = self.content(&field, node) {
                    shape.fields.push(Field { name: field.json_name().to_owned(), content });
                }
            } else if let Some(members) = message
                .oneofs()
                .find(|one| one.name() == name)
                .map(|one| contract::members(&one))
                .filter(|members| !members.is_empty())
            {
                if let Some(rule) = self.rule(node, Kind::Text) {
                    self.fits_members(name, at, &rule, &members);
                    let content = Content::OneOf(rule, members);
                    shape.fields.push(Field { name: name.to_owned(), content });
                }
            } else {
                let (kind, fields) = (message.name(), contract::names(message));
                self.problem(at, format!("there is no field {name:?} in {kind}; it has {fields}"));
            }
        }
        Some(shape)
    }

    fn content(&mut self, field: &FieldDescriptor, node: &Node<'_>) -> Option<Content> {
        let kind = match field.kind() {
            FieldKind::Message(_) if field.is_map() => return self.map(node),
            FieldKind::Message(message) if field.is_list() => {
                return self.elements(&message, node);
            }
            FieldKind::Message(message) => {
                return self.shape(&message, node, &["when", "unless"]).map(Content::Message);
            }
            FieldKind::Enum(choices) => Kind::Choice(choices),
            FieldKind::Bool => Kind::Truth,
            FieldKind::String => Kind::Text,
            _ => Kind::Number,
        };
        if !field.is_list() {
            return self.rule(node, kind).map(Content::One);
        }
        let nodes = match node.get_ref().as_array() {
            Some(nodes) => nodes.iter().collect(),
            None => vec![node],
        };
        let rules = nodes.into_iter().filter_map(|node| self.rule(node, kind.clone()));
        Some(Content::Many(rules.collect()))
    }

    fn map(&mut self, node: &Node<'_>) -> Option<Content> {
        let Some(table) = node.get_ref().as_table() else {
            self.problem(node.span().start, "must be a table of keys and their values");
            return None;
        };
        let entries = table.iter().filter_map(|(key, node)| {
            let rule = self.rule(node, Kind::Text)?;
            Some((key.get_ref().to_string(), rule))
        });
        Some(Content::Entries(entries.collect()))
    }

    fn elements(&mut self, message: &MessageDescriptor, node: &Node<'_>) -> Option<Content> {
        let Some(nodes) = node.get_ref().as_array() else {
            self.problem(node.span().start, "must be a list of tables: [[record.NAME]]");
            return None;
        };
        let mut elements = Vec::new();
        for node in nodes {
            let table = node.get_ref().as_table();
            let each = table.and_then(|table| table.get("each"));
            let split = table.and_then(|table| table.get("split"));
            let each = each.and_then(|each| self.template(each)).map(|from| {
                let split = self.text(split, "split").map(|(split, _)| split);
                Each { from, split }
            });
            let columns = each.as_ref().map(|each| each.from.columns().join(", "));
            let outer = std::mem::replace(&mut self.each, columns);
            let shape = self.shape(message, node, &CONTROLS);
            self.each = outer;
            let unite = table.and_then(|table| table.get("unite")).is_some_and(|unite| {
                let says = unite.get_ref().as_bool();
                if says.is_none() {
                    self.problem(unite.span().start, "unite must be true or false");
                }
                says == Some(true)
            });
            elements.extend(shape.map(|shape| Element { each, unite, shape }));
        }
        Some(Content::Messages(elements))
    }

    /// Tells keys of a table that are none of `known`.
    pub(super) fn keys(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for (key, _) in table {
            let name = key.get_ref();
            if !known.contains(&name.as_ref()) {
                let text = format!("there is no key {name:?} here; there are {}", known.join(", "));
                self.problem(key.span().start, text);
            }
        }
    }

    /// The entries of the table `key`, if there is one.
    pub(super) fn entries<'v, 't>(
        &mut self,
        table: &'v DeTable<'t>,
        key: &str,
    ) -> Vec<(String, &'v Node<'t>)> {
        let Some(node) = table.get(key) else { return Vec::new() };
        let Some(inner) = node.get_ref().as_table() else {
            self.problem(node.span().start, format!("{key} must be a table"));
            return Vec::new();
        };
        inner.iter().map(|(key, node)| (key.get_ref().to_string(), node)).collect()
    }

    /// A text and its place.
    pub(super) fn text(&mut self, node: Option<&Node<'_>>, key: &str) -> Option<(String, usize)> {
        let node = node?;
        let at = node.span().start;
        let text = node.get_ref().as_str().map(|text| (text.to_owned(), at));
        if text.is_none() {
            self.problem(at, format!("{key} must be a text"));
        }
        text
    }

    /// One text or a list of texts, with their places.
    pub(super) fn texts(&mut self, node: Option<&Node<'_>>) -> Vec<(String, usize)> {
        let Some(node) = node else { return Vec::new() };
        let nodes = match node.get_ref().as_array() {
            Some(nodes) => nodes.iter().collect(),
            None => vec![node],
        };
        nodes.into_iter().filter_map(|node| self.text(Some(node), "it")).collect()
    }

    /// A text with columns in it.
    pub(super) fn template(&mut self, node: &Node<'_>) -> Option<Template> {
        let (text, at) = self.text(Some(node), "it")?;
        match Template::read(&text) {
            Ok(template) => {
                for column in template.columns() {
                    self.uses(column, at);
                }
                Some(template)
            }
            Err(problem) => {
                self.problem(at, problem);
                None
            }
        }
    }

    /// What the report calls a value that is made of these texts: their columns.
    pub(super) fn label(&self, from: &[Template]) -> String {
        let columns = from.iter().flat_map(Template::columns);
        let columns = columns.map(|column| match &self.each {
            Some(each) if column == ITEM => each.as_str(),
            _ => column,
        });
        columns.collect::<Vec<_>>().join(", ")
    }

    /// A column, and where it is named.
    pub(super) fn named(&self, column: &str, at: usize) -> Use {
        let (line, character) = self.place(at);
        Use { column: column.to_owned(), line, character }
    }

    /// Notes that a column is used.
    pub(super) fn uses(&mut self, column: &str, at: usize) {
        if self.each.is_some() && column == ITEM {
            return;
        }
        let named = self.named(column, at);
        self.uses.push(named);
    }
}
