//! Records without some of what they name: the first half of what is too much for one commit.

use std::collections::HashSet;

use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};

use crate::model::described::{Described, References};
use crate::model::violations::Path;
use crate::model::wire::put_field;
use crate::proto::v1::{ImportRequest, Resource};
use crate::proto::{self, ResourceVisitor};

/// Stands for a name that is to go. No name is written so.
const MARK: &str = "\0";

/// The same request, whose resource names none of `names`: where one stands in a list, its
/// element is left out.
pub(super) fn without(request: ImportRequest, names: &HashSet<String>) -> ImportRequest {
    struct Marked<'n>(&'n HashSet<String>);
    impl ResourceVisitor for Marked<'_> {
        type Output = Vec<u8>;
        fn visit<T: Described>(self, mut value: T) -> Vec<u8> {
            References::visit_references(&mut value, &Path::Root, &mut |_, _, name| {
                if self.0.contains(name.as_str()) {
                    MARK.clone_into(name);
                }
            });
            let mut resource = Vec::new();
            put_field(T::TAG, &value.encode_to_vec(), &mut resource);
            resource
        }
    }
    let ImportRequest { resource, .. } = &request;
    let marked = resource.clone().and_then(|one| one.resource).map(|one| one.visit(Marked(names)));
    let marked =
        marked.and_then(|one| DynamicMessage::decode(proto::message("Resource"), &*one).ok());
    let resource = marked.and_then(|mut marked| {
        prune(&mut marked);
        Resource::decode(marked.encode_to_vec().as_slice()).ok()
    });
    ImportRequest { resource, ..request }
}

/// Takes out what is marked.
fn prune(message: &mut DynamicMessage) {
    let mut marked = Vec::new();
    for (field, value) in message.fields_mut() {
        match value {
            Value::List(elements) => elements.retain(|element| !is_marked(element)),
            Value::Message(inner) => prune(inner),
            value if is_marked(value) => marked.push(field),
            _ => {}
        }
    }
    for field in marked {
        message.clear_field(&field);
    }
}

/// Whether a mark stands anywhere in `value`.
fn is_marked(value: &Value) -> bool {
    match value {
        Value::String(text) => text == MARK,
        Value::Message(message) => message.fields().any(|(_, value)| is_marked(value)),
        Value::List(elements) => elements.iter().any(is_marked),
        _ => false,
    }
}
