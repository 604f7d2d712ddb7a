//! An agreement that enters into force ends those whose place it takes, in the same
//! commit, and whoever takes that back has the last word.

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementAction, AgreementLink, AgreementLinkKind, AgreementStatus,
    ApplyRequest, ChangeKind, Commit, GetAgreementRequest, Mutation, TerminationGround,
    watch_changes_request::Start,
};
use tonic::Code;

use crate::calendar::{comes, day};
use crate::filters::{assert_ids, matching};
use crate::on_both;
use crate::support::clients::by;
use crate::support::database::TestDatabase;
use crate::support::samples::{action, agreement, create, delete, undelete, update};
use crate::support::{Clients, TestServer};
use crate::watching::{from, until};
use entente::store::clock::Clock;

use ActionKind::{EntryIntoForce, Expiry, Resumption, Signature, Suspension, Termination};

on_both!(
    the_new_one_ends_the_old_one,
    the_date_is_that_of_the_entry_into_force,
    what_is_taken_back_stays_so,
    a_link_to_an_agreement_in_force_counts,
    what_has_ended_or_says_so_is_left_alone,
    both_written_at_once,
    several_are_ended_and_nothing_further,
    the_first_to_enter_into_force_ends_it,
    a_day_that_comes,
    days_that_were_missed,
);

pub fn treaty(actions: &[(ActionKind, &str)], supersedes: &[&str]) -> Agreement {
    let links = supersedes.iter().map(|id| link(id)).collect();
    let actions = actions.iter().map(|(kind, date)| action(*kind, date)).collect();
    Agreement { actions, links, ..agreement("Treaty", &["KHM", "RUS"]) }
}

fn link(id: &str) -> AgreementLink {
    let kind = AgreementLinkKind::Supersedes.into();
    AgreementLink { kind, agreement: format!("agreements/{id}") }
}

/// One that has been in force since 2000.
pub fn old() -> Agreement {
    treaty(&[(EntryIntoForce, "2000")], &[])
}

pub fn named(id: &str, agreement: Agreement) -> Agreement {
    Agreement { name: format!("agreements/{id}"), ..agreement }
}

/// What an agreement says of having been superseded.
pub fn superseded(date: &str, cause: &str) -> AgreementAction {
    AgreementAction {
        ground: TerminationGround::Superseded.into(),
        cause: format!("agreements/{cause}"),
        ..action(Termination, date)
    }
}

pub async fn make(clients: &Clients, all: &[(&str, Agreement)]) {
    let all = all.iter().map(|(id, one)| create(id, Any::Agreement(one.clone())));
    clients.apply(all.collect()).await.unwrap();
}

pub async fn change(clients: &Clients, id: &str, with: Agreement, paths: &[&str]) -> Commit {
    let before = clients.head_revision().await;
    clients.apply(vec![update(Any::Agreement(named(id, with)), paths)]).await.unwrap();
    only_commit(clients, before).await
}

/// The one commit after `before`.
async fn only_commit(clients: &Clients, before: i64) -> Commit {
    assert_eq!(clients.head_revision().await, before + 1);
    let mut commits = until(clients, from(Start::AfterRevision(before)), before + 1).await;
    commits.pop().unwrap()
}

fn names(commit: &Commit) -> Vec<&str> {
    commit.changes.iter().map(|change| change.name.trim_start_matches("agreements/")).collect()
}

pub async fn get(clients: &Clients, id: &str) -> Agreement {
    let name = format!("agreements/{id}");
    let request = GetAgreementRequest { name, ..GetAgreementRequest::default() };
    clients.agreements().get_agreement(request).await.unwrap().into_inner()
}

