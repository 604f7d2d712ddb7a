//! Where a stream starts, and whether the history that a token speaks of is ours.

use super::Feed;
use super::segment::Mark;
use super::token::{HashPrefix, Token, prefix};
use super::view::other_selectors;
use crate::model::error::{Error, Reason, Result};
use crate::model::violations::Path;
use crate::store::Store;
use crate::store::entities::head;

/// Where a client asks to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// After the commit that a token stands for.
    Token(Token),
    /// After a revision.
    AfterRevision(i64),
    /// After the last commit at or before a time, in microseconds since 1970.
    AfterTime(i64),
    /// After the newest commit.
    Now,
    /// With the oldest commit that is kept.
    Earliest,
    /// With the state, and then after the newest commit.
    Snapshot,
}

/// A place from which a stream can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Everything at or below has been seen.
    pub revision: i64,
    /// Of the chain hash there.
    pub hash: HashPrefix,
}

impl From<Mark> for Place {
    fn from(mark: Mark) -> Self {
        Self { revision: mark.revision, hash: mark.hash }
    }
}

impl Start {
    /// The start that the token `text` stands for.
    pub fn of_token(text: &str) -> Result<Self> {
        Token::decode(text, "token").map(Self::Token)
    }

    /// The start after `revision`.
    pub fn of_revision(revision: i64) -> Result<Self> {
        if revision < 0 {
            let at = Path::Root;
            return Err(Error::invalid(&at.field("after_revision"), "must not be negative"));
        }
        Ok(Self::AfterRevision(revision))
    }

    /// The revision that it comes after, as far as the request itself says.
    pub fn revision(&self) -> Option<i64> {
        match self {
            Self::Token(token) => Some(token.revision),
            Self::AfterRevision(revision) => Some(*revision),
            Self::AfterTime(_) | Self::Now | Self::Earliest | Self::Snapshot => None,
        }
    }

    /// How many changes of the next commit have been told, by their ordinals.
    pub fn ordinal(&self) -> u32 {
        match self {
            Self::Token(token) => token.ordinal,
            _ => 0,
        }
    }

    /// Of the state with which it starts, what has been told: everything up to this
    /// name. `None` if it starts with changes.
    pub fn snapshot(&self) -> Option<&str> {
        match self {
            Self::Snapshot => Some(""),
            Self::Token(token) => token.snapshot.as_deref(),
            _ => None,
        }
    }

