//! Puts a group into the tables and the log: one statement for all deletions, if
//! there are any, and one for all rows; on SQLite two, of which the second one is made
//! while the first one is written.

use std::collections::BTreeMap;

use futures_util::future::try_join;
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::entities::{change, commit, record, request, tombstone};
use super::index::{SHARED_TABLES, index_rows};
use super::sql::{Rows, Sql, delete_rows};
use super::unit::{Touched, Unit};
use super::write::microseconds;

const REPLACE_RECORD: &str =
    " ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, body = excluded.body";
const REPLACE_TOMBSTONE: &str = " ON CONFLICT (name) DO UPDATE SET key = excluded.key, \
     uid = excluded.uid, last_revision = excluded.last_revision";
const REPLACE_REQUEST: &str = " ON CONFLICT (actor, request_id) DO UPDATE SET \
     digest = excluded.digest, result = excluded.result, expires = excluded.expires";

impl Unit {
    /// The rows that are written first: of records, log and answers.
    pub(super) fn first_rows(&mut self) -> Rows {
        let mut rows = Rows::default();
        self.put_records(&mut rows);
        self.put_log(&mut rows);
        rows
    }

    /// Writes everything that was accepted, beginning with `rows`, and moves the head.
    pub(super) async fn save(
        &self,
        db: &impl ConnectionTrait,
        mut rows: Rows,
    ) -> Result<(), DbErr> {
        let deletes = self.deletes();
        if !deletes.is_empty() {
            delete_rows(db, &deletes).await?;
        }
        if db.get_database_backend() == DbBackend::Sqlite {
            // Its thread writes these while the rest is made here.
            let rest = async {
                let mut rows = Rows::default();
                self.put_index(&mut rows);
                Ok(rows)
            };
            let nothing_else = Sql::new(DbBackend::Sqlite, "");
            (_, rows) = try_join(rows.insert(db, nothing_else), rest).await?;
        } else {
            self.put_index(&mut rows);
        }
        let head = &self.head;
        let sql = Sql::new(db.get_database_backend(), "UPDATE head SET revision = ")
            .bind(head.revision)
            .push(", hash = ")
            .bind(head.hash.clone())
            .push(", commit_time = ")
            .bind(head.commit_time)
            .push(", next_key = ")
            .bind(head.next_key)
            .push(", today = ")
            .bind(head.today)
            .push(" WHERE id = 1");
        rows.insert(db, sql).await
    }

    fn put_records(&self, rows: &mut Rows) {
        let live = |touched: &&Touched| touched.live.is_some();
        for (key, touched) in self.touched.iter().filter(|(_, touched)| live(touched)) {
            if let Some((revision, body, object)) = &touched.live {
                let row = record::Model {
                    key: *key,
                    r#type: touched.kind.type_name.to_owned(),
                    name: touched.name.clone(),
                    uid: touched.uid,
                    revision: *revision,
                    body: body.to_vec(),
                    create_time: object.common().create_time.map_or(0, microseconds),
                };
                rows.push_or::<record::Entity>(row, REPLACE_RECORD);
            }
        }
    }

    fn put_log(&mut self, rows: &mut Rows) {
        for logged in &self.logged {
            rows.push::<commit::Entity>(logged.commit.clone());
        }
        for change in self.logged.iter().flat_map(|logged| &logged.changes) {
            rows.push::<change::Entity>(change.clone());
        }
        for request in std::mem::take(&mut self.requests) {
            rows.push_or::<request::Entity>(request, REPLACE_REQUEST);
        }
    }

    fn put_index(&self, rows: &mut Rows) {
        for (key, touched) in &self.touched {
            match &touched.live {
                Some((_, _, object)) => {
                    index_rows(touched.kind, *key, object.as_ref(), self, self.head.today, rows);
                }
                None => rows.push_or::<tombstone::Entity>(
                    tombstone::Model {
                        name: touched.name.clone(),
                        key: *key,
                        uid: touched.uid,
                        last_revision: touched.last_revision,
                    },
                    REPLACE_TOMBSTONE,
                ),
            }
        }
    }

    /// Rows from before the group that no longer hold, facts before records.
    fn deletes(&self) -> Vec<(&'static str, Vec<i64>)> {
        let mut deletes: BTreeMap<(u8, &'static str), Vec<i64>> = BTreeMap::new();
        for (key, touched) in &self.touched {
            let buried = self.loaded.graves.values().any(|grave| grave.key == *key);
            if buried && touched.live.is_some() {
                deletes.entry((0, "tombstone")).or_default().push(*key);
            }
            if !touched.existed {
                continue;
            }
            for table in touched.kind.tables.iter().chain(&SHARED_TABLES) {
                deletes.entry((0, table.name)).or_default().push(*key);
            }
            if touched.live.is_none() {
                deletes.entry((1, "record")).or_default().push(*key);
            }
        }
        deletes.into_iter().map(|((_, table), keys)| (table, keys)).collect()
    }
}
