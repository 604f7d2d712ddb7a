//! Persons, organizations and memberships as Popolo, in and out.

use std::path::{Path, PathBuf};

use entente::client::Client;
use entente::proto::v1::{
    GetOfficialRequest, GetOrganizationRequest, Official, OrganizationKind, OrganizationNameKind,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Files, Told, import, run};

on_both!(
    ministers_come_in,
    what_goes_out_comes_in_again,
    what_is_wrong_is_told,
    a_membership_that_stands_twice_is_one,
    what_names_nothing_and_what_nothing_names_is_told,
    what_is_no_list_and_what_stands_twice_is_refused,
    two_ids_for_one_name,
    terms_are_the_dates_of_what_has_none,
);

fn put(folder: &TempDir, name: &str, value: &Value) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{value:#}")).unwrap();
    path
}

async fn popolo(server: &TestServer, file: &Path) -> Told {
    import(server, &["--popolo"], &[file]).await
}

async fn official(server: &TestServer, id: &str) -> Official {
    let client = Client::new([format!("http://{}", server.server.address)]).unwrap();
    let name = format!("officials/{id}");
    client.call(GetOfficialRequest { name, ..Default::default() }).await.unwrap()
}

/// The periods of somebody's tenures.
async fn periods(server: &TestServer, id: &str) -> Vec<(String, String)> {
    let tenures = official(server, id).await.tenures.into_iter();
    let periods = tenures.map(|tenure| tenure.period.unwrap_or_default());
    periods.map(|period| (period.start, period.end)).collect()
}

/// What remarks of an outcome say, by one of their details.
fn remarks<'t>(told: &'t Told, outcome: &str, detail: &str) -> Vec<&'t str> {
    told.of(outcome).iter().map(|one| one[detail].as_str().unwrap()).collect()
}

/// A register of ministers as others publish it.
fn ministers() -> Value {
    json!({
        "persons": [
            {
                "id": "0b2e-77", "name": "Ada Sok", "given_name": "Ada", "family_name": "Sok",
                "birth_date": "1960-05", "gender": "female", "image": "https://example.org/a.jpg",
                "identifiers": [{ "scheme": "wikidata", "identifier": "Q100" }],
                "other_names": [{ "name": "អាដា", "lang": "km", "note": "multilingual" }],
                "contact_details": [{ "type": "phone", "value": "1" }],
                "links": [],
            },
            { "id": "person/9", "name": "Bo Lim", "death_date": "2001-02-03T00:00:00Z" },
        ],
        "organizations": [
            {
                "id": "cabinet", "name": "Cabinet of Cambodia", "classification": "executive",
                "area_id": "ocd-division/country:kh",
            },
            {
                "id": "mfa", "name": "Ministry of Foreign Affairs", "classification": "ministry",
                "parent_id": "cabinet", "founding_date": "1953",
                "other_names": [{ "name": "Foreign Office", "end_date": "1953" }],
            },
            { "id": "party/x", "name": "Party X", "classification": "party" },
        ],
        "posts": [{ "id": "fm", "label": "Minister of Foreign Affairs", "organization_id": "mfa" }],
        "memberships": [
            { "person_id": "0b2e-77", "post_id": "fm", "start_date": "1999-01-01" },
            {
                "person_id": "person/9", "organization_id": "cabinet", "role": "Prime Minister",
                "legislative_period_id": "term/1", "on_behalf_of_id": "party/x",
            },
        ],
        "events": [{ "id": "term/1", "start_date": "1993", "end_date": "1998-07-26" }],
        "areas": [],
        "meta": { "source": "example" },
    })
}

