//! Two countries and what happened between them: one record for each pair, and what
//! follows from its events.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    BilateralRelation, ChangeKind, RelationEvent, RelationEventKind as Kind,
    RelationLevel as Level, WatchChangesRequest,
};
use tonic::Code;

use crate::calendar::comes;
use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::standard::{Client, UpdateRequest, delete, undelete, update};
use crate::support::samples;
use crate::support::{Clients, TestServer};
use crate::watching::{Watch, from, until};

on_both!(
    either_order_and_either_code_mean_one,
    a_pair_has_one_relation,
    the_id_and_the_countries_agree,
    a_country_has_none_with_itself,
    the_level_follows_from_the_events,
    a_level_changes_when_its_day_comes,
);

const PAIR: &str = "bilateralRelations/KHM-RUS";

fn client(clients: &Clients) -> Client<BilateralRelation> {
    Client::new(clients)
}

fn between(countries: &[&str]) -> BilateralRelation {
    let countries = countries.iter().map(|id| format!("countries/{id}")).collect();
    BilateralRelation { countries, ..BilateralRelation::default() }
}

fn event(kind: Kind, date: &str, level: Level) -> RelationEvent {
    let (kind, level) = (kind.into(), level.into());
    RelationEvent { kind, date: date.to_owned(), level, text: String::new() }
}

fn told(events: &[RelationEvent]) -> BilateralRelation {
    let name = PAIR.to_owned();
    BilateralRelation { name, events: events.to_vec(), ..BilateralRelation::default() }
}

async fn either_order_and_either_code_mean_one(server: &TestServer) {
    let client = client(&server.clients);
    for id in ["KHM-RUS", "RUS-KHM", "kh-ru", "RU-KH", "rus-Kh", ""] {
        for countries in [&["KHM", "RUS"][..], &["ru", "kh"], &[]] {
            if id.is_empty() && countries.is_empty() {
                continue;
            }
            let made = client.create(id, between(countries)).await.unwrap();
            assert_eq!(made.name, PAIR, "{id} {countries:?}");
            assert_eq!(made.countries, between(&["KHM", "RUS"]).countries, "{id} {countries:?}");
            let other = format!("bilateralRelations/{}", if id.is_empty() { "ru-khm" } else { id });
            assert_eq!(client.get(&other).await.unwrap(), made);
            let note = BilateralRelation {
                name: other.clone(),
                note: "new".to_owned(),
                ..BilateralRelation::default()
            };
            let noted = client.update(update(&note, &[])).await.unwrap();
            assert_eq!((noted.name.as_str(), noted.note.as_str()), (PAIR, "new"));
            for filter in ["countries = ru AND countries = KHM", &format!("name = {id}")] {
                if !filter.ends_with("= ") {
                    let found = matching::<BilateralRelation>(server, filter).await;
                    assert_ids(&found, &["KHM-RUS"], filter);
                }
            }
            client.delete(delete(&other)).await.unwrap();
            assert_eq!(client.undelete(undelete(&other)).await.unwrap().name, PAIR);
            client.delete(delete(&other)).await.unwrap();
        }
    }
    // By alpha-3 codes, whatever the order of those that are given.
    assert_eq!(
        client.create("AT-AU", between(&[])).await.unwrap().name,
        "bilateralRelations/AUS-AUT"
    );
}

async fn a_pair_has_one_relation(server: &TestServer) {
    let client = client(&server.clients);
    client.create("KHM-RUS", between(&[])).await.unwrap();
    for (id, countries) in [("ru-kh", &[][..]), ("", &["RUS", "kh"])] {
        let refusal = client.create(id, between(countries)).await.unwrap_err();
        refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &["bilateral_relation_id"]);
        assert_eq!(refusal.resource, PAIR);
    }
    let twice = ["fr-de", ""]
        .map(|id| samples::create(id, Any::BilateralRelation(between(&["DEU", "fra"]))));
    let refusal = server.clients.apply(twice.into()).await.unwrap_err();
    refusal.is_invalid(&["mutations[1].create.id"]);

    let upsert = |name: &str| {
        let name = format!("bilateralRelations/{name}");
        let relation = BilateralRelation { name, ..samples::relation("Upserted") };
        UpdateRequest { allow_missing: true, ..update(&relation, &[]) }
    };
    let changed = client.update(upsert("ru-kh")).await.unwrap();
    assert_eq!((changed.name.as_str(), changed.events[0].text.as_str()), (PAIR, "Upserted"));
    let made = client.update(upsert("fr-de")).await.unwrap();
    assert_eq!(made.name, "bilateralRelations/DEU-FRA");
    assert_eq!(made.countries, between(&["DEU", "FRA"]).countries);
}

async fn the_id_and_the_countries_agree(server: &TestServer) {
    let client = client(&server.clients);
    let wrong = "bilateral_relation.countries";
    for countries in [&["KHM", "VNM"][..], &["KHM"]] {
        client.create("KHM-RUS", between(countries)).await.unwrap_err().is_invalid(&[wrong]);
    }
    for countries in [&[][..], &["KHM"], &["KHM", "RUS", "VNM"]] {
        let refusal = client.create("", between(countries)).await.unwrap_err();
        refusal.is_invalid(&[wrong]);
    }
    let unknown = client.create("KHM-XYZ", between(&[])).await.unwrap_err();
    unknown.is_invalid(&["bilateral_relation.countries[1]"]);
    client.create("KHM-RUS", between(&[])).await.unwrap();
    for countries in [&["KHM", "VNM"][..], &["KHM"]] {
        let moved = BilateralRelation { name: PAIR.to_owned(), ..between(countries) };
        client.update(update(&moved, &["countries"])).await.unwrap_err().is_invalid(&[wrong]);
    }
    let same = BilateralRelation { name: PAIR.to_owned(), ..between(&["ru", "KH"]) };
    let before = server.clients.head_revision().await;
    for paths in [&["countries"][..], &["*"], &[]] {
        client.update(update(&same, paths)).await.unwrap();
        client.update(update(&told(&[]), paths)).await.unwrap();
    }
    assert_eq!(server.clients.head_revision().await, before, "nothing has changed");
}

