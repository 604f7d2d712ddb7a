//! Records that may be the same as one that is written, or stand in the same place: what
//! its warnings compare it with.
//!
//! A type says what its records may have in common as numbers, its *likenesses*, and keeps
//! them in a column. Those with an equal number are *peers*. They are looked up for the
//! whole group at once, a few for each number, each as a text of what is compared.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

use super::load::{Loaded, decode};
use super::registry::Registry;
use super::resource::{Keys, Object};
use super::sql::Sql;
use super::stage::{Item, merged};
use super::unit::Unit;
use super::write::{Draft, Operation, Write};
use crate::model::limits::PEERS;

/// Where the likenesses of a type stand.
#[derive(Clone, Copy, Debug)]
pub struct Peers {
    /// One of its tables.
    pub table: &'static str,
    /// The column. It has an index, with `key` behind it.
    pub column: &'static str,
    /// The text that is compared, as SQL over the row: what [`Likeness::says`] is.
    pub says: &'static str,
    /// A table of which `key` begins an index, and its column with the keys of the records
    /// that a record says are others: what [`Likeness::others`] is.
    pub others: Option<(&'static str, &'static str)>,
}

/// What a record may have in common with others.
#[derive(Clone, Debug)]
pub struct Likeness {
    /// Equal for those that have it in common.
    pub value: i64,
    /// Where in the record it stands, if that is a list.
    pub place: usize,
    /// What is to be compared.
    pub says: String,
    /// The keys of records that it says are others than itself.
    pub others: Vec<i64>,
}

impl Likeness {
    /// Whether neither of the two says that they are two: this one, of the record `key`, and
    /// `peer`.
    pub(super) fn may_be(&self, key: i64, peer: &Peer) -> bool {
        peer.key != key && !self.others.contains(&peer.key) && !peer.others.contains(&key)
    }
}

/// Another record with an equal likeness.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its key.
    pub key: i64,
    /// Its name.
    pub name: String,
    /// What is to be compared.
    pub says: String,
    /// The keys of records that it says are others than itself.
    pub others: Vec<i64>,
}

impl Peer {
    pub(super) fn of(item: &Item, likeness: &Likeness) -> Self {
        let Likeness { says, others, .. } = likeness.clone();
        Self { key: item.key, name: item.name.clone(), says, others }
    }
}

/// Likenesses by the type of their records.
pub type Likenesses = BTreeMap<&'static str, BTreeSet<i64>>;

/// A type, and a likeness of its records.
pub(super) type Alike = (&'static str, i64);

/// Peers by what they have in common, the newest first.
pub(super) type PeersByLikeness = HashMap<Alike, Vec<Peer>>;

/// A peer that the group itself has written.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) peer: Peer,
    /// The commit that wrote it: a later one may have made something else of it.
    pub(super) revision: i64,
}

/// Loads the peers of what `writes` may make, into `found`, which has all else. What a
/// request changes is taken as it is stored and as the request alone leaves it.
pub(super) async fn load_peers(
    db: &impl ConnectionTrait,
    registry: Registry,
    writes: &[Write],
    found: &mut Loaded,
) -> Result<(), DbErr> {
    let wanted = Planned { registry, found }.likenesses(writes)?;
    if wanted.is_empty() {
        return Ok(());
    }
    for row in db.query_all_raw(query(db.get_database_backend(), registry, &wanted)).await? {
        let type_name: String = row.try_get_by_index(0)?;
        let Some(kind) = registry.by_type(&type_name) else { continue };
        let others: Option<String> = row.try_get_by_index(5)?;
        let others = others.unwrap_or_default();
        let peer = Peer {
            key: row.try_get_by_index(2)?,
            name: row.try_get_by_index(3)?,
            says: row.try_get_by_index(4)?,
            others: others.split(' ').filter_map(|key| key.parse().ok()).collect(),
        };
        let alike = (kind.type_name, row.try_get_by_index(1)?);
        found.peers.entry(alike).or_default().push(peer);
    }
    for peers in found.peers.values_mut() {
        peers.sort_by_key(|peer| std::cmp::Reverse(peer.key));
    }
    Ok(())
}

/// Asks for the peers of records of these types with these likenesses, and for what of
/// them is compared.
pub fn query(backend: DbBackend, registry: Registry, wanted: &Likenesses) -> Statement {
    let mut sql = Sql::new(backend, "");
    for (index, (type_name, values)) in wanted.iter().enumerate() {
        if let Some(peers) = registry.by_type(type_name).and_then(|kind| kind.peers) {
            let union = if index == 0 { "" } else { " UNION ALL " };
            sql = select(sql.push(union), type_name, &peers, values);
        }
    }
    sql.build()
}

