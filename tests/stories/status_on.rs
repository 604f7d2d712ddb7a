//! An agreement's status on any day: the same by Get, BatchGet, List and filter, over lives that
//! are made up, in lists and in streams.

use std::collections::BTreeSet;

use entente::model::dates::format_day;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementStatus, BatchGetAgreementsRequest, ChangeKind,
    GetAgreementRequest, ListAgreementsRequest, Mutation, WatchChangesRequest,
};
use entente::resources::agreement::status::{is_bilateral, status_on};
use sea_orm::{ConnectionTrait, Statement};
use tonic::Code;

use crate::calendar::day;
use crate::chance::Chance;
use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::support::samples::{action, agreement, create, update};
use crate::support::{Clients, TestServer};
use crate::watching::{Watch, from, until};

use ActionKind::{EntryIntoForce, Expiry, Signature, Suspension, Termination};

on_both!(
    all_ways_to_ask_agree,
    in_force_between_two_on_a_day,
    a_stream_of_what_was_so_on_a_day,
    an_older_store_knows_what_was,
);

const KINDS: [ActionKind; 20] = [
    ActionKind::NegotiationStarted,
    ActionKind::Initialled,
    ActionKind::Adopted,
    ActionKind::Announced,
    ActionKind::Signature,
    ActionKind::DefinitiveSignature,
    ActionKind::Ratification,
    ActionKind::ProvisionalApplication,
    ActionKind::EntryIntoForce,
    ActionKind::EntryIntoForce,
    ActionKind::Suspension,
    ActionKind::Resumption,
    ActionKind::Renewal,
    ActionKind::NoticeOfTermination,
    ActionKind::NoticeOfTermination,
    ActionKind::Denunciation,
    ActionKind::Withdrawal,
    ActionKind::Expiry,
    ActionKind::Termination,
    ActionKind::Abandonment,
];
const DATES: [&str; 14] = [
    "",
    "1999",
    "2000-01",
    "2000-02-01",
    "2000-02-02",
    "2000-02-03",
    "2000-02-03?",
    "200X",
    "XXXX-02-02",
    "2001-XX-02",
    "2002~",
    "-0044-03-15",
    "9999-12-31",
    "Y170000",
];
/// Days on which something begins, and others.
const DAYS: [&str; 12] = [
    "-0044-03-14",
    "-0044-03-15",
    "0000-02-02",
    "1998-12-31",
    "1999-01-01",
    "2000-01-31",
    "2000-02-02",
    "2000-02-03",
    "2001-01-02",
    "2001-12-31",
    "2016-06-01",
    "9999-12-31",
];
const LIVES: usize = 80;

/// Lives that lead to each status.
const PLAIN: [&[ActionKind]; 12] = [
    &[],
    &[ActionKind::NegotiationStarted],
    &[ActionKind::Initialled],
    &[ActionKind::Adopted],
    &[ActionKind::Announced],
    &[Signature],
    &[ActionKind::ProvisionalApplication],
    &[EntryIntoForce],
    &[EntryIntoForce, Suspension],
    &[EntryIntoForce, ActionKind::NoticeOfTermination],
    &[Termination],
    &[ActionKind::Abandonment],
];

fn plain(kinds: &[ActionKind]) -> Agreement {
    let actions = kinds.iter().map(|kind| action(*kind, "2000-02-03"));
    Agreement { actions: actions.collect(), ..agreement("Plain", &["KHM", "RUS"]) }
}

fn made_up(chance: &mut Chance) -> Agreement {
    let mut below = |limit: usize| usize::try_from(chance.below(limit as u64)).unwrap();
    let parties = if below(3) == 0 { &["KHM", "RUS", "VNM"][..] } else { &["KHM", "RUS"] };
    let actions = (0..below(7)).map(|_| AgreementAction {
        effective_date: if below(4) == 0 { DATES[below(DATES.len())] } else { "" }.to_owned(),
        party: ["", "countries/KHM"][below(2)].to_owned(),
        ..action(KINDS[below(KINDS.len())], DATES[below(DATES.len())])
    });
    Agreement { actions: actions.collect(), ..agreement("Made up", parties) }
}

