//! What an import does not take over it tells, and what it has not done in one run is not left
//! for a second one.

use std::path::Path;

use entente::client::Client;
use entente::proto::v1::{ListOrganizationsRequest, Organization};
use serde_json::{Value, json};

use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Files, Told, by, import};

on_both!(
    values_that_something_stands_for_are_told,
    values_on_which_a_row_depends_are_told,
    columns_that_hide_others_are_told,
    columns_to_ignore_that_are_not_there_are_told,
    rows_find_what_other_rows_make,
    rows_find_what_gets_its_name_from_the_service,
    a_record_stands_in_one_input_once,
    files_are_taken_in_the_order_given,
    long_names_do_not_become_one,
);

/// The values that an import tells as unknown, and what became of them.
fn unmapped(told: &Told) -> Vec<(&str, &str)> {
    let lines = told.of("unmapped").into_iter();
    let mut told: Vec<_> = lines
        .map(|line| (line["value"].as_str().unwrap(), line["treated"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    told
}

async fn organizations(server: &TestServer) -> Vec<Organization> {
    let client = Client::new([format!("http://{}", server.server.address)]).unwrap();
    let order_by = "display_name".to_owned();
    let request = ListOrganizationsRequest { page_size: 1_000, order_by, ..Default::default() };
    client.call(request).await.unwrap().organizations
}

/// Display names, and those of the parents.
async fn parents(server: &TestServer) -> Vec<(String, String)> {
    let all = organizations(server).await;
    let shown = |name: &str| {
        let found = all.iter().find(|one| one.name == name);
        found.map(|one| one.display_name.clone()).unwrap_or_default()
    };
    all.iter().map(|one| (one.display_name.clone(), shown(&one.parent))).collect()
}

/// Imports a file twice: the second run must not write anything.
pub async fn twice(server: &TestServer, flags: &[&str], files: &[&Path]) -> Told {
    let told = import(server, flags, files).await;
    let head = server.clients.head_revision().await;
    let again = import(server, flags, files).await;
    assert_eq!(server.clients.head_revision().await, head, "no commit: {}", again.summary);
    let refused = |told: &Told| told.of("refused").len();
    assert_eq!(refused(&again), refused(&told), "{}", again.text);
    assert_eq!((again.of("created").len(), again.of("changed").len()), (0, 0));
    told
}

async fn values_that_something_stands_for_are_told(server: &TestServer) {
    let files = Files::new();
    let mapping = r#"
type = "Agreement"
[record]
title = "{title}"
form = { from = "{form}", values = { Treaty = "TREATY" }, otherwise = "{other}" }
place = { from = "{place}", values = { PP = "Phnom Penh" }, otherwise = "in {place}" }
depositary = { from = "{keeper}", matches = [["^UN$", "United Nations"], [".", "{keeper}"]] }
external_ids = [{ scheme = "table", value = "{id}" }]
[[record.parties]]
party = { from = ["{code}", "{name}"], find = ["Country", "Organization"], otherwise = "{name}" }
"#;
    let table = "id,title,form,other,place,keeper,code,name\n\
        1,One,Treaty,OTHER,PP,UN,KHM,\n\
        2,Two,Pact,OTHER,Minsk,Laos,XQ,Cambodia\n\
        3,Three,Pact,Paper,PP,UN,KHM,\n\
        4,Four,Treaty,OTHER,PP,UN,,Atlantis\n";
    let told = by(server, &files.put("m.toml", mapping), &files.put("t.csv", table)).await;
    let expected = [
        ("Atlantis", "is the name of none of countries or organizations; refused"),
        ("Atlantis", "names no Country or Organization; taken as Atlantis"),
        ("Minsk", "is not listed; taken as in Minsk"),
        ("Pact", "is not listed; taken as AGREEMENT_FORM_OTHER"),
        ("XQ", "names no Country or Organization; taken as countries/KHM"),
    ];
    let found = unmapped(&told);
    for one in expected {
        assert!(found.contains(&one), "{one:?}: {found:?}");
    }
    assert!(!found.iter().any(|(value, _)| *value == "Laos"), "it is listed as any other");
    assert_eq!(told.of("created").len(), 2, "{}", told.text);
    let why: Vec<_> = told.of("refused").iter().map(|one| one["refusal"].to_string()).collect();
    assert!(why[0].contains("Paper") && why[1].contains("Atlantis"), "{why:?}");

    let both =
        mapping.replace("otherwise = \"in {place}\"", "otherwise = \"x\", unknown = \"skip\"");
    let told = by(server, &files.put("both.toml", both), &files.put("t.csv", table)).await;
    assert!(told.text.contains("unknown says nothing beside otherwise"), "{}", told.text);
    for (wrong, what) in [
        ("find = \"Official\"", "party cannot be a Official"),
        ("find = \"Country\", give = \"id\"", "party takes the name of what is found"),
        ("find = \"Country\", otherwise = \"nobody\"", "\"nobody\" is the name of none of"),
    ] {
        let party = format!("party = {{ from = \"{{code}}\", {wrong} }}");
        let head = mapping.split("party = ").next().unwrap();
        let wrong = files.put("wrong.toml", format!("{head}{party}\n"));
        let told = by(server, &wrong, &files.put("t.csv", table)).await;
        assert!(told.text.contains(what), "{what}: {}", told.text);
    }
}

async fn values_on_which_a_row_depends_are_told(server: &TestServer) {
    let files = Files::new();
    let mapping = r#"
type = "Agreement"
ignore = ["spare"]
[columns]
is_treaty = { from = "{kind}", values = { Treaty = "yes", Visit = "" } }
binding = { from = "{force}", values = { yes = "BINDING" } }
[record]
when = "{is_treaty}"
title = "{title}"
form = "TREATY"
legal_force = "{binding}"
external_ids = [{ scheme = "table", value = "{id}" }]
"#;
    let table =
        "id,title,kind,force,spare\n1,One,Treaty,yes,\n2,Two,Visit,maybe,\n3,Three,Pact,yes,\n";
    let told = by(server, &files.put("m.toml", mapping), &files.put("t.csv", table)).await;
    assert_eq!(
        unmapped(&told),
        [("Pact", "is not listed; refused"), ("maybe", "is not listed; left out with its row"),]
    );
    let counts = ["created", "left out", "refused"].map(|outcome| told.of(outcome).len());
    assert_eq!(counts, [1, 1, 1], "{}", told.text);
    assert_eq!(told.accounted(), 3);
}

async fn columns_that_hide_others_are_told(server: &TestServer) {
    let files = Files::new();
    let mapping = r#"type = "Agreement"
titel = "Agreements"
[[join]]
file = "more.csv"
on = { made = "id" }
prefix = "more."
[[join]]
file = "more.csv"
on = { id = "id" }
prefix = "more."
[columns]
first = "{second} {id}"
second = "{id}"
itself = "{itself}"
title = "{title} {nowhere}"
made = "{id}"
[record]
title = "{first}{itself}{made}"
external_ids = [{ scheme = "table", value = "{id}" }]
"#;
    files.put("more.csv", "id\n1\n");
    let table = files.put("t.csv", "id,title\n1,One\n");
    let head = server.clients.head_revision().await;
    let told = by(server, &files.put("m.toml", mapping), &table).await;
    for (place, what) in [
        ("2:1", "there is no key \"titel\""),
        ("5:15", "the column \"made\" is not there yet"),
        ("9:13", "there are two columns \"more.id\""),
        ("12:1", "the column \"first\" is made of \"second\", which comes after it"),
        ("14:1", "the column \"itself\" is made of itself"),
        ("15:1", "the column \"title\" is made of itself"),
        ("15:1", "has that already"),
        ("15:9", "there is no column \"nowhere\""),
    ] {
        let found = told.text.lines().filter(|line| line.contains(&format!("m.toml:{place}: ")));
        assert!(found.into_iter().any(|line| line.contains(what)), "{place} {what}\n{}", told.text);
    }
    assert_eq!(server.clients.head_revision().await, head, "nothing is written");
}

async fn columns_to_ignore_that_are_not_there_are_told(server: &TestServer) {
    let files = Files::new();
    let mapping = "type = \"Agreement\"\nignore = [\"note\", \"noet\"]\n[record]\n\
        title = \"{title}\"\nform = \"TREATY\"\n\
        external_ids = [{ scheme = \"table\", value = \"{id}\" }]\n";
    let table = files.put("t.csv", "id,title,note\n1,One,x\n");
    let told = by(server, &files.put("m.toml", mapping), &table).await;
    assert!(told.is_whole, "{}", told.text);
    let missing = told.of("missing column");
    assert_eq!(
        (missing.len(), &missing[0]["column"], &missing[0]["line"]),
        (1, &json!("noet"), &json!(2))
    );
}

const BODIES: &str = r#"
type = "Organization"
[record]
name = "organizations/{id}"
display_name = "{name}"
parent = { from = "{parent}", find = "Organization", unknown = "note" }
external_ids = [{ scheme = "bodies", value = "{id}" }]
"#;
/// Each is a part of the one after it.
const CHAIN: &str = "id,name,parent\nd,Desk,Section\ns,Section,bodies:m\nm,Ministry,\n";

fn chain(ministry: &str) -> Vec<(String, String)> {
    let pairs = [("Desk", "Section"), (ministry, ""), ("Section", ministry)];
    pairs.map(|(name, parent)| (name.to_owned(), parent.to_owned())).to_vec()
}

async fn rows_find_what_other_rows_make(server: &TestServer) {
    let files = Files::new();
    let mapping = files.put("m.toml", BODIES);
    let flags = ["--mapping", mapping.to_str().unwrap()];
    let file = files.put("chain.csv", CHAIN);
    let told = twice(server, &flags, &[&file]).await;
    assert!(told.is_whole, "{}", told.text);
    assert_eq!((told.of("created").len(), told.of("unmapped").len()), (3, 0), "{}", told.text);
    assert_eq!(parents(server).await, chain("Ministry"));

    // A name that the input changes counts as it will be.
    let table = "id,name,parent\ns,Section,Foreign Office\nm,Foreign Office,\nx,Other,Ministry\n";
    let told = twice(server, &flags, &[&files.put("renamed.csv", table)]).await;
    let counts = ["created", "changed", "unchanged"].map(|outcome| told.of(outcome).len());
    assert_eq!(counts, [1, 1, 1], "{}", told.text);
    assert_eq!(unmapped(&told), [("Ministry", "names no Organization; told in the note")]);
    let mut expected = chain("Foreign Office");
    expected.insert(2, ("Other".to_owned(), String::new()));
    assert_eq!(parents(server).await, expected);
}

async fn rows_find_what_gets_its_name_from_the_service(server: &TestServer) {
    let files = Files::new();
    let mapping = BODIES.replace("name = \"organizations/{id}\"\n", "kind = \"{kind}\"\n");
    let mapping = files.put("m.toml", mapping);
    let flags = ["--mapping", mapping.to_str().unwrap()];
    let table = CHAIN.replace("parent\n", "parent,kind\n").replace("Section\n", "Section,\n");
    let table =
        table.replace("bodies:m\n", "bodies:m,\n").replace("Ministry,\n", "Ministry,,MINISTRY\n");
    let table = format!("{table}b,Broken,,NOTHING\np,Part,Broken,\n");
    let file = files.put("chain.csv", table);
    let judged = import(server, &[&flags[..], &["--validate-only"]].concat(), &[&file]).await;
    let counts = ["created", "judged in part", "refused"].map(|outcome| judged.of(outcome).len());
    assert_eq!(counts, [1, 2, 2], "{}", judged.text);

    let told = twice(server, &flags, &[&file]).await;
    assert_eq!(told.of("created").len(), 3, "{}", told.text);
    assert_eq!((told.of("unmapped").len(), told.accounted()), (1, 5));
    let refused = told.of("refused");
    let lines: Vec<_> = refused.iter().map(|one| one["line"].clone()).collect();
    assert_eq!(lines, [5, 6]);
    let why = refused[1]["refusal"].as_str().unwrap();
    assert!(why.contains("names the record of ") && why.contains("chain.csv:5"), "{why}");
    assert_eq!(parents(server).await, chain("Ministry"));
    assert!(organizations(server).await.iter().all(|one| one.note.is_empty()));
}

pub fn treaty(fields: Value) -> String {
    let mut treaty = json!({ "title": "Treaty", "form": "AGREEMENT_FORM_TREATY" });
    treaty.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    format!("{}\n", json!({ "agreement": treaty }))
}

async fn a_record_stands_in_one_input_once(server: &TestServer) {
    let files = Files::new();
    let one = json!({ "name": "agreements/one", "externalIds": [{ "scheme": "a", "value": "1" }] });
    let mut other = one.clone();
    other["place"] = json!("Minsk");
    let by_id = json!({ "externalIds": [{ "scheme": "a", "value": "1" }], "place": "Riga" });
    let first = files
        .put("first.jsonl", treaty(json!({ "name": "agreements/two" })) + &treaty(one.clone()));
    let second = files.put("second.jsonl", [treaty(one), treaty(other), treaty(by_id)].concat());
    let told = twice(server, &[], &[&first, &second]).await;
    let counts = ["created", "unchanged", "refused"].map(|outcome| told.of(outcome).len());
    assert_eq!(counts, [2, 1, 2], "the same once more is no harm: {}", told.text);
    assert_eq!(told.accounted(), 5);
    for refused in told.of("refused") {
        let why = refused["refusal"].as_str().unwrap();
        assert!(why.contains("first.jsonl:2 again, and says it differently"), "{why}");
    }
    let told = import(server, &[], &[&first, &first]).await;
    assert!(told.text.contains("first.jsonl: is given twice"), "{}", told.text);
    // Two external ids of one record are told after the fact.
    let ids = |value: &str| json!({ "scheme": value, "value": "7" });
    files.put("ids.jsonl", treaty(json!({ "externalIds": [ids("b"), ids("c")] })));
    assert!(import(server, &[], &[&files.0.path().join("ids.jsonl")]).await.is_whole);
    let apart = ["b", "c"].map(|id| treaty(json!({ "externalIds": [ids(id)], "place": id })));
    let told = import(server, &[], &[&files.put("apart.jsonl", apart.concat())]).await;
    assert_eq!(told.of("same record")[0]["kept_line"], 1, "{}", told.text);

    let mapping = "type = \"Agreement\"\n[record]\ntitle = \"{title}\"\nform = \"TREATY\"\n\
        external_ids = [{ scheme = \"table\", value = \"{id}\" }]\n";
    let mapping = files.put("m.toml", mapping);
    let table = files.put("t.csv", "id,title\n1,One\n2,Two\n1,Uno\n2,Two\n");
    let told = twice(server, &["--mapping", mapping.to_str().unwrap()], &[&table]).await;
    let counts = ["created", "unchanged", "refused"].map(|outcome| told.of(outcome).len());
    assert_eq!(counts, [2, 1, 1], "{}", told.text);
    let why = told.of("refused")[0]["refusal"].as_str().unwrap();
    assert!(why.contains("t.csv:2 again") && why.contains("group_by makes one record"), "{why}");
}

async fn files_are_taken_in_the_order_given(server: &TestServer) {
    let files = Files::new();
    let mapping = files.put("m.toml", BODIES);
    let first = files.put("z.csv", "id,name,parent\nz,Last,\n-,Wrong,\n");
    let second = files.put("a.csv", "id,name,parent\na,First,\nz,Other,\n-a,Wrong,\n");
    let flags = ["--mapping", mapping.to_str().unwrap()];
    let told = import(server, &flags, &[&first, &second]).await;
    let places: Vec<_> = told
        .report
        .iter()
        .map(|line| {
            let file = Path::new(line["file"].as_str().unwrap()).file_name().unwrap();
            (
                line["outcome"].as_str().unwrap(),
                file.to_str().unwrap(),
                line["line"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("created", "z.csv", 2),
        ("created", "a.csv", 2),
        ("refused", "z.csv", 3),
        ("refused", "a.csv", 3),
        ("refused", "a.csv", 4),
    ];
    assert_eq!(places, expected, "{}", told.text);
}

async fn long_names_do_not_become_one(server: &TestServer) {
    let files = Files::new();
    let mapping = BODIES.replace("organizations/{id}", "organizations/{name:slug}");
    let mapping = files.put("m.toml", mapping);
    let name = "Joint Commission on Trade, Economic, Scientific and Technical Cooperation with";
    let table = format!("id,name,parent\n1,\"{name} Laos\",\n2,\"{name} Mali\",\n");
    let flags = ["--mapping", mapping.to_str().unwrap()];
    let told = twice(server, &flags, &[&files.put("t.csv", table)]).await;
    assert_eq!(told.of("created").len(), 2, "{}", told.text);
}