async fn ministers_come_in(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    let file = put(&folder, "ministers.json", &ministers());
    let told = popolo(server, &file).await;
    assert!(told.is_whole, "{}", told.text);
    let expected =
        "5 records of 7 objects: 5 created, 0 changed, 0 unchanged, 0 refused; 0 with warnings";
    assert_eq!(told.summary, expected);
    let left_out: Vec<_> = told.of("left out").iter().map(|one| one["field"].clone()).collect();
    let expected = [
        "memberships.on_behalf_of_id",
        "organizations.other_names.end_date",
        "persons.contact_details",
        "persons.gender",
        "persons.image",
        "persons.other_names.note",
    ];
    assert_eq!(left_out, expected);

    let client = Client::new([format!("http://{}", server.server.address)]).unwrap();
    let ada = official(server, "0b2e-77").await;
    assert_eq!((ada.birth.as_str(), ada.names[0].language.as_str()), ("1960-05", "km"));
    let schemes: Vec<_> = ada.external_ids.iter().map(|id| id.scheme.as_str()).collect();
    assert_eq!(schemes, ["popolo", "wikidata"]);
    assert_eq!(ada.tenures[0].title, "Minister of Foreign Affairs");
    assert_eq!(ada.tenures[0].organization, "organizations/mfa");
    let bo = official(server, "person-9").await;
    assert_eq!(bo.death, "2001-02-03");
    let period = bo.tenures[0].period.clone().unwrap();
    assert_eq!((period.start.as_str(), period.end.as_str()), ("1993", "1998-07-26"));
    assert_eq!(bo.tenures[0].country, "countries/KHM", "his cabinet's");
    let name = "organizations/mfa".to_owned();
    let ministry =
        client.call(GetOrganizationRequest { name, ..Default::default() }).await.unwrap();
    assert_eq!(ministry.kind(), OrganizationKind::Ministry);
    assert_eq!(ministry.parent, "organizations/cabinet");
    assert_eq!(ministry.names[0].kind(), OrganizationNameKind::Former);

    let head = server.clients.head_revision().await;
    let again = popolo(server, &file).await;
    assert_eq!(again.of("unchanged").len(), 5, "{}", again.summary);
    assert_eq!(server.clients.head_revision().await, head, "no commit");
}

