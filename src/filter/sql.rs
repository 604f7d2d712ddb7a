//! Makes SQL of a filter: a condition on the row `r` of `record`.
//!
//! Each part is asked either whether it certainly holds or whether it may, and
//! negation turns the one question into the other. Negations are carried down to
//! the elements, so that no condition is ever NULL where it is negated.
//!
//! An element is found in one of two ways. `r.key IN (SELECT key ...)` begins
//! with an index on the value and is for what few records have; where several are so, as
//! the two parties of an agreement, one stands inside the other. `EXISTS` looks at the rows of
//! the one record, and is for the rest.

use std::cell::Cell;
use std::cmp::Reverse;

use super::Filter;
use super::field::{COMMIT, FROM_DAY, Filterable, LABEL_NAME, Only, RECORD, UNTIL_DAY, Values};
use super::syntax::Comparator;
use super::tree::{Condition, Element, Test};
use crate::store::sql::Sql;

/// Whether something holds for certain, or may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Certainly,
    Possibly,
}

/// How few records an index finds for an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Strength {
    /// There is no index that helps.
    None,
    /// A span of dates, a tree, or one of a few values.
    Weak,
    /// One value.
    Strong,
}

/// Elements that PostgreSQL may turn into joins. The time in which it plans joins
/// grows fast with their number, and the longest filters would take it for ever.
const JOINS: usize = 6;

/// How a condition is asked.
#[derive(Clone, Copy, Debug)]
struct Question<'w> {
    asked: Asked,
    /// Whether its contrary is wanted.
    negated: bool,
    /// The strongest way into what surrounds it: weaker elements then only test
    /// what that finds.
    way: Strength,
    /// The table that has one row for each resource.
    table: &'static str,
    /// Elements written so far.
    written: &'w Cell<usize>,
}

impl Filter {
    /// Goes on with the condition that a record `r` of the type matches.
    pub fn condition(&self, sql: Sql) -> Sql {
        let way = strength(&self.root);
        let (asked, negated, written) = (Asked::Certainly, false, &Cell::new(0));
        push(sql, &self.root, Question { asked, negated, way, table: self.table, written })
    }
}

/// The strongest way into a condition: of all that must hold, the strongest one.
fn strength(condition: &Condition) -> Strength {
    match condition {
        Condition::All(parts) => parts.iter().map(strength).max().unwrap_or(Strength::None),
        Condition::Any(parts) => parts.iter().map(strength).min().unwrap_or(Strength::None),
        Condition::Not(_) => Strength::None,
        Condition::Possibly(part) => strength(part).min(Strength::Weak),
        Condition::Element(element) => strength_of(element),
    }
}

fn strength_of(element: &Element) -> Strength {
    match &element.test {
        _ if !element.field.indexed || element.field.table == RECORD => Strength::None,
        Test::Text(Comparator::Equal, _) if element.field.values == Values::Enum => Strength::Weak,
        Test::Text(Comparator::Equal, _) | Test::Refers { differs: false, .. } => Strength::Strong,
        Test::Under { .. } | Test::Span(..) => Strength::Weak,
        _ => Strength::None,
    }
}

fn push(sql: Sql, condition: &Condition, question: Question<'_>) -> Sql {
    let Question { asked, negated, way, .. } = question;
    match condition {
        Condition::Not(part) => {
            let asked = match asked {
                Asked::Certainly => Asked::Possibly,
                Asked::Possibly => Asked::Certainly,
            };
            push(sql, part, Question { asked, negated: !negated, ..question })
        }
        Condition::Possibly(part) => {
            push(sql, part, Question { asked: Asked::Possibly, ..question })
        }
        Condition::All(parts) if !negated => push_all(sql, parts, question),
        Condition::All(parts) | Condition::Any(parts) => {
            let all = matches!(condition, Condition::All(_)) != negated;
            let joined = parts.iter().enumerate().fold(sql.push("("), |sql, (index, part)| {
                let way = if all { way } else { way.max(strength(part)) };
                push(between(sql, index, all), part, Question { way, ..question })
            });
            joined.push(")")
        }
        Condition::Element(element) => push_elements(sql, &[element], question),
    }
}

fn between(sql: Sql, index: usize, all: bool) -> Sql {
    sql.push(match (index, all) {
        (0, _) => "",
        (_, true) => " AND ",
        (_, false) => " OR ",
    })
}

