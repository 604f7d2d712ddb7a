//! What is doubtful is stored and told; what cannot be is refused where it stands
//! (refusals.rs).

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementTerm, BilateralRelation, Citation, Country, Engagement, Honour,
    Membership, Milestone, MilestoneKind, Official, Organization, Participant, Participation,
    PartyRole, Period, RelationEvent, RelationEventKind, Source, Statement, Tenure, Warning,
    WarningCode as Code,
};
use prost::Message;

use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::standard::{Client, Sample, Shared, shared, update, with};
use crate::support::TestServer;
use crate::support::samples::{
    action, agreement, country, create, engagement, official, organization, relation, source,
    statement,
};

on_both!(
    entry_into_force_before_signature,
    what_happened_outside_of_an_existence,
    parties_that_are_not_known,
    parties_that_are_other_than_two,
    titles_that_nothing_attests,
    transitions_that_cannot_be,
    statements_and_honours_without_a_citation,
    dates_whose_year_is_unknown,
    a_code_means_the_country_that_is_looked_into,
);

/// What every type says is doubtful.
#[derive(Clone, PartialEq, Message)]
struct Doubts {
    #[prost(message, repeated, tag = "104")]
    warnings: Vec<Warning>,
}

fn doubts<T: Sample>(resource: &T) -> Vec<(Code, String)> {
    let told = Doubts::decode(resource.encode_to_vec().as_slice()).unwrap().warnings;
    assert!(told.iter().all(|one| !one.message.is_empty()), "{told:?}");
    told.iter().map(|one| (one.code(), one.field.clone())).collect()
}

/// Asserts that `doubtful` is stored with exactly these warnings and found by each, that
/// writing it again changes nothing, and that they go once it says what `mended` does.
async fn warned<T: Sample>(
    server: &TestServer,
    id: &str,
    doubtful: T,
    expected: &[(Code, &str)],
    mended: T,
) {
    let client = Client::<T>::new(&server.clients);
    let made = client.create(id, doubtful).await.unwrap();
    let name = shared(&made).name;
    let told = doubts(&made);
    let told: Vec<_> = told.iter().map(|(code, field)| (*code, field.as_str())).collect();
    assert_eq!(told, expected, "{name}");
    let (_, id) = name.split_once('/').unwrap();
    for (code, _) in expected {
        let short = code.as_str_name().trim_start_matches("WARNING_CODE_");
        let filter = format!("warnings.code = {short} AND name = {id}");
        assert_ids(&matching::<T>(server, &filter).await, &[id], &filter);
    }

    let again = client.update(update(&made, &["*"])).await.unwrap();
    assert_eq!(again, made, "written again, nothing changes");

    let named = Shared { name: name.clone(), ..Shared::default() };
    let mended = client.update(update(&with(mended, named), &["*"])).await.unwrap();
    assert_eq!(doubts(&mended), [], "{name}");
    assert_eq!(shared(&mended).revision, shared(&made).revision + 1);
    let filter = format!("warnings.code:* AND name = {id}");
    assert_ids(&matching::<T>(server, &filter).await, &[], &filter);
}

fn period(start: &str, end: &str) -> Option<Period> {
    Some(Period { start: start.to_owned(), end: end.to_owned(), ..Period::default() })
}

fn treaty(countries: &[&str], actions: &[(ActionKind, &str)]) -> Agreement {
    let actions = actions.iter().map(|(kind, date)| action(*kind, date)).collect();
    Agreement { actions, ..agreement("Treaty", countries) }
}

fn happened(date: &str) -> BilateralRelation {
    let kind = RelationEventKind::Established.into();
    let event = RelationEvent { kind, date: date.to_owned(), ..RelationEvent::default() };
    BilateralRelation { events: vec![event], ..BilateralRelation::default() }
}

fn cited() -> Vec<Citation> {
    vec![Citation { source: "sources/post".to_owned(), ..Citation::default() }]
}

async fn entry_into_force_before_signature(server: &TestServer) {
    let pair = &["KHM", "RUS"];
    let life = |entry| treaty(pair, &[(ActionKind::Signature, "2021-05"), entry]);
    let early = life((ActionKind::EntryIntoForce, "2021-04-30"));
    let same = life((ActionKind::EntryIntoForce, "2021-05"));
    let expected = [(Code::InForceBeforeSignature, "actions[1].date")];
    warned(server, "early", early, &expected, same).await;
}

