//! Pages of what matches a filter, and what clients are told of a filter that is
//! wrong, or too long, or speaks in codes.

use std::collections::BTreeSet;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{Agreement, Country};
use tonic::Code;

use crate::filters::{assert_ids, matching, refused};
use crate::on_both;
use crate::standard::{Client, ListRequest};
use crate::support::TestServer;
use crate::support::samples::{agreement, country, create, delete};

on_both!(pages_of_what_matches, wrong_filters, codes_and_names, filters_as_long_as_they_may_be);

async fn pages_of_what_matches(server: &TestServer) {
    let mut made = Vec::new();
    for index in 0..25 {
        let countries = if index % 2 == 0 { ["KHM", "RUS"] } else { ["KHM", "VNM"] };
        let one = agreement(&format!("Title {}", index % 7), &countries);
        made.push(create(&format!("one{index:02}"), Any::Agreement(one)));
    }
    server.clients.apply(made).await.unwrap();
    let client = Client::<Agreement>::new(&server.clients);
    let filter = "parties.country = RUS AND (title >= \"Title 2\" OR name:one00)";
    for order_by in ["", "name desc", "create_time", "title", "title desc,name"] {
        let request = |page_token: String| ListRequest {
            page_size: 4,
            page_token,
            order_by: order_by.to_owned(),
            include_total_size: true,
            filter: filter.to_owned(),
            ..ListRequest::default()
        };
        let mut listed = Vec::new();
        let mut token = String::new();
        loop {
            let page = client.list(request(token)).await.unwrap();
            assert_eq!(page.total_size, Some(10), "{order_by}");
            listed.extend(page.resources.iter().map(|one| one.name.clone()));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        let set: BTreeSet<_> = listed.iter().collect();
        assert_eq!((listed.len(), set.len()), (10, 10), "{order_by}: {listed:?}");
    }
    let request = |filter: &str, page_token: String| ListRequest {
        page_size: 4,
        page_token,
        filter: filter.to_owned(),
        ..ListRequest::default()
    };
    let token = client.list(request(filter, String::new())).await.unwrap().next_page_token;
    let spaced = filter.replace(" = ", "  =  ");
    client.list(request(&spaced, token.clone())).await.unwrap();
    for other in ["", "parties.country = RUS"] {
        let refusal = client.list(request(other, token.clone())).await.unwrap_err();
        refusal.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["page_token"]);
    }
    let none =
        ListRequest { include_total_size: true, ..request("title = \"Nothing\"", String::new()) };
    let page = client.list(none).await.unwrap();
    assert_eq!((page.resources.len(), page.total_size), (0, Some(0)));
}

