//! What became of an import.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Place;
use crate::cli::Failure;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::{ImportResponse, MutationOutcome};

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(500);
/// Remarks of one sort that are printed; the file has all.
const REMARKS_PRINTED: usize = 20;
/// What is told of a record that a run which only judges cannot judge as a whole.
const IN_PART: &str = "judged in part";
/// Sorts of remarks of which the number alone is printed.
const COUNTED: &str = "repeats";

/// Something that is to be told beside what became of the records.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Remark {
    /// What sort, as the file calls it.
    pub(in crate::cli) outcome: &'static str,
    pub(in crate::cli) place: Place,
    pub(in crate::cli) text: String,
    /// The same for programs.
    pub(in crate::cli) details: Value,
}

/// What became of each record, and how far it has come.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// What the records are made of, if not of a line each.
    rows_are: Option<&'static str>,
    /// The files, in the order in which they were given.
    files: Vec<PathBuf>,
    /// What became of the records, by outcome.
    counts: BTreeMap<&'static str, usize>,
    /// Lines of which these are made.
    rows: usize,
    warned: usize,
    /// Records that were refused, by their first lines, and why.
    refused: BTreeMap<Place, (String, Vec<Place>)>,
    remarks: Vec<Remark>,
    /// Remarks on records that changed what others of the input had said.
    doubles: Vec<Remark>,
    /// Where each record stands that was not refused, by its name.
    recorded: HashMap<String, Place>,
    file: Option<BufWriter<File>>,
    /// Why the file could not be written.
    failure: Option<std::io::Error>,
    bytes: u64,
    of_bytes: u64,
    begun: Option<Instant>,
    shown: Option<Instant>,
}

impl Report {
    pub(super) fn new(files: &[PathBuf], file: Option<&Path>) -> Result<Self, String> {
        let told = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
        let mut of_bytes = 0;
        for file in files {
            of_bytes += std::fs::metadata(file).map_err(|error| told(file, error))?.len();
        }
        let create = |path: &Path| File::create(path).map_err(|error| told(path, error));
        let file = file.map(create).transpose()?.map(BufWriter::new);
        let (files, begun) = (files.to_vec(), Some(Instant::now()));
        Ok(Self { files, file, of_bytes, begun, ..Self::default() })
    }

    /// Says that records are made of `rows`, several of which may make one.
    pub(super) fn of(&mut self, rows: &'static str, remarks: Vec<Remark>) {
        self.rows_are = Some(rows);
        self.remarks = remarks;
    }

    /// Notes that so many bytes have been read.
    pub(super) fn read(&mut self, bytes: u64) {
        self.bytes += bytes;
        let is_due = self.shown.is_none_or(|shown| shown.elapsed() >= SHOWN_EVERY);
        if is_due && std::io::stderr().is_terminal() {
            self.shown = Some(Instant::now());
            self.show();
        }
    }