async fn the_new_one_ends_the_old_one(server: &TestServer) {
    let clients = &server.clients;
    make(clients, &[("old", old())]).await;
    let before = get(clients, "old").await;
    let request = ApplyRequest {
        mutations: vec![create(
            "new",
            Any::Agreement(treaty(&[(EntryIntoForce, "2021-05-03")], &["old"])),
        )],
        reason: "a new treaty".to_owned(),
        request_id: "once".to_owned(),
        ..ApplyRequest::default()
    };
    let answer = clients.records().apply(by("ann", request.clone())).await.unwrap().into_inner();
    assert_eq!(answer.results.len(), 1, "answered is what was asked for");
    assert_eq!(answer.results[0].name, "agreements/new");
    assert_eq!(answer.revision, before.revision + 1);

    let after = get(clients, "old").await;
    assert_eq!(
        after.actions,
        [before.actions.clone(), vec![superseded("2021-05-03", "new")]].concat()
    );
    assert_eq!(after.status(), AgreementStatus::Terminated);
    assert_eq!((after.revision, after.etag.as_str()), (answer.revision, &*answer.results[0].etag));
    assert_ne!(after.update_time, before.update_time);
    assert_eq!(after.create_time, before.create_time);

    let commit = only_commit(clients, before.revision).await;
    assert_eq!((commit.actor.as_str(), commit.reason.as_str()), ("ann", "a new treaty"));
    assert_eq!(names(&commit), ["new", "old"]);
    let kinds: Vec<_> = commit.changes.iter().map(|change| change.kind()).collect();
    assert_eq!(kinds, [ChangeKind::Created, ChangeKind::Updated]);
    let fields = &commit.changes[1].changed_fields.as_ref().unwrap().paths;
    assert_eq!(fields, &["actions", "status"]);
    let again = clients.records().apply(by("ann", request)).await.unwrap().into_inner();
    assert_eq!(again, answer);

    let refusal = clients.apply(vec![delete("agreements/new")]).await.unwrap_err();
    refusal.is(Code::FailedPrecondition, "REFERENCED", &["mutations[0].delete.name"]);
    assert!(refusal.message.contains("agreements/old"), "{}", refusal.message);
    let both = vec![delete("agreements/new"), delete("agreements/old")];
    clients.apply(both).await.unwrap();
    let both = vec![undelete("agreements/new"), undelete("agreements/old")];
    clients.apply(both).await.unwrap();
    assert_eq!(get(clients, "old").await.actions, after.actions, "it says so already");
}

async fn the_date_is_that_of_the_entry_into_force(server: &TestServer) {
    let clients = &server.clients;
    let effective = |date: &str, effective: &str| {
        let effective_date = effective.to_owned();
        let entry = AgreementAction { effective_date, ..action(EntryIntoForce, date) };
        Agreement { actions: vec![action(Signature, "2019"), entry], ..Agreement::default() }
    };
    for (index, (entry, date)) in [
        (effective("2021-05-03", ""), "2021-05-03"),
        (effective("2021-05", ""), "2021-05"),
        (effective("2021?", ""), "2021?"),
        (effective("XXXX-12-15", ""), "XXXX-12-15"),
        (effective("2021-05-03", "2021-06"), "2021-06"),
        (effective("", ""), ""),
    ]
    .into_iter()
    .enumerate()
    {
        let (old_id, new_id) = (format!("old{index}"), format!("new{index}"));
        let signed = treaty(&[(Signature, "2019")], &[&old_id]);
        make(clients, &[(&old_id, old()), (&new_id, signed)]).await;
        let commit = change(clients, &new_id, entry, &["actions"]).await;
        assert_eq!(names(&commit), [&new_id, &old_id]);
        let ended = get(clients, &old_id).await;
        assert_eq!(ended.actions[1..], [superseded(date, &new_id)]);
        assert_eq!(ended.status(), AgreementStatus::Terminated, "{date}");
    }
}

