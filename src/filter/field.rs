//! What a type declares of its fields so that they can be filtered by: for each
//! the table and column that its values are extracted to.

use crate::store::registry::Kind;

/// What the values of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Text, compared bytewise.
    Text,
    /// Short names of an enum's values.
    Enum,
    /// Keys of resources of that type; of any if it is `*`.
    Reference(&'static str),
    /// The resource's own name.
    Name,
    /// The resource's own uid.
    Uid,
    /// Partial dates, as two columns: the earliest and the latest day.
    Date,
    /// Microseconds since 1970.
    Instant,
    /// Whole numbers.
    Integer,
    /// The values of a map, by its keys.
    Map,
}

/// Which rows of the table hold the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Only {
    /// All.
    Every,
    /// Those with that text in that column.
    Where(&'static str, &'static str),
    /// Those with nothing in that column.
    Without(&'static str),
    /// Those with something in that column.
    With(&'static str),
}

/// Where the values that a field has on other days stand: in rows with the days from which and
/// until which each holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daily {
    /// The table. The value's column is called as that of today.
    pub table: &'static str,
    /// What the value is on a day without a row.
    pub otherwise: &'static str,
}

/// Its column with the first day; NULL if the value has held since ever.
pub(super) const FROM_DAY: &str = "from_day";
/// Its column with the day behind the last one; NULL if the value holds for ever.
pub(super) const UNTIL_DAY: &str = "until_day";
/// What a field that can be asked for on any day is called then, behind its own name.
pub(super) const ON_DAY: &str = "_on";

/// A field to filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filterable {
    /// Its path in the message: `parties.country`.
    pub path: &'static str,
    /// What its values are.
    pub values: Values,
    /// The table that they are extracted to.
    pub table: &'static str,
    /// Their column there; of a date, what comes before `_earliest` and `_latest`.
    pub column: &'static str,
    /// Which rows hold them.
    pub only: Only,
    /// Whether an index finds the rows of a value.
    pub indexed: bool,
    /// Its values on any day, if those are kept.
    pub daily: Option<Daily>,
}

impl Filterable {
    /// The field `path`, whose values stand in `column` of `table`.
    pub const fn new(
        path: &'static str,
        values: Values,
        table: &'static str,
        column: &'static str,
    ) -> Self {
        Self { path, values, table, column, only: Only::Every, indexed: false, daily: None }
    }

    /// Whether it has values by key, of which an empty text is one.
    pub fn is_map(&self) -> bool {
        self.values == Values::Map
    }

    /// The same, but only some rows hold it.
    pub const fn only(self, only: Only) -> Self {
        Self { only, ..self }
    }

    /// The same, with an index that finds the rows of a value.
    pub const fn indexed(self) -> Self {
        Self { indexed: true, ..self }
    }

    /// The same, and what it is on any day can be asked for too.
    pub const fn daily(self, daily: Daily) -> Self {
        Self { daily: Some(daily), ..self }
    }
}

/// The table of records themselves.
pub const RECORD: &str = "record";
/// The table of the commits, which a record's revision leads to.
pub(super) const COMMIT: &str = "commit";
/// The table of labels.
pub(super) const LABEL: &str = "label";
/// Its column of keys.
pub(super) const LABEL_NAME: &str = "name";

/// The fields of every type. A revision and what follows from it have no index,
/// since each write would have to keep it.
pub const SHARED: [Filterable; 13] = [
    Filterable::new("name", Values::Name, RECORD, "name").indexed(),
    Filterable::new("uid", Values::Uid, RECORD, "uid"),
    Filterable::new("external_ids.scheme", Values::Text, "external_id", "scheme"),
    Filterable::new("external_ids.value", Values::Text, "external_id", "value").indexed(),
    Filterable::new("labels", Values::Map, LABEL, "value").indexed(),
    Filterable::new("citations.source", Values::Reference("Source"), "citation", "source_key")
        .indexed(),
    Filterable::new("citations.voice", Values::Enum, "citation", "voice"),
    Filterable::new(
        "citations.attributed_to",
        Values::Reference("*"),
        "citation",
        "attributed_to_key",
    )
    .indexed(),
    Filterable::new("citations.credibility", Values::Integer, "citation", "credibility"),
    Filterable::new("warnings.code", Values::Enum, "warning", "code").indexed(),
    Filterable::new("revision", Values::Integer, RECORD, "revision"),
    Filterable::new("create_time", Values::Instant, RECORD, "create_time"),
    Filterable::new("update_time", Values::Instant, COMMIT, "commit_time"),
];

/// The fields that resources of a type can be filtered by.
pub fn filterable(kind: &Kind) -> impl Iterator<Item = Filterable> + Clone + use<> {
    SHARED.into_iter().chain(kind.filterable.iter().copied())
}
