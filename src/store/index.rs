//! The rows by which a resource is found and asked for.

use super::entities::{alias, citation, external_id, label, warning};
use super::registry::{Kind, Registry};
use super::resource::{Keys, Object, Table};
use super::sql::Rows;
use crate::model::dates::Day;

/// The tables that are filled from the messages of every type.
pub const SHARED_TABLES: [Table; 5] = [
    Table { name: "alias", references: &[] },
    Table { name: "external_id", references: &[] },
    Table { name: "label", references: &[] },
    Table { name: "citation", references: &["source_key", "attributed_to_key"] },
    Table { name: "warning", references: &[] },
];

/// All tables that are filled from the messages, each with a column `key`.
pub fn index_tables(registry: Registry) -> impl Iterator<Item = Table> {
    registry.0.iter().flat_map(|kind| kind.tables).copied().chain(SHARED_TABLES)
}

/// Adds the rows of the resource `object` with the key `key`, as they are on the day
/// `today` of the head.
pub fn index_rows(
    kind: &Kind,
    key: i64,
    object: &dyn Object,
    keys: &dyn Keys,
    today: Day,
    rows: &mut Rows,
) {
    object.index(key, keys, today, rows);
    for alias in object.aliases() {
        rows.push::<alias::Entity>(alias::Model { alias, key });
    }
    let common = object.common();
    for id in common.external_ids {
        rows.push::<external_id::Entity>(external_id::Model {
            r#type: kind.type_name.to_owned(),
            scheme: id.scheme.clone(),
            value: id.value.clone(),
            key,
        });
    }
    for (name, value) in common.labels {
        let (name, value) = (name.clone(), value.clone());
        rows.push::<label::Entity>(label::Model { key, name, value });
    }
    for (index, one) in common.citations.iter().enumerate() {
        let Some(source_key) = keys.key(&one.source) else { continue };
        rows.push::<citation::Entity>(citation::Model {
            key,
            ordinal: ordinal(index),
            source_key,
            voice: short_name(one.voice().as_str_name(), "CITATION_VOICE_"),
            attributed_to_key: keys.key(&one.attributed_to),
            credibility: (one.credibility != 0).then_some(one.credibility),
        });
    }
    for (index, one) in common.warnings.iter().enumerate() {
        rows.push::<warning::Entity>(warning::Model {
            key,
            ordinal: ordinal(index),
            code: short_name(one.code().as_str_name(), "WARNING_CODE_").unwrap_or_default(),
            field: one.field.clone(),
        });
    }
}

/// The short name of an enum value, such as `TREATY` for `AGREEMENT_FORM_TREATY`;
/// `None` for the one that stands for nothing.
pub(crate) fn short_name(full: &str, prefix: &str) -> Option<String> {
    let short = full.strip_prefix(prefix).unwrap_or(full);
    (short != "UNSPECIFIED").then(|| short.to_owned())
}

/// Position in a list as a column has it.
pub(crate) fn ordinal(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}
