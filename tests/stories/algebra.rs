//! Folding what a stream with a filter tells gives what a list with that filter
//! gives, at every revision: over filters and changes that are made up.

use std::collections::{BTreeMap, BTreeSet};

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_response::Event;
use entente::proto::v1::{
    Agreement, ChangeKind, GetCooperationAreaRequest, ListAgreementsRequest, MutationOutcome,
    Origin, WatchChangesRequest, WatchChangesResponse,
};
use entente::resources::REGISTRY;
use entente::store::registry::Kind;

use crate::chance::Chance;
use crate::filter_made::{AREAS, COUNTRIES, Made, first};
use crate::on_both;
use crate::support::samples::{area, create, delete, official, undelete, update};
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::{Watch, from_origin};

on_both!(streams_fold_to_what_lists_say);

/// Filters that are watched.
const FILTERS: usize = 16;
/// Commits that are made meanwhile.
const COMMITS: usize = 40;
/// Agreements that are there, of which the first stay.
const AGREEMENTS: usize = 24;
const STAYING: usize = 8;

/// The names that a filter holds at a revision: what the stream has told by then.
#[derive(Default)]
struct Folded {
    names: BTreeSet<String>,
    revision: i64,
    past: Vec<(i64, BTreeSet<String>)>,
}

impl Folded {
    fn take(&mut self, message: &WatchChangesResponse) {
        match message.event.as_ref().unwrap() {
            Event::Snapshot(snapshot) => {
                for item in &snapshot.items {
                    let Some(Any::Agreement(one)) = &item.resource else { panic!("{item:?}") };
                    assert!(self.names.insert(one.name.clone()), "{} comes once", one.name);
                }
            }
            Event::SnapshotEnd(end) => self.revision = end.revision,
            Event::Commits(commits) => {
                for commit in &commits.commits {
                    self.past.push((self.revision, self.names.clone()));
                    self.revision = commit.revision;
                    for change in &commit.changes {
                        self.change(change.kind(), &change.name);
                    }
                }
            }
            _ => {}
        }
    }

    fn change(&mut self, kind: ChangeKind, name: &str) {
        let there = self.names.contains(name);
        match kind {
            ChangeKind::Created | ChangeKind::Undeleted | ChangeKind::Entered => {
                assert!(!there, "{name} is {kind:?} and was there");
                self.names.insert(name.to_owned());
            }
            ChangeKind::Updated => assert!(there, "{name} is updated and was not there"),
            ChangeKind::Deleted | ChangeKind::Left => {
                assert!(self.names.remove(name), "{name} is {kind:?} and was not there");
            }
            ChangeKind::Unspecified => panic!("every change is of a kind"),
        }
    }

    /// What it held at `revision`.
    fn at(&self, revision: i64) -> &BTreeSet<String> {
        // Of each time, the revision from which it held on.
        let held = self.past.iter().rfind(|(from, _)| *from <= revision);
        match held {
            Some((_, names)) if revision < self.revision => names,
            _ => &self.names,
        }
    }
}

fn renamed(made: &mut Made, number: usize) -> Any {
    let name = format!("agreements/a{number}");
    Any::Agreement(Agreement { name, ..made.agreement(number) })
}

async fn begin(clients: &Clients, made: &mut Made) {
    let below = |broader: &str| {
        let mut area = area("Made up");
        area.broader = format!("cooperationAreas/{broader}");
        Any::CooperationArea(area)
    };
    clients.apply(first()).await.unwrap();
    let mut mutations = vec![
        create("made-up", below("counter-terrorism")),
        create("deeper", below("made-up")),
        create("o0", Any::Official(official("Zero"))),
        create("o1", Any::Official(official("One"))),
    ];
    let mut areas = clients.areas();
    let name = "cooperationAreas/trade".to_owned();
    let request = GetCooperationAreaRequest { name, ..GetCooperationAreaRequest::default() };
    if areas.get_cooperation_area(request).await.is_err() {
        mutations.push(create("trade", below("security")));
    }
    mutations.extend(
        (0..AGREEMENTS)
            .map(|number| create(&format!("a{number}"), Any::Agreement(made.agreement(number)))),
    );
    clients.apply(mutations).await.unwrap();
}

/// One commit of a few changes; what cannot be done is left out.
async fn change(clients: &Clients, made: &mut Made, gone: &mut BTreeSet<usize>) {
    let mut mutations = Vec::new();
    let mut touched = BTreeSet::new();
    for _ in 0..=made.0.below(3) {
        let number = usize::try_from(made.0.below(AGREEMENTS as u64)).unwrap();
        if !touched.insert(number) {
            continue;
        }
        let name = format!("agreements/a{number}");
        if gone.contains(&number) {
            mutations.push(undelete(&name));
        } else if number >= STAYING && made.0.below(3) == 0 {
            mutations.push(delete(&name));
        } else {
            mutations.push(update(renamed(made, number), &["*"]));
        }
    }
    // Links may be in the way of a deletion; then nothing of it is done.
    if let Ok(answer) = clients.apply(mutations).await {
        for result in answer.results {
            let number = result.name.strip_prefix("agreements/a").unwrap().parse().unwrap();
            match result.outcome() {
                MutationOutcome::Deleted => gone.insert(number),
                _ => gone.remove(&number),
            };
        }
    }
}

