//! Tables that people bring with mapping files of their own, and all that can be wrong with
//! either.

use entente::client::Client;
use entente::proto::v1::agreement_party::Party;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementForm, GetCooperationAreaRequest, ListAgreementsRequest,
    TerminationGround,
};

use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Files, by, import};

on_both!(
    a_register_of_treaties_needs_no_code,
    broken_rows_cost_themselves_alone,
    a_wrong_mapping_is_told_before_anything_is_sent,
    files_that_are_no_tables_are_told,
    parts_of_a_list_have_a_table,
    values_that_nobody_knows_are_told,
    a_file_cut_anywhere_is_finished_by_the_next_run,
    judged_only,
);

async fn agreements(server: &TestServer) -> Vec<Agreement> {
    let client = Client::new([format!("http://{}", server.server.address)]).unwrap();
    let order_by = "title".to_owned();
    let request = ListAgreementsRequest { page_size: 1_000, order_by, ..Default::default() };
    client.call(request).await.unwrap().agreements
}

/// A register as others keep it: names of countries as they are spelled, a row for each party,
/// its own dates, treaties that ended without having been in force.
const REGISTER: &str = "\
Ref;Title;Type;Party;Signed;In force;Ended;Fate;Internal
T1;\"Treaty on fish; and eels\";Treaty;Cambodia;03/02/1999;01.01.1998;;;x
T1;\"Treaty on fish; and eels\";Treaty;Russian Federation (the);03/02/1999;01.01.1998;;;x
T1;\"Treaty on fish; and eels\";Treaty;U.S.S.R.;03/02/1999;01.01.1998;;;x
T2;Treaty on trade;Exchange of Letters;Korea, Republic of;5 May 2001;;2005;never;x
T2;Treaty on trade;Exchange of Letters;CÔTE D'IVOIRE;5 May 2001;;2005;never;x
T2;Treaty on trade (copy);Exchange of Letters;European Community;5 May 2001;;2005;never;x
";

const REGISTER_MAPPING: &str = r#"
type = "Agreement"
delimiter = ";"
group_by = ["Ref"]
ignore = ["Internal"]

[tables.spellings]
file = "spellings.csv"
key = "spelling"
value = "meant"

[record]
title = "{Title}"
legal_force = "BINDING"
form = { from = "{Type}", values = { Treaty = "TREATY", "Exchange of Letters" = "EXCHANGE_OF_NOTES" } }

[[record.parties]]
party = { from = "{Party}", values = "spellings", find = ["Country", "Organization"] }

[[record.actions]]
when = "{Signed}"
kind = "SIGNATURE"
date = { from = "{Signed}", date = ["%d/%m/%Y", "%d %B %Y"] }
[[record.actions]]
when = "{In force}"
kind = "ENTRY_INTO_FORCE"
date = { from = "{In force}", date = "%d.%m.%Y" }
[[record.actions]]
when = "{Ended}"
kind = "TERMINATION"
date = "{Ended}"
ground = { from = "{Fate}", values = { never = "NEVER_IN_FORCE" } }

[[record.external_ids]]
scheme = "register"
value = "{Ref}"
"#;

