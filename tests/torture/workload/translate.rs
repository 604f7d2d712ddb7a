//! What the service says, as the checks have it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use entente::feed::token::Token;
use entente::model::wire::put_field;
use entente::proto::v1::agreement_party::Party;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_response::Event as WireEvent;
use entente::proto::v1::{self, ChangeKind, Resource};
use entente::resources::REGISTRY;
use entente::store::entities::record;
use entente::store::log::{ChangeKind as StoredKind, Logged};
use prost::Message as _;
use prost_types::Timestamp;
use sea_orm::EntityTrait;

use crate::database::Database;
use crate::history::log::Log;
use crate::history::{Change, Commit, Event, Image, Item, Kind};
use crate::record::Record;
use crate::support::samples;

/// The log of a store.
pub(super) fn log(record: &Record) -> Log {
    Log::new(record.commits.iter().map(logged).collect())
}

/// Its tables.
pub(super) async fn tables(database: &Database) -> BTreeMap<String, Image> {
    let connection = database.connect().await;
    let rows = record::Entity::find().all(&connection).await.expect("records are read");
    connection.close().await.expect("the connection closes");
    rows.iter().map(|row| (row.name.clone(), stored(&row.name, &row.body))).collect()
}

fn logged(Logged { commit, changes }: &Logged) -> Commit {
    let changes: Vec<_> = changes
        .iter()
        .map(|row| Change {
            ordinal: row.ordinal,
            kind: kind(StoredKind::wire(&row.kind)),
            resource_type: REGISTRY.by_name(&row.name).unwrap().type_name.to_owned(),
            name: row.name.clone(),
            uid: row.uid.to_string(),
            image: (!row.body.is_empty()).then(|| stored(&row.name, &row.body)),
            before: None,
            fields: row.fields.split(',').filter(|path| !path.is_empty()).map(Into::into).collect(),
        })
        .collect();
    Commit {
        revision: commit.revision,
        time: commit.commit_time,
        actor: commit.actor.clone(),
        reason: commit.reason.clone(),
        request_id: commit.request_id.clone(),
        change_count: changes.len(),
        changes,
        fragment: false,
    }
}

/// The resource `name` from its stored message.
fn stored(name: &str, body: &[u8]) -> Image {
    let mut bytes = Vec::with_capacity(body.len() + 8);
    put_field(REGISTRY.by_name(name).unwrap().tag, body, &mut bytes);
    image(&Resource::decode(bytes.as_slice()).unwrap())
}

/// What the checks know of a resource.
pub(super) fn image(resource: &Resource) -> Image {
    let mut hasher = DefaultHasher::new();
    hasher.write(&resource.encode_to_vec());
    let parties = match &resource.resource {
        Some(Any::Agreement(agreement)) => agreement.parties.as_slice(),
        _ => &[],
    };
    let countries = parties.iter().filter_map(|party| match &party.party {
        Some(Party::Country(country)) => Some(country.clone()),
        _ => None,
    });
    Image { digest: hasher.finish(), parties: countries.collect() }
}

/// The same with its name.
pub(super) fn item(name: &str, resource: Any) -> Item {
    let resource = Resource { resource: Some(resource) };
    Item { name: name.to_owned(), image: image(&resource) }
}

/// A resource of a snapshot.
fn named(resource: &Resource) -> Item {
    Item { name: samples::name(resource), image: image(resource) }
}

/// What a message of a stream tells.
pub(super) fn event(event: &WireEvent) -> Event {
    match event {
        WireEvent::Started(started) => Event::Started(started.after_revision),
        WireEvent::Snapshot(snapshot) => {
            Event::Snapshot(snapshot.items.iter().map(named).collect())
        }
        WireEvent::SnapshotEnd(end) => Event::SnapshotEnd(end.revision),
        WireEvent::Commits(commits) => Event::Commits(commits.commits.iter().map(commit).collect()),
        WireEvent::Progress(progress) => Event::Progress(progress.revision),
        WireEvent::CaughtUp(caught_up) => Event::CaughtUp(caught_up.revision),
        WireEvent::FellBehind(behind) => Event::FellBehind(behind.revision),
        WireEvent::Draining(draining) => Event::Draining(draining.revision),
    }
}

/// A commit as it was told.
pub(super) fn commit(commit: &v1::Commit) -> Commit {
    let changes = commit.changes.iter().map(|change| Change {
        ordinal: change.ordinal,
        kind: kind(change.kind()),
        resource_type: change.resource_type.clone(),
        name: change.name.clone(),
        uid: change.uid.clone(),
        image: change.resource.as_ref().map(image),
        before: change.before.as_ref().map(image),
        fields: change.changed_fields.clone().map(|mask| mask.paths).unwrap_or_default(),
    });
    Commit {
        revision: commit.revision,
        time: commit.commit_time.as_ref().map_or(0, micros),
        actor: commit.actor.clone(),
        reason: commit.reason.clone(),
        request_id: commit.request_id.clone(),
        changes: changes.collect(),
        change_count: usize::try_from(commit.change_count).unwrap(),
        fragment: commit.fragment,
    }
}

fn kind(kind: ChangeKind) -> Kind {
    match kind {
        ChangeKind::Created => Kind::Created,
        ChangeKind::Updated => Kind::Updated,
        ChangeKind::Deleted => Kind::Deleted,
        ChangeKind::Undeleted => Kind::Undeleted,
        ChangeKind::Entered => Kind::Entered,
        ChangeKind::Left => Kind::Left,
        ChangeKind::Unspecified => panic!("a change says what it is"),
    }
}

fn micros(timestamp: &Timestamp) -> i64 {
    timestamp.seconds * 1_000_000 + i64::from(timestamp.nanos) / 1_000
}

/// Where a token leads: the revision, and whether the next commit has been told in part.
pub(super) fn token(text: &str) -> Option<(i64, bool)> {
    (!text.is_empty()).then(|| {
        let token = Token::decode(text, "token").unwrap();
        (token.revision, token.ordinal != 0)
    })
}
