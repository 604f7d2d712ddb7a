//! Whichever way an agreement is written that takes the place of another: what it ends.

use entente::proto::v1::import_response::Outcome;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementStatus, ApplyRequest, ImportRequest,
    MutationOutcome, RollbackRequest,
};
use futures_util::{StreamExt, stream};

use crate::calendar::comes;
use crate::on_both;
use crate::standard;
use crate::standard::{Client, CreateRequest, UpdateRequest};
use crate::support::TestServer;
use crate::support::clients::by;
use crate::support::samples::{action, any, create, mask};

use ActionKind::{EntryIntoForce, Expiry, Signature};

use crate::supersession::{change, get, make, named, old, superseded, treaty};

on_both!(
    judged_only,
    by_every_way_to_write,
    registers_that_are_imported_again,
    what_cannot_take_it_refuses_it,
);

async fn judged_only(server: &TestServer) {
    let clients = &server.clients;
    make(clients, &[("old", old())]).await;
    let before = clients.head_revision().await;
    let new = treaty(&[(EntryIntoForce, "2010")], &["old"]);
    let request = ApplyRequest {
        mutations: vec![create("new", Any::Agreement(new.clone()))],
        validate_only: true,
        ..ApplyRequest::default()
    };
    let answer = clients.apply_request(request).await.unwrap();
    assert_eq!((answer.results.len(), answer.revision), (1, 0));
    let client = Client::<Agreement>::new(clients);
    let request = CreateRequest { validate_only: true, ..standard::create("new", &new) };
    assert_eq!(client.create_request(request).await.unwrap().name, "agreements/new");
    assert_eq!(clients.head_revision().await, before);
    assert_eq!(get(clients, "old").await.actions.len(), 1);
}

async fn by_every_way_to_write(server: &TestServer) {
    let clients = &server.clients;
    let client = Client::<Agreement>::new(clients);
    let entered = || treaty(&[(EntryIntoForce, "2010")], &["old"]);
    let new = |id: &str| named(id, entered());
    let ended = async |cause: &str| {
        let ended = get(clients, "old").await;
        assert_eq!(ended.actions[1..], [superseded("2010", cause)]);
        change(clients, "old", old(), &["actions"]).await;
    };
    make(clients, &[("old", old())]).await;
    let created = client.create("created", entered()).await.unwrap();
    assert_eq!((created.name.as_str(), created.title.as_str()), ("agreements/created", "Treaty"));
    ended("created").await;

    let request = UpdateRequest { allow_missing: true, ..standard::update(&new("upserted"), &[]) };
    assert_eq!(client.update(request).await.unwrap().name, "agreements/upserted");
    ended("upserted").await;

    client.create("updated", treaty(&[(Signature, "2009")], &["old"])).await.unwrap();
    let updated = client.update(standard::update(&new("updated"), &["actions"])).await.unwrap();
    assert_eq!(updated.status(), AgreementStatus::InForce);
    ended("updated").await;

    let request = ImportRequest {
        resource: any(Any::Agreement(new("imported"))),
        ..ImportRequest::default()
    };
    let again = request.clone();
    let call = clients.records().import(by("registrar", stream::iter([request, again]))).await;
    let answers: Vec<_> = call.unwrap().into_inner().map(Result::unwrap).collect().await;
    let names = answers.iter().map(|answer| format!("{:?}", answer.outcome));
    assert!(names.into_iter().all(|outcome| outcome.contains("agreements/imported")));
    ended("imported").await;

    client.delete(standard::delete("agreements/imported")).await.unwrap();
    let back = client.undelete(standard::undelete("agreements/imported")).await.unwrap();
    assert_eq!(back.name, "agreements/imported");
    ended("imported").await;

    let in_force = client.create("rolled", entered()).await.unwrap();
    ended("rolled").await;
    change(clients, "rolled", treaty(&[(Signature, "2009")], &[]), &["actions"]).await;
    let (name, revision) = (in_force.name, in_force.revision);
    let request = RollbackRequest { name, revision, ..RollbackRequest::default() };
    let back = clients.history().rollback(by("eve", request)).await.unwrap().into_inner();
    let Some(Any::Agreement(back)) = back.resource else { panic!("{back:?}") };
    assert_eq!(back.name, "agreements/rolled");
    ended("rolled").await;
}

