//! Imports and exports of files, beside a service that runs or does not.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::database::Database;
use crate::process::{PROGRAM, Process};
use crate::record::Record;
use crate::wait::until;

/// Runs a command of the program to its end.
async fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env_remove("ENTENTE_ADDRESS").env_remove("ENTENTE_ACTOR");
    let output = tokio::task::spawn_blocking(move || command.output()).await;
    output.expect("it is waited for").expect("the program starts")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The line of numbers at the end.
fn summary(output: &Output) -> String {
    said(&output.stdout).trim().to_owned()
}

fn treaty(number: usize) -> Value {
    json!({ "agreement": {
        "title": format!("Treaty {number}"),
        "form": "AGREEMENT_FORM_TREATY",
        "parties": [{ "country": "countries/KHM" }, { "country": "countries/RUS" }],
        "externalIds": [{ "scheme": "register", "value": number.to_string() }],
    } })
}

fn file(folder: &Path, name: &str, lines: impl IntoIterator<Item = Value>) -> PathBuf {
    let text: Vec<_> = lines.into_iter().map(|line| line.to_string()).collect();
    let path = folder.join(name);
    std::fs::write(&path, text.join("\n")).expect("there is room for a file");
    path
}

fn text(path: &Path) -> &str {
    path.to_str().expect("its name is text")
}

on_both!(what_is_wrong_is_told_and_the_rest_recorded, super::mixed);

async fn mixed(database: Database) {
    let process = Process::start(&database.url()).await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("mixed.jsonl");
    let amends = json!({ "agreement": {
        "name": "agreements/early", "title": "Early", "form": "AGREEMENT_FORM_PROTOCOL",
        "parties": [{ "country": "countries/KHM" }, { "country": "countries/RUS" }],
        "links": [{ "kind": "AGREEMENT_LINK_KIND_AMENDS", "agreement": "agreements/late" }],
    } });
    let late = json!({ "agreement": {
        "name": "agreements/late", "title": "Late", "form": "AGREEMENT_FORM_TREATY",
        "parties": [{ "country": "countries/KHM" }],
    } });
    let nowhere = json!({ "agreement": {
        "name": "agreements/nowhere", "title": "Nowhere", "form": "AGREEMENT_FORM_TREATY",
        "parties": [{ "country": "countries/XQZ" }],
    } });
    let unnamed = json!({ "agreement": { "title": "Unnamed", "form": "AGREEMENT_FORM_TREATY" } });
    let mut bytes = Vec::new();
    for line in [
        amends.to_string().into_bytes(),
        treaty(1).to_string().into_bytes(),
        b"{\"agreement\": {\"title\": ".to_vec(),
        b"\xff\xfe".to_vec(),
        vec![b'x'; 5 << 20],
        b"{\"agreement\": {\"titel\": \"x\"}}".to_vec(),
        unnamed.to_string().into_bytes(),
        nowhere.to_string().into_bytes(),
        b"".to_vec(),
        late.to_string().into_bytes(),
        treaty(1).to_string().into_bytes(),
        b"{\"country\": {\"name\": \"countries/KHM\", \"note\": \"a\", \"note\": \"b\"}}".to_vec(),
    ] {
        bytes.extend(line);
        bytes.push(b'\n');
    }
    std::fs::write(&path, bytes).expect("there is room for a file");
    let report = folder.path().join("report.jsonl");
    let url = process.url();
    let arguments =
        ["import", text(&path), "--address", &url, "--report", text(&report), "--actor", "ann"];
    let head = async || process.client().head().await.expect("it serves").head_revision;
    let before = head().await;
    let output = run(&arguments).await;
    assert!(!output.status.success(), "something was refused");
    let expected = "11 lines: 3 created, 0 changed, 1 unchanged, 7 refused; 1 with warnings";
    assert_eq!(summary(&output), expected);
    let told = said(&output.stderr);
    let place = |line: usize| format!("mixed.jsonl:{line}: ");
    for (line, what) in [
        (3, "is no Resource"),
        (4, "UTF-8"),
        (5, "5242880 bytes"),
        (6, "titel"),
        (7, "needs a name or an external id"),
        (8, "there is no countries/XQZ"),
        (12, "\"note\" stands here twice near byte 57"),
    ] {
        let found = told.lines().find(|one| one.contains(&place(line)));
        assert!(found.is_some_and(|one| one.contains(what)), "line {line}: {told}");
    }
    assert!(!told.contains(&place(1)), "what came too early came again: {told}");
    let lines = std::fs::read_to_string(&report).expect("there is a report");
    let lines: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
    let places: BTreeSet<_> =
        lines.iter().map(|line| line["line"].as_u64().expect("it has a number")).collect();
    assert_eq!(places, (1..=12).filter(|line| *line != 9).collect(), "every line is accounted for");

    assert_eq!(head().await, before + 3);
    let again = run(&arguments).await;
    let expected = "11 lines: 0 created, 0 changed, 4 unchanged, 7 refused; 1 with warnings";
    assert_eq!(summary(&again), expected);
    assert_eq!(head().await, before + 3, "no commit");
    let record = Record::checked(&database).await;
    assert!(record.commits.iter().rev().take(3).all(|one| one.commit.actor == "ann"));
}