async fn what_happened_outside_of_an_existence(server: &TestServer) {
    let outside = |field| [(Code::OutsideExistence, field)];
    let pact = |date| treaty(&["KHM", "SUN"], &[(ActionKind::Signature, date)]);
    let expected = outside("actions[0].date");
    warned(server, "late", pact("1995"), &expected, pact("1991")).await;
    warned(server, "early", pact("1922-12"), &[], pact("1923")).await;
    // An action of one party concerns that party alone.
    let by = |party: &str| {
        let mut pact = pact("1995");
        pact.actions[0].party = format!("countries/{party}");
        pact
    };
    warned(server, "by-one", by("SUN"), &expected, by("KHM")).await;
    let expected = outside("events[0].date");
    warned(server, "khm-sun", happened("1992"), &expected, happened("1956")).await;

    let army = Organization { existence: period("1993", ""), ..organization("Army") };
    server.clients.apply(vec![create("army", Any::Organization(army))]).await.unwrap();
    let served = |start: &str, end: &str| {
        let organization = "organizations/army".to_owned();
        let (title, period) = ("Commander".to_owned(), period(start, end));
        let tenures = vec![Tenure { title, organization, period, ..Tenure::default() }];
        Official { tenures, ..official("Somebody") }
    };
    let expected = outside("tenures[0].period.start");
    warned(server, "somebody", served("1992", "1994"), &expected, served("1993", "1994")).await;
}

async fn parties_that_are_not_known(server: &TestServer) {
    let expected = [(Code::PartiesIncomplete, "parties")];
    for (id, known) in [("none", &[][..]), ("one", &["KHM"])] {
        warned(server, id, treaty(known, &[]), &expected, treaty(&["KHM", "RUS"], &[])).await;
    }
}

async fn parties_that_are_other_than_two(server: &TestServer) {
    let between = |participation: Participation, countries: &[&str]| Agreement {
        participation: participation.into(),
        ..treaty(countries, &[])
    };
    let bilateral = |countries: &[&str]| between(Participation::Bilateral, countries);
    let observed = || {
        let mut pact = bilateral(&["KHM", "RUS", "THA"]);
        pact.parties[2].role = PartyRole::Observer.into();
        pact
    };
    let expected = [(Code::MoreThanTwoParties, "parties")];
    warned(server, "three", bilateral(&["KHM", "RUS", "THA"]), &expected, observed()).await;
    let unknown = [(Code::PartiesIncomplete, "parties")];
    for pact in [bilateral(&["KHM", "RUS"]), treaty(&["KHM", "RUS"], &[])] {
        let mut alone = pact.clone();
        alone.parties[1].role = PartyRole::Observer.into();
        warned(server, "", alone, &unknown, pact).await;
    }
    warned(server, "unknown", bilateral(&[]), &unknown, bilateral(&["KHM", "RUS"])).await;
    for (id, wider) in [("few", Participation::Plurilateral), ("many", Participation::Multilateral)]
    {
        let two = |other| between(wider, &["KHM", other]);
        warned(server, id, two("RUS"), &[], two("THA")).await;
    }
}

async fn titles_that_nothing_attests(server: &TestServer) {
    let title = "Secretary of the Security Council".to_owned();
    let tenures = vec![Tenure { title, period: period("2008", "2024"), ..Tenure::default() }];
    let secretary = Official { tenures, ..official("Secretary") };
    server.clients.apply(vec![create("secretary", Any::Official(secretary))]).await.unwrap();
    let met = |title: &str, day: &str| {
        let nobody = Participant { display_name: "Nobody".to_owned(), ..Participant::default() };
        let official = "officials/secretary".to_owned();
        let title_on_date = title.to_owned();
        let one = Participant { official, title_on_date, ..Participant::default() };
        let participants = vec![nobody, one];
        Engagement { participants, period: period(day, day), ..engagement("Meeting") }
    };
    let expected = [(Code::TitleNotAttested, "participants[1].title_on_date")];
    let right = || met("secretary of the security council", "2021-12-15");
    warned(server, "title", met("Minister", "2021-12-15"), &expected, right()).await;
    let later = met("Secretary of the Security Council", "2025-01-01");
    warned(server, "day", later, &expected, right()).await;
    warned(server, "may", met("Secretary of the Security Council", "2024"), &[], met("", "2030"))
        .await;
}

async fn transitions_that_cannot_be(server: &TestServer) {
    let life = |last| {
        let start = [(ActionKind::EntryIntoForce, "2000"), (ActionKind::Termination, "2005")];
        treaty(&["KHM", "RUS"], &[start[0], start[1], (last, "2010")])
    };
    let expected = [(Code::ImpossibleTransition, "actions[2]")];
    let renewed = life(ActionKind::Renewal);
    warned(server, "suspended", life(ActionKind::Suspension), &expected, renewed).await;
}

