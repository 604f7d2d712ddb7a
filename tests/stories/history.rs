//! Who changed what, when and why, and putting it back.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, ApplyRequest, ChangeKind, ListRevisionsRequest, Mutation, Resource, Revision,
    RollbackRequest,
};
use futures_util::future::join_all;
use tonic::Code;

use crate::on_both;
use crate::support::clients::by;
use crate::support::samples::{agreement, area, create, delete, mask, undelete, update};
use crate::support::{Clients, Refusal, TestServer};

on_both!(
    versions_tell_who_when_and_why,
    a_name_that_was_given_again,
    pages_of_versions,
    back_as_it_was,
    back_without_need,
    back_to_what_no_longer_holds,
    not_back_to_what_another_one_was,
    wrong_requests,
);

const PACT: &str = "agreements/pact";

async fn apply(clients: &Clients, actor: &str, reason: &str, mutation: Mutation) -> i64 {
    let reason = reason.to_owned();
    let request = ApplyRequest { mutations: vec![mutation], reason, ..ApplyRequest::default() };
    clients.records().apply(by(actor, request)).await.unwrap().into_inner().revision
}

fn titled(title: &str) -> Any {
    let name = PACT.to_owned();
    Any::Agreement(Agreement { name, ..agreement(title, &["KHM", "RUS"]) })
}

async fn revisions(
    clients: &Clients,
    request: ListRevisionsRequest,
) -> Result<Vec<Revision>, Refusal> {
    let answer = clients.history().list_revisions(request).await;
    Ok(answer.map_err(|status| Refusal::of(&status))?.into_inner().revisions)
}

fn of(name: &str) -> ListRevisionsRequest {
    ListRevisionsRequest { name: name.to_owned(), ..ListRevisionsRequest::default() }
}

async fn rollback(clients: &Clients, request: RollbackRequest) -> Result<Agreement, Refusal> {
    let answer = clients.history().rollback(by("eve", request)).await;
    let answer = answer.map_err(|status| Refusal::of(&status))?.into_inner();
    Ok(agreement_of(answer))
}

fn to(revision: i64) -> RollbackRequest {
    RollbackRequest { name: PACT.to_owned(), revision, ..RollbackRequest::default() }
}

fn agreement_of(resource: Resource) -> Agreement {
    match resource.resource {
        Some(Any::Agreement(agreement)) => agreement,
        other => panic!("{other:?} is no agreement"),
    }
}

/// A pact that was recorded, changed twice, deleted and brought back.
async fn life(clients: &Clients) -> [i64; 5] {
    [
        apply(clients, "ann", "as signed", create("pact", titled("Pact"))).await,
        apply(clients, "bob", "a typo", update(titled("Pact of Phnom Penh"), &["title"])).await,
        apply(clients, "ann", "", update(titled("Treaty of Phnom Penh"), &[])).await,
        apply(clients, "cleo", "by mistake", delete(PACT)).await,
        apply(clients, "cleo", "mended", undelete(PACT)).await,
    ]
}

async fn versions_tell_who_when_and_why(server: &TestServer) {
    let made = life(&server.clients).await;
    apply(&server.clients, "ann", "another", create("other", titled("Other"))).await;
    let versions = revisions(&server.clients, of(PACT)).await.unwrap();
    let told: Vec<_> = versions
        .iter()
        .map(|one| (one.revision, one.actor.as_str(), one.reason.as_str(), one.kind()))
        .collect();
    let expected = [
        (made[4], "cleo", "mended", ChangeKind::Undeleted),
        (made[3], "cleo", "by mistake", ChangeKind::Deleted),
        (made[2], "ann", "", ChangeKind::Updated),
        (made[1], "bob", "a typo", ChangeKind::Updated),
        (made[0], "ann", "as signed", ChangeKind::Created),
    ];
    assert_eq!(told, expected);
    let titles: Vec<_> = versions
        .iter()
        .map(|one| one.resource.clone().map(|resource| agreement_of(resource).title))
        .collect();
    let (last, first) = ("Treaty of Phnom Penh", "Pact");
    let expected = [Some(last), None, Some(last), Some("Pact of Phnom Penh"), Some(first)];
    assert_eq!(titles, expected.map(|title| title.map(str::to_owned)));
    let fields = |one: &Revision| one.changed_fields.clone().map(|mask| mask.paths);
    assert!(fields(&versions[3]).unwrap().contains(&"title".to_owned()));
    assert_eq!(fields(&versions[4]), None);
    assert!(versions.is_sorted_by_key(|one| {
        let time = one.commit_time.unwrap();
        std::cmp::Reverse((time.seconds, time.nanos))
    }));

    let read_mask = mask(&["name", "title"]);
    let masked =
        revisions(&server.clients, ListRevisionsRequest { read_mask, ..of(PACT) }).await.unwrap();
    let shown = agreement_of(masked[0].resource.clone().unwrap());
    let (name, title) = (PACT.to_owned(), last.to_owned());
    assert_eq!(shown, Agreement { name, title, ..Agreement::default() });
    let of_alias = revisions(&server.clients, of("countries/kh")).await.unwrap();
    assert_eq!(of_alias.len(), 1, "a code means the country");
}

