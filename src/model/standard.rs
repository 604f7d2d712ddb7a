//! The standard methods' requests, whatever the type: what each type's own request
//! messages say. The conversions are generated, and take every field apart by
//! name: a new field does not compile until it is handled here.

use prost::Message;
use prost_types::{FieldMask, Timestamp};

use super::described::{Described, Validate};

/// A request as it arrives.
pub trait Request: Message + Default + Validate + 'static {}

impl<T: Message + Default + Validate + 'static> Request for T {}

/// The request messages of a type.
pub trait Standard: Described {
    /// Of `Get`.
    type GetRequest: Request + Into<Get>;
    /// Of `BatchGet`.
    type BatchGetRequest: Request + Into<BatchGet>;
    /// Of `List`.
    type ListRequest: Request + Into<List>;
    /// Of `Create`.
    type CreateRequest: Request + Into<Create<Self>>;
    /// Of `Update`.
    type UpdateRequest: Request + Into<Update<Self>>;
    /// Of `Delete`.
    type DeleteRequest: Request + Into<Delete>;
    /// Of `Undelete`.
    type UndeleteRequest: Request + Into<Undelete>;
}

/// Asks for one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Get {
    /// Resource name.
    pub name: String,
    /// Fields to return.
    pub read_mask: Option<FieldMask>,
    /// As of this commit; 0 means now.
    pub read_revision: i64,
    /// As of the last commit at or before this time.
    pub read_time: Option<Timestamp>,
    /// The day for which fields that follow from the day are worked out; empty for that of
    /// the record. A type without such fields has none of it.
    pub on_date: String,
}

/// Asks for several resources.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchGet {
    /// Resource names.
    pub names: Vec<String>,
    /// Fields to return.
    pub read_mask: Option<FieldMask>,
    /// As of this commit; 0 means now.
    pub read_revision: i64,
    /// As of the last commit at or before this time.
    pub read_time: Option<Timestamp>,
    /// The day for which fields that follow from the day are worked out; empty for that of
    /// the record. A type without such fields has none of it.
    pub on_date: String,
}

/// Asks for a page.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Resources on the page; 0 means the default.
    pub page_size: i32,
    /// Where the page before ended.
    pub page_token: String,
    /// Fields to sort by.
    pub order_by: String,
    /// Fields to return.
    pub read_mask: Option<FieldMask>,
    /// Whether to count them all.
    pub include_total_size: bool,
    /// Which ones.
    pub filter: String,
    /// As of this commit; 0 means now.
    pub read_revision: i64,
    /// As of the last commit at or before this time.
    pub read_time: Option<Timestamp>,
    /// The day for which fields that follow from the day are worked out; empty for that of
    /// the record. A type without such fields has none of it.
    pub on_date: String,
}

/// Records a new resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Create<T> {
    /// The resource.
    pub resource: Option<T>,
    /// Last segment of its name; empty if the client chose none.
    pub id: String,
    /// Repeats are answered alike.
    pub request_id: String,
    /// Judge only.
    pub validate_only: bool,
    /// Why.
    pub reason: String,
}

/// Changes a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Update<T> {
    /// The new values.
    pub resource: Option<T>,
    /// Fields to take.
    pub update_mask: Option<FieldMask>,
    /// Create it where there is none.
    pub allow_missing: bool,
    /// Repeats are answered alike.
    pub request_id: String,
    /// Judge only.
    pub validate_only: bool,
    /// Why.
    pub reason: String,
}

/// Deletes a resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Delete {
    /// Resource name.
    pub name: String,
    /// The one that it must have, if not empty.
    pub etag: String,
    /// Repeats are answered alike.
    pub request_id: String,
    /// Judge only.
    pub validate_only: bool,
    /// Why.
    pub reason: String,
}

/// Brings a resource back.
#[derive(Clone, Debug, PartialEq)]
pub struct Undelete {
    /// Resource name.
    pub name: String,
    /// Repeats are answered alike.
    pub request_id: String,
    /// Judge only.
    pub validate_only: bool,
    /// Why.
    pub reason: String,
}
