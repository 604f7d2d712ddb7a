//! What is checked of a staged request as a whole: references, rules, external
//! ids, who refers to what is deleted, cycles.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::citations;
use super::entail::entail;
use super::hierarchy::{Child, refuse_cycles};
use super::load::ExternalKey;
use super::peers::{Alike, Likeness, Peer};
use super::resource::{Around, Keys, Object, Warnings};
use super::stage::{Found, Item, Stage};
use super::unit::{Unit, expect_etag};
use super::write::{Check, Expectation};
use crate::model::dates::Day;
use crate::model::error::{Problems, Reason};
use crate::model::limits::{PEERS, RESOURCE_BYTES};
use crate::model::violations::{Path, Violations};
use crate::proto::v1::MutationOutcome;

impl Stage<'_> {
    /// Judges what must hold before. Nothing may be staged yet.
    pub(super) fn check(&self, checks: &[Check], problems: &mut Problems) {
        for check in checks {
            let path = Path::Root.field(&check.path);
            if self.unit.registry.canonical(&check.name).is_none() {
                let known = self.unit.registry.collections();
                let text = format!("must be a name in one of {known}");
                problems.add(Reason::ValidationFailed, &path.field("name"), text, "");
                continue;
            }
            let found = self.find(&check.name);
            match (&check.expectation, &found) {
                (_, Found::Ambiguous(_)) => {
                    problems.add(
                        Reason::ValidationFailed,
                        &path.field("name"),
                        found.problem(),
                        "",
                    );
                }
                (Expectation::Exists(true), Found::One(..))
                | (Expectation::Exists(false), Found::Nothing(_)) => {}
                (Expectation::Exists(false), Found::One(name, _)) => {
                    problems.add(Reason::AlreadyExists, &path, found.problem(), name);
                }
                (Expectation::Key(key), Found::One(name, known)) if known.key != *key => {
                    let text = format!("{name} is another one by now, which was not there then");
                    problems.add(Reason::NotFound, &path, text, name);
                }
                (Expectation::Key(_), Found::One(..) | Found::Nothing(_)) => {}
                (_, Found::Nothing(name)) => {
                    problems.add(Reason::NotFound, &path, found.problem(), name);
                }
                (Expectation::Etag(expected), Found::One(name, known)) => {
                    expect_etag(expected, known, name, &path.field("etag"), problems);
                }
            }
        }
    }

    /// Judges what has been staged, and makes its references canonical.
    pub(super) fn complete(&mut self, problems: &mut Problems) {
        let mut items = std::mem::take(&mut self.items);
        for item in &mut items {
            self.release(item);
        }
        for item in &mut items {
            self.resolve(item, problems);
            self.claim_external(item, problems);
        }
        self.entail(&mut items, problems);
        let around = Surroundings::of(self.unit, &items);
        let judged: Vec<_> = items.iter().map(|item| judge(item, &around)).collect();
        for (item, judged) in items.iter_mut().zip(judged) {
            problems.extend(&judged.violations);
            item.likenesses = judged.likenesses;
            if let Some(object) = &mut item.object {
                *object.common_mut().warnings = judged.warnings.0;
            }
            conclude(item, problems);
        }
        if items.iter().any(|item| item.object.is_none()) {
            refuse_referenced(self.unit, &mut items, problems);
        }
        refuse_cycles(self.unit, &items, problems);
        for item in items.iter().filter(|item| item.outcome == MutationOutcome::Undeleted) {
            // The request names what comes back and has no fields of it.
            problems.lift(&item.path);
        }
        self.items = items;
    }

    /// Lets follow what the items entail.
    fn entail(&mut self, items: &mut Vec<Item>, problems: &mut Problems) {
        let asked = items.len();
        let today = self.unit.head.today;
        for hindrance in entail(self.unit, items, today, today) {
            let at = place(&items[hindrance.cause].path, &Path::Root);
            problems.add(Reason::ValidationFailed, &at, hindrance.text, "");
        }
        self.entailed = items.split_off(asked);
    }

    /// Gives up the external ids of what is changed or deleted.
    fn release(&mut self, item: &Item) {
        let Some((_, before)) = &item.before else { return };
        if item.outcome == MutationOutcome::Undeleted {
            return;
        }
        match item.kind.decode(before) {
            Ok(object) => {
                self.external.extend(external_keys(object.as_ref()).map(|key| (key, None)))
            }
            Err(error) => tracing::error!(%error, name = item.name, "a record cannot be decoded"),
        }
    }

    /// Makes references canonical.
    fn resolve(&self, item: &mut Item, problems: &mut Problems) {
        let Some(object) = &mut item.object else { return };
        let root = Path::Root;
        let at = place(&item.path, &root);
        let mut violations = Violations::default();
        let registry = self.unit.registry;
        let mut rewritten = false;
        object.visit_references(&at, &mut |at, type_name, name| {
            let any = type_name == "*";
            if registry.by_name(name).is_none_or(|kind| !any && kind.type_name != type_name) {
                let text = match registry.by_type(type_name) {
                    Some(kind) => format!("must be a name such as {}/{{id}}", kind.collection),
                    None => format!("must be a name in one of {}", registry.collections()),
                };
                violations.add(at, text);
                return;
            }
            // Most names are written in the one way, by which whatever lives is known.
            if self.known(name).is_some() {
                return;
            }
            match self.find(name) {
                Found::One(canonical, _) => {
                    rewritten = true;
                    *name = canonical;
                }
                other => violations.add(at, other.problem()),
            }
        });
        // References that were written in two ways may now be the same.
        if item.unchecked || rewritten {
            object.validate(&at, &mut violations);
        }
        object.settle();
        problems.extend(&violations);
    }

    fn claim_external(&mut self, item: &Item, problems: &mut Problems) {
        let Some(object) = &item.object else { return };
        let root = Path::Root;
        let at = root.field(&item.path);
        let at = at.field("external_ids");
        let mut own = HashSet::new();
        for (index, key) in external_keys(object.as_ref()).enumerate() {
            let (_, scheme, value) = &key;
            let at = at.index(index);
            if !own.insert(key.clone()) {
                problems.add(
                    Reason::ValidationFailed,
                    &at,
                    format!("{scheme}:{value} stands here twice"),
                    "",
                );
                continue;
            }
            match self.holder(&key) {
                Some((holder, name)) if holder != item.key => {
                    let staged = self.names.get(&name).is_some_and(Option::is_some);
                    let (reason, resource) = if staged {
                        (Reason::ValidationFailed, "")
                    } else {
                        (Reason::AlreadyExists, name.as_str())
                    };
                    problems.add(
                        reason,
                        &at,
                        format!("{scheme}:{value} is an external id of {name}"),
                        resource,
                    );
                }
                _ => {
                    self.external.insert(key, Some((item.key, item.name.clone())));
                }
            }
        }
    }

    pub(super) fn holder(&self, key: &ExternalKey) -> Option<(i64, String)> {
        if let Some(staged) = self.external.get(key) {
            return staged.clone();
        }
        if let Some(accepted) = self.unit.external.get(key) {
            return accepted.clone();
        }
        self.unit.loaded.external.get(key).cloned()
    }
}