async fn what_is_taken_back_stays_so(server: &TestServer) {
    let clients = &server.clients;
    let life = [(EntryIntoForce, "2010")];
    make(clients, &[("old", old()), ("new", treaty(&life, &["old"]))]).await;
    assert_eq!(get(clients, "old").await.actions.len(), 2);
    assert_eq!(names(&change(clients, "old", old(), &["actions"]).await), ["old"]);
    let place = Agreement { place: "Phnom Penh".to_owned(), ..Agreement::default() };
    assert_eq!(names(&change(clients, "new", place, &[]).await), ["new"]);
    // Neither does a suspension and what lifts it, nor another date.
    let suspended = treaty(&[life[0], (Suspension, "2012")], &[]);
    assert_eq!(names(&change(clients, "new", suspended, &["actions"]).await), ["new"]);
    let resumed = treaty(&[life[0], (Suspension, "2012"), (Resumption, "2013")], &[]);
    assert_eq!(names(&change(clients, "new", resumed, &["actions"]).await), ["new"]);
    let earlier = treaty(&[(EntryIntoForce, "2009")], &[]);
    assert_eq!(names(&change(clients, "new", earlier, &["actions"]).await), ["new"]);
    assert_eq!(get(clients, "old").await.status(), AgreementStatus::InForce);
    // Out of force and in again, it enters into force.
    let signed = treaty(&[(Signature, "2008")], &[]);
    assert_eq!(names(&change(clients, "new", signed, &["actions"]).await), ["new"]);
    let entered = treaty(&[(EntryIntoForce, "2011")], &[]);
    assert_eq!(names(&change(clients, "new", entered, &["actions"]).await), ["new", "old"]);
    assert_eq!(get(clients, "old").await.actions[1..], [superseded("2011", "new")]);
}

async fn a_link_to_an_agreement_in_force_counts(server: &TestServer) {
    let clients = &server.clients;
    let life = [(EntryIntoForce, "2010")];
    make(clients, &[("one", old()), ("two", old()), ("new", treaty(&life, &["one"]))]).await;
    let links = treaty(&[], &["one", "two"]);
    let commit = change(clients, "new", links, &["links"]).await;
    assert_eq!(names(&commit), ["new", "two"]);
    assert_eq!(get(clients, "two").await.actions[1..], [superseded("2010", "new")]);
    // A link of another kind that becomes one of this kind is new.
    make(clients, &[("three", old())]).await;
    let mut other = treaty(&life, &["three"]);
    other.links[0].kind = AgreementLinkKind::Amends.into();
    make(clients, &[("other", other)]).await;
    assert_eq!(get(clients, "three").await.status(), AgreementStatus::InForce);
    let commit = change(clients, "other", treaty(&[], &["three"]), &["links"]).await;
    assert_eq!(names(&commit), ["other", "three"]);
}

async fn what_has_ended_or_says_so_is_left_alone(server: &TestServer) {
    let clients = &server.clients;
    let over = treaty(&[(EntryIntoForce, "1990"), (Expiry, "1995")], &[]);
    let abandoned = treaty(&[(Signature, "1990"), (ActionKind::Abandonment, "1995")], &[]);
    let running = treaty(&[(EntryIntoForce, "1990"), (Expiry, "2990")], &[]);
    let signed = treaty(&[(Signature, "2000")], &["over", "abandoned", "running", "told"]);
    let told = old();
    make(
        clients,
        &[("over", over), ("abandoned", abandoned), ("running", running), ("told", told)],
    )
    .await;
    make(clients, &[("new", signed)]).await;
    let mut told = old();
    told.actions.push(superseded("2990", "new"));
    change(clients, "told", told.clone(), &["actions"]).await;
    let entered = treaty(&[(EntryIntoForce, "2001")], &[]);
    let commit = change(clients, "new", entered, &["actions"]).await;
    assert_eq!(names(&commit), ["new", "running"]);
    assert_eq!(get(clients, "told").await.actions, told.actions);
    // What has not entered into force ends nothing.
    for life in [(Signature, "2020"), (EntryIntoForce, "2990"), (Expiry, "2001")] {
        let before = clients.head_revision().await;
        clients.create_agreement(treaty(&[life], &["told"])).await.unwrap();
        assert_eq!(only_commit(clients, before).await.changes.len(), 1, "{life:?}");
    }
    // What has, and is over by now, did when it entered.
    make(clients, &[("ended", old())]).await;
    let over = treaty(&[(EntryIntoForce, "2001"), (Expiry, "2010")], &["ended"]);
    make(clients, &[("over-too", over)]).await;
    assert_eq!(get(clients, "ended").await.actions[1..], [superseded("2001", "over-too")]);
}

