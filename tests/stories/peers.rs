//! Agreements that may be one, recorded twice, are doubted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementLink, AgreementLinkKind, ImportRequest, TenureRank, Warning,
    WarningCode,
};
use entente::resources::REGISTRY;
use entente::store::connect::open;
use entente::store::migrate::migrate;
use futures_util::{StreamExt, stream};

use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::posts::{assert_held_twice, holds, tenure};
use crate::standard::{self, Client};
use crate::support::clients::by;
use crate::support::database::TestDatabase;
use crate::support::samples::{action, agreement, any, create, delete, external, party, update};
use crate::support::{Clients, TestServer, invariant};

on_both!(
    agreements_of_the_same_parties_day_and_title,
    what_makes_a_likely_duplicate,
    a_link_says_that_they_are_two,
    a_few_are_named,
    doubles_in_one_request_and_in_one_group,
    doubles_that_come_and_go,
    real_treaties_recorded_twice,
    an_older_store_finds_them,
);

fn treaty(title: &str, countries: &[&str], signed: &str) -> Agreement {
    let actions = vec![action(ActionKind::Signature, signed)];
    Agreement { actions, ..agreement(title, countries) }
}

fn pact(title: &str) -> Agreement {
    treaty(title, &["KHM", "RUS"], "2020-05-04")
}

/// The doubts of one sort, as fields and what is said.
pub fn doubts(warnings: &[Warning], code: WarningCode) -> Vec<(&str, &str)> {
    let warnings = warnings.iter().filter(|one| one.code() == code);
    warnings.map(|one| (one.field.as_str(), one.message.as_str())).collect()
}

/// Asserts that `agreement` is doubted for those of these ids, and no other.
fn assert_doubles(agreement: &Agreement, of: &[&str]) {
    let found = doubts(&agreement.warnings, WarningCode::LikelyDuplicate);
    assert_eq!(found.len(), usize::from(!of.is_empty()), "{} {found:?}", agreement.name);
    for (field, message) in found {
        assert_eq!(field, "title");
        assert!(of.iter().all(|id| message.contains(&format!("agreements/{id}"))), "{message}");
        assert_eq!(message.matches("agreements/").count(), of.len(), "{message}");
    }
}

async fn record(clients: &Clients, id: &str, agreement: Agreement) -> Agreement {
    Client::new(clients).create(id, agreement).await.unwrap()
}

async fn get(clients: &Clients, id: &str) -> Agreement {
    Client::new(clients).get(&format!("agreements/{id}")).await.unwrap()
}

async fn agreements_of_the_same_parties_day_and_title(server: &TestServer) {
    let clients = &server.clients;
    let first = record(clients, "first", pact("Treaty of Friendship")).await;
    assert_doubles(&first, &[]);
    let again = record(clients, "again", pact("Treaty of Friendship")).await;
    assert_doubles(&again, &["first"]);
    let filter = "warnings.code = LIKELY_DUPLICATE";
    assert_ids(&matching::<Agreement>(server, filter).await, &["again"], filter);
    // The first one is judged when it is written the next time.
    assert_doubles(&get(clients, "first").await, &[]);
    let noted = Agreement { note: "The same?".to_owned(), ..first };
    let client = Client::<Agreement>::new(clients);
    let noted =
        client.update(standard::update(&Agreement { etag: String::new(), ..noted }, &["note"]));
    assert_doubles(&noted.await.unwrap(), &["again"]);
    // Written again as it is, it makes no commit.
    let same = client.update(standard::update(&again, &["*"])).await.unwrap();
    assert_eq!(same, again);
    // And the doubt ends with another title, day or party.
    for other in [
        Agreement { title: "Treaty of Commerce".to_owned(), ..again.clone() },
        Agreement { actions: vec![action(ActionKind::Signature, "2020-05-05")], ..again.clone() },
        Agreement { parties: vec![party("KHM"), party("RUS"), party("LAO")], ..again.clone() },
    ] {
        let other = Agreement { etag: String::new(), ..other };
        let mended = client.update(standard::update(&other, &["*"])).await.unwrap();
        assert_doubles(&mended, &[]);
        let back = Agreement { etag: String::new(), ..again.clone() };
        assert_doubles(&client.update(standard::update(&back, &["*"])).await.unwrap(), &["first"]);
    }
}

