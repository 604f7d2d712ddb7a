//! Messages that are encoded already.

use bytes::{Buf, BufMut, Bytes};
use prost::DecodeError;
use prost::Message;
use prost::encoding::{DecodeContext, WireType, skip_field};

/// An encoded message in up to three pieces. Fields of protobuf messages may
/// follow each other in any order, so the pieces simply follow each other: the
/// same `body` goes to many readers, each with a `tail` of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    head: Bytes,
    body: Bytes,
    tail: Bytes,
}

impl Frame {
    /// A message of three pieces, each of whole fields.
    pub fn new(head: Bytes, body: Bytes, tail: Bytes) -> Self {
        Self { head, body, tail }
    }

    /// A message in one piece.
    pub fn whole(body: Bytes) -> Self {
        Self::new(Bytes::new(), body, Bytes::new())
    }

    /// Encodes `message`.
    pub fn of(message: &impl Message) -> Self {
        Self::whole(message.encode_to_vec().into())
    }
}

/// As far as sending needs it: frames are never received.
impl Message for Frame {
    fn encode_raw(&self, out: &mut impl BufMut) {
        out.put_slice(&self.head);
        out.put_slice(&self.body);
        out.put_slice(&self.tail);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        context: DecodeContext,
    ) -> Result<(), DecodeError> {
        skip_field(wire_type, tag, buf, context)
    }

    fn encoded_len(&self) -> usize {
        self.head.len() + self.body.len() + self.tail.len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{CaughtUp, WatchChangesResponse, watch_changes_response::Event};

    #[test]
    fn pieces_decode_as_one_message() {
        let event = WatchChangesResponse {
            event: Some(Event::CaughtUp(CaughtUp { revision: 7 })),
            ..Default::default()
        };
        let token = WatchChangesResponse { token: "t".into(), ..Default::default() };
        let frame =
            Frame::new(Bytes::new(), event.encode_to_vec().into(), token.encode_to_vec().into());
        let sent = frame.encode_to_vec();
        assert_eq!(sent.len(), frame.encoded_len());
        let whole = WatchChangesResponse { token: "t".into(), ..event };
        assert_eq!(WatchChangesResponse::decode(&*sent), Ok(whole.clone()));
        assert_eq!(Frame::of(&whole).encode_to_vec(), sent);
    }
}