async fn exported(server: &TestServer) -> Value {
    let output = run(server, &["export", "--popolo"]).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

async fn what_goes_out_comes_in_again(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    assert!(popolo(server, &put(&folder, "ministers.json", &ministers())).await.is_whole);
    let own = json!({ "official": {
        "name": "officials/hun-manith", "displayName": "Hun Manith", "birth": "1981-10",
        "names": [{ "language": "km", "text": "ហ៊ុន ម៉ានិត" }],
        "tenures": [
            { "title": "General", "country": "countries/KHM", "period": { "start": "2015", "end": "2016~" } },
            { "title": "Adviser", "organization": "organizations/cabinet" },
        ],
    } });
    let path = folder.path().join("own.jsonl");
    std::fs::write(&path, own.to_string()).unwrap();
    assert!(import(server, &[], &[&path]).await.is_whole);
    let first = exported(server).await;
    let counts = ["persons", "organizations", "memberships"]
        .map(|class| first[class].as_array().unwrap().len());
    assert_eq!(counts, [3, 3, 4]);

    let other = TestServer::start(server.database.kind).await;
    let told = popolo(&other, &put(&folder, "exported.json", &first)).await;
    assert!(told.is_whole && told.of("left out").is_empty(), "{}", told.text);
    assert_eq!(exported(&other).await, first);
    let head = other.clients.head_revision().await;
    assert_eq!(popolo(&other, &put(&folder, "again.json", &first)).await.of("unchanged").len(), 6);
    assert_eq!(other.clients.head_revision().await, head);
    other.finish().await;
}

async fn what_is_wrong_is_told(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    let wrong = json!({
        "persons": [
            { "id": "a", "name": "Ann", "birth_date": "long ago" },
            { "id": "b" },
            { "id": "c", "name": "Cid" },
        ],
        "organizations": [{ "id": "o", "name": "O", "parent_id": "nowhere" }],
        "memberships": [
            { "person_id": "nobody", "organization_id": "o", "role": "x" },
            { "organization_id": "o" },
            { "person_id": "c", "organization_id": "gone", "role": "x" },
        ],
    });
    let told = popolo(server, &put(&folder, "wrong.json", &wrong)).await;
    assert!(!told.is_whole);
    let expected =
        "6 records of 7 objects: 1 created, 0 changed, 0 unchanged, 5 refused; 0 with warnings";
    assert_eq!(told.summary, expected, "{}", told.text);
    for what in [
        "parent_id: there is no organization \"nowhere\"",
        "person_id: there is no person \"nobody\"",
        "person_id is missing",
        "organization_id: there is no organization \"gone\"",
        "display_name",
        "persons.birth_date \"long ago\", which is no date",
    ] {
        assert!(told.text.contains(what), "{what}\n{}", told.text);
    }
    let path = folder.path().join("broken.json");
    std::fs::write(&path, "{\"persons\": [{").unwrap();
    let told = popolo(server, &path).await;
    assert!(told.text.contains("broken.json: is no Popolo JSON"), "{}", told.text);
    std::fs::write(&path, b"{\"persons\": [\xff]}").unwrap();
    let told = popolo(server, &path).await;
    assert!(told.text.contains("is not UTF-8 from byte 14 on"), "{}", told.text);
}

/// Exporters put a membership into its person and into its organization.
async fn a_membership_that_stands_twice_is_one(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    let held = json!({ "person_id": "a", "organization_id": "o", "role": "Minister", "start_date": "2001" });
    let with = |mut object: Value, more: &[(&str, &str)]| {
        for (key, value) in more {
            object[*key] = json!(value);
        }
        object
    };
    let twice = json!({
        "persons": [
            { "id": "a", "name": "Ann", "memberships": [
                held, with(held.clone(), &[("id", "m1"), ("start_date", "2002")]),
            ] },
            { "id": "a", "name": "Ann", "memberships": [] },
            { "id": "b", "name": "Bo", "memberships": [
                { "id": "m3", "role": "Clerk" }, { "id": "m4", "role": "Clerk" },
            ] },
        ],
        "organizations": [{ "id": "o", "name": "O", "memberships": [
            held,
            with(held.clone(), &[("id", "m1"), ("start_date", "2003"), ("end_date", "2004")]),
            { "id": "m2", "person_id": "a", "role": "Minister", "start_date": "2005" },
        ], "posts": [
            { "id": "p", "label": "Minister", "memberships": [
                { "id": "m2", "person_id": "a", "start_date": "2005" },
            ] },
        ] }],
    });
    let told = popolo(server, &put(&folder, "twice.json", &twice)).await;
    assert!(told.is_whole, "{}", told.text);
    let expected =
        "3 records of 11 objects: 3 created, 0 changed, 0 unchanged, 0 refused; 0 with warnings";
    assert_eq!(told.summary, expected, "{}", told.text);
    let of = |start: &str, end: &str| (start.to_owned(), end.to_owned());
    // The organization stands first.
    let expected = [of("2001", ""), of("2003", "2004"), of("2005", "")];
    assert_eq!(periods(server, "a").await, expected);
    assert_eq!(official(server, "b").await.tenures.len(), 2, "their ids tell them apart");
    assert_eq!(remarks(&told, "differs", "field"), ["memberships.start_date"]);
    assert_eq!(remarks(&told, "differs", "kept"), ["2003"]);
    assert_eq!(told.of("repeats").len(), 2, "{:?}", told.report);
}

async fn what_names_nothing_and_what_nothing_names_is_told(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    let lost = |post: &str| json!({ "person_id": "a", "role": "Envoy", "post_id": post, "legislative_period_id": "t9" });
    let file = json!({
        "persons": [{
            "id": "a", "name": "Ann", "birth_date": 1960, "other_names": [{ "lang": "fr" }],
            "identifiers": [{ "scheme": "x" }, { "scheme": "y", "identifier": "1", "uri": "u" }],
        }],
        "organizations": [{ "id": "o", "name": "O" }, { "id": "q", "name": "Q" }],
        "posts": [
            { "id": "p1", "label": "Clerk" },
            { "id": "p2", "label": "Judge", "organization_id": "q", "contact_details": [1] },
            { "id": "p2", "label": "Another" },
        ],
        "memberships": [
            lost("p8"), lost("p9"),
            { "person_id": "a", "organization_id": "o", "role": "Envoy", "post_id": "p2" },
        ],
        "events": [{ "id": "t1", "start_date": "2001" }],
        "areas": [{ "id": "z", "name": "Zone" }],
    });
    let told = popolo(server, &put(&folder, "lost.json", &file)).await;
    assert!(told.is_whole, "{}", told.text);
    let unmapped = told.of("unmapped").into_iter();
    let unmapped = unmapped.map(|one| (&one["column"], &one["value"], &one["count"]));
    let unmapped: Vec<_> = unmapped.map(|one| format!("{} {} {}", one.0, one.1, one.2)).collect();
    let expected = [
        r#""memberships.legislative_period_id" "t9" 2"#,
        r#""memberships.post_id" "p8" 1"#,
        r#""memberships.post_id" "p9" 1"#,
    ];
    assert_eq!(unmapped, expected);
    let text =
        r#"memberships.post_id: "p8" is the id of nothing in these files; left out (1 times)"#;
    assert!(told.text.contains(text), "{}", told.text);
    let expected = [
        "areas, named by nothing,",
        "events, named by nothing,",
        "persons.birth_date, which is no text,",
        "persons.identifiers without an identifier",
        "persons.identifiers.uri",
        "persons.other_names without a name",
        "posts with the id of another",
        "posts, named by nothing,",
        "posts.contact_details",
        "posts.label",
        "posts.organization_id",
    ];
    assert_eq!(remarks(&told, "left out", "field"), expected);
}

async fn what_is_no_list_and_what_stands_twice_is_refused(server: &TestServer) {
    let files = Files::new();
    let text = r#"{
        "meta": { "a": 1, "a": 2 }, "events": null,
        "persons": { "id": "a", "name": "Ann" },
        "memberships": "none",
        "organizations": [{ "id": "o", "name": "O", "memberships": {} }, "p", { "id": 1, "id": 2 }],
        "posts": [],
        "posts": [{ "id": "p", "x": 1e999 }]
    }"#;
    let told = popolo(server, &files.put("wrong.json", text)).await;
    assert!(!told.is_whole);
    for what in [
        "line 3: persons must be a list of objects, and is an object",
        "line 4: memberships must be a list of objects, and is a text",
        "line 5: organizations[0].memberships must be a list of objects, and is an object",
        "line 5: organizations[1] must be an object, and is a text",
        "line 5: organizations[2]: \"id\" stands here twice",
        "line 7: posts stands here again, after line 6: make one list",
        "line 7: posts[0]: number out of range",
    ] {
        assert!(told.text.contains(&format!("wrong.json: {what}")), "{what}\n{}", told.text);
    }
    assert_eq!(told.report.len(), 0, "nothing is recorded");
}

