//! Atomic writes over any types.

use entente::proto::v1::check::Expectation;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, AgreementLink, AgreementLinkKind, AgreementSignatory, ApplyRequest, Check,
    CooperationArea, Country, Engagement, GetAgreementRequest, Mutation, MutationOutcome, Official,
    Period,
};
use tonic::Code;

use crate::on_both;
use crate::support::samples::{
    agreement, area, country, create, delete, engagement, external, official, undelete, update,
};
use crate::support::{Clients, Refusal, TestServer};

on_both!(
    new_records_refer_to_each_other,
    one_wrong_mutation_stops_all,
    all_violations_are_told_at_once,
    checks_hold_or_nothing_is_written,
    each_resource_has_one_mutation,
    an_external_id_has_one_owner,
    what_is_referred_to_stays,
    no_order_becomes_a_circle,
    a_thousand_mutations_and_no_more,
    an_answer_is_repeated,
    a_part_that_is_not_there_makes_no_message,
);

/// Asserts that `mutations` are refused and that nothing is written.
async fn refused(clients: &Clients, mutations: Vec<Mutation>) -> Refusal {
    let before = clients.head_revision().await;
    let refusal = clients.apply(mutations).await.unwrap_err();
    assert_eq!(clients.head_revision().await, before, "nothing is written");
    refusal
}

/// A treaty that this official signed, in this area, superseding that treaty.
fn signed(title: &str, official: &str, area: &str) -> Agreement {
    let official = official.to_owned();
    Agreement {
        areas: vec![area.to_owned()],
        signed_by: vec![AgreementSignatory { official, ..AgreementSignatory::default() }],
        ..agreement(title, &["KHM", "rus", "UTO"])
    }
}

async fn new_records_refer_to_each_other(server: &TestServer) {
    let head = server.clients.head_revision().await;
    let pact = signed("Pact", "officials/an-official", "cooperationAreas/new-area");
    let below =
        CooperationArea { broader: "cooperationAreas/new-area".to_owned(), ..area("Below") };
    let mutations = vec![
        create("pact", Any::Agreement(pact)),
        create("below", Any::CooperationArea(below)),
        create("new-area", Any::CooperationArea(area("New"))),
        create("an-official", Any::Official(official("An Official"))),
        create("uto", Any::Country(country("Utopia"))),
    ];

    let answer = server.clients.apply(mutations).await.unwrap();

    assert_eq!(answer.revision, head + 1, "one commit");
    let names: Vec<_> = answer.results.iter().map(|result| result.name.as_str()).collect();
    let expected = [
        "agreements/pact",
        "cooperationAreas/below",
        "cooperationAreas/new-area",
        "officials/an-official",
        "countries/UTO",
    ];
    assert_eq!(names, expected);
    for result in &answer.results {
        assert_eq!(result.outcome(), MutationOutcome::Created);
        assert_eq!(result.revision, answer.revision);
        assert_eq!(result.etag, format!("\"{}\"", answer.revision));
    }
    let name = "agreements/pact".to_owned();
    let request = GetAgreementRequest { name, read_mask: None, ..Default::default() };
    let pact = server.clients.agreements().get_agreement(request).await.unwrap().into_inner();
    assert_eq!(pact.parties, agreement("", &["KHM", "RUS", "UTO"]).parties, "made canonical");
}

async fn one_wrong_mutation_stops_all(server: &TestServer) {
    let mutations = vec![
        create("one", Any::CooperationArea(area("One"))),
        create("two", Any::Agreement(agreement("Two", &["KHM", "XYZ"]))),
        delete("cooperationAreas/never"),
    ];
    let refusal = refused(&server.clients, mutations).await;
    let party = "mutations[1].create.resource.agreement.parties[1].country";
    let fields = ["mutations[2].delete.name", party];
    assert_eq!(refusal.code, Code::InvalidArgument);
    for field in fields {
        assert!(refusal.fields.contains(&field.to_owned()), "{field}: {:?}", refusal.fields);
    }
}

