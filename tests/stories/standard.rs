//! The seven standard methods of any type, called over the wire.
//!
//! The request messages of all types have the same fields under the same
//! numbers, so one message with the resource as bytes stands for all of them. Those of types
//! of which nothing follows from the day have no `on_date`.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use entente::model::standard::Standard;
use entente::proto::v1::ExternalId;
use entente::store::resource::Resource;
use prost::Message;
use prost_types::{FieldMask, Timestamp};
use tonic::Request;

use crate::support::{Clients, Refusal};

/// A type that the suite can make resources of.
pub trait Sample: Standard + Resource {
    /// The text fields without which it is refused.
    const REQUIRED: &'static [&'static str];
    /// Whether its id follows from what it says.
    const NAMES_ITSELF: bool = false;

    /// A resource that is right as it stands.
    fn sample(title: &str) -> Self;

    /// An id of this type for an id of the suite.
    fn id(id: &str) -> String {
        id.to_owned()
    }
}

/// The fields that all resources share.
#[derive(Clone, PartialEq, Message)]
pub struct Shared {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub uid: String,
    #[prost(message, repeated, tag = "100")]
    pub external_ids: Vec<ExternalId>,
    #[prost(btree_map = "string, string", tag = "101")]
    pub labels: BTreeMap<String, String>,
    #[prost(string, tag = "102")]
    pub note: String,
    #[prost(string, tag = "105")]
    pub etag: String,
    #[prost(int64, tag = "106")]
    pub revision: i64,
    #[prost(message, optional, tag = "107")]
    pub create_time: Option<Timestamp>,
    #[prost(message, optional, tag = "108")]
    pub update_time: Option<Timestamp>,
}

/// The shared fields of `resource`.
pub fn shared<T: Sample>(resource: &T) -> Shared {
    Shared::decode(resource.encode_to_vec().as_slice()).unwrap()
}

/// `resource` with the populated fields of `shared` set.
pub fn with<T: Sample>(resource: T, shared: Shared) -> T {
    let mut bytes = resource.encode_to_vec();
    bytes.extend(shared.encode_to_vec());
    T::decode(bytes.as_slice()).unwrap()
}

/// Asks for one, or to bring one back.
#[derive(Clone, PartialEq, Message)]
pub struct GetRequest {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, tag = "2")]
    pub read_mask: Option<FieldMask>,
    #[prost(int64, tag = "3")]
    pub read_revision: i64,
    #[prost(message, optional, tag = "4")]
    pub read_time: Option<Timestamp>,
    #[prost(string, tag = "5")]
    pub on_date: String,
}

/// Asks for several.
#[derive(Clone, PartialEq, Message)]
pub struct BatchGetRequest {
    #[prost(string, repeated, tag = "1")]
    pub names: Vec<String>,
    #[prost(message, optional, tag = "2")]
    pub read_mask: Option<FieldMask>,
    #[prost(int64, tag = "3")]
    pub read_revision: i64,
    #[prost(message, optional, tag = "4")]
    pub read_time: Option<Timestamp>,
    #[prost(string, tag = "5")]
    pub on_date: String,
}

/// Asks for a page.
#[derive(Clone, PartialEq, Message)]
pub struct ListRequest {
    #[prost(int32, tag = "1")]
    pub page_size: i32,
    #[prost(string, tag = "2")]
    pub page_token: String,
    #[prost(string, tag = "3")]
    pub order_by: String,
    #[prost(message, optional, tag = "4")]
    pub read_mask: Option<FieldMask>,
    #[prost(bool, tag = "5")]
    pub include_total_size: bool,
    #[prost(string, tag = "6")]
    pub filter: String,
    #[prost(int64, tag = "7")]
    pub read_revision: i64,
    #[prost(message, optional, tag = "8")]
    pub read_time: Option<Timestamp>,
    #[prost(string, tag = "9")]
    pub on_date: String,
}

/// Records a new one.
#[derive(Clone, PartialEq, Message)]
pub struct CreateRequest {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub resource: Option<Vec<u8>>,
    #[prost(string, tag = "2")]
    pub id: String,
    #[prost(string, tag = "3")]
    pub request_id: String,
    #[prost(bool, tag = "4")]
    pub validate_only: bool,
    #[prost(string, tag = "5")]
    pub reason: String,
}

/// Changes one.
#[derive(Clone, PartialEq, Message)]
pub struct UpdateRequest {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub resource: Option<Vec<u8>>,
    #[prost(message, optional, tag = "2")]
    pub update_mask: Option<FieldMask>,
    #[prost(bool, tag = "3")]
    pub allow_missing: bool,
    #[prost(string, tag = "4")]
    pub request_id: String,
    #[prost(bool, tag = "5")]
    pub validate_only: bool,
    #[prost(string, tag = "6")]
    pub reason: String,
}

