//! Lists: keyset pages that cost the same at any depth.

use bytes::Bytes;
use futures_util::StreamExt;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult, Statement, StreamTrait,
    Value,
};

use super::registry::Kind;
use super::sql::Sql;
use crate::filter::Filter;
use crate::model::dates::Day;

/// A field to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// Resource name.
    Name,
    /// When it was first recorded.
    CreateTime,
    /// A text column of the typed table.
    Column(&'static str),
    /// The date that the type is sorted by.
    FirstDay,
}

impl SortField {
    fn expression(self) -> String {
        match self {
            Self::Name => "r.name".to_owned(),
            Self::CreateTime => "r.key".to_owned(),
            Self::Column(column) => format!("t.{column}"),
            Self::FirstDay => "t.first_day".to_owned(),
        }
    }

    /// What the column is compared with for a value of it as text.
    fn value(self, text: &str) -> Value {
        match self {
            Self::CreateTime => Value::from(text.parse::<i64>().unwrap_or(i64::MAX)),
            Self::FirstDay => Value::from(text.parse::<Day>().unwrap_or(Day::MAX)),
            Self::Name | Self::Column(_) => Value::from(text),
        }
    }
}

/// What to list, in which order.
#[derive(Clone, Debug)]
pub struct List {
    /// The type.
    pub kind: &'static Kind,
    /// Fields to sort by, each with whether it descends. Ends with a field that
    /// no two records share.
    pub order: Vec<(SortField, bool)>,
    /// The sort values of the last record of the page before, as text.
    pub after: Option<Vec<String>>,
    /// Records on the page.
    pub limit: usize,
    /// Bytes on the page; a single larger record still makes one.
    pub limit_bytes: usize,
    /// Whether to count them all.
    pub count: bool,
    /// Which ones; its names are looked up.
    pub filter: Option<Filter>,
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The encoded messages.
    pub bodies: Vec<Bytes>,
    /// The sort values of the last one, if more follow.
    pub next: Option<Vec<String>>,
    /// How many there are in all, if that was asked for.
    pub total: Option<i64>,
}

/// Reads a page, in one statement and so from one snapshot.
pub async fn list(db: &DatabaseConnection, list: &List) -> Result<Page, DbErr> {
    let statement = statement(db.get_database_backend(), list);
    let mut rows = db.stream_raw(statement).await?;
    let mut page = Page { bodies: Vec::new(), next: None, total: None };
    let mut bytes = 0;
    let mut last = None;
    while let Some(row) = rows.next().await {
        let row = row?;
        let body: Vec<u8> = row.try_get_by_index(0)?;
        page.total = row.try_get_by_index(1)?;
        bytes += body.len();
        let full = page.bodies.len() == list.limit || bytes > list.limit_bytes;
        if full && !page.bodies.is_empty() {
            page.next = last;
            return Ok(page);
        }
        last = Some(values(&row, list)?);
        page.bodies.push(body.into());
    }
    drop(rows);
    if list.count && page.total.is_none() {
        page.total = Some(count(db, list).await?);
    }
    Ok(page)
}

fn values(row: &QueryResult, list: &List) -> Result<Vec<String>, DbErr> {
    let fields = list.order.iter().enumerate();
    fields
        .map(|(index, (field, _))| match field {
            SortField::CreateTime => Ok(row.try_get_by_index::<i64>(index + 2)?.to_string()),
            SortField::FirstDay => Ok(row.try_get_by_index::<Day>(index + 2)?.to_string()),
            _ => row.try_get_by_index(index + 2),
        })
        .collect()
}

