//! What a list is sorted by and as of when, and tokens of its pages.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::past::AsOf;
use crate::filter::Filter;
use crate::model::dates::Day;
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::{MESSAGE_OUT_BYTES, PAGE_DEFAULT, PAGE_MAX};
use crate::model::violations::Path;
use crate::model::wire::{put_field, put_number, put_varint};
use crate::store::list::{List, SortField};
use crate::store::registry::Kind;

/// Bytes of the resources on a page; the rest is for what stands beside them.
pub const PAGE_BYTES: usize = MESSAGE_OUT_BYTES - 64 * 1_024;

/// The first byte of a page token. Those of places in a history begin with others
/// (`feed/token.rs`), so that neither passes for the other.
const LAYOUT: u8 = 2;
/// Numbers of the response's fields.
const NEXT_PAGE_TOKEN: u32 = 2;
const TOTAL_SIZE: u32 = 3;
const WATCH_TOKEN: u32 = 4;

/// What is listed, in which order.
#[derive(Clone, Debug)]
pub struct Query {
    kind: &'static Kind,
    order: Vec<(SortField, bool)>,
    filter: Option<Filter>,
    /// As of when.
    pub as_of: AsOf,
    /// Tells queries apart, so that a page token fits only its own.
    identity: [u8; 8],
}

/// Where the page before ended, and where the listing began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct After {
    /// The sort values of its last resource.
    pub values: Vec<String>,
    /// The token for a watch.
    pub watch_token: String,
    /// As of when; 0 means now.
    pub revision: i64,
}

impl Query {
    /// Checks `order_by` against the fields that the type can be sorted by.
    pub fn new(
        kind: &'static Kind,
        order_by: &str,
        filter: Option<Filter>,
        as_of: AsOf,
        on_date: Option<Day>,
    ) -> Result<Self> {
        let mut order = Vec::new();
        let parts = order_by.split(',').map(str::trim);
        for part in parts.filter(|_| !order_by.trim().is_empty()) {
            let mut words = part.split_whitespace();
            let field = words.next().unwrap_or_default();
            let descends = match (words.next(), words.next()) {
                (None, None) => false,
                (Some("asc"), None) => false,
                (Some("desc"), None) => true,
                _ => return Err(wrong(kind, part)),
            };
            let column = || kind.sortable.iter().find(|column| **column == field);
            let known = match field {
                "name" => Some(SortField::Name),
                "create_time" => Some(SortField::CreateTime),
                _ if kind.dated == Some(field) => Some(SortField::FirstDay),
                _ => column().map(|column| SortField::Column(column)),
            };
            let known = known.ok_or_else(|| wrong(kind, part))?;
            if order.iter().any(|(other, _)| *other == known) {
                let text = format!("{field} stands here twice");
                return Err(Error::invalid(&Path::Root.field("order_by"), text));
            }
            order.push((known, descends));
        }
        let unique = |(field, _): &(SortField, bool)| {
            matches!(field, SortField::Name | SortField::CreateTime)
        };
        if order.is_empty() {
            order.push((SortField::Name, false));
        } else if let Some(end) = order.iter().position(unique) {
            // What follows a field that no two records share decides nothing.
            order.truncate(end + 1);
        } else {
            let descends = order.last().is_some_and(|(_, descends)| *descends);
            order.push((SortField::CreateTime, descends));
        }
        if as_of != AsOf::Now && order != [(SortField::Name, false)] {
            let text = "must be unset where the past is read: that comes in the order of names";
            return Err(Error::invalid(&Path::Root.field("order_by"), text));
        }
        let text = filter.as_ref().map_or("", |filter| &filter.text);
        let when = format!("{as_of:?}{on_date:?}");
        let digest = Sha256::digest(format!("{} {order:?}{when}{text}", kind.type_name));
        let identity = crate::feed::token::prefix(&digest);
        Ok(Self { kind, order, filter, as_of, identity })
    }

