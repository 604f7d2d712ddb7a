//! What a write makes of other records: they change in the same commit.
//!
//! A type says which records an own one changes as it stands on a day (`entails`). What it
//! entails after a write, or on a new day, and did not before, follows now: so whoever
//! takes it back afterwards keeps it so. What follows entails nothing further. Nor does
//! what is copied from another store entail again what had followed from it there.

use std::collections::HashMap;

use super::load::decode;
use super::resource::Object;
use super::stage::Item;
use super::unit::Unit;
use crate::model::dates::Day;
use crate::model::error::{Error, Result};
use crate::model::limits::RESOURCE_BYTES;
use crate::model::violations::{Path, Violation, Violations};
use crate::proto::v1::MutationOutcome;

/// What cannot follow.
#[derive(Debug)]
pub(super) struct Hindrance {
    /// The place of the item that entails it.
    pub(super) cause: usize,
    /// Why it cannot.
    pub(super) text: String,
}

/// Lets what `items` entail on the day `today`, and did not on the day `since`, follow: in
/// those of them that it is about, and in further ones at their end.
pub(super) fn entail(unit: &Unit, items: &mut Vec<Item>, since: Day, today: Day) -> Vec<Hindrance> {
    let causes: Vec<_> = items
        .iter()
        .enumerate()
        .filter_map(|(index, item)| Some((index, newly(item, since, today)?)))
        .collect();
    let mut hindrances = Vec::new();
    if causes.is_empty() {
        return hindrances;
    }
    let mut places: HashMap<String, usize> =
        items.iter().enumerate().map(|(place, item)| (item.name.clone(), place)).collect();
    for (index, (cause, names)) in causes {
        for name in names {
            let place = places.get(&name).copied();
            let cause = cause.as_ref();
            let done = match place {
                Some(place) => change(&mut items[place], cause, today).map(|_| None),
                None => stored(unit, &name, cause, today),
            };
            match done {
                Ok(None) => {}
                Ok(Some(item)) => {
                    places.insert(name, items.len());
                    items.push(item);
                }
                Err(text) => hindrances.push(Hindrance { cause: index, text }),
            }
        }
    }
    hindrances
}

/// The names of the records that `item` newly entails, and what it is itself.
fn newly(item: &Item, since: Day, today: Day) -> Option<(Box<dyn Object>, Vec<String>)> {
    let object = item.object.as_ref()?;
    let mut names: Vec<String> = object.entails(today).into_iter().map(str::to_owned).collect();
    if names.is_empty() {
        return None;
    }
    // What was deleted entailed nothing.
    if item.outcome != MutationOutcome::Undeleted
        && let Some((_, before)) = &item.before
        && let Ok(before) = decode(item.kind, before)
    {
        let before = before.entails(since);
        names.retain(|name| !before.contains(&name.as_str()));
    }
    // What had followed by the day on which another store recorded it came from there.
    if let Some(day) = item.recorded {
        let told = object.entails(day);
        names.retain(|name| !told.contains(&name.as_str()));
    }
    (!names.is_empty()).then(|| (object.boxed_clone(), names))
}

/// The record `name`, which nobody asked to change, with what follows for it from `cause`;
/// `None` if nothing does.
fn stored(
    unit: &Unit,
    name: &str,
    cause: &dyn Object,
    today: Day,
) -> std::result::Result<Option<Item>, String> {
    // Whoever names what is not there is refused for that.
    if unit.known(name).is_none() {
        return Ok(None);
    }
    let unreadable = |_| format!("{name} changes with it, and cannot be read");
    let mut item = unit.item(name).map_err(unreadable)?;
    let follows = change(&mut item, cause, today)?;
    item.likenesses = item.object.as_ref().map_or_else(Vec::new, |object| object.likenesses(unit));
    Ok(follows.then_some(item))
}

/// Lets what follows from `cause` follow for `item`; whether anything does.
fn change(item: &mut Item, cause: &dyn Object, today: Day) -> std::result::Result<bool, String> {
    // Whoever deletes it while it is named is refused for that.
    let Some(before) = &item.object else { return Ok(false) };
    let mut after = before.boxed_clone();
    if !after.follow(cause, today) {
        return Ok(false);
    }
    let name = &item.name;
    if let Some(violation) = violations(after.as_ref()).iter().next()
        && violations(before.as_ref()).is_empty()
    {
        let Violation { field, description } = violation;
        return Err(format!("{name} changes with it, and its {field} {description}"));
    }
    let size = after.encoded_len();
    if size > RESOURCE_BYTES {
        return Err(format!(
            "{name} changes with it, and would have {size} bytes of {RESOURCE_BYTES}"
        ));
    }
    item.object = Some(after);
    Ok(true)
}

fn violations(object: &dyn Object) -> Violations {
    let mut violations = Violations::default();
    object.validate(&Path::Root, &mut violations);
    violations
}

impl Unit {
    /// The record `name` as it is, to be changed by what is not asked for it: its warnings
    /// stay those of its last writer.
    pub(super) fn item(&self, name: &str) -> Result<Item> {
        let found = self.known(name).zip(self.registry.by_name(name));
        let (known, kind) = found.ok_or_else(Error::internal)?;
        let before = known.body.clone().unwrap_or_default();
        let object = decode(kind, &before).map_err(|error| {
            tracing::error!(%error, name, "a record cannot be changed");
            Error::internal()
        })?;
        Ok(Item {
            kind,
            path: String::new(),
            outcome: MutationOutcome::Updated,
            name: name.to_owned(),
            key: known.key,
            uid: known.uid,
            before: Some((known.revision, before)),
            create_time: object.common().create_time.cloned(),
            object: Some(object),
            likenesses: Vec::new(),
            unchecked: false,
            recorded: None,
        })
    }
}