async fn a_country_has_none_with_itself(server: &TestServer) {
    let client = client(&server.clients);
    for id in ["KHM-KHM", "kh-khm", "KHM", "KHM-", "KHM-RUS-VNM", "KHM_RUS"] {
        let refusal = client.create(id, between(&["KHM", "RUS"])).await.unwrap_err();
        refusal.is_invalid(&["bilateral_relation_id"]);
    }
    for countries in [["KHM", "KHM"], ["KHM", "kh"], ["kh", "Khm"]] {
        let refusal = client.create("", between(&countries)).await.unwrap_err();
        assert_eq!(refusal.code, Code::InvalidArgument);
        assert!(refusal.fields.iter().all(|field| field == "bilateral_relation.countries"));
    }
}

/// Cambodia and Russia by the day of the store, and as lists find them.
async fn stands(server: &TestServer, level: Level, established: &str) {
    let relation = client(&server.clients).get(PAIR).await.unwrap();
    assert_eq!((relation.level(), relation.established.as_str()), (level, established));
    let filter = match level {
        Level::Unspecified => "NOT level:*".to_owned(),
        level => format!("level = {}", level.as_str_name()),
    };
    let filter = match established {
        "" => format!("{filter} AND NOT established:*"),
        date => format!("{filter} AND established = {date}"),
    };
    assert_ids(&matching::<BilateralRelation>(server, &filter).await, &["KHM-RUS"], &filter);
}

async fn the_level_follows_from_the_events(server: &TestServer) {
    let client = client(&server.clients);
    // Output fields are ignored.
    let claimed = BilateralRelation {
        level: Level::Consular.into(),
        established: "1900".to_owned(),
        ..between(&[])
    };
    client.create("KHM-RUS", claimed).await.unwrap();
    stands(server, Level::Unspecified, "").await;
    let mut events = Vec::new();
    for (kind, date, given, level, established) in [
        (Kind::Recognised, "1953-11-09", Level::Unspecified, Level::RecognitionOnly, ""),
        (Kind::Established, "1956-05-13", Level::Minister, Level::Minister, "1956-05-13"),
        (Kind::Raised, "1957", Level::Ambassador, Level::Ambassador, "1956-05-13"),
        (
            Kind::AmbassadorRecalled,
            "1973",
            Level::Unspecified,
            Level::ChargeDAffaires,
            "1956-05-13",
        ),
        (Kind::Severed, "1975-04", Level::Unspecified, Level::None, ""),
        (Kind::Resumed, "1979", Level::Ambassador, Level::Ambassador, "1979"),
    ] {
        // The newest first: they may come in any order.
        events.insert(0, event(kind, date, given));
        client.update(update(&told(&events), &["events"])).await.unwrap();
        stands(server, level, established).await;
    }
    let wrong = [event(Kind::Recognised, "1953", Level::Ambassador)];
    let refusal = client.update(update(&told(&wrong), &["events"])).await.unwrap_err();
    refusal.is_invalid(&["bilateral_relation.events[0].level"]);
}

async fn a_level_changes_when_its_day_comes(server: &TestServer) {
    let client = client(&server.clients);
    comes(server, "2030-01-01").await;
    let events = [
        event(Kind::Established, "1956-05-13", Level::Ambassador),
        event(Kind::Severed, "2030-01-03", Level::Unspecified),
        event(Kind::Resumed, "2030-02", Level::Consular),
    ];
    let made = BilateralRelation { name: String::new(), ..told(&events) };
    let made = client.create("KHM-RUS", made).await.unwrap();
    stands(server, Level::Ambassador, "1956-05-13").await;
    let request = WatchChangesRequest {
        filter: "level = AMBASSADOR".to_owned(),
        resource_types: vec!["BilateralRelation".to_owned()],
        ..WatchChangesRequest::default()
    };
    let mut watch = Watch::open(&server.clients, request).await.unwrap();

    comes(server, "2030-01-02").await;
    assert_eq!(client.get(PAIR).await.unwrap(), made, "a day on which nothing changes");
    comes(server, "2030-01-03").await;
    stands(server, Level::None, "").await;
    comes(server, "2030-02-01").await;
    stands(server, Level::Consular, "2030-02").await;

    let last = made.revision + 2;
    assert_eq!(server.clients.head_revision().await, last);
    let commits = until(&server.clients, from(Start::AfterRevision(made.revision)), last).await;
    for (commit, day) in commits.iter().zip(["2030-01-03", "2030-02-01"]) {
        assert_eq!(commit.actor, "calendar");
        assert_eq!(commit.request_id, format!("calendar/{day}"));
        let changed = commit.changes[0].changed_fields.as_ref().unwrap();
        assert_eq!(changed.paths, ["level", "established"]);
    }
    watch.up_to(last).await;
    let kinds: Vec<_> = watch.commits().iter().map(|commit| commit.changes[0].kind()).collect();
    assert_eq!(kinds, [ChangeKind::Left]);
}