async fn all_violations_are_told_at_once(server: &TestServer) {
    let wrong = Agreement { areas: vec!["cooperationAreas/no".to_owned()], ..Agreement::default() };
    let unnamed = Official { birth: "2021-02-30".to_owned(), ..Official::default() };
    let mutations = vec![
        create("A B", Any::Agreement(wrong)),
        create("", Any::Official(unnamed)),
        create("uto", Any::Country(Country { alpha2: "x".to_owned(), ..country("Utopia") })),
        Mutation { operation: None },
        update(Any::Country(country("No name")), &["display_name"]),
    ];
    let refusal = refused(&server.clients, mutations).await;
    let mut fields = refusal.fields.clone();
    fields.sort();
    let found: Vec<_> = fields.iter().map(String::as_str).collect();
    let expected = [
        "mutations[0].create.id",
        "mutations[0].create.resource.agreement.areas[0]",
        "mutations[0].create.resource.agreement.form",
        "mutations[0].create.resource.agreement.title",
        "mutations[1].create.resource.official.birth",
        "mutations[1].create.resource.official.display_name",
        "mutations[2].create.resource.country.alpha2",
        "mutations[3].operation",
        "mutations[4].update.resource.country.name",
    ];
    assert_eq!(found, expected);
}

async fn checks_hold_or_nothing_is_written(server: &TestServer) {
    let clients = &server.clients;
    let check =
        |name: &str, expectation| Check { name: name.to_owned(), expectation: Some(expectation) };
    let request = |checks: Vec<Check>, id: &str| ApplyRequest {
        mutations: vec![create(id, Any::CooperationArea(area("New")))],
        checks,
        ..ApplyRequest::default()
    };
    let holds = vec![
        check("countries/khm", Expectation::Exists(true)),
        check("countries/UTO", Expectation::Exists(false)),
        check("countries/KHM", Expectation::Etag("\"1\"".to_owned())),
    ];
    clients.apply_request(request(holds, "one")).await.unwrap();

    let head = clients.head_revision().await;
    let fails = vec![
        check("countries/UTO", Expectation::Exists(true)),
        check("countries/KHM", Expectation::Exists(false)),
        check("countries/RUS", Expectation::Exists(true)),
        check("countries/KHM", Expectation::Etag("\"7\"".to_owned())),
    ];
    let refusal = clients.apply_request(request(fails, "two")).await.unwrap_err();
    assert_eq!(refusal.fields, ["checks[0]", "checks[1]", "checks[3].etag"]);
    refusal.is(Code::NotFound, "NOT_FOUND", &["checks[0]", "checks[1]", "checks[3].etag"]);
    assert_eq!(clients.head_revision().await, head);
    let nameless = vec![Check { name: String::new(), expectation: None }];
    let refusal = clients.apply_request(request(nameless, "two")).await.unwrap_err();
    refusal.is_invalid(&["checks[0].name", "checks[0].expectation"]);
}

async fn each_resource_has_one_mutation(server: &TestServer) {
    let change = Country { name: "countries/khm".to_owned(), ..country("Changed") };
    let mutations = vec![
        update(Any::Country(change), &[]),
        delete("countries/KHM"),
        create("one", Any::CooperationArea(area("One"))),
        create("one", Any::CooperationArea(area("One again"))),
    ];
    let refusal = refused(&server.clients, mutations).await;
    refusal.is_invalid(&["mutations[1].delete.name", "mutations[3].create.id"]);
}

async fn an_external_id_has_one_owner(server: &TestServer) {
    let clients = &server.clients;
    let known = |title: &str, value: &str| {
        let external_ids = vec![external("register", value)];
        Any::Agreement(Agreement { external_ids, ..agreement(title, &["KHM"]) })
    };
    let two = vec![create("one", known("One", "7")), create("two", known("Two", "7"))];
    let refusal = refused(clients, two).await;
    refusal.is_invalid(&["mutations[1].create.resource.agreement.external_ids[0]"]);

    clients.apply(vec![create("one", known("One", "7"))]).await.unwrap();
    let refusal = refused(clients, vec![create("two", known("Two", "7"))]).await;
    let field = "mutations[0].create.resource.agreement.external_ids[0]";
    refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &[field]);
    assert_eq!(refusal.resource, "agreements/one");
    let handed_over = vec![delete("agreements/one"), create("two", known("Two", "7"))];
    clients.apply(handed_over).await.unwrap();
    let twice = vec![external("register", "8"), external("register", "8")];
    let twice = Agreement { external_ids: twice, ..agreement("Three", &["KHM"]) };
    let refusal = refused(clients, vec![create("three", Any::Agreement(twice))]).await;
    refusal.is_invalid(&["mutations[0].create.resource.agreement.external_ids[1]"]);
}

