//! Tokens: a place in a history, and proof that it is this history.
//!
//! A token holds the store's id, a revision, eight bytes of the chain hash at
//! that revision, a hash of the selectors that it is bound to (zeros: none) and a
//! checksum. One of a poll that has told a part of the next commit also holds
//! where the rest begins, one of a filter whose meaning can change a hash of that,
//! and one of a snapshot the last name told. A token is no authority: whoever can
//! read may make one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::model::error::{Error, Reason, Result};

/// The first byte says what follows the parts that all have. Those of page tokens
/// are even (`api/listing.rs`).
const PLACE: u8 = 1;
/// The ordinal of a change, four bytes.
const INSIDE_COMMIT: u8 = 2;
/// What the filter means, eight bytes.
const MEANING: u8 = 4;
/// The last name of the snapshot that was told, to the end.
const SNAPSHOT: u8 = 8;
/// Layout, store, revision, hash, selectors.
const LENGTH: usize = 1 + 16 + 8 + 8 + 8;

/// Eight bytes of the chain hash at a revision.
pub type HashPrefix = [u8; 8];

/// The prefix of a chain hash.
pub fn prefix(hash: &[u8]) -> HashPrefix {
    let mut prefix = HashPrefix::default();
    for (to, from) in prefix.iter_mut().zip(hash) {
        *to = *from;
    }
    prefix
}

/// A place in a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The store.
    pub store_id: Uuid,
    /// Everything at or below has been seen.
    pub revision: i64,
    /// Of the chain hash at that revision.
    pub hash: HashPrefix,
    /// Hash of the selectors; zeros fit any.
    pub selectors: [u8; 8],
    /// Of the next commit, the changes below this ordinal have been told.
    pub ordinal: u32,
    /// What the filter of the selectors means; zeros if that cannot change.
    pub meaning: [u8; 8],
    /// Of the snapshot at the revision, what has been told: everything up to this
    /// name. `None` if all of it, or if there is none.
    pub snapshot: Option<String>,
}

impl Token {
    /// As clients keep it.
    pub fn encode(&self) -> String {
        let Self { store_id, revision, hash, selectors, ordinal, meaning, snapshot } = self;
        let mut bytes = Vec::with_capacity(LENGTH + 16);
        bytes.push(self.layout());
        bytes.extend_from_slice(store_id.as_bytes());
        bytes.extend_from_slice(&revision.to_be_bytes());
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(selectors);
        if *ordinal != 0 {
            bytes.extend_from_slice(&ordinal.to_be_bytes());
        }
        if *meaning != [0; 8] {
            bytes.extend_from_slice(meaning);
        }
        bytes.extend_from_slice(snapshot.as_deref().unwrap_or_default().as_bytes());
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Which parts it has.
    fn layout(&self) -> u8 {
        let part = |part: u8, is_there: bool| if is_there { part } else { 0 };
        PLACE
            | part(INSIDE_COMMIT, self.ordinal != 0)
            | part(MEANING, self.meaning != [0; 8])
            | part(SNAPSHOT, self.snapshot.is_some())
    }

    /// Reads what a client sends back in the field `at`.
    pub fn decode(text: &str, at: &str) -> Result<Self> {
        let malformed = || {
            let text = "is no token of this service, or has been cut or altered";
            Error::token(Reason::TokenMalformed, at, text)
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        let (content, sum) = bytes.split_last_chunk::<4>().ok_or_else(malformed)?;
        if *sum != checksum(content) {
            return Err(malformed());
        }
        let (place, mut rest) = content.split_first_chunk::<LENGTH>().ok_or_else(malformed)?;
        let layout = place[0];
        if layout & PLACE == 0 || layout > PLACE | INSIDE_COMMIT | MEANING | SNAPSHOT {
            return Err(malformed());
        }
        let (mut ordinal, mut meaning, mut snapshot) = (0, [0; 8], None);
        if layout & INSIDE_COMMIT != 0 {
            ordinal = u32::from_be_bytes(take(&mut rest).ok_or_else(malformed)?);
        }
        if layout & MEANING != 0 {
            meaning = take(&mut rest).ok_or_else(malformed)?;
        }
        if layout & SNAPSHOT != 0 {
            let name = String::from_utf8(std::mem::take(&mut rest).to_vec());
            snapshot = Some(name.map_err(|_| malformed())?);
        }
        if !rest.is_empty() {
            return Err(malformed());
        }
        let part = |from: usize| -> [u8; 8] { prefix(&place[from..from + 8]) };
        let store_id = Uuid::from_slice(&place[1..17]).map_err(|_| malformed())?;
        let (revision, hash, selectors) = (i64::from_be_bytes(part(17)), part(25), part(33));
        let token = Self { store_id, revision, hash, selectors, ordinal, meaning, snapshot };
        // There is one way to write each.
        if token.layout() == layout { Ok(token) } else { Err(malformed()) }
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

fn checksum(bytes: &[u8]) -> [u8; 4] {
    let digest = Sha256::digest(bytes);
    [digest[0], digest[1], digest[2], digest[3]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        let store_id = Uuid::from_u128(7);
        let (hash, meaning) = (*b"abcdefgh", [0; 8]);
        Token {
            store_id,
            revision: 42,
            hash,
            selectors: [0; 8],
            ordinal: 0,
            meaning,
            snapshot: None,
        }
    }

    #[test]
    fn a_token_comes_back() {
        let names = [None, Some(String::new()), Some("agreements/a-b".to_owned())];
        for (ordinal, meaning) in [(0, [0; 8]), (1, [7; 8]), (u32::MAX, [0; 8]), (0, [1; 8])] {
            for snapshot in names.clone() {
                let token = Token { ordinal, meaning, snapshot, ..token() };
                assert_eq!(Token::decode(&token.encode(), "token"), Ok(token));
            }
        }
    }

    #[test]
    fn a_token_cut_or_altered_anywhere_is_refused() {
        let text = token().encode();
        for end in 0..text.len() {
            assert!(Token::decode(&text[..end], "token").is_err());
        }
        for place in 0..text.len() {
            let mut altered = text.clone().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(altered).unwrap();
            assert!(Token::decode(&altered, "token").is_err(), "{place}");
        }
    }
}
