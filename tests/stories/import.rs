//! Many resources one after the other.

use std::collections::HashMap;

use entente::proto::v1::import_response::Outcome;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, BilateralRelation, Country, ImportRequest, ImportResponse, MutationOutcome,
    RelationEvent, RelationEventKind, RelationLevel, WarningCode,
};
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::on_both;
use crate::support::clients::by;
use crate::support::samples::{agreement, any, country, external, mask, official};
use crate::support::{Clients, Refusal, TestServer};

on_both!(
    again_it_writes_nothing,
    a_refusal_disturbs_no_other,
    found_by_name_identifier_id_or_codes,
    identifiers_stay,
    what_comes_later_refers_to_what_came_before,
    judged_only,
    doubts_are_told,
    cut_anywhere_and_sent_again,
    a_reader_that_does_not_read_holds_it_up,
    small_ones_far_ahead,
    too_large_for_a_message,
    a_server_that_goes_away_says_so,
);

fn request(resource: impl Into<Any>) -> ImportRequest {
    ImportRequest { resource: any(resource), ..ImportRequest::default() }
}

fn treaty(number: usize) -> Agreement {
    Agreement {
        external_ids: vec![external("register", &number.to_string())],
        ..agreement(&format!("Treaty {number}"), &["KHM", "RUS"])
    }
}

fn treaties(count: usize) -> Vec<ImportRequest> {
    (0..count).map(|number| request(Any::Agreement(treaty(number)))).collect()
}

async fn import(clients: &Clients, requests: Vec<ImportRequest>) -> Vec<ImportResponse> {
    let count = requests.len();
    let call = clients.records().import(by("registrar", stream::iter(requests))).await.unwrap();
    let answers: Vec<_> = call.into_inner().map(Result::unwrap).collect().await;
    assert_eq!(answers.len(), count, "one answer for each");
    for (index, answer) in answers.iter().enumerate() {
        assert_eq!(usize::try_from(answer.index).unwrap(), index, "in order");
    }
    answers
}

/// What became of each: the outcome, or the reason of the refusal and its fields.
fn told(answers: &[ImportResponse]) -> Vec<String> {
    let told = answers.iter().map(|answer| match answer.outcome.as_ref().unwrap() {
        Outcome::Result(result) => {
            result.outcome().as_str_name().replace("MUTATION_OUTCOME_", "").to_owned()
        }
        Outcome::Refusal(refusal) => {
            let fields: Vec<_> = refusal.violations.iter().map(|one| one.field.as_str()).collect();
            format!("{} {}", refusal.reason, fields.join(" "))
        }
    });
    told.collect()
}

fn name(answer: &ImportResponse) -> String {
    match answer.outcome.as_ref().unwrap() {
        Outcome::Result(result) => result.name.clone(),
        Outcome::Refusal(refusal) => panic!("{refusal:?}"),
    }
}

fn counts(answers: &[ImportResponse]) -> HashMap<String, usize> {
    let mut counts = HashMap::new();
    for one in told(answers) {
        *counts.entry(one).or_insert(0) += 1;
    }
    counts
}

async fn again_it_writes_nothing(server: &TestServer) {
    let clients = &server.clients;
    let first = import(clients, treaties(700)).await;
    assert_eq!(counts(&first), HashMap::from([("CREATED".to_owned(), 700)]));
    let head = clients.head_revision().await;
    let again = import(clients, treaties(700)).await;
    assert_eq!(counts(&again), HashMap::from([("UNCHANGED".to_owned(), 700)]));
    assert_eq!(clients.head_revision().await, head, "no commit");
    assert_eq!(
        first.iter().map(name).collect::<Vec<_>>(),
        again.iter().map(name).collect::<Vec<_>>()
    );

    let mut third = treaties(700);
    third[333] = request(Any::Agreement(Agreement { place: "Minsk".to_owned(), ..treaty(333) }));
    let third = import(clients, third).await;
    let changed = third.iter().position(|one| told(std::slice::from_ref(one)) == ["UPDATED"]);
    assert_eq!(changed, Some(333));
    assert_eq!(clients.head_revision().await, head + 1);
}

async fn a_refusal_disturbs_no_other(server: &TestServer) {
    let requests = vec![
        request(Any::Agreement(treaty(1))),
        request(Any::Agreement(agreement("", &["KHM", "XQZ"]))),
        ImportRequest::default(),
        request(Any::Agreement(treaty(1))),
        ImportRequest { id: "No!".to_owned(), ..request(Any::Official(official("Nobody"))) },
        ImportRequest { update_mask: mask(&["nonsense"]), ..request(Any::Agreement(treaty(3))) },
        request(Any::Agreement(treaty(2))),
    ];
    let before = server.clients.head_revision().await;
    let answers = import(&server.clients, requests).await;
    let expected = [
        "CREATED",
        "VALIDATION_FAILED resource.agreement.parties[1].country resource.agreement.title",
        "VALIDATION_FAILED resource",
        "UNCHANGED",
        "VALIDATION_FAILED id",
        "VALIDATION_FAILED update_mask.paths[0]",
        "CREATED",
    ];
    assert_eq!(told(&answers), expected);
    assert_eq!(server.clients.head_revision().await, before + 2);
}

