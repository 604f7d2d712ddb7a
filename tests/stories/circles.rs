//! Lines of an import that name each other, or others that come later.

use entente::proto::v1::ListCooperationAreasRequest;
use serde_json::json;

use crate::nothing_lost::{treaty, twice};
use crate::on_both;
use crate::support::TestServer;
use crate::support::command::{Files, import};

on_both!(
    what_the_input_would_create_is_not_missing,
    each_comes_behind_what_it_names,
    a_circle_of_any_size_is_recorded,
    a_large_circle_that_cannot_be_recorded,
    what_is_there_already_holds_no_circle_back,
);

async fn what_the_input_would_create_is_not_missing(server: &TestServer) {
    let files = Files::new();
    let amends = |name: &str, other: &str| {
        let link = json!({ "kind": "AGREEMENT_LINK_KIND_AMENDS", "agreement": format!("agreements/{other}") });
        treaty(json!({ "name": format!("agreements/{name}"), "links": [link] }))
    };
    let parties = ["KHM", "RUS"].map(|id| json!({ "country": format!("countries/{id}") }));
    let lines = [
        amends("a", "b"),
        amends("b", "c"),
        treaty(json!({ "name": "agreements/c", "parties": parties })),
        amends("d", "nowhere"),
        amends("e", "d"),
    ];
    let file = files.put("lines.jsonl", lines.concat());
    let head = server.clients.head_revision().await;
    let told = import(server, &["--validate-only"], &[&file]).await;
    assert_eq!(server.clients.head_revision().await, head);
    let expected = "5 lines: 1 created, 0 changed, 0 unchanged, 2 refused; 0 with warnings, \
        2 judged in part: they name what this input would create";
    assert_eq!(told.summary, expected, "{}", told.text);
    let part = told.of("judged in part");
    assert_eq!((&part[0]["line"], &part[0]["names"]), (&json!(1), &json!(["agreements/b"])));
    let refused: Vec<_> = told.of("refused").iter().map(|one| one["line"].clone()).collect();
    assert_eq!(refused, [4, 5]);
    assert_eq!(told.accounted(), 5);
    let told = twice(server, &[], &[&file]).await;
    assert_eq!((told.of("created").len(), told.of("refused").len()), (3, 2));
}

async fn a_circle_of_any_size_is_recorded(server: &TestServer) {
    let files = Files::new();
    let ring = |count: usize| -> String {
        let line = |number: usize| {
            let name = |number| format!("cooperationAreas/ring{count}-{number}");
            let (next, shown) = (name((number + 1) % count), format!("Ring {count} {number}"));
            let area = json!({ "name": name(number), "displayName": shown, "related": [next] });
            format!("{}\n", json!({ "cooperationArea": area }))
        };
        (0..count).map(line).collect()
    };
    let told = twice(server, &[], &[&files.put("fits.jsonl", ring(1_000))]).await;
    assert_eq!(told.of("created").len(), 1_000, "{}", told.text);
    // Each of these is recorded without its next one first.
    let head = server.clients.head_revision().await;
    let told = twice(server, &[], &[&files.put("large.jsonl", ring(1_001))]).await;
    assert_eq!(told.of("created").len(), 1_001, "{}", told.text);
    assert_eq!(server.clients.head_revision().await, head + 2 * 1_001);
    let filter = "related = ring1001-0".to_owned();
    let request = ListCooperationAreasRequest { filter, ..Default::default() };
    let areas = server.clients.areas().list_cooperation_areas(request).await.unwrap().into_inner();
    let names: Vec<_> = areas.cooperation_areas.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["cooperationAreas/ring1001-1000"]);
}

