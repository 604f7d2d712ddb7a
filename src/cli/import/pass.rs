//! Passes over records: what is sent, what is answered, and what has to wait.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use prost_reflect::MessageDescriptor;

use super::report::Report;
use super::seen::{Seen, identities};
use super::{Entry, Place, record_at, resource_of_line};
use crate::cli::Failure;
use crate::cli::lines::{Line, Lines};
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::{ImportResponse, MutationOutcome, Resource};

/// What a refusal says of a record that is not there, before its name.
const MISSING: &str = "there is no ";
/// What it says of the record that one has to lie within.
const WITHIN: &str = "must lie within the period of ";
/// What it says of those that have to lie within it.
const AROUND: &str = "must include that of ";

/// Where records come from. Each pass over them begins anew.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Lines of files, which are read as they are sent.
    Lines(Vec<PathBuf>, MessageDescriptor),
    /// Records that have been made before anything is sent.
    Ready(Arc<[Entry]>),
}

/// The records that are left of a source.
#[derive(Debug, Default)]
enum Entries {
    #[default]
    None,
    Lines(Lines, MessageDescriptor),
    Ready(Arc<[Entry]>, usize),
}

/// A record that is sent and not yet answered.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) places: Vec<Place>,
    /// What others may call it.
    names: Vec<String>,
}

/// A record that names what is not there, or not yet, or does not fit to what is.
#[derive(Debug)]
pub(super) struct Early {
    places: Vec<Place>,
    /// What others may call it.
    names: Vec<String>,
    /// What is not there.
    pub(super) missing: BTreeSet<String>,
    /// What is there and has to be another.
    pub(super) unfit: BTreeSet<String>,
}

/// What passes share, between what is sent and what is answered.
#[derive(Debug)]
pub(super) struct Pass {
    entries: Entries,
    /// The first lines of the records to send; all if `None`.
    pub(super) only: Option<BTreeSet<Place>>,
    pub(super) sent: VecDeque<Sent>,
    /// Those of this pass that were refused for nothing but what they name.
    pub(super) early: BTreeMap<Place, Early>,
    /// Those that cannot be sent before what they name has a name.
    pub(super) awaiting: BTreeMap<Place, Early>,
    /// Those that are recorded without all that they name.
    pub(super) begun: BTreeSet<Place>,
    /// What those that were not refused are called; noted by a run that only judges.
    fine: HashSet<String>,
    seen: Seen,
    /// Whether rows of tables can be grouped.
    has_groups: bool,
    pub(super) report: Report,
    pub(super) failure: Option<std::io::Error>,
}

impl Source {
    fn entries(&self) -> Entries {
        match self {
            Self::Lines(files, descriptor) => {
                Entries::Lines(Lines::of(files.clone()), descriptor.clone())
            }
            Self::Ready(entries) => Entries::Ready(Arc::clone(entries), 0),
        }
    }
}

impl Entries {
    fn next(&mut self) -> std::io::Result<Option<Entry>> {
        match self {
            Self::None => Ok(None),
            Self::Lines(lines, descriptor) => Ok(lines.next()?.map(|line| {
                let Line { file, number, text, size } = line;
                let resource = text.and_then(|text| resource_of_line(&text, descriptor));
                Entry::new(vec![Place::line(&file, number)], size, resource)
            })),
            Self::Ready(entries, next) => {
                let entry = entries.get(*next).cloned();
                *next += 1;
                Ok(entry)
            }
        }
    }
}

impl Pass {
    /// One over all records.
    pub(super) fn new(report: Report, has_groups: bool) -> Self {
        Self {
            entries: Entries::None,
            only: None,
            sent: VecDeque::new(),
            early: BTreeMap::new(),
            awaiting: BTreeMap::new(),
            begun: BTreeSet::new(),
            fine: HashSet::new(),
            seen: Seen::default(),
            has_groups,
            report,
            failure: None,
        }
    }

    /// Begins anew with a source.
    pub(super) fn begin(&mut self, source: &Source) {
        self.entries = source.entries();
        self.sent.clear();
        self.early.clear();
        if self.only.is_none() {
            self.awaiting.clear();
        }
    }

    /// Makes the next pass one over these alone, which were refused so far.
    pub(super) fn again(&mut self, only: BTreeSet<Place>) {
        for place in &only {
            self.report.again(place);
            self.awaiting.remove(place);
        }
        self.only = Some(only);
    }

