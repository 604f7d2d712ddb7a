//! Judges a resource in memory, over the rows that its type extracts.

use super::Filter;
use super::field::{COMMIT, FROM_DAY, LABEL_NAME, Only, RECORD, UNTIL_DAY, Values};
use super::syntax::Comparator;
use super::tree::{Condition, Element, Test};
use crate::model::dates::Day;
use crate::store::index::index_rows;
use crate::store::registry::Kind;
use crate::store::resource::{Keys, Object};
use crate::store::sql::{Row, Rows};
use crate::store::write::microseconds;

/// Whether something is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Truth {
    /// Certainly not.
    No,
    /// It may be.
    Maybe,
    /// Certainly.
    Yes,
}

impl Truth {
    fn of(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn contrary(self) -> Self {
        match self {
            Self::No => Self::Yes,
            Self::Maybe => Self::Maybe,
            Self::Yes => Self::No,
        }
    }
}

/// What filters see of a resource.
#[derive(Debug)]
pub struct Facts {
    rows: Rows,
    name: String,
    uid: String,
    key: i64,
    revision: i64,
    create_time: i64,
    update_time: i64,
}

impl Facts {
    /// Extracts them. The keys only have to be the same that the filter was bound
    /// with.
    pub fn of(kind: &Kind, object: &dyn Object, keys: &dyn Keys) -> Self {
        let common = object.common();
        let key = keys.key(common.name).unwrap_or_default();
        let mut rows = Rows::default();
        // Filters do not ask what will be, so it does not matter from which day on.
        index_rows(kind, key, object, keys, Day::MAX, &mut rows);
        Self {
            rows,
            name: common.name.to_owned(),
            uid: common.uid.to_owned(),
            key,
            revision: common.revision,
            create_time: common.create_time.map_or(0, microseconds),
            update_time: common.update_time.map_or(0, microseconds),
        }
    }
}

/// A row that an element of a field stands in.
trait Cells {
    fn text(&self, column: &str) -> Option<&str>;
    fn number(&self, column: &str) -> Option<i64>;
}

impl Cells for Row<'_> {
    fn text(&self, column: &str) -> Option<&str> {
        Row::text(self, column)
    }

    fn number(&self, column: &str) -> Option<i64> {
        Row::number(self, column)
    }
}

/// The row of the record itself, and of its commit.
impl Cells for Facts {
    fn text(&self, column: &str) -> Option<&str> {
        match column {
            "name" => Some(&self.name),
            "uid" => Some(&self.uid),
            _ => None,
        }
    }

    fn number(&self, column: &str) -> Option<i64> {
        match column {
            "key" => Some(self.key),
            "revision" => Some(self.revision),
            "create_time" => Some(self.create_time),
            "commit_time" => Some(self.update_time),
            _ => None,
        }
    }
}

impl Filter {
    /// Whether the resource matches: whether the condition certainly holds.
    pub fn matches(&self, facts: &Facts) -> bool {
        judge(&self.root, facts) == Truth::Yes
    }
}

fn judge(condition: &Condition, facts: &Facts) -> Truth {
    match condition {
        Condition::All(parts) => {
            parts.iter().map(|part| judge(part, facts)).min().unwrap_or(Truth::Yes)
        }
        Condition::Any(parts) => {
            parts.iter().map(|part| judge(part, facts)).max().unwrap_or(Truth::No)
        }
        Condition::Not(part) => judge(part, facts).contrary(),
        Condition::Possibly(part) => Truth::of(judge(part, facts) != Truth::No),
        Condition::Element(element) => judge_element(element, facts),
    }
}

fn judge_element(element: &Element, facts: &Facts) -> Truth {
    if [RECORD, COMMIT].contains(&element.field.table) {
        return passes(element, facts);
    }
    let rows = facts.rows.of(element.field.table);
    let rows = rows.filter(|row| holds_field(element, row));
    rows.map(|row| passes(element, &row)).max().unwrap_or(Truth::No)
}

