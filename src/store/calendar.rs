//! Keeps what is stored true for the day.
//!
//! Some fields depend on the day: an agreement enters into force on a date that was
//! recorded long before. The head has the day for which all stored messages are true,
//! and the tables the first later day on which one of them is not (`DERIVED_UNTIL`). So
//! the calendar takes one step after the other: it moves the head to the next day on
//! which something changes, and changes that in the same transaction, as commits in the
//! log like any other. Days on which nothing changes are passed over without a commit.
//!
//! Steps are taken by the committer, under the head. Of several replicas one takes a step,
//! and the others find that there is none left. The day never goes back, whatever clocks do.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbErr};
use tokio::time::sleep;

use super::entail::entail;
use super::entities::head;
use super::load::{Loaded, Names, decode, load_records};
use super::registry::Registry;
use super::sql::Sql;
use super::stage::Item;
use super::state::Status;
use super::unit::Unit;
use super::write::{Write, Written};
use super::{Store, now_micros};
use crate::model::dates::{Day, format_day};
use crate::model::error::Result;
use crate::model::limits::{
    CALENDAR_BYTES, CALENDAR_CHECK, CALENDAR_RECORDS, CALENDAR_RETRY, COMMIT_BYTES,
};

/// Who writes what a day changes.
pub const ACTOR: &str = "calendar";

const REASON: &str = "a day has come";

const MICROSECONDS_PER_DAY: i64 = 86_400_000_000;

/// A step of the calendar.
#[derive(Debug, Default)]
pub struct Step {
    /// The day to move to, not before the one of the head.
    day: Day,
    /// Which of the commits of that day it makes, from 1.
    part: i64,
    /// The records that are not true on that day; all of them, or as many as fit.
    names: Vec<String>,
}

impl Step {
    fn request_id(&self) -> String {
        let day = format_day(self.day);
        match self.part {
            1 => format!("{ACTOR}/{day}"),
            part => format!("{ACTOR}/{day}/{part}"),
        }
    }
}

/// Loads the next step from where the head is, if it is `day` by now.
pub(super) async fn load_step(
    db: &impl ConnectionTrait,
    registry: Registry,
    head: &head::Model,
    day: Day,
    memory: &Names,
) -> Result<Loaded, DbErr> {
    let day = next_day(db, registry, head.today, day.max(head.today)).await?;
    let names = due(db, registry, day).await?;
    // A day that the head is at already may have commits of its own.
    let continues = day == head.today && !names.is_empty();
    let part = if continues { parts(db, day).await? + 1 } else { 1 };
    let loaded = load_records(db, registry, names.clone(), memory).await?;
    let names = fitting(registry, &loaded, names)?;
    Ok(Loaded { step: Step { day, part, names }, ..loaded })
}

/// The tables and their columns that tell until when records hold.
fn columns(registry: Registry) -> impl Iterator<Item = (&'static str, &'static str)> {
    let kinds = registry.0.iter();
    kinds.filter_map(|kind| Some((kind.tables.first()?.name, kind.derived_until?)))
}

/// The first day from `today` on, and up to `until`, on which something changes; else
/// `until`.
async fn next_day(
    db: &impl ConnectionTrait,
    registry: Registry,
    today: Day,
    until: Day,
) -> Result<Day, DbErr> {
    let mut next = until;
    for (table, column) in columns(registry) {
        let text = format!("SELECT min({column}) FROM {table} WHERE {column} <= ");
        let sql = Sql::new(db.get_database_backend(), &text).bind(next);
        if let Some(row) = db.query_one_raw(sql.build()).await? {
            next = row.try_get_by_index::<Option<Day>>(0)?.unwrap_or(next);
        }
    }
    Ok(next.max(today))
}

/// The names of the records that are not true on `day`, as many as make a commit.
async fn due(
    db: &impl ConnectionTrait,
    registry: Registry,
    day: Day,
) -> Result<Vec<String>, DbErr> {
    let mut names = Vec::new();
    let mut bytes = 0;
    for (table, column) in columns(registry) {
        let text = format!(
            "SELECT r.name, length(r.body) FROM {table} t JOIN record r ON r.key = t.key \
             WHERE t.{column} <= "
        );
        let sql = Sql::new(db.get_database_backend(), &text)
            .bind(day)
            .push(&format!(" ORDER BY t.key LIMIT {CALENDAR_RECORDS}"));
        for row in db.query_all_raw(sql.build()).await? {
            let size: i32 = row.try_get_by_index(1)?;
            bytes += usize::try_from(size).unwrap_or_default();
            if !names.is_empty() && (bytes > CALENDAR_BYTES || names.len() == CALENDAR_RECORDS) {
                return Ok(names);
            }
            names.push(row.try_get_by_index(0)?);
        }
    }
    Ok(names)
}

