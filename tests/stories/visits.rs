//! A visit and its meetings: each lies within the visit, whichever of them is moved.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{Engagement, Mutation, Period};
use futures_util::future::join_all;
use serde_json::json;
use tonic::Code;

use crate::on_both;
use crate::standard::{Client, Shared, update, with};
use crate::support::command::{Files, import};
use crate::support::samples::{create, delete, engagement, undelete, update as change};
use crate::support::{Refusal, TestServer};

on_both!(
    a_part_lies_within_its_whole,
    a_whole_includes_its_parts,
    parts_written_before_in_the_same_group,
    an_import_moves_both,
);

fn period(start: &str, end: &str) -> Option<Period> {
    Some(Period { start: start.to_owned(), end: end.to_owned(), ..Period::default() })
}

fn part(parent: &str, start: &str, end: &str) -> Engagement {
    let parent = format!("engagements/{parent}");
    Engagement { parent, period: period(start, end), ..engagement("Meeting") }
}

async fn a_part_lies_within_its_whole(server: &TestServer) {
    let clients = &server.clients;
    let visit = || Engagement { period: period("2021-12-14", "2021-12-16"), ..engagement("Visit") };
    let whole = || create("visit", Any::Engagement(visit()));
    let meeting = |start, end| create("meeting", Any::Engagement(part("visit", start, end)));
    let (start, end) = ("period.start", "period.end");
    let wrong = [
        ("2021-12-13", "2021-12-15", &[start][..]),
        ("2021-12-15", "2021-12-17", &[end]),
        ("2021-12-17", "2021-12-18", &[start, end]),
        ("2020", "", &[start]),
    ];
    for (first, last, fields) in wrong {
        for (index, all) in
            [vec![meeting(first, last), whole()], vec![whole(), meeting(first, last)]]
                .into_iter()
                .enumerate()
        {
            let at = |field| format!("mutations[{index}].create.resource.engagement.{field}");
            let expected: Vec<_> = fields.iter().map(at).collect();
            let refusal = clients.apply(all).await.unwrap_err();
            assert_eq!((refusal.code, &refusal.fields), (Code::InvalidArgument, &expected));
        }
    }
    clients.apply(vec![whole()]).await.unwrap();
    let client = Client::<Engagement>::new(clients);
    let before = clients.head_revision().await;
    for (first, last, fields) in wrong {
        let expected: Vec<_> = fields.iter().map(|field| format!("engagement.{field}")).collect();
        let refusal = client.create("", part("visit", first, last)).await.unwrap_err();
        assert_eq!((refusal.code, &refusal.fields), (Code::InvalidArgument, &expected));
    }
    assert_eq!(clients.head_revision().await, before, "nothing is written");
    for (id, first, last) in [
        ("within", "2021-12-15", "2021-12-15"),
        ("may", "2021-12", "2021"),
        ("any-year", "XXXX-12-15", "XXXX-12-15"),
        ("undated", "", ""),
    ] {
        client.create(id, part("visit", first, last)).await.unwrap();
    }
    let within = || Shared { name: "engagements/within".to_owned(), ..Shared::default() };
    let moved = with(part("visit", "2022", ""), within());
    let refusal = client.update(update(&moved, &["period"])).await.unwrap_err();
    refusal.is_invalid(&["engagement.period.start"]);
}

/// The engagement `id`, from `start` to `end`, as an update of its period.
fn moved(id: &str, start: &str, end: &str) -> Mutation {
    let name = format!("engagements/{id}");
    let one = Engagement { name, period: period(start, end), ..Engagement::default() };
    change(Any::Engagement(one), &["period"])
}

async fn refused(server: &TestServer, mutations: Vec<Mutation>) -> Refusal {
    let before = server.clients.head_revision().await;
    let refusal = server.clients.apply(mutations).await.unwrap_err();
    assert_eq!(server.clients.head_revision().await, before, "nothing is written");
    refusal
}

async fn a_whole_includes_its_parts(server: &TestServer) {
    let clients = &server.clients;
    let visit = Engagement { period: period("2021-12-14", "2021-12-16"), ..engagement("Visit") };
    let mut made = vec![create("visit", Any::Engagement(visit))];
    for (id, start, end) in
        [("a", "2021-12-14", ""), ("b", "2021-12-16", "2021-12-16"), ("c", "", "")]
    {
        made.push(create(id, Any::Engagement(part("visit", start, end))));
    }
    clients.apply(made).await.unwrap();

    let later = || moved("visit", "2021-12-15", "2021-12-16");
    let refusal = refused(server, vec![later()]).await;
    refusal.is_invalid(&["mutations[0].update.resource.engagement.period"]);
    let expected =
        "must include that of engagements/a (2021-12-14/): move them in the same request";
    assert_eq!(refusal.descriptions, [expected]);
    let refusal = refused(server, vec![moved("visit", "2022", "")]).await;
    let expected = "must include that of engagements/a (2021-12-14/), engagements/b \
        (2021-12-16/2021-12-16): move them in the same request";
    assert_eq!(refusal.descriptions, [expected]);
    // Whatever else of a visit is written leaves it where it is.
    let titled = Engagement { name: "engagements/visit".to_owned(), ..engagement("State visit") };
    clients.apply(vec![change(Any::Engagement(titled), &["title"])]).await.unwrap();

    // What may lie within does not hinder, and neither does what is moved with it, in
    // whatever order, or is gone.
    clients.apply(vec![moved("visit", "2021-12", "2021-12")]).await.unwrap();
    clients.apply(vec![moved("a", "2021-12-16", ""), later()]).await.unwrap();
    clients
        .apply(vec![moved("visit", "2022", ""), moved("b", "2022", ""), moved("a", "", "")])
        .await
        .unwrap();
    clients.apply(vec![delete("engagements/b")]).await.unwrap();
    clients.apply(vec![moved("visit", "2019", "2019")]).await.unwrap();
    let refusal = refused(server, vec![undelete("engagements/b")]).await;
    assert_eq!(refusal.code, Code::InvalidArgument);
    // A meeting that belongs to another visit by then is none of its.
    let other = Engagement { period: period("2022", "2022"), ..engagement("Other") };
    let adopted = Engagement { name: "engagements/a".to_owned(), ..part("other", "2022", "") };
    let adopted = change(Any::Engagement(adopted), &["parent", "period"]);
    clients.apply(vec![create("other", Any::Engagement(other)), adopted]).await.unwrap();
    clients.apply(vec![moved("visit", "2018", "2018")]).await.unwrap();

    let many = (0..8).map(|index| {
        create(&format!("many-{index}"), Any::Engagement(part("visit", "2018-05", "")))
    });
    clients.apply(many.collect()).await.unwrap();
    let refusal = refused(server, vec![moved("visit", "2017", "2017")]).await;
    let told = &refusal.descriptions[0];
    assert!(told.contains("engagements/many-2 (2018-05/), 5 more: move them"), "{told}");
}