/// Goes on with a query for the newest rows of each of `values`. None of them costs more
/// than its first [`PEERS`] entries of the index.
fn select(sql: Sql, type_name: &str, peers: &Peers, values: &BTreeSet<i64>) -> Sql {
    let Peers { table, column, says, others } = peers;
    let others = match others {
        None => "CAST(NULL AS TEXT)".to_owned(),
        Some((table, column)) => {
            let list = if sql.is_postgres() {
                format!("string_agg(CAST(o.{column} AS TEXT), ' ')")
            } else {
                format!("group_concat(o.{column}, ' ')")
            };
            format!("(SELECT {list} FROM {table} o WHERE o.key = p.key)")
        }
    };
    let columns =
        format!("SELECT '{type_name}' AS type, v.value, p.key, r.name, p.says, {others} FROM");
    if sql.is_postgres() {
        let values = values.iter().copied().map(Value::from).collect();
        return sql
            .push(&format!("{columns} unnest("))
            .bind(Value::Array(ArrayType::BigInt, Some(Box::new(values))))
            .push(&format!(
                "::bigint[]) AS v(value) CROSS JOIN LATERAL (SELECT key, {says} AS says \
                 FROM {table} WHERE {column} = v.value ORDER BY key DESC LIMIT {PEERS}) AS p \
                 JOIN record r ON r.key = p.key"
            ));
    }
    let values: Vec<i64> = values.iter().copied().collect();
    let columns = columns.replace("p.says", says);
    // CROSS JOIN keeps the order, as LATERAL does.
    sql.push(&format!("{columns} json_each("))
        .bind(serde_json::Value::from(values).to_string())
        .push(&format!(
            ") v CROSS JOIN {table} p ON p.{column} = v.value AND p.key IN (SELECT x.key \
             FROM {table} x WHERE x.{column} = v.value ORDER BY x.key DESC LIMIT {PEERS}) \
             CROSS JOIN record r ON r.key = p.key"
        ))
}

/// What is known before the group is judged.
struct Planned<'l> {
    registry: Registry,
    found: &'l Loaded,
}

impl Planned<'_> {
    fn likenesses(&self, writes: &[Write]) -> Result<Likenesses, DbErr> {
        let mut wanted = Likenesses::new();
        let drafts = writes.iter().flat_map(|write| &write.drafts);
        for draft in drafts.filter(|draft| draft.kind.peers.is_some()) {
            for value in self.likenesses_of(draft)? {
                wanted.entry(draft.kind.type_name).or_default().insert(value);
            }
        }
        Ok(wanted)
    }

    fn likenesses_of(&self, draft: &Draft) -> Result<Vec<i64>, DbErr> {
        let values = |object: &dyn Object| {
            object.likenesses(self).into_iter().map(|likeness| likeness.value).collect()
        };
        let stored;
        let (object, name, mask) = match &draft.operation {
            Operation::Create { object, .. } => return Ok(values(object.as_ref())),
            Operation::Update { object, name, mask, .. } => (object, Some(name), mask),
            Operation::Import { object, name, fallback, mask, .. } => {
                let holder = self.found.holder_of(object.as_ref());
                stored = name.clone().or(holder).or_else(|| fallback.clone());
                (object, stored.as_ref(), mask)
            }
            Operation::Delete { .. } => return Ok(Vec::new()),
            Operation::Undelete { name } => {
                let name = self.registry.canonical(name).unwrap_or_default();
                let of = self.registry.by_name(&name).map(|kind| kind.type_name);
                // A name of another type is told when it is judged.
                let own = self.found.graves.get(&name).filter(|_| of == Some(draft.kind.type_name));
                let Some(grave) = own else { return Ok(Vec::new()) };
                return Ok(values(decode(draft.kind, &grave.body)?.as_ref()));
            }
        };
        let known = name.and_then(|name| self.found.meant(self.registry, name));
        let before = known.and_then(|known| known.body.as_ref());
        let Some(before) = before else { return Ok(values(object.as_ref())) };
        let after = merged(draft.kind, before, object.as_ref(), mask);
        // What cannot be merged is told when it is judged.
        Ok(after.map(|after| values(after.as_ref())).unwrap_or_default())
    }
}

impl Keys for Planned<'_> {
    fn key(&self, name: &str) -> Option<i64> {
        self.found.meant(self.registry, name).map(|known| known.key)
    }
}

impl Unit {
    /// The peers with `alike` in common, as the requests before have left them, the newest
    /// first.
    pub(super) fn peers(&self, alike: Alike) -> impl Iterator<Item = &Peer> {
        let own = self.own_peers.get(&alike).into_iter().flatten().rev();
        let own = own.filter(|own| {
            let live = self.touched.get(&own.peer.key).and_then(|touched| touched.live.as_ref());
            live.is_some_and(|(revision, ..)| *revision == own.revision)
        });
        let stored = self.loaded.peers.get(&alike).into_iter().flatten();
        let stored = stored.filter(|peer| !self.touched.contains_key(&peer.key));
        own.map(|own| &own.peer).chain(stored)
    }

    /// Notes what `item`, live since `revision`, has in common with others.
    pub(super) fn note_peers(&mut self, item: &Item, revision: i64) {
        for likeness in &item.likenesses {
            let alike = (item.kind.type_name, likeness.value);
            let own = Own { peer: Peer::of(item, likeness), revision };
            self.own_peers.entry(alike).or_default().push(own);
        }
    }
}
