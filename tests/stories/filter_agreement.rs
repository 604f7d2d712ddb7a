//! What a database answers to a filter is what memory says of each resource: over
//! resources and filters that are made up, on both databases.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entente::filter::Filter;
use entente::filter::memory::Facts;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{Agreement, AgreementLinkKind, CooperationArea, Country, Official};
use entente::resources::REGISTRY;
use entente::store::resource::{Hierarchy, Keys};

use crate::chance::Chance;
use crate::filter_made::{AREAS, COUNTRIES, Made, ORGANIZATIONS, SOURCES, first};
use crate::filters::matching;
use crate::on_both;
use crate::standard::{Client, ListRequest, Sample, shared};
use crate::support::TestServer;
use crate::support::samples::{create, update};

on_both!(the_database_and_memory_agree);

/// Filters tried for each type.
const FILTERS: usize = 120;

/// Keys as somebody without a database gives them.
struct Interned(HashMap<String, i64>);

impl Keys for Interned {
    fn key(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied()
    }
}

/// Everything that is recorded.
#[derive(Default)]
struct World {
    keys: HashMap<String, i64>,
    /// Child and parent, by the table of the hierarchy.
    edges: HashMap<&'static str, Vec<(i64, i64)>>,
}

impl World {
    fn below(&self, hierarchy: &Hierarchy, root: i64) -> BTreeMap<i64, String> {
        let names: HashMap<_, _> = self.keys.iter().map(|(name, key)| (*key, name)).collect();
        let edges = &self.edges[hierarchy.table];
        let mut found = BTreeSet::from([root]);
        loop {
            let more = edges
                .iter()
                .filter(|(child, parent)| found.contains(parent) && !found.contains(child));
            let more: Vec<_> = more.map(|(child, _)| *child).collect();
            if more.is_empty() {
                return found.into_iter().map(|key| (key, names[&key].clone())).collect();
            }
            found.extend(more);
        }
    }
}

async fn all<T: Sample>(server: &TestServer) -> Vec<T> {
    let request = ListRequest { page_size: 1_000, ..ListRequest::default() };
    Client::<T>::new(&server.clients).list(request).await.unwrap().resources
}

async fn make_up(server: &TestServer, made: &mut Made) {
    let area = |made: &mut Made, name: &str, broader: &str| {
        let broader = format!("cooperationAreas/{broader}");
        Any::CooperationArea(CooperationArea {
            display_name: name.to_owned(),
            broader,
            citations: made.citations(),
            ..CooperationArea::default()
        })
    };
    server.clients.apply(first()).await.unwrap();
    let guiana = Country {
        name: "countries/GUF".to_owned(),
        sovereign: "countries/FRA".to_owned(),
        labels: made.labels(),
        citations: made.citations(),
        ..Country::default()
    };
    let mut mutations = vec![update(Any::Country(guiana), &[])];
    let known = all::<CooperationArea>(server).await;
    for (id, broader) in [("trade", "security"), ("made-up", "counter-terrorism")] {
        if !known.iter().any(|area| area.name.ends_with(&format!("/{id}"))) {
            mutations.push(create(id, area(made, id, broader)));
        }
    }
    mutations.push(create("deeper", area(made, "Deeper", "made-up")));
    mutations.extend(
        (0..25).map(|number| create(&format!("o{number}"), Any::Official(made.official(number)))),
    );
    mutations.extend(
        (0..70).map(|number| create(&format!("a{number}"), Any::Agreement(made.agreement(number)))),
    );
    server.clients.apply(mutations).await.unwrap();
}