/// What is asked of the one row of the resource is asked at once, so that a range
/// of dates is a range of an index. Where indexes find few records for several parts, what one
/// finds is looked for among what the other does, before any record is read.
fn push_all(sql: Sql, parts: &[Condition], question: Question<'_>) -> Sql {
    let own = |one: &Element| one.field.table == question.table;
    let mut groups = vec![parts.iter().filter_map(element).filter(|one| own(one)).collect()];
    let mut others = Vec::new();
    for part in parts {
        match element(part) {
            Some(one) if own(one) => {}
            Some(one) if strength_of(one) == Strength::Strong => groups.push(vec![one]),
            _ => others.push(part),
        }
    }
    let (mut ways, rows): (Vec<Vec<&Element>>, Vec<_>) =
        groups.into_iter().partition(|group| strongest(group) == Strength::Strong);
    let single = ways.split_off(ways.len().min(JOINS.saturating_sub(question.written.get())));
    others.sort_by_key(|part| Reverse(strength(part)));

    let mut sql = sql.push("(");
    let mut pushed = 0;
    for group in rows.iter().chain(&single).filter(|group| !group.is_empty()) {
        sql = push_elements(between(sql, pushed, true), group, question);
        pushed += 1;
    }
    if !ways.is_empty() {
        sql = push_ways(between(sql, pushed, true), &ways, question);
        pushed += 1;
    }
    for part in others {
        sql = push(between(sql, pushed, true), part, question);
        pushed += 1;
    }
    sql.push(if pushed == 0 { "1 = 1)" } else { ")" })
}

fn element(part: &Condition) -> Option<&Element> {
    match part {
        Condition::Element(element) => Some(element),
        _ => None,
    }
}

/// The strongest way to a row that is all of `elements`.
fn strongest(elements: &[&Element]) -> Strength {
    elements.iter().map(|element| strength_of(element)).max().unwrap_or(Strength::None)
}

/// Asks for a row of each of `ways`, found by their indexes.
fn push_ways(mut sql: Sql, ways: &[Vec<&Element>], question: Question<'_>) -> Sql {
    question.written.set(question.written.get() + ways.len());
    for (index, elements) in ways.iter().enumerate() {
        let key = if index == 0 { "r.key" } else { " AND f.key" };
        let table = elements.first().map_or("", |element| element.field.table);
        sql = sql.push(&format!("{key} IN (SELECT f.key FROM \"{table}\" f WHERE "));
        sql = row_is(sql, "f", elements, question.asked);
    }
    sql.push(&")".repeat(ways.len()))
}

/// Asks for a row that is all of `elements`, which are of the same table.
fn push_elements(sql: Sql, elements: &[&Element], question: Question<'_>) -> Sql {
    let Question { asked, negated, way, .. } = question;
    let table = elements.first().map_or("", |element| element.field.table);
    let not = if negated { "NOT " } else { "" };
    let strongest = strongest(elements);
    let by_value = !negated && strongest > Strength::None && strongest >= way;
    // What is compared cannot become a join.
    let compared = table != RECORD && question.written.replace(question.written.get() + 1) >= JOINS;
    let sql = if compared { sql.push("(") } else { sql };
    let sql = match (table, by_value) {
        (RECORD, _) => sql.push(&format!("{not}(")),
        (COMMIT, _) => sql.push(&format!(
            "{not}EXISTS (SELECT 1 FROM \"{table}\" f WHERE f.revision = r.revision AND "
        )),
        (_, true) => sql.push(&format!("r.key IN (SELECT f.key FROM \"{table}\" f WHERE ")),
        (_, false) => {
            sql.push(&format!("{not}EXISTS (SELECT 1 FROM \"{table}\" f WHERE f.key = r.key AND "))
        }
    };
    let sql = row_is(sql, if table == RECORD { "r" } else { "f" }, elements, asked);
    sql.push(if compared { ")) IS TRUE" } else { ")" })
}

/// The row `row` is all of `elements`.
fn row_is(mut sql: Sql, row: &str, elements: &[&Element], asked: Asked) -> Sql {
    let Some(Element { field, map_key, .. }) = elements.first() else { return sql };
    sql = match field.only {
        Only::Every => sql,
        Only::Where(column, text) => {
            sql.push(&format!("f.\"{column}\" = ")).bind(text).push(" AND ")
        }
        Only::Without(column) => sql.push(&format!("f.\"{column}\" IS NULL AND ")),
        Only::With(column) => sql.push(&format!("f.\"{column}\" IS NOT NULL AND ")),
    };
    if let Some(key) = map_key {
        sql = sql.push(&format!("f.\"{LABEL_NAME}\" = ")).bind(key.as_str()).push(" AND ");
    }
    for (index, element) in elements.iter().enumerate() {
        sql = test(between(sql, index, true), row, element, asked);
    }
    sql
}