async fn found_by_name_identifier_id_or_codes(server: &TestServer) {
    let clients = &server.clients;
    let noted = |note: &str| Agreement { note: note.to_owned(), ..treaty(1) };
    let made = import(
        clients,
        vec![ImportRequest { id: "one".to_owned(), ..request(Any::Agreement(treaty(1))) }],
    )
    .await;
    assert_eq!(name(&made[0]), "agreements/one");
    let unnamed = |note: &str| {
        let title = "Treaty 1".to_owned();
        Any::Agreement(Agreement { title, note: note.to_owned(), ..Agreement::default() })
    };
    let named = Agreement {
        name: "agreements/one".to_owned(),
        note: "by name".to_owned(),
        ..Agreement::default()
    };
    let answers = import(
        clients,
        vec![
            request(Any::Agreement(named)),
            request(Any::Agreement(noted("by identifier"))),
            ImportRequest { id: "one".to_owned(), ..request(unnamed("by id")) },
            // An identifier goes before an id.
            ImportRequest { id: "two".to_owned(), ..request(Any::Agreement(noted("again"))) },
        ],
    )
    .await;
    assert_eq!(told(&answers), ["UPDATED"; 4]);
    assert!(answers.iter().all(|one| name(one) == "agreements/one"));

    let khmer =
        Country { alpha3: "KHM".to_owned(), note: "a kingdom".to_owned(), ..country("Cambodia") };
    let relation = |countries: [&str; 2], level: RelationLevel| {
        let event = RelationEvent {
            kind: RelationEventKind::Established.into(),
            date: "1956-05-13".to_owned(),
            level: level.into(),
            ..RelationEvent::default()
        };
        Any::BilateralRelation(BilateralRelation {
            countries: countries.map(|id| format!("countries/{id}")).to_vec(),
            events: vec![event],
            ..BilateralRelation::default()
        })
    };
    let answers = import(
        clients,
        vec![
            request(Any::Country(khmer)),
            request(relation(["RUS", "KHM"], RelationLevel::Minister)),
            request(relation(["KH", "ru"], RelationLevel::Ambassador)),
            request(relation(["KHM", "RUS"], RelationLevel::Ambassador)),
        ],
    )
    .await;
    assert_eq!(told(&answers), ["UPDATED", "CREATED", "UPDATED", "UNCHANGED"]);
    assert_eq!(name(&answers[0]), "countries/KHM");
    assert!(answers[1..].iter().all(|one| name(one) == "bilateralRelations/KHM-RUS"));
}

async fn identifiers_stay(server: &TestServer) {
    let clients = &server.clients;
    let with = |ids: &[(&str, &str)]| {
        let external_ids = ids.iter().map(|(scheme, value)| external(scheme, value)).collect();
        Any::Agreement(Agreement { external_ids, ..agreement("Treaty", &["KHM", "RUS"]) })
    };
    let answers = import(
        clients,
        vec![
            request(with(&[("a", "1")])),
            request(with(&[("b", "7"), ("a", "1")])),
            request(with(&[("b", "7")])),
            request(with(&[("c", "3")])),
            request(with(&[("b", "7"), ("c", "3")])),
            ImportRequest { update_mask: mask(&["*"]), ..request(with(&[("b", "7")])) },
            request(with(&[("a", "1")])),
        ],
    )
    .await;
    let several = "VALIDATION_FAILED resource.agreement.external_ids";
    let expected = ["CREATED", "UPDATED", "UNCHANGED", "CREATED", several, "UPDATED", "CREATED"];
    assert_eq!(told(&answers), expected, "the last one was given up by the one before");
}

async fn what_comes_later_refers_to_what_came_before(server: &TestServer) {
    let follows = |number: usize| {
        let other = format!("agreements/t{}", number.saturating_sub(1));
        let link = entente::proto::v1::AgreementLink {
            kind: entente::proto::v1::AgreementLinkKind::Amends.into(),
            agreement: other,
        };
        let links = if number == 0 { Vec::new() } else { vec![link] };
        let id = format!("t{number}");
        ImportRequest { id, ..request(Any::Agreement(Agreement { links, ..treaty(number) })) }
    };
    let answers = import(&server.clients, (0..600).map(follows).collect()).await;
    assert_eq!(counts(&answers), HashMap::from([("CREATED".to_owned(), 600)]));
}