/// Requests that queue up are judged one behind the other.
async fn parts_written_before_in_the_same_group(server: &TestServer) {
    let clients = &server.clients;
    let mut made = Vec::new();
    for index in 0..40 {
        let visit = Engagement { period: period("2021", "2021"), ..engagement("Visit") };
        made.push(create(&format!("visit-{index}"), Any::Engagement(visit)));
    }
    clients.apply(made).await.unwrap();
    let meets = (0..40).map(|index| {
        let meeting = part(&format!("visit-{index}"), "2021-05", "");
        clients.apply(vec![create(&format!("meeting-{index}"), Any::Engagement(meeting))])
    });
    let leaves =
        (0..40).map(|index| clients.apply(vec![moved(&format!("visit-{index}"), "2022", "2022")]));
    // Whichever of the two comes first, the other one is refused.
    let (met, left) = futures_util::future::join(join_all(meets), join_all(leaves)).await;
    for (met, left) in met.into_iter().zip(left) {
        assert_ne!(met.is_ok(), left.is_ok());
        let refusal = met.err().or(left.err()).unwrap();
        assert_eq!(refusal.code, Code::InvalidArgument);
    }
}

/// A register in which a visit was moved with its meetings, over one in which it was not.
async fn an_import_moves_both(server: &TestServer) {
    let files = Files::new();
    let register = |year: u32, meetings: usize| -> String {
        let line = |id: &str, parent: &str| {
            let name = format!("engagements/{id}");
            let day = json!({ "start": format!("{year}-05-01"), "end": format!("{year}-05-02") });
            let mut one = json!({ "name": name, "title": id, "kind": "ENGAGEMENT_KIND_MEETING", "period": day });
            if !parent.is_empty() {
                one["parent"] = format!("engagements/{parent}").into();
            }
            format!("{}\n", json!({ "engagement": one }))
        };
        let parts = (0..meetings).map(|index| line(&format!("meeting-{index}"), "visit"));
        let part = line("part", "meeting-7");
        [part, line("visit", "")].into_iter().chain(parts).collect()
    };
    let before = files.put("before.jsonl", register(2021, 30));
    assert_eq!(import(server, &[], &[&before]).await.of("created").len(), 32);
    let after = files.put("after.jsonl", register(2022, 30));
    let head = server.clients.head_revision().await;
    let told = import(server, &["--validate-only"], &[&after]).await;
    assert_eq!(told.of("judged in part").len(), 32, "{}", told.text);
    assert_eq!(server.clients.head_revision().await, head);
    let told = import(server, &[], &[&after]).await;
    assert!(told.is_whole && told.of("changed").len() == 32, "{}", told.text);
    assert_eq!(server.clients.head_revision().await, head + 1, "all at once");
    let told = import(server, &[], &[&after]).await;
    assert_eq!(told.of("unchanged").len(), 32, "{}", told.text);
    assert_eq!(server.clients.head_revision().await, head + 1);

    // One that the register does not move holds all of them back, and says so.
    let left = Engagement { name: String::new(), ..part("visit", "2022-05-01", "") };
    server.clients.apply(vec![create("left", Any::Engagement(left))]).await.unwrap();
    let head = server.clients.head_revision().await;
    let told = import(server, &[], &[&files.put("again.jsonl", register(2023, 30))]).await;
    assert_eq!(told.of("refused").len(), 32, "{}", told.text);
    assert!(
        told.text.contains("must include that of engagements/left (2022-05-01/)"),
        "{}",
        told.text
    );
    assert_eq!(server.clients.head_revision().await, head);

    server.clients.apply(vec![delete("engagements/left")]).await.unwrap();
    // More than fit into one commit cannot be moved.
    let meetings: Vec<_> = (30..1_000)
        .map(|index| (format!("meeting-{index}"), part("visit", "2022-05-01", "")))
        .collect();
    for some in meetings.chunks(500) {
        let made = some.iter().map(|(id, one)| create(id, Any::Engagement(one.clone())));
        server.clients.apply(made.collect()).await.unwrap();
    }
    let many = files.put("many.jsonl", register(2023, 1_000));
    let head = server.clients.head_revision().await;
    let told = import(server, &[], &[&many]).await;
    assert_eq!(told.of("refused").len(), 1_002, "{}", told.text);
    let why = told.of("refused")[0]["refusal"].as_str().unwrap().to_owned();
    assert!(why.contains("is one of 1002 that need each other, which are recorded at once: a request may hold 1000"), "{why}");
    assert_eq!(server.clients.head_revision().await, head);
}
