//! Rows of many tables, to insert at once.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{PoisonError, RwLock};

use sea_orm::sea_query::ArrayType;
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType, ConnectionTrait, DbBackend, DbErr,
    EntityName, EntityTrait, IdenStatic, IntoActiveModel, Iterable, Statement, Value,
};

use super::Sql;

/// Parameters of one statement on SQLite.
const SQLITE_PARAMETERS: usize = 32_766;

/// What the rows of a table are like.
#[derive(Debug)]
pub(super) struct Table {
    name: &'static str,
    pub(super) columns: Vec<Column>,
    /// Names of the columns.
    pub(super) names: String,
    /// What they are read as from arrays, on PostgreSQL.
    select: String,
}

/// A column of a table.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    array: ArrayType,
    pub(super) cast: &'static str,
    nullable: bool,
}

#[derive(Debug)]
pub(super) struct TableRows {
    pub(super) table: &'static Table,
    /// Row after row.
    values: Vec<Value>,
    /// What to do where the row exists.
    conflict: &'static str,
}

/// Rows to insert, table by table in the order of their first row.
#[derive(Debug, Default)]
pub struct Rows {
    pub(super) tables: Vec<TableRows>,
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
        let name = static_table_name::<E>();
        let place = self.tables.iter().position(|rows| rows.table.name == name);
        let place = place.unwrap_or_else(|| {
            self.tables.push(TableRows { table: Table::of::<E>(), values: Vec::new(), conflict });
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
        self.table(table).into_iter().flat_map(|rows| {
            let columns = &rows.table.columns;
            rows.values.chunks(columns.len()).map(|values| Row { columns, values })
        })
    }

    pub(super) fn table(&self, name: &str) -> Option<&TableRows> {
        self.tables.iter().find(|rows| rows.table.name == name)
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
            let width = rows.table.columns.len();
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
            let Table { name, names, select, columns } = rows.table;
            text.push_str(if index == 0 { "WITH " } else { ", " });
            let _ = write!(
                text,
                "t{index} AS (INSERT INTO \"{name}\" ({names}) SELECT {select} FROM UNNEST("
            );
            for (index, column) in columns.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                let _ = write!(text, "{comma}${}::{}[]", values.len() + index + 1, column.cast);
            }
            let _ = write!(text, ") AS q({names}){})", rows.conflict);
            values.extend(rows.transposed());
        }
        text.push('\n');
        text.push_str(&last.text);
        Statement::from_sql_and_values(DbBackend::Postgres, text, values)
    }
}

/// One of the rows, to look at.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    pub(super) columns: &'r [Column],
    pub(super) values: &'r [Value],
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
        let Table { name, names, columns, .. } = self.table;
        let row = format!("(?{})", ",?".repeat(columns.len() - 1));
        // Without OR FAIL, SQLite would keep a copy of each page that it touches, to take
        // the statement back alone; whatever fails here takes the transaction back.
        let _ = write!(text, "INSERT OR FAIL INTO \"{name}\" ({names}) ");
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

    /// One array for each column. Arrays hold no nulls, so a null travels as a
    /// value that the column never has.
    fn transposed(self) -> impl Iterator<Item = Value> {
        let columns = &self.table.columns;
        let rows = self.values.len() / columns.len();
        let mut arrays: Vec<_> = columns.iter().map(|_| Vec::with_capacity(rows)).collect();
        for (index, value) in self.values.into_iter().enumerate() {
            arrays[index % columns.len()].push(never_null(value));
        }
        let arrays = arrays.into_iter().zip(columns);
        arrays.map(|(cells, column)| Value::Array(column.array.clone(), Some(Box::new(cells))))
    }
}

impl Table {
    /// That of an entity, worked out once.
    fn of<E: EntityTrait>() -> &'static Self {
        static TABLES: RwLock<BTreeMap<&str, &Table>> = RwLock::new(BTreeMap::new());
        let name = static_table_name::<E>();
        let known = TABLES.read().unwrap_or_else(PoisonError::into_inner).get(name).copied();
        known.unwrap_or_else(|| {
            let mut tables = TABLES.write().unwrap_or_else(PoisonError::into_inner);
            tables.entry(name).or_insert_with(|| Box::leak(Box::new(Self::new::<E>(name))))
        })
    }

    fn new<E: EntityTrait>(name: &'static str) -> Self {
        let columns: Vec<_> = E::Column::iter().map(column_of).collect();
        let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let select: Vec<_> = columns.iter().map(Column::select).collect();
        Self { name, names: names.join(","), select: select.join(","), columns }
    }
}

impl Column {
    /// What it is read as from an array.
    fn select(&self) -> String {
        let Self { name, cast, .. } = self;
        match (self.nullable, *cast) {
            (false, _) => format!("\"{name}\""),
            (true, "text") => format!("NULLIF(\"{name}\", '')"),
            (true, "bigint") => format!("NULLIF(\"{name}\", {})", i64::MIN),
            (true, cast) => format!("NULLIF(\"{name}\", ({})::{cast})", i32::MIN),
        }
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
