//! Messages as JSON.

use std::collections::HashMap;
use std::fmt;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, SerializeOptions};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
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

/// Checks that each field of the message that `text` is, or else each key of its objects, stands
/// there once. Of two values of one readers take the last and drop the other in silence.
pub(super) fn check_once(
    text: &str,
    message: Option<MessageDescriptor>,
) -> Result<(), serde_json::Error> {
    Once(message).deserialize(&mut serde_json::Deserializer::from_str(text))
}

/// Reads what is a message of that type; any JSON if there is none.
struct Once(Option<MessageDescriptor>);

impl Once {
    /// The field that `key` names.
    fn field(&self, key: &str) -> Option<FieldDescriptor> {
        let message = self.0.as_ref()?;
        message.get_field_by_json_name(key).or_else(|| message.get_field_by_name(key))
    }
}

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Self(self.0.clone()))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let mut seen = HashMap::new();
        while let Some(key) = object.next_key::<String>()? {
            let field = self.field(&key);
            let inner = field.as_ref().filter(|field| !field.is_map()).map(FieldDescriptor::kind);
            let inner = inner.and_then(|kind| kind.as_message().cloned());
            let name = field.map_or_else(|| key.clone(), |field| field.name().to_owned());
            if let Some(before) = seen.insert(name, key.clone()) {
                let text = match before {
                    before if before == key => format!("{key:?} stands here twice"),
                    before => format!("{key:?} stands here as {before:?} already"),
                };
                return Err(A::Error::custom(text));
            }
            object.next_value_seed(Self(inner))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::check_once;
    use crate::proto;

    fn told(text: &str) -> Option<String> {
        check_once(text, Some(proto::message("Resource"))).err().map(|error| error.to_string())
    }

    #[test]
    fn what_stands_once_in_each_object_is_taken() {
        for fine in [
            r#"{"a": 1, "b": {"a": [true, null, 1.5, -2, "a", "a", {"a": "a"}, {"a": "b"}]}}"#,
            r#"{"agreement": {"title": "a", "labels": {"short_title": "", "shortTitle": ""}}}"#,
            r#"{"agreement": {"parties": [{"country": "a"}, {"country": "a"}]}}"#,
            "[]",
            "\"a\"",
        ] {
            assert_eq!(told(fine), None, "{fine}");
        }
    }

    #[test]
    fn what_stands_twice_is_told() {
        for (twice, what) in [
            (r#"{"a": 1, "a": 1}"#, "\"a\" stands here twice"),
            (r#"[{"b": {"a": 1, "c": 2, "\u0061": 3}}]"#, "\"a\" stands here twice"),
            (r#"{"agreement": {"labels": {"x": "", "x": ""}}}"#, "\"x\" stands here twice"),
            (
                r#"{"agreement": {"shortTitle": "a", "short_title": "b"}}"#,
                "\"short_title\" stands here as \"shortTitle\" already",
            ),
            (
                r#"{"agreement": {"actions": [{"effective_date": "", "effectiveDate": ""}]}}"#,
                "\"effectiveDate\" stands here as \"effective_date\" already",
            ),
        ] {
            let told = told(twice).expect("it is told");
            assert!(told.starts_with(&format!("{what} at line 1 column ")), "{told}");
        }
    }
}