async fn listed(clients: &Clients, on_date: &str, filter: &str) -> Vec<Agreement> {
    let request = ListAgreementsRequest {
        on_date: on_date.to_owned(),
        filter: filter.to_owned(),
        page_size: 1_000,
        ..ListAgreementsRequest::default()
    };
    clients.agreements().list_agreements(request).await.unwrap().into_inner().agreements
}

async fn all_ways_to_ask_agree(server: &TestServer) {
    let clients = &server.clients;
    let mut chance = Chance::of("all_ways_to_ask_agree");
    let lives = (0..LIVES).map(|_| made_up(&mut chance));
    let lives: Vec<_> = PLAIN.into_iter().map(plain).chain(lives).collect();
    let made = lives.into_iter().enumerate();
    let made = made.map(|(number, one)| create(&format!("a{number:03}"), Any::Agreement(one)));
    clients.apply(made.collect()).await.unwrap();
    let stored = listed(clients, "", "").await;
    let names: Vec<_> = stored.iter().map(|one| one.name.clone()).collect();
    let head = clients.head().await;
    let mut seen = BTreeSet::new();
    for on_date in DAYS {
        let on = day(on_date);
        let expected = stored.iter().cloned().map(|one| Agreement {
            status: status_on(&one.actions, is_bilateral(&one), on).into(),
            ..one
        });
        let expected: Vec<Agreement> = expected.collect();
        assert_eq!(listed(clients, on_date, "").await, expected, "{on_date}");
        let request = BatchGetAgreementsRequest {
            names: names.clone(),
            on_date: on_date.to_owned(),
            ..BatchGetAgreementsRequest::default()
        };
        let found = clients.agreements().batch_get_agreements(request).await.unwrap();
        assert_eq!(found.into_inner().agreements, expected, "{on_date}");
        for one in expected.iter().step_by(13) {
            let request = GetAgreementRequest {
                name: one.name.clone(),
                on_date: on_date.to_owned(),
                ..GetAgreementRequest::default()
            };
            let found = clients.agreements().get_agreement(request).await.unwrap();
            assert_eq!(&found.into_inner(), one, "{on_date}");
        }
        for status in (1..=12).map(|number| AgreementStatus::try_from(number).unwrap()) {
            let is = |one: &&Agreement| one.status() == status;
            let (these, others): (Vec<_>, Vec<_>) = expected.iter().partition(is);
            let (these, others) = (ids(&these), ids(&others));
            let asked = format!("status_on(\"{on_date}\")");
            let name = status.as_str_name();
            let short = name.trim_start_matches("AGREEMENT_STATUS_");
            for filter in [format!("{asked} = {short}"), format!("NOT {asked} != {name}")] {
                assert_eq!(matching::<Agreement>(server, &filter).await, these, "{filter}");
            }
            for filter in [format!("{asked} != {short}"), format!("-possibly({asked}:{short})")] {
                assert_eq!(matching::<Agreement>(server, &filter).await, others, "{filter}");
            }
            seen.extend(these.first().map(|_| name));
        }
    }
    assert_eq!(seen.len(), 12, "{seen:?}");
    assert_eq!(clients.head().await, head, "nothing is written");
}

fn ids(agreements: &[&Agreement]) -> Vec<String> {
    agreements.iter().map(|one| one.name.split_once('/').unwrap().1.to_owned()).collect()
}

fn life(title: &str, countries: &[&str], actions: &[(ActionKind, &str)]) -> Agreement {
    let actions = actions.iter().map(|(kind, date)| action(*kind, date)).collect();
    Agreement { actions, ..agreement(title, countries) }
}

