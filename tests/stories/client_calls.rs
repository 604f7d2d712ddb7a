//! Calls that are sent again where that may help, and only there.

use std::time::Duration;

use entente::client::Client;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, ApplyRequest, CreateAgreementRequest, GetAgreementRequest, GetHeadRequest,
};
use tonic::{Code, Status};

use crate::on_both;
use crate::support::samples::{agreement, create};
use crate::support::way::{Traffic, Way};
use crate::support::{Database, Refusal, TestServer};
use crate::wait::{PATIENCE, until, within};

on_both!(
    a_write_whose_answer_was_cut_is_done_once,
    calls_go_on_at_another_replica,
    a_silent_replica_is_left_for_another,
    final_errors_are_told_at_once,
    patience_has_an_end,
);

/// More patience than any story has.
const ENDLESS: Duration = Duration::from_secs(3_600);

/// A way to another replica; to the same server where there can be none.
pub async fn elsewhere(server: &TestServer) -> Way {
    match server.database.kind {
        Database::Postgres => Way::start(server.replica().await.address).await,
        Database::Sqlite => Way::start(server.server.address).await,
    }
}

fn creation(title: &str) -> CreateAgreementRequest {
    let agreement = Some(agreement(title, &["KHM", "RUS"]));
    CreateAgreementRequest { agreement, ..CreateAgreementRequest::default() }
}

async fn a_write_whose_answer_was_cut_is_done_once(server: &TestServer) {
    let way = Way::start(server.server.address).await;
    let client = Client::new([way.url()]).unwrap().with_actor("desk-asia").unwrap();
    let before = client.call(GetHeadRequest {}).await.unwrap().head_revision;
    let mutations = vec![create("", Any::Agreement(agreement("Together", &["KHM"])))];
    let together = ApplyRequest { mutations, ..ApplyRequest::default() };
    let named = CreateAgreementRequest { request_id: "mine".to_owned(), ..creation("Named") };

    // The service answers, and what it says does not arrive.
    let cut = async |revision: i64| {
        until("the write", async || {
            (server.clients.head_revision().await == revision).then_some(())
        })
        .await;
        way.cut().await;
    };
    way.set(Traffic::Silent);
    let (made, ()) = tokio::join!(client.call(creation("Alone")), cut(before + 1));
    let made = made.unwrap();
    way.set(Traffic::Silent);
    let (named, ()) = tokio::join!(client.call(named), cut(before + 2));
    way.set(Traffic::Silent);
    let (together, ()) = tokio::join!(client.call(together), cut(before + 3));

    assert_eq!(made.revision, before + 1);
    assert_eq!(named.unwrap().revision, before + 2);
    assert_eq!(together.unwrap().revision, before + 3);
    assert_eq!(server.clients.head_revision().await, before + 3, "each was done once");
    let request = GetAgreementRequest { name: made.name.clone(), ..Default::default() };
    assert_eq!(client.call(request).await.unwrap(), made);
    let listed = crate::watching::poll(&server.clients, 1_000).await;
    let last: Vec<_> = listed[listed.len() - 3..].iter().map(|commit| &commit.actor).collect();
    assert_eq!(last, ["desk-asia"; 3]);
    assert_eq!(listed[listed.len() - 2].request_id, "mine", "an id of one's own is kept");
}

async fn calls_go_on_at_another_replica(server: &TestServer) {
    let ways = [Way::start(server.server.address).await, elsewhere(server).await];
    // At the first address there has never been anybody.
    let addresses = ["http://127.0.0.1:1".to_owned(), ways[0].url(), ways[1].url()];
    let client = Client::new(addresses).unwrap().with_patience(ENDLESS);
    let before = client.call(GetHeadRequest {}).await.unwrap().head_revision;
    for round in 1..=6 {
        let (gone, there) = if round % 2 == 0 { (0, 1) } else { (1, 0) };
        ways[gone].set(Traffic::Closed);
        ways[there].set(Traffic::Open);
        let made = within("a write", PATIENCE, client.call(creation("Elsewhere"))).await.unwrap();
        assert_eq!(made.revision, before + round);
        let name = made.name.clone();
        let read = client.call(GetAgreementRequest { name, ..Default::default() }).await.unwrap();
        assert_eq!(read, made);
    }
}

async fn a_silent_replica_is_left_for_another(server: &TestServer) {
    let ways = [Way::start(server.server.address).await, elsewhere(server).await];
    let client = Client::new([ways[0].url(), ways[1].url()]).unwrap();
    let client = client.with_deadline(Duration::from_secs(1));
    let before = client.call(GetHeadRequest {}).await.unwrap().head_revision;
    ways[0].set(Traffic::Silent);
    let made = client.call(creation("Elsewhere")).await.unwrap();
    assert_eq!(made.revision, before + 1);
    assert_eq!(server.clients.head_revision().await, before + 1);
}

async fn final_errors_are_told_at_once(server: &TestServer) {
    let address = format!("http://{}", server.server.address);
    let client = Client::new([address]).unwrap().with_patience(ENDLESS);
    let name = "agreements/missing".to_owned();
    let refusal = refused(client.call(GetAgreementRequest { name, ..Default::default() })).await;
    refusal.is(Code::NotFound, "NOT_FOUND", &[]);
    let refusal = refused(client.call(creation(""))).await;
    refusal.is_invalid(&["agreement.title"]);
    let first = CreateAgreementRequest { request_id: "one".to_owned(), ..creation("One") };
    client.call(first).await.unwrap();
    let second = CreateAgreementRequest { request_id: "one".to_owned(), ..creation("Two") };
    let refusal = refused(client.call(second)).await;
    refusal.is(Code::InvalidArgument, "REQUEST_ID_REUSED", &["request_id"]);
}

async fn refused(call: impl Future<Output = Result<Agreement, Status>>) -> Refusal {
    Refusal::of(&within("a refusal", PATIENCE, call).await.unwrap_err())
}

async fn patience_has_an_end(server: &TestServer) {
    let way = Way::start(server.server.address).await;
    way.set(Traffic::Closed);
    let client = Client::new([way.url()]).unwrap().with_patience(Duration::from_secs(1));
    let status = within("the end", PATIENCE, client.call(GetHeadRequest {})).await.unwrap_err();
    assert_eq!(Refusal::of(&status).reason, "", "nobody of the service has answered: {status}");
    way.set(Traffic::Silent);
    let status = within("the end", PATIENCE, client.call(GetHeadRequest {})).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    way.set(Traffic::Open);
    client.call(GetHeadRequest {}).await.unwrap();
}
