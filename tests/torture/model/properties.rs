//! Made-up histories: the right ones pass, and one thing wrong is found by the check of
//! the promise that it breaks.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};

use super::defects::{DEFECTS, Defect};
use super::deliver::{Plan, poll, reads, stream};
use super::{Accepted, Act, COUNTRIES, written};
use crate::history::History;
use crate::history::Kind;
use crate::history::selection::{Condition, Detail, Selection};

/// Histories for each defect.
const CASES: u32 = 128;
/// Histories that are right.
const RIGHT: u32 = 256;

fn act() -> impl Strategy<Value = Act> {
    let name = (any::<bool>(), 0..4_u8).prop_map(|(agreement, number)| {
        format!("{}/{number}", if agreement { "agreements" } else { "officials" })
    });
    (name, proptest::bool::weighted(0.25), any::<bool>(), any::<[bool; 2]>())
        .prop_map(|(name, deletes, revives, parties)| Act { name, deletes, revives, parties })
}

fn accepted() -> impl Strategy<Value = Accepted> {
    let actor = select(vec!["alice", "bob"]);
    // Sent before others were answered, and answered after others were sent.
    (actor, vec(act(), 1..5), 1..99_u64, 0..250_u64).prop_map(
        |(actor, mut acts, sent_before, answered_after)| {
            let mut names = BTreeSet::new();
            acts.retain(|act| names.insert(act.name.clone()));
            Accepted { actor: actor.to_owned(), acts, sent_before, answered_after }
        },
    )
}

fn condition() -> impl Strategy<Value = Option<Condition>> {
    let party = |number: usize| Condition::Party(COUNTRIES[number].to_owned());
    select(vec![
        None,
        Some(party(0)),
        Some(party(1)),
        Some(Condition::Not(Box::new(party(0)))),
        Some(Condition::Or(Box::new(party(0)), Box::new(party(1)))),
    ])
}

fn selection() -> impl Strategy<Value = Selection> {
    let types = select(vec![vec![], vec!["Agreement"], vec!["Official"]]);
    let kinds = select(vec![vec![], vec![], vec![Kind::Created, Kind::Left, Kind::Deleted]]);
    let actors = select(vec![vec![], vec![], vec!["alice"]]);
    let detail = select(vec![Detail::Full, Detail::FullWithBefore, Detail::Names]);
    let texts = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
    (condition(), types, kinds, actors, detail).prop_map(
        move |(filter, types, kinds, actors, detail)| Selection {
            filter,
            types: texts(types),
            kinds: kinds.into_iter().collect(),
            actors: texts(actors),
            detail,
        },
    )
}

fn plan() -> impl Strategy<Value = Plan> {
    (0..6_i64, any::<bool>(), selection(), 1..5_usize, 1..9_i64).prop_map(
        |(after, snapshot, selection, batch, progress)| {
            // A snapshot has neither kinds nor actors.
            let snapshot = snapshot && selection.is_of_state();
            Plan { after, snapshot, selection, batch, progress }
        },
    )
}

fn history() -> impl Strategy<Value = History> {
    let readers = vec((plan(), any::<Index>(), any::<Index>()), 1..4);
    (vec(accepted(), 1..24), readers).prop_map(|(accepted, readers)| {
        let mut history = written(&accepted);
        for (plan, cut, second_cut) in readers {
            stream(&mut history, &plan, None);
            for cut in [cut, second_cut] {
                let parent = history.streams.len() - 1;
                let at = place_with_token(&history, parent, cut);
                stream(&mut history, &plan, Some((parent, at)));
            }
            poll(&mut history, &plan.selection, plan.after, plan.batch);
            let listed = plan.selection.clone();
            let listed = Selection { kinds: BTreeSet::new(), actors: BTreeSet::new(), ..listed };
            reads(&mut history, &[listed, Selection::default()]);
        }
        history
    })
}

fn place_with_token(history: &History, stream: usize, cut: Index) -> usize {
    let messages = history.streams[stream].messages.iter().enumerate();
    let places = messages.filter(|(_, message)| message.token.is_some());
    let places: Vec<_> = places.map(|(place, _)| place).collect();
    places[cut.index(places.len())]
}

fn run(cases: u32, test: impl Fn(History, Index) -> Result<(), TestCaseError>) {
    let mut runner =
        TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let verdict = runner.run(&(history(), any::<Index>()), |(history, pick)| test(history, pick));
    verdict.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_correct_service_breaks_no_promise() {
    run(RIGHT, |history, _| {
        let violations = history.violations();
        prop_assert!(violations.is_empty(), "{}", violations[0]);
        Ok(())
    });
}

#[test]
fn each_defect_is_found_by_the_check_of_its_promise() {
    for Defect { name, promise, inject } in DEFECTS {
        let applied = Cell::new(0_u32);
        run(CASES, |mut history, pick| {
            if inject(&mut history, pick).is_some() {
                applied.set(applied.get() + 1);
                let verdict = history.check(promise);
                prop_assert!(verdict.is_err(), "{name}: not found by {promise:?}");
            }
            Ok(())
        });
        println!("{name}: in {} of {CASES} histories", applied.get());
        assert!(
            applied.get() * 16 >= CASES,
            "{name} has place in few histories: {}",
            applied.get()
        );
    }
}
