//! Makes one record of what several rows say of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Something that two rows say differently. The first one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::import) struct Difference {
    pub(in crate::cli::import) field: String,
    pub(in crate::cli::import) kept: Value,
    pub(in crate::cli::import) given: Value,
}

/// Adds to `record` what a further row says: list elements that are not there yet, fields
/// that are empty, and texts that are joined by the texts of `joins`, by path.
pub(in crate::cli::import) fn merge(
    record: &mut Map<String, Value>,
    row: Map<String, Value>,
    joins: &BTreeMap<String, String>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    within(record, row, "", joins, &mut differences);
    differences
}

/// Adds lines to a record's note.
pub(super) fn note(record: &mut Map<String, Value>, lines: &[String]) {
    for line in lines {
        match record.get_mut("note") {
            Some(Value::String(note)) => joined(note, line, "\n"),
            _ => {
                record.insert("note".to_owned(), Value::String(line.clone()));
            }
        }
    }
}

fn within(
    record: &mut Map<String, Value>,
    row: Map<String, Value>,
    path: &str,
    joins: &BTreeMap<String, String>,
    differences: &mut Vec<Difference>,
) {
    for (name, given) in row {
        let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let Some(kept) = record.get_mut(&name) else {
            record.insert(name, given);
            continue;
        };
        match (kept, given) {
            (Value::Array(kept), Value::Array(given)) => {
                for element in given {
                    if !kept.contains(&element) {
                        kept.push(element);
                    }
                }
            }
            (Value::Object(kept), Value::Object(given)) => {
                within(kept, given, &field, joins, differences);
            }
            (Value::String(kept), Value::String(given)) if joins.contains_key(&field) => {
                joined(kept, &given, &joins[&field]);
            }
            (kept, given) if *kept != given => {
                differences.push(Difference { field, kept: kept.clone(), given });
            }
            _ => {}
        }
    }
}

/// Adds a text to another, unless it is a part of it already.
fn joined(kept: &mut String, given: &str, by: &str) {
    for part in given.split(by) {
        if !kept.split(by).any(|one| one == part) {
            kept.push_str(by);
            kept.push_str(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Map<String, Value> {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn lists_are_united_and_the_first_text_holds() {
        let mut record = object(json!({ "title": "A", "parties": [1, 2], "note": "x" }));
        let joins = BTreeMap::from([("note".to_owned(), "\n".to_owned())]);
        let row = object(json!({ "title": "B", "parties": [2, 3], "note": "y", "place": "Minsk" }));
        let differences = merge(&mut record, row.clone(), &joins);
        let expected =
            json!({ "title": "A", "parties": [1, 2, 3], "note": "x\ny", "place": "Minsk" });
        assert_eq!(Value::Object(record.clone()), expected);
        let difference =
            Difference { field: "title".to_owned(), kept: json!("A"), given: json!("B") };
        assert_eq!(differences, [difference]);
        merge(&mut record, row, &joins);
        assert_eq!(Value::Object(record), expected, "nothing twice");
    }
}