/// Names of the agreements that match, as of `read_revision`; 0 is now.
async fn listed(clients: &Clients, filter: &str, read_revision: i64) -> BTreeSet<String> {
    let request = ListAgreementsRequest {
        filter: filter.to_owned(),
        page_size: 1_000,
        read_revision,
        ..ListAgreementsRequest::default()
    };
    let page = clients.agreements().list_agreements(request).await;
    let page = page.unwrap_or_else(|status| panic!("{filter}: {:?}", Refusal::of(&status)));
    page.into_inner().agreements.into_iter().map(|one| one.name).collect()
}

/// The same for each of `filters`, now.
async fn all_listed(clients: &Clients, filters: &[String]) -> Vec<BTreeSet<String>> {
    let mut lists = Vec::new();
    for filter in filters {
        lists.push(listed(clients, filter, 0).await);
    }
    lists
}

fn filters(made: &mut Made) -> Vec<String> {
    let kind: &Kind = REGISTRY.by_type("Agreement").unwrap();
    let countries = COUNTRIES.iter().map(|id| format!("countries/{id}"));
    let areas = AREAS.iter().map(|id| format!("cooperationAreas/{id}"));
    let others = [
        "agreements/a0",
        "agreements/a1",
        "officials/o0",
        "officials/o1",
        "sources/s0",
        "organizations/g0",
    ];
    let names: Vec<_> = countries.chain(areas).chain(others.map(str::to_owned)).collect();
    let mut filters = Vec::new();
    while filters.len() < FILTERS {
        let text = made.filter(kind, &names, 2);
        if text.chars().count() <= 2_000 {
            filters.push(text);
        }
    }
    filters
}

async fn streams_fold_to_what_lists_say(server: &TestServer) {
    let clients = &server.clients;
    let mut made = Made(Chance::of("streams_fold_to_what_lists_say"));
    begin(clients, &mut made).await;
    let begun = clients.head_revision().await;
    let mut watches = Vec::new();
    for filter in filters(&mut made) {
        let request = WatchChangesRequest {
            filter: filter.clone(),
            resource_types: vec!["Agreement".to_owned()],
            ..from_origin(Origin::Snapshot)
        };
        watches.push((filter, Watch::open(clients, request).await.unwrap()));
    }
    let filters: Vec<_> = watches.iter().map(|(filter, _)| filter.clone()).collect();
    let mut lists = vec![(begun, all_listed(clients, &filters).await)];
    let mut gone = BTreeSet::new();
    for _ in 0..COMMITS {
        change(clients, &mut made, &mut gone).await;
        lists.push((clients.head_revision().await, all_listed(clients, &filters).await));
    }
    let lists = BTreeMap::from_iter(lists);
    let head = clients.head_revision().await;
    assert!(head > begun + 10, "something has changed: {begun} to {head}");
    let mut transitions = 0;
    for (place, (filter, watch)) in watches.iter_mut().enumerate() {
        let reached = read(watch, head).await;
        let mut folded = Folded::default();
        watch.messages.iter().for_each(|message| folded.take(message));
        transitions += folded.past.len();
        for revision in begun..=reached {
            let expected = &lists[&revision][place];
            assert_eq!(folded.at(revision), expected, "{filter} at {revision}");
            // Trees are those of now, also in a list of the past.
            if reached == head {
                let past = listed(clients, filter, revision).await;
                assert_eq!(&past, expected, "{filter} at {revision}, in the past");
            }
        }
        if reached == head {
            assert_eq!(folded.names, listed(clients, filter, 0).await, "{filter} now");
        }
    }
    println!("{transitions} commits told to {FILTERS} filters");
    assert!(transitions > FILTERS, "filters tell something: {transitions}");
}

/// Reads up to `head`, or to where a tree of links changes what the filter means.
async fn read(watch: &mut Watch, head: i64) -> i64 {
    loop {
        match watch.try_next().await {
            Ok(Some(message)) => {
                if let Some(Event::CaughtUp(caught_up)) = message.event
                    && caught_up.revision >= head
                {
                    return head;
                }
                if let Some(Event::Progress(progress)) = message.event
                    && progress.revision >= head
                {
                    return head;
                }
            }
            Ok(None) => panic!("the stream has no end"),
            Err(status) => {
                assert_eq!(Refusal::of(&status).reason, "FILTER_MEANING_CHANGED");
                let commits = watch.commits();
                return commits.last().map_or(0, |commit| commit.revision);
            }
        }
    }
}
