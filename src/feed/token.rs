//! Tokens: a place in a history, and proof that it is this history.
//!
//! A token holds the store's id, a revision, eight bytes of the chain hash at
//! that revision, a hash of the selectors that it is bound to (zeros: none) and a
//! checksum. It is no authority: whoever can read may make one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::model::error::{Error, Reason, Result};

/// The first byte: how the rest is laid out. Page tokens of lists have another
/// (`api/listing.rs`).
const VERSION: u8 = 1;
/// Version, store, revision, hash, selectors, checksum.
const LENGTH: usize = 1 + 16 + 8 + 8 + 8 + 4;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The store.
    pub store_id: Uuid,
    /// Everything at or below has been seen.
    pub revision: i64,
    /// Of the chain hash at that revision.
    pub hash: HashPrefix,
    /// Hash of the selectors; zeros fit any.
    pub selectors: [u8; 8],
}

impl Token {
    /// As clients keep it.
    pub fn encode(&self) -> String {
        let Self { store_id, revision, hash, selectors } = self;
        let mut bytes = Vec::with_capacity(LENGTH);
        bytes.push(VERSION);
        bytes.extend_from_slice(store_id.as_bytes());
        bytes.extend_from_slice(&revision.to_be_bytes());
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(selectors);
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what a client sends back in the field `at`.
    pub fn decode(text: &str, at: &str) -> Result<Self> {
        let malformed = || {
            let text = "is no token of this service, or has been cut or altered";
            Error::token(Reason::TokenMalformed, at, text)
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| malformed())?;
        let bytes: [u8; LENGTH] = bytes.try_into().map_err(|_| malformed())?;
        let (content, sum) = bytes.split_at(LENGTH - 4);
        if content[0] != VERSION || sum != checksum(content) {
            return Err(malformed());
        }
        let part = |from: usize| -> [u8; 8] { prefix(&content[from..from + 8]) };
        let store_id = Uuid::from_slice(&content[1..17]).map_err(|_| malformed())?;
        let revision = i64::from_be_bytes(part(17));
        Ok(Self { store_id, revision, hash: part(25), selectors: part(33) })
    }
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
        Token { store_id, revision: 42, hash: *b"abcdefgh", selectors: [0; 8] }
    }

    #[test]
    fn a_token_comes_back() {
        assert_eq!(Token::decode(&token().encode(), "token"), Ok(token()));
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
