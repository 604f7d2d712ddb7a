//! Filters that come to mean something else end their stream.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    Agreement, Country, ListChangesRequest, Mutation, WatchChangesRequest, list_changes_request,
};
use tonic::Code;

use crate::on_both;
use crate::support::clients::Clients;
use crate::support::samples::{agreement, area, country, create, delete, undelete, update};
use crate::support::{Refusal, TestServer};
use crate::watching::{Watch, page, until};

on_both!(
    a_tree_that_grows_ends_the_stream,
    a_code_that_moves_ends_the_stream,
    a_name_and_a_code_of_one_word,
    a_name_that_came_to_shadow_a_code,
);

async fn a_tree_that_grows_ends_the_stream(server: &TestServer) {
    let clients = &server.clients;
    let request = WatchChangesRequest {
        filter: "under(areas, \"cooperationAreas/security\")".to_owned(),
        resource_types: vec!["Agreement".to_owned()],
        ..WatchChangesRequest::default()
    };
    let mut watch = Watch::open(clients, request.clone()).await.unwrap();
    let Some(entente::proto::v1::watch_changes_response::Event::Started(started)) =
        watch.messages[0].event.clone()
    else {
        panic!("a stream begins with started");
    };
    let [tree] = started.expansions.as_slice() else { panic!("one tree: {started:?}") };
    assert_eq!(tree.root, "cooperationAreas/security");
    assert!(tree.names.contains(&"cooperationAreas/counter-terrorism".to_owned()), "{tree:?}");
    let within = Agreement {
        areas: vec!["cooperationAreas/counter-terrorism".to_owned()],
        ..agreement("Within", &["KHM", "RUS"])
    };
    clients.create_agreement(within).await.unwrap();
    // An area elsewhere alters nothing.
    let elsewhere = Any::CooperationArea(area("Elsewhere"));
    clients.apply(vec![create("elsewhere", elsewhere)]).await.unwrap();
    watch.up_to(clients.head_revision().await - 1).await;
    let token = watch.token();
    let mut below = area("Below");
    below.broader = "cooperationAreas/security".to_owned();
    clients.apply(vec![create("below", Any::CooperationArea(below))]).await.unwrap();
    means_something_else(clients, &mut watch, &request, token).await;
    assert_eq!(watch.commits().len(), 1);
    // From the beginning it is judged by what the tree is now.
    let early = WatchChangesRequest { start: Some(Start::AfterRevision(0)), ..request };
    let commits = until(clients, early, clients.head_revision().await).await;
    assert_eq!(commits.len(), 1);
}

/// The stream ends because its filter means something else, and so does what would go on
/// with its token.
async fn means_something_else(
    clients: &Clients,
    watch: &mut Watch,
    request: &WatchChangesRequest,
    token: String,
) {
    let ended = loop {
        match watch.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream ends with a reason"),
            Err(status) => break Refusal::of(&status),
        }
    };
    ended.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
    let again = WatchChangesRequest { start: Some(Start::Token(token.clone())), ..request.clone() };
    let refusal = Watch::open(clients, again).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
    let poll = ListChangesRequest {
        filter: request.filter.clone(),
        resource_types: request.resource_types.clone(),
        start: Some(list_changes_request::Start::Token(token)),
        ..ListChangesRequest::default()
    };
    let refusal = page(clients, poll).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
}

async fn a_code_that_moves_ends_the_stream(server: &TestServer) {
    let clients = &server.clients;
    let coded = |name: &str, code: &str| {
        let codes = Country { alpha3: code.to_owned(), ..country(name) };
        Any::Country(Country { name: format!("countries/{name}"), ..codes })
    };
    let mutations =
        [("one", "XYA"), ("two", "XYB")].map(|(name, code)| create(name, coded(name, code)));
    clients.apply(mutations.into()).await.unwrap();
    for filter in
        ["parties.country = \"countries/XYA\"", "under(parties.country, \"countries/XYA\")"]
    {
        let request =
            WatchChangesRequest { filter: filter.to_owned(), ..WatchChangesRequest::default() };
        let mut watch = Watch::open(clients, request.clone()).await.unwrap();
        // A code that the filter does not name alters nothing.
        clients.apply(vec![update(coded("two", "XYC"), &["alpha3"])]).await.unwrap();
        clients.create_agreement(agreement("Of one", &["one", "RUS"])).await.unwrap();
        watch.up_to(clients.head_revision().await).await;
        assert_eq!(watch.commits().len(), 1);
        let token = watch.token();
        let moved = vec![
            update(coded("one", "XYD"), &["alpha3"]),
            update(coded("two", "XYA"), &["alpha3"]),
        ];
        clients.apply(moved).await.unwrap();
        means_something_else(clients, &mut watch, &request, token).await;
        // A token of what the code means now, until it means nothing.
        let mut watch = Watch::open(clients, request.clone()).await.unwrap();
        let token = watch.token();
        clients.apply(vec![update(coded("two", "XYB"), &["alpha3"])]).await.unwrap();
        means_something_else(clients, &mut watch, &request, token).await;
        clients.apply(vec![update(coded("one", "XYA"), &["alpha3"])]).await.unwrap();
    }
}