async fn what_is_referred_to_stays(server: &TestServer) {
    let clients = &server.clients;
    clients.apply(vec![create("uto", Any::Country(country("Utopia")))]).await.unwrap();
    let pact = Agreement { name: "agreements/pact".to_owned(), ..agreement("Pact", &["UTO"]) };
    clients.apply(vec![create("pact", Any::Agreement(pact.clone()))]).await.unwrap();

    let refusal = refused(clients, vec![delete("countries/uto")]).await;
    refusal.is(Code::FailedPrecondition, "REFERENCED", &["mutations[0].delete.name"]);
    assert_eq!(refusal.resource, "countries/UTO");
    assert!(refusal.message.contains("agreements/pact"), "{}", refusal.message);
    let new = create("new", Any::Agreement(agreement("New", &["UTO"])));
    let refusal = refused(clients, vec![delete("countries/UTO"), new]).await;
    assert_eq!(refusal.code, Code::InvalidArgument, "what goes cannot be named: {refusal:?}");

    let moved = Agreement { parties: agreement("", &["KHM"]).parties, ..pact };
    let both = vec![delete("countries/UTO"), update(Any::Agreement(moved), &["parties"])];
    clients.apply(both).await.unwrap();
    let back = vec![undelete("countries/UTO"), delete("agreements/pact")];
    let answer = clients.apply(back).await.unwrap();
    let outcomes: Vec<_> = answer.results.iter().map(|result| result.outcome()).collect();
    assert_eq!(outcomes, [MutationOutcome::Undeleted, MutationOutcome::Deleted]);
}

async fn no_order_becomes_a_circle(server: &TestServer) {
    let clients = &server.clients;
    let below = |id: &str, broader: &str| CooperationArea {
        name: format!("cooperationAreas/{id}"),
        broader: format!("cooperationAreas/{broader}"),
        ..area(id)
    };
    let of = |id: &str, sovereign: &str| Country {
        name: format!("countries/{id}"),
        sovereign: format!("countries/{sovereign}"),
        ..country(id)
    };
    let after = |id: &str, superseded: &str| {
        let agreement_name = format!("agreements/{superseded}");
        let kind = AgreementLinkKind::Supersedes.into();
        let links = vec![AgreementLink { kind, agreement: agreement_name }];
        Agreement { name: format!("agreements/{id}"), links, ..agreement(id, &["KHM"]) }
    };
    let area_circle = ["a", "b", "c"].iter().zip(["b", "c", "a"]);
    let area_circle = area_circle.map(|(id, up)| create(id, Any::CooperationArea(below(id, up))));
    let refusal = refused(clients, area_circle.collect()).await;
    refusal.is_invalid(
        &[0, 1, 2]
            .map(|index| {
                ["mutations[0]", "mutations[1]", "mutations[2]"][index].to_owned()
                    + ".create.resource.cooperation_area.broader"
            })
            .each_ref()
            .map(String::as_str),
    );

    let chain = vec![
        create("a", Any::CooperationArea(area("a"))),
        create("b", Any::CooperationArea(below("b", "a"))),
        create("c", Any::CooperationArea(below("c", "b"))),
        create("XXA", Any::Country(country("XXA"))),
        create("XXB", Any::Country(of("XXB", "XXA"))),
        create("one", Any::Agreement(agreement("One", &["KHM"]))),
        create("two", Any::Agreement(after("two", "one"))),
    ];
    clients.apply(chain).await.unwrap();
    let closing = vec![
        update(Any::CooperationArea(below("a", "c")), &["broader"]),
        update(Any::Country(of("XXA", "XXB")), &["sovereign"]),
        update(Any::Agreement(after("one", "two")), &["links"]),
    ];
    let refusal = refused(clients, closing).await;
    refusal.is_invalid(&[
        "mutations[0].update.resource.cooperation_area.broader",
        "mutations[1].update.resource.country.sovereign",
        "mutations[2].update.resource.agreement.links[0].agreement",
    ]);
    let own = vec![update(Any::CooperationArea(below("a", "a")), &["broader"])];
    let refusal = refused(clients, own).await;
    refusal.is_invalid(&["mutations[0].update.resource.cooperation_area.broader"]);
    let turned = vec![
        update(
            Any::CooperationArea(CooperationArea { broader: String::new(), ..below("c", "") }),
            &["broader"],
        ),
        update(Any::CooperationArea(below("a", "c")), &["broader"]),
    ];
    clients.apply(turned).await.unwrap();
}