async fn a_register_of_treaties_needs_no_code(server: &TestServer) {
    let files = Files::new();
    let mapping = files.put("register.toml", REGISTER_MAPPING);
    files.put("spellings.csv", "spelling,meant\nEuropean Community,organizations/ec\n");
    let file = files.put("register.csv", REGISTER);
    let body = r#"{"name": "organizations/ec", "displayName": "European Communities"}"#;
    let bodies = files.put("bodies.jsonl", body);
    assert!(import(server, &["--type", "Organization"], &[&bodies]).await.is_whole);

    let told = by(server, &mapping, &file).await;
    assert!(told.is_whole, "{}", told.text);
    let expected =
        "2 records of 6 rows: 2 created, 0 changed, 0 unchanged, 0 refused; 1 with warnings";
    assert_eq!(told.summary, expected);
    let differs = told.of("differs");
    assert_eq!(
        (differs.len(), &differs[0]["line"], &differs[0]["field"]),
        (1, &7.into(), &"title".into())
    );
    let found = agreements(server).await;
    let [fish, trade] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(
        (fish.title.as_str(), trade.title.as_str()),
        ("Treaty on fish; and eels", "Treaty on trade")
    );
    let parties = |one: &Agreement| -> Vec<String> {
        let parties = one.parties.iter().map(|party| match party.party.clone().unwrap() {
            Party::Country(name) | Party::Organization(name) => name,
        });
        parties.collect()
    };
    assert_eq!(parties(fish), ["countries/KHM", "countries/RUS", "countries/SUN"]);
    assert_eq!(parties(trade), ["countries/KOR", "countries/CIV", "organizations/ec"]);
    let actions = |one: &Agreement| -> Vec<(ActionKind, String)> {
        one.actions.iter().map(|action| (action.kind(), action.date.clone())).collect()
    };
    let expected = [
        (ActionKind::Signature, "1999-02-03".to_owned()),
        (ActionKind::EntryIntoForce, "1998-01-01".to_owned()),
    ];
    assert_eq!(actions(fish), expected);
    assert_eq!(trade.form(), AgreementForm::ExchangeOfNotes);
    assert_eq!(trade.actions[1].ground(), TerminationGround::NeverInForce);

    let head = server.clients.head_revision().await;
    let again = by(server, &mapping, &file).await;
    assert_eq!(again.of("unchanged").len(), 2, "{}", again.summary);
    assert_eq!(server.clients.head_revision().await, head);
}

const SMALL: &str = r#"
type = "Agreement"
[record]
title = "{title}"
form = "TREATY"
external_ids = [{ scheme = "small", value = "{id}" }]
"#;

async fn broken_rows_cost_themselves_alone(server: &TestServer) {
    let files = Files::new();
    let mapping = files.put("small.toml", SMALL);
    let mut bytes = b"id,title,unused\n1,One,\n2,\"Two,\n3,Three,\n4,Four\n5,\xff,\n6,".to_vec();
    bytes.extend(vec![b'x'; 100 << 20]);
    bytes.extend(b",\n,Nameless,\n8,\"Eight, in\ntwo lines\",\n9,,\n");
    let told = by(server, &mapping, &files.put("broken.csv", bytes)).await;
    assert!(!told.is_whole);
    let expected =
        "9 records of 9 rows: 3 created, 0 changed, 0 unchanged, 6 refused; 3 with warnings";
    assert_eq!(told.summary, expected);
    for (line, what) in [
        (3, "quote that is not closed"),
        (5, "has 2 values, and the header 3"),
        (6, "UTF-8"),
        (7, "104857603 bytes"),
        (8, "external_ids[0].value: must not be empty"),
        (11, "title"),
    ] {
        let place = format!("broken.csv:{line}: ");
        let found = told.text.lines().find(|one| one.contains(&place));
        assert!(found.is_some_and(|one| one.contains(what)), "line {line}: {}", told.text);
    }
    assert_eq!(told.of("unused column")[0]["column"], "unused");
    let titles: Vec<_> = agreements(server).await.into_iter().map(|one| one.title).collect();
    assert_eq!(titles, ["Eight, in\ntwo lines", "One", "Three"]);
}

