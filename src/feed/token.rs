//! Tokens: a place in a history, and proof that it is this history.
//!
//! A token holds the store's id, a revision, eight bytes of the chain hash at
//! that revision, a hash of the selectors that it is bound to (zeros: none) and a
//! checksum. One of a poll that has told a part of the next commit also holds
//! where the rest begins. A token is no authority: whoever can read may make one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::model::error::{Error, Reason, Result};

/// The first byte: how the rest is laid out. Page tokens of lists have another
/// (`api/listing.rs`).
const BETWEEN_COMMITS: u8 = 1;
/// The same for a place inside of a commit.
const INSIDE_COMMIT: u8 = 3;
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
    /// Of the next commit, the changes below this ordinal have been told.
    pub ordinal: u32,
}

impl Token {
    /// As clients keep it.
    pub fn encode(&self) -> String {
        let Self { store_id, revision, hash, selectors, ordinal } = self;
        let mut bytes = Vec::with_capacity(LENGTH + 8);
        bytes.push(if *ordinal == 0 { BETWEEN_COMMITS } else { INSIDE_COMMIT });
        bytes.extend_from_slice(store_id.as_bytes());
        bytes.extend_from_slice(&revision.to_be_bytes());
        bytes.extend_from_slice(hash);
        bytes.extend_from_slice(selectors);
        if *ordinal != 0 {
            bytes.extend_from_slice(&ordinal.to_be_bytes());
        }
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
        let (content, sum) = bytes.split_last_chunk::<4>().ok_or_else(malformed)?;
        if *sum != checksum(content) {
            return Err(malformed());
        }
        let (place, rest) = content.split_first_chunk::<LENGTH>().ok_or_else(malformed)?;
        let ordinal = match (place[0], rest) {
            (BETWEEN_COMMITS, []) => 0,
            (INSIDE_COMMIT, [a, b, c, d]) => u32::from_be_bytes([*a, *b, *c, *d]),
            _ => return Err(malformed()),
        };
        let part = |from: usize| -> [u8; 8] { prefix(&place[from..from + 8]) };
        let store_id = Uuid::from_slice(&place[1..17]).map_err(|_| malformed())?;
        let revision = i64::from_be_bytes(part(17));
        Ok(Self { store_id, revision, hash: part(25), selectors: part(33), ordinal })
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
        Token { store_id, revision: 42, hash: *b"abcdefgh", selectors: [0; 8], ordinal: 0 }
    }

    #[test]
    fn a_token_comes_back() {
        for ordinal in [0, 1, u32::MAX] {
            let token = Token { ordinal, ..token() };
            assert_eq!(Token::decode(&token.encode(), "token"), Ok(token));
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