    /// Refuses a start with the state, for those who tell only changes.
    pub fn with_changes(&self) -> Result<()> {
        match self {
            Self::Snapshot => {
                let text = "must not be ORIGIN_SNAPSHOT here: list the types, or watch";
                Err(Error::invalid(&Path::Root.field("origin"), text))
            }
            Self::Token(Token { snapshot: Some(_), .. }) => {
                let text = "is of a watch in the middle of a snapshot: watch on to its end first";
                Err(Error::token(Reason::TokenOfAnotherQuery, "token", text))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a token whose filter meant something else.
    pub fn means(&self, meaning: [u8; 8]) -> Result<()> {
        match self {
            Self::Token(token) if token.selectors != [0; 8] && token.meaning != meaning => {
                Err(meaning_changed(None))
            }
            _ => Ok(()),
        }
    }

    /// The revision behind which the filter must always have meant what it means now:
    /// that of a token of a list, whose reader has a copy. Other tokens tell the meaning,
    /// and other starts are judged by what it is now.
    pub fn copied_at(&self) -> Option<i64> {
        match self {
            Self::Token(token) if token.selectors == [0; 8] => Some(token.revision),
            _ => None,
        }
    }

    /// Why the names in the filter mean nothing, as `error` says, where they meant
    /// something when the token was made.
    pub fn names_lost(&self, error: Error) -> Error {
        match self {
            Self::Token(token)
                if token.selectors != [0; 8] && error.reason == Reason::FilterInvalid =>
            {
                meaning_changed(None)
            }
            _ => error,
        }
    }

    /// Refuses a place inside of a commit.
    pub fn between_commits(&self) -> Result<()> {
        if self.ordinal() == 0 {
            return Ok(());
        }
        let text = "is that of a poll that has told a part of a commit: poll on to its end first";
        Err(Error::token(Reason::TokenOfAnotherQuery, "token", text))
    }

    /// Refuses a token of another store, and one that is bound to other selectors.
    /// As long as the selectors are not known, it may be theirs.
    pub fn belongs(&self, feed: &Feed, selectors: Option<[u8; 8]>) -> Result<()> {
        let Self::Token(Token { store_id, selectors: bound, .. }) = self else { return Ok(()) };
        if *store_id != feed.store_id() {
            let text = format!("is of the store {store_id}, and this is {}", feed.store_id());
            return Err(Error::token(Reason::StoreMismatch, "token", text));
        }
        if *bound != [0; 8] && selectors.is_some_and(|selectors| selectors != *bound) {
            return Err(other_selectors("token"));
        }
        Ok(())
    }

    /// Finds the place.
    pub async fn find(&self, feed: &Feed, store: &Store) -> Result<Place> {
        let revision = match self {
            Self::Token(token) => return of_token(token, feed, store).await,
            Self::AfterRevision(revision) => {
                let head = newest(feed, store, *revision).await?;
                if *revision > head {
                    let text = format!("the newest revision is {head}");
                    return Err(Error::token(Reason::RevisionInFuture, "after_revision", text));
                }
                *revision
            }
            Self::AfterTime(micros) => store.revision_at(*micros).await?,
            Self::Now | Self::Snapshot => store.head().await?.revision,
            Self::Earliest => feed.head().earliest_revision - 1,
        };
        check_kept(feed, revision)?;
        place_at(feed, store, revision).await
    }
}

/// The place behind the commit `revision`.
pub async fn place_at(feed: &Feed, store: &Store, revision: i64) -> Result<Place> {
    let hash = hash_at(feed, store, revision).await?;
    let hash = hash.ok_or_else(|| {
        Error::new(Reason::HistoryDiverged, format!("there is no commit {revision}"))
    })?;
    Ok(Place { revision, hash })
}

async fn of_token(token: &Token, feed: &Feed, store: &Store) -> Result<Place> {
    let Token { revision, hash, .. } = *token;
    let diverged = || {
        let text = "speaks of a history that this store does not have: copy the state anew";
        Error::token(Reason::HistoryDiverged, "token", text)
    };
    if revision > newest(feed, store, revision).await? {
        return Err(diverged());
    }
    if hash_at(feed, store, revision).await? != Some(hash) {
        return Err(diverged());
    }
    check_kept(feed, revision)?;
    Ok(Place { revision, hash })
}

/// The newest revision: as this process knows it, unless `wanted` is beyond, which
/// another replica may have seen.
async fn newest(feed: &Feed, store: &Store, wanted: i64) -> Result<i64> {
    let known = feed.head().mark.revision;
    if wanted <= known {
        return Ok(known);
    }
    let head::Model { revision, .. } = store.head().await?;
    Ok(revision)
}

async fn hash_at(feed: &Feed, store: &Store, revision: i64) -> Result<Option<HashPrefix>> {
    if let Some(hash) = feed.hash(revision) {
        return Ok(Some(hash));
    }
    // Of many that come back at once, few ask the database at the same time.
    let _turn = feed.log_turn().await;
    let found = store.hash_at(revision, feed.store_id()).await?;
    Ok(found.map(|hash| prefix(&hash)))
}

/// What ends a stream whose filter no longer means what it did: from `revision` on, if
/// that is known.
pub fn meaning_changed(revision: Option<i64>) -> Error {
    let since =
        revision.map_or_else(|| "by now".to_owned(), |one| format!("from revision {one} on"));
    let text = format!(
        "a tree that it names with under(), or a code in it, means something else {since}: drop the \
         token and what was made with it, and start again with ORIGIN_SNAPSHOT"
    );
    Error::token(Reason::FilterMeaningChanged, "filter", text)
}

/// Refuses a place whose next commit is no longer kept.
pub fn check_kept(feed: &Feed, revision: i64) -> Result<()> {
    let earliest = feed.head().earliest_revision;
    if revision + 1 >= earliest {
        return Ok(());
    }
    let text = format!("the history before revision {earliest} is gone: copy the state anew");
    Err(Error::new(Reason::HistoryCompacted, text))
}
