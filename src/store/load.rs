//! What a group of writes needs to know, loaded with a number of statements that
//! does not depend on how many writes it holds.

mod related;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait, FromQueryResult, QueryResult};
use uuid::Uuid;

use super::calendar::Step;
use super::entities::request;
use super::hierarchy::{Children, load_children};
use super::judge::external_keys;
use super::meaning::aliases;
use super::peers::{PeersByLikeness, load_peers};
use super::registry::{Kind, Registry};
use super::resource::Object;
use super::sql::Sql;
use super::wanted::{Targets, Wanted, sought};
use super::write::Write;

/// A live record as far as the group knows it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its key.
    pub key: i64,
    /// Its uid.
    pub uid: Uuid,
    /// The commit that last changed it.
    pub revision: i64,
    /// The encoded message; absent where only its existence was asked for.
    pub body: Option<Bytes>,
    /// The message, where rules look into it.
    pub seen: Option<Arc<dyn Object>>,
}

/// Live records by name, without their messages.
pub type Names = HashMap<String, Known>;

/// A record that was deleted last under its name.
#[derive(Clone, Debug)]
pub struct Grave {
    /// Its key.
    pub key: i64,
    /// Its uid.
    pub uid: Uuid,
    /// The last revision at which it lived.
    pub last_revision: i64,
    /// The message as it was then.
    pub body: Bytes,
}

/// An external id: type, scheme, value.
pub type ExternalKey = (&'static str, String, String);

/// What was found.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Every name that was asked for; `None` where there is none.
    pub names: HashMap<String, Option<Known>>,
    /// For names that are none: the records that they mean as an alias.
    pub aliases: HashMap<String, Vec<String>>,
    /// Who holds the external ids that are claimed.
    pub external: HashMap<ExternalKey, (i64, String)>,
    /// What could be brought back.
    pub graves: HashMap<String, Grave>,
    /// Earlier answers.
    pub requests: Answers,
    /// Who refers to what is to be deleted, apart from the group's own targets.
    pub referrers: HashMap<i64, Vec<String>>,
    /// Records with which those that are written may have something in common.
    pub peers: PeersByLikeness,
    /// Parents by child, for every ancestor that a new edge could reach.
    pub parents: HashMap<String, Vec<String>>,
    /// Children of what is to be changed, where it is compared with them.
    pub children: Children,
    /// The step that the calendar is to take, if it is about that.
    pub step: Step,
}

/// Earlier answers to request ids, by actor and id.
pub type Answers = HashMap<(String, String), request::Model>;

/// Loads what has been answered to the request ids of `writes`.
pub async fn answers(db: &impl ConnectionTrait, writes: &[Write]) -> Result<Answers, DbErr> {
    let named = writes.iter().filter(|write| !write.request_id.is_empty());
    let keys: Vec<_> =
        named.map(|write| [write.actor.as_str(), write.request_id.as_str()]).collect();
    if keys.is_empty() {
        return Ok(Answers::new());
    }
    let text =
        "SELECT actor, request_id, digest, result, expires FROM request WHERE (actor, request_id)";
    let sql = Sql::new(db.get_database_backend(), text).among_rows(&keys);
    let rows = request::Entity::find().from_raw_sql(sql.build()).all(db).await?;
    Ok(rows.into_iter().map(|row| ((row.actor.clone(), row.request_id.clone()), row)).collect())
}

/// Loads what `writes` need of the records: all that depends on the head alone.
pub async fn load(
    db: &impl ConnectionTrait,
    registry: Registry,
    writes: &mut [Write],
    memory: &Names,
) -> Result<Loaded, DbErr> {
    let mut loader = Loader { db, registry, memory, found: Loaded::default() };
    let mut targets = Targets::of(registry, writes);
    let sought = sought(writes);
    loader.external(&sought).await?;
    targets.names.extend(loader.found.external.values().map(|(_, name)| name.clone()));
    loader.targets(&targets).await?;
    loader.graves(&targets.undeleted).await?;
    let mut wanted = Wanted::default();
    loader.want_stored(&mut wanted)?;
    wanted.add_drafts(registry, writes);
    loader.reached(&mut wanted).await?;
    loader.references(wanted.names, &wanted.looked).await?;
    wanted.external.retain(|key| !sought.contains(key));
    loader.external(&wanted.external).await?;
    loader.referrers(&targets).await?;
    if targets.moves_edges {
        loader.parents(wanted.parents).await?;
    }
    load_children(db, registry, &targets.names, &mut loader.found).await?;
    load_peers(db, registry, writes, &mut loader.found).await?;
    Ok(loader.found)
}

/// Loads the live records called `names`, and what they name.
pub(super) async fn load_records(
    db: &impl ConnectionTrait,
    registry: Registry,
    names: Vec<String>,
    memory: &Names,
) -> Result<Loaded, DbErr> {
    let mut loader = Loader { db, registry, memory, found: Loaded::default() };
    loader.bodies(names).await?;
    let mut wanted = Wanted::default();
    loader.want_stored(&mut wanted)?;
    loader.reached(&mut wanted).await?;
    loader.references(wanted.names, &wanted.looked).await?;
    Ok(loader.found)
}

