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
pub(super) struct Seen(HashMap<u128, (Place, Says)>);

/// A hash of what stands somewhere.
pub(super) type Says = u128;

impl Seen {
    /// Notes a record, and says where it stands for the first time if it says something else
    /// there: each run would write the one over the other.
    pub(super) fn differs(&mut self, place: &Place, resource: &Resource) -> Result<Says, Place> {
        let says = hash(&resource.encode_to_vec());
        let mut first = None;
        for identity in identities(resource) {
            let other = self.other(&identity, place, says);
            first = first.or(other);
        }
        first.map_or(Ok(says), Err)
    }

    /// Notes by which name the service knows what stands at a place, and does the same: two
    /// that have no identity in common may be one to the service.
    pub(super) fn found(&mut self, name: &str, place: &Place, says: Says) -> Option<Place> {
        self.other(&format!("\0{name}"), place, says)
    }

    /// Where something else stands under the same identity.
    fn other(&mut self, identity: &str, place: &Place, says: Says) -> Option<Place> {
        let first = self.0.entry(hash(identity.as_bytes()));
        let (at, said) = first.or_insert_with(|| (place.clone(), says));
        (at != place && *said != says).then(|| at.clone())
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
