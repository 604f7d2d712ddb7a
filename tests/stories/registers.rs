//! Real registers, imported by the mapping files of the examples: every row is accounted for,
//! and a second run writes nothing.

use std::path::Path;

use entente::client::Client;
use entente::proto::v1::agreement_party::Party;
use entente::proto::v1::{
    GetAgreementRequest, GetBilateralRelationRequest, GetCountryRequest, GetOfficialRequest,
    GetOrganizationRequest, ListAgreementsRequest, ListCooperationAreasRequest,
    ListEngagementsRequest, ListOrganizationsRequest, MappingMatch, MilestoneKind, RelationLevel,
    TenureRank,
};

use serde_json::Value;

use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Told, data, import, import_by, mappings, rows};

on_both!(
    countries_and_blocs,
    agreements,
    officials_and_journeys,
    visits_and_relations,
    a_vocabulary,
);

/// What registers mean by CS, which two former countries had, is what they call it beside.
const CZECHOSLOVAKIA: &str = "may mean countries/CSK or countries/SCG; taken as countries/CSK";

/// Imports a file twice: the first time it becomes `counts`, created and changed, and the
/// second time nothing is written.
async fn twice(server: &TestServer, mapping: &str, file: &Path, counts: [usize; 2]) -> Told {
    let told = import_by(server, mapping, file).await;
    assert!(told.is_whole, "{mapping}: {}", told.text);
    let [created, changed] = counts;
    let records = created + changed;
    let of = |outcome| told.of(outcome).len();
    assert_eq!(
        [of("created"), of("changed"), of("unchanged"), of("refused")],
        [created, changed, 0, 0],
        "{mapping}"
    );
    assert_eq!(told.accounted(), rows(file), "{mapping}: every row");
    let start = format!("{records} records of {} rows: ", rows(file) - of("left out"));
    assert!(told.summary.starts_with(&start), "{}", told.summary);
    let head = server.clients.head_revision().await;
    let again = import_by(server, mapping, file).await;
    assert_eq!(again.of("unchanged").len(), records, "{mapping}: {}", again.summary);
    assert_eq!(server.clients.head_revision().await, head, "{mapping}: no commit");
    told
}

fn client(server: &TestServer) -> Client {
    Client::new([format!("http://{}", server.server.address)]).unwrap()
}

async fn polities(server: &TestServer) {
    let told = import(server, &[], &[&mappings().join("polities.jsonl")]).await;
    assert!(told.is_whole && told.summary.starts_with("31 lines: 31 created, "), "{told:?}");
}

/// What remarks of an outcome say, by one of their details, in the order of the report.
fn remarks(told: &Told, outcome: &str, detail: &str) -> Vec<String> {
    let remarks = told.of(outcome).into_iter();
    remarks.map(|remark| remark[detail].as_str().unwrap_or_default().to_owned()).collect()
}

/// How many records are doubted for this.
fn doubted(told: &Told, code: &str) -> usize {
    let is_doubted = |line: &&Value| {
        line["warnings"].as_array().is_some_and(|all| all.iter().any(|one| one["code"] == code))
    };
    told.report.iter().filter(is_doubted).count()
}

async fn countries_and_blocs(server: &TestServer) {
    let Some(data) = data("registers::countries_and_blocs") else { return };
    let reference = data.join("reference");
    let client = client(server);
    let cambodia = GetCountryRequest { name: "countries/KHM".to_owned(), ..Default::default() };
    let before = client.call(cambodia.clone()).await.unwrap();
    let told = twice(server, "countries.toml", &reference.join("countries.csv"), [0, 249]).await;
    assert_eq!(told.outcomes().len(), 1, "{:?}", told.outcomes());
    let after = client.call(cambodia).await.unwrap();
    assert_eq!(
        (&after.names, &after.region, &after.note),
        (&before.names, &before.region, &before.note)
    );
    assert_eq!(after.external_ids[0].value, "Q424");
    let former = reference.join("countries_former_iso3166_3.csv");
    twice(server, "countries_former.toml", &former, [0, 31]).await;

    let blocs = reference.join("bloc_memberships_factbook.csv");
    let told = twice(server, "blocs.toml", &blocs, [188, 0]).await;
    // The two rows of `none`, the other spelling of G-9, and three rows that stand twice.
    let counts = ["left out", "differs"].map(|outcome| told.of(outcome).len());
    assert_eq!(counts, [2, 1]);
    assert_eq!(remarks(&told, "differs", "given"), ["G- 9"]);
    let unmapped = remarks(&told, "unmapped", "value");
    assert_eq!((unmapped.len(), unmapped[0].as_str()), (14, "NGOs"));
    let asean =
        GetOrganizationRequest { name: "organizations/asean".to_owned(), ..Default::default() };
    let asean = client.call(asean).await.unwrap();
    assert!(asean.members.iter().any(|member| member.country == "countries/KHM"));
    let members = memberships(server).await;
    assert_eq!(members + told.of("left out").len() + told.of("repeats").len(), 10_566);
}

