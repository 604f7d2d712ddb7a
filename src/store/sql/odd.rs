//! Rows beside those that stand in the database.

use std::collections::BTreeSet;
use std::fmt;

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Value};

use super::Sql;
use super::rows::{Column, Row, Rows};

/// Rows of one key that are not the same here and in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// The key.
    pub key: i64,
    /// Those that are only here, for people to read.
    pub expected: String,
    /// Those that are only in the database.
    pub stands: String,
}

impl Rows {
    /// What is odd about the first key after `after` and up to `until` for which the
    /// database has other rows in `table` than there are here.
    pub async fn first_odd(
        &self,
        db: &impl ConnectionTrait,
        table: &str,
        (after, until): (i64, i64),
    ) -> Result<Option<Odd>, DbErr> {
        let rows = self.table(table).map(|rows| rows.table);
        let names = rows.map_or("key", |table| &table.names);
        let columns: &[Column] = rows.map_or(&[], |table| &table.columns);
        let text = format!("SELECT key, {names} FROM \"{table}\" WHERE key > ");
        let sql = Sql::new(db.get_database_backend(), &text).bind(after);
        let sql = sql.push(" AND key <= ").bind(until);
        let standing = db.query_all_raw(sql.build()).await?;
        let standing = standing.iter().map(|row| Line::standing(row, columns));
        let standing = standing.collect::<Result<BTreeSet<_>, _>>()?;
        let expected: BTreeSet<_> = self.of(table).map(Line::expected).collect();
        let odd = expected.symmetric_difference(&standing).next();
        Ok(odd.map(|line| Odd {
            key: line.key,
            expected: told(expected.difference(&standing), line.key),
            stands: told(standing.difference(&expected), line.key),
        }))
    }
}

/// The rows of `key`.
fn told<'l>(lines: impl Iterator<Item = &'l Line>, key: i64) -> String {
    let lines: Vec<_> = lines.filter(|line| line.key == key).map(Line::to_string).collect();
    if lines.is_empty() { "none".to_owned() } else { lines.join(" and ") }
}

/// A row, by its key first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    key: i64,
    cells: Vec<(&'static str, Cell)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Null,
    Number(i64),
    Text(String),
}

impl Line {
    fn expected(row: Row<'_>) -> Self {
        let names = row.columns.iter().map(|column| column.name);
        let cells = names.zip(row.values.iter().map(Cell::of)).collect();
        Self { key: row.number("key").unwrap_or_default(), cells }
    }

    fn standing(row: &QueryResult, columns: &[Column]) -> Result<Self, DbErr> {
        let mut cells = Vec::with_capacity(columns.len());
        for (place, column) in (1..).zip(columns) {
            let cell = match column.cast {
                "bigint" => row.try_get_by_index::<Option<i64>>(place)?.map(Cell::Number),
                "integer" => {
                    let number = row.try_get_by_index::<Option<i32>>(place)?;
                    number.map(|number| Cell::Number(number.into()))
                }
                _ => row.try_get_by_index::<Option<String>>(place)?.map(Cell::Text),
            };
            cells.push((column.name, cell.unwrap_or(Cell::Null)));
        }
        Ok(Self { key: row.try_get_by_index(0)?, cells })
    }
}

impl Cell {
    fn of(value: &Value) -> Self {
        match value {
            Value::BigInt(Some(number)) => Self::Number(*number),
            Value::Int(Some(number)) => Self::Number((*number).into()),
            Value::String(Some(text)) => Self::Text(text.to_owned()),
            _ => Self::Null,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cells = self.cells.iter().filter(|(_, cell)| *cell != Cell::Null);
        let cells: Vec<_> = cells.map(|(name, cell)| format!("{name} {cell}")).collect();
        if cells.is_empty() {
            out.write_str("a row")
        } else {
            write!(out, "({})", cells.join(", "))
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => out.write_str("NULL"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Text(text) => write!(out, "{text:?}"),
        }
    }
}
