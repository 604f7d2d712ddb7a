//! What the protos say, as far as code is generated from it.

use prost_reflect::{
    DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor,
    OneofDescriptor, ServiceDescriptor, Value,
};

use crate::{PACKAGE, code};

/// A message to the developer who edits the protos.
pub type Fallible<T> = Result<T, String>;

/// The contract with its options.
pub struct Schema {
    /// Its messages, in the order of the files; none inside another.
    pub messages: Vec<MessageDescriptor>,
    /// Its services.
    pub services: Vec<ServiceDescriptor>,
    field_rules: ExtensionDescriptor,
    oneof_rules: ExtensionDescriptor,
    resource: ExtensionDescriptor,
    reference: ExtensionDescriptor,
    behavior: ExtensionDescriptor,
}

impl Schema {
    /// Reads the contract.
    pub fn new(pool: &DescriptorPool) -> Fallible<Self> {
        let extension = |name: &str| {
            pool.get_extension_by_name(name).ok_or_else(|| format!("{name} is not declared"))
        };
        let mut messages = Vec::new();
        for file in pool.files().filter(|file| file.package_name() == PACKAGE) {
            for message in file.messages() {
                let inner = message.child_messages().any(|inner| !inner.is_map_entry());
                if inner || message.child_enums().len() > 0 {
                    return Err(format!(
                        "{}: move its inner types to the top level",
                        message.full_name()
                    ));
                }
                refuse_other_rules(&message)?;
                messages.push(message);
            }
        }
        Ok(Self {
            messages,
            services: pool.services().filter(|service| service.package_name() == PACKAGE).collect(),
            field_rules: extension("buf.validate.field")?,
            oneof_rules: extension("buf.validate.oneof")?,
            resource: extension("google.api.resource")?,
            reference: extension("google.api.resource_reference")?,
            behavior: extension("google.api.field_behavior")?,
        })
    }

    /// The rules of a field.
    pub fn field_rules(&self, field: &FieldDescriptor) -> Option<DynamicMessage> {
        message_option(&field.options(), &self.field_rules)
    }

    /// Whether one member of the oneof has to be set.
    pub fn oneof_required(&self, oneof: &OneofDescriptor) -> Fallible<bool> {
        let Some(rules) = message_option(&oneof.options(), &self.oneof_rules) else {
            return Ok(false);
        };
        for (rule, _) in rules.fields() {
            if rule.name() != "required" {
                return Err(format!(
                    "{}: no code is known for the rule {}",
                    oneof.full_name(),
                    rule.name()
                ));
            }
        }
        Ok(rules.get_field_by_name("required").is_some_and(|value| value.as_bool() == Some(true)))
    }

    /// First segment of the names, if the message is a resource.
    pub fn collection(&self, message: &MessageDescriptor) -> Option<String> {
        let resource = message_option(&message.options(), &self.resource)?;
        let patterns = resource.get_field_by_name("pattern")?.into_owned();
        let first = patterns.as_list()?.first()?.as_str()?.to_owned();
        first.split('/').next().map(str::to_owned)
    }

    /// The resources.
    pub fn resources(&self) -> impl Iterator<Item = (&MessageDescriptor, String)> {
        self.messages.iter().filter_map(|message| Some((message, self.collection(message)?)))
    }

    /// The type that the field's text names, such as `Country`; `*` if any.
    pub fn reference(&self, field: &FieldDescriptor) -> Option<String> {
        let reference = message_option(&field.options(), &self.reference)?;
        let target = reference.get_field_by_name("type")?.as_str()?.to_owned();
        Some(target.strip_prefix("entente/").map(str::to_owned).unwrap_or(target))
    }

    /// Whether only the server sets the field.
    pub fn output_only(&self, field: &FieldDescriptor) -> bool {
        const OUTPUT_ONLY: i32 = 3;
        let options = field.options();
        let behaviors = options.get_extension(&self.behavior);
        behaviors.as_list().is_some_and(|list| list.contains(&Value::EnumNumber(OUTPUT_ONLY)))
    }
}

/// Rules stand in the two options that are read, and nowhere else.
fn refuse_other_rules(message: &MessageDescriptor) -> Fallible<()> {
    let of_fields = message.fields().map(|field| (field.full_name().to_owned(), field.options()));
    let of_oneofs = message.oneofs().map(|oneof| (oneof.full_name().to_owned(), oneof.options()));
    let own = [(message.full_name().to_owned(), message.options())];
    for (place, options) in of_fields.chain(of_oneofs).chain(own) {
        for (option, _) in options.extensions() {
            let known = ["buf.validate.field", "buf.validate.oneof"].contains(&option.full_name());
            if option.package_name() == "buf.validate" && !known {
                return Err(format!(
                    "{place}: no code is known for the option {}",
                    option.full_name()
                ));
            }
        }
    }
    Ok(())
}

fn message_option(
    options: &DynamicMessage,
    option: &ExtensionDescriptor,
) -> Option<DynamicMessage> {
    if !options.has_extension(option) {
        return None;
    }
    options.get_extension(option).as_message().cloned()
}

/// The oneofs that are written as such; `optional` makes others.
pub fn oneofs(message: &MessageDescriptor) -> impl Iterator<Item = OneofDescriptor> {
    message.oneofs().filter(|oneof| !oneof.is_synthetic())
}

/// The fields that stand outside of oneofs.
pub fn plain_fields(message: &MessageDescriptor) -> impl Iterator<Item = FieldDescriptor> {
    message
        .fields()
        .filter(|field| field.containing_oneof().is_none_or(|oneof| oneof.is_synthetic()))
}

/// Path in Rust of the type of a oneof.
pub fn oneof_path(oneof: &OneofDescriptor) -> String {
    let parent = oneof.parent_message();
    format!("v1::{}::{}", code::snake(parent.name()), code::camel(oneof.name()))
}

/// The message of the contract that the field, or each of its elements, holds.
pub fn own_message(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    match field.kind() {
        Kind::Message(message) if message.package_name() == PACKAGE && !message.is_map_entry() => {
            Some(message)
        }
        _ => None,
    }
}