async fn a_wrong_mapping_is_told_before_anything_is_sent(server: &TestServer) {
    let files = Files::new();
    let wrong = r#"
typ = "Agreement"
type = "Agreement"
group_by = ["nummer"]
[columns]
kind = { form = "{kind}" }
[record]
titel = "{title}"
title = "{title"
status = "IN_FORCE"
form = { from = "{kind}", values = { Treaty = "TREETY" }, unknown = "shrug" }
[[record.parties]]
party = "{party}"
role = { from = "{role}", matches = [["(", "PARTY"]] }
[[record.actions]]
kind = "SIGNED"
date = { from = "{signed}", date = "%H" }
party = { from = "{party}", find = "Land" }
"#;
    let file = files.put("some.csv", "id,title\n1,One\n");
    let head = server.clients.head_revision().await;
    let told = by(server, &files.put("wrong.toml", wrong), &file).await;
    assert!(!told.is_whole);
    for (place, what) in [
        ("2:1", "there is no key \"typ\""),
        ("6:8", "needs from"),
        ("6:10", "there is no key \"form\""),
        ("8:1", "there is no field \"titel\" in Agreement; it has name, title, "),
        ("9:9", "has a { without its }"),
        ("10:1", "status is filled by the service"),
        ("11:47", "\"TREETY\" is no AgreementForm: it has TREATY, "),
        ("11:69", "\"shrug\" is none of refuse, note, skip, ignore"),
        ("13:1", "party needs find"),
        ("14:39", "is no regular expression"),
        ("16:8", "\"SIGNED\" is no ActionKind"),
        ("17:36", "\"%H\" is no form of dates"),
        ("18:36", "\"Land\" is no type"),
        ("7:1", "[record] needs name or external_ids"),
        // What is wrong with the columns is told with it.
        ("4:13", "there is no column \"nummer\"; there are id, kind, title"),
        ("14:17", "there is no column \"role\""),
    ] {
        let line = told.text.lines().find(|line| line.contains(&format!("wrong.toml:{place}: ")));
        assert!(line.is_some_and(|line| line.contains(what)), "{place} {what}\n{}", told.text);
    }
    let columns = SMALL
        .replace("{title}", "{Titel}")
        .replace("[record]", "group_by = [\"nummer\"]\n[record]");
    let told = by(server, &files.put("columns.toml", columns), &file).await;
    let expected = "there is no column \"nummer\"; there are id, title";
    assert!(told.text.contains(&format!("columns.toml:3:13: {expected}")), "{}", told.text);
    assert!(told.text.contains("columns.toml:5:9: there is no column \"Titel\""), "{}", told.text);
    let untyped = wrong.replace("type = \"Agreement\"", "type = \"Treaty\"");
    let told = by(server, &files.put("untyped.toml", untyped), &file).await;
    let expected = [
        "3:8: \"Treaty\" is no type",
        "4:13: there is no column \"nummer\"",
        "14:17: there is no column \"role\"",
        "17:17: there is no column \"signed\"",
    ];
    for expected in expected {
        assert!(told.text.contains(&format!("untyped.toml:{expected}")), "{}", told.text);
    }
    assert!(!told.text.contains("column \"{"), "{}", told.text);
    let recordless = "type = \"Agreement\"\ngroup_by = [\"nummer\"]\n";
    let told = by(server, &files.put("recordless.toml", recordless), &file).await;
    for expected in ["1:1: [record] is missing", "2:13: there is no column \"nummer\""] {
        assert!(told.text.contains(&format!("recordless.toml:{expected}")), "{}", told.text);
    }
    let told = by(server, &files.put("broken.toml", "type = \"Agreement\n[record"), &file).await;
    assert!(told.text.contains("broken.toml:1:"), "{}", told.text);
    let latin = files.put("latin1.toml", b"type = \"Agreement\"\n# \xe9");
    let told = by(server, &latin, &file).await;
    assert!(
        told.text.contains("latin1.toml: is not UTF-8 from byte 22 on, in line 2"),
        "{}",
        told.text
    );
    let told = by(server, &files.0.path().join("missing.toml"), &file).await;
    assert!(told.text.contains("missing.toml: No such file"), "{}", told.text);
    assert_eq!(server.clients.head_revision().await, head, "nothing is written");
}