async fn a_thousand_mutations_and_no_more(server: &TestServer) {
    let many = |count: usize| {
        let titles = (0..count).map(|index| format!("Treaty {index}"));
        titles.map(|title| create("", Any::Agreement(agreement(&title, &["KHM"])))).collect()
    };
    let refusal = refused(&server.clients, many(1_001)).await;
    refusal.is_invalid(&["mutations"]);
    refused(&server.clients, Vec::new()).await.is_invalid(&["mutations"]);
    let answer = server.clients.apply(many(1_000)).await.unwrap();
    assert_eq!(answer.results.len(), 1_000);
}

async fn an_answer_is_repeated(server: &TestServer) {
    let clients = &server.clients;
    let request = |title: &str| ApplyRequest {
        mutations: vec![create("", Any::Agreement(agreement(title, &["KHM"])))],
        request_id: "once".to_owned(),
        reason: "because".to_owned(),
        ..ApplyRequest::default()
    };
    let first = clients.apply_request(request("One")).await.unwrap();
    assert_eq!(clients.apply_request(request("One")).await.unwrap(), first);
    let refusal = clients.apply_request(request("Two")).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "REQUEST_ID_REUSED", &["request_id"]);
    assert_eq!(clients.head_revision().await, first.revision);
    let judged = ApplyRequest { validate_only: true, request_id: String::new(), ..request("Two") };
    let judged = clients.apply_request(judged).await.unwrap();
    assert_eq!((judged.revision, judged.results[0].revision), (0, 0));
    assert_eq!(clients.head_revision().await, first.revision);
}

async fn a_part_that_is_not_there_makes_no_message(server: &TestServer) {
    let period = |start: &str, end: &str| {
        Some(Period { start: start.to_owned(), end: end.to_owned(), ..Period::default() })
    };
    let dated = Engagement { period: period("2021", ""), ..engagement("Dated") };
    let made = [("visit", engagement("Visit")), ("dated", dated)];
    let made = made.map(|(id, one)| create(id, Any::Engagement(one)));
    server.clients.apply(made.into()).await.unwrap();
    let before = server.clients.head_revision().await;
    for (id, sent, paths) in [
        ("visit", period("2020", ""), &["period.end"][..]),
        ("visit", period("", ""), &["period.end"]),
        ("visit", None, &["period.end", "period.start"]),
        ("visit", period("", ""), &[]),
        ("dated", period("", ""), &[]),
        ("dated", period("2020", ""), &["period.end"]),
    ] {
        let name = format!("engagements/{id}");
        let sent = Engagement { name, period: sent, ..Engagement::default() };
        server.clients.apply(vec![update(Any::Engagement(sent), paths)]).await.unwrap();
    }
    assert_eq!(server.clients.head_revision().await, before, "nothing is another");
    // What has lost its last part is gone, so nothing is left to be removed.
    for (paths, commits) in [(&["period.start"], 1), (&["period"], 1)] {
        let name = "engagements/dated".to_owned();
        let sent = Engagement { name, ..Engagement::default() };
        server.clients.apply(vec![update(Any::Engagement(sent), paths)]).await.unwrap();
        assert_eq!(server.clients.head_revision().await, before + commits, "{paths:?}");
    }
}
