//! Makes records of the rows of tables, as a mapping says.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::mapping::{Difference, Join, Layout, Mapping, Merged, Merging, Unmapped};
use super::names::Names;
use super::report::Remark;
use super::table::{Table, TableRow};
use super::{Entry, Place, resource_of_json};

/// Tables that have the columns that a mapping names.
#[derive(Debug)]
pub(super) struct Tables {
    layout: Layout,
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
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) places: Vec<Place>,
    bytes: usize,
    /// As proto JSON.
    pub(super) record: Map<String, Value>,
    refusals: BTreeSet<String>,
    awaits: BTreeSet<String>,
}

impl Tables {
    /// Reads the files; errors tell all that is wrong with their columns.
    pub(super) fn read(layout: Layout, files: &[PathBuf]) -> Result<Self, Vec<String>> {
        let (mut tables, mut problems) = (Vec::new(), Vec::new());
        for file in files {
            let read = Table::read(file, layout.delimiter);
            let table = match read {
                Ok(table) => table,
                Err(problem) => {
                    problems.push(format!("{}: {problem}", file.display()));
                    continue;
                }
            };
            let folder = file.parent().unwrap_or(Path::new("."));
            let joined = layout.joins.iter();
            let joined = joined.map(|join| Joined::read(join, folder, layout.delimiter));
            match joined.collect::<Result<Vec<_>, Vec<_>>>() {
                Ok(joined) => {
                    problems.extend(layout.problems(file, &table.header, &headers(&joined)));
                    tables.push((table, joined));
                }
                Err(wrong) => problems.extend(wrong),
            }
        }
        if problems.is_empty() { Ok(Self { layout, tables }) } else { Err(problems) }
    }

    /// The records that the tables make.
    pub(super) fn drafts<'m>(&'m self, mapping: &'m Mapping, names: &'m Names) -> Drafts<'m> {
        let mut drafts = Drafts {
            layout: &self.layout,
            mapping,
            names,
            merging: mapping.merging(),
            prepared: Prepared::default(),
            drafts: Vec::new(),
            groups: HashMap::new(),
            unmapped: BTreeMap::new(),
        };
        for (table, joined) in &self.tables {
            drafts.table(table, joined);
        }
        drafts
    }
}

/// The columns of tables that are joined.
fn headers(joined: &[Joined]) -> Vec<&[String]> {
    joined.iter().map(|joined| joined.table.header.as_slice()).collect()
}

impl Joined {
    fn read(join: &Join, folder: &Path, delimiter: char) -> Result<Self, Vec<String>> {
        let path = folder.join(&join.file);
        let told = |problem: String| vec![format!("{}: {problem}", path.display())];
        let table = Table::read(&path, delimiter);
        let joins = |problem| told(format!("{problem} ([[join]] file = {:?})", join.file));
        let table = table.map_err(joins)?;
        let at = |line: usize, problem: &str| format!("{}:{line}: {problem}", path.display());
        let mut problems: Vec<_> =
            table.broken.iter().map(|(line, problem)| at(*line, problem)).collect();
        let place = table.header.iter().position(|column| *column == join.on.1);
        let place = place.ok_or_else(|| told(format!("has no column {:?}", join.on.1)))?;
        let mut rows = HashMap::new();
        for (index, row) in table.rows.iter().enumerate() {
            let key = row.values[place].trim().to_owned();
            if let Some(first) = rows.get(&key) {
                let first: &TableRow = &table.rows[*first];
                let problem = format!("{key:?} stands in line {} already", first.line);
                problems.push(at(row.line, &problem));
            } else {
                rows.insert(key, index);
            }
        }
        if problems.is_empty() { Ok(Self { table, rows }) } else { Err(problems) }
    }
}

/// Makes records row by row.
pub(super) struct Drafts<'m> {
    layout: &'m Layout,
    mapping: &'m Mapping,
    names: &'m Names,
    merging: Merging,
    prepared: Prepared,
    pub(super) drafts: Vec<Draft>,
    groups: HashMap<Vec<String>, usize>,
    /// How often values are not known, and where first.
    unmapped: BTreeMap<Unmapped, (usize, Place)>,
}