async fn files_that_are_no_tables_are_told(server: &TestServer) {
    let files = Files::new();
    let mapping = files.put("small.toml", SMALL);
    for (name, bytes, what) in [
        ("empty.csv", &b""[..], "has no header line"),
        ("latin1.csv", b"id,titl\xe9\n1,One\n", "UTF-8"),
        ("twice.csv", b"id,title,id\n1,One,2\n", "the column \"id\" twice"),
        ("other.csv", b"{\"agreement\": {}}\n", "there is no column \"title\""),
        ("old.csv", b"id,title\r1,One\r2,Two\r", "ends its lines with CR alone"),
        ("spare.csv", b"id,title,,\n1,One,,\n", "no names for the columns 3, 4 in line 1"),
    ] {
        let told = by(server, &mapping, &files.put(name, bytes)).await;
        assert!(!told.is_whole && told.text.contains(what), "{name}: {}", told.text);
    }
    let told = import(server, &[], &[files.0.path()]).await;
    let folder = files.0.path().to_str().unwrap();
    assert!(told.text.contains(&format!("{folder}: Is a directory")), "{}", told.text);

    let join = "[[join]]\nfile = \"more.csv\"\non = { id = \"of\" }\nprefix = \"more_\"\n";
    let mapping = files.put("join.toml", SMALL.replacen("[record]", &format!("{join}[record]"), 1));
    let table = files.put("t.csv", "id,title\n1,One\n");
    let told = by(server, &mapping, &table).await;
    let expected =
        "more.csv: No such file or directory (os error 2) ([[join]] file = \"more.csv\")";
    assert!(told.text.contains(expected), "{}", told.text);
    files.put("more.csv", "of,place\n1,Paris\n1,Rome\n2,Oslo\n1,Bern\n2,Riga\n");
    let told = by(server, &mapping, &table).await;
    for (line, what) in [
        (3, "\"1\" stands in line 2"),
        (5, "\"1\" stands in line 2"),
        (6, "\"2\" stands in line 4"),
    ] {
        let expected = format!("more.csv:{line}: {what} already");
        assert!(told.text.contains(&expected), "{expected}: {}", told.text);
    }
}

async fn parts_of_a_list_have_a_table(server: &TestServer) {
    let files = Files::new();
    let mapping = |rule: &str| {
        let text = format!(
            "type = \"CooperationArea\"\n[tables.kept]\na = \"cooperationAreas/x-{{item}}\"\n[record]\n\
             name = \"cooperationAreas/{{id}}\"\ndisplay_name = \"{{id}}\"\n{rule}\n"
        );
        files.put("parts.toml", text)
    };
    let table = files.put("t.csv", "id,list\nx-a,\nx-b,\"a|b\"\n");
    let split =
        "related = { from = \"{list}\", split = \"|\", values = \"kept\", unknown = \"ignore\" }";
    let told = by(server, &mapping(split), &table).await;
    assert!(told.is_whole && told.text.contains("\"b\""), "{}", told.text);
    let name = "cooperationAreas/x-b".to_owned();
    let request = GetCooperationAreaRequest { name, ..Default::default() };
    let area = server.clients.areas().get_cooperation_area(request).await.unwrap().into_inner();
    assert_eq!(area.related, ["cooperationAreas/x-a"]);
    let whole = "definition = { from = \"{list}\", values = \"kept\" }";
    let told = by(server, &mapping(whole), &table).await;
    let expected = "parts.toml:7:42: {item} in [tables.kept] is a part: split or each is missing";
    assert!(told.text.contains(expected), "{}", told.text);
}