/// A country's own name goes before the same word as another's code, and a code before the
/// name of one that is gone.
async fn a_name_and_a_code_of_one_word(server: &TestServer) {
    let clients = &server.clients;
    let coded = |name: &str, code: &str| {
        let codes = Country { alpha3: code.to_owned(), ..country(name) };
        Any::Country(Country { name: format!("countries/{name}"), ..codes })
    };
    clients
        .apply(vec![create("CONE", coded("CONE", "XXA")), create("CTWO", coded("CTWO", ""))])
        .await
        .unwrap();
    let gone = "countries/XXB";
    clients.apply(vec![create("XXB", coded("XXB", ""))]).await.unwrap();
    clients.apply(vec![delete(gone)]).await.unwrap();
    let steps: [(&str, Mutation); 5] = [
        // A new country takes the code for its name.
        ("XXA", create("XXA", coded("XXA", ""))),
        // It goes, and the word is a code again.
        ("XXA", delete("countries/XXA")),
        // It is back, and the word is its name.
        ("XXA", undelete("countries/XXA")),
        // The name of one that is gone becomes a code.
        ("XXB", update(coded("CTWO", "XXB"), &["alpha3"])),
        // The code is given up, and nobody has it.
        ("XXB", update(coded("CTWO", ""), &["alpha3"])),
    ];
    for (word, step) in steps {
        let mut watches = Vec::new();
        for filter in ["parties.country = @", "under(parties.country, @)"] {
            let filter = filter.replace('@', &format!("\"countries/{word}\""));
            let request = WatchChangesRequest { filter, ..WatchChangesRequest::default() };
            watches.push((Watch::open(clients, request.clone()).await.unwrap(), request));
        }
        clients.apply(vec![step]).await.unwrap();
        for (mut watch, request) in watches {
            let token = watch.token();
            means_something_else(clients, &mut watch, &request, token).await;
        }
    }
}

/// A watch that is opened where others with the same filter ended knows what these did not.
async fn a_name_that_came_to_shadow_a_code(server: &TestServer) {
    let clients = &server.clients;
    let coded = |name: &str, code: &str| {
        let codes = Country { alpha3: code.to_owned(), ..country(name) };
        Any::Country(Country { name: format!("countries/{name}"), ..codes })
    };
    let both = vec![create("BONE", coded("BONE", "")), create("XXC", coded("XXC", ""))];
    clients.apply(both).await.unwrap();
    let filter = "parties.country = \"countries/XXC\"".to_owned();
    let request = WatchChangesRequest { filter, ..WatchChangesRequest::default() };
    let mut first = Watch::open(clients, request.clone()).await.unwrap();
    let living = first.token();
    clients.apply(vec![update(coded("BONE", "XXC"), &["alpha3"])]).await.unwrap();
    while first.try_next().await.is_ok_and(|event| event.is_some()) {}
    let mut second = Watch::open(clients, request.clone()).await.unwrap();
    let token = second.token();
    clients.apply(vec![delete("countries/XXC")]).await.unwrap();
    means_something_else(clients, &mut second, &request, token).await;

    // The name is nobody's, and the code of two: what was asked for is not wrong.
    let two = Any::Country(Country { alpha3: "XXC".to_owned(), ..country("Two") });
    clients.apply(vec![create("CTWO", two)]).await.unwrap();
    let again = WatchChangesRequest { start: Some(Start::Token(living)), ..request };
    let refusal = Watch::open(clients, again).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "FILTER_MEANING_CHANGED", &["filter"]);
}
