//! A newspaper article, recorded to its last fact (`examples/article.json`).

use entente::model::described::Described;
use entente::proto::v1::{
    Agreement, ApplyRequest, Engagement, ListRevisionsRequest, MutationOutcome, Official, Origin,
    Source, Statement, WarningCode,
};
use prost::Message;
use prost_reflect::DynamicMessage;

use crate::filters::matching;
use crate::on_both;
use crate::standard::{Client, Sample};
use crate::support::TestServer;
use crate::support::clients::by;
use crate::support::samples::{field, name};
use crate::watching::{from_origin, until};

on_both!(a_visit_and_all_that_was_said_of_it);

fn article() -> ApplyRequest {
    let text = include_str!("../../examples/article.json");
    let mut json = serde_json::Deserializer::from_str(text);
    let message = DynamicMessage::deserialize(entente::proto::message("ApplyRequest"), &mut json);
    ApplyRequest::decode(message.unwrap().encode_to_vec().as_slice()).unwrap()
}

async fn a_visit_and_all_that_was_said_of_it(server: &TestServer) {
    let before = server.clients.head_revision().await;
    let request = article();
    let count = request.mutations.len();
    let sent = request.clone();
    let answer = server.clients.records().apply(by("desk", request)).await.unwrap().into_inner();
    assert_eq!(answer.revision, before + 1, "one commit");
    assert_eq!(answer.results.len(), count);
    assert!(answer.results.iter().all(|one| one.outcome() == MutationOutcome::Created));

    // A subscriber sees one commit, with all of it as it was sent.
    let told = until(&server.clients, from_origin(Origin::Earliest), answer.revision).await;
    let commit = told.last().unwrap();
    assert_eq!((commit.revision, commit.changes.len()), (answer.revision, count));
    for (mutation, change) in sent.mutations.iter().zip(&commit.changes) {
        let Some(entente::proto::v1::mutation::Operation::Create(create)) = &mutation.operation
        else {
            panic!("only creations");
        };
        let sent = create.resource.clone().unwrap().resource.unwrap();
        let stored = change.resource.clone().unwrap();
        assert_eq!(name(&stored), change.name);
        assert!(is_stored_as_sent(&sent, stored.resource.as_ref().unwrap()), "{}", change.name);
        let request = ListRevisionsRequest { name: change.name.clone(), ..Default::default() };
        let versions = server.clients.history().list_revisions(request).await.unwrap();
        assert_eq!(versions.into_inner().revisions.len(), 1);
    }
    facts(server).await;
}

/// Whether what is stored is what was sent, apart from what the server sets.
fn is_stored_as_sent(
    sent: &entente::proto::v1::resource::Resource,
    stored: &entente::proto::v1::resource::Resource,
) -> bool {
    let kind = *entente::resources::REGISTRY;
    let of = |one: &entente::proto::v1::resource::Resource| {
        struct Bytes;
        impl entente::proto::ResourceVisitor for Bytes {
            type Output = (&'static str, Vec<u8>);
            fn visit<T: Described>(self, mut value: T) -> Self::Output {
                value.clear_output_only();
                value.common_mut().name.clear();
                (T::TYPE, value.encode_to_vec())
            }
        }
        one.clone().visit(Bytes)
    };
    assert!(kind.by_type(of(sent).0).is_some(), "{}", field(sent));
    of(sent) == of(stored)
}

async fn facts(server: &TestServer) {
    // Who was what on that day.
    asks::<Official>(
        server,
        "tenures.organization = organizations/ru-security-council AND tenures.rank = NATIONAL_SECURITY_ADVISER",
        &["nikolai-patrushev"],
    )
    .await;
    asks::<Official>(server, "tenures.title = \"Prime Minister\"", &["hun-sen"]).await;
    // Which of the six areas, and what is below security.
    for area in [
        "counter-terrorism",
        "drug-trafficking",
        "transnational-crime",
        "regime-security",
        "money-laundering",
        "terrorist-financing",
    ] {
        let filter = format!("parties.country = KHM AND parties.country = RUS AND areas = {area}");
        asks::<Agreement>(server, &filter, &["khm-rus-security-pledge"]).await;
    }
    asks::<Agreement>(
        server,
        "under(areas, security) AND status = ANNOUNCED",
        &["khm-rus-security-pledge"],
    )
    .await;
    asks::<Agreement>(server, "legal_force = NON_BINDING", &["khm-rus-security-pledge"]).await;
    // The visit and its meetings, who met whom, what came of it.
    let meetings = [
        "order-of-friendship-for-hun-sen",
        "patrushev-meets-hun-manet",
        "patrushev-meets-hun-manith",
    ];
    asks::<Engagement>(server, "parent = patrushev-in-cambodia", &meetings).await;
    asks::<Engagement>(
        server,
        "participants.official = hun-manith AND participants.official = nikolai-patrushev",
        &["patrushev-meets-hun-manith"],
    )
    .await;
    asks::<Engagement>(
        server,
        "outcomes = khm-rus-security-pledge",
        &["patrushev-meets-hun-manith"],
    )
    .await;
    asks::<Engagement>(
        server,
        "topics.shared_by = \"countries/KHM\"",
        &["patrushev-meets-hun-manith"],
    )
    .await;
    asks::<Engagement>(server, "areas = cybersecurity", &["patrushev-in-cambodia"]).await;
    // Honours from Russia to Cambodian officials.
    asks::<Engagement>(
        server,
        "honours.grantor = \"countries/RUS\" AND honours.recipient_country = KHM",
        &["order-of-friendship-for-hun-sen"],
    )
    .await;
    // Claims about third countries, and about the others in a bloc.
    asks::<Statement>(server, "claims.third_countries = CHN", &["ro-vannak-on-russia"]).await;
    asks::<Statement>(
        server,
        "claims.beneficiaries = \"organizations/asean\" AND claims.organization_subset = OTHERS",
        &["ro-vannak-on-russia"],
    )
    .await;
    asks::<Statement>(
        server,
        "about = \"agreements/khm-rus-security-pledge\" AND citations.voice = OFFICIAL",
        &["directorate-on-cooperation"],
    )
    .await;
    // Everything that rests on the release, and what the article quotes.
    let cites = "citations.source = release-of-the-directorate";
    asks::<Agreement>(server, cites, &["khm-rus-security-pledge"]).await;
    asks::<Engagement>(server, cites, &["patrushev-in-cambodia", "patrushev-meets-hun-manith"])
        .await;
    asks::<Statement>(server, cites, &["directorate-on-cooperation", "directorate-on-experience"])
        .await;
    asks::<Source>(server, "quotes = release-of-the-embassy", &["article"]).await;
    // What is doubtful: the article names no year.
    let doubtful = "warnings.code = YEAR_UNKNOWN";
    asks::<Agreement>(server, doubtful, &["khm-rus-security-pledge"]).await;
    let pledge = Client::<Agreement>::new(&server.clients)
        .get("agreements/khm-rus-security-pledge")
        .await
        .unwrap();
    let codes: Vec<_> =
        pledge.warnings.iter().map(|one| (one.code(), one.field.as_str())).collect();
    assert_eq!(codes, [(WarningCode::YearUnknown, "actions[0].date")]);
    asks::<Engagement>(server, "warnings.code = TITLE_NOT_ATTESTED", &[]).await;
}

async fn asks<T: Sample>(server: &TestServer, filter: &str, expected: &[&str]) {
    assert_eq!(matching::<T>(server, filter).await, expected, "{filter}");
}
