//! Reads as of a day: what follows from the day is worked out for it, and all else is the record's.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementStatus, BilateralRelation, GetAgreementRequest, RelationEvent,
    RelationEventKind, RelationLevel,
};
use entente::resources::REGISTRY;
use prost_types::Timestamp;
use tonic::Code;

use crate::calendar::comes;
use crate::on_both;
use crate::standard::{BatchGetRequest, Client, GetRequest, ListRequest};
use crate::support::samples::{action, agreement, create, mask, update};
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::{from, until};

use ActionKind::{EntryIntoForce, Expiry, Signature};

on_both!(
    only_what_follows_from_the_day_is_another,
    what_the_record_said_then_of_a_day,
    pages_of_one_day,
    relations_on_a_day,
    days_that_are_none,
);

const PACT: &str = "agreements/pact";

fn pact(actions: &[(ActionKind, &str)]) -> Agreement {
    let actions = actions.iter().map(|(kind, date)| action(*kind, date)).collect();
    Agreement { actions, ..agreement("Pact", &["KHM", "RUS"]) }
}

fn client(clients: &Clients) -> Client<Agreement> {
    Client::new(clients)
}

fn get(on_date: &str) -> GetRequest {
    let (name, on_date) = (PACT.to_owned(), on_date.to_owned());
    GetRequest { name, on_date, ..GetRequest::default() }
}

async fn only_what_follows_from_the_day_is_another(server: &TestServer) {
    let client = client(&server.clients);
    comes(server, "2030-01-01").await;
    let life = [(Signature, "2029-05"), (EntryIntoForce, "2030-01-03"), (Expiry, "2040")];
    let made = client.create("pact", pact(&life)).await.unwrap();
    assert_eq!(made.status(), AgreementStatus::Signed);
    let head = server.clients.head().await;
    for (on_date, status) in [
        ("", AgreementStatus::Signed),
        ("2030-01-01", AgreementStatus::Signed),
        ("2029-04-30", AgreementStatus::Unknown),
        ("-0044-03-15", AgreementStatus::Unknown),
        // Also what will be, as far as it is recorded.
        ("2030-01-03", AgreementStatus::InForce),
        ("9999-12-31", AgreementStatus::Terminated),
    ] {
        let expected = Agreement { status: status.into(), ..made.clone() };
        let found = client.get_request(get(on_date)).await.unwrap();
        assert_eq!(found, expected, "{on_date}: with its revision and etag");
        let read_mask = mask(&["status"]);
        let masked = client.get_request(GetRequest { read_mask, ..get(on_date) }).await.unwrap();
        assert_eq!(masked, Agreement { status: status.into(), ..Agreement::default() });
    }
    assert_eq!(server.clients.head().await, head, "nothing is written");
    comes(server, "2030-01-03").await;
    let before = client.get_request(get("2030-01-02")).await.unwrap();
    assert_eq!((before.status(), before.revision), (AgreementStatus::Signed, made.revision + 1));
}

