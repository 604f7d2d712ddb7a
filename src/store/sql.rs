//! The few statements that entities cannot say: whole groups at once.
//!
//! SQLite pays for each statement with a change of thread, PostgreSQL with a
//! round trip. So lists of keys travel as one parameter, rows of a table as one
//! insert, and all inserts of a group as one execution, or two on SQLite: several
//! statements in one text there, one statement with its parts in WITH on PostgreSQL.

pub mod odd;
mod rows;

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};

pub use self::rows::{Row, Rows};

/// A statement as it is put together.
#[derive(Debug)]
pub struct Sql {
    backend: DbBackend,
    text: String,
    values: Vec<Value>,
}

/// Whether a text can stand in a column at all. PostgreSQL refuses even to be asked
/// for one with NUL, and questions are asked before a request has been judged.
fn can_be_stored(text: &str) -> bool {
    !text.contains('\0')
}

impl Sql {
    /// Begins with `text`.
    pub fn new(backend: DbBackend, text: &str) -> Self {
        Self { backend, text: text.to_owned(), values: Vec::new() }
    }

    /// Goes on with `text`.
    pub fn push(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// Goes on with a parameter.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self.placeholder();
        self
    }

    /// Goes on with a condition that holds if the expression before is one of
    /// `list`.
    pub fn among_text<'t>(mut self, list: impl IntoIterator<Item = &'t str>) -> Self {
        let list: Vec<&str> = list.into_iter().filter(|text| can_be_stored(text)).collect();
        match self.backend {
            DbBackend::Postgres => {
                let list = list.into_iter().map(Value::from).collect();
                self.any(Value::Array(ArrayType::String, Some(Box::new(list))));
            }
            _ => self.json(serde_json::Value::from(list)),
        }
        self
    }

    /// The same for keys.
    pub fn among_keys(mut self, list: impl IntoIterator<Item = i64>) -> Self {
        let list: Vec<i64> = list.into_iter().collect();
        match self.backend {
            DbBackend::Postgres => {
                let list = list.into_iter().map(Value::from).collect();
                self.any(Value::Array(ArrayType::BigInt, Some(Box::new(list))));
            }
            _ => self.json(serde_json::Value::from(list)),
        }
        self
    }

    /// Goes on with a condition that holds if the row of texts before is one of
    /// `rows`, each `N` texts wide.
    pub fn among_rows<const N: usize>(mut self, rows: &[[&str; N]]) -> Self {
        let rows: Vec<_> = rows.iter().filter(|row| row.iter().all(|t| can_be_stored(t))).collect();
        match self.backend {
            DbBackend::Postgres => {
                self.text.push_str(" IN (SELECT * FROM UNNEST(");
                for column in 0..N {
                    self.text.push_str(if column == 0 { "" } else { "," });
                    let cells = rows.iter().map(|row| Value::from(row[column])).collect();
                    self.values.push(Value::Array(ArrayType::String, Some(Box::new(cells))));
                    self.placeholder();
                }
                self.text.push_str("))");
            }
            _ => {
                let cells: Vec<_> = (0..N).map(|column| format!("value ->> {column}")).collect();
                let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.to_vec()).collect();
                self.text.push_str(&format!(" IN (SELECT {} FROM json_each(", cells.join(",")));
                self.values.push(Value::from(serde_json::Value::from(rows).to_string()));
                self.placeholder();
                self.text.push_str("))");
            }
        }
        self
    }

    fn any(&mut self, list: Value) {
        self.text.push_str(" = ANY(");
        self.values.push(list);
        self.placeholder();
        self.text.push(')');
    }

    fn json(&mut self, list: serde_json::Value) {
        self.text.push_str(" IN (SELECT value FROM json_each(");
        self.values.push(Value::from(list.to_string()));
        self.placeholder();
        self.text.push_str("))");
    }

    fn placeholder(&mut self) {
        match self.backend {
            DbBackend::Postgres => {
                self.text.push('$');
                self.text.push_str(&self.values.len().to_string());
            }
            _ => self.text.push('?'),
        }
    }

    /// Whether it is for PostgreSQL, else for SQLite.
    pub fn is_postgres(&self) -> bool {
        self.backend == DbBackend::Postgres
    }

    /// The statement.
    pub fn build(self) -> Statement {
        Statement::from_sql_and_values(self.backend, self.text, self.values)
    }
}

/// Deletes the rows of `keys` from each of `tables`, in one execution.
pub async fn delete_rows(
    db: &impl ConnectionTrait,
    deletes: &[(&str, Vec<i64>)],
) -> Result<(), DbErr> {
    let backend = db.get_database_backend();
    let mut sql = Sql::new(backend, "");
    for (index, (table, keys)) in deletes.iter().enumerate() {
        sql = match backend {
            DbBackend::Postgres if index + 1 < deletes.len() => {
                let with = if index == 0 { "WITH " } else { ", " };
                sql.push(&format!("{with}d{index} AS (DELETE FROM \"{table}\" WHERE key"))
                    .among_keys(keys.iter().copied())
                    .push(")")
            }
            DbBackend::Postgres => sql
                .push(&format!(" DELETE FROM \"{table}\" WHERE key"))
                .among_keys(keys.iter().copied()),
            _ => sql
                .push(&format!("DELETE FROM \"{table}\" WHERE key"))
                .among_keys(keys.iter().copied())
                .push(";\n"),
        };
    }
    db.execute_raw(sql.build()).await?;
    Ok(())
}