/// As many of `names` as make a commit together with what may change with them; one at
/// least.
fn fitting(
    registry: Registry,
    loaded: &Loaded,
    mut names: Vec<String>,
) -> Result<Vec<String>, DbErr> {
    let body = |name: &str| loaded.names.get(name)?.as_ref()?.body.as_ref();
    let (mut bytes, mut fit) = (0, 0);
    for name in &names {
        let Some((kind, own)) = registry.by_name(name).zip(body(name)) else { continue };
        let object = decode(kind, own)?;
        let reached = object.reaches().into_iter().filter_map(body);
        bytes += own.len() + reached.map(|body| body.len()).sum::<usize>();
        if bytes > CALENDAR_BYTES && fit > 0 {
            break;
        }
        fit += 1;
    }
    names.truncate(fit);
    Ok(names)
}

/// Bytes of what `items` become, without their few output fields.
fn size(items: &[Item]) -> usize {
    items.iter().filter_map(|item| item.object.as_ref()).map(|object| object.encoded_len()).sum()
}

/// How many commits `day` has had. They are counted by their request ids, which are
/// kept for longer than it takes to make them.
async fn parts(db: &impl ConnectionTrait, day: Day) -> Result<i64, DbErr> {
    let first = format!("{ACTOR}/{}", format_day(day));
    // What comes after every text that goes on with a slash.
    let (below, end) = (format!("{first}/"), format!("{first}0"));
    let text = "SELECT CAST(count(*) AS bigint) FROM request WHERE actor = ";
    let sql = Sql::new(db.get_database_backend(), text).bind(ACTOR);
    let sql = sql.push(" AND (request_id = ").bind(first).push(" OR (request_id > ").bind(below);
    let sql = sql.push(" AND request_id < ").bind(end).push("))");
    db.query_one_raw(sql.build()).await?.map_or(Ok(0), |row| row.try_get_by_index(0))
}

impl Unit {
    /// Takes the step that was loaded.
    pub(super) fn turn(&mut self) -> Result<Written> {
        let step = std::mem::take(&mut self.loaded.step);
        let items = step.names.iter().map(|name| self.item(name));
        let mut items = items.collect::<Result<Vec<_>>>()?;
        let due = items.len();
        for hindrance in entail(self, &mut items, self.head.today, step.day) {
            tracing::error!(hindrance.text, cause = items[hindrance.cause].name, "left as it is");
        }
        // A day comes, whatever would come with it.
        while items.len() > due && size(&items) > COMMIT_BYTES {
            let left = items.pop().map(|item| item.name);
            tracing::error!(left, "a commit of the calendar has no room for it");
        }
        self.has_turned = step.day != self.head.today;
        self.head.today = step.day;
        if items.is_empty() {
            return Ok(Written { revision: 0, results: Vec::new(), bodies: Vec::new() });
        }
        let write = Write {
            actor: ACTOR.to_owned(),
            reason: REASON.to_owned(),
            request_id: step.request_id(),
            digest: [0; 32],
            validate_only: false,
            checks: Vec::new(),
            drafts: Vec::new(),
            size: 0,
        };
        let written = self.commit(&write, items)?;
        self.remember(&write, &written);
        Ok(written)
    }
}

impl Store {
    /// Moves on to the day that it is, one commit after the other; the day for which
    /// the store is true then.
    pub async fn keep_day(&self) -> Result<Day> {
        while self.queue.turn().await?.revision != 0 {}
        Ok(self.head().await?.today)
    }

    /// Keeps the day, for ever: it sleeps until midnight, and looks at the clock in between,
    /// which somebody may have set.
    pub async fn keep_days(self) {
        let mut set = self.clock.subscribe();
        let mut today = Day::MIN;
        // A process that is outdated stays so.
        while self.state.status() != Status::Outdated {
            if self.clock.day(now_micros()) > today {
                match self.keep_day().await {
                    Ok(day) => today = day,
                    Err(error) => tracing::warn!(%error, "the calendar could not go on"),
                }
            }
            let now = now_micros();
            let pause =
                if self.clock.day(now) > today { CALENDAR_RETRY } else { until_midnight(now) };
            tokio::select! {
                () = sleep(pause.min(CALENDAR_CHECK)) => {}
                _ = set.changed() => {}
            }
        }
    }
}

/// How long it is from `now`, in microseconds since 1970, to the next day.
fn until_midnight(now: i64) -> Duration {
    let rest = MICROSECONDS_PER_DAY - now.rem_euclid(MICROSECONDS_PER_DAY);
    Duration::from_micros(rest.unsigned_abs())
}
