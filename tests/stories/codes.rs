//! Codes of countries stand wherever a country is named, and refusals fit into
//! what clients take.

use entente::proto::v1::check::Expectation;
use entente::proto::v1::{
    Agreement, AgreementAction, ApplyRequest, Check, Country, CreateAgreementRequest,
    CreateCountryRequest, CreateOfficialRequest, Official, UpdateAgreementRequest,
};
use tonic::Code;

use crate::on_both;
use crate::support::samples::{agreement, country, delete, official};
use crate::support::{Refusal, TestServer};

on_both!(
    checks_understand_codes,
    a_country_is_named_by_its_code,
    parties_of_actions_are_made_canonical,
    one_country_in_two_spellings_is_one,
    a_stale_etag_stops_an_upsert,
    a_long_refusal_fits_into_metadata,
);

async fn checks_understand_codes(server: &TestServer) {
    let request = |exists| ApplyRequest {
        mutations: vec![delete("countries/ALA")],
        checks: vec![Check {
            name: "countries/fr".to_owned(),
            expectation: Some(Expectation::Exists(exists)),
        }],
        validate_only: true,
        ..ApplyRequest::default()
    };
    let refusal = server.clients.apply_request(request(false)).await.unwrap_err();
    refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &["checks[0]"]);
    server.clients.apply_request(request(true)).await.unwrap();
}

async fn a_country_is_named_by_its_code(server: &TestServer) {
    let coded = |code: &str| {
        let country = Country { alpha3: code.to_owned(), ..country("Utopia") };
        CreateCountryRequest { country: Some(country), ..CreateCountryRequest::default() }
    };
    let made = server.clients.countries().create_country(coded("UTO")).await.unwrap();
    assert_eq!(made.into_inner().name, "countries/UTO");
    for taken in ["UTO", "KHM"] {
        let status = server.clients.countries().create_country(coded(taken)).await.unwrap_err();
        let refusal = Refusal::of(&status);
        refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &["country_id"]);
        assert_eq!(refusal.resource, format!("countries/{taken}"));
    }
}

async fn parties_of_actions_are_made_canonical(server: &TestServer) {
    let mut pact = agreement("Pact", &["fr", "RUS"]);
    let party = "countries/Fra".to_owned();
    pact.actions.push(AgreementAction { kind: 7, party, ..AgreementAction::default() });
    let created = server.clients.create_agreement(pact).await.unwrap();
    let last = created.actions.last().map(|action| action.party.as_str());
    assert_eq!(last, Some("countries/FRA"));
}

async fn one_country_in_two_spellings_is_one(server: &TestServer) {
    let nationalities = vec!["countries/fr".to_owned(), "countries/FRA".to_owned()];
    let create = CreateOfficialRequest {
        official: Some(Official { nationalities, ..official("A Person") }),
        ..CreateOfficialRequest::default()
    };
    let status = server.clients.officials().create_official(create).await.unwrap_err();
    Refusal::of(&status).is_invalid(&["official.nationalities"]);
}

async fn a_stale_etag_stops_an_upsert(server: &TestServer) {
    let (name, etag) = ("agreements/never-was".to_owned(), "\"5\"".to_owned());
    let update = UpdateAgreementRequest {
        agreement: Some(Agreement { name, etag, ..agreement("Pact", &["KHM", "RUS"]) }),
        allow_missing: true,
        ..UpdateAgreementRequest::default()
    };
    let status = server.clients.agreements().update_agreement(update).await.unwrap_err();
    Refusal::of(&status).is(Code::Aborted, "ETAG_MISMATCH", &["agreement.etag"]);
}

async fn a_long_refusal_fits_into_metadata(server: &TestServer) {
    let unknown: Vec<String> = (0..400).map(|index| format!("Q{index:03}")).collect();
    let countries: Vec<&str> = unknown.iter().map(String::as_str).collect();
    let create = CreateAgreementRequest {
        agreement: Some(agreement("Pact", &countries)),
        ..CreateAgreementRequest::default()
    };
    let status = server.clients.agreements().create_agreement(create).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let encoded = status.details().len() * 4 / 3 + status.message().len() * 3;
    assert!(encoded < 8_000, "{encoded} bytes, of 8 KiB that clients take");
}