fn holds_field(element: &Element, row: &Row<'_>) -> bool {
    let is_there = |column: &str| row.number(column).is_some() || row.text(column).is_some();
    let key = element.map_key.as_deref();
    key.is_none_or(|key| row.text(LABEL_NAME) == Some(key))
        && match element.field.only {
            Only::Every => true,
            Only::Where(column, text) => row.text(column) == Some(text),
            Only::Without(column) => !is_there(column),
            Only::With(column) => is_there(column),
        }
}

fn passes(element: &Element, row: &impl Cells) -> Truth {
    let column = element.field.column;
    match &element.test {
        Test::Present if element.field.values == Values::Date => {
            Truth::of(row.number(&format!("{column}_earliest")).is_some())
        }
        Test::Present => {
            let text = row.text(column).is_some_and(|text| !text.is_empty());
            Truth::of(text || row.number(column).is_some())
        }
        Test::Text(comparator, expected) => {
            let compare = |text: &str| compares(*comparator, text.cmp(expected));
            let is_value = |text: &&str| !text.is_empty() || element.field.is_map();
            Truth::of(match row.text(column).filter(is_value) {
                Some(text) => compare(text),
                None => *comparator == Comparator::NotEqual,
            })
        }
        Test::Contains(part) => {
            let text = row.text(column);
            Truth::of(text.is_some_and(|text| text.to_ascii_lowercase().contains(part)))
        }
        Test::Refers { to, differs } => Truth::of((row.number(column) == Some(to.key)) != *differs),
        Test::Under { below, .. } => {
            Truth::of(row.number(column).is_some_and(|key| below.contains_key(&key)))
        }
        Test::Uid(uid, differs) => {
            Truth::of((row.text(column) == Some(&uid.to_string())) != *differs)
        }
        Test::Span(comparator, first, last) => {
            let ends = match element.field.values {
                Values::Date => row
                    .number(&format!("{column}_earliest"))
                    .zip(row.number(&format!("{column}_latest"))),
                _ => row.number(column).zip(row.number(column)),
            };
            match ends {
                Some(ends) => spans(*comparator, ends, (*first, *last)),
                None => Truth::of(*comparator == Comparator::NotEqual),
            }
        }
        Test::Holds(day, value) => {
            let day = i64::from(*day);
            let begun = row.number(FROM_DAY).is_none_or(|from| from <= day);
            let ended = row.number(UNTIL_DAY).is_some_and(|until| until <= day);
            let fits = value.as_deref().is_none_or(|value| row.text(column) == Some(value));
            Truth::of(begun && !ended && fits)
        }
    }
}

fn compares(comparator: Comparator, order: std::cmp::Ordering) -> bool {
    match comparator {
        Comparator::Equal | Comparator::Has => order.is_eq(),
        Comparator::NotEqual => order.is_ne(),
        Comparator::Less => order.is_lt(),
        Comparator::LessOrEqual => order.is_le(),
        Comparator::Greater => order.is_gt(),
        Comparator::GreaterOrEqual => order.is_ge(),
    }
}

/// Compares something that lies between `earliest` and `latest`, nobody knows
/// where, with a span: whether all, some or none of the days that it can be do.
pub(super) fn spans(
    comparator: Comparator,
    (earliest, latest): (i64, i64),
    (first, last): (i64, i64),
) -> Truth {
    let of = |all: bool, some: bool| match (all, some) {
        (true, _) => Truth::Yes,
        (false, true) => Truth::Maybe,
        (false, false) => Truth::No,
    };
    match comparator {
        Comparator::Equal | Comparator::Has => {
            of(earliest >= first && latest <= last, earliest <= last && latest >= first)
        }
        Comparator::NotEqual => {
            spans(Comparator::Equal, (earliest, latest), (first, last)).contrary()
        }
        Comparator::Less => of(latest < first, earliest < first),
        Comparator::GreaterOrEqual => of(earliest >= first, latest >= first),
        Comparator::LessOrEqual => of(latest <= last, earliest <= last),
        Comparator::Greater => of(earliest > last, latest > last),
    }
}
