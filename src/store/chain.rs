//! The hash chain over the log.
//!
//! Whoever keeps a token keeps eight bytes of the hash at its revision, and so
//! can tell whether the history up to there is still the same.

use sea_orm::prelude::Uuid;
use sha2::{Digest, Sha256};

use super::entities::{change, commit, head};

/// The hash before the first commit of a store.
pub fn genesis(store_id: Uuid) -> [u8; 32] {
    Sha256::digest(store_id.as_bytes()).into()
}

/// What stands before the first commit of the store, as if it were one.
pub fn before_first(head: &head::Model) -> commit::Model {
    commit::Model {
        revision: 0,
        hash: genesis(head.store_id).to_vec(),
        digest: Vec::new(),
        commit_time: 0,
        actor: String::new(),
        reason: String::new(),
        request_id: String::new(),
        format: head.format,
        size: 0,
    }
}

/// The digest over the changes of a commit.
pub fn digest(changes: &[change::Model]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for change in changes {
        let change::Model {
            revision: _,
            ordinal,
            kind,
            key,
            name,
            uid,
            previous_revision,
            fields,
            body,
        } = change;
        hasher.update(ordinal.to_be_bytes());
        put(&mut hasher, kind.as_bytes());
        hasher.update(key.to_be_bytes());
        put(&mut hasher, name.as_bytes());
        hasher.update(uid.as_bytes());
        hasher.update(previous_revision.to_be_bytes());
        put(&mut hasher, fields.as_bytes());
        put(&mut hasher, body);
    }
    hasher.finalize().into()
}

/// The hash of a commit whose other fields are set, after the hash `previous`.
pub fn hash(previous: &[u8], commit: &commit::Model) -> [u8; 32] {
    let commit::Model {
        revision,
        hash: _,
        digest,
        commit_time,
        actor,
        reason,
        request_id,
        format,
        size,
    } = commit;
    let mut hasher = Sha256::new();
    put(&mut hasher, previous);
    hasher.update(revision.to_be_bytes());
    hasher.update(commit_time.to_be_bytes());
    put(&mut hasher, actor.as_bytes());
    put(&mut hasher, reason.as_bytes());
    put(&mut hasher, request_id.as_bytes());
    hasher.update(format.to_be_bytes());
    hasher.update(size.to_be_bytes());
    put(&mut hasher, digest);
    hasher.finalize().into()
}

/// Lengths go before contents, so that no two lists of parts hash alike.
fn put(hasher: &mut Sha256, bytes: &[u8]) {
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}