async fn two_ids_for_one_name(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    let file = json!({
        "persons": [
            { "id": "P 1", "name": "Ann" },
            { "id": "officials/p-1", "name": "Bo", "memberships": [{ "role": "Clerk" }] },
            { "id": "p-1", "name": "Cid" },
            { "id": "p-1", "name": "Dan" },
        ],
        "organizations": [{ "id": "O", "name": "O" }, { "id": "organizations/o", "name": "P" }],
    });
    let file = put(&folder, "two.json", &file);
    for outcome in ["created", "unchanged"] {
        let told = popolo(server, &file).await;
        assert!(!told.is_whole);
        for (id, name, other) in [
            ("officials/p-1", "officials/p-1", "P 1"),
            ("p-1", "officials/p-1-2", "p-1"),
            ("organizations/o", "organizations/o", "O"),
        ] {
            let text = format!("id: {id:?} is {name}, and so is {other:?} of ");
            assert!(told.text.contains(&text), "{text}\n{}", told.text);
        }
        let counts = [outcome, "refused"].map(|outcome| told.of(outcome).len());
        assert_eq!(counts, [3, 4], "the membership too: {}", told.text);
        let ann = official(server, "p-1").await;
        assert_eq!((ann.display_name.as_str(), ann.tenures.len()), ("Ann", 0));
        assert_eq!(official(server, "p-1-2").await.display_name, "Cid", "its name was free");
    }
}

/// A date of the one and a date of the other would make a period that nobody has said.
async fn terms_are_the_dates_of_what_has_none(server: &TestServer) {
    let folder = TempDir::new().unwrap();
    let held = |from: &str, until: &str, term: &str| {
        json!({
            "person_id": "a", "role": "Member", "start_date": from, "end_date": until,
            "legislative_period_id": term,
        })
    };
    let file = json!({
        "persons": [{ "id": "a", "name": "Ann" }],
        "memberships": [
            held("", "", "t"), held("", "1999-02-01", "t"), held("2001", "", "t"),
            held("long ago", "", "t"), held("", "", "undated"),
        ],
        "events": [
            { "id": "t", "start_date": "2000", "end_date": "2004" }, { "id": "undated" },
        ],
    });
    let told = popolo(server, &put(&folder, "terms.json", &file)).await;
    assert!(told.is_whole, "{}", told.text);
    let expected = [("2000", "2004"), ("", "1999-02-01"), ("2001", ""), ("", ""), ("", "")];
    let expected = expected.map(|(start, end)| (start.to_owned(), end.to_owned()));
    assert_eq!(periods(server, "a").await, expected);
    let left_out = told.of("left out").into_iter();
    let left_out: Vec<_> =
        left_out.map(|one| (one["field"].as_str().unwrap(), &one["count"])).collect();
    let expected = [
        ("memberships.legislative_period_id", &json!(4)),
        ("memberships.start_date \"long ago\", which is no date", &json!(1)),
    ];
    assert_eq!(left_out, expected);
}
