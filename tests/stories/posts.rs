//! Two who certainly held one post at the same time are doubted.

use std::collections::BTreeMap;
use std::path::PathBuf;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Official, Period, PeriodEndKind, Tenure, TenureCapacity, TenureRank as Rank, WarningCode,
};

use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::peers::doubts;
use crate::standard::{self, Client};
use crate::support::samples::{create, delete, official, organization};
use crate::support::{Clients, TestServer};

on_both!(two_in_one_post, what_makes_a_post, who_hands_over_is_not_doubted, real_ambassadors,);

pub fn tenure(rank: Rank, country: &str, start: &str, end: &str) -> Tenure {
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

pub async fn holds(clients: &Clients, id: &str, tenures: Vec<Tenure>) -> Official {
    Client::new(clients).create(id, person(tenures)).await.unwrap()
}

/// Asserts that these tenures of `official` are doubted, each for these others.
pub fn assert_held_twice(official: &Official, expected: &[(&str, &[&str])]) {
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
        ("2004-10-07", "2004-10-07", false),
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
    // Two who were there on one day alone do not hand over to each other.
    holds(clients, "brief", king("2010-01-02", "2010-01-02")).await;
    let same = holds(clients, "same", king("2010-01-02", "2010-01-02")).await;
    assert_held_twice(&same, &[("tenures[0]", &["brief"])]);
}

/// The ambassadors to a country, as a published list has them: from the day of their
/// appointment, on which two predecessors were still there, and from that of their credentials.
async fn real_ambassadors(server: &TestServer) {
    let Some(folder) = std::env::var_os("ENTENTE_DATA") else {
        eprintln!("posts::real_ambassadors is left out: ENTENTE_DATA names no folder");
        return;
    };
    let clients = &server.clients;
    let path = PathBuf::from(folder).join("example/us_appointments.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    let rows = rows.filter(|row| row["kind"] == "chief_of_mission");
    let rows: Vec<_> = rows.filter(|row| row["counterpart_slug"] == "vietnam").collect();
    let two = [
        "marine-michael-w beside burghardt-raymond-f",
        "kritenbrink-daniel beside osius-theodore-g",
    ];
    for (body, begins, expected) in
        [("a", "appointed", &two[..]), ("c", "credentials_presented", &[])]
    {
        let embassy = create(body, Any::Organization(organization("Embassy in Hanoi")));
        clients.apply(vec![embassy]).await.unwrap();
        let mut doubted = Vec::new();
        for row in &rows {
            let held = Tenure {
                organization: format!("organizations/{body}"),
                ..tenure(Rank::HeadOfMission, "USA", &row[begins], &row["ended"])
            };
            let person = &row["person_id"];
            let one = holds(clients, &format!("{body}-{person}"), vec![held]).await;
            for (_, message) in doubts(&one.warnings, WarningCode::PostHeldTwice) {
                let other = message.split(&format!("officials/{body}-")).nth(1).unwrap();
                let other = other.split_whitespace().next().unwrap();
                doubted.push(format!("{person} beside {other}"));
            }
        }
        assert_eq!(doubted, expected, "{begins}");
    }
}