    /// Shows how far it has come, how fast, and how long the rest may take.
    fn show(&self) {
        let seconds = self.begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64()).max(0.001);
        let records: usize = self.counts.values().sum();
        let share = (self.bytes as f64 / self.of_bytes.max(1) as f64).min(1.0);
        let filled = (share * 20.0) as usize;
        let left = if share > 0.0 { seconds / share - seconds } else { 0.0 };
        let rate = records as f64 / seconds;
        let noun = if self.rows_are.is_some() { "records" } else { "lines" };
        eprint!(
            "\r[{}{}] {:.0} %, {records} {noun}, {rate:.0} a second, {left:.0} s left   ",
            "=".repeat(filled),
            " ".repeat(20 - filled),
            share * 100.0
        );
    }

    /// Notes what the service says of a record.
    pub(super) fn answered(&mut self, places: &[Place], answer: &ImportResponse) {
        match &answer.outcome {
            Some(Outcome::Result(result)) => {
                let outcome = match result.outcome() {
                    MutationOutcome::Created => "created",
                    MutationOutcome::Unchanged => "unchanged",
                    _ => "changed",
                };
                self.count(outcome, places);
                self.note(&result.name, &places[0], outcome == "changed");
                self.warned += usize::from(!answer.warnings.is_empty());
                let warnings = answer.warnings.iter().map(|one| {
                    json!({ "code": one.code().as_str_name().trim_start_matches("WARNING_CODE_"),
                        "field": one.field, "message": one.message })
                });
                let mut line = told(places, outcome);
                line["name"] = result.name.clone().into();
                line["warnings"] = warnings.collect::<Vec<_>>().into();
                self.write(line);
            }
            Some(Outcome::Refusal(refusal)) => {
                let each = refusal.violations.iter();
                let each = each.map(|one| format!("{}: {}", one.field, one.description));
                let each: Vec<_> = each.collect();
                let what = if each.is_empty() { refusal.message.clone() } else { each.join("; ") };
                self.refuse(places, format!("{}: {what}", refusal.reason));
            }
            None => self.refuse(places, "the service did not say what became of it".to_owned()),
        }
    }

    /// Notes that lines say nothing that could be sent.
    pub(super) fn unreadable(&mut self, places: &[Place], text: &str) {
        self.refuse(places, text.to_owned());
    }

    /// Notes where a record stands, and tells if it changed that of another place.
    fn note(&mut self, name: &str, place: &Place, is_changed: bool) {
        let first = self.recorded.entry(name.to_owned()).or_insert_with(|| place.clone());
        if !is_changed || first == place {
            return;
        }
        let text = format!("changed {name}, which is the record of {first} too");
        let details = json!({ "name": name, "kept_file": first.file, "kept_line": first.line });
        let place = place.clone();
        self.doubles.push(Remark { outcome: "same record", place, text, details });
    }

    /// Where each record stands that was not refused, by its name.
    pub(super) fn recorded(&self) -> &HashMap<String, Place> {
        &self.recorded
    }

    /// Forgets that the record at a place was refused: it is sent once more.
    pub(super) fn again(&mut self, place: &Place) {
        if let Some((_, places)) = self.refused.remove(place)
            && let Some(count) = self.counts.get_mut("refused")
        {
            *count -= 1;
            self.rows -= places.len();
        }
    }

    /// Notes that a record names what this input would record, so that it was not refused.
    pub(super) fn judged_in_part(&mut self, places: &[Place], missing: &BTreeSet<String>) {
        self.again(&places[0]);
        self.count(IN_PART, places);
        let mut line = told(places, IN_PART);
        line["names"] = missing.iter().cloned().collect();
        self.write(line);
    }

    /// Tells all that there is to tell; an error if anything was refused.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if self.shown.is_some() {
            eprintln!();
        }
        self.tell_remarks();
        let mut refused: Vec<_> = std::mem::take(&mut self.refused).into_iter().collect();
        let order = |place: &Place| self.files.iter().position(|file| *file == *place.file);
        refused.sort_by_key(|(place, _)| (order(place), place.line));
        for (place, (text, places)) in refused {
            eprintln!("{place}: {text}");
            let mut line = told(&places, "refused");
            line["refusal"] = text.into();
            self.write(line);
        }
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        if let Some(failure) = self.failure {
            return Err(failure.into());
        }
        let of = |outcome| self.counts.get(outcome).copied().unwrap_or_default();
        let count: usize = self.counts.values().sum();
        let what = match self.rows_are {
            None => format!("{count} lines"),
            Some(rows) => format!("{count} records of {} {rows}", self.rows),
        };
        let in_part = match of(IN_PART) {
            0 => String::new(),
            count => format!(", {count} {IN_PART}: they name what this input would create"),
        };
        println!(
            "{what}: {} created, {} changed, {} unchanged, {} refused; {} with warnings{in_part}",
            of("created"),
            of("changed"),
            of("unchanged"),
            of("refused"),
            self.warned
        );
        match of("refused") {
            0 => Ok(()),
            refused if self.rows_are.is_some() => {
                Err(format!("{refused} of {count} records were refused").into())
            }
            refused => Err(format!("{refused} of {count} lines were refused").into()),
        }
    }

    /// Prints remarks, the first of each sort, and how many there are; the file has all.
    fn tell_remarks(&mut self) {
        let mut counts = BTreeMap::<&str, usize>::new();
        let mut remarks = std::mem::take(&mut self.remarks);
        remarks.append(&mut self.doubles);
        for Remark { outcome, place, text, details } in remarks {
            let count = counts.entry(outcome).or_default();
            *count += 1;
            if *count <= REMARKS_PRINTED && outcome != COUNTED {
                eprintln!("{place}: {outcome}: {text}");
            }
            let mut line = told(&[place], outcome);
            if let (Some(line), Value::Object(details)) = (line.as_object_mut(), details) {
                line.extend(details);
            }
            self.write(line);
        }
        for (outcome, count) in counts {
            let more = count.saturating_sub(REMARKS_PRINTED);
            if more > 0 && outcome != COUNTED {
                eprintln!("{outcome}: {more} more, all of which are in the file of --report");
            }
            println!("{outcome}: {count}");
        }
    }

    fn refuse(&mut self, places: &[Place], text: String) {
        self.count("refused", places);
        self.refused.insert(places[0].clone(), (text, places.to_vec()));
    }

    /// Says more of a record that was refused.
    pub(super) fn add(&mut self, place: &Place, text: &str) {
        if let Some((refusal, _)) = self.refused.get_mut(place) {
            *refusal = format!("{refusal}; it {text}");
        }
    }

    fn count(&mut self, outcome: &'static str, places: &[Place]) {
        *self.counts.entry(outcome).or_default() += 1;
        self.rows += places.len();
    }

    fn write(&mut self, line: Value) {
        if let Some(file) = &mut self.file
            && let Err(failure) = writeln!(file, "{line}")
        {
            self.failure.get_or_insert(failure);
        }
    }
}

/// The beginning of what the file says of the record at `places`.
fn told(places: &[Place], outcome: &str) -> Value {
    let Place { file, line, part } = &places[0];
    let mut told = json!({ "file": file, "line": line, "outcome": outcome });
    if let Some(part) = part {
        told["part"] = part.as_ref().into();
    }
    if places.len() > 1 {
        told["lines"] = places.iter().map(|place| place.line).collect::<Vec<_>>().into();
        let parts: Vec<_> = places.iter().filter_map(|place| place.part.as_deref()).collect();
        if !parts.is_empty() {
            told["parts"] = parts.into();
        }
    }
    told
}