impl Loaded {
    /// The live record that `name` means, as its name or as an alias.
    pub(super) fn meant(&self, registry: Registry, name: &str) -> Option<&Known> {
        let live = |name: &str| self.names.get(name).and_then(Option::as_ref);
        if let Some(known) = live(name) {
            return Some(known);
        }
        let canonical = registry.canonical(name)?;
        live(&canonical).or_else(|| match self.aliases.get(&canonical)?.as_slice() {
            [meant] => live(meant),
            _ => None,
        })
    }

    /// Who holds one of the external ids of `object`.
    pub(super) fn holder_of(&self, object: &dyn Object) -> Option<String> {
        let mut holders = external_keys(object).filter_map(|key| self.external.get(&key));
        holders.next().map(|(_, name)| name.clone())
    }
}

struct Loader<'d, C> {
    db: &'d C,
    registry: Registry,
    memory: &'d Names,
    found: Loaded,
}

impl<C: ConnectionTrait> Loader<'_, C> {
    fn sql(&self, text: &str) -> Sql {
        Sql::new(self.db.get_database_backend(), text)
    }

    async fn rows(&self, sql: Sql) -> Result<Vec<QueryResult>, DbErr> {
        self.db.query_all_raw(sql.build()).await
    }

    async fn targets(&mut self, targets: &Targets) -> Result<(), DbErr> {
        self.bodies(targets.names.iter().cloned().collect()).await?;
        let missing: Vec<_> = targets
            .names
            .iter()
            .filter(|name| !targets.undeleted.contains(*name))
            .filter(|name| self.found.names.get(*name).is_none_or(Option::is_none))
            .cloned()
            .collect();
        let meant = self.aliases(missing).await?;
        self.bodies(meant).await
    }

    async fn bodies(&mut self, names: Vec<String>) -> Result<(), DbErr> {
        if names.is_empty() {
            return Ok(());
        }
        let sql = self
            .sql("SELECT key, name, uid, revision, body FROM record WHERE name")
            .among_text(names.iter().map(String::as_str));
        let rows = self.rows(sql).await?;
        self.found.names.extend(names.into_iter().map(|name| (name, None)));
        for row in rows {
            let body: Vec<u8> = row.try_get_by_index(4)?;
            let known = Known {
                key: row.try_get_by_index(0)?,
                uid: row.try_get_by_index(2)?,
                revision: row.try_get_by_index(3)?,
                body: Some(body.into()),
                seen: None,
            };
            self.found.names.insert(row.try_get_by_index(1)?, Some(known));
        }
        Ok(())
    }

    async fn graves(&mut self, names: &HashSet<String>) -> Result<(), DbErr> {
        if names.is_empty() {
            return Ok(());
        }
        let sql = self
            .sql(
                "SELECT t.name, t.key, t.uid, t.last_revision, c.body FROM tombstone t \
                 JOIN change c ON c.key = t.key AND c.revision = t.last_revision WHERE t.name",
            )
            .among_text(names.iter().map(String::as_str));
        for row in self.rows(sql).await? {
            let body: Vec<u8> = row.try_get_by_index(4)?;
            let grave = Grave {
                key: row.try_get_by_index(1)?,
                uid: row.try_get_by_index(2)?,
                last_revision: row.try_get_by_index(3)?,
                body: body.into(),
            };
            self.found.graves.insert(row.try_get_by_index(0)?, grave);
        }
        Ok(())
    }

    /// What the stored messages of the group's targets name: it may stay in them.
    fn want_stored(&self, wanted: &mut Wanted) -> Result<(), DbErr> {
        let live = self.found.names.iter();
        let live = live.filter_map(|(name, known)| Some((name, known.as_ref()?.body.as_ref()?)));
        let dead = self.found.graves.iter().map(|(name, grave)| (name, &grave.body));
        for (name, body) in live.chain(dead) {
            if let Some(kind) = self.registry.by_name(name) {
                wanted.add(self.registry, decode(kind, body)?.as_mut());
            }
        }
        Ok(())
    }

    /// Loads what may change with the group's own records, and wants what that names.
    async fn reached(&mut self, wanted: &mut Wanted) -> Result<(), DbErr> {
        let has_body = |name: &String| matches!(self.found.names.get(name), Some(Some(known)) if known.body.is_some());
        let names: Vec<_> = wanted.reached.drain().filter(|name| !has_body(name)).collect();
        self.bodies(names.clone()).await?;
        for name in names {
            let known = self.found.names.get(&name).and_then(Option::as_ref);
            let body = known.and_then(|known| known.body.as_ref());
            if let (Some(kind), Some(body)) = (self.registry.by_name(&name), body) {
                wanted.add(self.registry, decode(kind, body)?.as_mut());
            }
        }
        Ok(())
    }

    async fn references(
        &mut self,
        names: HashSet<String>,
        looked: &HashSet<String>,
    ) -> Result<(), DbErr> {
        let mut unknown = Vec::new();
        for name in names {
            if self.found.names.contains_key(&name) {
                continue;
            }
            match self.memory.get(&name) {
                Some(known) if known.seen.is_some() || !looked.contains(&name) => {
                    self.found.names.insert(name, Some(known.clone()));
                }
                _ => unknown.push(name),
            }
        }
        let (into, only): (Vec<_>, Vec<_>) =
            unknown.into_iter().partition(|name| looked.contains(name));
        self.existence(&only).await?;
        self.bodies(into.clone()).await?;
        let missing = into.iter().chain(&only).filter(|name| self.found.names[*name].is_none());
        let mut meant = self.aliases(missing.cloned().collect()).await?;
        let by_alias = self.unseen_by_alias(looked);
        meant.retain(|name| !by_alias.contains(name));
        self.existence(&meant).await?;
        self.bodies(by_alias.iter().cloned().collect()).await?;
        for name in into.iter().chain(&by_alias) {
            if let Some(Some(known)) = self.found.names.get_mut(name)
                && let Some(kind) = self.registry.by_name(name)
                && let Some(body) = &known.body
            {
                known.seen = Some(Arc::from(decode(kind, body)?));
            }
        }
        Ok(())
    }

    /// What aliases mean that are looked into, unless its message is known. That it is
    /// there may be known already, since something else names it without an alias.
    fn unseen_by_alias(&self, looked: &HashSet<String>) -> HashSet<String> {
        let meant = looked.iter().filter_map(|alias| self.found.aliases.get(alias)).flatten();
        let unseen = meant.filter(|name| match self.found.names.get(*name) {
            Some(Some(known)) => known.body.is_none() && known.seen.is_none(),
            _ => true,
        });
        unseen.cloned().collect()
    }

    async fn existence(&mut self, names: &[String]) -> Result<(), DbErr> {
        if names.is_empty() {
            return Ok(());
        }
        let sql = self
            .sql("SELECT key, name, uid, revision FROM record WHERE name")
            .among_text(names.iter().map(String::as_str));
        let rows = self.rows(sql).await?;
        self.found.names.extend(names.iter().map(|name| (name.clone(), None)));
        for row in rows {
            let known = Known {
                key: row.try_get_by_index(0)?,
                uid: row.try_get_by_index(2)?,
                revision: row.try_get_by_index(3)?,
                body: None,
                seen: None,
            };
            self.found.names.insert(row.try_get_by_index(1)?, Some(known));
        }
        Ok(())
    }

    /// Looks `missing` up as aliases; the names that they mean and that are not
    /// known yet.
    async fn aliases(&mut self, missing: Vec<String>) -> Result<Vec<String>, DbErr> {
        if missing.is_empty() {
            return Ok(Vec::new());
        }
        let found = aliases(self.db, missing.iter().map(String::as_str)).await?;
        let mut meant = Vec::new();
        for (alias, name) in found {
            if !self.found.names.contains_key(&name) {
                meant.push(name.clone());
            }
            let means: &mut Vec<String> = self.found.aliases.entry(alias).or_default();
            if !means.contains(&name) {
                means.push(name);
            }
        }
        Ok(meant)
    }

    async fn external(&mut self, wanted: &HashSet<ExternalKey>) -> Result<(), DbErr> {
        if wanted.is_empty() {
            return Ok(());
        }
        let keys: Vec<_> = wanted
            .iter()
            .map(|(kind, scheme, value)| [*kind, scheme.as_str(), value.as_str()])
            .collect();
        let sql = self
            .sql(
                "SELECT e.type, e.scheme, e.value, e.key, r.name FROM external_id e \
                 JOIN record r ON r.key = e.key WHERE (e.type, e.scheme, e.value)",
            )
            .among_rows(&keys);
        for row in self.rows(sql).await? {
            let type_name: String = row.try_get_by_index(0)?;
            if let Some(kind) = self.registry.by_type(&type_name) {
                let key = (kind.type_name, row.try_get_by_index(1)?, row.try_get_by_index(2)?);
                let owner = (row.try_get_by_index(3)?, row.try_get_by_index(4)?);
                self.found.external.insert(key, owner);
            }
        }
        Ok(())
    }
}

/// Decodes what the store holds; it was encoded by us, so this fails only on
/// damage.
pub fn decode(kind: &Kind, body: &[u8]) -> Result<Box<dyn Object>, DbErr> {
    kind.decode(body).map_err(|error| {
        DbErr::Custom(format!("a stored {} cannot be decoded: {error}", kind.type_name))
    })
}

/// Reads a model from a row.
pub fn model<M: FromQueryResult>(row: &QueryResult) -> Result<M, DbErr> {
    M::from_query_result(row, "")
}
