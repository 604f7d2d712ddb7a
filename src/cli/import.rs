//! Records what files say.

mod circles;
mod mapped;
mod mapping;
pub(super) mod names;
mod order;
mod parted;
mod pass;
mod place;
mod report;
mod rows;
mod seen;
pub(super) mod spelling;
mod table;

use std::collections::{BTreeSet, HashMap};
use std::fmt::Display;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Args;
use futures_util::stream;
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor};
use prost_types::{FieldMask, Timestamp};

use self::circles::Outcomes;
use self::mapped::Mapped;
use self::names::Names;
use self::order::in_order;
use self::pass::{Pass, Source};
use self::report::Report;

pub(super) use self::place::Place;
pub(super) use self::report::Remark;
pub(super) use self::rows::Prepared;
use super::Failure;
use super::json::check_once;
use super::popolo;
use crate::client::Client;
use crate::model::described::Described;
use crate::proto::v1::{ImportRequest, Resource};
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
    /// Files of one form, which are taken in this order
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

/// A record's lines, and what is sent of them.
type Line = (Vec<Place>, ImportRequest);

/// What stands for the name of a record that has none yet.
fn record_at(place: &Place) -> String {
    format!("the record of {place}")
}

/// A record to import, or why there is none.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The lines that it is made of, the first one first.
    pub(super) places: Vec<Place>,
    pub(super) size: u64,
    pub(super) resource: Result<Resource, String>,
    /// Records of the same input that it names, which have no name as long as they are not
    /// recorded.
    awaits: BTreeSet<String>,
    /// Its own name, if it has to wait.
    called: Option<String>,
}

impl Entry {
    pub(super) fn new(places: Vec<Place>, size: u64, resource: Result<Resource, String>) -> Self {
        Self { places, size, resource, awaits: BTreeSet::new(), called: None }
    }

    pub(super) fn refused(place: Place, why: String) -> Self {
        Self::new(vec![place], 0, Err(why))
    }
}

impl Import {
    /// Imports all that can be.
    pub async fn run(self) -> Result<(), Failure> {
        self.each_once()?;
        let client = Client::new(&self.address)?.with_actor(&self.actor)?;
        let mut report = Report::new(&self.files, self.report.as_deref())?;
        let (mut source, mapped) = self.source(&client, &mut report).await?;
        let mut pass = Pass::new(report, mapped.is_some());
        loop {
            pass = self.send(&client, &source, pass).await?;
            let Some(mapped) = mapped.as_ref().filter(|_| !pass.awaiting.is_empty()) else {
                break;
            };
            if self.validate_only {
                break;
            }
            // Those that name what had no name before it was recorded.
            let prepared = mapped.prepare(pass.report.recorded())?;
            let is_ready =
                |one: &&Entry| one.resource.is_ok() && pass.awaiting.contains_key(&one.places[0]);
            let ready: BTreeSet<Place> =
                prepared.entries.iter().filter(is_ready).map(|one| one.places[0].clone()).collect();
            if ready.is_empty() {
                break;
            }
            pass.report.of("rows", prepared.remarks);
            source = Source::Ready(prepared.entries.into());
            pass.again(ready);
        }
        pass.finish(self.validate_only)
    }

    /// Sends what a pass is for, and what came before what it names once more; at last those
    /// that name each other, at once.
    async fn send(
        &self,
        client: &Client,
        source: &Source,
        mut pass: Pass,
    ) -> Result<Pass, Failure> {
        let mut source = source.clone();
        let mut before = None;
        loop {
            pass.begin(&source);
            let shared = Mutex::new(pass);
            let requests = stream::iter(std::iter::from_fn(|| self.next(&shared)));
            client
                .import(requests, |answer| held(&shared).answer(answer, self.validate_only))
                .await?;
            pass = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
            if let Some(failure) = pass.failure.take() {
                return Err(failure.into());
            }
            let mut early: BTreeSet<Place> = pass.early.keys().cloned().collect();
            if early.is_empty() || self.validate_only {
                return Ok(pass);
            }
            if before.is_none() {
                // From now on each comes behind what it names.
                source = Source::Ready(in_order(entries(&source, &early)?, &pass.early).into());
            }
            if before == Some(early.len()) {
                let requests = self.requests(&source, &early);
                let Outcomes { recorded, refused, begun } =
                    circles::record(client, requests, &pass.early).await?;
                let is_over = recorded.is_empty() && begun.is_empty();
                pass.begun.extend(begun);
                for (places, answer) in if is_over { refused } else { recorded } {
                    pass.report.again(&places[0]);
                    early.remove(&places[0]);
                    pass.report.answered(&places, &answer);
                }
                if is_over || early.is_empty() {
                    return Ok(pass);
                }
            }
            before = Some(early.len());
            pass.again(early);
        }
    }

