//! Records what files say.

mod circles;
mod mapping;
pub(super) mod names;
mod report;
mod rows;
mod table;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Args;
use futures_util::stream;
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor};
use prost_types::FieldMask;

use self::mapping::Mapping;
use self::names::Names;
use self::report::Report;
use self::rows::Tables;

pub(super) use self::report::Remark;
pub(super) use self::rows::Prepared;
use super::Failure;
use super::lines::{Line, Lines};
use super::popolo;
use crate::client::Client;
use crate::model::described::Described;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::{ImportRequest, ImportResponse, Resource};
use crate::proto::{self, ResourceVisitor};

/// Records what files say: JSON Lines, tables with a mapping, or Popolo.
///
/// Without --mapping and --popolo each line is a resource in canonical proto JSON, such
/// as {"agreement": {...}}, or with --type the message itself. With --mapping files are
/// CSV, and the mapping says how rows become records. docs/import.md has all of it.
///
/// Each resource needs a name or an external id, by which it is found when it is imported
/// again: what is there already is changed where it differs, and else left as it is. So an
/// import that was interrupted is run again. Lines that refer to later ones are sent again
/// after them; those that refer to each other are recorded at once.
///
/// What is refused is printed with file and line, and makes the command fail at the end;
/// all else is recorded.
#[derive(Clone, Debug, Args)]
pub struct Import {
    /// Files of one form
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Address of the service; several mean replicas of one store
    #[arg(
        long,
        env = "ENTENTE_ADDRESS",
        value_delimiter = ',',
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    address: Vec<String>,
    /// Who imports; kept with each commit
    #[arg(long, env = "ENTENTE_ACTOR", default_value = "import")]
    actor: String,
    /// Why; kept with each commit
    #[arg(long, default_value = "", hide_default_value = true)]
    reason: String,
    /// The lines are messages of this type, such as Agreement
    #[arg(long = "type", value_name = "TYPE")]
    of_type: Option<String>,
    /// The files are CSV with a header, and this file says how rows become records
    #[arg(long, value_name = "FILE", conflicts_with_all = ["of_type", "popolo"])]
    mapping: Option<PathBuf>,
    /// The files are Popolo JSON: persons, organizations and their memberships
    #[arg(long, conflicts_with = "of_type")]
    popolo: bool,
    /// Replace what is there as a whole, rather than take the fields that are given
    #[arg(long)]
    replace: bool,
    /// Judge all of it and write nothing
    #[arg(long)]
    validate_only: bool,
    /// Write what became of each record to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Where a line stands.
pub(super) type Place = (Arc<Path>, usize);

/// A record to import, or why there is none.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The lines that it is made of, the first one first.
    pub(super) places: Vec<Place>,
    pub(super) size: u64,
    pub(super) resource: Result<Resource, String>,
}

impl Entry {
    pub(super) fn refused(place: Place, why: String) -> Self {
        Self { places: vec![place], size: 0, resource: Err(why) }
    }
}

/// Where records come from. Each pass over them begins anew.
#[derive(Clone, Debug)]
enum Source {
    /// Lines of files, which are read as they are sent.
    Lines(Vec<PathBuf>, MessageDescriptor),
    /// Records that have been made before anything is sent.
    Ready(Arc<[Entry]>),
}

/// A pass over a source.
enum Entries {
    Lines(Lines, MessageDescriptor),
    Ready(Arc<[Entry]>, usize),
}

/// What a pass shares between what is sent and what is answered.
struct Pass {
    entries: Entries,
    /// The first lines of the records to send; all if `None`.
    only: Option<BTreeSet<Place>>,
    /// Those that are sent and not yet answered.
    sent: VecDeque<Vec<Place>>,
    /// Those that name what is not there, or not yet.
    early: BTreeSet<Place>,
    report: Report,
    failure: Option<std::io::Error>,
}

