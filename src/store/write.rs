//! A write as it is handed to the committer, and what comes back.

use bytes::Bytes;
use prost::Message;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::registry::Kind;
use super::resource::Object;
use crate::model::dates::Day;
use crate::model::violations::Violations;
use crate::model::wire::Mask;
use crate::proto::v1::MutationResult;

/// A request to write: all of its mutations, or none.
#[derive(Debug)]
pub struct Write {
    /// Who, as claimed.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The client's id; empty if it gave none.
    pub request_id: String,
    /// SHA-256 of the request, to tell a repetition from a reuse of its id.
    pub digest: [u8; 32],
    /// Judge only.
    pub validate_only: bool,
    /// What must hold before.
    pub checks: Vec<Check>,
    /// What to do.
    pub drafts: Vec<Draft>,
    /// Bytes of the request, for the queue's limit.
    pub size: usize,
}

impl Write {
    /// The digest of a request: its method and its encoded form.
    pub fn digest_of(method: &str, request: &impl Message) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(method.as_bytes());
        hasher.update([0]);
        hasher.update(request.encode_to_vec());
        hasher.finalize().into()
    }
}

/// What must hold before a write.
#[derive(Clone, Debug)]
pub struct Check {
    /// Path of the check in the request.
    pub path: String,
    /// Resource name.
    pub name: String,
    /// What must hold.
    pub expectation: Expectation,
}

/// What a check expects of a resource.
#[derive(Clone, Debug)]
pub enum Expectation {
    /// It exists and has this etag.
    Etag(String),
    /// It exists, or does not.
    Exists(bool),
    /// If it exists, it is the record with this key, and not one that has taken its name since.
    Key(i64),
}

/// One mutation, with whatever its message alone has shown to be wrong.
#[derive(Debug)]
pub struct Draft {
    /// The type.
    pub kind: &'static Kind,
    /// Path of the resource in the request, such as `agreement`; of the request
    /// itself where there is no resource.
    pub path: String,
    /// Path of the field that names the resource.
    pub name_path: String,
    /// What to do.
    pub operation: Operation,
    /// What is wrong already.
    pub violations: Violations,
    /// The day on which another store recorded it as it is here: what had followed from it by
    /// then is told beside it.
    pub recorded: Option<Day>,
}

/// What to do.
#[derive(Debug)]
pub enum Operation {
    /// Record a new resource, under `name` if the client chose one.
    Create {
        /// The resource.
        object: Box<dyn Object>,
        /// Its name.
        name: Option<String>,
    },
    /// Change a resource.
    Update {
        /// The new values.
        object: Box<dyn Object>,
        /// Its name, as given.
        name: String,
        /// The fields to take.
        mask: Mask,
        /// Create it where there is none.
        allow_missing: bool,
        /// If not empty, the one that it must have.
        etag: String,
    },
    /// Change a resource, or record it where there is none.
    Import {
        /// What it says.
        object: Box<dyn Object>,
        /// Its name, as given; else it is found by its external ids.
        name: Option<String>,
        /// The name of one that is not found so.
        fallback: Option<String>,
        /// The fields to take where it is there.
        mask: Mask,
        /// Whether it keeps the external ids that it has, and what its type says.
        keeps: bool,
    },
    /// Delete a resource.
    Delete {
        /// Its name, as given.
        name: String,
        /// If not empty, the one that it must have.
        etag: String,
    },
    /// Bring a deleted resource back.
    Undelete {
        /// Its name, as given.
        name: String,
    },
}

/// What came of a write.
#[derive(Clone, Debug)]
pub struct Written {
    /// The commit; 0 if nothing had to be changed.
    pub revision: i64,
    /// One for each mutation.
    pub results: Vec<MutationResult>,
    /// The resource after each mutation; of a deleted one as it last was. Empty
    /// where a repeated request was answered from memory.
    pub bodies: Vec<Bytes>,
}

/// The etag of a revision: the number in quotes, as HTTP has it.
pub fn etag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// An instant, from microseconds since 1970.
pub fn timestamp(micros: i64) -> prost_types::Timestamp {
    prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: i32::try_from(micros.rem_euclid(1_000_000)).unwrap_or(0) * 1_000,
    }
}

/// An instant of a message as microseconds since 1970.
pub fn microseconds(time: &prost_types::Timestamp) -> i64 {
    time.seconds.saturating_mul(1_000_000).saturating_add(i64::from(time.nanos) / 1_000)
}

/// A new identity, in the order of time.
pub fn new_uid() -> Uuid {
    Uuid::now_v7()
}
