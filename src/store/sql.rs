//! The few statements that entities cannot say: whole groups at once.
//!
//! SQLite pays for each statement with a change of thread, PostgreSQL with a
//! round trip. So lists of keys travel as one parameter, rows of a table as one
//! insert, and all inserts of a group as one execution, or two on SQLite: several
//! statements in one text there, one statement with its parts in WITH on PostgreSQL.

pub mod odd;

use sea_orm::sea_query::ArrayType;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType, ConnectionTrait, DbBackend, DbErr,
    EntityName, EntityTrait, IdenStatic, IntoActiveModel, Iterable, Statement, Value,
};

/// Parameters of one statement on SQLite.
const SQLITE_PARAMETERS: usize = 32_766;

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

#[derive(Debug)]
struct Column {
    name: &'static str,
    array: ArrayType,
    cast: &'static str,
    nullable: bool,
}

#[derive(Debug)]
struct TableRows {
    table: &'static str,
    columns: Vec<Column>,
    /// Row after row.
    values: Vec<Value>,
    /// What to do where the row exists.
    conflict: &'static str,
}

/// Rows to insert, table by table in the order of their first row.
#[derive(Debug, Default)]
pub struct Rows {
    tables: Vec<TableRows>,
}

impl Rows {
    /// Adds a row.
    pub fn push<E>(&mut self, row: E::Model)
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        self.push_or::<E>(row, "");
    }

    /// Adds a row, with what to do where it exists (`ON CONFLICT ...`).
    pub fn push_or<E>(&mut self, row: E::Model, conflict: &'static str)
    where
        E: EntityTrait,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let table = static_table_name::<E>();
        let place = self.tables.iter().position(|rows| rows.table == table);
        let place = place.unwrap_or_else(|| {
            let columns = E::Column::iter().map(column_of).collect();
            self.tables.push(TableRows { table, columns, values: Vec::new(), conflict });
            self.tables.len() - 1
        });
        let mut row = row.into_active_model();
        let values = &mut self.tables[place].values;
        for column in E::Column::iter() {
            match row.take(column) {
                ActiveValue::Set(value) | ActiveValue::Unchanged(value) => values.push(value),
                ActiveValue::NotSet => values.push(Value::String(None)),
            }
        }
    }

    /// The rows of a table.
    pub fn of(&self, table: &str) -> impl Iterator<Item = Row<'_>> {
        let rows = self.tables.iter().find(|rows| rows.table == table);
        rows.into_iter().flat_map(|rows| {
            let values = rows.values.chunks(rows.columns.len());
            values.map(|values| Row { columns: &rows.columns, values })
        })
    }

    /// Inserts all rows and then runs `last` (an update of the head), in one
    /// execution.
    pub async fn insert(self, db: &impl ConnectionTrait, last: Sql) -> Result<(), DbErr> {
        let statement = match db.get_database_backend() {
            DbBackend::Postgres => self.postgres(last),
            _ => self.sqlite(last),
        };
        db.execute_raw(statement).await?;
        Ok(())
    }

    fn sqlite(self, last: Sql) -> Statement {
        let mut text = String::new();
        let count: usize = self.tables.iter().map(|rows| rows.values.len()).sum();
        // A table's last places may stay empty.
        let mut values = Vec::with_capacity(count + count / 8 + last.values.len());
        for mut rows in self.tables {
            let width = rows.columns.len();
            let fit = SQLITE_PARAMETERS / width * width;
            while !rows.values.is_empty() {
                let rest = rows.values.split_off(rows.values.len().min(fit));
                let count = rows.values.len() / width;
                let places = places(count).min(fit / width);
                rows.write_insert(places, &mut text);
                values.append(&mut rows.values);
                values.resize(values.len() + (places - count) * width, Value::String(None));
                rows.values = rest;
            }
        }
        text.push_str(&last.text);
        values.extend(last.values);
        Statement::from_sql_and_values(DbBackend::Sqlite, text, values)
    }

    fn postgres(self, last: Sql) -> Statement {
        let mut text = String::new();
        let mut values = last.values;
        for (index, rows) in self.tables.into_iter().enumerate() {
            let (select, unnest, arrays) = rows.transposed(values.len());
            text.push_str(if index == 0 { "WITH " } else { ", " });
            text.push_str(&format!(
                "t{index} AS (INSERT INTO \"{}\" ({}) SELECT {select} FROM UNNEST({unnest}) AS q({}){})",
                rows.table,
                rows.names(),
                rows.names(),
                rows.conflict,
            ));
            values.extend(arrays);
        }
        text.push('\n');
        text.push_str(&last.text);
        Statement::from_sql_and_values(DbBackend::Postgres, text, values)
    }
}

