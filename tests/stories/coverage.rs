//! Names any RPC that no story calls.
//!
//! A call is recognised in the text of the stories: a standard method by the line
//! of its type in the conformance suite, any other by a call of the generated
//! client, `.get_head(`.

use std::collections::BTreeSet;
use std::path::Path;

use prost_reflect::{DescriptorPool, MethodDescriptor};

/// The methods that the conformance suite calls for each type.
const STANDARD: [&str; 7] = ["Get", "BatchGet", "List", "Create", "Update", "Delete", "Undelete"];

/// The methods of the contract that `text` does not call.
fn uncalled(pool: &DescriptorPool, text: &str) -> Vec<String> {
    let services = pool.services().filter(|service| service.package_name() == "entente.v1");
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let uncalled = methods.filter(|method| !is_called(method, text));
    uncalled.map(|method| method.full_name().to_owned()).collect()
}

fn is_called(method: &MethodDescriptor, text: &str) -> bool {
    let service = method.parent_service();
    let of_type = service.name().strip_suffix("Service").unwrap_or_default().to_owned();
    let conforms = text.lines().any(|line| {
        let line = line.trim();
        line.starts_with("conformance!(") && line.contains(&format!(": {of_type},"))
    });
    let verb = STANDARD.iter().filter_map(|verb| method.name().strip_prefix(verb));
    let is_standard = verb.into_iter().any(|noun| noun.starts_with(singular(&of_type)));
    (conforms && is_standard) || text.contains(&format!(".{}(", snake(method.name())))
}

/// What singular and plural begin with: `Countr` for `Country`.
fn singular(of_type: &str) -> &str {
    of_type.strip_suffix('y').unwrap_or(of_type)
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

/// The stories and what they share, without this file, which speaks of calls.
fn stories() -> String {
    let mut text = String::new();
    for folder in ["tests/stories", "tests/support"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if !path.ends_with("coverage.rs") {
                text.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    text
}

#[test]
fn every_method_is_called() {
    let uncalled = uncalled(&entente::proto::POOL, &stories());
    assert!(uncalled.is_empty(), "no story calls {}", uncalled.join(", "));
}

#[test]
fn the_suite_calls_all_that_it_stands_for() {
    let suite = stories();
    for verb in STANDARD {
        assert!(suite.contains(&format!("self.call(\"{verb}\", ")), "{verb} in standard.rs");
    }
}

#[test]
fn an_untested_method_is_named() {
    let text = "conformance!(countries: Country, samples::country, \"display_name\");\n\
                client.apply(request).await; client.watch_changes(request)";
    let found: BTreeSet<_> = uncalled(&entente::proto::POOL, text).into_iter().collect();
    for called in ["CountryService.UndeleteCountry", "RecordService.Apply"] {
        assert!(!found.contains(&format!("entente.v1.{called}")), "{called} is called");
    }
    for missing in ["ChangeService.GetHead", "OfficialService.ListOfficials"] {
        assert!(found.contains(&format!("entente.v1.{missing}")), "{missing} is not");
    }
}

#[test]
fn the_filters_of_each_type_are_tried() {
    let stories = stories();
    let types = entente::resources::REGISTRY.0.iter().map(|kind| kind.type_name);
    let left: Vec<_> =
        types.filter(|name| !stories.contains(&format!("of::<{name}>(server)"))).collect();
    assert_eq!(left, <[&str; 0]>::default(), "not in filter_fields.rs");
}

#[test]
fn each_type_of_the_contract_is_registered() {
    let resource = entente::proto::POOL.get_message_by_name("entente.v1.Resource").unwrap();
    let told: Vec<String> = resource
        .fields()
        .map(|field| field.kind().as_message().unwrap().name().to_owned())
        .filter(|name| entente::resources::REGISTRY.by_type(name).is_none())
        .collect();
    assert_eq!(told, <[&str; 0]>::default(), "of record.proto, not in src/resources/mod.rs");
}
