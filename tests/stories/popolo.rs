//! Persons, organizations and memberships as Popolo, in and out.

use std::path::{Path, PathBuf};

use entente::client::Client;
use entente::proto::v1::{
    GetOfficialRequest, GetOrganizationRequest, OrganizationKind, OrganizationNameKind,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Told, import, run};

on_both!(ministers_come_in, what_goes_out_comes_in_again, what_is_wrong_is_told);

fn put(folder: &TempDir, name: &str, value: &Value) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, format!("{value:#}")).unwrap();
    path
}

async fn popolo(server: &TestServer, file: &Path) -> Told {
    import(server, &["--popolo"], &[file]).await
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
    let official = async |id: &str| {
        let name = format!("officials/{id}");
        client.call(GetOfficialRequest { name, ..Default::default() }).await.unwrap()
    };
    let ada = official("0b2e-77").await;
    assert_eq!((ada.birth.as_str(), ada.names[0].language.as_str()), ("1960-05", "km"));
    let schemes: Vec<_> = ada.external_ids.iter().map(|id| id.scheme.as_str()).collect();
    assert_eq!(schemes, ["popolo", "wikidata"]);
    assert_eq!(ada.tenures[0].title, "Minister of Foreign Affairs");
    assert_eq!(ada.tenures[0].organization, "organizations/mfa");
    let bo = official("person-9").await;
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
