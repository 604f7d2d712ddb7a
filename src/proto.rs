//! The contract in Rust: what is generated from the protos, and the little that
//! generated code stands on.
//!
//! This is the lowest floor. Of the project it knows only `crate::model`, whose
//! traits the generated code implements.

pub mod checks;
mod codec;
mod frame;
mod uri;

pub use codec::StreamCodec;
pub use frame::Frame;

use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MessageDescriptor};

/// All files of the contract and what they import, as an encoded
/// `FileDescriptorSet` with its options: for reflection.
pub static DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Messages, enums and clients.
pub mod v1 {
    #![expect(clippy::allow_attributes_without_reason, reason = "the generator writes such")]
    tonic::include_proto!("entente.v1");
}

/// The server's side of the changes, whose answers are encoded beforehand. Other
/// services are routed without generated code.
pub mod server {
    #![expect(clippy::allow_attributes_without_reason, reason = "the generator writes such")]
    include!(concat!(env!("OUT_DIR"), "/server/entente.v1.rs"));
}

/// What each message says of itself: rules, references, resource options.
pub mod rules {
    include!(concat!(env!("OUT_DIR"), "/rules.rs"));
}

pub use rules::{RESOURCE_TYPES, ResourceVisitor};

/// The contract as messages describe themselves: for field masks and JSON.
pub static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(DESCRIPTORS).expect("the build script encoded the descriptors")
});

/// The description of the message `name` of `entente.v1`, such as `Agreement`.
///
/// # Panics
///
/// If there is no such message: names come from the generated code.
pub fn message(name: &str) -> MessageDescriptor {
    let full = format!("entente.v1.{name}");
    POOL.get_message_by_name(&full).expect("the contract has the message")
}
