//! The layering rule: a module imports only lower floors, its own and its
//! children, and only some floors know the database or the transport.

use std::path::{Path, PathBuf};

/// Each module with its floor.
const FLOORS: [(&str, u8); 11] = [
    ("model", 0),
    ("proto", 0),
    ("store", 1),
    ("filter", 1),
    ("feed", 2),
    ("resources", 3),
    ("api", 4),
    ("server", 4),
    ("client", 5),
    ("config", 6),
    ("cli", 6),
];

/// Libraries with the modules that may name them.
const LIBRARIES: [(&str, &[&str]); 3] = [
    ("sea_orm", &["store", "filter", "resources"]),
    ("sqlx", &["store"]),
    ("tonic", &["api", "server", "client", "cli", "proto"]),
];

fn floor(module: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == module).map(|(_, floor)| *floor)
}

/// What is wrong with the imports of `text`, a file of `module`.
fn violations(module: &str, text: &str) -> Vec<String> {
    let Some(own) = floor(module) else { return Vec::new() };
    let mut found = Vec::new();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code: Vec<&str> = code.collect();
    for other in imported(&code.join("\n")) {
        match floor(&other) {
            None => found.push(format!("crate::{other} has no floor: give it one")),
            Some(_) if other == module => {}
            // A client needs the contract alone.
            Some(there) if module == "client" && there > 0 => {
                found.push(format!("crate::{other}: a client knows proto and model only"));
            }
            Some(there) if there > own => {
                found.push(format!("crate::{other} is on floor {there}, above {own}"));
            }
            Some(_) => {}
        }
    }
    for (library, allowed) in LIBRARIES {
        let named = code.iter().any(|line| names(line, library));
        if named && !allowed.contains(&module) {
            found.push(format!("{library} is for {} only", allowed.join(", ")));
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Whether `line` names the library itself, not one whose name begins alike.
fn names(line: &str, library: &str) -> bool {
    line.match_indices(&format!("{library}::")).any(|(place, _)| {
        let before = line[..place].chars().next_back();
        before.is_none_or(|before| !before.is_alphanumeric() && before != '_')
    })
}

/// The modules after each `crate::`, also in braces: `crate::{feed, store::x}`.
fn imported(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (place, prefix) in text.match_indices("crate::") {
        let rest = &text[place + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(list) => modules.extend(first_words(list)),
            None => modules.push(word(rest)),
        }
    }
    modules.retain(|module| !module.is_empty());
    modules
}

/// The first word of each entry of a list, up to the brace that ends it.
fn first_words(list: &str) -> Vec<String> {
    let mut words = vec![word(list)];
    let mut depth = 0;
    for (place, character) in list.char_indices() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => words.push(word(&list[place + 1..])),
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> String {
    let text = text.trim_start();
    text.chars().take_while(|one| one.is_alphanumeric() || *one == '_').collect()
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_module_imports_lower_floors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let path = file.strip_prefix(&root).unwrap();
        let first = path.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs");
        if ["lib", "main"].contains(&module) {
            continue;
        }
        assert!(floor(module).is_some(), "src/{module} has no floor: give it one");
        let text = std::fs::read_to_string(&file).unwrap();
        let wrong = violations(module, &text).into_iter();
        found.extend(wrong.map(|text| format!("src/{}: {text}", path.display())));
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn what_stands_lower_may_be_imported() {
    let text = "use crate::model::error::Error;\nuse crate::store::{Store, log};\nsea_orm::DbErr";
    assert_eq!(violations("resources", text), Vec::<String>::new());
    assert_eq!(violations("store", "//! See crate::api.\nuse super::x;"), Vec::<String>::new());
    assert_eq!(violations("api", "use tonic_types::StatusExt; use tonic::Code;").len(), 0);
}

#[test]
fn what_stands_higher_is_named() {
    let text = "use crate::{feed::{Feed, ring}, model};\nlet x = crate::api::today();";
    let found = violations("store", text);
    let expected = ["crate::api is on floor 4, above 1", "crate::feed is on floor 2, above 1"];
    assert_eq!(found, expected);
    assert_eq!(violations("feed", "use sea_orm::DbErr;").len(), 1);
    assert_eq!(violations("store", "fn f(x: tonic::Status) {}").len(), 1);
    assert_eq!(violations("client", "use crate::feed::token::Token;").len(), 1);
    assert_eq!(violations("model", "use crate::news::Story;").len(), 1);
}