/// The statement that reads a page.
pub fn statement(backend: DbBackend, list: &List) -> Statement {
    let table = list.kind.tables[0].name;
    let by_name = list.order.iter().all(|(field, _)| *field == SortField::Name);
    let fields: Vec<_> = list.order.iter().map(|(field, _)| field.expression()).collect();
    let mut sql = Sql::new(backend, "SELECT r.body, CAST(");
    sql = if list.count { counted(sql.push("("), list).push(")") } else { sql.push("NULL") };
    sql = sql.push(&format!(" AS bigint), {} FROM ", fields.join(", ")));
    sql = match (&list.after, by_name) {
        (after, true) => names_between(sql, list, after.as_deref()),
        (after, false) => {
            sql = sql.push(&format!("{table} t JOIN record r ON r.key = t.key"));
            match after {
                Some(after) => keyset(sql.push(" WHERE "), list, after),
                None => sql,
            }
        }
    };
    if let Some(filter) = &list.filter {
        let and = if by_name || list.after.is_some() { " AND " } else { " WHERE " };
        sql = filter.condition(sql.push(and));
    }
    let order: Vec<_> = list
        .order
        .iter()
        .map(|(field, descends)| {
            // The key of the typed table is the record's, and its index has it.
            let expression = match field {
                SortField::CreateTime if !by_name => "t.key".to_owned(),
                _ => field.expression(),
            };
            format!("{expression}{}", if *descends { " DESC" } else { "" })
        })
        .collect();
    let limit = i64::try_from(list.limit + 1).unwrap_or(i64::MAX);
    sql.push(&format!(" ORDER BY {} LIMIT ", order.join(", "))).bind(limit).build()
}

/// How many there are, whatever the page.
fn counted(sql: Sql, list: &List) -> Sql {
    let table = list.kind.tables[0].name;
    match &list.filter {
        None => sql.push(&format!("SELECT count(*) FROM {table}")),
        Some(filter) => {
            let all = format!("SELECT count(*) FROM {table} t JOIN record r ON r.key = t.key");
            filter.condition(sql.push(&all).push(" WHERE "))
        }
    }
}

/// The records of the type behind `after`, by name: one lower and one upper bound,
/// since an index is entered by the first of each and read through for the rest.
fn names_between(sql: Sql, list: &List, after: Option<&[String]>) -> Sql {
    let mut lower = format!("{}/", list.kind.collection);
    let mut upper = format!("{}0", list.kind.collection);
    let descends = list.order.first().is_some_and(|(_, descends)| *descends);
    match after.and_then(|after| after.first()) {
        Some(after) if descends => upper.clone_from(after),
        Some(after) => lower.clone_from(after),
        None => {}
    }
    sql.push("record r WHERE r.name > ").bind(lower).push(" AND r.name < ").bind(upper)
}

/// The records behind `after`: one comparison of rows where all fields go the
/// same way, which an index answers, else field by field.
fn keyset(mut sql: Sql, list: &List, after: &[String]) -> Sql {
    let expression = |field: SortField| match field {
        SortField::CreateTime => "t.key".to_owned(),
        field => field.expression(),
    };
    let sign = |descends| if descends { " < " } else { " > " };
    let first = list.order.first().is_some_and(|(_, descends)| *descends);
    if list.order.iter().all(|(_, descends)| *descends == first) {
        let fields: Vec<_> = list.order.iter().map(|(field, _)| expression(*field)).collect();
        sql = sql.push(&format!("({}){}(", fields.join(", "), sign(first)));
        for (index, ((field, _), text)) in list.order.iter().zip(after).enumerate() {
            sql = sql.push(if index == 0 { "" } else { ", " }).bind(field.value(text));
        }
        return sql.push(")");
    }
    sql = sql.push("(");
    for end in 0..list.order.len() {
        sql = sql.push(if end == 0 { "(" } else { " OR (" });
        for (index, (field, descends)) in list.order.iter().enumerate().take(end + 1) {
            let compare = if index == end { sign(*descends) } else { " = " };
            let and = if index == 0 { "" } else { " AND " };
            sql = sql
                .push(&format!("{and}{}{compare}", expression(*field)))
                .bind(field.value(&after[index]));
        }
        sql = sql.push(")");
    }
    sql.push(")")
}

async fn count(db: &DatabaseConnection, list: &List) -> Result<i64, DbErr> {
    let sql = counted(Sql::new(db.get_database_backend(), ""), list);
    let row = db.query_one_raw(sql.build()).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}
