//! Prints changes as JSON Lines.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::Failure;
use super::json::to_json;
use crate::client::{Client, Delivery, InMemory, StoredWatch, TokenFile, TokenStore};
use crate::proto::v1::{
    ChangeKind, Detail, Origin, SnapshotEnd, WatchChangesRequest, watch_changes_request::Start,
};

/// Where to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// After the newest commit.
    Now,
    /// With the oldest commit that is kept.
    Earliest,
    /// With the state as it is, and then with what follows.
    Snapshot,
}

/// How much of each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shown {
    /// Names and changed fields.
    Names,
    /// The resources too.
    Full,
    /// The resources before the change as well.
    FullWithBefore,
}

/// Prints each commit as one JSON object a line.
///
/// With --from snapshot there are lines before, each with a resource as the member
/// `snapshot`, and then one with `snapshotEnd`.
///
/// The last line of what arrived together has the member `token`: give it to
/// --token to go on behind it, or have it kept by --state.
#[derive(Clone, Debug, Args)]
pub struct Watch {
    /// Address of the service; several mean replicas of one store
    #[arg(
        long,
        env = "ENTENTE_ADDRESS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    address: Vec<String>,
    /// Where to begin
    #[arg(long, value_enum, default_value = "now")]
    from: From,
    /// Begin behind this token
    #[arg(long, conflicts_with_all = ["from", "after_revision"])]
    token: Option<String>,
    /// Begin behind this revision
    #[arg(long, conflicts_with = "from")]
    after_revision: Option<i64>,
    /// Keep the token in this file, and begin behind the one that is there
    ///
    /// It is saved when the lines before it have been written, so a watch that is
    /// killed may print its last lines again. Where there is no such file yet, it
    /// begins as the other flags say.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// End when this revision has been printed
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    until_revision: i64,
    /// Only resources that match, such as parties.country = "countries/KHM"
    ///
    /// One that starts to match is ENTERED, one that ceases to has LEFT. docs/filters.md
    /// has the language.
    #[arg(long, default_value = "", hide_default_value = true)]
    filter: String,
    /// Only resources of these types, such as Agreement
    #[arg(long = "type", value_name = "TYPE")]
    types: Vec<String>,
    /// Only changes of these kinds: created, updated, deleted, undeleted, entered, left
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<String>,
    /// Only commits by these actors
    #[arg(long = "actor", value_name = "ACTOR")]
    actors: Vec<String>,
    /// How much of each change
    #[arg(long, value_enum, default_value = "full")]
    detail: Shown,
}

impl Watch {
    /// Prints until the end that was asked for, or for ever.
    pub async fn run(mut self) -> Result<(), Failure> {
        let (client, state) = (Client::new(&self.address)?, self.state.take());
        let watch = client.watch(self.request()?);
        match state {
            Some(path) => print(watch.stored_in(TokenFile::new(path)).await?).await,
            None => print(watch.stored_in(InMemory::default()).await?).await,
        }
    }

    fn request(self) -> Result<WatchChangesRequest, Failure> {
        let start = match (self.token, self.after_revision, self.from) {
            (Some(token), _, _) => Start::Token(token),
            (None, Some(revision), _) => Start::AfterRevision(revision),
            (None, None, From::Now) => Start::Origin(Origin::Now.into()),
            (None, None, From::Earliest) => Start::Origin(Origin::Earliest.into()),
            (None, None, From::Snapshot) => Start::Origin(Origin::Snapshot.into()),
        };
        let kinds = self.kinds.iter().map(|kind| {
            let full = format!("CHANGE_KIND_{}", kind.to_uppercase());
            let known = ChangeKind::from_str_name(&full);
            known.map(i32::from).ok_or_else(|| {
                format!(
                    "--kind must be created, updated, deleted, undeleted, entered or left, not {kind}"
                )
            })
        });
        let detail = match self.detail {
            Shown::Names => Detail::Names,
            Shown::Full => Detail::Full,
            Shown::FullWithBefore => Detail::FullWithBefore,
        };
        Ok(WatchChangesRequest {
            start: Some(start),
            filter: self.filter,
            resource_types: self.types,
            kinds: kinds.collect::<Result<_, _>>()?,
            actors: self.actors,
            detail: detail.into(),
            until_revision: self.until_revision,
            ..WatchChangesRequest::default()
        })
    }
}

/// Prints what `watch` brings. Its token is saved once the lines have been written.
async fn print(mut watch: StoredWatch<impl TokenStore>) -> Result<(), Failure> {
    while let Some(delivery) = watch.next().await? {
        let mut out = std::io::stdout().lock();
        for line in lines(&delivery)? {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
    Ok(())
}

/// A delivery as lines, the last with its token; none for one with a token alone.
fn lines(delivery: &Delivery) -> Result<Vec<Value>, Failure> {
    let Delivery { snapshot, snapshot_is_whole, commits, token, revision } = delivery;
    let mut lines = Vec::new();
    for resource in snapshot {
        lines.push(json!({ "snapshot": to_json("Resource", resource)? }));
    }
    if *snapshot_is_whole {
        let end = SnapshotEnd { revision: *revision };
        lines.push(json!({ "snapshotEnd": to_json("SnapshotEnd", &end)? }));
    }
    for commit in commits {
        lines.push(to_json("Commit", commit)?);
    }
    if let Some(members) = lines.last_mut().and_then(Value::as_object_mut) {
        members.insert("token".to_owned(), token.clone().into());
    }
    Ok(lines)
}