/// What the row `row` has to be: never NULL where it may be negated.
fn test(sql: Sql, row: &str, element: &Element, asked: Asked) -> Sql {
    let column = column(row, element.field.column);
    match &element.test {
        Test::Present => match element.field.values {
            Values::Date => sql.push(&format!("{} IS NOT NULL", earliest(row, &element.field))),
            Values::Text | Values::Enum | Values::Map => sql.push(&format!("{column} <> ''")),
            _ => sql.push(&format!("{column} IS NOT NULL")),
        },
        Test::Text(Comparator::NotEqual, text) => {
            differs(sql, &column).bind(text.as_str()).push(")")
        }
        Test::Text(comparator, text) => {
            // No text is a value where none is recorded, and comes before every other.
            let sql = match comparator {
                Comparator::Less | Comparator::LessOrEqual if !element.field.is_map() => {
                    sql.push(&format!("{column} > '' AND "))
                }
                _ => sql,
            };
            sql.push(&format!("{column} {} ", comparator.as_str())).bind(text.as_str())
        }
        Test::Contains(part) => {
            let function = if sql.is_postgres() { "strpos" } else { "instr" };
            sql.push(&format!("{function}(lower({column}), ")).bind(part.as_str()).push(") > 0")
        }
        Test::Refers { to, differs: false } => sql.push(&format!("{column} = ")).bind(to.key),
        Test::Refers { to, differs: true } => differs(sql, &column).bind(to.key).push(")"),
        // Keys, and not a query of them: PostgreSQL can then tell how many rows
        // there are.
        Test::Under { below, .. } => sql.push(&column).among_keys(below.keys().copied()),
        Test::Uid(uid, false) => sql.push(&format!("{column} = ")).bind(*uid),
        Test::Uid(uid, true) => differs(sql, &column).bind(*uid).push(")"),
        Test::Span(comparator, first, last) => {
            span(sql, row, &element.field, *comparator, (*first, *last), asked)
        }
        Test::Holds(day, value) => {
            let (from, until) = (self::column(row, FROM_DAY), self::column(row, UNTIL_DAY));
            let sql = sql.push(&format!("({from} IS NULL OR {from} <= ")).bind(*day);
            let sql = sql.push(&format!(") AND ({until} IS NULL OR {until} > ")).bind(*day);
            match value {
                Some(value) => sql.push(&format!(") AND {column} = ")).bind(value.as_str()),
                None => sql.push(")"),
            }
        }
    }
}

fn differs(sql: Sql, column: &str) -> Sql {
    sql.push(&format!("({column} IS NULL OR {column} <> "))
}

fn column(row: &str, name: &str) -> String {
    format!("{row}.\"{name}\"")
}

fn earliest(row: &str, field: &Filterable) -> String {
    match field.values {
        Values::Date => column(row, &format!("{}_earliest", field.column)),
        _ => column(row, field.column),
    }
}

fn latest(row: &str, field: &Filterable) -> String {
    match field.values {
        Values::Date => column(row, &format!("{}_latest", field.column)),
        _ => column(row, field.column),
    }
}

/// The same comparison as [`super::memory::spans`].
fn span(
    sql: Sql,
    row: &str,
    field: &Filterable,
    comparator: Comparator,
    (first, last): (i64, i64),
    asked: Asked,
) -> Sql {
    let (earliest, latest) = (earliest(row, field), latest(row, field));
    let certain = asked == Asked::Certainly;
    let bind = |sql: Sql, value: i64| match (field.values, i32::try_from(value)) {
        (Values::Date, Ok(day)) => sql.bind(day),
        _ => sql.bind(value),
    };
    let compare = |sql: Sql, column: &str, sign: &str, value: i64| {
        bind(sql.push(&format!("{column} {sign} ")), value)
    };
    match (comparator, certain) {
        (Comparator::Equal | Comparator::Has, true) => {
            let sql = compare(sql, &earliest, ">=", first);
            // The earliest day is not behind the latest: said so that an index on
            // the earliest ends there.
            let sql = compare(sql.push(" AND "), &earliest, "<=", last);
            compare(sql.push(" AND "), &latest, "<=", last)
        }
        (Comparator::Equal | Comparator::Has, false) => {
            let sql = compare(sql, &earliest, "<=", last);
            compare(sql.push(" AND "), &latest, ">=", first)
        }
        (Comparator::NotEqual, true) => {
            let sql = compare(sql.push(&format!("({earliest} IS NULL OR ")), &latest, "<", first);
            compare(sql.push(" OR "), &earliest, ">", last).push(")")
        }
        (Comparator::NotEqual, false) => {
            let sql = compare(sql.push(&format!("({earliest} IS NULL OR ")), &earliest, "<", first);
            compare(sql.push(" OR "), &latest, ">", last).push(")")
        }
        (Comparator::Less | Comparator::LessOrEqual, _) => {
            let end = if comparator == Comparator::Less { first } else { last };
            let sign = comparator.as_str();
            let sql = compare(sql, &earliest, sign, end);
            if certain { compare(sql.push(" AND "), &latest, sign, end) } else { sql }
        }
        (Comparator::Greater | Comparator::GreaterOrEqual, _) => {
            let end = if comparator == Comparator::Greater { last } else { first };
            let column = if certain { &earliest } else { &latest };
            compare(sql, column, comparator.as_str(), end)
        }
    }
}
