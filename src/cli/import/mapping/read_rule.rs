//! Reads rules.

use std::sync::Arc;

use regex::Regex;
use toml::de::DeValue;

use super::contract;
use super::date_forms::DateForm;
use super::read::{Node, Reader};
use super::row::ITEM;
use super::rule::{Give, Kind, Rule, Unknown, Values};
use super::template::Template;
use crate::cli::import::table::Table;
use crate::proto;

const KEYS: [&str; 12] = [
    "from",
    "split",
    "extract",
    "values",
    "matches",
    "date",
    "narrowed_by",
    "find",
    "give",
    "otherwise",
    "unknown",
    "join",
];

impl Reader<'_> {
    /// How a value is made.
    pub(super) fn rule(&mut self, node: &Node<'_>, kind: Kind) -> Option<Rule> {
        let at = node.span().start;
        let mut rule = match node.get_ref() {
            DeValue::String(_) => Rule::plain(self.template(node)?, kind),
            DeValue::Integer(number) => Rule::plain(self.literal(number.as_str(), at)?, kind),
            DeValue::Boolean(truth) => Rule::plain(self.literal(&truth.to_string(), at)?, kind),
            DeValue::Table(_) => return self.long_rule(node, kind),
            _ => {
                self.problem(at, "must be a text such as \"{column}\", or a table with from");
                return None;
            }
        };
        rule.label = self.label(&rule.from);
        let targets = rule.from.iter().map(|from| (from.clone(), at)).collect::<Vec<_>>();
        self.fits(&rule, &targets);
        Some(rule)
    }

    fn literal(&mut self, text: &str, at: usize) -> Option<Template> {
        Template::read(text).map_err(|problem| self.problem(at, problem)).ok()
    }

    fn long_rule(&mut self, node: &Node<'_>, kind: Kind) -> Option<Rule> {
        let table = node.get_ref().as_table()?;
        self.keys(table, &KEYS);
        let mut rule = Rule::plain(Template::default(), kind);
        let mut targets = Vec::new();
        rule.from = match table.get("from").map(|from| (from, from.get_ref().as_array())) {
            Some((_, Some(nodes))) => nodes.iter().filter_map(|one| self.template(one)).collect(),
            Some((from, None)) => self.template(from).into_iter().collect(),
            None => {
                self.problem(node.span().start, "needs from, such as from = \"{column}\"");
                return None;
            }
        };
        rule.label = self.label(&rule.from);
        rule.split = self.text(table.get("split"), "split").map(|(split, _)| split);
        let outer = rule.split.is_some().then(|| self.each.replace(rule.label.clone()));
        rule.join = self.text(table.get("join"), "join").map(|(join, _)| join);
        rule.extract = table.get("extract").and_then(|node| self.regex(node));
        rule.narrowed_by = table.get("narrowed_by").and_then(|node| self.template(node));
        if let Some(node) = table.get("otherwise") {
            rule.otherwise = self.template(node);
            targets.extend(rule.otherwise.clone().map(|one| (one, node.span().start)));
        }
        if let Some(node) = table.get("values") {
            rule.values = self.values(node, &mut targets);
        }
        if let Some(node) = table.get("matches") {
            rule.matches = self.matches(node, &mut targets);
        }
        for (form, at) in self.texts(table.get("date")) {
            match DateForm::read(&form) {
                Ok(form) => rule.date.push(form),
                Err(problem) => self.problem(at, problem),
            }
        }
        for (name, at) in self.texts(table.get("find")) {
            let types = proto::RESOURCE_TYPES;
            if types.contains(&name.as_str()) {
                rule.find.push(name);
            } else {
                self.problem(at, format!("{name:?} is no type: they are {}", types.join(", ")));
            }
        }
        if let Some(outer) = outer {
            self.each = outer;
        }
        let gives = [("name", Give::Name), ("id", Give::Id), ("display_name", Give::DisplayName)];
        rule.give = self.choice(table.get("give"), &gives, Give::Name);
        let treatments = [
            ("refuse", Unknown::Refuse),
            ("note", Unknown::Note),
            ("skip", Unknown::Skip),
            ("ignore", Unknown::Ignore),
        ];
        rule.unknown = self.choice(table.get("unknown"), &treatments, Unknown::Refuse);
        if let (Some(node), Some(_)) = (table.get("unknown"), &rule.otherwise) {
            let text = "unknown says nothing beside otherwise, which stands for what is not known";
            self.problem(node.span().start, text);
        }
        if rule.find.is_empty() {
            self.fits(&rule, &targets);
        }
        Some(rule)
    }

    /// Tells what a choice of references, `name`, cannot take.
    pub(super) fn fits_members(
        &mut self,
        name: &str,
        at: usize,
        rule: &Rule,
        members: &[(String, String)],
    ) {
        let listed = members.iter().map(|(collection, _)| collection.as_str());
        let listed = listed.collect::<Vec<_>>().join(" or ");
        let is_member = |collection: &str| members.iter().any(|(one, _)| one == collection);
        if rule.find.is_empty() {
            let text = format!("{name} needs find, which says for which of its members it is");
            self.problem(at, text);
        }
        for of_type in &rule.find {
            if !contract::collection(of_type).is_some_and(|one| is_member(&one)) {
                self.problem(at, format!("{name} cannot be a {of_type}: it is one of {listed}"));
            }
        }
        if rule.give != Give::Name {
            self.problem(at, format!("{name} takes the name of what is found: leave give out"));
        }
        if let Some(text) = rule.otherwise.as_ref().and_then(Template::literal)
            && !text.is_empty()
            && !text.split_once('/').is_some_and(|(collection, _)| is_member(collection))
        {
            self.problem(at, format!("otherwise: {text:?} is the name of none of {listed}"));
        }
    }

    /// Tells targets without columns that the field cannot have.
    fn fits(&mut self, rule: &Rule, targets: &[(Template, usize)]) {
        for (target, at) in targets {
            if let Some(text) = target.literal().filter(|text| !text.is_empty())
                && let Err(problem) = rule.typed(text)
            {
                self.problem(*at, format!("{text:?} {problem}"));
            }
        }
    }

    fn choice<T: Copy>(&mut self, node: Option<&Node<'_>>, known: &[(&str, T)], unset: T) -> T {
        let Some((text, at)) = self.text(node, "it") else { return unset };
        let found = known.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.problem(at, format!("{text:?} is none of {}", names.join(", ")));
        }
        found.map_or(unset, |(_, value)| *value)
    }

    fn regex(&mut self, node: &Node<'_>) -> Option<Regex> {
        let (text, at) = self.text(Some(node), "it")?;
        Regex::new(&text)
            .map_err(|error| {
                // The lines before the last one draw where it is.
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.problem(at, format!("{text:?} is no regular expression: {why}"));
            })
            .ok()
    }

    /// A table of values: one of its own, or the name of one of `[tables]`.
    fn values(
        &mut self,
        node: &Node<'_>,
        targets: &mut Vec<(Template, usize)>,
    ) -> Option<Arc<Values>> {
        let at = node.span().start;
        if let Some(name) = node.get_ref().as_str() {
            let Some(values) = self.tables.get(name).cloned() else {
                self.problem(at, format!("there is no [tables.{name}]"));
                return None;
            };
            targets.extend(values.values().map(|value| (value.clone(), at)));
            let mut columns = values.values().flat_map(Template::columns);
            if self.each.is_none() && columns.any(|column| column == ITEM) {
                let text =
                    format!("{{{ITEM}}} in [tables.{name}] is a part: split or each is missing");
                self.problem(at, text);
            }
            return Some(values);
        }
        let table = node.get_ref().as_table();
        let nodes = table.into_iter().flatten();
        let mut values = Values::new();
        for (key, node) in nodes {
            if let Some(value) = self.template(node) {
                targets.push((value.clone(), node.span().start));
                values.insert(key.get_ref().to_string(), value);
            }
        }
        if table.is_none() {
            self.problem(at, "must be a table of values, or the name of one of [tables]");
        }
        Some(Arc::new(values))
    }

    fn matches(
        &mut self,
        node: &Node<'_>,
        targets: &mut Vec<(Template, usize)>,
    ) -> Vec<(Regex, Template)> {
        let mut found = Vec::new();
        let Some(pairs) = node.get_ref().as_array() else {
            self.problem(node.span().start, "must be a list of [expression, value]");
            return found;
        };
        for pair in pairs {
            let parts: Option<Vec<_>> =
                pair.get_ref().as_array().map(|parts| parts.iter().collect());
            let Some([form, value]) = parts.as_deref() else {
                self.problem(pair.span().start, "must be a pair: [expression, value]");
                continue;
            };
            if let (Some(form), Some(template)) = (self.regex(form), self.template(value)) {
                targets.push((template.clone(), value.span().start));
                found.push((form, template));
            }
        }
        found
    }

    /// A table of `[tables]`: values by texts, or two columns of a file beside the mapping.
    pub(super) fn value_table(&mut self, node: &Node<'_>) -> Values {
        let at = node.span().start;
        let Some(table) = node.get_ref().as_table() else {
            self.problem(at, "must be a table of values");
            return Values::new();
        };
        let of_file = ["file", "key", "value"].map(|key| table.get(key));
        if table.len() == 3
            && let [Some(file), Some(key), Some(value)] = of_file
        {
            let texts = [file, key, value].map(|node| node.get_ref().as_str().unwrap_or_default());
            return match self.values_of_file(texts) {
                Ok(values) => values,
                Err(problem) => {
                    self.problem(at, problem);
                    Values::new()
                }
            };
        }
        let mut values = Values::new();
        for (key, node) in table {
            if let Some(value) = self.template(node) {
                values.insert(key.get_ref().to_string(), value);
            }
        }
        values
    }

    fn values_of_file(&self, [file, key, value]: [&str; 3]) -> Result<Values, String> {
        let path = self.path.parent().unwrap_or(self.path).join(file);
        let table =
            Table::read(&path, ',').map_err(|error| format!("{}: {error}", path.display()))?;
        if let Some((line, problem)) = table.broken.first() {
            return Err(format!("{}:{line}: {problem}", path.display()));
        }
        let place = |column: &str| {
            let place = table.header.iter().position(|one| one == column);
            place.ok_or_else(|| format!("{} has no column {column:?}", path.display()))
        };
        let (key, value) = (place(key)?, place(value)?);
        let mut values = Values::new();
        for row in &table.rows {
            let given = row.values[key].trim().to_owned();
            let taken = Template::text(row.values[value].trim());
            if let Some(_other) = values.insert(given.clone(), taken) {
                return Err(format!(
                    "{}:{}: {given:?} stands there twice",
                    path.display(),
                    row.line
                ));
            }
        }
        Ok(values)
    }
}