/// What a request leaves behind, as rules see it.
struct Surroundings<'s> {
    unit: &'s Unit,
    /// What it stages, by name.
    staged: HashMap<&'s str, &'s Item>,
    /// What of that has something in common.
    alike: HashMap<Alike, Vec<Peer>>,
}

impl<'s> Surroundings<'s> {
    fn of(unit: &'s Unit, items: &'s [Item]) -> Self {
        let staged = items.iter().map(|item| (item.name.as_str(), item)).collect();
        let mut around = Self { unit, staged, alike: HashMap::new() };
        if items.len() > 1 {
            let mut alike: HashMap<Alike, Vec<Peer>> = HashMap::new();
            for (item, object) in
                items.iter().filter_map(|item| Some((item, item.object.as_ref()?)))
            {
                for likeness in object.likenesses(&around) {
                    let of = (item.kind.type_name, likeness.value);
                    alike.entry(of).or_default().push(Peer::of(item, &likeness));
                }
            }
            around.alike = alike;
        }
        around
    }

    /// Others that have `likeness` in common with `item`, as the request leaves them, unless
    /// one of the two says that they are two: those that it stages, then the newest.
    fn peers(&self, item: &Item, likeness: &Likeness) -> Vec<&Peer> {
        let alike = (item.kind.type_name, likeness.value);
        let staged = self.alike.get(&alike).into_iter().flatten();
        let others = self.unit.peers(alike);
        let others = others.filter(|peer| !self.staged.contains_key(peer.name.as_str()));
        staged.chain(others).filter(|peer| likeness.may_be(item.key, peer)).take(PEERS).collect()
    }
}