async fn statements_and_honours_without_a_citation(server: &TestServer) {
    server.clients.apply(vec![create("post", Any::Source(source("Post")))]).await.unwrap();
    let said = statement("We have agreed.");
    let mended = Statement { citations: cited(), ..said.clone() };
    warned(server, "said", said, &[(Code::CitationMissing, "citations")], mended).await;
    let honour = || Honour { title: "Order of Friendship".to_owned(), ..Honour::default() };
    let award = Engagement { honours: vec![honour(), honour()], ..engagement("Award") };
    let mended = Engagement { citations: cited(), ..award.clone() };
    let expected = [(Code::CitationMissing, "honours[0]"), (Code::CitationMissing, "honours[1]")];
    warned(server, "award", award, &expected, mended).await;
}

async fn dates_whose_year_is_unknown(server: &TestServer) {
    server.clients.apply(vec![create("post", Any::Source(source("Post")))]).await.unwrap();
    const DAY: &str = "XXXX-12-15";
    let day = || DAY.to_owned();
    let unknown = |fields: &'static [&'static str]| {
        fields.iter().map(|field| (Code::YearUnknown, *field)).collect::<Vec<_>>()
    };

    let mut pact = treaty(&["KHM", "RUS"], &[(ActionKind::Announced, DAY)]);
    pact.actions[0].effective_date = day();
    pact.term = Some(AgreementTerm { expires_on: day(), ..AgreementTerm::default() });
    let expected = unknown(&["actions[0].date", "actions[0].effective_date", "term.expires_on"]);
    let mended = treaty(&["KHM", "RUS"], &[(ActionKind::Announced, "2021-12-XX")]);
    warned(server, "pact", pact, &expected, mended).await;

    let state = Country { existence: period(DAY, DAY), ..country("Utopia") };
    let expected = unknown(&["existence.start", "existence.end"]);
    warned(server, "UTO", state, &expected, country("Utopia")).await;

    let milestone = Milestone { kind: MilestoneKind::Appointed.into(), date: day() };
    let tenure = Tenure {
        title: "Envoy".to_owned(),
        period: period(DAY, DAY),
        attested_on: vec!["2021".to_owned(), day()],
        milestones: vec![milestone],
        ..Tenure::default()
    };
    let envoy = Official { birth: day(), death: day(), tenures: vec![tenure], ..official("Envoy") };
    let expected = unknown(&[
        "birth",
        "death",
        "tenures[0].attested_on[1]",
        "tenures[0].milestones[0].date",
        "tenures[0].period.start",
        "tenures[0].period.end",
    ]);
    warned(server, "envoy", envoy, &expected, official("Envoy")).await;

    let member = Membership {
        country: "countries/KHM".to_owned(),
        period: period(DAY, ""),
        ..Membership::default()
    };
    let bloc =
        Organization { existence: period(DAY, ""), members: vec![member], ..organization("Bloc") };
    let expected = unknown(&["existence.start", "members[0].period.start"]);
    warned(server, "bloc", bloc, &expected, organization("Bloc")).await;

    let honour = Honour { title: "Medal".to_owned(), conferred_on: day(), ..Honour::default() };
    let visit = Engagement {
        period: period(DAY, "XXXX-12-17"),
        honours: vec![honour],
        citations: cited(),
        ..engagement("Visit")
    };
    let expected = unknown(&["period.start", "period.end", "honours[0].conferred_on"]);
    warned(server, "visit", visit, &expected, engagement("Visit")).await;

    let expected = unknown(&["events[0].date"]);
    warned(server, "KHM-RUS", happened(DAY), &expected, relation("Declared")).await;
    let said = Statement { issued_on: day(), citations: cited(), ..statement("Said") };
    let mended = Statement { citations: cited(), ..statement("Said") };
    warned(server, "said", said, &unknown(&["issued_on"]), mended).await;
    let article = Source { published_on: day(), ..source("Article") };
    warned(server, "article", article, &unknown(&["published_on"]), source("Article")).await;
}

/// However a country is named, its existence is looked into, and whoever else of the same
/// request names it.
async fn a_code_means_the_country_that_is_looked_into(server: &TestServer) {
    // Angola, since 11 November 1975.
    let pact = |code| treaty(&["KHM", code], &[(ActionKind::Signature, "1970")]);
    let national = |id: &str| {
        create(
            id,
            Any::Official(Official {
                nationalities: vec!["countries/AGO".to_owned()],
                ..official("National")
            }),
        )
    };
    for (index, code) in ["AO", "ao", "AGO", "ago"].into_iter().enumerate() {
        let (before, after) = (format!("before{index}"), format!("after{index}"));
        let id = format!("pact{index}");
        let all =
            vec![national(&before), create(&id, Any::Agreement(pact(code))), national(&after)];
        server.clients.apply(all).await.unwrap();
        let filter = format!("warnings.code = OUTSIDE_EXISTENCE AND name = {id}");
        assert_ids(&matching::<Agreement>(server, &filter).await, &[&id], code);
    }
}