/// How many memberships all organizations have.
async fn memberships(server: &TestServer) -> usize {
    let request = ListOrganizationsRequest { page_size: 1_000, ..Default::default() };
    let page = client(server).call(request).await.unwrap();
    page.organizations.iter().map(|one| one.members.len()).sum()
}

async fn agreements(server: &TestServer) {
    let Some(data) = data("registers::agreements") else { return };
    polities(server).await;
    let blocs = data.join("reference/bloc_memberships_factbook.csv");
    assert!(import_by(server, "blocs.toml", &blocs).await.is_whole);
    let file = data.join("example/many_agreements_all.csv");
    let told = twice(server, "agreements.toml", &file, [4_301, 0]).await;
    let several = told.report.iter().filter(|line| line["lines"].is_array()).count();
    assert_eq!((several, told.of("differs").len()), (181, 405));
    assert_eq!(told.of("unused column").len(), 0);
    let unmapped = told.of("unmapped");
    let values = |column: &str| -> Vec<&str> {
        let found = unmapped.iter().filter(|one| one["column"] == column);
        found.map(|one| one["value"].as_str().unwrap()).collect()
    };
    assert_eq!(values("parties"), ["Baden-Württemberg", "Bayern", "Member countries not listed"]);
    assert_eq!(values("signature"), ["1981-09..1981-10"]);
    assert_eq!(values("entry_into_force"), ["0014-022005"]);
    assert_eq!(values("termination"), ["1976-06-31", "1972-06-31?", "2010-XX-XX-"]);
    assert_eq!(values("kind"), ["Resolution", "Regulation", "Report", "Extending"]);
    assert_eq!(values("ambit"), ["External", "Interministerial"]);

    let client = client(server);
    let filter = "parties.organization = \"organizations/eu\"".to_owned();
    let request = ListAgreementsRequest { filter, page_size: 1_000, ..Default::default() };
    let page = client.call(request).await.unwrap();
    assert_eq!(page.agreements.len(), 142, "the European Union's");
    let one = GetAgreementRequest { name: page.agreements[0].name.clone(), ..Default::default() };
    let one = client.call(one).await.unwrap();
    for (filter, count) in [
        ("participation = BILATERAL", 2_360),
        ("participation = BILATERAL AND warnings.code = PARTIES_INCOMPLETE", 636),
        ("participation = BILATERAL AND warnings.code = MORE_THAN_TWO_PARTIES", 38),
        ("participation != BILATERAL AND warnings.code = MORE_THAN_TWO_PARTIES", 0),
    ] {
        let (filter, include_total_size) = (filter.to_owned(), true);
        let request = ListAgreementsRequest { filter, include_total_size, ..Default::default() };
        assert_eq!(
            client.call(request.clone()).await.unwrap().total_size,
            Some(count),
            "{request:?}"
        );
    }
    let eu = Some(Party::Organization("organizations/eu".to_owned()));
    assert_eq!(one.parties.iter().filter(|party| party.party == eu).count(), 1);
}