async fn what_makes_a_likely_duplicate(server: &TestServer) {
    let clients = &server.clients;
    let title = "Agreement on the Protection of Migratory Birds";
    record(clients, "one", treaty(title, &["KHM", "RUS"], "2020-05-04")).await;
    let definitive = Agreement {
        actions: vec![
            action(ActionKind::Announced, "2019"),
            action(ActionKind::Signature, "2020-06"),
            action(ActionKind::DefinitiveSignature, "2020-05-04?"),
        ],
        ..treaty(title, &["RUS", "KHM"], "")
    };
    let shouted = "AGREEMENT ON THE PROTECTION OF MIGRATORY BIRDS (signed).";
    for (index, (other, is_like)) in [
        (treaty(title, &["ru", "kh"], "2020-05-04"), true),
        (treaty(shouted, &["KHM", "RUS"], "2020-05-04"), true),
        (treaty("Agreement on Migratory Birds", &["KHM", "RUS"], "2020-05-04"), false),
        (definitive, true),
        (treaty(title, &["KHM", "RUS"], "2020-05"), false),
        (treaty(title, &["KHM", "LAO"], "2020-05-04"), false),
        (treaty(title, &["KHM"], "2020-05-04"), false),
        (agreement(title, &["KHM", "RUS"]), false),
        (treaty(title, &["KHM", "RUS"], ""), false),
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("other{index}");
        let other = record(clients, &id, other).await;
        assert_doubles(&other, if is_like { &["one"] } else { &[] });
        clients.apply(vec![delete(&other.name)]).await.unwrap();
    }
}

async fn a_link_says_that_they_are_two(server: &TestServer) {
    let clients = &server.clients;
    record(clients, "one", pact("Agreement on Trade")).await;
    let link = AgreementLink {
        kind: AgreementLinkKind::Supplements.into(),
        agreement: "agreements/one".to_owned(),
    };
    let protocol = Agreement { links: vec![link], ..pact("Agreement on Trade") };
    assert_doubles(&record(clients, "two", protocol).await, &[]);
    assert_doubles(&record(clients, "three", pact("Agreement on Trade")).await, &["one", "two"]);
    clients.apply(vec![delete("agreements/three")]).await.unwrap();
    // The one that is linked to says nothing of it, and is none all the same.
    let noted = async |note: &str| {
        let one = Agreement {
            name: "agreements/one".to_owned(),
            note: note.to_owned(),
            ..Agreement::default()
        };
        Client::<Agreement>::new(clients).update(standard::update(&one, &["note"])).await.unwrap()
    };
    assert_doubles(&noted("Linked").await, &[]);
    // Nor in the request or the group that links them.
    let other = || treaty("Agreement on Fish", &["KHM", "LAO"], "2020-05-04");
    let link = AgreementLink {
        kind: AgreementLinkKind::Amends.into(),
        agreement: "agreements/a".to_owned(),
    };
    let both = vec![
        create("b", Any::Agreement(Agreement { links: vec![link], ..other() })),
        create("a", Any::Agreement(other())),
    ];
    clients.apply(both).await.unwrap();
    assert_doubles(&get(clients, "a").await, &[]);
    assert_doubles(&get(clients, "b").await, &[]);
    // Without the link it is doubted again.
    let unlinked = Agreement {
        name: "agreements/two".to_owned(),
        place: "Kep".to_owned(),
        ..Agreement::default()
    };
    let client = Client::<Agreement>::new(clients);
    client.update(standard::update(&unlinked, &["links", "place"])).await.unwrap();
    assert_doubles(&noted("Not linked").await, &["two"]);
}

async fn a_few_are_named(server: &TestServer) {
    let clients = &server.clients;
    let all = (0..30).map(|index| create(&format!("a{index:02}"), Any::Agreement(pact("Pact"))));
    clients.apply(all.collect()).await.unwrap();
    let one = record(clients, "one", pact("Pact")).await;
    let found = doubts(&one.warnings, WarningCode::LikelyDuplicate);
    let [(_, message)] = found.as_slice() else { panic!("{found:?}") };
    // It is compared with the newest twenty.
    let named = "agreements/a10, agreements/a11, agreements/a12 and 17 more:";
    assert!(message.contains(named), "{message}");
}

async fn doubles_in_one_request_and_in_one_group(server: &TestServer) {
    let clients = &server.clients;
    let both = ["a", "b"].map(|id| create(id, Any::Agreement(pact("Pact"))));
    clients.apply(both.into()).await.unwrap();
    assert_doubles(&get(clients, "a").await, &["b"]);
    assert_doubles(&get(clients, "b").await, &["a"]);
    clients.apply(vec![delete("agreements/a"), delete("agreements/b")]).await.unwrap();

    // An import is written in groups: each sees those before it, wherever they are.
    let import = |index: usize, title: String| {
        let external_ids = vec![external("register", &index.to_string())];
        let resource = any(Any::Agreement(Agreement { external_ids, ..pact(&title) }));
        ImportRequest { resource, id: format!("i{index:03}"), ..ImportRequest::default() }
    };
    let titles = ["On Fish", "On Trade", "On Visas"];
    let all: Vec<_> = (0..300).map(|index| import(index, titles[index % 3].to_owned())).collect();
    let call = clients.records().import(by("registrar", stream::iter(all))).await.unwrap();
    let answers: Vec<_> = call.into_inner().map(Result::unwrap).collect().await;
    for (index, answer) in answers.iter().enumerate() {
        let found = doubts(&answer.warnings, WarningCode::LikelyDuplicate);
        assert_eq!(found.len(), usize::from(index >= 3), "{index}");
        for (_, message) in found {
            // Of the twenty before it, every third.
            let first = index - 3 * (index / 3).min(6);
            assert!(message.contains(&format!("agreements/i{first:03}")), "{index} {message}");
        }
    }
}

