//! Lists of what matches a filter: the questions that users ask, and what they are
//! told of a filter that is wrong.

use std::collections::BTreeSet;

use entente::filter::field::{Filterable, Only, SHARED, Values, filterable};
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementCommitment, AgreementForm, AgreementLink, AgreementLinkKind,
    AgreementTerm, CooperationArea, Country, LegalForce, Official, Period, PeriodEndKind, Tenure,
    TenureRank,
};
use entente::resources::REGISTRY;
use tonic::Code;

use crate::conformance::name_of;
use crate::on_both;
use crate::standard::{Client, ListRequest, Sample, create as create_request, shared};
use crate::support::samples::{action, agreement, area, country, create, delete, official, party};
use crate::support::{Database, Refusal, TestServer};

on_both!(
    agreements_of_a_pair,
    areas_and_what_is_below,
    dates_known_in_part,
    posts_and_persons,
    nothing_is_not_something_else,
    pages_of_what_matches,
    wrong_filters,
    codes_and_names,
    every_field_can_be_asked_for,
    filters_as_long_as_they_may_be,
);

/// The ids of all that match `filter`, sorted.
pub async fn matching<T: Sample>(server: &TestServer, filter: &str) -> Vec<String> {
    let request =
        ListRequest { filter: filter.to_owned(), page_size: 1_000, ..ListRequest::default() };
    let page = Client::<T>::new(&server.clients).list(request).await;
    let page = page.unwrap_or_else(|refusal| panic!("{filter}: {refusal:?}"));
    assert_eq!(page.next_page_token, "");
    let names = page.resources.iter().map(|one| shared(one).name);
    names.map(|name| name.split_once('/').unwrap().1.to_owned()).collect()
}

/// How `filter` is refused.
async fn refused<T: Sample>(server: &TestServer, filter: &str) -> Refusal {
    let request = ListRequest { filter: filter.to_owned(), ..ListRequest::default() };
    Client::<T>::new(&server.clients).list(request).await.expect_err(filter)
}

#[track_caller]
fn assert_ids(found: &[String], expected: &[&str], filter: &str) {
    assert_eq!(found, expected, "{filter}");
}

async fn asks<T: Sample>(server: &TestServer, questions: &[(&str, &[&str])]) {
    for (filter, expected) in questions {
        assert_ids(&matching::<T>(server, filter).await, expected, filter);
    }
}

async fn agreements_of_a_pair(server: &TestServer) {
    let pledge = Agreement {
        form: AgreementForm::PoliticalCommitment.into(),
        legal_force: LegalForce::NonBinding.into(),
        ..agreement("Pledge", &["KHM", "RUS"])
    };
    let observed = |title: &str| {
        let mut observer = party("RUS");
        observer.role = entente::proto::v1::PartyRole::Observer.into();
        let mut one = agreement(title, &["KHM", "VNM"]);
        one.parties.push(observer);
        one
    };
    let supplements = AgreementLink {
        kind: AgreementLinkKind::Supplements.into(),
        agreement: "agreements/pledge".to_owned(),
    };
    let later = Agreement { links: vec![supplements], ..agreement("Later", &["RUS", "VNM"]) };
    let made = vec![
        create("pledge", Any::Agreement(pledge)),
        create("treaty", Any::Agreement(agreement("Treaty", &["RUS", "KHM"]))),
        create("observed", Any::Agreement(observed("Observed"))),
        create("later", Any::Agreement(later)),
    ];
    server.clients.apply(made).await.unwrap();
    let pair = "parties.country = \"countries/KHM\" AND parties.country = \"countries/RUS\"";
    asks::<Agreement>(
        server,
        &[
            (pair, &["observed", "pledge", "treaty"]),
            (&format!("{pair} AND form = TREATY"), &["observed", "treaty"]),
            (&format!("{pair} AND form = AGREEMENT_FORM_POLITICAL_COMMITMENT"), &["pledge"]),
            (&format!("{pair} AND NOT parties.country = VNM"), &["pledge", "treaty"]),
            (&format!("{pair} AND -parties.role = OBSERVER"), &["pledge", "treaty"]),
            (
                "parties.country = kh OR parties.country = vn",
                &["later", "observed", "pledge", "treaty"],
            ),
            ("links.agreement = pledge", &["later"]),
            ("links.agreement : pledge AND links.kind = AMENDS", &[]),
            ("legal_force = NON_BINDING OR title = \"Later\"", &["later", "pledge"]),
            // Each condition may be met by another element.
            ("parties.country = KHM AND parties.role = OBSERVER", &["observed"]),
            ("parties.country != KHM AND parties.country = KHM", &["observed", "pledge", "treaty"]),
        ],
    )
    .await;
}

