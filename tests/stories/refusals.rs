//! What cannot be is refused, and exactly where it stands.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, Citation, Claim, Engagement, EngagementStatus, EngagementTopic, Honour, Membership,
    Official, Organization, Participant, Period, Source, Statement, StatementSpeaker, Tenure,
    agreement_party::Party, statement_speaker::Person,
};
use tonic::Code;

use crate::calendar::comes;
use crate::on_both;
use crate::standard::{Client, Sample, Shared, delete, update, with};
use crate::support::samples::{
    self, agreement, area, country, create, engagement, official, organization, party, source,
    statement,
};
use crate::support::{Clients, Refusal, TestServer};

on_both!(
    what_is_over_has_begun,
    no_body_or_engagement_is_part_of_itself,
    polities_are_countries_or_organizations,
    citations_support_fields,
    nothing_can_be_spoken_of,
    what_is_malformed_or_ends_before_it_starts,
    what_is_cited_or_takes_part_stays,
);

fn period(start: &str, end: &str) -> Option<Period> {
    Some(Period { start: start.to_owned(), end: end.to_owned(), ..Period::default() })
}

async fn refused<T: Sample>(server: &TestServer, resource: T) -> Refusal {
    let before = server.clients.head_revision().await;
    let refusal = Client::<T>::new(&server.clients).create("refused", resource).await.unwrap_err();
    assert_eq!(server.clients.head_revision().await, before, "nothing is written");
    refusal
}

async fn what_is_over_has_begun(server: &TestServer) {
    comes(server, "2030-01-01").await;
    let held = |status: EngagementStatus, start: &str| {
        let status = status.into();
        Engagement { status, period: period(start, ""), ..engagement("Meeting") }
    };
    let client = Client::<Engagement>::new(&server.clients);
    for start in ["2030-01-02", "2031", "2030-02?"] {
        let refusal = refused(server, held(EngagementStatus::Completed, start)).await;
        refusal.is_invalid(&["engagement.period.start"]);
        client.create("", held(EngagementStatus::Planned, start)).await.unwrap();
    }
    for start in ["2030-01-01", "2030", "XXXX-12-15", ""] {
        client.create("", held(EngagementStatus::Completed, start)).await.unwrap();
    }
}

async fn no_body_or_engagement_is_part_of_itself(server: &TestServer) {
    let clients = &server.clients;
    let body = |id: &str, parent: &str| {
        let parent = format!("organizations/{parent}");
        let name = format!("organizations/{id}");
        Any::Organization(Organization { name, parent, ..organization(id) })
    };
    let event = |id: &str, parent: &str| {
        let name = format!("engagements/{id}");
        Any::Engagement(Engagement {
            name,
            parent: format!("engagements/{parent}"),
            ..engagement("Meeting")
        })
    };
    let circle = ["a", "b", "c"].iter().zip(["b", "c", "a"]);
    let circle: Vec<_> =
        circle.flat_map(|(id, up)| [create(id, body(id, up)), create(id, event(id, up))]).collect();
    let refusal = clients.apply(circle).await.unwrap_err();
    let expected = (0..6).map(|index| {
        let field = ["organization", "engagement"][index % 2];
        format!("mutations[{index}].create.resource.{field}.parent")
    });
    assert_eq!(refusal.fields, expected.collect::<Vec<_>>());

    clients
        .apply(vec![
            create("a", Any::Organization(organization("a"))),
            create("b", body("b", "a")),
            create("c", body("c", "b")),
            create("a", Any::Engagement(engagement("a"))),
            create("b", event("b", "a")),
            create("c", event("c", "b")),
        ])
        .await
        .unwrap();
    for up in ["a", "b", "c"] {
        let closing = vec![
            samples::update(body("a", up), &["parent"]),
            samples::update(event("a", up), &["parent"]),
        ];
        let refusal = clients.apply(closing).await.unwrap_err();
        refusal.is_invalid(&[
            "mutations[0].update.resource.organization.parent",
            "mutations[1].update.resource.engagement.parent",
        ]);
    }
}