impl Drafts<'_> {
    fn table(&mut self, table: &Table, joined: &[Joined]) {
        for column in table.header.iter().filter(|column| !self.layout.knows(column)) {
            let text =
                format!("the column {column:?} is not used; name it in ignore if that is meant");
            let details = json!({ "column": column });
            let place = Place::line(&table.file, 1);
            self.prepared.remarks.push(Remark { outcome: "unused column", place, text, details });
        }
        for (line, problem) in &table.broken {
            let place = Place::line(&table.file, *line);
            self.prepared.entries.push(Entry::refused(place, problem.clone()));
        }
        let columns = self.layout.columns(&table.header, &headers(joined));
        for one in self.layout.ignored_in_vain(&columns) {
            let column = &one.column;
            let text = format!("{} has no column {column:?} to ignore", table.file.display());
            let details = json!({ "column": column, "table": table.file });
            let place = Place::line(&self.layout.file.as_path().into(), one.line);
            self.prepared.remarks.push(Remark { outcome: "missing column", place, text, details });
        }
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
        let place = Place::line(&table.file, row.line);
        let mut values = row.values.clone();
        let (mut unmapped, mut refusals) = (Vec::new(), BTreeSet::new());
        for (join, joined) in self.layout.joins.iter().zip(joined) {
            let here = &join.on.0.column;
            let key = places.get(here).and_then(|place| values.get(*place));
            let key = key.map(|key| key.trim().to_owned()).unwrap_or_default();
            let found = joined.rows.get(&key).map(|index| &joined.table.rows[*index]);
            if join.is_required && found.is_none() && !key.is_empty() {
                let why = format!("is no {} of {}", join.on.1, join.file);
                refusals.insert(format!("{here}: {key:?} {why}"));
                let (column, value) = (here.clone(), key.clone());
                unmapped.push(Unmapped { column, value, why, becomes: "refused".to_owned() });
            }
            let none = || vec![String::new(); joined.table.header.len()];
            values.extend(found.map_or_else(none, |row| row.values.clone()));
        }
        let said = self.mapping.say(places, values, self.names);
        unmapped.extend(said.unmapped);
        for mut one in unmapped {
            if said.record.is_none() {
                "left out with its row".clone_into(&mut one.becomes);
            }
            self.unmapped.entry(one).or_insert_with(|| (0, place.clone())).0 += 1;
        }
        let Some(record) = said.record else {
            let text = "makes no record: the conditions of [record] do not hold".to_owned();
            let details = json!({});
            self.prepared.remarks.push(Remark { outcome: "left out", place, text, details });
            return;
        };
        refusals.extend(said.refusals);
        let is_of_group = said.group.iter().any(|value| !value.is_empty());
        let index = is_of_group.then(|| self.groups.get(&said.group)).flatten().copied();
        let (places, bytes, awaits) = (vec![place], row.bytes(), said.awaits);
        let draft = Draft { places, bytes, record, refusals, awaits };
        match index {
            Some(index) => self.add(index, draft),
            None => {
                if is_of_group {
                    self.groups.insert(said.group, self.drafts.len());
                }
                self.drafts.push(draft);
            }
        }
    }

    /// Adds a row to the record that it is of.
    fn add(&mut self, index: usize, row: Draft) {
        let draft = &mut self.drafts[index];
        let Draft { places, bytes, record, refusals, awaits } = row;
        let is_whole = refusals.is_empty();
        draft.bytes += bytes;
        draft.refusals.extend(refusals);
        draft.awaits.extend(awaits);
        let (first, place) = (draft.places[0].line, places[0].clone());
        draft.places.extend(places);
        let Merged { differences, says_more } = self.merging.merge(&mut draft.record, record);
        if !says_more && differences.is_empty() && is_whole {
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
    }

    /// What is to be sent, and told.
    pub(super) fn finish(self, tables: &Tables) -> Prepared {
        let mut prepared = self.prepared;
        for Draft { places, bytes, record, refusals, awaits } in self.drafts {
            let called = record.get("name").and_then(Value::as_str).map(str::to_owned);
            // What is refused anyway waits for nothing.
            let awaits = if refusals.is_empty() { awaits } else { BTreeSet::new() };
            let resource = match awaits.first() {
                Some(first) => {
                    Err(format!("names {first}, which has no name before it is recorded"))
                }
                None if refusals.is_empty() => {
                    resource_of_json(&self.mapping.of_type, Value::Object(record))
                }
                None => Err(refusals.into_iter().collect::<Vec<_>>().join("; ")),
            };
            let size = bytes as u64;
            prepared.entries.push(Entry { places, size, resource, awaits, called });
        }
        // In the order of the files as they were given, and of their lines.
        let files = tables.tables.iter().map(|(table, _)| Arc::clone(&table.file));
        let order: HashMap<_, usize> = files.zip(0..).collect();
        prepared.entries.sort_by_key(|one| (order.get(&one.places[0].file), one.places[0].line));
        let mut unmapped: Vec<_> = self.unmapped.into_iter().collect();
        unmapped.sort_by_key(|(one, (count, _))| (one.column.clone(), std::cmp::Reverse(*count)));
        for (Unmapped { column, value, why, becomes }, (count, place)) in unmapped {
            let treated = format!("{why}; {becomes}");
            let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
            let text = format!("{column}: {value:?} {treated} ({times})");
            let details =
                json!({ "column": column, "value": value, "treated": treated, "count": count });
            prepared.remarks.push(Remark { outcome: "unmapped", place, text, details });
        }
        prepared
    }
}