on_both!(an_import_goes_on_over_a_restart, super::interrupted);

async fn interrupted(database: Database) {
    const COUNT: usize = 3_000;
    let mut process = Process::start(&database.url()).await;
    let head =
        async |process: &Process| process.client().head().await.expect("it serves").head_revision;
    let before = head(&process).await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = file(folder.path(), "treaties.jsonl", (0..COUNT).map(treaty));
    let (url, address) = (process.url(), process.address);
    let import = {
        let path = text(&path).to_owned();
        tokio::spawn(async move { run(&["import", &path, "--address", &url]).await })
    };
    for share in [1, 2] {
        let reached = before + share * COUNT as i64 / 4;
        until("a part is recorded", async || (head(&process).await >= reached).then_some(())).await;
        process.kill();
        process = Process::start_at(&database.url(), address).await;
    }
    let output = import.await.expect("it ends");
    assert!(output.status.success(), "{}", said(&output.stderr));
    let record = Record::checked(&database).await;
    assert_eq!(record.head.revision, before + COUNT as i64, "each once");
    drop(process);
}

on_both!(an_import_that_was_killed_is_finished_by_the_next, super::killed);

async fn killed(database: Database) {
    const COUNT: usize = 3_000;
    let process = Process::start(&database.url()).await;
    let head = async || process.client().head().await.expect("it serves").head_revision;
    let before = head().await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mapping = folder.path().join("small.toml");
    let rules = r#"
        type = "Agreement"
        record.title = "{title}"
        record.form = "TREATY"
        record.external_ids = [{ scheme = "register", value = "{id}" }]
    "#;
    std::fs::write(&mapping, rules).expect("there is room for a file");
    let rows = (0..COUNT).map(|number| format!("{number},Treaty {number}\n"));
    let table = folder.path().join("small.csv");
    let lines = format!("id,title\n{}", rows.collect::<String>());
    std::fs::write(&table, lines).expect("there is room for a file");
    let url = process.url();
    let arguments = ["import", "--mapping", text(&mapping), text(&table), "--address", &url];
    let mut import = Command::new(PROGRAM).args(arguments).spawn().expect("the program starts");
    let reached = before + COUNT as i64 / 10;
    until("a part is recorded", async || (head().await >= reached).then_some(())).await;
    import.kill().expect("it runs");
    import.wait().expect("it is waited for");

    let output = run(&arguments).await;
    assert!(output.status.success(), "{}", said(&output.stderr));
    let told = summary(&output);
    assert!(told.starts_with("3000 records of 3000 rows: "), "{told}");
    assert!(!told.contains(" 0 unchanged"), "a part was recorded before: {told}");
    let record = Record::checked(&database).await;
    assert_eq!(record.head.revision, before + COUNT as i64, "each once");
}

on_both!(what_is_exported_is_what_is_imported, super::copied);

