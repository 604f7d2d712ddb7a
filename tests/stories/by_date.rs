//! Lists in the order of dates.

use entente::proto::v1::{
    ActionKind, Agreement, BilateralRelation, Engagement, Period, RelationEvent, RelationEventKind,
    Source, Statement,
};
use entente::resources::REGISTRY;

use crate::listing::all;
use crate::on_both;
use crate::standard::{Client, Sample, Shared, delete, shared, update, with};
use crate::support::TestServer;
use crate::support::samples::{action, agreement, engagement, source, statement};

on_both!(each_type_that_has_a_date);

/// Dates in the order of the earliest day that they can mean, each with an id of the suite.
const DATES: [(&str, &str); 7] = [
    ("gone", ""),
    ("mine", "-0044-03-15"),
    ("never", "XXXX-12-15"),
    ("nobody", "1949-12"),
    ("nothing", "202X"),
    ("other", "2021?"),
    ("sample0", "2021-02-01"),
];

async fn each_type_that_has_a_date(server: &TestServer) {
    let tried = [
        of::<Agreement>(server, dated_agreement).await,
        of::<Engagement>(server, |date| {
            let period = Some(Period { start: date.to_owned(), ..Period::default() });
            Engagement { period, ..engagement("Visit") }
        })
        .await,
        of::<BilateralRelation>(server, |date| {
            let (kind, date) = (RelationEventKind::Established.into(), date.to_owned());
            let event = RelationEvent { kind, date, ..RelationEvent::default() };
            BilateralRelation { events: vec![event], ..BilateralRelation::default() }
        })
        .await,
        of::<Statement>(server, |date| Statement {
            issued_on: date.to_owned(),
            ..statement("Said")
        })
        .await,
        of::<Source>(server, |date| Source { published_on: date.to_owned(), ..source("Note") })
            .await,
    ];
    let dated = REGISTRY.0.iter().filter(|kind| kind.dated.is_some());
    assert_eq!(dated.map(|kind| kind.type_name).collect::<Vec<_>>(), tried);
}

/// An announcement of an unknown year and a later end do not move it.
fn dated_agreement(date: &str) -> Agreement {
    let mut actions = vec![action(ActionKind::Announced, "XXXX-12-16")];
    if date != "XXXX-12-15" && !date.is_empty() {
        actions.push(action(ActionKind::Denunciation, "2030"));
    }
    if date.is_empty() {
        actions.clear();
    } else {
        actions.push(action(ActionKind::Signature, date));
    }
    Agreement { actions, ..agreement("Treaty", &["KHM", "RUS"]) }
}

/// Lists those of a type, which is told.
async fn of<T: Sample>(server: &TestServer, make: impl Fn(&str) -> T) -> &'static str {
    let client = Client::<T>::new(&server.clients);
    let date = T::DATED.unwrap();
    let mut names = Vec::new();
    // Not in the order of their dates; two of them have the same.
    for place in [3, 0, 6, 2, 5, 1, 4] {
        let (id, date) = DATES[place];
        names.push((place, shared(&client.create(&T::id(id), make(date)).await.unwrap()).name));
    }
    let twin = client.create(&T::id("sample1"), make(DATES[3].1)).await.unwrap();
    names.sort();
    let mut expected: Vec<_> = names.into_iter().map(|(_, name)| name).collect();
    expected.insert(4, shared(&twin).name);

    for page_size in [1, 3, 100] {
        let up = listed::<T>(&client, date, page_size).await;
        assert_eq!(up, expected, "{date}, the earlier one of two first that was recorded first");
        let down = listed::<T>(&client, &format!("{date} desc"), page_size).await;
        assert!(down.iter().eq(expected.iter().rev()), "{date} desc: {down:?}");
        let by_name = listed::<T>(&client, &format!("{date} desc, name"), page_size).await;
        assert_eq!(by_name[3..5].iter().min(), Some(&by_name[3]), "{date}, then by name");
    }

    // One that gets another date moves, and one that is deleted is gone.
    let own = Shared { name: expected[0].clone(), ..Shared::default() };
    client.update(update(&with(make("2020-05"), own), &[])).await.unwrap();
    client.delete(delete(&expected[6])).await.unwrap();
    let mut rest: Vec<_> = expected[1..].to_vec();
    rest.retain(|name| *name != expected[6]);
    rest.insert(5, expected[0].clone());
    assert_eq!(listed::<T>(&client, date, 2).await, rest, "{date}");
    T::TYPE
}

async fn listed<T: Sample>(client: &Client<T>, order_by: &str, page_size: i32) -> Vec<String> {
    all::<T>(client, order_by, page_size).await.into_iter().map(|(name, _)| name).collect()
}
