//! Who calls, as they say.

use tonic::metadata::MetadataMap;

use crate::model::error::{Error, Result};
use crate::model::violations::Path;

/// The metadata that names the actor.
pub const ACTOR: &str = "entente-actor";
/// The actor of a caller who does not say.
pub const ANONYMOUS: &str = "anonymous";
/// The longest actor, in bytes.
pub const ACTOR_BYTES: usize = 128;

/// The actor that `metadata` claims.
pub fn actor(metadata: &MetadataMap) -> Result<String> {
    let Some(value) = metadata.get(ACTOR) else { return Ok(ANONYMOUS.to_owned()) };
    let wrong = || {
        let text = format!("must be at most {ACTOR_BYTES} printable ASCII characters");
        Error::invalid(&Path::Root.field("metadata[entente-actor]"), text)
    };
    let actor = value.to_str().map_err(|_| wrong())?;
    if actor.is_empty() {
        return Ok(ANONYMOUS.to_owned());
    }
    if actor.len() > ACTOR_BYTES {
        return Err(wrong());
    }
    Ok(actor.to_owned())
}
