//! The rows by which a resource is found and asked for.

use super::entities::{alias, external_id, label};
use super::resource::{Keys, Kind, Object, Registry};
use super::sql::Rows;
use crate::model::dates::Day;

/// The tables that are filled from the messages of every type.
pub const SHARED_TABLES: [&str; 3] = ["alias", "external_id", "label"];

/// All tables that are filled from the messages, each with a column `key`.
pub fn index_tables(registry: Registry) -> impl Iterator<Item = &'static str> {
    let own = registry.0.iter().flat_map(|kind| kind.tables).map(|table| table.name);
    own.chain(SHARED_TABLES)
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
}
