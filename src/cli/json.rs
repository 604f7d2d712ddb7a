//! Messages as JSON.

use std::collections::HashSet;
use std::fmt;

use prost::Message;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Failure;
use crate::proto;

/// A message, called `name` in the contract, as one that describes itself.
pub(super) fn dynamic(name: &str, message: &impl Message) -> Result<DynamicMessage, Failure> {
    let bytes = message.encode_to_vec();
    Ok(DynamicMessage::decode(proto::message(name), bytes.as_slice())?)
}

/// A message, called `name` in the contract, as canonical proto JSON.
pub(super) fn to_json(name: &str, message: &impl Message) -> Result<Value, Failure> {
    let options = SerializeOptions::new();
    Ok(dynamic(name, message)?.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// Any JSON whose objects have each key once. Of two values of one key readers take the last
/// one and drop the other in silence.
pub(super) struct EachKeyOnce;

impl<'de> Deserialize<'de> for EachKeyOnce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for EachKeyOnce {
    type Value = Self;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self, A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = object.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!("{key:?} stands here twice")));
            }
            keys.insert(key);
            object.next_value::<Self>()?;
        }
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::EachKeyOnce;

    #[test]
    fn a_key_that_stands_twice_in_one_object_is_told() {
        for fine in [
            r#"{"a": 1, "b": {"a": [true, null, 1.5, -2, "a", "a", {"a": "a"}, {"a": "b"}]}}"#,
            "[]",
            "\"a\"",
        ] {
            assert!(serde_json::from_str::<EachKeyOnce>(fine).is_ok(), "{fine}");
        }
        for twice in [r#"{"a": 1, "a": 1}"#, r#"[{"b": {"a": 1, "c": 2, "\u0061": 3}}]"#] {
            let told =
                serde_json::from_str::<EachKeyOnce>(twice).err().map(|error| error.to_string());
            let told = told.expect("it is told");
            assert!(told.starts_with("\"a\" stands here twice at line 1 column "), "{told}");
        }
    }
}
