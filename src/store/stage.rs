//! One request over what the group has accepted so far.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use uuid::Uuid;

use super::judge::{external_keys, place};
use super::load::{ExternalKey, Grave, Known};
use super::peers::Likeness;
use super::registry::{Decoded, Kind};
use super::resource::Object;
use super::unit::{Unit, expect_etag};
use super::write::{Draft, Operation, new_uid};
use crate::model::dates::Day;
use crate::model::error::{Problems, Reason};
use crate::model::names;
use crate::model::violations::Path;
use crate::model::wire::Mask;
use crate::proto::v1::MutationOutcome;

/// What a mutation does to one record.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) kind: &'static Kind,
    /// Path of the resource in the request.
    pub(super) path: String,
    pub(super) outcome: MutationOutcome,
    pub(super) name: String,
    pub(super) key: i64,
    pub(super) uid: Uuid,
    /// The version before: its revision and message.
    pub(super) before: Option<(i64, Bytes)>,
    /// When it was first recorded, if that was earlier.
    pub(super) create_time: Option<prost_types::Timestamp>,
    /// What it becomes; `None` if deleted.
    pub(super) object: Option<Box<dyn Object>>,
    /// What it may have in common with others, once it has been judged.
    pub(super) likenesses: Vec<Likeness>,
    /// Whether its declared rules are still to be checked.
    pub(super) unchecked: bool,
    /// The day on which another store recorded it so.
    pub(super) recorded: Option<Day>,
}

/// One request as it is judged.
#[derive(Debug)]
pub(super) struct Stage<'u> {
    pub(super) unit: &'u Unit,
    pub(super) items: Vec<Item>,
    pub(super) names: HashMap<String, Option<Known>>,
    pub(super) external: HashMap<ExternalKey, Option<(i64, String)>>,
    pub(super) next_key: i64,
    /// What changes with the items, unasked.
    pub(super) entailed: Vec<Item>,
    /// Names with the path of the mutation that is about them.
    mutated: HashMap<String, String>,
}

/// What a name leads to.
#[derive(Debug)]
pub(super) enum Found {
    /// A live record, by its canonical name.
    One(String, Known),
    /// An alias of several records.
    Ambiguous(Vec<String>),
    /// Nothing; the name written in the one way.
    Nothing(String),
}

impl Found {
    /// Says why this is not one record.
    pub(super) fn problem(&self) -> String {
        match self {
            Self::One(name, _) => format!("{name} exists"),
            Self::Ambiguous(names) => format!("is ambiguous: it may mean {}", names.join(" or ")),
            Self::Nothing(name) => format!("there is no {name}"),
        }
    }
}

#[derive(Clone, PartialEq, prost::Message)]
struct FirstTime {
    #[prost(message, optional, tag = "107")]
    create_time: Option<prost_types::Timestamp>,
}

impl<'u> Stage<'u> {
    pub(super) fn new(unit: &'u Unit) -> Self {
        Self {
            unit,
            items: Vec::new(),
            names: HashMap::new(),
            external: HashMap::new(),
            next_key: unit.head.next_key,
            entailed: Vec::new(),
            mutated: HashMap::new(),
        }
    }

    /// Stages one mutation.
    pub(super) fn add(&mut self, draft: &Draft, problems: &mut Problems) {
        match &draft.operation {
            Operation::Create { object, name } => {
                self.create(draft, object.boxed_clone(), name.clone(), problems);
            }
            Operation::Update { object, name, mask, allow_missing, etag } => {
                let Some(found) = self.target(draft, name, problems) else { return };
                match found {
                    Found::One(name, known) => {
                        let at = place(&draft.path, &Path::Root);
                        expect_etag(etag, &known, &name, &at.field("etag"), problems);
                        self.update(draft, object.as_ref(), name, &known, mask);
                    }
                    Found::Nothing(name) if *allow_missing && !etag.is_empty() => {
                        let at = format!("{}.etag", draft.path);
                        let text = format!("there is no {name} any more: read it again");
                        problems.add(Reason::EtagMismatch, &Path::Root.field(&at), text, &name);
                    }
                    Found::Nothing(name) if *allow_missing => {
                        self.create(draft, object.boxed_clone(), Some(name), problems);
                    }
                    other => not_one(draft, &other, problems),
                }
            }
            Operation::Import { .. } => self.import(draft, problems),
            Operation::Delete { name, etag } => {
                let Some(found) = self.target(draft, name, problems) else { return };
                match found {
                    Found::One(name, known) => {
                        let at = draft.name_path.replace("name", "etag");
                        expect_etag(etag, &known, &name, &Path::Root.field(&at), problems);
                        self.delete(draft, name, &known);
                    }
                    other => not_one(draft, &other, problems),
                }
            }
            Operation::Undelete { name } => self.undelete(draft, name, problems),
        }
    }

