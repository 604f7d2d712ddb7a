//! Makes one record of what several rows say of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

/// Something that two rows say differently. The first one holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli::import) struct Difference {
    pub(in crate::cli::import) field: String,
    pub(in crate::cli::import) kept: Value,
    pub(in crate::cli::import) given: Value,
}

/// How rows become one record, besides that list elements are united and that of other
/// fields the first one holds. Fields are paths in proto JSON.
#[derive(Clone, Debug, Default)]
pub(in crate::cli::import) struct Merging {
    /// Texts that are joined, and by what.
    pub(super) joins: BTreeMap<String, String>,
    /// Lists whose elements are one if they differ in lists of their own alone.
    pub(super) united: BTreeSet<String>,
}

/// What a further row of a record brings.
#[derive(Debug, Default)]
pub(in crate::cli::import) struct Merged {
    pub(in crate::cli::import) differences: Vec<Difference>,
    pub(in crate::cli::import) says_more: bool,
}

impl Merging {
    /// Adds to `record` what a further row says.
    pub(in crate::cli::import) fn merge(
        &self,
        record: &mut Map<String, Value>,
        row: Map<String, Value>,
    ) -> Merged {
        let mut merged = Merged::default();
        self.object(record, row, "", &mut merged);
        merged
    }

    fn object(
        &self,
        record: &mut Map<String, Value>,
        row: Map<String, Value>,
        path: &str,
        merged: &mut Merged,
    ) {
        for (name, given) in row {
            let field = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let Some(kept) = record.get_mut(&name) else {
                record.insert(name, given);
                merged.says_more = true;
                continue;
            };
            match (kept, given) {
                (Value::Array(kept), Value::Array(given)) => {
                    for element in given {
                        merged.says_more |= self.add(kept, element, &field);
                    }
                }
                (Value::Object(kept), Value::Object(given)) => {
                    self.object(kept, given, &field, merged);
                }
                (Value::String(kept), Value::String(given)) if self.joins.contains_key(&field) => {
                    merged.says_more |= joined(kept, &given, &self.joins[&field]);
                }
                (kept, given) if *kept != given => {
                    merged.differences.push(Difference { field, kept: kept.clone(), given });
                }
                _ => {}
            }
        }
    }

    /// Adds an element to the list at `path`; whether it is new in part at least.
    pub(super) fn add(&self, list: &mut Vec<Value>, element: Value, path: &str) -> bool {
        if list.contains(&element) {
            return false;
        }
        let same =
            list.iter_mut().find(|one| self.united.contains(path) && are_alike(one, &element));
        match (same, element) {
            (Some(Value::Object(same)), Value::Object(element)) => {
                let mut merged = Merged::default();
                self.object(same, element, path, &mut merged);
                merged.says_more
            }
            (_, element) => {
                list.push(element);
                true
            }
        }
    }
}

/// Whether two objects differ in lists alone.
fn are_alike(one: &Value, other: &Value) -> bool {
    let plain = |value: &Value| -> Option<BTreeMap<String, Value>> {
        let fields = value.as_object()?.iter().filter(|(_, value)| !value.is_array());
        Some(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    };
    plain(one).is_some_and(|fields| Some(fields) == plain(other))
}

/// Adds lines to a record's note.
pub(super) fn note(record: &mut Map<String, Value>, lines: &[String]) {
    for line in lines {
        match record.get_mut("note") {
            Some(Value::String(note)) => {
                joined(note, line, "\n");
            }
            _ => {
                record.insert("note".to_owned(), Value::String(line.clone()));
            }
        }
    }
}

/// Adds to a text the parts of another that it has not; whether there are any.
fn joined(kept: &mut String, given: &str, by: &str) -> bool {
    let before = kept.len();
    for part in given.split(by) {
        if !kept.split(by).any(|one| one == part) {
            kept.push_str(by);
            kept.push_str(part);
        }
    }
    kept.len() > before
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
        let joins = BTreeMap::from([("note".to_owned(), "\n".to_owned())]);
        let merging = Merging { joins, ..Merging::default() };
        let mut record = object(json!({ "title": "A", "parties": [1, 2], "note": "x" }));
        let row = object(json!({ "title": "B", "parties": [2, 3], "note": "y", "place": "Minsk" }));
        let merged = merging.merge(&mut record, row.clone());
        let expected =
            json!({ "title": "A", "parties": [1, 2, 3], "note": "x\ny", "place": "Minsk" });
        assert_eq!(Value::Object(record.clone()), expected);
        let difference =
            Difference { field: "title".to_owned(), kept: json!("A"), given: json!("B") };
        assert_eq!((merged.differences, merged.says_more), (vec![difference], true));
        assert!(!merging.merge(&mut record, row).says_more);
        assert_eq!(Value::Object(record), expected, "nothing twice");
    }

    #[test]
    fn elements_that_differ_in_lists_alone_are_one_where_that_is_asked_for() {
        let row =
            |day: &str| object(json!({ "tenures": [{ "title": "King", "attestedOn": [day] }] }));
        let united = BTreeSet::from(["tenures".to_owned()]);
        let merging = Merging { united, ..Merging::default() };
        let mut record = row("1999");
        assert!(merging.merge(&mut record, row("2000")).says_more);
        let one = json!({ "tenures": [{ "title": "King", "attestedOn": ["1999", "2000"] }] });
        assert_eq!(Value::Object(record), one);
        let mut record = row("1999");
        Merging::default().merge(&mut record, row("2000"));
        assert_eq!(record["tenures"].as_array().map(Vec::len), Some(2));
    }
}
