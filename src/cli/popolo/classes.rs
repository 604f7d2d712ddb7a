//! The fields of a Popolo document, all of them: of two that are called alike a map would keep
//! the last one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// What stands under each class, in order.
#[derive(Debug)]
pub(super) struct Classes<'t>(pub(super) Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Classes<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'t> Visitor<'t> for Fields {
            type Value = Classes<'t>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with a list for each class")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Classes(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