async fn doubles_that_come_and_go(server: &TestServer) {
    let clients = &server.clients;
    record(clients, "one", pact("Pact")).await;
    // As a request leaves them.
    let named =
        |id: &str, title: &str| Agreement { name: format!("agreements/{id}"), ..pact(title) };
    let all = vec![
        delete("agreements/one"),
        create("two", Any::Agreement(pact("Pact"))),
        create("three", Any::Agreement(pact("Another"))),
    ];
    clients.apply(all).await.unwrap();
    assert_doubles(&get(clients, "two").await, &[]);
    let all = vec![
        update(Any::Agreement(named("two", "Another")), &["title"]),
        update(Any::Agreement(named("three", "Pact")), &["title"]),
    ];
    clients.apply(all).await.unwrap();
    assert_doubles(&get(clients, "two").await, &[]);
    assert_doubles(&get(clients, "three").await, &[]);
    // What comes back is written.
    record(clients, "four", pact("Pact")).await;
    let client = Client::<Agreement>::new(clients);
    let back = client.undelete(standard::undelete("agreements/one")).await.unwrap();
    assert_doubles(&back, &["four", "three"]);
    // A change of one field is enough to be like others.
    let other = record(clients, "five", treaty("Pact", &["KHM", "LAO"], "2020-05-04")).await;
    assert_doubles(&other, &[]);
    let moved = Agreement { parties: pact("").parties, name: other.name, ..Agreement::default() };
    let moved = client.update(standard::update(&moved, &["parties"])).await.unwrap();
    assert_doubles(&moved, &["four", "one", "three"]);
}

/// Rows of a published list that have their parties and their day in common.
async fn real_treaties_recorded_twice(server: &TestServer) {
    let Some(folder) = std::env::var_os("ENTENTE_DATA") else {
        eprintln!("peers::real_treaties_recorded_twice is left out: ENTENTE_DATA names no folder");
        return;
    };
    let clients = &server.clients;
    let path = PathBuf::from(folder).join("example/many_agreements_bilateral.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>();
    let days = ["1925-02-24", "1959-12-03", "1976-09-15"];
    let rows = rows.map(Result::unwrap).filter(|row| days.contains(&row["signature"].as_str()));
    let rows: Vec<_> = rows.filter(|row| row["n_parties"] == "2").collect();
    let mut found = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        let parties: Vec<_> = row["parties"].split('|').collect();
        let one = treaty(&row["title"], &parties, &row["signature"]);
        let one = record(clients, &format!("r{index}"), one).await;
        if !doubts(&one.warnings, WarningCode::LikelyDuplicate).is_empty() {
            found.push((row["signature"].as_str(), row["treaty_id"].as_str()));
        }
    }
    let expected = [("1925-02-24", "CAN-USA_1925P:CAN-USA_1925A"), ("1976-09-15", "CHN-USA_1976A")];
    assert_eq!(found, expected);
}

/// What a store of format 4 did not have.
const OLDER: &str = "
    DROP INDEX agreement_likeness;
    DROP INDEX tenure_post;
    ALTER TABLE agreement DROP COLUMN likeness;
    ALTER TABLE tenure DROP COLUMN post;
    UPDATE head SET format = 4;
    DELETE FROM seaql_migrations WHERE version = 'm20261127_000002_peers';
";

async fn an_older_store_finds_them(first: &TestServer) {
    let database = TestDatabase::create(first.database.kind).await;
    let server = TestServer::start_on(database).await;
    record(&server.clients, "one", pact("Pact")).await;
    let king = || vec![tenure(TenureRank::HeadOfState, "KHM", "2001", "2002")];
    holds(&server.clients, "first", king()).await;
    server.execute(OLDER).await;
    let database = server.stop().await;
    let databases = open(&database.url).await.unwrap();
    migrate(&databases, *REGISTRY).await.unwrap();
    databases.close().await;
    invariant::check(&database.url).await;

    let server = TestServer::start_on(database).await;
    assert_doubles(&record(&server.clients, "two", pact("Pact")).await, &["one"]);
    let second = holds(&server.clients, "second", king()).await;
    assert_held_twice(&second, &[("tenures[0]", &["first"])]);
    server.finish().await;
}
