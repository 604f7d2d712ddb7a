//! What the log leads to: each change applied to what the changes before have left.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::prelude::Uuid;
use sha2::{Digest, Sha256};

use super::difference::Findings;
use crate::store::entities::change;
use crate::store::log::ChangeKind;
use crate::store::resource::Keys;

/// A record as its changes have left it.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) uid: Uuid,
    /// The commit that last changed it; of a deleted one the last at which it lived.
    pub(super) revision: i64,
    /// When it was first recorded, microseconds since 1970.
    pub(super) create_time: i64,
    /// SHA-256 of the message; `None` if it is deleted.
    pub(super) body: Option<[u8; 32]>,
}

/// Every record that there ever was, without its message.
#[derive(Debug, Default)]
pub(super) struct Fold {
    versions: BTreeMap<i64, Version>,
    /// Who had each name last.
    holders: HashMap<String, i64>,
}

impl Fold {
    /// Applies a change of a commit at `time`; adds what cannot follow from the
    /// changes before.
    pub(super) fn apply(&mut self, change: &change::Model, time: i64, findings: &mut Findings) {
        let change::Model { revision, kind, key, name, uid, previous_revision, body, .. } = change;
        let before = self.versions.get(key);
        let possible: &[ChangeKind] = match before.map(|version| version.body) {
            None => &[ChangeKind::Created],
            Some(None) => &[ChangeKind::Undeleted],
            Some(Some(_)) => &[ChangeKind::Updated, ChangeKind::Deleted],
        };
        if !possible.iter().any(|possible| possible.as_str() == kind) {
            let possible: Vec<_> = possible.iter().map(|kind| kind.as_str()).collect();
            findings.add("kind", possible.join(" or "), kind);
        }
        if let Some(before) = before {
            findings.compare("name", &before.name, name);
            findings.compare("uid", before.uid, *uid);
        } else if self.key(name).is_some() {
            findings.add("name", "one that no other record has", name);
        }
        let before_revision = before.map_or(0, |version| version.revision);
        findings.compare("previous_revision", before_revision, *previous_revision);
        let deleted = kind == ChangeKind::Deleted.as_str();
        if deleted && !body.is_empty() {
            findings.add("body", "none", format!("{} bytes", body.len()));
        }
        let version = Version {
            name: name.clone(),
            uid: *uid,
            revision: if deleted { before_revision } else { *revision },
            create_time: before.map_or(time, |version| version.create_time),
            body: (!deleted).then(|| Sha256::digest(body).into()),
        };
        self.versions.insert(*key, version);
        self.holders.insert(name.clone(), *key);
    }

    /// The record with the key `key`.
    pub(super) fn version(&self, key: i64) -> Option<&Version> {
        self.versions.get(&key)
    }

    /// The live records in the order of their keys.
    pub(super) fn live(&self) -> impl Iterator<Item = (i64, &Version)> + Send {
        let versions = self.versions.iter();
        versions.filter(|(_, version)| version.body.is_some()).map(|(key, version)| (*key, version))
    }

    /// The deleted records whose names nobody has had since.
    pub(super) fn buried(&self) -> BTreeSet<i64> {
        let last = self.holders.values().copied();
        last.filter(|key| self.versions[key].body.is_none()).collect()
    }

    /// The deleted record that had `name` last, if it is free.
    pub(super) fn buried_as(&self, name: &str) -> Option<i64> {
        let key = *self.holders.get(name)?;
        self.versions[&key].body.is_none().then_some(key)
    }

    /// The highest key that was ever given.
    pub(super) fn newest_key(&self) -> i64 {
        self.versions.last_key_value().map_or(0, |(key, _)| *key)
    }
}

impl Keys for Fold {
    fn key(&self, name: &str) -> Option<i64> {
        let key = *self.holders.get(name)?;
        self.versions[&key].body.is_some().then_some(key)
    }
}
