//! Messages as JSON.

use prost::Message;
use prost_reflect::{DynamicMessage, SerializeOptions};
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
