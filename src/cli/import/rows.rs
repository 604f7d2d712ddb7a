//! Makes records of the rows of tables, as a mapping says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::mapping::{Difference, Join, Mapping, Merged, Merging, Unmapped};
use super::names::Names;
use super::report::Remark;
use super::table::{Table, TableRow};
use super::{Entry, Place, resource_of_json};

/// Tables that fit a mapping.
#[derive(Debug)]
pub(super) struct Tables {
    tables: Vec<(Table, Vec<Joined>)>,
}

/// A table whose columns are added to those of another.
#[derive(Debug)]
struct Joined {
    table: Table,
    /// Its rows by the column that they are found by.
    rows: HashMap<String, usize>,
}

/// What tables say.
#[derive(Debug, Default)]
pub(in crate::cli) struct Prepared {
    pub(in crate::cli) entries: Vec<Entry>,
    pub(in crate::cli) remarks: Vec<Remark>,
}

/// A record in the making.
struct Draft {
    places: Vec<Place>,
    bytes: usize,
    record: Map<String, Value>,
    refusals: BTreeSet<String>,
}

impl Tables {
    /// Reads the files; errors tell all columns that the mapping names and a file has not.
    pub(super) fn read(mapping: &Mapping, files: &[PathBuf]) -> Result<Self, Vec<String>> {
        let (mut tables, mut problems) = (Vec::new(), Vec::new());
        for file in files {
            let read = Table::read(file, mapping.delimiter);
            let table = match read {
                Ok(table) => table,
                Err(problem) => {
                    problems.push(format!("{}: {problem}", file.display()));
                    continue;
                }
            };
            let folder = file.parent().unwrap_or(Path::new("."));
            let joined = mapping.joins.iter().map(|join| Joined::read(join, folder, mapping));
            match joined.collect::<Result<Vec<_>, _>>() {
                Ok(joined) => {
                    let known = columns(mapping, &table, &joined);
                    let known = known.iter().map(String::as_str).collect();
                    problems.extend(mapping.missing(&known));
                    tables.push((table, joined));
                }
                Err(problem) => problems.push(problem),
            }
        }
        if problems.is_empty() { Ok(Self { tables }) } else { Err(problems) }
    }

    /// The records that the tables make.
    pub(super) fn records(&self, mapping: &Mapping, names: &Names) -> Prepared {
        let mut maker = Maker {
            mapping,
            names,
            merging: mapping.merging(),
            prepared: Prepared::default(),
            drafts: Vec::new(),
            groups: HashMap::new(),
            unmapped: BTreeMap::new(),
        };
        for (table, joined) in &self.tables {
            maker.table(table, joined);
        }
        maker.finish()
    }
}

/// The columns of a table, of those that are joined to it, and the derived ones, in order.
fn columns(mapping: &Mapping, table: &Table, joined: &[Joined]) -> Vec<String> {
    let mut columns = table.header.clone();
    for (join, joined) in mapping.joins.iter().zip(joined) {
        let header = joined.table.header.iter();
        columns.extend(header.map(|column| format!("{}{column}", join.prefix)));
    }
    columns.extend(mapping.derived().map(str::to_owned));
    columns
}

impl Joined {
    fn read(join: &Join, folder: &Path, mapping: &Mapping) -> Result<Self, String> {
        let path = folder.join(&join.file);
        let told = |problem: String| format!("{}: {problem}", path.display());
        let table = Table::read(&path, mapping.delimiter).map_err(told)?;
        if let Some((line, problem)) = table.broken.first() {
            return Err(format!("{}:{line}: {problem}", path.display()));
        }
        let place = table.header.iter().position(|column| *column == join.on.1);
        let place = place.ok_or_else(|| told(format!("has no column {:?}", join.on.1)))?;
        let mut rows = HashMap::new();
        for (index, row) in table.rows.iter().enumerate() {
            let key = row.values[place].trim().to_owned();
            if rows.insert(key.clone(), index).is_some() {
                let line = row.line;
                return Err(format!("{}:{line}: {key:?} stands there twice", path.display()));
            }
        }
        Ok(Self { table, rows })
    }
}

/// By what a record will be found: its name, and its external ids.
fn found_by(record: &Map<String, Value>) -> Vec<String> {
    let name = record.get("name").map(Value::to_string);
    let ids = record.get("external_ids").and_then(Value::as_array);
    let ids = ids.into_iter().flatten().map(Value::to_string);
    name.into_iter().chain(ids).collect()
}

/// Makes records row by row.
struct Maker<'m> {
    mapping: &'m Mapping,
    names: &'m Names,
    merging: Merging,
    prepared: Prepared,
    drafts: Vec<Draft>,
    groups: HashMap<Vec<String>, usize>,
    /// How often values are not known, and where first.
    unmapped: BTreeMap<Unmapped, (usize, Place)>,
}

