//! Writes the checks of each message from its rules.

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, OneofDescriptor};

use crate::code::{Code, camel, field_name};
use crate::operand::Operand;
use crate::rules::{self, Rule, Rules};
use crate::schema::{Fallible, Schema, oneof_path, oneofs, own_message, plain_fields};

/// Writes `Validate` for all messages and oneofs; returns the patterns that the
/// checks use.
pub fn write(schema: &Schema, code: &mut Code) -> Fallible<Vec<String>> {
    code.line("use super::{checks, v1};");
    code.line("use crate::model::described::{Common, CommonMut, Described, ReferenceVisitor, References, Validate};");
    code.line("use crate::model::violations::{Path, Violations};");
    let mut writer = Writer { schema, patterns: Vec::new() };
    for message in &schema.messages {
        let body = writer.message(message)?;
        write_impl(&format!("v1::{}", message.name()), &body, code);
        for oneof in oneofs(message) {
            let body = writer.members(&oneof)?;
            write_impl(&oneof_path(&oneof), &body, code);
        }
    }
    Ok(writer.patterns)
}

fn write_impl(path: &str, body: &[String], code: &mut Code) {
    let (at, violations) =
        if body.is_empty() { ("_at", "_violations") } else { ("at", "violations") };
    code.line(format!("\nimpl Validate for {path} {{"));
    code.line(format!("fn validate(&self, {at}: &Path<'_>, {violations}: &mut Violations) {{"));
    body.iter().for_each(|line| code.line(line));
    code.line("}\n}");
}

struct Writer<'a> {
    schema: &'a Schema,
    patterns: Vec<String>,
}