async fn polities_are_countries_or_organizations(server: &TestServer) {
    let clients = &server.clients;
    let somebody = create("somebody", Any::Official(official("Somebody")));
    let asean = create("asean", Any::Organization(organization("ASEAN")));
    clients.apply(vec![somebody, asean]).await.unwrap();
    let accredited = |to: &str| Organization {
        accredited_to: vec!["countries/KHM".to_owned(), to.to_owned()],
        ..organization("Embassy")
    };
    let shared_by = |name: &str| {
        let (text, shared_by) = ("Topic".to_owned(), name.to_owned());
        let topics = vec![EngagementTopic { text, shared_by, ..EngagementTopic::default() }];
        Engagement { topics, ..engagement("Meeting") }
    };
    let granted_by = |name: &str| {
        let (title, grantor) = ("Order".to_owned(), name.to_owned());
        let honours = vec![Honour { title, grantor, ..Honour::default() }];
        Engagement { honours, ..engagement("Award") }
    };
    let good_for = |name: &str| {
        let (text, beneficiaries) = ("Claim".to_owned(), vec![name.to_owned()]);
        let claims = vec![Claim { text, beneficiaries, ..Claim::default() }];
        Statement { claims, ..statement("Said") }
    };
    for other in ["officials/somebody", "cooperationAreas/security"] {
        let refusal = refused(server, accredited(other)).await;
        refusal.is_invalid(&["organization.accredited_to[1]"]);
        let refusal = refused(server, shared_by(other)).await;
        refusal.is_invalid(&["engagement.topics[0].shared_by"]);
        let refusal = refused(server, granted_by(other)).await;
        refusal.is_invalid(&["engagement.honours[0].grantor"]);
        let refusal = refused(server, good_for(other)).await;
        refusal.is_invalid(&["statement.claims[0].beneficiaries[0]"]);
    }
    for polity in ["countries/ru", "organizations/asean"] {
        let all = vec![
            create("", Any::Organization(accredited(polity))),
            create("", Any::Engagement(shared_by(polity))),
            create("", Any::Engagement(granted_by(polity))),
            create("", Any::Statement(good_for(polity))),
        ];
        clients.apply(all).await.unwrap();
    }
}

fn supporting(paths: &[&str]) -> Vec<Citation> {
    let supports = paths.iter().map(|path| (*path).to_owned()).collect();
    vec![Citation { source: "sources/post".to_owned(), supports, ..Citation::default() }]
}

async fn citations_support_fields(server: &TestServer) {
    let clients = &server.clients;
    clients.apply(vec![create("post", Any::Source(source("Post")))]).await.unwrap();
    let pact = |paths: &[&str]| Agreement {
        citations: supporting(paths),
        ..agreement("Pact", &["KHM", "RUS"])
    };
    let right = ["title", "parties", "parties[0]", "parties.country", "actions[12].date", "labels"];
    Client::new(clients).create("pact", pact(&right)).await.unwrap();
    let wrong = ["title", "nonsense", "title.x", "title[0]", "parties[x]", "parties.", "level", ""];
    let refusal = refused(server, pact(&wrong)).await;
    let expected: Vec<_> =
        (1..8).map(|index| format!("agreement.citations[0].supports[{index}]")).collect();
    let mut fields = refusal.fields.clone();
    fields.sort();
    fields.dedup();
    assert_eq!((refusal.code, fields), (Code::InvalidArgument, expected));

    let changed = Shared { name: "agreements/pact".to_owned(), ..Shared::default() };
    let changed =
        with(Agreement { citations: supporting(&["x"]), ..Agreement::default() }, changed);
    let refusal =
        Client::<Agreement>::new(clients).update(update(&changed, &[])).await.unwrap_err();
    refusal.is_invalid(&["agreement.citations[0].supports[0]"]);
}

