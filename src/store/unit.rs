//! A group of writes, applied in memory.
//!
//! Each request is staged on its own over what the requests before it have left,
//! judged whole, and then either merged or dropped: a refused request leaves no
//! trace, and whoever comes later sees exactly what was accepted before.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;

use super::entities::{change, commit, head, request};
use super::finish::{Finished, finish, preview};
use super::hierarchy::{OwnChildren, parent_names};
use super::load::{ExternalKey, Grave, Known, Loaded};
use super::log::Logged;
use super::peers::{Alike, Own};
use super::registry::{Kind, Registry};
use super::resource::{Keys, Object};
use super::stage::{Item, Stage};
use super::write::{Write, Written, etag};
use super::{FORMAT, chain};
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::limits::{COMMIT_BYTES, REQUEST_KEPT};
use crate::model::violations::Path;
use crate::proto::v1::{ApplyResponse, MutationOutcome};

/// A record as the group leaves it.
#[derive(Debug)]
pub(super) struct Touched {
    pub(super) kind: &'static Kind,
    pub(super) name: String,
    pub(super) uid: uuid::Uuid,
    /// Whether the tables hold rows of it from before the group.
    pub(super) existed: bool,
    /// The last revision at which it lived, where it is now deleted.
    pub(super) last_revision: i64,
    /// The message at that revision.
    pub(super) last_body: Bytes,
    /// What it is now; `None` if deleted.
    pub(super) live: Option<(i64, Bytes, Box<dyn Object>)>,
}

/// A group of writes as it is applied.
#[derive(Debug)]
pub(super) struct Unit {
    pub(super) registry: Registry,
    pub(super) head: head::Model,
    pub(super) loaded: Loaded,
    /// External ids as the group leaves them; `None` if given up.
    pub(super) external: HashMap<ExternalKey, Option<(i64, String)>>,
    pub(super) touched: BTreeMap<i64, Touched>,
    /// What the group's own records have in common with others.
    pub(super) own_peers: HashMap<Alike, Vec<Own>>,
    /// Which of the group's own records are children of others.
    pub(super) own_children: OwnChildren,
    pub(super) requests: Vec<request::Model>,
    answered: HashMap<(String, String), ([u8; 32], Written)>,
    /// What is appended to the log.
    pub(super) logged: Vec<Logged>,
    /// The messages before its changes, one for each; empty if there was none.
    pub(super) befores: Vec<Bytes>,
    /// Whether the head is at another day than before.
    pub(super) has_turned: bool,
    /// Microseconds since 1970.
    now: i64,
}

impl Unit {
    /// Begins a group at `head`, when the clock says `now` in microseconds.
    pub(super) fn new(registry: Registry, head: head::Model, loaded: Loaded, now: i64) -> Self {
        Self {
            registry,
            head,
            loaded,
            external: HashMap::new(),
            touched: BTreeMap::new(),
            own_peers: HashMap::new(),
            own_children: OwnChildren::new(),
            requests: Vec::new(),
            answered: HashMap::new(),
            logged: Vec::new(),
            befores: Vec::new(),
            has_turned: false,
            now,
        }
    }

    /// Whether there is anything to store.
    pub(super) fn is_empty(&self) -> bool {
        self.logged.is_empty() && self.requests.is_empty() && !self.has_turned
    }

    /// Judges a request and, if it is accepted, takes it into the group.
    pub(super) fn apply(&mut self, write: &Write) -> Result<Written> {
        if let Some(answer) = self.answered_before(write)? {
            return Ok(answer);
        }
        let mut problems = Problems::default();
        let mut stage = Stage::new(self);
        stage.check(&write.checks, &mut problems);
        for draft in &write.drafts {
            problems.extend(&draft.violations);
            stage.add(draft, &mut problems);
        }
        stage.complete(&mut problems);
        problems.into_result()?;
        let Stage { mut items, entailed, external, next_key, .. } = stage;
        if write.validate_only {
            return Ok(preview(items, self.head.today));
        }
        // Answered is what was asked for.
        let asked = items.len();
        items.extend(entailed);
        let mut written = self.commit(write, items)?;
        written.results.truncate(asked);
        written.bodies.truncate(asked);
        self.external.extend(external);
        self.head.next_key = next_key;
        self.remember(write, &written);
        Ok(written)
    }

