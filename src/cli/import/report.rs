//! What became of an import.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;

use super::Place;
use crate::cli::Failure;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::{ImportResponse, MutationOutcome};

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(500);

/// What became of each line, and how far it has come.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// What became of the lines, by outcome.
    counts: BTreeMap<&'static str, usize>,
    warned: usize,
    /// Lines that were refused, and why.
    refused: BTreeMap<Place, String>,
    file: Option<BufWriter<File>>,
    /// Why the file could not be written.
    failure: Option<std::io::Error>,
    bytes: u64,
    of_bytes: u64,
    begun: Option<Instant>,
    shown: Option<Instant>,
}

impl Report {
    pub(super) fn new(files: &[PathBuf], file: Option<&Path>) -> std::io::Result<Self> {
        let mut of_bytes = 0;
        for file in files {
            of_bytes += std::fs::metadata(file)?.len();
        }
        let file = file.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self { file, of_bytes, begun: Some(Instant::now()), ..Self::default() })
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
        let lines: usize = self.counts.values().sum();
        let share = (self.bytes as f64 / self.of_bytes.max(1) as f64).min(1.0);
        let left = if share > 0.0 { seconds / share - seconds } else { 0.0 };
        let rate = lines as f64 / seconds;
        eprint!("\r{lines} lines, {:.0} %, {rate:.0} a second, {left:.0} s left   ", share * 100.0);
    }

    /// Notes what the service says of a line.
    pub(super) fn answered(&mut self, place: &Place, answer: &ImportResponse) {
        match &answer.outcome {
            Some(Outcome::Result(result)) => {
                let outcome = match result.outcome() {
                    MutationOutcome::Created => "created",
                    MutationOutcome::Unchanged => "unchanged",
                    _ => "changed",
                };
                self.count(outcome, 1);
                self.warned += usize::from(!answer.warnings.is_empty());
                let warnings = answer.warnings.iter().map(|one| {
                    json!({ "code": one.code().as_str_name().trim_start_matches("WARNING_CODE_"),
                        "field": one.field, "message": one.message })
                });
                self.write(json!({ "file": place.0, "line": place.1, "outcome": outcome,
                    "name": result.name, "warnings": warnings.collect::<Vec<_>>() }));
            }
            Some(Outcome::Refusal(refusal)) => {
                let each = refusal.violations.iter();
                let each = each.map(|one| format!("{}: {}", one.field, one.description));
                let each: Vec<_> = each.collect();
                let what = if each.is_empty() { refusal.message.clone() } else { each.join("; ") };
                self.refuse(place, format!("{}: {what}", refusal.reason));
            }
            None => self.refuse(place, "the service did not say what became of it".to_owned()),
        }
    }

    /// Notes that a line says nothing that could be sent.
    pub(super) fn unreadable(&mut self, place: &Place, text: &str) {
        self.refuse(place, text.to_owned());
    }

    /// Forgets that these lines were refused: they are sent once more.
    pub(super) fn again(&mut self, places: &BTreeSet<Place>) {
        for place in places {
            if self.refused.remove(place).is_some()
                && let Some(count) = self.counts.get_mut("refused")
            {
                *count -= 1;
            }
        }
    }

    /// Tells all that there is to tell; an error if anything was refused.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        if self.shown.is_some() {
            eprintln!();
        }
        for (place, text) in std::mem::take(&mut self.refused) {
            eprintln!("{}:{}: {text}", place.0.display(), place.1);
            self.write(json!({ "file": place.0, "line": place.1, "outcome": "refused",
                "refusal": text }));
        }
        if let Some(file) = &mut self.file {
            file.flush()?;
        }
        if let Some(failure) = self.failure {
            return Err(failure.into());
        }
        let of = |outcome| self.counts.get(outcome).copied().unwrap_or_default();
        let lines: usize = self.counts.values().sum();
        println!(
            "{lines} lines: {} created, {} changed, {} unchanged, {} refused; {} with warnings",
            of("created"),
            of("changed"),
            of("unchanged"),
            of("refused"),
            self.warned
        );
        match of("refused") {
            0 => Ok(()),
            refused => Err(format!("{refused} of {lines} lines were refused").into()),
        }
    }

    fn refuse(&mut self, place: &Place, text: String) {
        self.count("refused", 1);
        self.refused.insert(place.clone(), text);
    }

    fn count(&mut self, outcome: &'static str, count: usize) {
        *self.counts.entry(outcome).or_default() += count;
    }

    fn write(&mut self, line: serde_json::Value) {
        if let Some(file) = &mut self.file
            && let Err(failure) = writeln!(file, "{line}")
        {
            self.failure.get_or_insert(failure);
        }
    }
}
