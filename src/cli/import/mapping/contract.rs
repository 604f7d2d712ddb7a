//! What the contract says of the fields that a mapping names.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, OneofDescriptor, Value};

use crate::proto;

/// The number of `OUTPUT_ONLY` among `google.api.FieldBehavior`.
const OUTPUT_ONLY: i32 = 3;

/// Whether the service fills a field itself.
pub(super) fn is_output(field: &FieldDescriptor) -> bool {
    let behavior = extension(&field.options(), "google.api.field_behavior");
    let is_output = |one: &Value| one.as_enum_number() == Some(OUTPUT_ONLY);
    field.name() == "etag"
        || behavior
            .is_some_and(|list| list.as_list().is_some_and(|list| list.iter().any(is_output)))
}

/// The fields of a message and its choices, for people.
pub(super) fn names(message: &MessageDescriptor) -> String {
    let fields = message.fields().filter(|field| !is_output(field));
    let names = fields.map(|field| field.name().to_owned());
    let choices = message.oneofs().filter(|one| !one.is_synthetic() && !members(one).is_empty());
    names.chain(choices.map(|one| one.name().to_owned())).collect::<Vec<_>>().join(", ")
}

/// The members of a choice that are references: the collection of each, and its JSON name.
pub(super) fn members(oneof: &OneofDescriptor) -> Vec<(String, String)> {
    let members = oneof.fields().filter_map(|field| {
        let reference = extension(&field.options(), "google.api.resource_reference")?;
        let of_type = field_text(&reference, "type")?;
        let collection = collection(of_type.strip_prefix("entente/")?)?;
        Some((collection, field.json_name().to_owned()))
    });
    members.collect()
}

/// The collection of a type, such as `countries`.
pub(super) fn collection(of_type: &str) -> Option<String> {
    if !proto::RESOURCE_TYPES.contains(&of_type) {
        return None;
    }
    let resource = extension(&proto::message(of_type).options(), "google.api.resource")?;
    field_text(&resource, "plural")
}

fn extension(options: &DynamicMessage, name: &str) -> Option<Value> {
    let extension = proto::POOL.get_extension_by_name(name)?;
    options.has_extension(&extension).then(|| options.get_extension(&extension).into_owned())
}

fn field_text(message: &Value, field: &str) -> Option<String> {
    let value = message.as_message()?.get_field_by_name(field)?;
    value.as_str().map(str::to_owned)
}
