//! Who calls, as they say.

use tonic::metadata::MetadataMap;

use crate::model::error::{Error, Problems, Result};
use crate::model::violations::{Path, Violations};
use crate::resources::reference;
use crate::store::calendar;

/// The metadata that names the actor.
pub const ACTOR: &str = "entente-actor";
/// The actor of a caller who does not say.
pub const ANONYMOUS: &str = "anonymous";
/// The actors that the service is itself.
const OWN: [&str; 2] = [calendar::ACTOR, reference::ACTOR];
/// The longest actor, in bytes.
pub const ACTOR_BYTES: usize = 128;

/// The actor that `metadata` claims. One that is none is told beside what else is
/// wrong with the request.
pub fn actor_beside(metadata: &MetadataMap, violations: &Violations) -> Result<String> {
    let mut problems = Problems::default();
    let actor = problems.keep(actor(metadata));
    if actor.is_none() {
        problems.extend(violations);
    }
    problems.into_ok(actor)
}

fn actor(metadata: &MetadataMap) -> Result<String> {
    let Some(value) = metadata.get(ACTOR) else { return Ok(ANONYMOUS.to_owned()) };
    let invalid = |text| Error::invalid(&Path::Root.field("metadata[entente-actor]"), text);
    let wrong = || invalid(format!("must be at most {ACTOR_BYTES} printable ASCII characters"));
    let actor = value.to_str().map_err(|_| wrong())?;
    if actor.is_empty() {
        return Ok(ANONYMOUS.to_owned());
    }
    if actor.len() > ACTOR_BYTES {
        return Err(wrong());
    }
    if OWN.contains(&actor) {
        return Err(invalid(format!("must say who you are: {actor} is the service itself")));
    }
    Ok(actor.to_owned())
}
