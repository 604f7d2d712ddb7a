//! What a request of the contract says of the method that it is for.

use prost::Message;

/// A request that gets one answer. Generated for every method but the streaming
/// ones, so whoever has a request can send it, whatever its type.
pub trait Call: Message + Default + Clone + 'static {
    /// What answers it.
    type Answer: Message + Default + 'static;
    /// Path of the method: `/entente.v1.CountryService/GetCountry`.
    const PATH: &'static str;

    /// The request id, by which a write can be sent again; `None` for a read, which
    /// can be repeated without.
    fn request_id_mut(&mut self) -> Option<&mut String>;
}