    fn answered_before(&self, write: &Write) -> Result<Option<Written>> {
        if write.request_id.is_empty() || write.validate_only {
            return Ok(None);
        }
        let key = (write.actor.clone(), write.request_id.clone());
        let reused = || {
            Error::token(
                Reason::RequestIdReused,
                "request_id",
                "belongs to a request with another body: use a new one",
            )
        };
        if let Some((digest, written)) = self.answered.get(&key) {
            return if *digest == write.digest { Ok(Some(written.clone())) } else { Err(reused()) };
        }
        let Some(row) = self.loaded.requests.get(&key) else { return Ok(None) };
        if row.expires <= self.now {
            return Ok(None);
        }
        if row.digest != write.digest {
            return Err(reused());
        }
        let answer = ApplyResponse::decode(row.result.as_slice()).map_err(|error| {
            tracing::error!(%error, "a stored answer cannot be decoded");
            Error::internal()
        })?;
        Ok(Some(Written { revision: answer.revision, results: answer.results, bodies: Vec::new() }))
    }

    /// The live record called `name`, as the requests before have left it.
    pub(super) fn known(&self, name: &str) -> Option<&Known> {
        self.loaded.names.get(name)?.as_ref()
    }

    /// The live record called `name`, if its message is known.
    pub(super) fn record(&self, name: &str) -> Option<Arc<dyn Object>> {
        let known = self.known(name)?;
        if let Some(seen) = &known.seen {
            return Some(Arc::clone(seen));
        }
        let object = self.registry.by_name(name)?.decode(known.body.as_ref()?).ok()?;
        Some(Arc::from(object))
    }

    /// What was deleted last under `name`, as the requests before have left it.
    pub(super) fn grave(&self, name: &str) -> Option<Grave> {
        let own = self.touched.iter().rfind(|(_, touched)| touched.name == name);
        match own {
            Some((&key, Touched { uid, last_revision, last_body, live: None, .. })) => {
                Some(Grave {
                    key,
                    uid: *uid,
                    last_revision: *last_revision,
                    body: last_body.clone(),
                })
            }
            _ => self.loaded.graves.get(name).cloned(),
        }
    }

    /// The live records whose messages the group knows, apart from `others`.
    pub(super) fn live_objects(&self, others: &HashSet<String>) -> Vec<(String, Box<dyn Object>)> {
        let own = self.touched.values().filter_map(|touched| {
            let (_, _, object) = touched.live.as_ref()?;
            Some((touched.name.clone(), object.boxed_clone()))
        });
        let touched: HashSet<&str> = self.touched.values().map(|own| own.name.as_str()).collect();
        let loaded = self.loaded.names.iter().filter(|(name, _)| !touched.contains(name.as_str()));
        let loaded = loaded.filter_map(|(name, known)| {
            let body = known.as_ref()?.body.as_ref()?;
            Some((name.clone(), self.registry.by_name(name)?.decode(body).ok()?))
        });
        own.chain(loaded).filter(|(name, _)| !others.contains(name)).collect()
    }

    /// The parents of `name`, as the requests before have left them.
    pub(super) fn parents(&self, name: &str) -> Vec<String> {
        let own = self.known(name).and_then(|known| self.touched.get(&known.key));
        match own.and_then(|own| own.live.as_ref()) {
            Some((_, _, object)) => parent_names(object.as_ref()),
            None => self.loaded.parents.get(name).cloned().unwrap_or_default(),
        }
    }

