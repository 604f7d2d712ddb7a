//! Lists of what matches a filter: the questions that users ask.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementCommitment, AgreementForm, AgreementLink, AgreementLinkKind,
    AgreementTerm, CooperationArea, Country, LegalForce, Official, Period, PeriodEndKind, Tenure,
    TenureRank,
};

use crate::on_both;
use crate::standard::{Client, ListRequest, Sample, shared};
use crate::support::samples::{action, agreement, area, create, official, party};
use crate::support::{Refusal, TestServer};

on_both!(
    agreements_of_a_pair,
    areas_and_what_is_below,
    dates_known_in_part,
    posts_and_persons,
    nothing_is_not_something_else,
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
pub async fn refused<T: Sample>(server: &TestServer, filter: &str) -> Refusal {
    let request = ListRequest { filter: filter.to_owned(), ..ListRequest::default() };
    Client::<T>::new(&server.clients).list(request).await.expect_err(filter)
}

/// Asserts that `filter` has found these.
#[track_caller]
pub fn assert_ids(found: &[String], expected: &[&str], filter: &str) {
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
            // Years that no record can reach.
            ("create_time < Y300000", &["bound", "unsaid"]),
            ("create_time > Y300000 OR create_time < Y-400000", &[]),
        ],
    )
    .await;
    let made = vec![
        create(
            "named",
            Any::Official(Official { family_name: "Abe".to_owned(), ..official("Abe") }),
        ),
        create("unnamed", Any::Official(official("Pelé"))),
    ];
    server.clients.apply(made).await.unwrap();
    asks::<Official>(
        server,
        &[
            ("family_name < b", &["named"]),
            ("NOT family_name < b", &["unnamed"]),
            ("family_name != Abe", &["unnamed"]),
        ],
    )
    .await;
}