    /// Where the records come from, and the mapping if there is one.
    async fn source(
        &self,
        client: &Client,
        report: &mut Report,
    ) -> Result<(Source, Option<Mapped>), Failure> {
        if self.popolo {
            let types = ["Country", "Organization", "Official"].map(str::to_owned);
            let names = Names::load(client, types.into()).await?;
            let prepared = popolo::read(&self.files, &names)?;
            report.of("objects", prepared.remarks);
            return Ok((Source::Ready(prepared.entries.into()), None));
        }
        let Some(path) = &self.mapping else {
            return Ok((Source::Lines(self.files.clone(), self.descriptor()?), None));
        };
        let mapped = Mapped::read(client, path, &self.files, self.replace).await?;
        let prepared = mapped.prepare(&HashMap::new())?;
        report.of("rows", prepared.remarks);
        Ok((Source::Ready(prepared.entries.into()), Some(mapped)))
    }

    /// Refuses a file that is given twice: the lines of both would be the same ones.
    fn each_once(&self) -> Result<(), Failure> {
        let mut seen = BTreeSet::new();
        for file in &self.files {
            if !seen.insert(std::fs::canonicalize(file).unwrap_or_else(|_| file.clone())) {
                return Err(format!("{}: is given twice", file.display()).into());
            }
        }
        Ok(())
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
    fn requests(&self, source: &Source, only: &BTreeSet<Place>) -> Vec<Line> {
        let mut pass = Pass::new(Report::default(), false);
        pass.only = Some(only.clone());
        pass.begin(source);
        let pass = Mutex::new(pass);
        let requests = std::iter::from_fn(|| self.next(&pass)).collect::<Vec<_>>();
        let sent = std::mem::take(&mut held(&pass).sent);
        sent.into_iter().map(|one| one.places).zip(requests).collect()
    }

    /// The next request; what makes none is reported.
    fn next(&self, pass: &Mutex<Pass>) -> Option<ImportRequest> {
        let mut pass = held(pass);
        loop {
            let Entry { places, resource, awaits, called, .. } = match pass.next() {
                Ok(entry) => entry?,
                Err(failure) => {
                    pass.failure = Some(failure);
                    return None;
                }
            };
            match resource.and_then(|resource| pass.take(&places, resource)) {
                Ok(resource) => return Some(self.request(resource)),
                Err(text) => pass.leave(&places, &text, called, awaits),
            }
        }
    }

    fn request(&self, resource: Resource) -> ImportRequest {
        let update_mask = self.replace.then(|| FieldMask { paths: vec!["*".to_owned()] });
        let (validate_only, reason) = (self.validate_only, self.reason.clone());
        // What some store has recorded says when: all that followed from it is told there.
        let recorded_time = recorded_time(&resource);
        let (resource, id) = (Some(resource), String::new());
        ImportRequest { resource, id, update_mask, validate_only, reason, recorded_time }
    }
}

/// The records of `source` whose first lines are `only`.
fn entries(source: &Source, only: &BTreeSet<Place>) -> Result<Vec<Entry>, Failure> {
    let mut pass = Pass::new(Report::default(), false);
    pass.only = Some(only.clone());
    pass.begin(source);
    let mut entries = Vec::new();
    while let Some(entry) = pass.next()? {
        entries.push(entry);
    }
    Ok(entries)
}

fn held(pass: &Mutex<Pass>) -> MutexGuard<'_, Pass> {
    pass.lock().unwrap_or_else(PoisonError::into_inner)
}

/// When a store has recorded a resource as it stands here; `None` if none says so.
fn recorded_time(resource: &Resource) -> Option<Timestamp> {
    struct UpdateTime;
    impl ResourceVisitor for UpdateTime {
        type Output = Option<Timestamp>;
        fn visit<T: Described>(self, value: T) -> Option<Timestamp> {
            value.common().update_time.copied()
        }
    }
    resource.resource.clone()?.visit(UpdateTime)
}

/// The resource in a line, which is one or a message of one type.
fn resource_of_line(text: &str, descriptor: &MessageDescriptor) -> Result<Resource, String> {
    let mut json = serde_json::Deserializer::from_str(text);
    let options = DeserializeOptions::new();
    let message = DynamicMessage::deserialize_with_options(descriptor.clone(), &mut json, &options);
    // Which line it is the report says.
    let within =
        |error: &dyn Display| error.to_string().replace(" at line 1 column ", " near byte ");
    let message =
        message.map_err(|error| format!("is no {}: {}", descriptor.name(), within(&error)))?;
    json.end().map_err(|error| format!("has more than one object: {}", within(&error)))?;
    check_once(text, Some(descriptor.clone())).map_err(|error| within(&error))?;
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
