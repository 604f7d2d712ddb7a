//! Bad input: the right status, reason and field path for each, and nothing
//! written.

use bytes::{Buf, BufMut, Bytes};
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementCommitment, AgreementDocument,
    AgreementSignatory, AgreementTitle, ApplyRequest, CooperationArea, Country,
    CreateAgreementRequest, CreateCountryRequest, GetCountryRequest, ListCountriesRequest,
    Official, Period, PeriodEndKind, Tenure,
};
use http::uri::PathAndQuery;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};

use crate::on_both;
use crate::support::clients::by;
use crate::support::samples::{
    self, action, agreement, area, country, create, delete, external, official, party, undelete,
};
use crate::support::{Clients, Refusal, TestServer};

on_both!(
    wrong_agreements,
    wrong_others,
    dates_that_are_none,
    an_alias_of_two,
    too_large,
    not_protobuf,
    wrong_reads_and_frames,
);

/// Records `resource` and asserts that exactly `fields` of it are refused.
async fn refuses(server: &TestServer, resource: Any, fields: &[&str]) {
    let head = server.clients.head_revision().await;
    let told = format!("{resource:?}");
    let field = samples::field(&resource);
    let refusal = server.clients.apply(vec![create("", resource)]).await.unwrap_err();
    let prefix = format!("mutations[0].create.resource.{field}.");
    let mut found: Vec<_> =
        refusal.fields.iter().map(|path| path.trim_start_matches(&prefix)).collect();
    found.sort_unstable();
    found.dedup();
    assert_eq!(found, fields, "{told}");
    let expected = (Code::InvalidArgument, "VALIDATION_FAILED", "entente");
    assert_eq!((refusal.code, refusal.reason.as_str(), refusal.domain.as_str()), expected);
    assert_eq!(server.clients.head_revision().await, head, "nothing is written: {told}");
}

async fn wrong_agreements(server: &TestServer) {
    let right = || agreement("A treaty", &["KHM", "RUS"]);
    let long = || "x".repeat(1_001);
    let cases: Vec<(Agreement, &[&str])> = vec![
        (Agreement::default(), &["form", "title"]),
        (Agreement { title: "nul\0".to_owned(), ..right() }, &["title"]),
        (Agreement { title: " \t\n".to_owned(), ..right() }, &["title"]),
        (Agreement { title: "\u{a0}\u{3000}".to_owned(), ..right() }, &["title"]),
        (Agreement { title: long(), place: long(), ..right() }, &["place", "title"]),
        (Agreement { form: 99, legal_force: -1, ..right() }, &["form", "legal_force"]),
        (agreement("x", &["KHM", "XYZ", "no-code"]), &["parties[1].country", "parties[2].country"]),
        (agreement("x", &["KHM", "K\0M"]), &["parties[1].country"]),
        (
            Agreement { external_ids: vec![external("register", "nul\0")], ..right() },
            &["external_ids[0].value"],
        ),
        (agreement("x", &["KHM", "khm"]), &["parties[1]"]),
        (agreement("x", &[""]), &["parties[0].country"]),
        (Agreement { parties: vec![Default::default()], ..right() }, &["parties[0].party"]),
        (
            Agreement {
                parties: vec![entente::proto::v1::AgreementParty { role: 77, ..party("KHM") }],
                ..right()
            },
            &["parties[0].role"],
        ),
        (
            Agreement {
                areas: vec!["cooperationAreas/no".into(), "countries/KHM".into()],
                ..right()
            },
            &["areas[0]", "areas[1]"],
        ),
        (
            Agreement {
                signed_by: vec![AgreementSignatory {
                    official: "officials/nobody".to_owned(),
                    party: "countries/FRA".to_owned(),
                    ..AgreementSignatory::default()
                }],
                ..right()
            },
            &["signed_by[0].official", "signed_by[0].party"],
        ),
        (
            Agreement {
                actions: vec![
                    AgreementAction { ground: 1, ..action(ActionKind::Signature, "2021-13") },
                    AgreementAction {
                        party: "countries/FRA".to_owned(),
                        ..action(ActionKind::Unspecified, "")
                    },
                ],
                ..right()
            },
            &["actions[0].date", "actions[0].ground", "actions[1].kind", "actions[1].party"],
        ),
        (
            Agreement {
                titles: vec![AgreementTitle { language: "x".to_owned(), ..Default::default() }],
                documents: vec![AgreementDocument {
                    uri: "no uri".to_owned(),
                    sha256: "12".to_owned(),
                    ..Default::default()
                }],
                external_ids: vec![external("No Scheme", "")],
                ..right()
            },
            &[
                "documents[0].sha256",
                "documents[0].uri",
                "external_ids[0].scheme",
                "external_ids[0].value",
                "titles[0].language",
                "titles[0].text",
            ],
        ),
    ];
    for (case, fields) in cases {
        refuses(server, Any::Agreement(case), fields).await;
    }
}