/// A register does not know what the record has added, and takes nothing of it away.
async fn registers_that_are_imported_again(server: &TestServer) {
    let clients = &server.clients;
    let expires = AgreementAction { note: "As foreseen".to_owned(), ..action(Expiry, "2990") };
    let later =
        || Agreement { actions: vec![action(EntryIntoForce, "2000"), expires.clone()], ..old() };
    let register = |old: Agreement| {
        let new = treaty(&[(EntryIntoForce, "2010")], &["old"]);
        [named("old", old), named("new", new)]
    };
    let import = async |old: Agreement, replaces: bool| {
        let requests = register(old).map(|one| ImportRequest {
            resource: any(Any::Agreement(one)),
            update_mask: if replaces { mask(&["*"]) } else { None },
            ..ImportRequest::default()
        });
        let call = clients.records().import(by("registrar", stream::iter(requests))).await;
        let answers = call.unwrap().into_inner().map(Result::unwrap);
        let outcomes = answers.map(|answer| match answer.outcome {
            Some(Outcome::Result(result)) => result.outcome(),
            other => panic!("{other:?}"),
        });
        outcomes.collect::<Vec<_>>().await
    };
    use MutationOutcome::{Created, Unchanged, Updated};
    assert_eq!(import(old(), false).await, [Created, Created]);
    let head = clients.head_revision().await;
    assert_eq!(import(old(), false).await, [Unchanged, Unchanged]);
    assert_eq!(clients.head_revision().await, head);
    let end = superseded("2010", "new");
    assert_eq!(get(clients, "old").await.actions[1..], *std::slice::from_ref(&end));
    // What the register adds is taken, and what it is told with is not doubled.
    assert_eq!(import(later(), false).await, [Updated, Unchanged]);
    assert_eq!(get(clients, "old").await.actions[1..], [expires.clone(), end.clone()]);
    let mut told = later();
    told.actions.push(end.clone());
    assert_eq!(import(told, false).await, [Unchanged, Unchanged]);
    // What somebody has made of it stays.
    let mut changed = later();
    changed.actions.push(AgreementAction { cause: end.cause.clone(), ..action(Expiry, "2011") });
    change(clients, "old", changed.clone(), &["actions"]).await;
    assert_eq!(import(later(), false).await, [Unchanged, Unchanged]);
    assert_eq!(get(clients, "old").await.actions, changed.actions);
    // Whoever replaces, replaces; and what was removed is not known to an import.
    assert_eq!(import(later(), true).await, [Updated, Unchanged]);
    assert_eq!(import(later(), false).await, [Unchanged, Unchanged]);
    assert_eq!(get(clients, "old").await.status(), AgreementStatus::InForce);
}

async fn what_cannot_take_it_refuses_it(server: &TestServer) {
    let clients = &server.clients;
    let full = Agreement { actions: vec![action(EntryIntoForce, "2000"); 2_000], ..old() };
    make(clients, &[("full", full)]).await;
    let new = treaty(&[(EntryIntoForce, "2010")], &["full"]);
    let refusal = Client::<Agreement>::new(clients).create("new", new.clone()).await.unwrap_err();
    refusal.is_invalid(&["agreement"]);
    let text = &refusal.descriptions[0];
    assert!(text.contains("agreements/full") && text.contains("actions"), "{text}");
    let lost = treaty(&[(EntryIntoForce, "2010")], &["nowhere"]);
    let refusal = Client::<Agreement>::new(clients).create("new", lost).await.unwrap_err();
    refusal.is_invalid(&["agreement.links[0].agreement"]);
    // On its day it comes all the same.
    comes(server, "2030-01-01").await;
    let new = Agreement { actions: vec![action(EntryIntoForce, "2030-01-02")], ..new };
    make(clients, &[("new", new)]).await;
    comes(server, "2030-01-02").await;
    assert_eq!(get(clients, "new").await.status(), AgreementStatus::InForce);
    assert_eq!(get(clients, "full").await.status(), AgreementStatus::InForce);
}
