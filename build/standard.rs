//! Writes, for each resource, which messages its standard methods take, and how
//! those become the common requests of `crate::model::standard`.

use prost_reflect::MessageDescriptor;

use crate::code::{Code, field_name};
use crate::schema::{Fallible, Schema};

const METHODS: [&str; 7] = ["Get", "BatchGet", "List", "Create", "Update", "Delete", "Undelete"];

/// Methods whose requests have this field if something of the type follows from the day; others
/// ask for no day.
const READS: [&str; 3] = ["Get", "BatchGet", "List"];
const ON_DATE: &str = "on_date";

/// Writes both for the resource `message`, whose field in requests is `member`.
pub fn write(
    schema: &Schema,
    message: &MessageDescriptor,
    plural: &str,
    member: &str,
    code: &mut Code,
) -> Fallible<()> {
    let name = message.name();
    let mut requests = Vec::new();
    for method in METHODS {
        let noun = if matches!(method, "BatchGet" | "List") { plural } else { name };
        let wanted = format!("{method}{noun}Request");
        let request = schema.messages.iter().find(|message| message.name() == wanted);
        requests.push((method, request.ok_or_else(|| format!("{wanted} is missing"))?));
    }
    code.line(format!("\nimpl crate::model::standard::Standard for v1::{name} {{"));
    for (method, request) in &requests {
        code.line(format!("type {method}Request = v1::{};", request.name()));
    }
    code.line("}");
    for (method, request) in requests {
        convert(method, request, name, member, code);
    }
    Ok(())
}

fn convert(
    method: &str,
    request: &MessageDescriptor,
    resource: &str,
    member: &str,
    code: &mut Code,
) {
    let generic = match method {
        "Create" | "Update" => format!("{method}<v1::{resource}>"),
        _ => method.to_owned(),
    };
    let fields: Vec<_> = request.fields().map(|field| field.name().to_owned()).collect();
    let taken: Vec<_> = fields.iter().map(|field| field_name(field)).collect();
    let given = fields.iter().map(|field| {
        let taken = field_name(field);
        match field.strip_prefix(member) {
            Some("") => format!("resource: {taken}"),
            Some("_id") => format!("id: {taken}"),
            _ => taken,
        }
    });
    let mut given: Vec<_> = given.collect();
    if READS.contains(&method) && !fields.iter().any(|field| field == ON_DATE) {
        given.push(format!("{ON_DATE}: String::new()"));
    }
    code.line(format!(
        "\nimpl From<v1::{}> for crate::model::standard::{generic} {{",
        request.name()
    ));
    code.line(format!("fn from(request: v1::{}) -> Self {{", request.name()));
    code.line(format!("let v1::{} {{ {} }} = request;", request.name(), taken.join(", ")));
    code.line(format!("Self {{ {} }}", given.join(", ")));
    code.line("}\n}");
}
