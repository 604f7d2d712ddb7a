//! The limit of the database: the rows that the product wrote for a batch of
//! agreements, written again by nothing but multi-row statements in one durable
//! transaction; those of creates with new keys each time.

use entente::server::open_store;
use entente::store::clock::Clock;
use entente::store::connect::{Databases, open};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{
    AssertSqlSafe, PgPool, Postgres, Row as _, SqlSafeStr, SqlStr, Sqlite, SqlitePool, TypeInfo,
    ValueRef,
};
use std::sync::Arc;
use uuid::Uuid;

use crate::drive::{connect, unary};
use crate::stores::{DatabaseKind, Place, Product};
use crate::{Outcome, creates, samples};

/// Creates of one batch.
pub const BATCH: usize = 512;

/// Rows that one statement for SQLite writes at most: it may have 32,766 values, and is
/// planned once for all that have as many.
const ROWS: usize = 1_024;

/// Tables that new agreements are written to, in the order of their references.
const TABLES: [&str; 14] = [
    "record",
    "external_id",
    "label",
    "citation",
    "warning",
    "agreement",
    "agreement_party",
    "agreement_area",
    "agreement_action",
    "agreement_signatory",
    "agreement_link",
    "agreement_status",
    "commit",
    "change",
];

#[derive(Clone, Debug)]
enum Cell {
    Null,
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Long,
    Short,
    Text,
    Bytes,
    Uuid,
}

impl Kind {
    fn of(name: &str, declared: &str) -> Self {
        match declared.to_ascii_lowercase().as_str() {
            _ if name == "uid" => Self::Uuid,
            "bigint" => Self::Long,
            "integer" => Self::Short,
            "blob" => Self::Bytes,
            _ => Self::Text,
        }
    }

    fn array(self) -> &'static str {
        match self {
            Self::Long => "bigint[]",
            Self::Short => "integer[]",
            Self::Text => "text[]",
            Self::Bytes => "bytea[]",
            Self::Uuid => "uuid[]",
        }
    }
}

#[derive(Clone, Debug)]
struct Column {
    name: String,
    kind: Kind,
}

#[derive(Clone, Debug)]
struct Table {
    name: &'static str,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// The rows of one batch.
#[derive(Clone, Debug)]
pub struct Batch {
    tables: Vec<Table>,
    /// How many records they are of.
    records: i64,
    number: usize,
}

impl Batch {
    /// Has the product record [`BATCH`] agreements and reads what it wrote.
    pub async fn of_product() -> Outcome<Self> {
        let product = Product::start(DatabaseKind::Sqlite).await?;
        let channels = connect(product.server.address, 1).await?;
        let before = product.server.api.feed.head().mark.revision;
        for number in 0..BATCH {
            let request = samples::create(number);
            let _: entente::proto::v1::Agreement =
                unary(&channels[0], creates::CREATE, request).await?;
        }
        Self::written(product, before).await
    }

    /// Stops `product` and reads what it has written on SQLite since the revision `before`,
    /// a commit for each record.
    pub async fn written(product: Product, before: i64) -> Outcome<Self> {
        product.server.drain().await?;
        let databases = open(&product.place.url).await?;
        let pool = databases.writer.get_sqlite_connection_pool();
        let mut tables = Vec::new();
        for name in TABLES {
            tables.push(read(pool, name, before).await?);
        }
        databases.close().await;
        product.place.remove().await?;
        let records = tables[0].rows.len() as i64;
        Ok(Self { tables, records, number: 0 })
    }

    /// The rows of a single record.
    pub fn one_row(&self) -> Self {
        let mut tables = self.tables[..1].to_vec();
        tables[0].rows.truncate(1);
        Self { tables, ..*self }
    }

    /// Makes them rows of the batch after.
    pub fn step(&mut self) {
        self.number += 1;
        let (step, number) = (self.records, self.number);
        for table in &mut self.tables {
            for (index, column) in table.columns.iter().enumerate() {
                for row in &mut table.rows {
                    match (column.name.as_str(), &mut row[index]) {
                        ("key" | "revision", Cell::Number(value)) => *value += step,
                        ("commit_time", Cell::Number(value)) => *value += 1_000_000,
                        // The day is in its upper half: the next agreements are signed later.
                        ("likeness", Cell::Number(value)) => *value += step << 32,
                        ("name", Cell::Text(name)) => {
                            name.truncate(name.len() - 7);
                            name.push_str(&format!("{number:07x}"));
                        }
                        _ => {}
                    }
                }
            }
        }
    }
}

async fn read(pool: &SqlitePool, name: &'static str, before: i64) -> Outcome<Table> {
    let text = format!("SELECT name, type FROM pragma_table_info('{name}')");
    let columns = sqlx::query(AssertSqlSafe(text)).fetch_all(pool).await?;
    let columns = columns.iter().map(|row| {
        let (name, declared): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        Ok(Column { kind: Kind::of(&name, &declared), name })
    });
    let columns: Vec<Column> = columns.collect::<Result<_, sqlx::Error>>()?;
    let condition = match name {
        "record" | "commit" | "change" => format!("revision > {before}"),
        _ => format!("key IN (SELECT key FROM record WHERE revision > {before})"),
    };
    let text = format!("SELECT * FROM \"{name}\" WHERE {condition} ORDER BY 1, 2");
    let rows = sqlx::query(AssertSqlSafe(text)).fetch_all(pool).await?;
    let rows = rows.iter().map(|row| (0..columns.len()).map(|index| cell(row, index)).collect());
    let rows = rows.collect::<Outcome<_>>()?;
    Ok(Table { name, columns, rows })
}

fn cell(row: &SqliteRow, index: usize) -> Outcome<Cell> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Cell::Null);
    }
    Ok(match raw.type_info().name() {
        "INTEGER" => Cell::Number(row.try_get_unchecked(index)?),
        "BLOB" => Cell::Bytes(row.try_get_unchecked(index)?),
        _ => Cell::Text(row.try_get_unchecked(index)?),
    })
}

