//! Records that stand in one input more than once.

use std::collections::HashMap;

use prost::Message as _;
use sha2::{Digest, Sha256};

use super::Place;
use crate::model::described::Described;
use crate::proto::ResourceVisitor;
use crate::proto::v1::Resource;

/// What has been read of each record: by what it is found, where it stands first, and a hash
/// of what it says there.
#[derive(Debug, Default)]
pub(super) struct Seen(HashMap<u128, (Place, u128)>);

impl Seen {
    /// Notes a record, and says where it stands for the first time if it says something else
    /// there: each run would write the one over the other.
    pub(super) fn differs(&mut self, place: &Place, resource: &Resource) -> Option<Place> {
        let says = hash(&resource.encode_to_vec());
        let mut first = None;
        for identity in identities(resource) {
            let key = hash(identity.as_bytes());
            let (at, said) = self.0.entry(key).or_insert_with(|| (place.clone(), says));
            if at != place && *said != says {
                first.get_or_insert_with(|| at.clone());
            }
        }
        first
    }
}

/// By what a record is found when it is imported again: its name, and its external ids.
pub(super) fn identities(resource: &Resource) -> Vec<String> {
    struct Identities;
    impl ResourceVisitor for Identities {
        type Output = Vec<String>;
        fn visit<T: Described>(self, value: T) -> Vec<String> {
            let common = value.common();
            let name = Some(common.name.to_owned()).filter(|name| !name.is_empty());
            let ids = common.external_ids.iter();
            let ids = ids.map(|id| format!("{}\0{}\0{}", T::TAG, id.scheme, id.value));
            name.into_iter().chain(ids).collect()
        }
    }
    resource.resource.clone().map(|one| one.visit(Identities)).unwrap_or_default()
}

/// The first half of a cryptographic hash, so that two texts do not have the same.
fn hash(bytes: &[u8]) -> u128 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(16).fold(0, |hash, byte| (hash << 8) | u128::from(*byte))
}