impl Around for Surroundings<'_> {
    fn today(&self) -> Day {
        self.unit.head.today
    }

    fn record(&self, name: &str) -> Option<Arc<dyn Object>> {
        match self.staged.get(name) {
            Some(item) => item.object.as_ref().map(|object| Arc::from(object.boxed_clone())),
            None => self.unit.record(name),
        }
    }

    fn children(&self, name: &str) -> Vec<Child> {
        let children = self.unit.children(name).into_iter();
        children.filter(|child| !self.staged.contains_key(child.name.as_str())).collect()
    }
}

impl Keys for Surroundings<'_> {
    fn key(&self, name: &str) -> Option<i64> {
        match self.staged.get(name) {
            Some(item) => item.object.is_some().then_some(item.key),
            None => self.unit.key(name),
        }
    }
}

/// What is to be said of an item.
#[derive(Default)]
struct Judged {
    /// What is wrong beyond its declared rules.
    violations: Violations,
    /// What is doubtful.
    warnings: Warnings,
    /// What it may have in common with others.
    likenesses: Vec<Likeness>,
}

fn judge(item: &Item, around: &Surroundings<'_>) -> Judged {
    let mut judged = Judged::default();
    let Some(object) = &item.object else { return judged };
    let root = Path::Root;
    let at = place(&item.path, &root);
    object.rules(around, &at, &mut judged.violations);
    citations::check(item.kind, object.common().citations, &at, &mut judged.violations);
    object.warnings(around, &mut judged.warnings);
    judged.likenesses = object.likenesses(around);
    for likeness in &judged.likenesses {
        let peers = around.peers(item, likeness);
        if !peers.is_empty() {
            object.compare(likeness, &peers, &mut judged.warnings);
        }
    }
    judged
}

/// Refuses an item that is too large, and notes if nothing would change.
fn conclude(item: &mut Item, problems: &mut Problems) {
    let Some(object) = &item.object else { return };
    let size = object.encoded_len();
    if size > RESOURCE_BYTES {
        let text = format!("one resource may have {RESOURCE_BYTES} bytes, this has {size}");
        problems.add(Reason::MessageTooLarge, &place(&item.path, &Path::Root), text, "");
    }
    if let (MutationOutcome::Updated, Some((_, before))) = (item.outcome, &item.before)
        && item.kind.content(before) == item.kind.content(&object.encode())
    {
        item.outcome = MutationOutcome::Unchanged;
    }
}

/// The place of a resource in its request.
pub(super) fn place<'p>(path: &'p str, root: &'p Path<'p>) -> Path<'p> {
    if path.is_empty() { Path::Root } else { root.field(path) }
}

pub(super) fn external_keys(object: &dyn Object) -> impl Iterator<Item = ExternalKey> {
    let type_name = object.type_name();
    let ids = object.common().external_ids.iter();
    ids.map(move |id| (type_name, id.scheme.clone(), id.value.clone()))
}

/// Refuses to delete what others refer to, naming them.
fn refuse_referenced(unit: &Unit, items: &mut [Item], problems: &mut Problems) {
    let deleted: HashMap<String, (i64, String)> = items
        .iter()
        .filter(|item| item.object.is_none())
        .map(|item| (item.name.clone(), (item.key, item.path.clone())))
        .collect();
    let mut referrers: HashMap<String, Vec<String>> = HashMap::new();
    for (name, (key, _)) in &deleted {
        let stored = unit.loaded.referrers.get(key).cloned().unwrap_or_default();
        referrers.insert(name.clone(), stored);
    }
    let staged: HashSet<String> = items.iter().map(|item| item.name.clone()).collect();
    let mut look = |name: &str, object: &mut dyn Object| {
        object.visit_references(&Path::Root, &mut |_, _, target| {
            if let Some(told) = referrers.get_mut(target.as_str())
                && !told.iter().any(|other| other == name)
            {
                told.push(name.to_owned());
            }
        });
    };
    for item in &mut *items {
        if let Some(object) = &mut item.object {
            look(&item.name, object.as_mut());
        }
    }
    for (name, mut object) in unit.live_objects(&staged) {
        look(&name, object.as_mut());
    }
    for (name, told) in referrers {
        if let Some((_, path)) = deleted.get(&name)
            && !told.is_empty()
        {
            let text = format!("{name} is referred to by {}", told.join(", "));
            problems.add(Reason::Referenced, &Path::Root.field(path), text, &name);
        }
    }
}
