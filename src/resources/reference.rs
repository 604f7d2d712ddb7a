//! The reference data that every store has from its first start: the countries of
//! ISO 3166 and a tree of cooperation areas.
//!
//! A newer set adds what never existed and touches nothing that stands: what a
//! user changed or deleted stays so.

use prost::Message;
use prost_reflect::DynamicMessage;

use crate::model::violations::Violations;
use crate::store::Store;
use crate::store::registry::Kind;
use crate::store::write::{Draft, Operation, Write};

/// Number of the set. It rises when a line is added.
pub const SET: i32 = 1;

/// Who writes it.
pub const ACTOR: &str = "entente";

const COUNTRIES: &str = include_str!("reference/countries.jsonl");
const COOPERATION_AREAS: &str = include_str!("reference/cooperation_areas.jsonl");

/// Why the set could not be added.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// A line is none.
    #[error("reference data, line {line}: {cause}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong.
        cause: String,
    },
    /// The store refuses.
    #[error("reference data could not be added: {0}")]
    Refused(#[from] crate::model::error::Error),
}

/// Adds what is missing, as one commit for each type. Only one process at a time
/// may do so.
pub async fn add(store: &Store) -> Result<(), ReferenceError> {
    if store.head().await?.reference_set >= SET {
        return Ok(());
    }
    for (type_name, lines) in [("Country", COUNTRIES), ("CooperationArea", COOPERATION_AREAS)] {
        let Some(kind) = store.registry.by_type(type_name) else { continue };
        let drafts = missing(store, drafts(kind, lines)?).await?;
        if drafts.is_empty() {
            continue;
        }
        tracing::info!(r#type = type_name, records = drafts.len(), "adding reference data");
        let write = Write {
            actor: ACTOR.to_owned(),
            reason: format!("reference data, set {SET}"),
            request_id: String::new(),
            digest: [0; 32],
            validate_only: false,
            checks: Vec::new(),
            drafts,
            size: lines.len(),
        };
        store.write(write).await?;
    }
    Ok(store.set_reference_set(SET).await?)
}

/// The drafts whose names have never been used.
async fn missing(store: &Store, drafts: Vec<Draft>) -> Result<Vec<Draft>, ReferenceError> {
    let names: Vec<String> = drafts.iter().filter_map(chosen_name).collect();
    let used = store.names_ever_used(&names).await?;
    let unused = |draft: &Draft| chosen_name(draft).is_some_and(|name| !used.contains(&name));
    Ok(drafts.into_iter().filter(unused).collect())
}

fn chosen_name(draft: &Draft) -> Option<String> {
    match &draft.operation {
        Operation::Create { name, .. } => name.clone(),
        _ => None,
    }
}

fn drafts(kind: &'static Kind, lines: &str) -> Result<Vec<Draft>, ReferenceError> {
    let lines = lines.lines().enumerate();
    lines
        .map(|(index, line)| {
            draft(kind, index, line)
                .map_err(|cause| ReferenceError::Line { line: index + 1, cause })
        })
        .collect()
}

fn draft(kind: &'static Kind, index: usize, line: &str) -> Result<Draft, String> {
    let mut json = serde_json::Deserializer::from_str(line);
    let message = DynamicMessage::deserialize(kind.descriptor(), &mut json);
    let message = message.map_err(|error| error.to_string())?;
    let object = kind.decode(&message.encode_to_vec()).map_err(|error| error.to_string())?;
    let name = object.common().name.to_owned();
    let path = format!("{}[{index}]", kind.collection);
    let mut violations = Violations::default();
    let root = crate::model::violations::Path::Root;
    object.validate(&root.field(&path), &mut violations);
    Ok(Draft {
        kind,
        name_path: format!("{path}.name"),
        path,
        operation: Operation::Create { object, name: Some(name) },
        violations,
        recorded: None,
    })
}

/// The codes of the countries that are there today: alpha-2 and alpha-3.
pub fn current_codes() -> impl Iterator<Item = (String, String)> {
    COUNTRIES.lines().filter_map(|line| {
        let country: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = |field: &str| country.get(field)?.as_str().map(str::to_owned);
        let former = text("kind").is_some_and(|kind| kind == "COUNTRY_KIND_FORMER_STATE");
        if former { None } else { Some((text("alpha2")?, text("alpha3")?)) }
    })
}
