//! How the messages of the change stream are written.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec};
use tonic_prost::{ProstCodec, ProstDecoder, ProstEncoder};

/// Bytes that a stream has at hand for its request and for its next message. They grow
/// where more is needed; most streams are idle most of the time, and there may be many.
const BUFFER_BYTES: usize = 512;
/// Bytes of messages that are gathered before they are handed on.
const GATHERED_BYTES: usize = 32 << 10;

/// As [`ProstCodec`], with little kept for streams that are idle.
#[derive(Clone, Debug)]
pub struct StreamCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for StreamCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for StreamCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = ProstEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> Self::Encoder {
        let settings = BufferSettings::new(BUFFER_BYTES, GATHERED_BYTES);
        ProstCodec::<T, U>::raw_encoder(settings)
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(BUFFER_BYTES, GATHERED_BYTES))
    }
}