async fn wrong_filters(server: &TestServer) {
    let long = format!("title = \"{}\"", "x".repeat(2_048));
    let deep = format!("{}title = x{}", "(".repeat(17), ")".repeat(17));
    for (filter, at, said) in [
        (long.as_str(), 2_049, "2048 characters"),
        (&deep, 17, "16 deep"),
        (
            "partes = x",
            1,
            "only by name, uid, external_ids, labels, citations, warnings, revision, create_time",
        ),
        (
            "title = x AND parties = KHM",
            15,
            "one of them must be named: country, organization, role",
        ),
        ("parties.contry = KHM", 1, "parties has country, organization, role"),
        ("title.text = x", 1, "cannot be filtered by title.text"),
        ("status = VALID", 10, "status must be one of UNDER_NEGOTIATION, INITIALLED"),
        ("form = TREATIES", 8, "form must be one of TREATY, CONVENTION"),
        ("form > TREATY", 8, "no order"),
        ("form = UNSPECIFIED", 8, "NOT form:*"),
        ("title = \"\"", 9, "NOT title:*"),
        ("actions.date < soon", 16, "actions.date must be an EDTF date"),
        ("actions.date < 2021?", 16, "without `?`"),
        ("actions.date = XXXX-12-15", 16, "one span of days"),
        ("create_time > today", 15, "2026-11-24T12:30:00Z"),
        ("revision = 1.5", 12, "whole number"),
        ("uid = 5", 7, "UUID"),
        ("parties.country = \"officials/x\"", 19, "countries/{id}"),
        ("parties.country = \"countries/XQZ\"", 19, "there is no countries/XQZ"),
        ("name = \"agreements/nothing\"", 8, "there is no agreements/nothing"),
        ("under(areas, nothing)", 14, "there is no cooperationAreas/nothing"),
        (
            "under(title, x)",
            7,
            "under() can be asked of name, parties.country, parties.organization, areas",
        ),
        ("status_on(\"2016-06\") = IN_FORCE", 11, "status_on must be a day, such as 2021-12-15"),
        ("status_on(\"2016-02-30\") = IN_FORCE", 11, "day is out of range"),
        ("status_on(soon) = IN_FORCE", 11, "status_on must be a day"),
        ("status_on(\"\") = IN_FORCE", 11, "status_on must be a day"),
        ("status_on() = IN_FORCE", 11, "a day must stand here"),
        ("status_on(\"2016-06-01) = IN_FORCE", 11, "the quote that opens here is not closed"),
        ("status_on(\"2016-06-01\")", 24, "one of = and != and a value must stand here"),
        ("status_on(\"2016-06-01\") = VALID", 27, "status_on must be one of UNDER_NEGOTIATION"),
        ("status_on(\"2016-06-01\") > SIGNED", 27, "status_on has no order"),
        ("status_on(\"2016-06-01\"):*", 25, "status_on must be one of UNDER_NEGOTIATION"),
        (
            "form_on(\"2016-06-01\") = TREATY",
            1,
            "Agreement has no form_on(day), only status_on(day)",
        ),
        ("near(\"2016-06-01\") = TREATY", 1, "there is no function near"),
        ("status_on = IN_FORCE", 1, "cannot be filtered by status_on"),
        ("labels = x", 10, "labels.KEY"),
        ("treaty", 1, "words alone"),
        ("title = x AND form = TREATY OR place = y", 29, "parentheses"),
        ("(title = x", 1, "not closed"),
    ] {
        let refusal = refused::<Agreement>(server, filter).await;
        refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
        let told = &refusal.descriptions[0];
        assert!(told.starts_with(&format!("at character {at}: ")), "{filter}: {told}");
        assert!(told.contains(said), "{filter}: {told}");
    }
    let refusal = refused::<Country>(server, "status_on(\"2016-06-01\") = IN_FORCE").await;
    refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
    let told = &refusal.descriptions[0];
    assert!(told.contains("Country has nothing that can be asked for on a day"), "{told}");
    let refusal = refused::<Agreement>(server, "a = 1 OR form = x OR title = y").await;
    refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter", "filter"]);
}

async fn codes_and_names(server: &TestServer) {
    let pact = create("pact", Any::Agreement(agreement("Pact", &["FRA", "RUS"])));
    server.clients.apply(vec![pact]).await.unwrap();
    for code in ["fr", "FR", "fra", "\"countries/FR\"", "countries/fra", "'countries/FRA'"] {
        let filter = format!("parties.country = {code}");
        assert_ids(&matching::<Agreement>(server, &filter).await, &["pact"], &filter);
    }
    let two = |id: &str| {
        let one = Country { alpha2: "QX".to_owned(), ..country(id) };
        create(id, Any::Country(one))
    };
    server.clients.apply(vec![two("QXA"), two("QXB")]).await.unwrap();
    let refusal = refused::<Agreement>(server, "parties.country = qx").await;
    refusal.is(Code::InvalidArgument, "FILTER_INVALID", &["filter"]);
    let told = &refusal.descriptions[0];
    assert!(told.contains("may mean countries/QXA or countries/QXB"), "{told}");
    server.clients.apply(vec![delete("agreements/pact")]).await.unwrap();
    assert_ids(&matching::<Agreement>(server, "parties.country = fr").await, &[], "gone");
}

/// The longest filters are answered too, whatever they are made of.
async fn filters_as_long_as_they_may_be(server: &TestServer) {
    let pact = agreement("Pact", &["KHM", "RUS"]);
    server.clients.apply(vec![create("pact", Any::Agreement(pact))]).await.unwrap();
    for (part, all, any) in [
        ("areas:*", false, false),
        ("-areas:*", true, true),
        ("parties.role=PARTY", true, true),
        ("parties.country=KHM", true, true),
        ("-parties.country=KHM", false, false),
        ("under(areas,trade)", false, false),
        ("title:a", true, true),
        ("possibly(actions.date<2021)", false, false),
        ("links.kind!=AMENDS", false, false),
        ("status_on(2016-06-01)=IN_FORCE", false, false),
        ("status_on(2016-06-01)=UNKNOWN", true, true),
    ] {
        for (between, expected) in [(" AND ", all), (" OR ", any)] {
            let most = 2_048 / (part.len() + between.len());
            let filter = vec![part; most].join(between);
            let found = matching::<Agreement>(server, &filter).await;
            assert_eq!(!found.is_empty(), expected, "{part}{between}...");
        }
    }
}
