//! Reads mapping files. All that is wrong is told at once, each with its place.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use prost_reflect::{FieldDescriptor, Kind as FieldKind, MessageDescriptor};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::row::ITEM;
use super::rule::{Kind, Values};
use super::template::Template;
use super::{Content, Each, Element, Field, Join, Mapping, Shape, Use, contract};
use crate::proto;

/// A value with its place in the file.
pub(super) type Node<'t> = Spanned<DeValue<'t>>;

/// The keys of a list element that are no fields of it.
const CONTROLS: [&str; 5] = ["when", "unless", "each", "split", "unite"];

/// Reads one file.
pub(super) struct Reader<'t> {
    text: &'t str,
    pub(super) path: &'t Path,
    problems: Vec<(usize, String)>,
    uses: Vec<Use>,
    pub(super) tables: HashMap<String, Arc<Values>>,
    /// The columns of whose parts list elements are made, while their rules are read.
    each: Option<String>,
}

impl Mapping {
    /// Reads the file `path`, which says `text`; errors tell all that is wrong with it.
    pub(in crate::cli::import) fn read(path: &Path, text: &str) -> Result<Self, Vec<String>> {
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
        let mapping = if reader.problems.is_empty() { reader.mapping(&table) } else { None };
        match mapping {
            Some(mapping) if reader.problems.is_empty() => {
                Ok(Self { uses: reader.uses, ..mapping })
            }
            _ => Err(reader.told()),
        }
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
        let told = self.problems.iter().map(|(at, text)| {
            let (line, character) = self.place(*at);
            format!("{}:{line}:{character}: {text}", self.path.display())
        });
        told.collect()
    }

    fn mapping(&mut self, root: &Spanned<DeTable<'_>>) -> Option<Mapping> {
        let table = root.get_ref();
        let known =
            ["type", "delimiter", "group_by", "ignore", "tables", "columns", "join", "record"];
        self.keys(table, &known);
        for (name, node) in self.entries(table, "tables") {
            let values = self.value_table(node);
            self.tables.insert(name, Arc::new(values));
        }
        let mut columns = Vec::new();
        for (name, node) in self.entries(table, "columns") {
            if let Some(rule) = self.rule(node, Kind::Text) {
                columns.push((name, rule));
            }
        }
        let joins = self.joins(table.get("join"));
        let group_by = self.texts(table.get("group_by"));
        for (column, at) in &group_by {
            self.uses(column, *at);
        }
        let ignore: BTreeSet<_> = self.texts(table.get("ignore")).into_iter().collect();
        let delimiter = self.delimiter(table.get("delimiter"));
        let of_type = self.text(table.get("type"), "type");
        let types = proto::RESOURCE_TYPES;
        if let Some((name, at)) = &of_type
            && !types.contains(&name.as_str())
        {
            self.problem(*at, format!("{name:?} is no type: they are {}", types.join(", ")));
        } else if of_type.is_none() {
            self.problem(0, format!("type is missing: one of {}", types.join(", ")));
        }
        let of_type =
            of_type.map(|(name, _)| name).filter(|name| types.contains(&name.as_str()))?;
        let Some(record) = table.get("record") else {
            self.problem(0, "[record] is missing: it has the fields of the record");
            return None;
        };
        let record = self.shape(&proto::message(&of_type), record, &["when", "unless"])?;
        Some(Mapping {
            file: self.path.display().to_string(),
            of_type,
            delimiter,
            group_by: group_by.into_iter().map(|(column, _)| column).collect(),
            ignore: ignore.into_iter().map(|(column, _)| column).collect(),
            joins,
            columns,
            record,
            uses: Vec::new(),
        })
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
                let rule = self.rule(node, Kind::Text)?;
                if rule.find.is_empty() {
                    self.problem(
                        at,
                        format!("{name} needs find, which says for which of its members it is"),
                    );
                }
                let content = Content::OneOf(rule, members);
                shape.fields.push(Field { name: name.to_owned(), content });
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

    fn joins(&mut self, node: Option<&Node<'_>>) -> Vec<Join> {
        let Some(node) = node else { return Vec::new() };
        let Some(nodes) = node.get_ref().as_array() else {
            self.problem(node.span().start, "must be a list of tables: [[join]]");
            return Vec::new();
        };
        let mut joins = Vec::new();
        for node in nodes {
            let Some(table) = node.get_ref().as_table() else { continue };
            self.keys(table, &["file", "on", "prefix", "required"]);
            let file = self.text(table.get("file"), "file").map(|(file, _)| file);
            let prefix = self.text(table.get("prefix"), "prefix").map(|(prefix, _)| prefix);
            let on: Vec<_> = self.entries(table, "on");
            let on = match on.as_slice() {
                [(here, node)] => {
                    self.uses(here, node.span().start);
                    self.text(Some(node), "on").map(|(there, _)| (here.clone(), there))
                }
                _ => None,
            };
            let is_required = table.get("required").and_then(|node| node.get_ref().as_bool());
            match (file, on, prefix) {
                (Some(file), Some(on), Some(prefix)) => {
                    let is_required = is_required.unwrap_or(true);
                    joins.push(Join { file, on, prefix, is_required });
                }
                _ => self.problem(
                    node.span().start,
                    "needs file, prefix and on, such as on = { position_id = \"id\" }",
                ),
            }
        }
        joins
    }

    fn delimiter(&mut self, node: Option<&Node<'_>>) -> char {
        let Some((text, at)) = self.text(node, "delimiter") else { return ',' };
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (Some(one), None) if one != '"' && one != '\n' && one != '\r' => one,
            _ => {
                self.problem(at, "must be one character, such as \";\" or \"\\t\"");
                ','
            }
        }
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

    /// Notes that a column is used.
    fn uses(&mut self, column: &str, at: usize) {
        if self.each.is_some() && column == ITEM {
            return;
        }
        let (line, character) = self.place(at);
        self.uses.push(Use { column: column.to_owned(), line, character });
    }
}