async fn areas_and_what_is_below(server: &TestServer) {
    let child = CooperationArea {
        broader: "cooperationAreas/counter-terrorism".to_owned(),
        ..area("Child")
    };
    let on = |title: &str, areas: &[&str], parts: &[&str]| {
        let name = |id: &&str| format!("cooperationAreas/{id}");
        let commitment = AgreementCommitment {
            text: "They will".to_owned(),
            areas: parts.iter().map(name).collect(),
        };
        Agreement {
            areas: areas.iter().map(name).collect(),
            commitments: vec![commitment],
            ..agreement(title, &["KHM", "RUS"])
        }
    };
    let made = vec![
        create("child", Any::CooperationArea(child)),
        create("deep", Any::Agreement(on("Deep", &["child"], &[]))),
        create("there", Any::Agreement(on("There", &["counter-terrorism"], &[]))),
        create("part", Any::Agreement(on("Part", &[], &["child"]))),
        create("none", Any::Agreement(agreement("None", &["KHM", "RUS"]))),
    ];
    server.clients.apply(made).await.unwrap();
    asks::<Agreement>(
        server,
        &[
            ("areas = counter-terrorism", &["there"]),
            ("under(areas, \"cooperationAreas/counter-terrorism\")", &["deep", "there"]),
            ("under(areas, cooperationAreas/child)", &["deep"]),
            ("under(commitments.areas, counter-terrorism)", &["part"]),
            (
                "under(areas, security) OR under(commitments.areas, security)",
                &["deep", "part", "there"],
            ),
            ("NOT under(areas, security)", &["none", "part"]),
            ("areas:* AND parties.country = KHM", &["deep", "there"]),
        ],
    )
    .await;
    let below = matching::<CooperationArea>(server, "under(name, counter-terrorism)").await;
    assert_ids(&below, &["child", "counter-terrorism", "terrorist-financing"], "a tree itself");
    let direct = matching::<CooperationArea>(server, "broader = counter-terrorism").await;
    assert_ids(&direct, &["child", "terrorist-financing"], "one step");
}

async fn dates_known_in_part(server: &TestServer) {
    for (id, date) in [
        ("day", "2021-05-03"),
        ("month", "2021-05"),
        ("year", "2021"),
        ("decade", "202X"),
        ("yearless", "XXXX-12-15"),
    ] {
        let actions = vec![action(ActionKind::Signature, date)];
        let one = Agreement { actions, ..agreement(id, &["KHM", "RUS"]) };
        server.clients.apply(vec![create(id, Any::Agreement(one))]).await.unwrap();
    }
    let undated = Agreement {
        actions: vec![action(ActionKind::Signature, "")],
        ..agreement("undated", &["KHM", "RUS"])
    };
    server.clients.apply(vec![create("undated", Any::Agreement(undated))]).await.unwrap();
    let expiring = |date: &str| Agreement {
        term: Some(AgreementTerm { expires_on: date.to_owned(), ..AgreementTerm::default() }),
        ..agreement("expiring", &["KHM", "RUS"])
    };
    let soon = create("soon", Any::Agreement(expiring("2026-12-31")));
    let late = create("late", Any::Agreement(expiring("2030")));
    server.clients.apply(vec![soon, late]).await.unwrap();
    asks::<Agreement>(
        server,
        &[
            ("actions.date = 2021", &["day", "month", "year"]),
            ("actions.date = 2021-05", &["day", "month"]),
            ("actions.date = 2021-05-03", &["day"]),
            (
                "possibly(actions.date = 2021-05-03)",
                &["day", "decade", "month", "year", "yearless"],
            ),
            ("actions.date >= 2021", &["day", "month", "year"]),
            ("actions.date > 2020", &["day", "month", "year"]),
            ("actions.date < 2022", &["day", "month", "year"]),
            ("actions.date <= 2021-05", &["day", "month"]),
            ("possibly(actions.date < 2021-05-03)", &["decade", "month", "year", "yearless"]),
            ("actions.date < 2030", &["day", "decade", "month", "year"]),
            // What certainly is not so, as against what is not certainly so.
            ("actions.kind = SIGNATURE AND NOT actions.date = 2021-05-03", &["undated"]),
            (
                "actions.kind = SIGNATURE AND possibly(NOT actions.date = 2021-05-03)",
                &["decade", "month", "undated", "year", "yearless"],
            ),
            (
                "actions.date : * AND -possibly(actions.date <= 2019)",
                &["day", "decade", "month", "year"],
            ),
            ("NOT actions.date:*", &["late", "soon", "undated"]),
            ("term.expires_on >= 2026-11-24 AND term.expires_on <= 2027-11-24", &["soon"]),
            ("term.expires_on > 2026", &["late"]),
            ("term.expires_on : * AND term.expires_on != 2026", &["late"]),
        ],
    )
    .await;
}