async fn wrong_others(server: &TestServer) {
    let period = |start: &str, end: &str, kind: PeriodEndKind| Period {
        start: start.to_owned(),
        end: end.to_owned(),
        end_kind: kind.into(),
    };
    let backwards = || Some(period("2021-05", "2021-04", PeriodEndKind::Unspecified));
    let held = |period| Tenure { title: "Envoy".to_owned(), period, ..Tenure::default() };
    let no_country = || "countries/XYZ".to_owned();
    let cases: Vec<(Any, &[&str])> = vec![
        (Any::Country(Country::default()), &["display_name"]),
        (
            Any::Country(Country {
                alpha2: "k1".into(),
                alpha3: "TOOLONG".into(),
                numeric: "1".into(),
                kind: 50,
                ..country("x")
            }),
            &["alpha2", "alpha3", "kind", "numeric"],
        ),
        (Any::Country(Country { existence: backwards(), ..country("x") }), &["existence.end"]),
        (
            Any::Country(Country {
                sovereign: no_country(),
                predecessors: vec![no_country(), "countries/KHM".into(), "countries/KHM".into()],
                ..country("x")
            }),
            &["predecessors", "predecessors[0]", "sovereign"],
        ),
        (Any::CooperationArea(area("nul\0")), &["display_name"]),
        (
            Any::CooperationArea(CooperationArea {
                broader: "cooperationAreas/no".into(),
                related: vec!["nonsense".into()],
                ..area("x")
            }),
            &["broader", "related[0]"],
        ),
        (
            Any::Official(Official {
                birth: "2000".into(),
                death: "1999-12-31".into(),
                nationalities: vec![no_country()],
                tenures: vec![held(backwards()), Tenure::default()],
                ..official("x")
            }),
            &["death", "nationalities[0]", "tenures[0].period.end", "tenures[1].title"],
        ),
        (
            Any::Official(Official {
                tenures: vec![
                    held(Some(period("", "2021", PeriodEndKind::Open))),
                    held(Some(period("2021", "", PeriodEndKind::Dated))),
                ],
                ..official("x")
            }),
            &["tenures[0].period.end_kind", "tenures[1].period.end"],
        ),
    ];
    for (case, fields) in cases {
        refuses(server, case, fields).await;
    }
}

async fn dates_that_are_none(server: &TestServer) {
    let dated = |date: &str| Agreement {
        actions: vec![action(ActionKind::Signature, date)],
        ..agreement("A treaty", &["KHM"])
    };
    for wrong in [
        "0014-022005",
        "1976-06-31",
        "2021-02-29",
        "2021-13",
        "2021-00",
        "21",
        "2021/2022",
        "2021-12-15T12:00:00Z",
        "[2021,2022]",
        "2021-12-15 ",
        "?2021-12",
        "Y2021",
        "tomorrow",
        "2021-1-1",
        "../2021",
        "Y17E7",
        "2021-25",
        "2021-12-15\0",
    ] {
        refuses(server, Any::Agreement(dated(wrong)), &["actions[0].date"]).await;
    }
    for right in ["2021", "2021-12", "2024-02-29", "2021?", "2021-12~", "1964-XX-16", "XXXX-12-15"]
    {
        server.clients.create_agreement(dated(right)).await.unwrap();
    }
}

async fn an_alias_of_two(server: &TestServer) {
    let twin = |alpha2: &str| Country { alpha2: alpha2.to_owned(), ..country("A twin") };
    let twins =
        vec![create("TWINA", Any::Country(twin("QT"))), create("TWINB", Any::Country(twin("QT")))];
    server.clients.apply(twins).await.unwrap();
    let found = server.clients.create_agreement(agreement("x", &["qt"])).await.unwrap_err();
    found.is_invalid(&["agreement.parties[0].country"]);
    assert!(found.message.contains("countries/TWINA"), "names both: {}", found.message);
    assert!(found.message.contains("countries/TWINB"), "names both: {}", found.message);
    let refusal = server.clients.apply(vec![delete("countries/QT")]).await.unwrap_err();
    refusal.is_invalid(&["mutations[0].delete.name"]);
}

async fn too_large(server: &TestServer) {
    let head = server.clients.head_revision().await;
    let text = || AgreementCommitment { text: "x".repeat(20_000), ..Default::default() };
    let large = |parts: usize| Agreement {
        commitments: (0..parts).map(|_| text()).collect(),
        ..agreement("Large", &["KHM"])
    };
    let refusal = server.clients.create_agreement(large(30)).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE", &["agreement"]);
    let refusal = server.clients.create_agreement(large(230)).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE", &[]);
    let many = (0..230).map(|_| create("", Any::Agreement(large(1)))).collect();
    let refusal = server.clients.apply(many).await.unwrap_err();
    refusal.is(Code::ResourceExhausted, "MESSAGE_TOO_LARGE", &[]);
    assert_eq!(server.clients.head_revision().await, head, "nothing is written");
    server.clients.create_agreement(large(20)).await.unwrap();
}

/// Sends and receives bytes as they are.
#[derive(Clone, Copy, Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;
    fn encoder(&mut self) -> Self {
        Self
    }
    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;
    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(bytes.copy_to_bytes(bytes.remaining())))
    }
}