async fn a_name_that_was_given_again(server: &TestServer) {
    apply(&server.clients, "ann", "", create("pact", titled("Old"))).await;
    apply(&server.clients, "ann", "", delete(PACT)).await;
    let dead = revisions(&server.clients, of(PACT)).await.unwrap();
    assert_eq!(dead.len(), 2, "also of what is gone");
    let first = apply(&server.clients, "ann", "", create("pact", titled("New"))).await;
    let versions = revisions(&server.clients, of(PACT)).await.unwrap();
    assert_eq!(versions.len(), 1, "another treaty, though of the same name");
    assert_eq!(versions[0].revision, first);
    let refusal = rollback(&server.clients, to(first - 1)).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &["revision"]);
}

async fn pages_of_versions(server: &TestServer) {
    life(&server.clients).await;
    let whole = revisions(&server.clients, of(PACT)).await.unwrap();
    let mut history = server.clients.history();
    for page_size in 1..=5 {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListRevisionsRequest { page_size, page_token, ..of(PACT) };
            let page = history.list_revisions(request).await.unwrap().into_inner();
            assert!(page.revisions.len() <= usize::try_from(page_size).unwrap());
            found.extend(page.revisions);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                break;
            }
        }
        assert_eq!(found, whole, "{page_size} a page");
    }
    let request = ListRevisionsRequest { page_size: 1, ..of(PACT) };
    let page_token = history.list_revisions(request).await.unwrap().into_inner().next_page_token;
    let other = ListRevisionsRequest { page_token, ..of("countries/KHM") };
    let refusal = revisions(&server.clients, other).await.unwrap_err();
    refusal.is(Code::InvalidArgument, "TOKEN_OF_ANOTHER_QUERY", &["page_token"]);
}

async fn back_as_it_was(server: &TestServer) {
    let made = life(&server.clients).await;
    let before = revisions(&server.clients, of(PACT)).await.unwrap();
    let judged = RollbackRequest { validate_only: true, ..to(made[0]) };
    let judged = rollback(&server.clients, judged).await.unwrap();
    assert_eq!((judged.title.as_str(), judged.revision), ("Pact", 0));
    assert_eq!(server.clients.head_revision().await, made[4], "judged only");
    let etag = "\"1\"".to_owned();
    let stale = rollback(&server.clients, RollbackRequest { etag, ..to(made[0]) }).await;
    stale.unwrap_err().is(Code::Aborted, "ETAG_MISMATCH", &["etag"]);

    let request_id = "once".to_owned();
    let request = RollbackRequest { request_id, ..to(made[0]) };
    let back = rollback(&server.clients, request.clone()).await.unwrap();
    assert_eq!((back.title.as_str(), back.revision), ("Pact", made[4] + 1));
    assert_eq!(rollback(&server.clients, request).await.unwrap(), back, "done once");
    let first = agreement_of(before[4].resource.clone().unwrap());
    assert_eq!((&back.uid, back.create_time), (&first.uid, first.create_time));
    let versions = revisions(&server.clients, of(PACT)).await.unwrap();
    assert_eq!(versions[1..], before, "nothing of the past is lost");
    let told = (versions[0].actor.as_str(), versions[0].reason.clone(), versions[0].kind());
    let reason = format!("rolled back to revision {}", made[0]);
    assert_eq!(told, ("eve", reason, ChangeKind::Updated));
}