async fn in_force_between_two_on_a_day(server: &TestServer) {
    let clients = &server.clients;
    let entered = [(Signature, "2010-03"), (EntryIntoForce, "2012-01-01")];
    let ended = [entered[0], entered[1], (Termination, "2015-12-31")];
    let suspended = [entered[0], entered[1], (Suspension, "2016-06-02")];
    let pair = ["KHM", "RUS"];
    let made = vec![
        create("entered", Any::Agreement(life("Entered", &pair, &entered))),
        create("ended", Any::Agreement(life("Ended", &pair, &ended))),
        create("suspended", Any::Agreement(life("Suspended", &pair, &suspended))),
        create("other", Any::Agreement(life("Other", &["KHM", "VNM"], &entered))),
        create("pledge", Any::Agreement(life("Pledge", &pair, &[]))),
    ];
    clients.apply(made).await.unwrap();
    let pair = "parties.country = KHM AND parties.country = RUS";
    for (filter, expected) in [
        ("status_on(\"2016-06-01\") = IN_FORCE", &["entered", "suspended"][..]),
        ("status_on(\"2016-06-02\") = IN_FORCE", &["entered"]),
        ("status_on(\"2015-12-30\") = IN_FORCE", &["ended", "entered", "suspended"]),
        ("status_on(\"2015-12-31\") = TERMINATED", &["ended"]),
        ("status_on(\"2010-03-01\") : SIGNED", &["ended", "entered", "suspended"]),
        ("status_on(\"2010-02-28\") = SIGNED", &[]),
        ("status_on(2010-02-28) = UNKNOWN", &["ended", "entered", "pledge", "suspended"]),
        ("status_on(\"2016-06-01\") != IN_FORCE", &["ended", "pledge"]),
        // Each is asked of a day of its own.
        (
            "status_on(\"2014-01-01\") = IN_FORCE AND NOT status_on(\"2016-06-02\") = IN_FORCE",
            &["ended", "suspended"],
        ),
        (
            "(status_on(\"2016-06-02\") = SUSPENDED OR status_on(\"2016-06-02\") = UNKNOWN)",
            &["pledge", "suspended"],
        ),
    ] {
        let filter = format!("{pair} AND {filter}");
        assert_ids(&matching::<Agreement>(server, &filter).await, expected, &filter);
    }
    // The status today beside that of a day, and what is answered beside what is asked for.
    let filter = "status = SUSPENDED AND status_on(\"2016-06-01\") = IN_FORCE";
    let found = listed(clients, "2012-01-01", filter).await;
    let found: Vec<_> = found.iter().map(|one| (one.title.as_str(), one.status())).collect();
    assert_eq!(found, [("Suspended", AgreementStatus::InForce)]);
}

fn changed(actions: &[(ActionKind, &str)]) -> Mutation {
    let name = "agreements/pact".to_owned();
    let changed = Agreement { name, ..life("Pact", &["KHM", "RUS"], actions) };
    update(Any::Agreement(changed), &["actions"])
}

