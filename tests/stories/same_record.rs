//! Lines of one input that are one record to the service alone: by another name or id that it
//! knows. None is written over the other, and what is to be changed waits until that is known.

use std::path::Path;

use serde_json::{Value, json};

use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Files, Told, import};

on_both!(
    two_lines_that_the_service_finds_to_be_one,
    two_rows_of_a_table,
    what_is_new_and_needs_a_change,
    records_on_one_line,
);

/// Imports files twice: the second run writes nothing and refuses the same.
async fn twice(server: &TestServer, flags: &[&str], file: &Path) -> Told {
    let told = import(server, flags, &[file]).await;
    let head = server.clients.head_revision().await;
    let again = import(server, flags, &[file]).await;
    assert_eq!(server.clients.head_revision().await, head, "no commit: {}", again.summary);
    assert_eq!(again.of("refused"), told.of("refused"), "{}", again.text);
    told
}

fn lines(lines: impl IntoIterator<Item = Value>) -> String {
    lines.into_iter().map(|line| format!("{line}\n")).collect()
}

fn id(scheme: &str, value: &str) -> Value {
    json!([{ "scheme": scheme, "value": value }])
}

/// How many records were created, changed, unchanged and refused.
fn counts(told: &Told) -> [usize; 4] {
    ["created", "changed", "unchanged", "refused"].map(|outcome| told.of(outcome).len())
}

/// The lines that were refused since they are the record of another one.
fn again(told: &Told, first: &str) -> Vec<u64> {
    let refused = told.of("refused").into_iter();
    let refused = refused.filter(|one| {
        let why = one["refusal"].as_str().unwrap();
        why.contains(&format!("{first} again, and says it differently"))
    });
    refused.map(|one| one["line"].as_u64().unwrap()).collect()
}

async fn two_lines_that_the_service_finds_to_be_one(server: &TestServer) {
    let files = Files::new();
    let both = json!([{ "scheme": "a", "value": "1" }, { "scheme": "b", "value": "1" }]);
    let treaty = json!({ "title": "One", "form": "AGREEMENT_FORM_TREATY", "externalIds": both });
    let file = files.put("before.jsonl", lines([json!({ "agreement": treaty })]));
    assert!(import(server, &[], &[&file]).await.is_whole);

    let country = |name: &str, capital: &str| json!({ "country": { "name": format!("countries/{name}"), "capital": capital } });
    let relation = |scheme: &str, text: &str| {
        let events = json!([{ "kind": "RELATION_EVENT_KIND_ESTABLISHED", "text": text }]);
        let countries = json!(["countries/KHM", "countries/RUS"]);
        json!({ "bilateralRelation":
            { "countries": countries, "externalIds": id(scheme, "7"), "events": events } })
    };
    let agreement = |scheme: &str, place: &str| json!({ "agreement": { "externalIds": id(scheme, "1"), "place": place } });
    let all = [
        country("KHM", "Oudong"),
        relation("a", "In May"),
        agreement("a", "Minsk"),
        country("KH", "Longvek"),
        relation("b", "In June"),
        agreement("b", "Riga"),
        agreement("a", "Minsk"),
    ];
    let file = files.put("all.jsonl", lines(all));
    let judged = import(server, &["--validate-only"], &[&file]).await;
    let told = twice(server, &[], &file).await;
    // The name of a country and that of a relation are known as well before as after.
    for told in [&judged, &told] {
        let places = ["all.jsonl:1", "all.jsonl:2", "all.jsonl:3"];
        assert_eq!(places.map(|first| again(told, first)), [[4], [5], [6]], "{}", told.text);
        assert_eq!(told.accounted(), 7);
    }
    assert_eq!(counts(&told), [1, 2, 1, 3], "{}", told.text);
    let expected = "7 lines: 1 created, 2 changed, 1 unchanged, 3 refused; ";
    assert!(told.summary.starts_with(expected), "{}", told.summary);
}

async fn two_rows_of_a_table(server: &TestServer) {
    let files = Files::new();
    let both = json!([{ "scheme": "t", "value": "1" }, { "scheme": "t", "value": "2" }]);
    let treaty = json!({ "title": "One", "form": "AGREEMENT_FORM_TREATY", "externalIds": both });
    let file = files.put("before.jsonl", lines([json!({ "agreement": treaty })]));
    assert!(import(server, &[], &[&file]).await.is_whole);

    let mapping = "type = \"Agreement\"\n[record]\ntitle = \"{title}\"\nform = \"TREATY\"\n\
        external_ids = [{ scheme = \"t\", value = \"{id}\" }]\n";
    let mapping = files.put("m.toml", mapping);
    let table = files.put("t.csv", "id,title\n1,Uno\n2,Due\n3,Tre\n");
    let told = twice(server, &["--mapping", mapping.to_str().unwrap()], &table).await;
    assert_eq!(counts(&told), [1, 1, 0, 1], "{}", told.text);
    assert_eq!(again(&told, "t.csv:2"), [3], "{}", told.text);
}

/// A visit that is moved, and a meeting that lies in it only then; and a link of what is
/// there to what is new.
async fn what_is_new_and_needs_a_change(server: &TestServer) {
    let files = Files::new();
    let engagement = |name: &str, year: &str, parent: Value| {
        let name = format!("engagements/{name}");
        let period = json!({ "start": format!("{year}-05-01"), "end": format!("{year}-05-02") });
        json!({ "engagement": {
            "name": name, "title": "Engagement", "period": period, "parent": parent } })
    };
    let before = lines([engagement("visit", "2020", Value::Null)]);
    assert!(import(server, &[], &[&files.put("before.jsonl", before)]).await.is_whole);
    let moved = [
        engagement("visit", "2021", Value::Null),
        engagement("meeting", "2021", json!("engagements/visit")),
        engagement("talk", "2021", json!("engagements/meeting")),
    ];
    let told = twice(server, &[], &files.put("moved.jsonl", lines(moved))).await;
    assert_eq!(counts(&told), [2, 1, 0, 0], "{}", told.text);
    assert!(told.is_whole);
}

/// A document of Popolo without a line break: each object is told apart all the same.
async fn records_on_one_line(server: &TestServer) {
    let files = Files::new();
    let document = |born: &str| {
        let persons = json!([
            { "id": "a", "name": "Ann", "birth_date": born },
            { "id": "b", "name": "Bo" },
            { "id": "c", "name": "Cy", "memberships": [{ "role": "Clerk", "organization_id": "x" }] },
            { "id": "d", "name": "" },
        ]);
        json!({ "persons": persons }).to_string()
    };
    let import = async |born: &str| {
        let file = files.put("one.json", document(born));
        twice(server, &["--popolo"], &file).await
    };
    let told = import("1950").await;
    assert_eq!(counts(&told), [2, 0, 0, 2], "{}", told.text);
    let refused: Vec<_> = told.of("refused").iter().map(|one| one["part"].clone()).collect();
    assert_eq!(refused, ["persons[2]", "persons[3]"], "{}", told.text);
    assert!(told.text.contains("one.json:1 (persons[3]): "), "{}", told.text);
    assert!(told.text.contains("one.json:1 (persons[2].memberships[0])"), "{}", told.text);
    // What is to be changed is sent again, and nothing else that stands there.
    let told = import("1951").await;
    assert_eq!(counts(&told), [0, 1, 1, 2], "{}", told.text);
    assert!(told.summary.starts_with("4 records of 5 objects: "), "{}", told.summary);
}