/// However long the chain, and though its lines stand the wrong way round, each is sent once
/// more at most; so are those that name a circle, and the circle what it names.
async fn each_comes_behind_what_it_names(server: &TestServer) {
    let files = Files::new();
    let area = |id: &str, broader: &str, related: &[&str]| {
        let name = |id: &&str| format!("cooperationAreas/{id}");
        let mut area = json!({ "name": name(&id), "displayName": id });
        if !broader.is_empty() {
            area["broader"] = name(&broader).into();
        }
        area["related"] = related.iter().map(name).collect::<Vec<_>>().into();
        format!("{}\n", json!({ "cooperationArea": area }))
    };
    let mut lines = vec![area("below", "ring-a", &[]), area("ring-a", "", &["ring-b"])];
    lines.push(area("ring-b", "chain-300", &["ring-a"]));
    let link = |number: usize| match number {
        0 => area("chain-0", "", &[]),
        number => area(&format!("chain-{number}"), &format!("chain-{}", number - 1), &[]),
    };
    lines.extend((0..=300).rev().map(link));
    lines.push(area("lost", "nowhere", &[]));
    let file = files.put("t.jsonl", lines.concat());
    let told = twice(server, &[], &[&file]).await;
    assert_eq!((told.of("created").len(), told.of("refused").len()), (304, 1), "{}", told.text);
    let sent =
        told.of("created").iter().map(|one| one["line"].as_u64().unwrap()).collect::<Vec<_>>();
    let chain: Vec<u64> = (4..=304).rev().collect();
    let expected = [chain, vec![2, 3, 1]].concat();
    assert_eq!(sent, expected, "in the order in which they could be recorded");
}

/// What is refused is not recorded in part, or says that it is.
async fn a_large_circle_that_cannot_be_recorded(server: &TestServer) {
    let files = Files::new();
    let ring = |name: &str, field: &str, lost: &str| -> String {
        let line = |number: usize| {
            let at = |number: usize| format!("cooperationAreas/{name}-{number}");
            let next = at((number + 1) % 1_001);
            let mut area = json!({ "name": at(number), "displayName": format!("{name} {number}") });
            area[field] = if field == "related" { json!([next]) } else { next.into() };
            if number == 500 && !lost.is_empty() {
                area["broader"] = lost.into();
            }
            format!("{}\n", json!({ "cooperationArea": area }))
        };
        (0..1_001).map(line).collect()
    };
    let head = server.clients.head_revision().await;
    let lost = files.put("lost.jsonl", ring("lost", "related", "cooperationAreas/nowhere"));
    let told = twice(server, &[], &[&lost]).await;
    assert_eq!(told.of("refused").len(), 1_001, "{}", told.text);
    let why = told.of("refused")[0]["refusal"].as_str().unwrap();
    assert!(
        why.contains("1001 that need each other") && why.contains("no cooperationAreas/nowhere"),
        "{why}"
    );
    assert_eq!(server.clients.head_revision().await, head, "nothing is written");

    let told = import(server, &[], &[&files.put("up.jsonl", ring("up", "broader", ""))]).await;
    let refused: Vec<_> = told.of("refused").iter().map(|one| one["refusal"].to_string()).collect();
    assert_eq!((told.of("created").len(), refused.len()), (1_000, 1), "{}", told.text);
    let says = "must not lead back to itself; it is recorded without what it names of this input";
    assert!(refused[0].contains(says), "{refused:?}");
}

/// A line that is refused takes no others with it where what they name is there already.
async fn what_is_there_already_holds_no_circle_back(server: &TestServer) {
    let files = Files::new();
    let area = |id: &str, related: &[&str]| {
        let name = |id: &str| format!("cooperationAreas/{id}");
        let related: Vec<_> = related.iter().map(|id| name(id)).collect();
        let area = json!({ "name": name(id), "displayName": id, "related": related });
        format!("{}\n", json!({ "cooperationArea": area }))
    };
    twice(server, &[], &[&files.put("there.jsonl", area("c1", &[]))]).await;
    let lines = [area("a1", &["b1"]), area("b1", &["a1", "c1"]), area("c1", &["b1", "nowhere"])];
    let told = twice(server, &[], &[&files.put("t.jsonl", lines.concat())]).await;
    assert_eq!((told.of("created").len(), told.of("refused").len()), (2, 1), "{}", told.text);
    assert_eq!(told.of("refused")[0]["line"], 3);
}
