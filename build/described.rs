//! Writes `Described` for the resources, and the dispatch over all of them.

use prost_reflect::{FieldDescriptor, MessageDescriptor};

use crate::PACKAGE;
use crate::code::{Code, camel};
use crate::schema::{Fallible, Schema};
use crate::standard;

/// Writes both.
pub fn write(schema: &Schema, code: &mut Code) -> Fallible<()> {
    let mut members = Vec::new();
    for (message, collection) in schema.resources() {
        let member = member(schema, message)?;
        describe(schema, message, &collection, &member, code)?;
        members.push((member.number(), camel(member.name()), message.name().to_owned()));
    }
    members.sort();
    dispatch(&members, code);
    Ok(())
}

/// The field for the resource in the message `Resource`.
fn member(schema: &Schema, resource: &MessageDescriptor) -> Fallible<FieldDescriptor> {
    let any = schema.messages.iter().find(|message| message.name() == "Resource");
    let members = any.and_then(|message| message.oneofs().next());
    members
        .and_then(|oneof| oneof.fields().find(|field| field.kind().as_message() == Some(resource)))
        .ok_or_else(|| format!("{} is missing in the oneof of Resource", resource.full_name()))
}

fn plural(schema: &Schema, resource: &MessageDescriptor) -> Fallible<String> {
    let wanted = format!("{}Service", resource.name());
    let service = schema.services.iter().find(|service| service.name() == wanted);
    service
        .and_then(|service| {
            service
                .methods()
                .find_map(|method| method.name().strip_prefix("BatchGet").map(str::to_owned))
        })
        .ok_or_else(|| format!("{wanted} with a method BatchGet is missing"))
}

fn describe(
    schema: &Schema,
    message: &MessageDescriptor,
    collection: &str,
    member: &FieldDescriptor,
    code: &mut Code,
) -> Fallible<()> {
    let name = message.name();
    let cleared: Vec<_> = message
        .fields()
        .filter(|field| {
            field.name() != "name" && (field.name() == "etag" || schema.output_only(field))
        })
        .collect();
    let numbers: Vec<_> = cleared.iter().map(FieldDescriptor::number).collect();
    code.line(format!("\nimpl Described for v1::{name} {{"));
    for (constant, value) in [
        ("TYPE", name),
        ("TYPE_PLURAL", &plural(schema, message)?),
        ("COLLECTION", collection),
        ("FIELD", member.name()),
        ("SERVICE", &format!("{PACKAGE}.{name}Service")),
    ] {
        code.line(format!("const {constant}: &'static str = {value:?};"));
    }
    code.line(format!("const TAG: u32 = {};", member.number()));
    code.line(format!("const OUTPUT_ONLY: &'static [u32] = &{numbers:?};"));
    code.line(COMMON);
    code.line("\nfn clear_output_only(&mut self) {");
    for field in &cleared {
        code.line(format!("self.{} = Default::default();", field.name()));
    }
    code.line("}");
    code.line("\nfn into_any(self) -> v1::resource::Resource {");
    code.line(format!("v1::resource::Resource::{}(self)", camel(member.name())));
    code.line("}\n}");
    standard::write(schema, message, &plural(schema, message)?, member.name(), code)
}

const COMMON: &str = "
    fn common(&self) -> Common<'_> {
        Common {
            name: &self.name,
            uid: &self.uid,
            external_ids: &self.external_ids,
            labels: &self.labels,
            citations: &self.citations,
            warnings: &self.warnings,
            etag: &self.etag,
            revision: self.revision,
            create_time: self.create_time.as_ref(),
            update_time: self.update_time.as_ref(),
        }
    }

    fn common_mut(&mut self) -> CommonMut<'_> {
        CommonMut {
            name: &mut self.name,
            uid: &mut self.uid,
            external_ids: &mut self.external_ids,
            warnings: &mut self.warnings,
            etag: &mut self.etag,
            revision: &mut self.revision,
            create_time: &mut self.create_time,
            update_time: &mut self.update_time,
        }
    }";

/// Writes what works on a resource of whatever type.
fn dispatch(members: &[(u32, String, String)], code: &mut Code) {
    let types: Vec<_> = members.iter().map(|(_, _, name)| name).collect();
    code.line(format!(
        "\n/// Names of all resource types.\npub const RESOURCE_TYPES: &[&str] = &{types:?};"
    ));
    code.line(
        "
        /// Something to do with a resource of any type, written once for all.
        pub trait ResourceVisitor {
            /// What comes of it.
            type Output;

            /// Does it.
            fn visit<T: Described>(self, value: T) -> Self::Output;
        }

        impl v1::resource::Resource {
            /// Hands what is inside to `visitor`.
            pub fn visit<V: ResourceVisitor>(self, visitor: V) -> V::Output {
                match self {",
    );
    for (_, variant, _) in members {
        code.line(format!("Self::{variant}(value) => visitor.visit(value),"));
    }
    code.line("}\n}\n}");
}