async fn back_without_need(server: &TestServer) {
    let made = life(&server.clients).await;
    let same = rollback(&server.clients, to(made[2])).await.unwrap();
    assert_eq!(same.revision, made[4], "it is as it was");
    assert_eq!(server.clients.head_revision().await, made[4]);
    apply(&server.clients, "ann", "", delete(PACT)).await;
    let refusal = rollback(&server.clients, to(made[0])).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &["name"]);
    let refusal = rollback(&server.clients, to(made[3])).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &["revision"]);
}

async fn back_to_what_no_longer_holds(server: &TestServer) {
    let clients = &server.clients;
    apply(clients, "ann", "", create("fishing", Any::CooperationArea(area("Fishing")))).await;
    let areas = vec!["cooperationAreas/fishing".to_owned()];
    let pact = Agreement { areas, ..agreement("Pact", &["KHM", "RUS"]) };
    let first = apply(clients, "ann", "", create("pact", Any::Agreement(pact))).await;
    apply(clients, "ann", "", update(titled("Pact"), &["areas"])).await;
    apply(clients, "ann", "", delete("cooperationAreas/fishing")).await;
    let head = clients.head_revision().await;
    let refusal = rollback(clients, to(first)).await.unwrap_err();
    refusal.is_invalid(&["areas[0]"]);
    assert_eq!(clients.head_revision().await, head, "nothing is written");
}

/// While the name is given to another resource, a rollback is of the one or of none.
async fn not_back_to_what_another_one_was(server: &TestServer) {
    let clients = &server.clients;
    for _ in 0..20 {
        let first = apply(clients, "ann", "", create("pact", titled("First"))).await;
        let uid = revisions(clients, of(PACT)).await.unwrap().remove(0).resource.unwrap();
        let uid = agreement_of(uid).uid;
        let again = async {
            apply(clients, "ann", "", delete(PACT)).await;
            apply(clients, "ann", "", create("pact", titled("Second"))).await;
        };
        let back = (0..16).map(|_| rollback(clients, to(first)));
        let ((), backs) = futures_util::future::join(again, join_all(back)).await;
        for back in backs {
            match back {
                Ok(one) => assert_eq!((one.uid, one.title), (uid.clone(), "First".to_owned())),
                Err(refusal) => assert_eq!(refusal.code, Code::NotFound, "{refusal:?}"),
            }
        }
        let now = revisions(clients, of(PACT)).await.unwrap();
        assert_eq!(now.len(), 1, "nobody has changed the second one: {now:?}");
        apply(clients, "ann", "", delete(PACT)).await;
    }
}

async fn wrong_requests(server: &TestServer) {
    let made = life(&server.clients).await;
    let clients = &server.clients;
    let nothing = revisions(clients, of("agreements/nothing")).await.unwrap_err();
    nothing.is(Code::NotFound, "NOT_FOUND", &[]);
    revisions(clients, of("")).await.unwrap_err().is_invalid(&["name"]);
    revisions(clients, of("nonsense")).await.unwrap_err().is_invalid(&["name"]);
    let wrong = ListRevisionsRequest {
        page_size: -1,
        page_token: "nonsense".to_owned(),
        read_mask: mask(&["nonsense"]),
        ..of(PACT)
    };
    let refusal = revisions(clients, wrong).await.unwrap_err();
    assert_eq!(refusal.fields, ["page_size", "read_mask.paths[0]", "page_token"]);

    rollback(clients, RollbackRequest::default())
        .await
        .unwrap_err()
        .is_invalid(&["name", "revision"]);
    let future = rollback(clients, to(made[4] + 1)).await.unwrap_err();
    future.is(Code::OutOfRange, "REVISION_IN_FUTURE", &["revision"]);
    let early = rollback(clients, to(made[0] - 1)).await.unwrap_err();
    early.is(Code::NotFound, "NOT_FOUND", &["revision"]);
    let elsewhere = RollbackRequest { name: "agreements/nothing".to_owned(), ..to(1) };
    let refusal = rollback(clients, elsewhere).await.unwrap_err();
    refusal.is(Code::NotFound, "NOT_FOUND", &[]);
}
