//! The checks that are generated from the protos give the verdicts of the
//! official protovalidate.
//!
//! The peer is a Python package, run by the interpreter that the environment
//! variable `ENTENTE_PYTHON` names (`python3` if unset).

mod corpus;
mod judges;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use corpus::Corpus;
use entente::model::violations::Violations;
use judges::JUDGES;
use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage, Value,
};

/// Python packages that the peer needs.
const PACKAGES: &str = "protovalidate>=2.1 grpcio-tools googleapis-common-protos protobuf";

/// The peer's names for the rules that the contract uses; each has to be broken
/// by some message of the corpus.
const RULES: [&str; 17] = [
    "enum.defined_only",
    "enum.not_in",
    "int32.gte",
    "int32.gte_lte",
    "int64.gt",
    "int64.gte",
    "map.max_pairs",
    "repeated.max_items",
    "repeated.min_items",
    "repeated.unique",
    "required",
    "string.max_bytes",
    "string.max_len",
    "string.min_len",
    "string.pattern",
    "string.uri",
    "string.uri_empty",
];

/// A message to judge, and what is being tried in it.
struct Trial {
    message: DynamicMessage,
    tries: String,
}

fn contract() -> Vec<MessageDescriptor> {
    let pool = DescriptorPool::decode(entente::proto::DESCRIPTORS).expect("the descriptors decode");
    let own = pool.files().filter(|file| file.package_name() == "entente.v1");
    own.flat_map(|file| file.messages().collect::<Vec<_>>()).collect()
}

fn verdict(message: &DynamicMessage) -> Violations {
    let kind = message.descriptor();
    let judge = JUDGES.iter().find(|(name, _)| *name == kind.name());
    let (_, judge) = judge.unwrap_or_else(|| panic!("add {} to judges.rs", kind.name()));
    judge(&message.encode_to_vec())
}

fn paths(violations: &Violations) -> BTreeSet<String> {
    violations.iter().map(|violation| violation.field.clone()).collect()
}

/// Whether `path` is the field or inside it.
fn is_within(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn is_good(message: &DynamicMessage, field: &FieldDescriptor) -> bool {
    message.descriptor().package_name() != "entente.v1"
        || !paths(&verdict(message)).iter().any(|path| is_within(path, field.name()))
}

fn trials() -> Vec<Trial> {
    let mut corpus = Corpus::default();
    let mut trials = Vec::new();
    for kind in contract() {
        let good = corpus.good(&kind, &is_good);
        assert_eq!(paths(&verdict(&good)), BTreeSet::new(), "the good {}", kind.name());
        for field in kind.fields() {
            for value in corpus.values(&field, &is_good) {
                let mut message = good.clone();
                message.set_field(&field, value);
                trials.push(Trial {
                    message,
                    tries: format!("{} with {}", kind.name(), field.name()),
                });
            }
            let mut message = good.clone();
            message.clear_field(&field);
            trials.push(Trial {
                message,
                tries: format!("{} without {}", kind.name(), field.name()),
            });
        }
        let empty = DynamicMessage::new(kind.clone());
        trials.push(Trial { message: empty, tries: format!("an empty {}", kind.name()) });
        trials.push(Trial { message: good, tries: format!("a good {}", kind.name()) });
    }
    trials
}

/// Pairs of path and rule for each trial, by the peer.
fn judge_by_peer(trials: &[Trial]) -> Vec<BTreeSet<(String, String)>> {
    let mut lines = String::new();
    for trial in trials {
        let encoded = STANDARD.encode(trial.message.encode_to_vec());
        writeln!(lines, "{} {encoded}", trial.message.descriptor().full_name())
            .expect("writes to memory");
    }
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), lines).expect("the corpus is written");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let python = std::env::var("ENTENTE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(&python)
        .arg(format!("{root}tests/protovalidate/verdicts.py"))
        .arg(format!("{root}proto"))
        .arg(file.path())
        .output()
        .unwrap_or_else(|error| panic!("{python} does not run ({error}): set ENTENTE_PYTHON"));
    assert!(
        output.status.success(),
        "{}\n{python} needs the packages {PACKAGES}; ENTENTE_PYTHON names another interpreter",
        String::from_utf8_lossy(&output.stderr),
    );
    let text = String::from_utf8(output.stdout).expect("the peer writes UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a list of pairs")).collect()
}