/// One of the rows, to look at.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    columns: &'r [Column],
    values: &'r [Value],
}

impl<'r> Row<'r> {
    /// The text in a column.
    pub fn text(&self, column: &str) -> Option<&'r str> {
        match self.value(column) {
            Some(Value::String(Some(text))) => Some(text),
            _ => None,
        }
    }

    /// The number in a column.
    pub fn number(&self, column: &str) -> Option<i64> {
        match self.value(column) {
            Some(Value::BigInt(number)) => *number,
            Some(Value::Int(number)) => number.map(i64::from),
            _ => None,
        }
    }

    fn value(&self, column: &str) -> Option<&'r Value> {
        let place = self.columns.iter().position(|one| one.name == column)?;
        self.values.get(place)
    }
}

/// How many places an insert of `count` rows has on SQLite: groups of about one
/// size then share one text, which is parsed once and remembered.
fn places(count: usize) -> usize {
    let step = (count.next_power_of_two() / 8).max(1);
    count.next_multiple_of(step)
}

impl TableRows {
    /// Appends an insert with that many places. Those that stay empty are all null,
    /// which no first column of ours ever is.
    fn write_insert(&self, places: usize, text: &mut String) {
        let row = format!("(?{})", ",?".repeat(self.columns.len() - 1));
        // Without OR FAIL, SQLite would keep a copy of each page that it touches, to take
        // the statement back alone; whatever fails here takes the transaction back.
        text.push_str(&format!("INSERT OR FAIL INTO \"{}\" ({}) ", self.table, self.names()));
        let open = if places == 1 { "VALUES " } else { "SELECT * FROM (VALUES " };
        text.push_str(open);
        for index in 0..places {
            text.push_str(if index == 0 { "" } else { "," });
            text.push_str(&row);
        }
        text.push_str(if places == 1 { "" } else { ") WHERE column1 IS NOT NULL" });
        text.push_str(self.conflict);
        text.push_str(";\n");
    }

    fn names(&self) -> String {
        let names: Vec<_> = self.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
        names.join(",")
    }

    /// One array for each column. Arrays hold no nulls, so a null travels as a
    /// value that the column never has.
    fn transposed(&self, taken: usize) -> (String, String, Vec<Value>) {
        let width = self.columns.len();
        let (mut select, mut unnest, mut arrays) = (Vec::new(), Vec::new(), Vec::new());
        for (index, column) in self.columns.iter().enumerate() {
            let cells = self.values.iter().skip(index).step_by(width);
            let cells = cells.map(|value| never_null(value.clone())).collect();
            arrays.push(Value::Array(column.array.clone(), Some(Box::new(cells))));
            unnest.push(format!("${}::{}[]", taken + index + 1, column.cast));
            select.push(match (column.nullable, column.cast) {
                (false, _) => format!("\"{}\"", column.name),
                (true, "text") => format!("NULLIF(\"{}\", '')", column.name),
                (true, "bigint") => format!("NULLIF(\"{}\", {})", column.name, i64::MIN),
                (true, cast) => format!("NULLIF(\"{}\", ({})::{cast})", column.name, i32::MIN),
            });
        }
        (select.join(","), unnest.join(","), arrays)
    }
}

fn never_null(value: Value) -> Value {
    match value {
        Value::String(None) => Value::from(""),
        Value::BigInt(None) => Value::from(i64::MIN),
        Value::Int(None) => Value::from(i32::MIN),
        other => other,
    }
}

fn column_of<C: ColumnTrait + IdenStatic>(column: C) -> Column {
    let definition = column.def();
    let (array, cast) = match definition.get_column_type() {
        ColumnType::BigInteger => (ArrayType::BigInt, "bigint"),
        ColumnType::Integer => (ArrayType::Int, "integer"),
        ColumnType::Uuid => (ArrayType::Uuid, "uuid"),
        ColumnType::Blob | ColumnType::VarBinary(_) | ColumnType::Binary(_) => {
            (ArrayType::Bytes, "bytea")
        }
        _ => (ArrayType::String, "text"),
    };
    Column { name: column.as_str(), array, cast, nullable: definition.is_null() }
}

/// The table's name. Entities made by the derive have it as a constant.
fn static_table_name<E: EntityName + Default>() -> &'static str {
    E::default().table_name()
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