async fn the_database_and_memory_agree(server: &TestServer) {
    let mut made = Made(Chance::of("the_database_and_memory_agree"));
    make_up(server, &mut made).await;
    let agreements = all::<Agreement>(server).await;
    let areas = all::<CooperationArea>(server).await;
    let countries = all::<Country>(server).await;
    let officials = all::<Official>(server).await;
    let mut world = World::default();
    let names = agreements.iter().map(|one| &one.name).chain(areas.iter().map(|one| &one.name));
    let names = names.chain(countries.iter().map(|one| &one.name));
    let names = names.chain(officials.iter().map(|one| &one.name)).cloned();
    let sources = SOURCES.map(|id| format!("sources/{id}"));
    let organizations = ORGANIZATIONS.map(|id| format!("organizations/{id}"));
    let names: Vec<_> = names.chain(sources).chain(organizations).collect();
    for (key, name) in (1_000..).zip(&names) {
        world.keys.insert(name.clone(), key);
    }
    let key = |name: &str| world.keys[name];
    let broader = areas.iter().filter(|one| !one.broader.is_empty());
    let broader = broader.map(|one| (key(&one.name), key(&one.broader))).collect();
    let ruled = countries.iter().filter(|one| !one.sovereign.is_empty());
    let ruled = ruled.map(|one| (key(&one.name), key(&one.sovereign))).collect();
    let replaced = agreements.iter().flat_map(|one| {
        let links = one.links.iter().filter(|link| link.kind() == AgreementLinkKind::Supersedes);
        links.map(|link| (key(&one.name), key(&link.agreement)))
    });
    let replaced = replaced.collect();
    let part_of = vec![(key("organizations/g1"), key("organizations/g0"))];
    world.edges = HashMap::from([
        ("organization", part_of),
        ("cooperation_area", broader),
        ("country_relation", ruled),
        ("agreement_link", replaced),
    ]);
    // Names that occur, and a few countries rather than all.
    let rare: Vec<_> = names
        .into_iter()
        .filter(|name| match name.split_once('/').unwrap() {
            ("countries", id) => COUNTRIES.contains(&id),
            ("cooperationAreas", id) => AREAS.contains(&id),
            ("sources" | "organizations", _) => true,
            (_, id) => ["a0", "a1", "a2", "o0", "o1"].contains(&id),
        })
        .collect();
    agree(server, &mut made, &world, &rare, agreements).await;
    agree(server, &mut made, &world, &rare, areas).await;
    agree(server, &mut made, &world, &rare, countries).await;
    agree(server, &mut made, &world, &rare, officials).await;
}

async fn agree<T: Sample>(
    server: &TestServer,
    made: &mut Made,
    world: &World,
    names: &[String],
    resources: Vec<T>,
) {
    let kind = REGISTRY.by_type(T::TYPE).unwrap();
    let keys = Interned(world.keys.clone());
    let facts: Vec<_> =
        resources.iter().map(|one| (shared(one).name, Facts::of(kind, one, &keys))).collect();
    let (mut some, mut tried) = (0, 0);
    while tried < FILTERS {
        let text = made.filter(kind, names, 3);
        if text.chars().count() > 2_000 {
            continue;
        }
        tried += 1;
        let mut filter = Filter::new(*REGISTRY, kind, &text).unwrap().unwrap();
        filter.bind(|name| vec![(world.keys[name], name.to_owned())]).unwrap();
        filter.expand(|hierarchy, root| world.below(hierarchy, root));
        for (one, (name, facts)) in resources.iter().zip(&facts) {
            // As streams judge, which have no database at hand.
            assert_eq!(filter.lets(kind, one), filter.matches(facts), "{name}: {text}");
        }
        let expected = facts.iter().filter(|(_, facts)| filter.matches(facts));
        let expected: Vec<_> =
            expected.map(|(name, _)| name.split_once('/').unwrap().1.to_owned()).collect();
        let found = matching::<T>(server, &text).await;
        assert_eq!(found, expected, "{}: {text}", T::TYPE);
        let again = matching::<T>(server, &filter.text).await;
        assert_eq!(again, expected, "{}: {}", T::TYPE, filter.text);
        some += usize::from(!expected.is_empty() && expected.len() < facts.len());
    }
    println!("{}: {some} of {tried} filters divide {}", T::TYPE, facts.len());
    assert!(some * 4 >= tried, "{}: only {some} of {tried} filters say something", T::TYPE);
}