async fn both_written_at_once(server: &TestServer) {
    let clients = &server.clients;
    let entered = || treaty(&[(EntryIntoForce, "2010")], &["old"]);
    let place = |id: &str| named(id, Agreement { place: "Kep".to_owned(), ..Agreement::default() });
    let before = clients.head_revision().await;
    make(clients, &[("new", entered()), ("old", old())]).await;
    assert_eq!(names(&only_commit(clients, before).await), ["new", "old"]);
    let ended = get(clients, "old").await;
    assert_eq!(ended.actions[1..], [superseded("2010", "new")]);

    // One change of each, with what was asked for and what follows.
    let all: [fn(Mutation, Mutation) -> Vec<Mutation>; 2] = [|a, b| vec![a, b], |a, b| vec![b, a]];
    for (index, order) in all.into_iter().enumerate() {
        let (old_id, new_id) = (format!("old{index}"), format!("new{index}"));
        make(clients, &[(&old_id, old())]).await;
        let new = Agreement { links: vec![link(&old_id)], ..entered() };
        let changes = order(
            create(&new_id, Any::Agreement(new)),
            update(Any::Agreement(place(&old_id)), &["place"]),
        );
        let before = clients.head_revision().await;
        let answer = clients.apply(changes).await.unwrap();
        assert_eq!(answer.results.len(), 2);
        assert_eq!(only_commit(clients, before).await.changes.len(), 2);
        let ended = get(clients, &old_id).await;
        assert_eq!(ended.place, "Kep");
        assert_eq!(ended.actions[1..], [superseded("2010", &new_id)]);
    }
    // An update that would change nothing of it changes it all the same.
    make(clients, &[("same", old())]).await;
    let new = Agreement { links: vec![link("same")], ..entered() };
    let same = update(Any::Agreement(named("same", old())), &["title"]);
    let answer = clients.apply(vec![create("newest", Any::Agreement(new)), same]).await.unwrap();
    assert!(answer.results.iter().all(|result| result.revision == answer.revision));
    assert_eq!(get(clients, "same").await.actions[1..], [superseded("2010", "newest")]);
}

async fn several_are_ended_and_nothing_further(server: &TestServer) {
    let clients = &server.clients;
    let oldest = old();
    let older = treaty(&[(Signature, "2001")], &["oldest"]);
    make(clients, &[("oldest", oldest), ("older", older), ("other", old())]).await;
    let before = clients.head_revision().await;
    make(clients, &[("new", treaty(&[(EntryIntoForce, "2010")], &["older", "other"]))]).await;
    let commit = only_commit(clients, before).await;
    assert_eq!(names(&commit), ["new", "older", "other"]);
    assert_eq!(get(clients, "older").await.status(), AgreementStatus::Terminated);
    assert_eq!(get(clients, "oldest").await.status(), AgreementStatus::InForce);
    // Two that take the place of one: the first to do so ends it.
    make(clients, &[("second", treaty(&[(EntryIntoForce, "2011")], &["older"]))]).await;
    assert_eq!(get(clients, "older").await.actions[1..], [superseded("2010", "new")]);
}