/// A database with the product's tables and settings, and the product idle.
#[derive(Debug)]
pub struct Tables {
    place: Place,
    databases: Arc<Databases>,
}

impl Tables {
    /// Makes one.
    pub async fn make(kind: DatabaseKind) -> Outcome<Self> {
        Self::of(Place::make(kind).await?).await
    }

    /// The one at `place`, which nobody uses.
    pub async fn of(place: Place) -> Outcome<Self> {
        let (api, databases, running) = open_store(&place.url, Clock::default()).await?;
        api.store.stop();
        running.watcher.abort();
        running.committer.await?;
        Ok(Self { place, databases })
    }

    /// Removes it.
    pub async fn finish(self) -> Outcome<()> {
        self.databases.close().await;
        self.place.remove().await
    }

    /// Writes `batch` in one durable transaction.
    pub async fn insert(&self, batch: &Batch) -> Outcome<()> {
        match self.place.kind {
            DatabaseKind::Sqlite => {
                insert_sqlite(self.databases.writer.get_sqlite_connection_pool(), batch).await
            }
            DatabaseKind::Postgres => {
                insert_postgres(self.databases.writer.get_postgres_connection_pool(), batch).await
            }
        }
    }
}

fn names(table: &Table) -> String {
    let names: Vec<_> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
    names.join(",")
}

fn sql(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

async fn insert_sqlite(pool: &SqlitePool, batch: &Batch) -> Outcome<()> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for table in &batch.tables {
        let row = format!("(?{})", ",?".repeat(table.columns.len() - 1));
        for rows in table.rows.chunks(ROWS) {
            let values = vec![row.as_str(); rows.len()].join(",");
            let text = format!("INSERT INTO \"{}\" ({}) VALUES {values}", table.name, names(table));
            let mut query = sqlx::query(sql(text));
            for cell in rows.iter().flatten() {
                query = bind(query, cell);
            }
            query.execute(&mut *transaction).await?;
        }
    }
    if batch.tables.len() > 1 {
        sqlx::query(MOVE_HEAD).bind(batch.records).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

const MOVE_HEAD: &str = "UPDATE head SET revision = revision + $1, next_key = next_key + $1, \
                         commit_time = commit_time + $1 WHERE id = 1";

fn bind<'q>(
    query: Query<'q, Sqlite, SqliteArguments>,
    cell: &Cell,
) -> Query<'q, Sqlite, SqliteArguments> {
    match cell {
        Cell::Null => query.bind(None::<i64>),
        Cell::Number(value) => query.bind(*value),
        Cell::Text(text) => query.bind(text.clone()),
        Cell::Bytes(bytes) => query.bind(bytes.clone()),
    }
}

async fn insert_postgres(pool: &PgPool, batch: &Batch) -> Outcome<()> {
    let mut transaction = pool.begin().await?;
    for table in &batch.tables {
        let arrays = table.columns.iter().enumerate();
        let arrays: Vec<_> =
            arrays.map(|(index, c)| format!("${}::{}", index + 1, c.kind.array())).collect();
        let text = format!(
            "INSERT INTO \"{}\" ({}) SELECT * FROM UNNEST({})",
            table.name,
            names(table),
            arrays.join(",")
        );
        let mut query = sqlx::query(sql(text));
        for (index, column) in table.columns.iter().enumerate() {
            query = bind_array(query, column.kind, table.rows.iter().map(|row| &row[index]));
        }
        query.execute(&mut *transaction).await?;
    }
    if batch.tables.len() > 1 {
        sqlx::query(MOVE_HEAD).bind(batch.records).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

fn bind_array<'q, 'c>(
    query: Query<'q, Postgres, PgArguments>,
    kind: Kind,
    cells: impl Iterator<Item = &'c Cell>,
) -> Query<'q, Postgres, PgArguments> {
    let number = |cell: &Cell| match cell {
        Cell::Number(value) => Some(*value),
        _ => None,
    };
    let bytes = |cell: &Cell| match cell {
        Cell::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    };
    match kind {
        Kind::Long => query.bind(cells.map(number).collect::<Vec<_>>()),
        Kind::Short => {
            let short = |cell| number(cell).and_then(|value| i32::try_from(value).ok());
            query.bind(cells.map(short).collect::<Vec<_>>())
        }
        Kind::Text => {
            let text = |cell: &Cell| match cell {
                Cell::Text(text) => Some(text.clone()),
                _ => None,
            };
            query.bind(cells.map(text).collect::<Vec<_>>())
        }
        Kind::Bytes => query.bind(cells.map(bytes).collect::<Vec<_>>()),
        Kind::Uuid => {
            let uuid = |cell| bytes(cell).and_then(|bytes| Uuid::from_slice(&bytes).ok());
            query.bind(cells.map(uuid).collect::<Vec<_>>())
        }
    }
}