    /// The page of it that comes after `after`.
    pub fn page(&self, page_size: i32, after: Option<Vec<String>>, count: bool) -> List {
        List {
            kind: self.kind,
            order: self.order.clone(),
            after,
            limit: page_limit(page_size),
            limit_bytes: PAGE_BYTES,
            count,
            filter: self.filter.clone(),
        }
    }

    /// Appends what comes behind the resources of a page: `next` if more follow.
    pub fn finish(
        &self,
        next: Option<Vec<String>>,
        total: Option<i64>,
        watch_token: &str,
        revision: i64,
        out: &mut Vec<u8>,
    ) {
        put_field(WATCH_TOKEN, watch_token.as_bytes(), out);
        if let Some(mut next) = next {
            next.extend([watch_token.to_owned(), revision.to_string()]);
            put_field(NEXT_PAGE_TOKEN, encode(self.identity, &next).as_bytes(), out);
        }
        match total {
            // The field has presence: a zero is told too.
            Some(0) => {
                put_varint(u64::from(TOTAL_SIZE) << 3, out);
                put_varint(0, out);
            }
            Some(total) => put_number(TOTAL_SIZE, total.unsigned_abs(), out),
            None => {}
        }
    }
}

/// A page token with `values` for the query `identity`.
pub(super) fn encode(identity: [u8; 8], values: &[String]) -> String {
    let mut bytes = vec![LAYOUT];
    bytes.extend_from_slice(&identity);
    for value in values {
        bytes.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_be_bytes());
        bytes.extend_from_slice(value.as_bytes());
    }
    let sum = Sha256::digest(&bytes);
    bytes.extend_from_slice(&sum[..4]);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Where the page before `page_token` ended; `None` for the first page. Whether it
/// belongs to `query` is judged if that is known.
pub fn after(page_token: &str, query: Option<&Query>) -> Result<Option<After>> {
    if page_token.is_empty() {
        return Ok(None);
    }
    let (identity, mut values) = decode(page_token).ok_or_else(malformed)?;
    if query.is_some_and(|query| identity != query.identity) {
        let text = "belongs to a list with another type, `order_by`, `filter`, time or `on_date`";
        return Err(Error::token(Reason::TokenOfAnotherQuery, "page_token", text));
    }
    let revision = values.pop().and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
    let watch_token = values.pop().ok_or_else(malformed)?;
    if query.is_some_and(|query| values.len() != query.order.len()) {
        return Err(malformed());
    }
    Ok(Some(After { values, watch_token, revision }))
}

/// How many resources a page has at most.
pub fn page_limit(page_size: i32) -> usize {
    match usize::try_from(page_size) {
        Ok(0) | Err(_) => PAGE_DEFAULT,
        Ok(size) => size.min(PAGE_MAX),
    }
}

/// The error for a page token that is none.
pub(super) fn malformed() -> Error {
    let text = "is no page token of this service, or has been cut or altered";
    Error::token(Reason::TokenMalformed, "page_token", text)
}

/// The identity of its query and the values of a page token; `None` if it is none.
pub(super) fn decode(token: &str) -> Option<([u8; 8], Vec<String>)> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (content, sum) = bytes.split_last_chunk::<4>()?;
    if Sha256::digest(content)[..4] != sum[..] {
        return None;
    }
    let content = content.strip_prefix(&[LAYOUT])?;
    let (identity, mut rest) = content.split_first_chunk::<8>()?;
    let mut values = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (value, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        values.push(String::from_utf8(value.to_vec()).ok()?);
        rest = after;
    }
    Some((*identity, values))
}

fn wrong(kind: &Kind, part: &str) -> Error {
    let known = ["name", "create_time"].iter().chain(kind.sortable).chain(kind.dated.as_ref());
    let known = known.copied().collect::<Vec<_>>();
    let text =
        format!("{part:?} is none of {}, each optionally followed by desc", known.join(", "));
    Error::invalid(&Path::Root.field("order_by"), text)
}