async fn what_the_record_said_then_of_a_day(server: &TestServer) {
    let clients = &server.clients;
    let client = client(clients);
    comes(server, "2030-01-01").await;
    // First they thought that it had entered into force in 2012, then in 2014.
    let lives = [
        vec![(Signature, "2010")],
        vec![(Signature, "2010"), (EntryIntoForce, "2012-01-01")],
        vec![(Signature, "2010"), (EntryIntoForce, "2014-01-01"), (Expiry, "2031")],
    ];
    let mut revisions = vec![client.create("pact", pact(&lives[0])).await.unwrap().revision];
    let mut times: Vec<Timestamp> = vec![clients.head().await.head_commit_time.unwrap()];
    for life in &lives[1..] {
        let changed = Agreement { name: PACT.to_owned(), ..pact(life) };
        clients.apply(vec![update(Any::Agreement(changed), &["actions"])]).await.unwrap();
        revisions.push(clients.head_revision().await);
        times.push(clients.head().await.head_commit_time.unwrap());
    }
    use AgreementStatus::{InForce, Signed, Terminated, Unknown};
    for (on_date, then) in [
        ("2009-12-31", [Unknown, Unknown, Unknown]),
        ("2013-06-01", [Signed, InForce, Signed]),
        ("2014-01-01", [Signed, InForce, InForce]),
        ("2031-01-01", [Signed, InForce, Terminated]),
        // Without a day, what was so for the day of the record.
        ("", [Signed, InForce, InForce]),
    ] {
        for (index, status) in then.into_iter().enumerate() {
            let (read_revision, time) = (revisions[index], Some(times[index]));
            let at = format!("on {on_date:?} by {read_revision}");
            let one =
                client.get_request(GetRequest { read_revision, ..get(on_date) }).await.unwrap();
            assert_eq!((one.status(), one.revision), (status, read_revision), "{at}");
            assert_eq!(one.actions, pact(&lives[index]).actions, "{at}");
            let by_time = GetRequest { read_time: time, ..get(on_date) };
            assert_eq!(client.get_request(by_time).await.unwrap(), one, "{at}");
            let request = BatchGetRequest {
                names: vec![PACT.to_owned()],
                on_date: on_date.to_owned(),
                read_revision,
                ..BatchGetRequest::default()
            };
            assert_eq!(
                client.batch_get(request).await.unwrap(),
                std::slice::from_ref(&one),
                "{at}"
            );
            let request = ListRequest {
                on_date: on_date.to_owned(),
                read_time: time,
                ..ListRequest::default()
            };
            let found = client.list(request).await.unwrap().resources;
            assert_eq!(found, std::slice::from_ref(&one), "{at}");
            if on_date.is_empty() {
                continue;
            }
            // A filter asks what the record said then, too.
            let name = status.as_str_name();
            for (sign, expected) in [("=", vec![one.clone()]), ("!=", Vec::new())] {
                let request = ListRequest {
                    filter: format!("status_on(\"{on_date}\") {sign} {name}"),
                    on_date: on_date.to_owned(),
                    read_revision,
                    ..ListRequest::default()
                };
                let found = client.list(request).await.unwrap().resources;
                assert_eq!(found, expected, "{sign} {name} {at}");
            }
        }
    }
}

async fn pages_of_one_day(server: &TestServer) {
    let clients = &server.clients;
    let client = client(clients);
    let life = [(Signature, "2010"), (EntryIntoForce, "2012-01-01")];
    let made = (0..5).map(|number| create(&format!("a{number}"), Any::Agreement(pact(&life))));
    clients.apply(made.collect()).await.unwrap();
    let head = clients.head_revision().await;
    let request = |on_date: &str, page_token: &str| ListRequest {
        page_size: 2,
        page_token: page_token.to_owned(),
        on_date: on_date.to_owned(),
        include_total_size: true,
        order_by: "title".to_owned(),
        ..ListRequest::default()
    };
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let page = client.list(request("2011-06-01", &token)).await.unwrap();
        assert_eq!(page.total_size, Some(5));
        found.extend(page.resources);
        token.clone_from(&page.next_page_token);
        if token.is_empty() {
            break;
        }
        for other in ["", "2011-06-02"] {
            let refusal = client.list(request(other, &token)).await.unwrap_err();
            refusal.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["page_token"]);
        }
        let start = Start::Token(page.watch_token);
        assert_eq!(until(clients, from(start), head).await.len(), 0, "it goes on from the list");
    }
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|one| one.status() == AgreementStatus::Signed));
    let today = client.list(request("", "")).await.unwrap().resources;
    assert!(today.iter().all(|one| one.status() == AgreementStatus::InForce));
}