impl Import {
    /// Imports all that can be.
    pub async fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.address)?.with_actor(&self.actor)?;
        let mut report = Report::new(&self.files, self.report.as_deref())?;
        let source = self.source(&client, &mut report).await?;
        let mut only = None;
        loop {
            let pass = Pass {
                entries: source.entries(),
                only: only.clone(),
                sent: VecDeque::new(),
                early: BTreeSet::new(),
                report,
                failure: None,
            };
            let pass = Arc::new(Mutex::new(pass));
            let requests = stream::iter(std::iter::from_fn(|| self.next(&pass)));
            let told = |answer| held(&pass).answer(answer);
            client.import(requests, told).await?;
            let mut early;
            (report, early) = held(&pass).end()?;
            if early.is_empty() || self.validate_only {
                return report.finish();
            }
            // Once more for those that came before what they name. Where that does not help,
            // those that name each other are recorded at once.
            if only.is_some_and(|before| before.len() == early.len()) {
                let recorded = circles::record(&client, self.requests(&source, &early)).await?;
                if recorded.is_empty() {
                    return report.finish();
                }
                report.again(&early);
                for (places, answer) in recorded {
                    early.remove(&places[0]);
                    report.answered(&places, &answer);
                }
                if early.is_empty() {
                    return report.finish();
                }
            } else {
                report.again(&early);
            }
            only = Some(early);
        }
    }

    async fn source(&self, client: &Client, report: &mut Report) -> Result<Source, Failure> {
        if self.popolo {
            let types = ["Country", "Organization", "Official"].map(str::to_owned);
            let names = Names::load(client, types.into()).await?;
            let prepared = popolo::read(&self.files, &names)?;
            report.of("objects", prepared.remarks);
            return Ok(Source::Ready(prepared.entries.into()));
        }
        let Some(path) = &self.mapping else {
            return Ok(Source::Lines(self.files.clone(), self.descriptor()?));
        };
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        let lines = |problems: Vec<String>| problems.join("\n");
        let mapping = Mapping::read(path, &text).map_err(lines)?;
        let tables = Tables::read(&mapping, &self.files).map_err(lines)?;
        let names = Names::load(client, mapping.types()).await?;
        let prepared = tables.records(&mapping, &names);
        report.of("rows", prepared.remarks);
        Ok(Source::Ready(prepared.entries.into()))
    }

    /// What stands in a line.
    fn descriptor(&self) -> Result<MessageDescriptor, Failure> {
        let Some(name) = &self.of_type else { return Ok(proto::message("Resource")) };
        let known = proto::RESOURCE_TYPES;
        if !known.contains(&name.as_str()) {
            return Err(format!("--type must be one of {}, not {name}", known.join(", ")).into());
        }
        Ok(proto::message(name))
    }

    /// The requests of the records whose first lines are `only`.
    fn requests(
        &self,
        source: &Source,
        only: &BTreeSet<Place>,
    ) -> Vec<(Vec<Place>, ImportRequest)> {
        let pass = Mutex::new(Pass {
            entries: source.entries(),
            only: Some(only.clone()),
            sent: VecDeque::new(),
            early: BTreeSet::new(),
            report: Report::default(),
            failure: None,
        });
        let requests = std::iter::from_fn(|| self.next(&pass)).collect::<Vec<_>>();
        let places = std::mem::take(&mut held(&pass).sent);
        places.into_iter().zip(requests).collect()
    }

    /// The next request; what makes none is reported.
    fn next(&self, pass: &Mutex<Pass>) -> Option<ImportRequest> {
        let mut pass = held(pass);
        loop {
            let entry = match pass.entries.next() {
                Ok(entry) => entry?,
                Err(failure) => {
                    pass.failure = Some(failure);
                    return None;
                }
            };
            let Entry { places, size, resource } = entry;
            if pass.only.as_ref().is_some_and(|only| !only.contains(&places[0])) {
                continue;
            }
            pass.report.read(size);
            match resource.and_then(|resource| self.request(resource)) {
                Ok(request) => {
                    pass.sent.push_back(places);
                    return Some(request);
                }
                Err(text) => pass.report.unreadable(&places, &text),
            }
        }
    }

    fn request(&self, resource: Resource) -> Result<ImportRequest, String> {
        if !resource.resource.clone().is_some_and(|one| one.visit(IsIdentified)) {
            return Err("needs a name or an external id, so that it is found again".to_owned());
        }
        let update_mask = self.replace.then(|| FieldMask { paths: vec!["*".to_owned()] });
        let (validate_only, reason) = (self.validate_only, self.reason.clone());
        let (resource, id) = (Some(resource), String::new());
        Ok(ImportRequest { resource, id, update_mask, validate_only, reason })
    }
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
            Self::Lines(lines, descriptor) => Ok(lines.next()?.map(|line| {
                let Line { file, number, text, size } = line;
                let resource = text.and_then(|text| resource_of_line(&text, descriptor));
                Entry { places: vec![(file, number)], size, resource }
            })),
            Self::Ready(entries, next) => {
                let entry = entries.get(*next).cloned();
                *next += 1;
                Ok(entry)
            }
        }
    }
}

