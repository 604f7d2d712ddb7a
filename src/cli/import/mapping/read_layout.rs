//! Reads where columns come from.

use std::collections::BTreeSet;

use toml::de::DeTable;

use super::layout::{Join, Use};
use super::read::{Node, Reader};
use super::rule::{Kind, Rule};

impl Reader<'_> {
    /// The columns that are made of others, in order: where each stands, and its rule.
    pub(super) fn derived(&mut self, table: &DeTable<'_>) -> (Vec<Use>, Vec<(String, Rule)>) {
        let nodes = table.get("columns").and_then(|node| node.get_ref().as_table());
        let keys = nodes.into_iter().flatten().map(|(key, _)| key.span().start);
        let places: Vec<usize> = keys.collect();
        let mut columns = Vec::new();
        let mut derived = Vec::new();
        for ((name, node), at) in self.entries(table, "columns").into_iter().zip(places.clone()) {
            derived.push(self.named(&name, at));
            let rule = self.rule(node, Kind::Text);
            columns.extend(rule.map(|rule| (name, rule)));
        }
        let position = |column: &str| derived.iter().position(|one| one.column == column);
        for (name, rule) in &columns {
            let Some(here) = position(name) else { continue };
            let later: BTreeSet<_> = rule.columns().into_iter().collect();
            let is_later = |column: &str| position(column).is_some_and(|there| there >= here);
            for column in later.into_iter().filter(|column| is_later(column)) {
                let text = if column == name {
                    format!("the column {name:?} is made of itself: call it otherwise")
                } else {
                    format!("the column {name:?} is made of {column:?}, which comes after it")
                };
                self.problem(places[here], text);
            }
        }
        (derived, columns)
    }

    /// The tables that are joined.
    pub(super) fn joins(&mut self, node: Option<&Node<'_>>) -> Vec<Join> {
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
                    let at = node.span().start;
                    self.uses(here, at);
                    self.text(Some(node), "on").map(|(there, _)| (self.named(here, at), there))
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

    /// What stands between the columns.
    pub(super) fn delimiter(&mut self, node: Option<&Node<'_>>) -> char {
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
}