async fn relations_on_a_day(server: &TestServer) {
    let client = Client::<BilateralRelation>::new(&server.clients);
    let event = |kind: RelationEventKind, date: &str, level: RelationLevel| RelationEvent {
        kind: kind.into(),
        date: date.to_owned(),
        level: level.into(),
        ..RelationEvent::default()
    };
    let events = vec![
        event(RelationEventKind::Established, "1956-05-13", RelationLevel::Ambassador),
        event(RelationEventKind::Severed, "1975", RelationLevel::Unspecified),
        event(RelationEventKind::Resumed, "1979~", RelationLevel::Ambassador),
    ];
    let made = BilateralRelation { events, ..BilateralRelation::default() };
    let made = client.create("KHM-RUS", made).await.unwrap();
    for (on_date, level, established) in [
        ("1956-05-12", RelationLevel::Unspecified, ""),
        ("1956-05-13", RelationLevel::Ambassador, "1956-05-13"),
        ("1977-01-01", RelationLevel::None, ""),
        ("1979-01-01", RelationLevel::Ambassador, "1979~"),
        ("", RelationLevel::Ambassador, "1979~"),
    ] {
        let (name, on_date) = ("bilateralRelations/kh-ru".to_owned(), on_date.to_owned());
        let expected = BilateralRelation {
            level: level.into(),
            established: established.to_owned(),
            ..made.clone()
        };
        let one = GetRequest { name: name.clone(), on_date: on_date.clone(), ..Default::default() };
        assert_eq!(client.get_request(one).await.unwrap(), expected, "{on_date}");
        let names = vec![name];
        let some = BatchGetRequest { names, on_date: on_date.clone(), ..Default::default() };
        let found = client.batch_get(some).await.unwrap();
        assert_eq!(found, std::slice::from_ref(&expected), "{on_date}");
        let all = ListRequest { on_date: on_date.clone(), ..ListRequest::default() };
        assert_eq!(client.list(all).await.unwrap().resources, [expected], "{on_date}");
    }
}

async fn days_that_are_none(server: &TestServer) {
    let client = client(&server.clients);
    client.create("pact", pact(&[(Signature, "2010")])).await.unwrap();
    let wrong = [
        "2016",
        "2016-06",
        "2016-06-31",
        "2016-13-01",
        "2016-6-1",
        "01.06.2016",
        "2016-06-01?",
        "2016-06-XX",
        "2016-06-01T00:00:00Z",
        "2016-06-01/2016-06-02",
        " 2016-06-01",
        "2016-06-01\n",
        "2016-06-01\0",
        "today",
        "２０１６-06-01",
        "+12016-06-01",
    ];
    for on_date in wrong {
        let told = |refusal: Refusal| {
            refusal.is_invalid(&["on_date"]);
            let told = &refusal.descriptions[0];
            let says = told.contains("must be a day, such as 2021-12-15") || on_date.contains('\0');
            assert!(says, "{on_date:?}: {told}");
        };
        told(client.get_request(get(on_date)).await.unwrap_err());
        let names = vec![PACT.to_owned()];
        let on_date = on_date.to_owned();
        let some = BatchGetRequest { names, on_date: on_date.clone(), ..Default::default() };
        told(client.batch_get(some).await.unwrap_err());
        told(client.list(ListRequest { on_date, ..ListRequest::default() }).await.unwrap_err());
    }
    let many = ListRequest {
        on_date: "2016".to_owned(),
        filter: "partes = x".to_owned(),
        read_revision: -1,
        ..ListRequest::default()
    };
    let refusal = client.list(many).await.unwrap_err();
    let mut fields = refusal.fields.clone();
    fields.sort();
    assert_eq!(fields, ["filter", "on_date", "read_revision"], "all at once");
    let nothing = GetAgreementRequest {
        name: "agreements/nothing".to_owned(),
        on_date: "2016-06-01".to_owned(),
        ..GetAgreementRequest::default()
    };
    let refusal = server.clients.agreements().get_agreement(nothing).await.unwrap_err();
    Refusal::of(&refusal).is(Code::NotFound, "NOT_FOUND", &[]);
}

/// A day can be asked for where something follows from it, and nowhere else.
#[test]
fn requests_have_a_day_where_something_follows_from_it() {
    let pool = entente::proto::message("Agreement").parent_pool().clone();
    for kind in REGISTRY.0 {
        let service = pool.get_service_by_name(&format!("entente.v1.{}Service", kind.type_name));
        for method in service.expect("a type has a service").methods() {
            let reads = ["Get", "BatchGet", "List"];
            let is_read = reads.iter().any(|read| method.name().starts_with(read));
            let expected = is_read && kind.derived_until.is_some();
            let has = method.input().get_field_by_name("on_date").is_some();
            assert_eq!(has, expected, "{}", method.full_name());
        }
    }
}