async fn posts_and_persons(server: &TestServer) {
    let holder = |name: &str, country: &str, rank: TenureRank, period: Period| {
        let country = format!("countries/{country}");
        let tenure = Tenure {
            title: format!("Minister {name}"),
            country,
            rank: rank.into(),
            period: Some(period),
            ..Tenure::default()
        };
        Any::Official(Official { tenures: vec![tenure], ..official(name) })
    };
    let period = |start: &str, end: &str, kind: PeriodEndKind| Period {
        start: start.to_owned(),
        end: end.to_owned(),
        end_kind: kind.into(),
    };
    let past = period("2010", "2014-06", PeriodEndKind::Dated);
    let gone = period("2015", "", PeriodEndKind::EndedDateUnknown);
    let now = period("2018-02", "", PeriodEndKind::Open);
    let made = vec![
        create("past", holder("Past", "KHM", TenureRank::ForeignMinister, past)),
        create("gone", holder("Gone", "KHM", TenureRank::ForeignMinister, gone)),
        create("now", holder("Now", "KHM", TenureRank::ForeignMinister, now)),
    ];
    server.clients.apply(made).await.unwrap();
    let post = "tenures.country = KHM AND tenures.rank = FOREIGN_MINISTER";
    asks::<Official>(
        server,
        &[
            (post, &["gone", "now", "past"]),
            (&format!("{post} AND tenures.period.end_kind = OPEN"), &["now"]),
            // Who held it on a day: began before, and has not ended before.
            (
                &format!(
                    "{post} AND tenures.period.start <= 2012-06-01 AND \
                     (tenures.period.end >= 2012-06-01 OR tenures.period.end_kind = OPEN)"
                ),
                &["past"],
            ),
            ("tenures.title:mINISTER AND display_name = \"Now\"", &["now"]),
        ],
    )
    .await;
    asks::<Country>(
        server,
        &[
            ("alpha2 = KH", &["KHM"]),
            ("sovereign = FIN", &["ALA"]),
            ("sovereign:* AND name = FIN", &[]),
            ("kind = FORMER_STATE AND display_name:\"soviet\"", &["SUN"]),
        ],
    )
    .await;
}

async fn nothing_is_not_something_else(server: &TestServer) {
    let bound = Agreement {
        legal_force: LegalForce::Binding.into(),
        place: "Minsk".to_owned(),
        ..agreement("Bound", &["KHM", "RUS"])
    };
    let made = vec![
        create("bound", Any::Agreement(bound)),
        create("unsaid", Any::Agreement(agreement("Unsaid", &["KHM", "RUS"]))),
    ];
    server.clients.apply(made).await.unwrap();
    asks::<Agreement>(
        server,
        &[
            ("legal_force != BINDING", &["unsaid"]),
            ("NOT legal_force = BINDING", &["unsaid"]),
            ("legal_force:*", &["bound"]),
            ("-legal_force:*", &["unsaid"]),
            ("place != \"Minsk\"", &["unsaid"]),
            ("place < \"Z\"", &["bound"]),
            ("term.expires_on != 2021", &["bound", "unsaid"]),
            ("NOT possibly(term.expires_on > 2021)", &["bound", "unsaid"]),
            // No action differs where there is none.
            ("actions.kind != SIGNATURE", &[]),
        ],
    )
    .await;
}

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
        ("partes = x", 1, "only by name, uid, external_ids, labels, revision, create_time"),
        ("title = x AND parties = KHM", 15, "one of them must be named: country, role"),
        ("parties.contry = KHM", 1, "parties has country, role"),
        ("title.text = x", 1, "cannot be filtered by title.text"),
        ("status = IN_FORCE", 1, "cannot be filtered by status"),
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
        ("under(title, x)", 7, "under() can be asked of name, parties.country, areas"),
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
    ] {
        for (between, expected) in [(" AND ", all), (" OR ", any)] {
            let most = 2_048 / (part.len() + between.len());
            let filter = vec![part; most].join(between);
            let found = matching::<Agreement>(server, &filter).await;
            assert_eq!(!found.is_empty(), expected, "{part}{between}...");
        }
    }
}