async fn judged_only(server: &TestServer) {
    let before = server.clients.head_revision().await;
    let requests = treaties(20).into_iter();
    let requests = requests.map(|one| ImportRequest { validate_only: true, ..one }).collect();
    let answers = import(&server.clients, requests).await;
    assert_eq!(counts(&answers), HashMap::from([("CREATED".to_owned(), 20)]));
    assert_eq!(server.clients.head_revision().await, before);
}

async fn doubts_are_told(server: &TestServer) {
    let alone = agreement("Treaty with nobody", &["KHM"]);
    let alone = Agreement { external_ids: vec![external("register", "1")], ..alone };
    for outcome in [MutationOutcome::Created, MutationOutcome::Unchanged] {
        let answers = import(&server.clients, vec![request(Any::Agreement(alone.clone()))]).await;
        assert_eq!(told(&answers), [outcome.as_str_name().replace("MUTATION_OUTCOME_", "")]);
        let codes: Vec<_> = answers[0].warnings.iter().map(|one| one.code()).collect();
        assert_eq!(codes, [WarningCode::PartiesIncomplete]);
    }
}

async fn cut_anywhere_and_sent_again(server: &TestServer) {
    let clients = &server.clients;
    let before = clients.head_revision().await;
    for answered in [0, 1, 100, 399] {
        let requests = stream::iter(treaties(400));
        let call = clients.records().import(by("registrar", requests)).await.unwrap();
        let mut answers = call.into_inner();
        for _ in 0..answered {
            answers.next().await.unwrap().unwrap();
        }
        drop(answers);
    }
    let whole = import(clients, treaties(400)).await;
    assert!(whole.iter().all(|one| one.outcome.is_some()));
    let again = import(clients, treaties(400)).await;
    assert_eq!(counts(&again), HashMap::from([("UNCHANGED".to_owned(), 400)]));
    assert_eq!(clients.head_revision().await, before + 400, "each once");
}

/// Whoever reads no answers is held back, and loses nothing by it.
async fn a_reader_that_does_not_read_holds_it_up(server: &TestServer) {
    const COUNT: usize = 6_000;
    let (sender, receiver) = mpsc::channel(1);
    let sending = tokio::spawn(async move {
        for number in 0..COUNT {
            let note = "x".repeat(2_000);
            let one = Agreement { note, ..treaty(number) };
            sender.send(request(Any::Agreement(one))).await.unwrap();
        }
    });
    let requests = ReceiverStream::new(receiver);
    let call = server.clients.records().import(by("registrar", requests)).await.unwrap();
    let mut answers = call.into_inner();
    let mut count = 0;
    while let Some(answer) = answers.next().await {
        answer.unwrap();
        if count == 0 {
            // Others are served meanwhile.
            server
                .clients
                .apply(vec![crate::support::samples::create(
                    "other",
                    Any::Agreement(treaty(COUNT)),
                )])
                .await
                .unwrap();
            assert!(!sending.is_finished(), "the server has not taken all of it");
        }
        count += 1;
    }
    assert_eq!(count, COUNT);
    sending.await.unwrap();
}

/// HTTP/2 counts frames that nobody has taken, small ones above all.
async fn small_ones_far_ahead(server: &TestServer) {
    let small = |number: usize| {
        let external_ids = vec![external("r", &number.to_string())];
        let one = Agreement { external_ids, ..agreement("T", &[]) };
        ImportRequest { validate_only: true, ..request(Any::Agreement(one)) }
    };
    let answers = import(&server.clients, (0..6_000).map(small).collect()).await;
    assert_eq!(counts(&answers), HashMap::from([("CREATED".to_owned(), 6_000)]));
}

async fn too_large_for_a_message(server: &TestServer) {
    let large = Agreement { note: "x".repeat(5 << 20), ..treaty(2) };
    let requests = vec![request(Any::Agreement(treaty(1))), request(Any::Agreement(large))];
    let call = server.clients.records().import(by("registrar", stream::iter(requests))).await;
    let answers: Vec<_> = call.unwrap().into_inner().collect().await;
    let [Ok(first), Err(last)] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(told(std::slice::from_ref(first)), ["CREATED"]);
    Refusal::of(last).is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE", &[]);
}

async fn a_server_that_goes_away_says_so(server: &TestServer) {
    let (sender, receiver) = mpsc::channel(1);
    let requests = ReceiverStream::new(receiver);
    let call = server.clients.records().import(by("registrar", requests)).await.unwrap();
    let mut answers = call.into_inner();
    sender.send(request(Any::Agreement(treaty(1)))).await.unwrap();
    answers.next().await.unwrap().unwrap();
    server.server.api.feed.drain();
    let end = Refusal::of(&answers.next().await.unwrap().unwrap_err());
    end.is(Code::Unavailable, "DRAINING", &[]);
}