    /// Gives the accepted items a revision and appends them to the log.
    pub(super) fn commit(&mut self, write: &Write, items: Vec<Item>) -> Result<Written> {
        let revision = self.head.revision + 1;
        let commit_time = self.now.max(self.head.commit_time + 1);
        let today = self.head.today;
        let mut finished: Vec<Finished> =
            items.into_iter().map(|item| finish(item, revision, commit_time, today)).collect();
        let mut changes: Vec<change::Model> = Vec::new();
        for done in &mut finished {
            changes.extend(done.change.take().map(|change| change::Model {
                ordinal: i32::try_from(changes.len()).unwrap_or(i32::MAX),
                ..change
            }));
        }
        let size: usize = changes.iter().map(|change| change.body.len()).sum();
        if size > COMMIT_BYTES {
            let message =
                format!("one commit may write {COMMIT_BYTES} bytes, this would write {size}");
            return Err(Error::new(Reason::MessageTooLarge, message));
        }
        let revision = if changes.is_empty() { 0 } else { revision };
        if revision != 0 {
            self.append(write, commit_time, size, changes);
            let told = finished
                .iter_mut()
                .filter(|done| done.result.outcome() != MutationOutcome::Unchanged);
            self.befores.extend(told.map(|done| std::mem::take(&mut done.before)));
        }
        let (results, bodies) =
            finished.iter().map(|done| (done.result.clone(), done.body.clone())).unzip();
        for done in finished {
            self.touch(done);
        }
        Ok(Written { revision, results, bodies })
    }

    fn append(
        &mut self,
        write: &Write,
        commit_time: i64,
        size: usize,
        changes: Vec<change::Model>,
    ) {
        let mut commit = commit::Model {
            revision: self.head.revision + 1,
            hash: Vec::new(),
            digest: chain::digest(&changes).to_vec(),
            commit_time,
            actor: write.actor.clone(),
            reason: write.reason.clone(),
            request_id: write.request_id.clone(),
            format: FORMAT,
            size: i64::try_from(size).unwrap_or(i64::MAX),
        };
        commit.hash = chain::hash(&self.head.hash, &commit).to_vec();
        self.head.revision = commit.revision;
        self.head.commit_time = commit_time;
        self.head.hash.clone_from(&commit.hash);
        self.logged.push(Logged { commit, changes });
    }

    fn touch(&mut self, done: Finished) {
        let Finished { item, body, result, .. } = done;
        let outcome = result.outcome();
        if outcome == MutationOutcome::Unchanged {
            return;
        }
        let existed = match self.touched.get(&item.key) {
            Some(touched) => touched.existed,
            None => matches!(outcome, MutationOutcome::Updated | MutationOutcome::Deleted),
        };
        let known = item.object.is_some().then(|| Known {
            key: item.key,
            uid: item.uid,
            revision: result.revision,
            body: Some(body.clone()),
            seen: None,
        });
        self.loaded.names.insert(item.name.clone(), known);
        self.note_peers(&item, result.revision);
        self.note_parents(&item);
        let (last_revision, last_body) = item.before.unwrap_or_default();
        let touched = Touched {
            kind: item.kind,
            name: item.name,
            uid: item.uid,
            existed,
            last_revision,
            last_body,
            live: item.object.map(|object| (result.revision, body, object)),
        };
        self.touched.insert(item.key, touched);
    }

    pub(super) fn remember(&mut self, write: &Write, written: &Written) {
        if write.request_id.is_empty() {
            return;
        }
        let answer = ApplyResponse { results: written.results.clone(), revision: written.revision };
        let kept = i64::try_from(REQUEST_KEPT.as_micros()).unwrap_or(i64::MAX);
        self.requests.push(request::Model {
            actor: write.actor.clone(),
            request_id: write.request_id.clone(),
            digest: write.digest.to_vec(),
            result: answer.encode_to_vec(),
            expires: self.now.saturating_add(kept),
        });
        let key = (write.actor.clone(), write.request_id.clone());
        self.answered.insert(key, (write.digest, written.clone()));
    }
}

impl Keys for Unit {
    fn key(&self, name: &str) -> Option<i64> {
        Some(self.known(name)?.key)
    }
}

/// Refuses a stale etag.
pub(super) fn expect_etag(
    expected: &str,
    known: &Known,
    name: &str,
    at: &Path<'_>,
    problems: &mut Problems,
) {
    let current = etag(known.revision);
    if !expected.is_empty() && expected != current {
        let text = format!("{name} has the etag {current} by now: read it again");
        problems.add(Reason::EtagMismatch, at, text, name);
    }
}