impl Writer<'_> {
    fn message(&mut self, message: &MessageDescriptor) -> Fallible<Vec<String>> {
        let mut lines = Vec::new();
        for field in plain_fields(message) {
            let checks = self.field(&field)?;
            if !checks.is_empty() {
                lines.push(format!("let here = &at.field({:?});", field.name()));
                lines.extend(checks);
            }
        }
        for oneof in oneofs(message) {
            let name = field_name(oneof.name());
            lines.push(format!("if let Some(value) = &self.{name} {{"));
            lines.push("value.validate(at, violations);".into());
            if self.schema.oneof_required(&oneof)? {
                lines.push("} else {".into());
                lines.push(format!("checks::missing(&at.field({:?}), violations);", oneof.name()));
            }
            lines.push("}".into());
        }
        Ok(lines)
    }

    fn members(&mut self, oneof: &OneofDescriptor) -> Fallible<Vec<String>> {
        let mut lines = vec!["match self {".to_owned()];
        for field in oneof.fields() {
            let rules = self.rules(&field)?;
            let checks = self.value(&field, &field.kind(), &rules, &Operand::bound("value"))?;
            let variant = camel(field.name());
            if checks.is_empty() {
                lines.push(format!("Self::{variant}(_) => {{}}"));
                continue;
            }
            lines.push(format!("Self::{variant}(value) => {{"));
            lines.push(format!("let here = &at.field({:?});", field.name()));
            lines.extend(checks);
            lines.push("}".into());
        }
        lines.push("}".into());
        let all_unchecked = !lines.iter().any(|line| line.contains("violations"));
        Ok(if all_unchecked { Vec::new() } else { lines })
    }

    fn rules(&self, field: &FieldDescriptor) -> Fallible<Rules> {
        match self.schema.field_rules(field) {
            Some(declared) => rules::read(field, &declared),
            None => Ok(Rules::default()),
        }
    }

    fn field(&mut self, field: &FieldDescriptor) -> Fallible<Vec<String>> {
        let rules = self.rules(field)?;
        if field.is_list() || field.is_map() {
            return self.many(field, &rules);
        }
        let operand = Operand::field(field);
        if field.supports_presence() {
            let checks = self.value(field, &field.kind(), &rules, &Operand::bound("value"))?;
            return Ok(if_present(&operand, checks, rules.required));
        }
        let checks = self.value(field, &field.kind(), &rules, &operand)?;
        let is_set = operand.is_set(&field.kind());
        Ok(match (rules.required, checks.is_empty()) {
            (false, _) => checks,
            (true, true) => vec![format!("checks::required({is_set}, here, violations);")],
            (true, false) => {
                block(format!("if checks::required({is_set}, here, violations) {{"), checks)
            }
        })
    }

    fn many(&mut self, field: &FieldDescriptor, rules: &Rules) -> Fallible<Vec<String>> {
        let name = field_name(field.name());
        let what = if field.is_map() { "entries" } else { "elements" };
        let mut lines = Vec::new();
        for (check, count) in [("min_count", rules.min_count), ("max_count", rules.max_count)] {
            if let Some(count) = count {
                lines.push(format!(
                    "checks::{check}(self.{name}.len(), {count}, {what:?}, here, violations);"
                ));
            }
        }
        if let (true, Some(most)) = (rules.unique, rules.max_count) {
            lines.push(format!("checks::unique(&self.{name}, {most}, here, violations);"));
        }
        lines.extend(if field.is_map() {
            self.entries(field, rules)?
        } else {
            self.elements(field, rules)?
        });
        if !rules.required {
            return Ok(lines);
        }
        let required = format!("checks::required(!self.{name}.is_empty(), here, violations)");
        Ok(if lines.is_empty() {
            vec![required + ";"]
        } else {
            block(format!("if {required} {{"), lines)
        })
    }

    fn elements(&mut self, field: &FieldDescriptor, rules: &Rules) -> Fallible<Vec<String>> {
        let none = Rules::default();
        let inner = rules.values.as_deref().unwrap_or(&none);
        let mut lines = self.value(field, &field.kind(), inner, &Operand::bound("value"))?;
        if lines.is_empty() {
            return Ok(lines);
        }
        lines.insert(0, "let here = &here.index(index);".into());
        let name = field_name(field.name());
        Ok(block(format!("for (index, value) in self.{name}.iter().enumerate() {{"), lines))
    }

    fn entries(&mut self, field: &FieldDescriptor, rules: &Rules) -> Fallible<Vec<String>> {
        let entry = match field.kind() {
            Kind::Message(entry) => entry,
            _ => return Err(format!("{}: not a map", field.full_name())),
        };
        let (key, value) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        if key.kind() != Kind::String {
            return Err(format!("{}: keys other than text have no path", field.full_name()));
        }
        let none = Rules::default();
        let keys = rules.keys.as_deref().unwrap_or(&none);
        let values = rules.values.as_deref().unwrap_or(&none);
        let mut lines = vec!["let here = &here.key(key);".to_owned()];
        lines.extend(self.value(&key, &key.kind(), keys, &Operand::bound("key"))?);
        let of_value = self.value(&value, &value.kind(), values, &Operand::bound("value"))?;
        let name = field_name(field.name());
        let head = if of_value.is_empty() {
            format!("for key in self.{name}.keys() {{")
        } else {
            format!("for (key, value) in &self.{name} {{")
        };
        lines.extend(of_value);
        Ok(block(head, lines))
    }

    /// The checks of one value that is there.
    fn value(
        &mut self,
        field: &FieldDescriptor,
        kind: &Kind,
        rules: &Rules,
        operand: &Operand,
    ) -> Fallible<Vec<String>> {
        if own_message(field).is_some() {
            return Ok(vec![format!("{}.validate(here, violations);", operand.receiver())]);
        }
        let mut checks = Vec::new();
        let bounds = bounds(&rules.each);
        if bounds.0 > bounds.1 {
            return Err(format!("{}: bounds that leave a gap have no code", field.full_name()));
        }
        for rule in &rules.each {
            checks.push(self.rule(rule, operand));
        }
        if rules.ignore_zero {
            if rules.required {
                return Err(format!("{}: either `required` or `ignore`", field.full_name()));
            }
            checks = block(format!("if {} {{", operand.is_set(kind)), checks);
        }
        if *kind == Kind::String {
            checks.insert(0, format!("checks::no_nul({}, here, violations);", operand.reference));
        }
        Ok(checks)
    }

    fn rule(&mut self, rule: &Rule, operand: &Operand) -> String {
        let Operand { reference, copy } = operand;
        let receiver = operand.receiver();
        let (check, arguments) = match rule {
            Rule::MinLength(count) => ("min_length", format!("{reference}, {count}")),
            Rule::MaxLength(count) => ("max_length", format!("{reference}, {count}")),
            Rule::MaxBytes(count) => ("max_bytes", format!("{receiver}.len(), {count}")),
            Rule::Pattern(pattern) => {
                let index = self.pattern(pattern);
                ("matches", format!("{reference}, &PATTERN_{index}"))
            }
            Rule::Uri => ("uri", reference.clone()),
            Rule::BytesLength(count) => ("bytes", format!("{receiver}.len(), {count}")),
            Rule::BytesMaxLength(count) => ("max_bytes", format!("{receiver}.len(), {count}")),
            Rule::DefinedOnly(values) => {
                let name = values.name();
                ("defined", format!("v1::{name}::is_valid({copy}), {copy}, {name:?}"))
            }
            Rule::NotIn(values, refused) => {
                let names: Vec<_> =
                    refused.iter().map(|number| enum_name(values, *number)).collect();
                ("none_of", format!("{copy}, &{refused:?}, {:?}", names.join(" or ")))
            }
            Rule::Below(limit) => ("below", format!("{copy}, {limit}")),
            Rule::AtMost(limit) => ("at_most", format!("{copy}, {limit}")),
            Rule::Above(limit) => ("above", format!("{copy}, {limit}")),
            Rule::AtLeast(limit) => ("at_least", format!("{copy}, {limit}")),
        };
        format!("checks::{check}({arguments}, here, violations);")
    }

    fn pattern(&mut self, pattern: &str) -> usize {
        if let Some(index) = self.patterns.iter().position(|known| known == pattern) {
            return index;
        }
        self.patterns.push(pattern.to_owned());
        self.patterns.len() - 1
    }
}

fn enum_name(values: &EnumDescriptor, number: i32) -> String {
    values.get_value(number).map_or_else(|| number.to_string(), |value| value.name().to_owned())
}

fn bounds(rules: &[Rule]) -> (i64, i64) {
    let (mut least, mut most) = (i64::MIN, i64::MAX);
    for rule in rules {
        match rule {
            Rule::Below(limit) => most = limit.saturating_sub(1),
            Rule::AtMost(limit) => most = *limit,
            Rule::Above(limit) => least = limit.saturating_add(1),
            Rule::AtLeast(limit) => least = *limit,
            _ => {}
        }
    }
    (least, most)
}

fn if_present(operand: &Operand, checks: Vec<String>, required: bool) -> Vec<String> {
    match (checks.is_empty(), required) {
        (true, false) => Vec::new(),
        (true, true) => {
            vec![format!("checks::required({}.is_some(), here, violations);", operand.copy)]
        }
        (false, _) => {
            let mut lines = vec![format!("if let Some(value) = {} {{", operand.reference)];
            lines.extend(checks);
            if required {
                lines.push("} else {".into());
                lines.push("checks::missing(here, violations);".into());
            }
            lines.push("}".into());
            lines
        }
    }
}

fn block(head: String, mut lines: Vec<String>) -> Vec<String> {
    lines.insert(0, head);
    lines.push("}".into());
    lines
}
