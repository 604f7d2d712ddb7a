//! What a read shows of a stored message.

use bytes::Bytes;

use crate::model::dates::Day;
use crate::model::error::{Error, Result};
use crate::model::wire::Mask;
use crate::store::registry::Kind;
use crate::store::resource::Object;

/// How a client wants to see resources of a type.
#[derive(Debug)]
pub struct Shown {
    /// The type.
    pub kind: &'static Kind,
    /// Which fields; all if `None`.
    pub mask: Option<Mask>,
    /// The day for which fields that follow from the day are worked out; if `None`, they are as
    /// they are stored.
    pub day: Option<Day>,
}

impl Shown {
    /// What is shown of the stored message `body`.
    pub fn of(&self, body: Bytes) -> Result<Bytes> {
        let body = match self.day {
            Some(day) => on_day(self.kind, &body, day)?,
            None => body,
        };
        Ok(match &self.mask {
            Some(mask) => mask.keep(&body).into(),
            None => body,
        })
    }
}

fn on_day(kind: &Kind, body: &[u8], day: Day) -> Result<Bytes> {
    let mut object = decoded(kind, body)?;
    object.derive(day);
    Ok(object.encode().into())
}

/// The message that is stored as `body`.
pub fn decoded(kind: &Kind, body: &[u8]) -> Result<Box<dyn Object>> {
    kind.decode(body).map_err(|error| {
        tracing::error!(%error, kind = kind.type_name, "a stored message cannot be decoded");
        Error::internal()
    })
}