async fn officials_and_journeys(server: &TestServer) {
    let Some(data) = data("registers::officials_and_journeys") else { return };
    let example = data.join("example");
    polities(server).await;
    let blocs = data.join("reference/bloc_memberships_factbook.csv");
    assert!(import_by(server, "blocs.toml", &blocs).await.is_whole);
    let appointments = example.join("us_appointments.csv");
    let journeys = example.join("us_president_secretary_travels.csv");
    twice(server, "us_persons.toml", &example.join("us_persons.csv"), [4_261, 0]).await;
    let told = twice(server, "us_missions.toml", &appointments, [216, 0]).await;
    let unmapped = told.of("unmapped").len();
    assert_eq!(unmapped, 4 + 1, "representatives to no bloc, and {CZECHOSLOVAKIA}");
    assert!(remarks(&told, "unmapped", "treated").contains(&CZECHOSLOVAKIA.to_owned()));
    let told = twice(server, "us_appointments.toml", &appointments, [0, 4_258]).await;
    assert_eq!(told.outcomes().get("repeats"), Some(&1));
    // Successors are appointed, not accredited, while their predecessors are still there.
    let doubted = doubted(&told, "POST_HELD_TWICE");
    assert!((1..100).contains(&doubted), "{doubted}");
    let told = twice(server, "us_presidents.toml", &journeys, [20, 0]).await;
    assert_eq!(told.of("left out").len(), 3_441, "secretaries, and Taft twice");
    twice(server, "us_journeys.toml", &journeys, [4_271, 0]).await;

    let client = client(server);
    let official = async |id: &str| {
        let request = GetOfficialRequest { name: format!("officials/{id}"), ..Default::default() };
        client.call(request).await.unwrap()
    };
    let envoy = official("hornibrook-william-harrison").await;
    let tenure =
        envoy.tenures.iter().find(|one| one.organization.ends_with("-afghanistan")).unwrap();
    let period = tenure.period.clone().unwrap();
    assert_eq!((period.start.as_str(), period.end.as_str()), ("1935-05-04", "1936-03-16"));
    assert_eq!(
        (tenure.rank(), tenure.country.as_str()),
        (TenureRank::HeadOfMission, "countries/USA")
    );
    let kinds: Vec<_> = tenure.milestones.iter().map(|one| one.kind()).collect();
    let expected =
        [MilestoneKind::Appointed, MilestoneKind::CredentialsPresented, MilestoneKind::LeftPost];
    assert_eq!(kinds, expected);
    let president = official("biden-joseph-r").await;
    assert_eq!(president.tenures.len(), 1);
    assert_eq!(official("taft-william-howard").await.tenures.len(), 1);
}

async fn visits_and_relations(server: &TestServer) {
    let Some(data) = data("registers::visits_and_relations") else { return };
    let example = data.join("example");
    polities(server).await;
    let visits = example.join("us_visits_by_foreign_leaders.csv");
    let told = twice(server, "us_visits.toml", &visits, [3_264, 0]).await;
    assert_eq!(remarks(&told, "unmapped", "value"), ["CS"], "all countries are known");
    assert_eq!(remarks(&told, "unmapped", "treated"), [CZECHOSLOVAKIA]);
    let relations = example.join("us_recognition_and_relations_events.csv");
    let told = twice(server, "us_relations.toml", &relations, [224, 0]).await;
    assert_eq!(remarks(&told, "unmapped", "value"), ["CS"]);
    assert_eq!(told.of("differs").len(), 0);

    let client = client(server);
    let name = "bilateralRelations/AFG-USA".to_owned();
    let request = GetBilateralRelationRequest { name, ..Default::default() };
    let relation = client.call(request).await.unwrap();
    assert!(relation.events.iter().any(|event| event.date == "1935-05-04"));
    assert_ne!(relation.level(), RelationLevel::Unspecified);
    let filter = "participants.country = \"countries/HAWAII\"".to_owned();
    let request = ListEngagementsRequest { filter, ..Default::default() };
    let page = client.call(request).await.unwrap();
    assert_eq!(page.engagements.len(), 3);
}

/// A thesaurus in which thousands of concepts are related to each other, directly or over
/// others, and so cannot be recorded at once.
async fn a_vocabulary(server: &TestServer) {
    let Some(data) = data("registers::a_vocabulary") else { return };
    let file = data.join("vocab/eurovoc_concepts.csv");
    let told = twice(server, "eurovoc.toml", &file, [7_317, 0]).await;
    assert_eq!(told.of("unmapped").len() + told.of("unused column").len(), 0);
    let client = client(server);
    let all = async |filter: &str| {
        let mut areas = Vec::new();
        let mut page_token = String::new();
        loop {
            let (filter, page_size) = (filter.to_owned(), 1_000);
            let request =
                ListCooperationAreasRequest { filter, page_size, page_token, ..Default::default() };
            let page = client.call(request).await.unwrap();
            areas.extend(page.cooperation_areas);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return areas;
            }
        }
    };
    let areas = all("mappings.scheme = EUROVOC AND external_ids.scheme = eurovoc").await;
    assert_eq!(areas.len(), 7_317);
    assert_eq!(areas.iter().map(|area| area.related.len()).sum::<usize>(), 10_920);
    let broader = areas.iter().flat_map(|area| &area.mappings);
    assert_eq!(broader.filter(|one| one.r#match() == MappingMatch::Broad).count(), 674);
    assert_eq!(all("under(broader, eurovoc-1000) OR name = eurovoc-1000").await.len(), 18);
    let related: Vec<_> =
        all("related = eurovoc-1000").await.into_iter().map(|one| one.name).collect();
    assert_eq!(
        related,
        ["1008", "2606", "c-5f90006e"].map(|id| format!("cooperationAreas/eurovoc-{id}"))
    );
}