async fn nothing_can_be_spoken_of(server: &TestServer) {
    let clients = &server.clients;
    let about = |names: &[&str]| Statement {
        about: names.iter().map(|name| (*name).to_owned()).collect(),
        ..statement("Said")
    };
    let missing = [
        "countries/XYZ",
        "agreements/none",
        "cooperationAreas/none",
        "officials/none",
        "organizations/none",
        "engagements/none",
        "bilateralRelations/KHM-RUS",
        "statements/none",
        "sources/none",
        "nonsense/none",
        "none",
    ];
    let refusal = refused(server, about(&missing)).await;
    let fields: Vec<_> =
        (0..missing.len()).map(|index| format!("statement.about[{index}]")).collect();
    assert_eq!((refusal.code, refusal.fields), (Code::InvalidArgument, fields));

    let citing = |citation| Source { citations: vec![citation], ..source("Post") };
    let refusal = refused(server, citing(Citation::default())).await;
    refusal.is_invalid(&["source.citations[0].source"]);
    let unknown = Citation {
        source: "sources/none".to_owned(),
        attributed_to: "officials/none".to_owned(),
        ..Citation::default()
    };
    let refusal = refused(server, citing(unknown)).await;
    refusal.is_invalid(&["source.citations[0].source", "source.citations[0].attributed_to"]);

    clients.apply(vec![create("fact", Any::Agreement(agreement("Fact", &["KHM"])))]).await.unwrap();
    let speechless = Citation {
        source: "sources/press".to_owned(),
        attributed_to: "agreements/fact".to_owned(),
        ..Citation::default()
    };
    clients.apply(vec![create("press", Any::Source(source("Press")))]).await.unwrap();
    let refusal = refused(server, citing(speechless)).await;
    refusal.is_invalid(&["source.citations[0].attributed_to"]);

    // What the same request creates is there, in whatever order.
    let names = ["countries/ru", "bilateralRelations/ru-kh", "sources/post", "statements/said"];
    let said = Statement { citations: supporting(&[]), ..about(&names) };
    let all = vec![
        create("said", Any::Statement(said)),
        create("post", Any::Source(source("Post"))),
        create("kh-ru", Any::BilateralRelation(samples::relation("Declared"))),
    ];
    clients.apply(all).await.unwrap();
    let said = Client::<Statement>::new(clients).get("statements/said").await.unwrap();
    let canonical =
        ["countries/RUS", "bilateralRelations/KHM-RUS", "sources/post", "statements/said"];
    assert_eq!(said.about, canonical);
}

async fn what_is_malformed_or_ends_before_it_starts(server: &TestServer) {
    let article = Source {
        published_on: "2021-13".to_owned(),
        uri: "not a uri".to_owned(),
        archive_uri: "http://".to_owned() + "a b",
        language: "e".to_owned(),
        kind: 99,
        reliability: -1,
        ..source("Article")
    };
    refused(server, article).await.is_invalid(&[
        "source.kind",
        "source.uri",
        "source.archive_uri",
        "source.language",
        "source.reliability",
        "source.published_on",
    ]);
    let member = Membership {
        country: "countries/KHM".to_owned(),
        period: period("2000", "1999-12-31"),
        ..Membership::default()
    };
    let existence = period("2021-05", "2021-04");
    let bloc = Organization { existence, members: vec![member], ..organization("Bloc") };
    let fields = ["organization.existence.end", "organization.members[0].period.end"];
    refused(server, bloc).await.is_invalid(&fields);
    let visit = Engagement { period: period("2021-12-15", "2021-12-14"), ..engagement("Visit") };
    refused(server, visit).await.is_invalid(&["engagement.period.end"]);
    let may = Engagement { period: period("2021-12-15", "2021-12"), ..engagement("Visit") };
    Client::new(&server.clients).create("may", may).await.unwrap();
    let unsaid = Statement { kind: 0, issued_on: "2021-02-30".to_owned(), ..statement(" ") };
    let fields = ["statement.kind", "statement.text", "statement.issued_on"];
    refused(server, unsaid).await.is_invalid(&fields);
}

