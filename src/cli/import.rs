//! Records what JSON Lines say.

mod circles;
mod report;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::Args;
use futures_util::stream;
use prost::Message;
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor};
use prost_types::FieldMask;

use self::report::Report;
use super::Failure;
use super::lines::{Line, Lines};
use crate::client::Client;
use crate::model::described::Described;
use crate::proto::v1::import_response::Outcome;
use crate::proto::v1::{ImportRequest, ImportResponse, Resource};
use crate::proto::{self, ResourceVisitor};

/// Records what the lines of files say, in canonical proto JSON: a resource a line, such
/// as {"agreement": {...}}, or with --type the message itself.
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
    /// Files with a JSON object a line
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
    /// Replace what is there as a whole, rather than take the fields that are given
    #[arg(long)]
    replace: bool,
    /// Judge all of it and write nothing
    #[arg(long)]
    validate_only: bool,
    /// Write what became of each line to this file, as JSON Lines
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// Where a line stands.
type Place = (Arc<Path>, usize);

/// What a pass over the files shares between what is sent and what is answered.
struct Pass {
    lines: Lines,
    /// The lines to send; all if `None`.
    only: Option<BTreeSet<Place>>,
    /// The lines that are sent and not yet answered.
    sent: VecDeque<Place>,
    /// Those that name what is not there, or not yet.
    early: BTreeSet<Place>,
    report: Report,
    failure: Option<std::io::Error>,
}

impl Import {
    /// Imports all that can be.
    pub async fn run(self) -> Result<(), Failure> {
        let client = Client::new(&self.address)?.with_actor(&self.actor)?;
        let descriptor = self.descriptor()?;
        let mut report = Report::new(&self.files, self.report.as_deref())?;
        let mut only = None;
        loop {
            let pass = Pass {
                lines: Lines::of(self.files.clone()),
                only: only.clone(),
                sent: VecDeque::new(),
                early: BTreeSet::new(),
                report,
                failure: None,
            };
            let pass = Arc::new(Mutex::new(pass));
            let requests = stream::iter(std::iter::from_fn(|| self.next(&pass, &descriptor)));
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
                let recorded = circles::record(&client, self.requests(&early, &descriptor)).await?;
                if recorded.is_empty() {
                    return report.finish();
                }
                report.again(&early);
                for (place, answer) in recorded {
                    early.remove(&place);
                    report.answered(&place, &answer);
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

    /// What stands in a line.
    fn descriptor(&self) -> Result<MessageDescriptor, Failure> {
        let Some(name) = &self.of_type else { return Ok(proto::message("Resource")) };
        let known = proto::RESOURCE_TYPES;
        if !known.contains(&name.as_str()) {
            return Err(format!("--type must be one of {}, not {name}", known.join(", ")).into());
        }
        Ok(proto::message(name))
    }

    /// The requests of the lines at `places`.
    fn requests(
        &self,
        places: &BTreeSet<Place>,
        descriptor: &MessageDescriptor,
    ) -> Vec<(Place, ImportRequest)> {
        let pass = Mutex::new(Pass {
            lines: Lines::of(self.files.clone()),
            only: Some(places.clone()),
            sent: VecDeque::new(),
            early: BTreeSet::new(),
            report: Report::default(),
            failure: None,
        });
        let requests = std::iter::from_fn(|| self.next(&pass, descriptor)).collect::<Vec<_>>();
        let places = std::mem::take(&mut held(&pass).sent);
        places.into_iter().zip(requests).collect()
    }

    /// The next request; lines that make none are reported.
    fn next(&self, pass: &Mutex<Pass>, descriptor: &MessageDescriptor) -> Option<ImportRequest> {
        let mut pass = held(pass);
        loop {
            let line = match pass.lines.next() {
                Ok(line) => line?,
                Err(failure) => {
                    pass.failure = Some(failure);
                    return None;
                }
            };
            let place = (Arc::clone(&line.file), line.number);
            if pass.only.as_ref().is_some_and(|only| !only.contains(&place)) {
                continue;
            }
            pass.report.read(line.size);
            match self.request(line, descriptor) {
                Ok(request) => {
                    pass.sent.push_back(place);
                    return Some(request);
                }
                Err(text) => pass.report.unreadable(&place, &text),
            }
        }
    }

    fn request(&self, line: Line, descriptor: &MessageDescriptor) -> Result<ImportRequest, String> {
        let text = line.text?;
        let mut json = serde_json::Deserializer::from_str(&text);
        let options = DeserializeOptions::new();
        let message =
            DynamicMessage::deserialize_with_options(descriptor.clone(), &mut json, &options);
        let message = message.map_err(|error| format!("is no {}: {error}", descriptor.name()))?;
        json.end().map_err(|error| format!("has more than one object: {error}"))?;
        let bytes = message.encode_to_vec();
        let resource = match &self.of_type {
            None => Resource::decode(bytes.as_slice()),
            Some(name) => wrapped(name, &bytes),
        };
        let resource = resource.map_err(|error| error.to_string())?;
        if !resource.resource.clone().is_some_and(|one| one.visit(IsIdentified)) {
            return Err("needs a name or an external id, so that it is found again".to_owned());
        }
        let update_mask = self.replace.then(|| FieldMask { paths: vec!["*".to_owned()] });
        let (validate_only, reason) = (self.validate_only, self.reason.clone());
        let (resource, id) = (Some(resource), String::new());
        Ok(ImportRequest { resource, id, update_mask, validate_only, reason })
    }
}

impl Pass {
    /// What is told at its end, and the lines that came too early.
    fn end(&mut self) -> std::io::Result<(Report, BTreeSet<Place>)> {
        match self.failure.take() {
            Some(failure) => Err(failure),
            None => Ok((std::mem::take(&mut self.report), std::mem::take(&mut self.early))),
        }
    }

    /// Takes the answer to the line that was sent first.
    fn answer(&mut self, answer: ImportResponse) {
        let Some(place) = self.sent.pop_front() else { return };
        if is_early(&answer) {
            self.early.insert(place.clone());
        }
        self.report.answered(&place, &answer);
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
