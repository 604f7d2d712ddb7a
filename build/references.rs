//! Writes `References` for the resources and what is inside them.

use prost_reflect::{FieldDescriptor, MessageDescriptor, OneofDescriptor};

use crate::code::{Code, camel, field_name};
use crate::schema::{Fallible, Schema, oneof_path, oneofs, own_message, plain_fields};

/// Writes them all.
pub fn write(schema: &Schema, code: &mut Code) -> Fallible<()> {
    for message in reached(schema) {
        let mut lines = Vec::new();
        for field in plain_fields(&message) {
            lines.extend(of_field(schema, &field)?);
        }
        for oneof in oneofs(&message) {
            lines.push(format!("if let Some(value) = &mut self.{} {{", field_name(oneof.name())));
            lines.push("value.visit_references(at, visit);\n}".into());
        }
        write_impl(&format!("v1::{}", message.name()), &lines, code);
        for oneof in oneofs(&message) {
            let lines = members(schema, &oneof)?;
            write_impl(&oneof_path(&oneof), &lines, code);
        }
    }
    Ok(())
}

fn write_impl(path: &str, lines: &[String], code: &mut Code) {
    let (at, visit) = if lines.is_empty() { ("_at", "_visit") } else { ("at", "visit") };
    code.line(format!("\nimpl References for {path} {{"));
    code.line(format!(
        "fn visit_references(&mut self, {at}: &Path<'_>, {visit}: &mut ReferenceVisitor<'_>) {{"
    ));
    lines.iter().for_each(|line| code.line(line));
    code.line("}\n}");
}

/// The resources and every message inside one, each once.
fn reached(schema: &Schema) -> Vec<MessageDescriptor> {
    let mut found: Vec<_> = schema.resources().map(|(message, _)| message.clone()).collect();
    let mut next = 0;
    while let Some(message) = found.get(next).cloned() {
        for inner in message.fields().filter_map(|field| own_message(&field)) {
            if !found.contains(&inner) {
                found.push(inner);
            }
        }
        next += 1;
    }
    found
}

fn of_field(schema: &Schema, field: &FieldDescriptor) -> Fallible<Vec<String>> {
    let (name, path) = (field_name(field.name()), field.name());
    let reference = schema.reference(field);
    if reference.is_none() && own_message(field).is_none() {
        return Ok(Vec::new());
    }
    if field.is_map() || (reference.is_some() && field.supports_presence()) {
        return Err(format!("{}: no code is known for references there", field.full_name()));
    }
    let head = match (field.is_list(), reference.is_some()) {
        (true, _) => format!("for (index, value) in self.{name}.iter_mut().enumerate() {{"),
        (false, true) => format!("if !self.{name}.is_empty() {{"),
        (false, false) => format!("if let Some(value) = &mut self.{name} {{"),
    };
    let place = if field.is_list() {
        format!("&at.field({path:?}).index(index)")
    } else {
        format!("&at.field({path:?})")
    };
    let mut lines = vec![head];
    match (reference, field.is_list()) {
        (Some(target), true) => lines.extend([
            "if !value.is_empty() {".to_owned(),
            format!("visit({place}, {target:?}, value);"),
            "}".to_owned(),
        ]),
        (Some(target), false) => {
            lines.push(format!("visit({place}, {target:?}, &mut self.{name});"))
        }
        (None, _) => lines.push(format!("value.visit_references({place}, visit);")),
    }
    lines.push("}".into());
    Ok(lines)
}

fn members(schema: &Schema, oneof: &OneofDescriptor) -> Fallible<Vec<String>> {
    let mut lines = vec!["match self {".to_owned()];
    let mut any = false;
    for field in oneof.fields() {
        let (variant, path) = (camel(field.name()), field.name());
        let call = match schema.reference(&field) {
            Some(target) => Some(format!(
                "if !value.is_empty() {{\nvisit(&at.field({path:?}), {target:?}, value);\n}}"
            )),
            None => own_message(&field)
                .map(|_| format!("value.visit_references(&at.field({path:?}), visit);")),
        };
        any |= call.is_some();
        lines.push(match call {
            Some(call) => format!("Self::{variant}(value) => {{\n{call}\n}}"),
            None => format!("Self::{variant}(_) => {{}}"),
        });
    }
    lines.push("}".into());
    Ok(if any { lines } else { Vec::new() })
}