async fn values_that_nobody_knows_are_told(server: &TestServer) {
    let files = Files::new();
    let text = "id,title,kind,party,day\n\
        1,One,Treaty,Atlantis,1999\n2,Two,Pact,Cambodia,1999\n3,Three,Treaty,CS,soon\n4,Four,Pact,Kampong,\n";
    let file = files.put("table.csv", text);
    let mapping = |unknown: &str| {
        format!(
            r#"
type = "Agreement"
[record]
title = "{{title}}"
form = {{ from = "{{kind}}", values = {{ Treaty = "TREATY" }}, otherwise = "OTHER" }}
[[record.parties]]
party = {{ from = "{{party}}", find = ["Country", "Organization"], unknown = "{unknown}" }}
[[record.actions]]
when = "{{day}}"
kind = "SIGNATURE"
date = {{ from = "{{day}}", date = "edtf", unknown = "{unknown}" }}
[[record.external_ids]]
scheme = "table"
value = "{{id}}"
"#
        )
    };
    let told = by(server, &files.put("refuse.toml", mapping("refuse")), &file).await;
    assert_eq!(told.of("refused").len(), 3, "{}", told.text);
    let why: Vec<_> = told.of("refused").iter().map(|one| one["refusal"].clone()).collect();
    assert_eq!(why[0], "party: \"Atlantis\" names no Country or Organization");
    let several = "may mean countries/CSK or countries/SCG";
    assert_eq!(why[1], format!("day: \"soon\" is no date of that form; party: \"CS\" {several}"));
    let unmapped = told.of("unmapped");
    let pact = unmapped.iter().find(|one| one["value"] == "Pact").unwrap();
    assert_eq!((&pact["count"], &pact["line"]), (&2.into(), &3.into()));
    assert_eq!(pact["treated"], "is not listed; taken as AGREEMENT_FORM_OTHER");

    let told = by(server, &files.put("skip.toml", mapping("skip")), &file).await;
    assert!(told.is_whole, "{}", told.text);
    let found = agreements(server).await;
    let [four, one, three, two] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(four.note, "party: Kampong");
    assert_eq!((one.note.as_str(), one.parties.len()), ("party: Atlantis", 0));
    assert_eq!((three.note.as_str(), three.actions.len()), ("party: CS\nday: soon", 0));
    assert_eq!((two.note.as_str(), two.parties.len()), ("", 1));
    let told = by(server, &files.put("ignore.toml", mapping("ignore")), &file).await;
    assert!(told.text.contains("left out (once)"), "{}", told.text);
}

async fn a_file_cut_anywhere_is_finished_by_the_next_run(server: &TestServer) {
    let files = Files::new();
    let mapping = SMALL.replace("\"{title}\"", "\"{title}\"\nplace = \"{place}\"");
    let mapping = files.put("small.toml", mapping);
    let rows = (1..=6).map(|number| format!("{number},\"Treaty, \"\"{number}\"\"\",Place\n"));
    let whole = format!("id,title,place\n{}", rows.collect::<String>());
    for cut in (20..whole.len()).step_by(9) {
        let told = by(server, &mapping, &files.put("cut.csv", &whole[..cut])).await;
        let lines = whole[..cut].lines().count() - 1;
        assert_eq!(told.accounted(), lines, "cut at {cut}: {}", told.text);
    }
    let told = by(server, &mapping, &files.put("whole.csv", &whole)).await;
    assert!(told.is_whole, "{}", told.text);
    let found = agreements(server).await;
    let found: Vec<_> = found.into_iter().map(|one| (one.title, one.place)).collect();
    let expected = (1..=6).map(|number| (format!("Treaty, \"{number}\""), "Place".to_owned()));
    assert_eq!(found, expected.collect::<Vec<_>>(), "nothing lost, nothing twice");
}

async fn judged_only(server: &TestServer) {
    let files = Files::new();
    let mapping = files.put("small.toml", SMALL);
    let file = files.put("small.csv", "id,title\n1,One\n2,Two\n");
    let head = server.clients.head_revision().await;
    let flags = ["--validate-only", "--mapping", mapping.to_str().unwrap()];
    let told = import(server, &flags, &[&file]).await;
    assert_eq!(told.of("created").len(), 2, "{}", told.text);
    assert_eq!(told.outcomes().len(), 1, "{:?}", told.report);
    assert_eq!(server.clients.head_revision().await, head);
}