/// The resource in a line, which is one or a message of one type.
fn resource_of_line(text: &str, descriptor: &MessageDescriptor) -> Result<Resource, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new();
    let message = DynamicMessage::deserialize_with_options(descriptor.clone(), &mut json, &options);
    let message = message.map_err(|error| format!("is no {}: {error}", descriptor.name()))?;
    json.end().map_err(|error| format!("has more than one object: {error}"))?;
    let bytes = message.encode_to_vec();
    let resource = match descriptor.name() {
        "Resource" => Resource::decode(bytes.as_slice()),
        name => wrapped(name, &bytes),
    };
    resource.map_err(|error| error.to_string())
}

/// The resource of the type `name` that `json` says.
pub(super) fn resource_of_json(name: &str, json: serde_json::Value) -> Result<Resource, String> {
    let message = DynamicMessage::deserialize(proto::message(name), json);
    let message = message.map_err(|error| format!("is no {name}: {error}"))?;
    wrapped(name, &message.encode_to_vec()).map_err(|error| error.to_string())
}

impl Pass {
    /// What is told at its end, and the records that came too early.
    fn end(&mut self) -> std::io::Result<(Report, BTreeSet<Place>)> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok((std::mem::take(&mut self.report), std::mem::take(&mut self.early))),
        }
    }

    /// Takes the answer to the record that was sent first.
    fn answer(&mut self, answer: ImportResponse) {
        let Some(places) = self.sent.pop_front() else { return };
        if is_early(&answer) {
            self.early.insert(places[0].clone());
        }
        self.report.answered(&places, &answer);
    }
}

fn held(pass: &Mutex<Pass>) -> MutexGuard<'_, Pass> {
    pass.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a resource was refused for nothing but what it names.
fn is_early(answer: &ImportResponse) -> bool {
    let Some(Outcome::Refusal(refusal)) = &answer.outcome else { return false };
    let violations = &refusal.violations;
    !violations.is_empty()
        && violations.iter().all(|one| one.description.starts_with("there is no "))
}

/// The message `bytes` of the type `name` as a resource.
fn wrapped(name: &str, bytes: &[u8]) -> Result<Resource, prost::DecodeError> {
    let descriptor = proto::message("Resource");
    let field = descriptor
        .fields()
        .find(|field| field.kind().as_message().is_some_and(|message| message.name() == name));
    let mut out = Vec::new();
    if let Some(field) = field {
        crate::model::wire::put_field(field.number(), bytes, &mut out);
    }
    Resource::decode(out.as_slice())
}

/// Whether a resource says by what it is found.
struct IsIdentified;

impl ResourceVisitor for IsIdentified {
    type Output = bool;

    fn visit<T: Described>(self, value: T) -> bool {
        let common = value.common();
        !common.name.is_empty() || !common.external_ids.is_empty()
    }
}
