//! What every citation must be, whatever cites.

use prost_reflect::{Kind as FieldKind, MessageDescriptor};

use super::registry::Kind;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::Citation;

/// Beginnings of the names of those who can say something.
const SPEAKERS: [&str; 4] = ["countries/", "officials/", "organizations/", "sources/"];

/// Checks that what `citations` say to support are fields of the type `kind`, and that
/// those to whom they attribute it can say something.
pub(super) fn check(
    kind: &Kind,
    citations: &[Citation],
    at: &Path<'_>,
    violations: &mut Violations,
) {
    for (index, citation) in citations.iter().enumerate() {
        let at = at.field("citations");
        let at = at.index(index);
        let speaker = citation.attributed_to.as_str();
        if !speaker.is_empty() && !SPEAKERS.iter().any(|start| speaker.starts_with(start)) {
            let text = "must be an official, an organization, a country or a source";
            violations.add(&at.field("attributed_to"), text);
        }
        let at = at.field("supports");
        for (index, path) in citation.supports.iter().enumerate() {
            if !is_field(kind.descriptor(), path) {
                let text = format!("{path} is no field of {}", kind.type_name);
                violations.add(&at.index(index), text);
            }
        }
    }
}

/// Whether `path` leads to a field; each of its names may have an index behind it.
fn is_field(message: MessageDescriptor, path: &str) -> bool {
    let mut inside = Some(message);
    path.split('.').all(|part| {
        let (name, index) = match part.split_once('[') {
            Some((name, rest)) => (name, rest.strip_suffix(']')),
            None => (part, Some("0")),
        };
        let number = index.is_some_and(|index| index.parse::<u32>().is_ok());
        let field = inside.as_ref().and_then(|message| message.get_field_by_name(name));
        inside = field.as_ref().and_then(|field| match field.kind() {
            FieldKind::Message(message) if !field.is_map() => Some(message),
            _ => None,
        });
        field.is_some_and(|field| number && (!part.contains('[') || field.is_list()))
    })
}