/// Whatever is declared is in the contract and in the database.
async fn every_field_can_be_asked_for(server: &TestServer) {
    async fn of<T: Sample>(server: &TestServer) {
        let sample = create_request("sample1", &T::sample("Sample"));
        Client::<T>::new(&server.clients).create_request(sample).await.unwrap();
        let kind = REGISTRY.by_type(T::TYPE).unwrap();
        for field in filterable(kind) {
            let present = matching::<T>(server, &format!("{}:*", field.path)).await;
            let absent = matching::<T>(server, &format!("NOT {}:*", field.path)).await;
            let all = matching::<T>(server, "").await;
            assert_eq!(present.len() + absent.len(), all.len(), "{}", field.path);
        }
        let one = matching::<T>(server, "name = sample1").await;
        assert_eq!(format!("{}/{}", T::COLLECTION, one[0]), name_of::<T>("sample1"));
    }
    of::<Agreement>(server).await;
    of::<CooperationArea>(server).await;
    of::<Country>(server).await;
    of::<Official>(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_store_is_filled_on_sqlite() {
    an_older_store_is_filled(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_store_is_filled_on_postgres() {
    an_older_store_is_filled(Database::Postgres).await;
}

/// What format 1 did not extract is there once a newer version has started.
async fn an_older_store_is_filled(kind: Database) {
    let server = TestServer::start(kind).await;
    let labels = [("desk".to_owned(), "asia".to_owned())].into();
    let pact = Agreement { labels, ..agreement("Pact", &["KHM", "RUS"]) };
    server.clients.apply(vec![create("pact", Any::Agreement(pact))]).await.unwrap();
    server.execute("DELETE FROM label").await;
    server.execute("UPDATE record SET create_time = 0").await;
    server.execute("UPDATE head SET format = 1").await;
    assert_ids(&matching::<Agreement>(&server, "labels.desk = asia").await, &[], "not yet");
    let server = TestServer::start_on(server.stop().await).await;
    let filter = "labels.desk = asia AND create_time > 2020";
    assert_ids(&matching::<Agreement>(&server, filter).await, &["pact"], filter);
    let head = server.clients.head().await.head_revision;
    server.clients.apply(vec![delete("agreements/pact")]).await.unwrap();
    assert_eq!(server.clients.head_revision().await, head + 1, "it may write");
    server.finish().await;
}

#[test]
fn declared_fields_are_those_of_the_contract() {
    for kind in REGISTRY.0 {
        for field in filterable(kind) {
            let mut found = prost_reflect::Kind::Message(kind.descriptor());
            for name in field.path.split('.') {
                let message = found.as_message().cloned();
                let one = message.and_then(|message| message.get_field_by_name(name));
                found =
                    one.unwrap_or_else(|| panic!("{} has {}", kind.type_name, field.path)).kind();
            }
            let fits = match field.values {
                Values::Enum => found.as_enum().is_some(),
                Values::Integer => found == prost_reflect::Kind::Int64,
                Values::Instant | Values::Map => found.as_message().is_some(),
                _ => found == prost_reflect::Kind::String,
            };
            assert!(fits, "{} of {}", field.path, kind.type_name);
            if let Values::Reference(target) = field.values {
                assert!(REGISTRY.by_type(target).is_some(), "{target}");
            }
        }
    }
}

/// What stands in docs/filters.md between its marks.
fn documented() -> String {
    let mut text = String::new();
    let mut table = |title: &str, fields: &[Filterable]| {
        text.push_str(&format!("\n### {title}\n| Field | Values | Index |\n|---|---|---|\n"));
        for field in fields {
            let values = match field.values {
                Values::Text => "text".to_owned(),
                Values::Enum => "enum".to_owned(),
                Values::Reference(target) => target.to_owned(),
                Values::Name => "the resource's own name".to_owned(),
                Values::Uid => "UUID".to_owned(),
                Values::Date => "date".to_owned(),
                Values::Instant => "time".to_owned(),
                Values::Integer => "whole number".to_owned(),
                Values::Map => "text, by key: `labels.KEY`".to_owned(),
            };
            let index = if field.indexed { "yes" } else { "" };
            text.push_str(&format!("| `{}` | {values} | {index} |\n", field.path));
        }
    };
    table("All types", &SHARED);
    for kind in REGISTRY.0 {
        table(kind.type_name, kind.filterable);
    }
    text
}

#[test]
fn the_docs_list_the_fields() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/filters.md");
    let docs = std::fs::read_to_string(path).unwrap();
    let (_, rest) = docs.split_once("<!-- fields -->\n").unwrap();
    let (listed, _) = rest.split_once("\n<!-- end -->").unwrap();
    assert!(listed == documented(), "docs/filters.md should list:\n{}", documented());
}

#[test]
fn rows_of_a_field_are_told_apart() {
    // Two fields of one column must not be the same rows.
    for kind in REGISTRY.0 {
        for (index, one) in kind.filterable.iter().enumerate() {
            for other in &kind.filterable[index + 1..] {
                let same = (one.table, one.column) == (other.table, other.column);
                let apart = one.only != other.only && one.only != Only::Every;
                assert!(!same || apart, "{} and {}", one.path, other.path);
            }
        }
    }
}
