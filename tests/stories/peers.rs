//! What is doubtful beside other records: agreements that may be one, and posts that two
//! held at the same time.

use std::collections::BTreeMap;
use std::path::PathBuf;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementLink, AgreementLinkKind, ImportRequest, Official, Period,
    PeriodEndKind, Tenure, TenureCapacity, TenureRank as Rank, Warning, WarningCode,
};
use entente::resources::REGISTRY;
use entente::store::connect::open;
use entente::store::migrate::migrate;
use futures_util::{StreamExt, stream};

use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::standard::{self, Client};
use crate::support::clients::by;
use crate::support::database::TestDatabase;
use crate::support::samples::{
    action, agreement, any, create, delete, external, official, organization, party, update,
};
use crate::support::{Clients, TestServer, invariant};

on_both!(
    agreements_of_the_same_parties_day_and_title,
    what_makes_a_likely_duplicate,
    a_link_says_that_they_are_two,
    a_few_are_named,
    doubles_in_one_request_and_in_one_group,
    doubles_that_come_and_go,
    real_treaties_recorded_twice,
    two_in_one_post,
    what_makes_a_post,
    who_hands_over_is_not_doubted,
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
fn doubts(warnings: &[Warning], code: WarningCode) -> Vec<(&str, &str)> {
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

fn tenure(rank: Rank, country: &str, start: &str, end: &str) -> Tenure {
    let end_kind = if end.is_empty() { PeriodEndKind::Open } else { PeriodEndKind::Dated };
    let period = Period { start: start.to_owned(), end: end.to_owned(), end_kind: end_kind.into() };
    Tenure {
        title: "Post".to_owned(),
        country: format!("countries/{country}"),
        rank: rank.into(),
        period: Some(period),
        ..Tenure::default()
    }
}

fn person(tenures: Vec<Tenure>) -> Official {
    Official { tenures, ..official("Somebody") }
}

async fn holds(clients: &Clients, id: &str, tenures: Vec<Tenure>) -> Official {
    Client::new(clients).create(id, person(tenures)).await.unwrap()
}

/// Asserts that these tenures of `official` are doubted, each for these others.
fn assert_held_twice(official: &Official, expected: &[(&str, &[&str])]) {
    let found = doubts(&official.warnings, WarningCode::PostHeldTwice);
    let fields: Vec<_> = found.iter().map(|(field, _)| *field).collect();
    assert_eq!(fields, expected.iter().map(|(field, _)| *field).collect::<Vec<_>>());
    for ((_, message), (_, ids)) in found.iter().zip(expected) {
        assert!(ids.iter().all(|id| message.contains(&format!("officials/{id}"))), "{message}");
        assert_eq!(message.matches("officials/").count(), ids.len(), "{message}");
    }
}

async fn two_in_one_post(server: &TestServer) {
    let clients = &server.clients;
    let minister = |start, end| tenure(Rank::ForeignMinister, "KHM", start, end);
    let first = holds(clients, "first", vec![minister("1998", "2016-04-04")]).await;
    assert_held_twice(&first, &[]);
    let second = vec![tenure(Rank::Minister, "KHM", "2010", "2014"), minister("2013", "")];
    let second = holds(clients, "second", second).await;
    assert_held_twice(&second, &[("tenures[1]", &["first"])]);
    let filter = "warnings.code = POST_HELD_TWICE";
    assert_ids(&matching::<Official>(server, filter).await, &["second"], filter);
    // Two terms of one person are no two persons.
    let twice = vec![minister("2000", "2005"), minister("2004", "2006")];
    let third = holds(clients, "third", twice).await;
    assert_held_twice(&third, &[("tenures[0]", &["first"]), ("tenures[1]", &["first"])]);

    let mut mended = second.clone();
    mended.etag = String::new();
    mended.tenures[1].capacity = TenureCapacity::Acting.into();
    let client = Client::<Official>::new(clients);
    let mended = client.update(standard::update(&mended, &["tenures"])).await.unwrap();
    assert_held_twice(&mended, &[]);

    let both = ["a", "b"].map(|id| {
        create(id, Any::Official(person(vec![tenure(Rank::HeadOfState, "LAO", "2001", "2003")])))
    });
    clients.apply(both.into()).await.unwrap();
    let of = async |id: &str| client.get(&format!("officials/{id}")).await.unwrap();
    assert_held_twice(&of("a").await, &[("tenures[0]", &["b"])]);
    assert_held_twice(&of("b").await, &[("tenures[0]", &["a"])]);
}

async fn what_makes_a_post(server: &TestServer) {
    let clients = &server.clients;
    let bodies = ["x", "y"].map(|id| create(id, Any::Organization(organization(id))));
    clients.apply(bodies.into()).await.unwrap();
    let within = |rank, body: &str| Tenure {
        organization: format!("organizations/{body}"),
        ..tenure(rank, "KHM", "2000", "2010")
    };
    let state = [
        Rank::HeadOfState,
        Rank::HeadOfGovernment,
        Rank::ForeignMinister,
        Rank::DefenceMinister,
        Rank::NationalSecurityAdviser,
    ];
    let of_bodies = [Rank::IntelligenceHead, Rank::HeadOfMission, Rank::OrganizationHead];
    for number in 0..=16 {
        let rank = Rank::try_from(number).unwrap();
        let of_state = state.contains(&rank);
        let of_body = of_state || of_bodies.contains(&rank);
        let in_state = || tenure(rank, "KHM", "2000", "2010");
        let (one, other) = (format!("one{number}"), format!("other{number}"));
        holds(clients, &one, vec![in_state(), within(rank, "x")]).await;
        let elsewhere = tenure(rank, "LAO", "2000", "2010");
        let tenures = vec![in_state(), within(rank, "x"), within(rank, "y"), elsewhere];
        let found = holds(clients, &other, tenures).await;
        let one = [one.as_str()];
        let mut expected: Vec<(&str, &[&str])> = Vec::new();
        expected.extend(of_state.then_some(("tenures[0]", &one[..])));
        expected.extend(of_body.then_some(("tenures[1]", &one[..])));
        assert_held_twice(&found, &expected);
    }
    use TenureCapacity::{Acting, AdInterim, Designate, Honorary, Substantive};
    for capacity in [Substantive, Acting, AdInterim, Designate, Honorary] {
        let king = tenure(Rank::HeadOfState, "KHM", "2001", "2002");
        let held = vec![Tenure { capacity: capacity.into(), ..king }];
        let found = holds(clients, "", held).await;
        let name = doubts(&found.warnings, WarningCode::PostHeldTwice);
        assert_eq!(name.len(), usize::from(capacity == Substantive), "{capacity:?}");
    }
}

async fn who_hands_over_is_not_doubted(server: &TestServer) {
    let clients = &server.clients;
    let king = |start, end| vec![tenure(Rank::HeadOfState, "KHM", start, end)];
    holds(clients, "first", king("1993-09-24", "2004-10-07")).await;
    for (start, end, is_doubted) in [
        ("2004-10-07", "2004-10-14", false),
        ("2004-10-08", "2004-10-14", false),
        ("2004-10", "2004-12", false),
        ("2004-10-06", "2004-10-14", true),
        ("2004", "2005", false),
        ("2003", "2005", true),
        ("1990", "1993-09-24", false),
        ("1990", "1993-09-25", true),
        ("1990", "1993", false),
        ("", "2000", false),
    ] {
        let second = holds(clients, "second", king(start, end)).await;
        let expected: &[(&str, &[&str])] = &[("tenures[0]", &["first"])];
        assert_held_twice(&second, if is_doubted { expected } else { &[] });
        clients.apply(vec![delete("officials/second")]).await.unwrap();
    }
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
    let king = || vec![tenure(Rank::HeadOfState, "KHM", "2001", "2002")];
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