#[test]
fn verdicts_are_those_of_the_official_protovalidate() {
    let trials = trials();
    let verdicts = judge_by_peer(&trials);
    assert_eq!(verdicts.len(), trials.len(), "the peer judged every message");

    let mut differences = Vec::new();
    let mut rules = BTreeSet::new();
    let mut faults = 0;
    for (trial, peer) in trials.iter().zip(&verdicts) {
        let ours = paths(&verdict(&trial.message));
        let theirs: BTreeSet<_> = peer.iter().map(|(path, _)| path.clone()).collect();
        rules.extend(peer.iter().map(|(_, rule)| rule.as_str()));
        faults += usize::from(!theirs.is_empty());
        // Beyond so many, ours are not all written down.
        let is_cut = ours.len() >= Violations::MAX && ours.is_subset(&theirs);
        if ours != theirs && !is_cut {
            let only = |one: &BTreeSet<String>, other| {
                one.difference(other).take(3).cloned().collect::<Vec<_>>()
            };
            let message: String = trial.message.to_string().chars().take(300).collect();
            let (ours, theirs) = (only(&ours, &theirs), only(&theirs, &ours));
            differences.push(format!(
                "{}: only we {ours:?}, only they {theirs:?}: {message}",
                trial.tries
            ));
        }
    }
    println!("{} messages, {faults} of them bad", trials.len());
    assert!(
        differences.is_empty(),
        "{} differ:\n{}",
        differences.len(),
        differences[..differences.len().min(20)].join("\n")
    );
    assert_eq!(rules, BTreeSet::from(RULES), "every rule was broken once");
    assert_every_rule_was_broken(&trials, &verdicts);
}

/// Each field that has rules was found wrong at least once.
fn assert_every_rule_was_broken(trials: &[Trial], verdicts: &[BTreeSet<(String, String)>]) {
    let mut broken = BTreeSet::new();
    for (trial, peer) in trials.iter().zip(verdicts) {
        let kind = trial.message.descriptor();
        for (path, _) in peer {
            let end = path.find(['.', '[']).unwrap_or(path.len());
            broken.insert(format!("{}.{}", kind.full_name(), &path[..end]));
        }
    }
    for kind in contract() {
        let rules =
            kind.parent_pool().get_extension_by_name("buf.validate.field").expect("is declared");
        for field in kind.fields().filter(|field| field.options().has_extension(&rules)) {
            assert!(
                broken.contains(field.full_name()),
                "no message breaks a rule of {}",
                field.full_name()
            );
        }
    }
}

#[test]
fn text_with_nul_is_refused_everywhere() {
    let nul = || Value::String("a\0b".to_owned());
    let mut places = 0;
    for kind in contract() {
        for field in kind.fields() {
            let (value, path) = match field.kind() {
                Kind::String if field.is_list() => {
                    (Value::List(vec![nul()]), format!("{}[0]", field.name()))
                }
                Kind::String => (nul(), field.name().to_owned()),
                Kind::Message(_) if field.is_map() => {
                    let entries = [(MapKey::String("a\0b".to_owned()), nul())];
                    (Value::Map(entries.into()), format!("{}[{:?}]", field.name(), "a\0b"))
                }
                _ => continue,
            };
            let mut message = DynamicMessage::new(kind.clone());
            message.set_field(&field, value);
            let found = verdict(&message);
            let said = found
                .iter()
                .filter(|violation| violation.description == "must not contain NUL characters");
            let wanted = if field.is_map() { 2 } else { 1 };
            assert_eq!(
                said.filter(|violation| violation.field == path).count(),
                wanted,
                "{}",
                field.full_name()
            );
            places += 1;
        }
    }
    assert!(places > 100, "only {places} texts were tried");
}