/// Asserts that `name` cannot be deleted while the others are there.
async fn stays(clients: &Clients, name: &str, referrers: &[&str]) {
    let refusal = clients.apply(vec![samples::delete(name)]).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "REFERENCED", &["mutations[0].delete.name"]);
    assert_eq!(refusal.resource, name);
    for referrer in referrers {
        assert!(refusal.message.contains(referrer), "{name}: {}", refusal.message);
    }
}

async fn what_is_cited_or_takes_part_stays(server: &TestServer) {
    let clients = &server.clients;
    let body = || "organizations/asean".to_owned();
    let person = || "officials/somebody".to_owned();
    let mut pact = agreement("Pact", &["UTO"]);
    pact.parties.push(entente::proto::v1::AgreementParty {
        party: Some(Party::Organization(body())),
        ..party("UTO")
    });
    let tenure = Tenure { title: "Envoy".to_owned(), organization: body(), ..Tenure::default() };
    let visit = Engagement {
        participants: vec![Participant { official: person(), ..Participant::default() }],
        outcomes: vec!["agreements/pact".to_owned()],
        areas: vec!["cooperationAreas/new-area".to_owned()],
        ..engagement("Visit")
    };
    let speaker = StatementSpeaker {
        person: Some(Person::Official(person())),
        ..StatementSpeaker::default()
    };
    let said = Statement {
        speaker: Some(speaker),
        about: ["engagements/visit", "agreements/pact", "bilateralRelations/KHM-RUS"]
            .map(str::to_owned)
            .into(),
        citations: supporting(&["text"]),
        ..statement("Said")
    };
    let quoting = Source { quotes: vec!["sources/post".to_owned()], ..source("Article") };
    let part = Organization { parent: body(), ..organization("Part") };
    let all = vec![
        create("uto", Any::Country(country("Utopia"))),
        create("post", Any::Source(source("Post"))),
        create("article", Any::Source(quoting)),
        create("new-area", Any::CooperationArea(area("New"))),
        create("asean", Any::Organization(organization("ASEAN"))),
        create("part", Any::Organization(part)),
        create("somebody", Any::Official(Official { tenures: vec![tenure], ..official("Envoy") })),
        create("pact", Any::Agreement(pact)),
        create("visit", Any::Engagement(visit)),
        create("KHM-RUS", Any::BilateralRelation(samples::relation("Declared"))),
        create("said", Any::Statement(said)),
    ];
    clients.apply(all).await.unwrap();
    stays(clients, "sources/post", &["sources/article", "statements/said"]).await;
    let bodies = ["agreements/pact", "officials/somebody", "organizations/part"];
    stays(clients, "organizations/asean", &bodies).await;
    stays(clients, "officials/somebody", &["engagements/visit", "statements/said"]).await;
    stays(clients, "agreements/pact", &["engagements/visit", "statements/said"]).await;
    stays(clients, "engagements/visit", &["statements/said"]).await;
    stays(clients, "cooperationAreas/new-area", &["engagements/visit"]).await;
    stays(clients, "bilateralRelations/KHM-RUS", &["statements/said"]).await;
    stays(clients, "countries/KHM", &["bilateralRelations/KHM-RUS"]).await;
    let refusal = Client::<Source>::new(clients).delete(delete("sources/post")).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "REFERENCED", &["name"]);

    // Together with all that refer to it, each may go.
    let names = [
        "sources/post",
        "sources/article",
        "statements/said",
        "organizations/asean",
        "organizations/part",
        "officials/somebody",
        "engagements/visit",
        "agreements/pact",
        "bilateralRelations/KHM-RUS",
    ];
    clients.apply(names.map(samples::delete).into()).await.unwrap();
}