async fn a_stream_of_what_was_so_on_a_day(server: &TestServer) {
    let clients = &server.clients;
    let start = clients.head_revision().await;
    let filter = "status_on(\"2016-06-01\") = IN_FORCE".to_owned();
    let request =
        WatchChangesRequest { filter: filter.clone(), ..from(Start::AfterRevision(start)) };
    let mut watch = Watch::open(clients, request.clone()).await.unwrap();
    let signed = (Signature, "2010");
    let steps = [
        create("pact", Any::Agreement(life("Pact", &["KHM", "RUS"], &[signed]))),
        changed(&[signed, (EntryIntoForce, "2016-06-01")]),
        changed(&[signed, (EntryIntoForce, "2016-06-01"), (Expiry, "2020")]),
        changed(&[signed, (EntryIntoForce, "2016-06-02")]),
        changed(&[(EntryIntoForce, "2015")]),
    ];
    for step in steps {
        clients.apply(vec![step]).await.unwrap();
    }
    watch.up_to(start + 5).await;
    let told = |commits: Vec<entente::proto::v1::Commit>| {
        let changes = commits.into_iter().map(|one| (one.revision - start, one.changes[0].kind()));
        changes.collect::<Vec<_>>()
    };
    let expected = [
        (2, ChangeKind::Entered),
        (3, ChangeKind::Updated),
        (4, ChangeKind::Left),
        (5, ChangeKind::Entered),
    ];
    assert_eq!(told(watch.commits()), expected);
    // Of other types it does not hold, and the rest of the filter speaks of them as ever.
    let filter = format!("{filter} OR display_name = \"Kampuchea\"");
    let several = WatchChangesRequest { filter, ..request.clone() };
    assert_eq!(told(until(clients, several, start + 5).await), expected);
    for (filter, said) in [
        ("status_on(\"2016\") = IN_FORCE", "status_on must be a day"),
        ("status_on(\"2016-06-01\") = NEVER", "status_on must be one of"),
        ("level_on(\"2016-06-01\") = NONE", "no type can be filtered so"),
    ] {
        let wrong = WatchChangesRequest { filter: filter.to_owned(), ..request.clone() };
        let refusal = Watch::open(clients, wrong).await.unwrap_err();
        refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
        assert!(refusal.descriptions[0].contains(said), "{refusal:?}");
    }
    let countries = vec!["Country".to_owned()];
    let wrong = WatchChangesRequest { resource_types: countries, ..request };
    let refusal = Watch::open(clients, wrong).await.unwrap_err();
    assert!(refusal.descriptions[0].contains("Country has nothing"), "{refusal:?}");
}

/// What a store of format 4 did not have.
const OLDER: &str = "
    DROP TABLE agreement_status;
    DROP INDEX agreement_status_today;
    CREATE INDEX agreement_status ON agreement (status);
    UPDATE head SET format = 4;
    DELETE FROM seaql_migrations WHERE version = 'm20261127_000001_agreement_status';
";

async fn an_older_store_knows_what_was(first: &TestServer) {
    let server = TestServer::start(first.database.kind).await;
    let actions = [(Signature, "2010-03"), (EntryIntoForce, "2012-01-01"), (Expiry, "2130")];
    let pact = create("pact", Any::Agreement(life("Pact", &["KHM", "RUS"], &actions)));
    server.clients.apply(vec![pact]).await.unwrap();
    let head = server.clients.head().await;
    server.execute(OLDER).await;
    let server = TestServer::start_on(server.stop().await).await;
    for (on_date, status) in [
        ("2010-02-28", "UNKNOWN"),
        ("2010-03-01", "SIGNED"),
        ("2011-12-31", "SIGNED"),
        ("2129-12-31", "IN_FORCE"),
        ("2130-01-01", "TERMINATED"),
    ] {
        let filter = format!("status_on(\"{on_date}\") = {status}");
        assert_ids(&matching::<Agreement>(&server, &filter).await, &["pact"], &filter);
    }
    assert_eq!(server.clients.head().await, head, "no commit is needed for it");
    let rows = server.connect().await;
    let text = "SELECT status, from_day, until_day FROM agreement_status ORDER BY key, ordinal";
    let statement = Statement::from_string(rows.get_database_backend(), text);
    let found = rows.query_all_raw(statement).await.unwrap();
    let found = found.iter().map(|row| {
        let day = |place: usize| {
            let day: Option<i32> = row.try_get_by_index(place).unwrap();
            day.map(format_day).unwrap_or_default()
        };
        (row.try_get_by_index::<String>(0).unwrap(), day(1), day(2))
    });
    let own = |(status, from, until): (&str, &str, &str)| {
        (status.to_owned(), from.to_owned(), until.to_owned())
    };
    let expected = [
        ("SIGNED", "2010-03-01", "2012-01-01"),
        ("IN_FORCE", "2012-01-01", "2130-01-01"),
        ("TERMINATED", "2130-01-01", ""),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected.map(own));
    rows.close().await.unwrap();
    server.finish().await;
}