async fn copied(database: Database) {
    let process = Process::start(&database.url()).await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let treaties = file(folder.path(), "treaties.jsonl", (0..50).map(treaty));
    let bare = (50..60).map(|number| treaty(number)["agreement"].clone());
    let bare = file(folder.path(), "agreements.jsonl", bare);
    let url = process.url();
    assert!(run(&["import", text(&treaties), "--address", &url]).await.status.success());
    let of_type = ["import", text(&bare), "--address", &url, "--type", "Agreement"];
    assert!(run(&of_type).await.status.success());

    let exported = run(&["export", "--address", &url]).await;
    assert!(exported.status.success(), "{}", said(&exported.stderr));
    let lines = said(&exported.stdout);
    assert!(lines.lines().count() > 60 + 250, "countries and areas too");
    let copy = folder.path().join("copy.jsonl");
    std::fs::write(&copy, &lines).expect("there is room for a file");
    let same = run(&["import", text(&copy), "--address", &url]).await;
    assert!(summary(&same).contains(" 0 created, 0 changed, "), "{}", summary(&same));

    let other = Database::sqlite();
    let elsewhere = Process::start(&other.url()).await;
    let other_url = elsewhere.url();
    let output = run(&["import", text(&copy), "--address", &other_url]).await;
    assert!(output.status.success(), "{}", said(&output.stderr));
    assert!(summary(&output).contains(" 60 created, 0 changed, "), "{}", summary(&output));
    let filter = "form = TREATY";
    let some = ["export", "--type", "Agreement", "--filter", filter, "--address", &other_url];
    assert_eq!(said(&run(&some).await.stdout).lines().count(), 60);
}

on_both!(what_names_each_other_is_recorded_at_once, super::circle);

/// An agreement, the one that it has ended, and one that waits for both; and one that
/// waits in vain.
async fn circle(database: Database) {
    let process = Process::start(&database.url()).await;
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let treaty = |name: &str, since: &str, kind: &str, other: &str| {
        json!({ "agreement": {
            "name": format!("agreements/{name}"), "title": name, "form": "AGREEMENT_FORM_TREATY",
            "parties": [{ "country": "countries/KHM" }, { "country": "countries/RUS" }],
            "actions": [{ "kind": "ACTION_KIND_ENTRY_INTO_FORCE", "date": since }],
            "links": [{ "kind": format!("AGREEMENT_LINK_KIND_{kind}"),
                "agreement": format!("agreements/{other}") }],
        } })
    };
    let mut old = treaty("old", "2000", "RELATED", "new");
    let end = json!({ "kind": "ACTION_KIND_TERMINATION", "date": "2010",
        "ground": "TERMINATION_GROUND_SUPERSEDED", "cause": "agreements/new" });
    old["agreement"]["actions"].as_array_mut().expect("it is a list").push(end);
    let lines = [
        treaty("protocol", "2001", "SUPPLEMENTS", "old"),
        old,
        treaty("lost", "2001", "SUPPLEMENTS", "nowhere"),
        treaty("new", "2010", "SUPERSEDES", "old"),
    ];
    let path = file(folder.path(), "circle.jsonl", lines);
    let url = process.url();
    let arguments = ["import", text(&path), "--address", &url];
    let head = async || process.client().head().await.expect("it serves").head_revision;
    let before = head().await;
    let output = run(&arguments).await;
    let expected = "4 lines: 3 created, 0 changed, 0 unchanged, 1 refused; 0 with warnings";
    assert_eq!(summary(&output), expected, "{}", said(&output.stderr));
    assert!(said(&output.stderr).contains("circle.jsonl:3: "), "{}", said(&output.stderr));
    assert_eq!(head().await, before + 2, "two at once, and one after them");
    let again = run(&arguments).await;
    let expected = "4 lines: 0 created, 0 changed, 3 unchanged, 1 refused; 0 with warnings";
    assert_eq!(summary(&again), expected);

    // So what is exported can be imported elsewhere.
    let exported = run(&["export", "--type", "Agreement", "--address", &url]).await;
    let copy = folder.path().join("copy.jsonl");
    std::fs::write(&copy, &exported.stdout).expect("there is room for a file");
    let other = Database::sqlite();
    let elsewhere = Process::start(&other.url()).await;
    let output = run(&["import", text(&copy), "--address", &elsewhere.url()]).await;
    assert!(summary(&output).contains(" 3 created, 0 changed, "), "{}", said(&output.stderr));
    Record::checked(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_arguments_are_told() {
    let missing = run(&["import", "/nowhere/at/all.jsonl"]).await;
    assert!(!missing.status.success());
    assert!(said(&missing.stderr).contains("No such file"), "{}", said(&missing.stderr));
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = file(folder.path(), "x.jsonl", [treaty(1)]);
    let wrong = run(&["import", text(&path), "--type", "Treaty"]).await;
    assert!(said(&wrong.stderr).contains("must be one of"), "{}", said(&wrong.stderr));
}
