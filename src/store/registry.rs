//! The resource types as the store sees them: one generic path for what all share.

use std::any::Any;

use prost_reflect::MessageDescriptor;
use uuid::Uuid;

use super::peers::Peers;
use super::resource::{Hierarchy, Object, Resource, Table};
use crate::filter::field::Filterable;
use crate::model::{names, wire};

/// A message, or why its bytes are none.
pub type Decoded = Result<Box<dyn Object>, prost::DecodeError>;
/// A message, if it was of the type.
type Unwrapped = Option<Box<dyn Object>>;

/// A resource type as a value.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The message's name: `Agreement`.
    pub type_name: &'static str,
    /// First segment of its names: `agreements`.
    pub collection: &'static str,
    /// Its field in requests: `agreement`.
    pub field: &'static str,
    /// Its number in `Resource`.
    pub tag: u32,
    /// Numbers of the fields that only the server sets.
    pub output_only: &'static [u32],
    /// Its tables.
    pub tables: &'static [Table],
    /// Text columns that lists can be sorted by.
    pub sortable: &'static [&'static str],
    /// The date that they can be sorted by.
    pub dated: Option<&'static str>,
    /// What lists can be filtered by, besides the fields of every type.
    pub filterable: &'static [Filterable],
    /// Its edges that may not form a cycle.
    pub hierarchy: Option<Hierarchy>,
    /// Column with the day until which derived fields hold.
    pub derived_until: Option<&'static str>,
    /// Where its likenesses stand.
    pub peers: Option<Peers>,
    /// Whether its resources have other ids.
    pub has_aliases: bool,
    /// Checks an id that a client chose.
    pub check_id: fn(&str) -> Result<(), &'static str>,
    /// The one way to write an id.
    pub canonical_id: fn(&str) -> String,
    /// The id of a new resource that says none.
    pub id_of: fn(Uuid) -> String,
    decode: fn(&[u8]) -> Decoded,
    unwrap: fn(Box<dyn Any>) -> Unwrapped,
}

impl Kind {
    /// The type `T`.
    pub const fn of<T: Resource>() -> Self {
        Self {
            type_name: T::TYPE,
            collection: T::COLLECTION,
            field: T::FIELD,
            tag: T::TAG,
            output_only: T::OUTPUT_ONLY,
            tables: T::TABLES,
            sortable: T::SORTABLE,
            dated: T::DATED,
            filterable: T::FILTERABLE,
            hierarchy: T::HIERARCHY,
            derived_until: T::DERIVED_UNTIL,
            peers: T::PEERS,
            has_aliases: T::HAS_ALIASES,
            check_id: T::check_id,
            canonical_id: T::canonical_id,
            id_of: T::id_of,
            decode: |bytes| Ok(Box::new(T::decode(bytes)?)),
            unwrap: |message| Some(message.downcast::<T>().ok()? as Box<dyn Object>),
        }
    }

    /// Decodes a message of this type.
    pub fn decode(&self, bytes: &[u8]) -> Decoded {
        (self.decode)(bytes)
    }

    /// The message `message`, if it is of this type.
    pub fn object(&self, message: Box<dyn Any>) -> Unwrapped {
        (self.unwrap)(message)
    }

    /// The message's description.
    pub fn descriptor(&self) -> MessageDescriptor {
        crate::proto::message(self.type_name)
    }

    /// The resource name for `id`, written in the one way.
    pub fn name(&self, id: &str) -> String {
        format!("{}/{}", self.collection, (self.canonical_id)(id))
    }

    /// The message without the fields that only the server sets.
    pub fn content(&self, body: &[u8]) -> Vec<u8> {
        wire::without(body, |number| self.output_only.contains(&number))
    }
}

/// The resource types that a store holds.
#[derive(Clone, Copy, Debug)]
pub struct Registry(pub &'static [Kind]);

impl Registry {
    /// The type of that name.
    pub fn by_type(&self, type_name: &str) -> Option<&'static Kind> {
        self.0.iter().find(|kind| kind.type_name == type_name)
    }

    /// The type to which the resource called `name` belongs.
    pub fn by_name(&self, name: &str) -> Option<&'static Kind> {
        let (collection, _) = names::split(name)?;
        self.0.iter().find(|kind| kind.collection == collection)
    }

    /// The one way to write `name`, if it is a name of one of the types.
    pub fn canonical(&self, name: &str) -> Option<String> {
        let (_, id) = names::split(name)?;
        Some(self.by_name(name)?.name(id))
    }

    /// The collections, for messages.
    pub fn collections(&self) -> String {
        let names: Vec<_> = self.0.iter().map(|kind| kind.collection).collect();
        names.join(", ")
    }
}