/// In whatever order those that take its place are recorded.
async fn the_first_to_enter_into_force_ends_it(server: &TestServer) {
    let clients = &server.clients;
    let on = |date| treaty(&[(EntryIntoForce, date)], &["old"]);
    make(clients, &[("old", old()), ("late", on("2011-05")), ("unsure", on("2011"))]).await;
    let ends = vec![superseded("2011-05", "late"), superseded("2010", "early")];
    assert_eq!(get(clients, "old").await.actions[1..], ends[..1], "2011 may be as late");
    make(clients, &[("early", on("2010")), ("between", on("2010-07"))]).await;
    let ended = get(clients, "old").await;
    assert_eq!(ended.actions[1..], ends);
    assert_eq!(ended.warnings, []);
    let filter = r#"name = old AND status_on("2010-06-30") = TERMINATED"#;
    assert_ids(&matching::<Agreement>(server, filter).await, &["old"], filter);
    // What has ended otherwise, or as somebody has said more of it, is left as it is.
    let noted = AgreementAction { note: "As agreed".to_owned(), ..superseded("2011", "late") };
    for end in [action(Expiry, "2011"), noted] {
        let actions = vec![old().actions[0].clone(), superseded("2012", "unsure"), end];
        let told = Agreement { actions: actions.clone(), ..old() };
        change(clients, "old", told, &["actions"]).await;
        let id = format!("new{}", clients.head_revision().await);
        make(clients, &[(&id, on("2009"))]).await;
        assert_eq!(get(clients, "old").await.actions, actions);
    }
}

async fn a_day_that_comes(server: &TestServer) {
    let clients = &server.clients;
    comes(server, "2030-01-01").await;
    let life = [(Signature, "2029"), (EntryIntoForce, "2030-01-03")];
    // The last one changes on that day by itself.
    let both = treaty(&[(EntryIntoForce, "2000"), (Suspension, "2030-01-03")], &[]);
    make(clients, &[("one", old()), ("both", both)]).await;
    make(clients, &[("new", treaty(&life, &["one", "both"]))]).await;
    let before = clients.head_revision().await;
    comes(server, "2030-01-02").await;
    assert_eq!(clients.head_revision().await, before);
    comes(server, "2030-01-03").await;
    let commit = only_commit(clients, before).await;
    assert_eq!(
        (commit.actor.as_str(), commit.request_id.as_str()),
        ("calendar", "calendar/2030-01-03")
    );
    assert_eq!(names(&commit), ["both", "new", "one"]);
    assert_eq!(get(clients, "new").await.status(), AgreementStatus::InForce);
    for id in ["one", "both"] {
        let ended = get(clients, id).await;
        assert_eq!(ended.actions.last(), Some(&superseded("2030-01-03", "new")), "{id}");
        assert_eq!(ended.status(), AgreementStatus::Terminated, "{id}");
    }
}

async fn days_that_were_missed(first: &TestServer) {
    let database = TestDatabase::create(first.database.kind).await;
    let server = TestServer::start_by(Clock::at(day("2030-01-01")), database).await;
    let entering = |date, other| treaty(&[(Signature, "2029"), (EntryIntoForce, date)], &[other]);
    make(&server.clients, &[("a", old()), ("b", old())]).await;
    let new = [("c", entering("2030-01", "a")), ("d", entering("2030-01-03", "a"))];
    make(&server.clients, &new).await;
    make(&server.clients, &[("e", entering("2030-01-05", "b"))]).await;
    // The first one is in force already: a part of a month may be any day of it.
    assert_eq!(get(&server.clients, "a").await.actions[1..], [superseded("2030-01", "c")]);
    let start = server.clients.head_revision().await;
    let server = TestServer::start_by(Clock::at(day("2030-01-08")), server.stop().await).await;
    let commits = until(&server.clients, from(Start::AfterRevision(start)), start + 2).await;
    assert_eq!(server.clients.head_revision().await, start + 2);
    assert_eq!(commits.iter().map(names).collect::<Vec<_>>(), [vec!["d"], vec!["e", "b"]]);
    assert_eq!(commits[1].request_id, "calendar/2030-01-05");
    assert_eq!(get(&server.clients, "b").await.actions[1..], [superseded("2030-01-05", "e")]);
    server.finish().await;
}