    /// What `name` leads to, after what this request has staged.
    pub(super) fn find(&self, name: &str) -> Found {
        let canonical = self.unit.registry.canonical(name).unwrap_or_else(|| name.to_owned());
        if let Some(known) = self.known(&canonical) {
            return Found::One(canonical, known.clone());
        }
        let meant = self.unit.loaded.aliases.get(&canonical).map(Vec::as_slice).unwrap_or_default();
        let live: Vec<_> = meant.iter().filter(|name| self.known(name).is_some()).collect();
        match live.as_slice() {
            [] => Found::Nothing(canonical),
            [name] => match self.known(name) {
                Some(known) => Found::One((*name).clone(), known.clone()),
                None => Found::Nothing(canonical),
            },
            names => Found::Ambiguous(names.iter().map(|name| (*name).clone()).collect()),
        }
    }

    pub(super) fn known(&self, name: &str) -> Option<&Known> {
        match self.names.get(name) {
            Some(staged) => staged.as_ref(),
            None => self.unit.known(name),
        }
    }

    /// What the name of a mutation's resource leads to; `None` if the name is
    /// none of that type or is taken by another mutation of the request.
    fn target(&mut self, draft: &Draft, name: &str, problems: &mut Problems) -> Option<Found> {
        let at = Path::Root;
        let at = at.field(&draft.name_path);
        let kind = draft.kind;
        if name.is_empty() {
            // That it is required has been told with the message's own rules.
            return None;
        }
        if names::split(name).is_none_or(|(collection, _)| collection != kind.collection) {
            let text = format!("must be a name such as {}/{{id}}", kind.collection);
            problems.add(Reason::ValidationFailed, &at, text, "");
            return None;
        }
        let found = self.find(name);
        let canonical = match &found {
            Found::One(name, _) | Found::Nothing(name) => name.clone(),
            Found::Ambiguous(_) => return Some(found),
        };
        self.claim(draft, &canonical, problems).then_some(found)
    }

    fn claim(&mut self, draft: &Draft, name: &str, problems: &mut Problems) -> bool {
        let other = self.mutated.insert(name.to_owned(), draft.name_path.clone());
        if let Some(other) = &other {
            let text = format!("{name} is the resource of {other} already: use one mutation");
            problems.add(Reason::ValidationFailed, &Path::Root.field(&draft.name_path), text, "");
        }
        other.is_none()
    }

    fn create(
        &mut self,
        draft: &Draft,
        mut object: Box<dyn Object>,
        name: Option<String>,
        problems: &mut Problems,
    ) {
        let uid = new_uid();
        let chosen = name.is_some();
        let mut name = name.unwrap_or_else(|| draft.kind.name(&(draft.kind.id_of)(uid)));
        let at = Path::Root;
        let at = at.field(&draft.name_path);
        let (_, id) = names::split(&name).unwrap_or_default();
        // What is refused for its name is judged all the same, under one that nobody
        // has, so that the answer tells whatever else is wrong.
        // A type that names itself tells by its rules why it has no name of its own.
        if chosen && let Err(text) = (draft.kind.check_id)(id) {
            problems.add(Reason::ValidationFailed, &at, text, "");
            name = draft.kind.name(&uid.to_string());
        } else if chosen
            && matches!(draft.operation, Operation::Create { .. })
            && !self.claim(draft, &name, problems)
        {
            return;
        } else if self.known(&name).is_some() {
            problems.add(Reason::AlreadyExists, &at, format!("{name} exists"), &name);
            name = draft.kind.name(&uid.to_string());
        }
        let key = self.next_key;
        self.next_key += 1;
        set_identity(object.as_mut(), &name, uid);
        self.put(draft, MutationOutcome::Created, name, key, uid, None, Some(object));
    }

    fn import(&mut self, draft: &Draft, problems: &mut Problems) {
        let Operation::Import { object, name, fallback, mask, keeps } = &draft.operation else {
            return;
        };
        let holders = external_keys(object.as_ref()).filter_map(|key| self.holder(&key));
        let holders: BTreeSet<String> = holders.map(|(_, name)| name).collect();
        let mut holders = holders.into_iter();
        let name = match (name, holders.next(), holders.next()) {
            (Some(name), _, _) => Some(name.clone()),
            (None, Some(one), Some(other)) => {
                let at = place(&draft.path, &Path::Root);
                let text = format!("belong to several records, among them {one} and {other}");
                problems.add(Reason::ValidationFailed, &at.field("external_ids"), text, "");
                return;
            }
            (None, holder, _) => holder.or_else(|| fallback.clone()),
        };
        let Some(name) = name else {
            return self.create(draft, object.boxed_clone(), None, problems);
        };
        let Some(found) = self.target(draft, &name, problems) else { return };
        match found {
            Found::One(name, known) => {
                let mut object = object.boxed_clone();
                if *keeps {
                    keep(draft, &known, object.as_mut());
                }
                self.update(draft, object.as_ref(), name, &known, mask);
            }
            Found::Nothing(name) => {
                self.create(draft, object.boxed_clone(), Some(name), problems);
            }
            other @ Found::Ambiguous(_) => not_one(draft, &other, problems),
        }
    }

