//! Reads of the past: what the record said at a commit, or at a time.

use std::collections::HashMap;

use bytes::Bytes;
use prost_types::Timestamp;

use super::shown::decoded;
use super::{Api, asked};
use crate::feed::start::{Start, check_kept};
use crate::filter::Filter;
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::violations::Path;
use crate::store::list::{self, List};
use crate::store::past::{Asked, Page};
use crate::store::registry::Kind;

/// Names that are looked at in one step where there is a filter, and steps of one
/// answer.
const NAMES: usize = 1_000;
const STEPS: usize = 8;

/// As of when a read is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Now.
    Now,
    /// A commit.
    Revision(i64),
    /// The last commit at or before a time, microseconds since 1970.
    Time(i64),
}

impl AsOf {
    /// Reads the two fields of a request, of which one at most is set.
    pub fn of(read_revision: i64, read_time: Option<Timestamp>) -> Result<Self> {
        match (read_revision, read_time) {
            (0, None) => Ok(Self::Now),
            (0, Some(time)) => asked::time(time, "read_time").map(Self::Time),
            // That it must not be negative has been told by the declared rule.
            (revision, None) => Ok(Self::Revision(revision.max(0))),
            (_, Some(_)) => {
                let text =
                    "must be unset where `read_revision` is set: they are two ways to say when";
                Err(Error::invalid(&Path::Root.field("read_time"), text))
            }
        }
    }

    /// Refuses to count what was there in the past.
    pub fn counts(self, count: bool) -> Result<()> {
        if self == Self::Now || !count {
            return Ok(());
        }
        let text = "must be unset where the past is read: it is not counted";
        Err(Error::invalid(&Path::Root.field("include_total_size"), text))
    }

    /// The revision that it stands for; `None` for now.
    pub async fn revision(self, api: &Api) -> Result<Option<i64>> {
        let revision = match self {
            Self::Now => return Ok(None),
            Self::Time(micros) => api.store.revision_at(micros).await?,
            Self::Revision(revision) if revision <= api.feed.head().mark.revision => revision,
            Self::Revision(revision) => {
                let head = api.store.head().await?.revision;
                if revision > head {
                    let text = format!("the newest revision is {head}");
                    return Err(Error::token(Reason::RevisionInFuture, "read_revision", text));
                }
                revision
            }
        };
        check_kept(&api.feed, revision)?;
        Ok(Some(revision))
    }
}

/// The resources called `names` as they were at `revision`, in their order. `at` is
/// the path of each name in the request.
pub async fn all(
    api: &Api,
    names: Vec<String>,
    revision: i64,
    at: impl Fn(usize) -> String,
) -> Result<Vec<Bytes>> {
    let found = api.store.reads.get_past(names.clone(), revision).await?;
    let missing = names.iter().zip(&found).filter(|(_, body)| body.is_none());
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    if missing.is_empty() {
        return Ok(found.into_iter().flatten().collect());
    }
    let meant = api.store.meanings(&missing).await?;
    let others: Vec<String> = meant.values().flatten().map(|(_, name)| name.clone()).collect();
    let bodies = api.store.reads.get_past(others.clone(), revision).await?;
    let others: HashMap<String, Option<Bytes>> = others.into_iter().zip(bodies).collect();
    let mut problems = Problems::default();
    let mut bodies = Vec::with_capacity(names.len());
    for (index, (name, body)) in names.iter().zip(found).enumerate() {
        let meant = meant.get(name).map(Vec::as_slice).unwrap_or_default();
        let body = body.or_else(|| match meant {
            [(_, other)] => others.get(other).cloned().flatten(),
            _ => None,
        });
        if let Some(body) = body {
            bodies.push(body);
            continue;
        }
        let path = at(index);
        let root = Path::Root;
        let path = root.field(&path);
        match meant {
            [] | [_] => {
                problems.add(Reason::NotFound, &path, format!("there was no {name}"), name);
            }
            several => {
                let several: Vec<_> = several.iter().map(|(_, name)| name.as_str()).collect();
                let text = format!("is ambiguous: it may mean {}", several.join(" or "));
                problems.add(Reason::ValidationFailed, &path, text, "");
            }
        }
    }
    problems.into_result()?;
    Ok(bodies)
}

/// Refuses to go on with a listing that began in another store, and with one of the past that
/// began in a history that this store does not have, such as that before a backup was
/// restored. `watch_token` is the token that it began with.
pub async fn goes_on(api: &Api, watch_token: &str, as_of: AsOf) -> Result<()> {
    let of_page = |error: Error| {
        let text = match error.reason {
            Reason::StoreMismatch => "is of another store: list anew",
            Reason::HistoryDiverged => "is of a history that this store does not have: list anew",
            _ => return error,
        };
        Error::token(error.reason, "page_token", text)
    };
    let start = Start::of_token(watch_token)?;
    start.belongs(&api.feed, None).map_err(of_page)?;
    if as_of == AsOf::Now {
        return Ok(());
    }
    start.find(&api.feed, &api.store).await.map(drop).map_err(of_page)
}

/// A page of `list` as it was at `revision`. It looks at a bounded number of names, so
/// it may hold few or none although more follow.
pub async fn page(api: &Api, list: &List, revision: i64) -> Result<list::Page> {
    let List { kind, after, limit, limit_bytes, filter, .. } = list;
    let names = if filter.is_some() { NAMES } else { *limit };
    let mut after = after.iter().flatten().next().cloned().unwrap_or_default();
    let mut page = list::Page { bodies: Vec::new(), next: None, total: None };
    let mut bytes = 0;
    for _ in 0..STEPS {
        let asked = Asked { kind, after: &after, revision, names, bytes: *limit_bytes };
        let Page { records, next } = api.store.past_page(&asked).await?;
        for (name, body) in records {
            let full = page.bodies.len() == *limit || bytes + body.len() > *limit_bytes;
            if full && !page.bodies.is_empty() {
                page.next = Some(vec![after]);
                return Ok(page);
            }
            after = name;
            if matches(kind, filter.as_ref(), &body)? {
                bytes += body.len();
                page.bodies.push(body);
            }
        }
        let Some(next) = next else { return Ok(page) };
        after = next;
        if page.bodies.len() == *limit {
            break;
        }
    }
    page.next = Some(vec![after]);
    Ok(page)
}

fn matches(kind: &Kind, filter: Option<&Filter>, body: &[u8]) -> Result<bool> {
    let Some(filter) = filter else { return Ok(true) };
    Ok(filter.lets(kind, decoded(kind, body)?.as_ref()))
}