async fn raw(clients: &Clients, method: &str, body: &'static [u8]) -> Result<Bytes, Status> {
    let mut grpc = tonic::client::Grpc::new(clients.channel.clone());
    grpc.ready().await.unwrap();
    let path = PathAndQuery::try_from(method).unwrap();
    let answer = grpc.unary(Request::new(Bytes::from_static(body)), path, Raw).await?;
    Ok(answer.into_inner())
}

async fn not_protobuf(server: &TestServer) {
    let head = server.clients.head_revision().await;
    let services = entente::proto::POOL.services().filter(|one| one.package_name() == "entente.v1");
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let mut count = 0;
    for method in methods {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        for body in
            [&b"\xff\xff\xff\xff"[..], b"\x0a\xff", b"\x0a\x02\xff\xfe", b"\x0a\x03\x0a\x09x"]
        {
            // GetHead's request has no fields: any that are well-formed are unknown.
            let found = match raw(&server.clients, &path, body).await {
                Ok(_) if method.name() == "GetHead" => continue,
                Ok(answer) => panic!("{path} answers {answer:?} to {body:?}"),
                Err(status) => Refusal::of(&status),
            };
            let told = [Code::InvalidArgument, Code::Internal].contains(&found.code);
            assert!(told && !found.message.contains("sql"), "{path} {body:?}: {found:?}");
        }
        count += 1;
    }
    assert!(count >= 32, "{count} methods");
    let refusal = raw(&server.clients, "/entente.v1.CountryService/Nonsense", b"").await;
    assert_eq!(refusal.unwrap_err().code(), Code::Unimplemented);
    assert_eq!(server.clients.head_revision().await, head, "nothing is written");
}

async fn wrong_reads_and_frames(server: &TestServer) {
    let clients = &server.clients;
    let head = clients.head_revision().await;
    let invalid = |status: Status, fields: &[&str]| Refusal::of(&status).is_invalid(fields);

    let request = ListCountriesRequest { page_size: -1, ..Default::default() };
    invalid(clients.countries().list_countries(request).await.unwrap_err(), &["page_size"]);
    let request = GetCountryRequest {
        name: "agreements/KHM".to_owned(),
        read_mask: None,
        ..Default::default()
    };
    invalid(clients.countries().get_country(request).await.unwrap_err(), &["name"]);
    let request = GetCountryRequest {
        name: "countries/kH".to_owned(),
        read_mask: None,
        ..Default::default()
    };
    let found = clients.countries().get_country(request).await.unwrap().into_inner();
    assert_eq!(found.name, "countries/KHM", "an alpha-2 code in any case");

    let long = "x".repeat(129);
    let request = CreateAgreementRequest {
        agreement: Some(Agreement { form: 0, ..agreement("x", &["XYZ"]) }),
        agreement_id: "No".to_owned(),
        request_id: long.clone(),
        reason: "x".repeat(2_001),
        ..CreateAgreementRequest::default()
    };
    let refusal = Refusal::of(&clients.agreements().create_agreement(request).await.unwrap_err());
    let mut fields = refusal.fields.clone();
    fields.sort();
    let expected =
        ["agreement.form", "agreement.parties[0].country", "agreement_id", "reason", "request_id"];
    assert_eq!(fields, expected, "all at once");

    let named = || ApplyRequest {
        mutations: vec![create("", Any::CooperationArea(area("x")))],
        ..ApplyRequest::default()
    };
    for actor in [&long, "calendar", "entente"] {
        let refusal = clients.records().apply(by(actor, named())).await.unwrap_err();
        invalid(refusal, &["metadata[entente-actor]"]);
    }
    let nameless = Any::CooperationArea(CooperationArea::default());
    let beside = ApplyRequest { mutations: vec![create("", nameless)], ..ApplyRequest::default() };
    let refusal = clients.records().apply(by(&long, beside)).await.unwrap_err();
    let name = "mutations[0].create.resource.cooperation_area.display_name";
    invalid(refusal, &["metadata[entente-actor]", name]);
    let reason = "nul\0".to_owned();
    let refusal = clients.apply_request(ApplyRequest { reason, ..named() }).await.unwrap_err();
    refusal.is_invalid(&["reason"]);
    let request_id = "nul\0".to_owned();
    let refusal = clients.apply_request(ApplyRequest { request_id, ..named() }).await.unwrap_err();
    refusal.is_invalid(&["request_id"]);
    for nul in [delete("countries/K\0M"), undelete("countries/K\0M")] {
        let refusal = clients.apply(vec![nul]).await.unwrap_err();
        assert_eq!(refusal.code, Code::InvalidArgument, "{refusal:?}");
    }
    for id in ["no-hyphen", "KH", "É", &"X".repeat(33)] {
        let request = CreateCountryRequest {
            country: Some(country("x")),
            country_id: id.to_owned(),
            ..CreateCountryRequest::default()
        };
        let refusal = clients.countries().create_country(request).await.unwrap_err();
        invalid(refusal, &["country_id"]);
    }
    assert_eq!(clients.head_revision().await, head, "nothing is written");
}