impl Maker<'_> {
    fn table(&mut self, table: &Table, joined: &[Joined]) {
        for column in table.header.iter().filter(|column| !self.mapping.knows(column)) {
            let text =
                format!("the column {column:?} is not used; name it in ignore if that is meant");
            let details = json!({ "column": column });
            let place = (Arc::clone(&table.file), 1);
            self.prepared.remarks.push(Remark { outcome: "unused column", place, text, details });
        }
        for (line, problem) in &table.broken {
            let place = (Arc::clone(&table.file), *line);
            self.prepared.entries.push(Entry::refused(place, problem.clone()));
        }
        let columns = columns(self.mapping, table, joined);
        let places: HashMap<String, usize> =
            columns.into_iter().enumerate().map(|(place, column)| (column, place)).collect();
        for row in &table.rows {
            self.row(table, row, joined, &places);
        }
    }

    fn row(
        &mut self,
        table: &Table,
        row: &TableRow,
        joined: &[Joined],
        places: &HashMap<String, usize>,
    ) {
        let place = (Arc::clone(&table.file), row.line);
        let mut values = row.values.clone();
        let (mut unmapped, mut refusals) = (Vec::new(), BTreeSet::new());
        for (join, joined) in self.mapping.joins.iter().zip(joined) {
            let key = places.get(&join.on.0).and_then(|place| values.get(*place));
            let key = key.map(|key| key.trim().to_owned()).unwrap_or_default();
            let found = joined.rows.get(&key).map(|index| &joined.table.rows[*index]);
            if join.is_required && found.is_none() && !key.is_empty() {
                let why = format!("is no {} of {}", join.on.1, join.file);
                refusals.insert(format!("{}: {key:?} {why}", join.on.0));
                let (column, value) = (join.on.0.clone(), key.clone());
                unmapped.push(Unmapped { column, value, treated: format!("{why}; refused") });
            }
            let none = || vec![String::new(); joined.table.header.len()];
            values.extend(found.map_or_else(none, |row| row.values.clone()));
        }
        let said = self.mapping.say(places, values, self.names);
        let Some(record) = said.record else {
            let text = "makes no record: the conditions of [record] do not hold".to_owned();
            let details = json!({});
            self.prepared.remarks.push(Remark { outcome: "left out", place, text, details });
            return;
        };
        refusals.extend(said.refusals);
        unmapped.extend(said.unmapped);
        for one in unmapped {
            self.unmapped.entry(one).or_insert_with(|| (0, place.clone())).0 += 1;
        }
        let is_of_group = said.group.iter().any(|value| !value.is_empty());
        let draft = is_of_group.then(|| self.groups.get(&said.group)).flatten().copied();
        match draft {
            Some(index) => self.add(index, place, row.bytes(), record, refusals),
            None => {
                if is_of_group {
                    self.groups.insert(said.group, self.drafts.len());
                }
                let (places, bytes) = (vec![place], row.bytes());
                self.drafts.push(Draft { places, bytes, record, refusals });
            }
        }
    }

    /// Adds a row to the record that it is of.
    fn add(
        &mut self,
        index: usize,
        place: Place,
        bytes: usize,
        row: Map<String, Value>,
        refusals: BTreeSet<String>,
    ) {
        let draft = &mut self.drafts[index];
        draft.bytes += bytes;
        draft.refusals.extend(refusals);
        let first = draft.places[0].1;
        let Merged { differences, says_more } = self.merging.merge(&mut draft.record, row);
        if !says_more && differences.is_empty() {
            let text = format!("says nothing that the rows since line {first} do not say");
            let details = json!({ "kept_line": first });
            let place = place.clone();
            self.prepared.remarks.push(Remark { outcome: "repeats", place, text, details });
        }
        for Difference { field, kept, given } in differences {
            let text = format!("{field} is {given}, and {kept} since line {first}, which is kept");
            let details =
                json!({ "field": field, "kept": kept, "given": given, "kept_line": first });
            let place = place.clone();
            self.prepared.remarks.push(Remark { outcome: "differs", place, text, details });
        }
        draft.places.push(place);
    }

    fn finish(self) -> Prepared {
        let mut prepared = self.prepared;
        let mut first_lines = HashMap::new();
        for Draft { places, bytes, record, refusals } in self.drafts {
            let again = found_by(&record)
                .into_iter()
                .find_map(|id| first_lines.insert(id, places[0].clone()))
                .filter(|_| refusals.is_empty());
            let resource = match again {
                Some((file, line)) => Err(format!(
                    "is the record of {}:{line} again; group_by makes one record of its rows",
                    file.display()
                )),
                None if refusals.is_empty() => {
                    resource_of_json(&self.mapping.of_type, Value::Object(record))
                }
                None => Err(refusals.into_iter().collect::<Vec<_>>().join("; ")),
            };
            prepared.entries.push(Entry { places, size: bytes as u64, resource });
        }
        prepared.entries.sort_by(|one, other| one.places[0].cmp(&other.places[0]));
        let mut unmapped: Vec<_> = self.unmapped.into_iter().collect();
        unmapped.sort_by_key(|(one, (count, _))| (one.column.clone(), std::cmp::Reverse(*count)));
        for (Unmapped { column, value, treated }, (count, place)) in unmapped {
            let rows = if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
            let text = format!("{column}: {value:?} {treated} ({rows})");
            let details =
                json!({ "column": column, "value": value, "treated": treated, "count": count });
            prepared.remarks.push(Remark { outcome: "unmapped", place, text, details });
        }
        prepared
    }
}