/// Deletes one.
#[derive(Clone, PartialEq, Message)]
pub struct DeleteRequest {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub etag: String,
    #[prost(string, tag = "3")]
    pub request_id: String,
    #[prost(bool, tag = "4")]
    pub validate_only: bool,
    #[prost(string, tag = "5")]
    pub reason: String,
}

/// Brings one back.
#[derive(Clone, PartialEq, Message)]
pub struct UndeleteRequest {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub request_id: String,
    #[prost(bool, tag = "3")]
    pub validate_only: bool,
    #[prost(string, tag = "4")]
    pub reason: String,
}

#[derive(Clone, PartialEq, Message)]
struct PageMessage {
    #[prost(bytes = "vec", repeated, tag = "1")]
    resources: Vec<Vec<u8>>,
    #[prost(string, tag = "2")]
    next_page_token: String,
    #[prost(int32, optional, tag = "3")]
    total_size: Option<i32>,
    #[prost(string, tag = "4")]
    watch_token: String,
}

/// A page of a list, or the answer of BatchGet.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub resources: Vec<T>,
    pub next_page_token: String,
    pub total_size: Option<i32>,
    pub watch_token: String,
}

/// The client of the service of `T`.
#[derive(Clone, Debug)]
pub struct Client<T> {
    clients: Clients,
    resource: PhantomData<fn() -> T>,
}

impl<T: Sample> Client<T> {
    pub fn new(clients: &Clients) -> Self {
        Self { clients: clients.clone(), resource: PhantomData }
    }

    pub async fn get(&self, name: &str) -> Result<T, Refusal> {
        self.get_request(GetRequest { name: name.to_owned(), ..GetRequest::default() }).await
    }

    pub async fn get_request(&self, request: GetRequest) -> Result<T, Refusal> {
        self.call("Get", T::TYPE, request).await
    }

    pub async fn batch_get(&self, request: BatchGetRequest) -> Result<Vec<T>, Refusal> {
        let page: PageMessage = self.call("BatchGet", T::TYPE_PLURAL, request).await?;
        Ok(decode(page).resources)
    }

    pub async fn list(&self, request: ListRequest) -> Result<Page<T>, Refusal> {
        self.call("List", T::TYPE_PLURAL, request).await.map(decode)
    }

    pub async fn create(&self, id: &str, resource: T) -> Result<T, Refusal> {
        self.create_request(create(id, &resource)).await
    }

    pub async fn create_request(&self, request: CreateRequest) -> Result<T, Refusal> {
        self.call("Create", T::TYPE, request).await
    }

    pub async fn update(&self, request: UpdateRequest) -> Result<T, Refusal> {
        self.call("Update", T::TYPE, request).await
    }

    pub async fn delete(&self, request: DeleteRequest) -> Result<T, Refusal> {
        self.call("Delete", T::TYPE, request).await
    }

    pub async fn undelete(&self, request: UndeleteRequest) -> Result<T, Refusal> {
        self.call("Undelete", T::TYPE, request).await
    }

    async fn call<Q, A>(&self, verb: &str, noun: &str, request: Q) -> Result<A, Refusal>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let path = format!("/{}/{verb}{noun}", T::SERVICE);
        let answer = self.clients.unary(&path, Request::new(request)).await;
        answer.map_err(|status| Refusal::of(&status))
    }
}

fn decode<T: Sample>(page: PageMessage) -> Page<T> {
    let PageMessage { resources, next_page_token, total_size, watch_token } = page;
    let resources = resources.iter().map(|body| T::decode(body.as_slice()).unwrap()).collect();
    Page { resources, next_page_token, total_size, watch_token }
}

/// Records `resource` under what the type makes of `id`.
pub fn create<T: Sample>(id: &str, resource: &T) -> CreateRequest {
    let resource = Some(resource.encode_to_vec());
    CreateRequest { resource, id: T::id(id), ..CreateRequest::default() }
}

/// Changes the fields `paths`, or the populated ones without any.
pub fn update<T: Sample>(resource: &T, paths: &[&str]) -> UpdateRequest {
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    let update_mask = (!paths.is_empty()).then_some(FieldMask { paths });
    let resource = Some(resource.encode_to_vec());
    UpdateRequest { resource, update_mask, ..UpdateRequest::default() }
}

/// Deletes `name`.
pub fn delete(name: &str) -> DeleteRequest {
    DeleteRequest { name: name.to_owned(), ..DeleteRequest::default() }
}

/// Brings `name` back.
pub fn undelete(name: &str) -> UndeleteRequest {
    UndeleteRequest { name: name.to_owned(), ..UndeleteRequest::default() }
}
