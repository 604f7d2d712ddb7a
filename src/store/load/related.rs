//! Who refers to what is deleted, and what stands above what is moved.

use std::collections::HashSet;

use sea_orm::{ConnectionTrait, DbErr};

use super::Loader;
use crate::store::index::index_tables;
use crate::store::resource::Hierarchy;
use crate::store::wanted::Targets;

/// Referrers that an answer lists for each resource.
const REFERRERS_TOLD: i64 = 20;

impl<C: ConnectionTrait> Loader<'_, C> {
    pub(super) async fn referrers(&mut self, targets: &Targets) -> Result<(), DbErr> {
        let known = |name: &String| Some(self.found.names.get(name)?.as_ref()?.key);
        let by_alias = self.found.aliases.values().flatten();
        let own: Vec<i64> =
            targets.names.iter().chain(by_alias.clone()).filter_map(known).collect();
        let deleted = targets.deleted.iter().chain(
            targets.deleted.iter().filter_map(|name| self.found.aliases.get(name)).flatten(),
        );
        let deleted: Vec<i64> = deleted.filter_map(known).collect();
        if deleted.is_empty() {
            return Ok(());
        }
        let mut sql = self.sql("SELECT q.target, r.name FROM (");
        let tables = index_tables(self.registry);
        let columns =
            tables.flat_map(|table| table.references.iter().map(move |c| (table.name, *c)));
        for (index, (table, column)) in columns.enumerate() {
            let union = if index == 0 { "" } else { " UNION " };
            sql = sql
                .push(&format!(
                    "{union}SELECT target, key FROM (SELECT {column} AS target, key, row_number() \
                     OVER (PARTITION BY {column} ORDER BY key) AS place FROM {table} WHERE {column}"
                ))
                .among_keys(deleted.iter().copied())
                .push(" AND NOT (key")
                .among_keys(own.iter().copied())
                .push(&format!(")) AS t{index} WHERE place <= {REFERRERS_TOLD}"));
        }
        let sql = sql.push(") AS q JOIN record r ON r.key = q.key ORDER BY r.name");
        for row in self.rows(sql).await? {
            let told: &mut Vec<String> =
                self.found.referrers.entry(row.try_get_by_index(0)?).or_default();
            told.push(row.try_get_by_index(1)?);
        }
        Ok(())
    }

    pub(super) async fn parents(&mut self, start: HashSet<String>) -> Result<(), DbErr> {
        let start: Vec<i64> = start
            .iter()
            .filter_map(|name| Some(self.found.names.get(name)?.as_ref()?.key))
            .collect();
        let edges: Vec<Hierarchy> =
            self.registry.0.iter().filter_map(|kind| kind.hierarchy).collect();
        if start.is_empty() || edges.is_empty() {
            return Ok(());
        }
        let union: Vec<_> = edges.iter().map(edge_query).collect();
        let sql = self
            .sql(&format!(
                "WITH RECURSIVE edge(child, parent) AS ({}), up(child, parent) AS (\
                 SELECT child, parent FROM edge WHERE child",
                union.join(" UNION ALL ")
            ))
            .among_keys(start)
            .push(
                " UNION SELECT e.child, e.parent FROM edge e JOIN up ON e.child = up.parent) \
                 SELECT c.name, p.name FROM up JOIN record c ON c.key = up.child \
                 JOIN record p ON p.key = up.parent",
            );
        for row in self.rows(sql).await? {
            let parents: &mut Vec<String> =
                self.found.parents.entry(row.try_get_by_index(0)?).or_default();
            parents.push(row.try_get_by_index(1)?);
        }
        Ok(())
    }
}

fn edge_query(edges: &Hierarchy) -> String {
    let Hierarchy { table, parent, condition, .. } = edges;
    let condition = if condition.is_empty() { String::new() } else { format!(" AND {condition}") };
    format!("SELECT key, {parent} FROM {table} WHERE {parent} IS NOT NULL{condition}")
}