    pub(super) fn next(&mut self) -> std::io::Result<Option<Entry>> {
        loop {
            let Some(entry) = self.entries.next()? else { return Ok(None) };
            if self.only.as_ref().is_none_or(|only| only.contains(&entry.places[0])) {
                self.report.read(entry.size);
                return Ok(Some(entry));
            }
        }
    }

    /// Takes a record that is to be sent; an error says why it is not.
    pub(super) fn take(
        &mut self,
        places: &[Place],
        resource: Resource,
    ) -> Result<Resource, String> {
        let names = identities(&resource);
        if names.is_empty() {
            return Err("needs a name or an external id, so that it is found again".to_owned());
        }
        if let Some(first) = self.seen.differs(&places[0], &resource) {
            let hint = if self.has_groups { "; group_by makes one record of its rows" } else { "" };
            return Err(format!("is the record of {first} again, and says it differently{hint}"));
        }
        self.sent.push_back(Sent { places: places.to_vec(), names });
        Ok(resource)
    }

    /// Notes that nothing can be sent of a record, or not before others are recorded.
    pub(super) fn leave(
        &mut self,
        places: &[Place],
        why: &str,
        called: Option<String>,
        missing: BTreeSet<String>,
    ) {
        self.report.unreadable(places, why);
        if !missing.is_empty() {
            let names = called.into_iter().chain([record_at(&places[0])]).collect();
            let (places, unfit) = (places.to_vec(), BTreeSet::new());
            self.awaiting.insert(places[0].clone(), Early { places, names, missing, unfit });
        }
    }

    /// Takes the answer to the record that was sent first.
    pub(super) fn answer(&mut self, mut answer: ImportResponse, judges: bool) {
        let Some(Sent { places, mut names }) = self.sent.pop_front() else { return };
        if let Some(Outcome::Result(result)) = &mut answer.outcome
            && self.begun.remove(&places[0])
        {
            result.set_outcome(MutationOutcome::Created);
        }
        self.report.answered(&places, &answer);
        if self.begun.contains(&places[0]) {
            let text = "is recorded without what it names of this input";
            self.report.add(&places[0], text);
        }
        if let Some((missing, unfit)) = missing(&answer) {
            names.push(record_at(&places[0]));
            self.early.insert(places[0].clone(), Early { places, names, missing, unfit });
        } else if judges && let Some(Outcome::Result(result)) = answer.outcome {
            self.fine.extend(names);
            self.fine.extend([result.name, record_at(&places[0])]);
        }
    }

    /// Tells all. Of a run that only judges, those that name what it would have recorded are
    /// not refused.
    pub(super) fn finish(mut self, judges: bool) -> Result<(), Failure> {
        if judges {
            let mut waiting = std::mem::take(&mut self.early);
            waiting.append(&mut self.awaiting);
            loop {
                let names: HashSet<String> =
                    waiting.values().flat_map(|one| one.names.iter().cloned()).collect();
                let before = waiting.len();
                let is_made = |name: &String| self.fine.contains(name) || names.contains(name);
                waiting.retain(|_, one| one.missing.union(&one.unfit).all(is_made));
                if waiting.len() == before {
                    break;
                }
            }
            for Early { places, missing, unfit, .. } in waiting.into_values() {
                self.report.judged_in_part(&places, &(&missing | &unfit));
            }
        }
        self.report.finish()
    }
}

/// What a resource names that is not there, and what it does not fit to, if it was refused
/// for nothing else.
fn missing(answer: &ImportResponse) -> Option<(BTreeSet<String>, BTreeSet<String>)> {
    let Some(Outcome::Refusal(refusal)) = &answer.outcome else { return None };
    let (mut missing, mut unfit) = (BTreeSet::new(), BTreeSet::new());
    for violation in &refusal.violations {
        let text = violation.description.as_str();
        if let Some(name) = text.strip_prefix(MISSING) {
            missing.insert(name.to_owned());
        } else if let Some(rest) = text.strip_prefix(WITHIN) {
            unfit.extend(rest.split(',').next().map(str::to_owned));
        } else {
            let names = text.strip_prefix(AROUND)?.split(", ");
            unfit.extend(names.filter_map(|one| Some(one.split_once(" (")?.0.to_owned())));
        }
    }
    (!missing.is_empty() || !unfit.is_empty()).then_some((missing, unfit))
}