    fn update(
        &mut self,
        draft: &Draft,
        new: &dyn Object,
        name: String,
        known: &Known,
        mask: &Mask,
    ) {
        let before = known.body.clone().unwrap_or_default();
        let object = match merged(draft.kind, &before, new, mask) {
            Ok(mut object) => {
                object.clear_output_only();
                set_identity(object.as_mut(), &name, known.uid);
                object
            }
            Err(error) => {
                tracing::error!(%error, name, "a record cannot be merged");
                return;
            }
        };
        let before = Some((known.revision, before));
        self.put(draft, MutationOutcome::Updated, name, known.key, known.uid, before, Some(object));
    }

    fn delete(&mut self, draft: &Draft, name: String, known: &Known) {
        let before = Some((known.revision, known.body.clone().unwrap_or_default()));
        self.put(draft, MutationOutcome::Deleted, name, known.key, known.uid, before, None);
    }

    fn undelete(&mut self, draft: &Draft, name: &str, problems: &mut Problems) {
        let Some(found) = self.target(draft, name, problems) else { return };
        let at = Path::Root;
        let at = at.field(&draft.name_path);
        let name = match found {
            Found::Nothing(name) => name,
            Found::One(name, _) => {
                problems.add(Reason::AlreadyExists, &at, format!("{name} is not deleted"), &name);
                return;
            }
            ambiguous @ Found::Ambiguous(_) => return not_one(draft, &ambiguous, problems),
        };
        let Some(grave) = self.unit.grave(&name) else {
            problems.add(
                Reason::NotFound,
                &at,
                format!("there is no {name}, and there never was"),
                &name,
            );
            return;
        };
        let Grave { key, uid, last_revision, body } = grave;
        match draft.kind.decode(&body) {
            Ok(mut object) => {
                object.clear_output_only();
                set_identity(object.as_mut(), &name, uid);
                let before = Some((last_revision, body));
                self.put(draft, MutationOutcome::Undeleted, name, key, uid, before, Some(object));
            }
            Err(error) => tracing::error!(%error, name, "a deleted record cannot be decoded"),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "they are the fields of an item, each once")]
    fn put(
        &mut self,
        draft: &Draft,
        outcome: MutationOutcome,
        name: String,
        key: i64,
        uid: Uuid,
        before: Option<(i64, Bytes)>,
        object: Option<Box<dyn Object>>,
    ) {
        let first =
            before.as_ref().map(|(_, body)| <FirstTime as prost::Message>::decode(body.as_ref()));
        let known =
            object.is_some().then(|| Known { key, uid, revision: 0, body: None, seen: None });
        self.names.insert(name.clone(), known);
        self.items.push(Item {
            kind: draft.kind,
            path: draft.path.clone(),
            outcome,
            name,
            key,
            uid,
            before,
            create_time: first.and_then(Result::ok).and_then(|first| first.create_time),
            object,
            likenesses: Vec::new(),
            unchecked: !matches!(draft.operation, Operation::Create { .. }),
            recorded: draft.recorded,
        });
    }
}

/// The message `before` with the fields of `new` that `mask` names.
pub(super) fn merged(kind: &Kind, before: &[u8], new: &dyn Object, mask: &Mask) -> Decoded {
    let mut merged = mask.remove(&kind.content(before));
    merged.extend_from_slice(&mask.take(&new.encode()));
    kind.decode(&merged)
}

/// Puts the external ids that a record has before those that are new, and keeps what its
/// type says.
fn keep(draft: &Draft, known: &Known, object: &mut dyn Object) {
    let before = known.body.as_ref().map(|body| draft.kind.decode(body));
    let Some(Ok(before)) = before else { return };
    object.keep(before.as_ref());
    let new = object.common_mut().external_ids;
    if new.is_empty() {
        return;
    }
    let mut all = before.common().external_ids.to_vec();
    all.extend(new.drain(..).filter(|id| !before.common().external_ids.contains(id)));
    *new = all;
}

fn set_identity(object: &mut dyn Object, name: &str, uid: Uuid) {
    let common = object.common_mut();
    name.clone_into(common.name);
    *common.uid = uid.to_string();
}

fn not_one(draft: &Draft, found: &Found, problems: &mut Problems) {
    let (reason, resource) = match found {
        Found::Nothing(name) => (Reason::NotFound, name.as_str()),
        _ => (Reason::ValidationFailed, ""),
    };
    problems.add(reason, &Path::Root.field(&draft.name_path), found.problem(), resource);
}
