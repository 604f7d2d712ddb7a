//! A service in memory that keeps every promise, so simple that one sees it: histories of
//! it must pass all checks, and the same with one thing wrong must not.

mod defects;
mod deliver;
mod properties;
pub(crate) mod samples;

use std::collections::{BTreeMap, BTreeSet};

use crate::history::log::Log;
use crate::history::selection::Selection;
use crate::history::{Answer, Change, Commit, History, Image, Kind, Tick, Write};

/// Between two commits.
const STEP: Tick = 100;
/// Countries that may be parties.
const COUNTRIES: [&str; 2] = ["countries/KHM", "countries/RUS"];

/// One thing that a write does.
#[derive(Clone, Debug)]
struct Act {
    /// The resource.
    name: String,
    /// Whether it deletes what lives.
    deletes: bool,
    /// Whether it brings back what was deleted, rather than making it anew.
    revives: bool,
    /// Which of the countries are parties.
    parties: [bool; 2],
}

/// A write that is accepted.
#[derive(Clone, Debug)]
struct Accepted {
    actor: String,
    acts: Vec<Act>,
    /// How long before its commit it was sent.
    sent_before: Tick,
    /// How long after its commit it was answered; 0 if the answer was lost.
    answered_after: Tick,
}

/// The commit `revision` happens.
fn moment(revision: i64) -> Tick {
    STEP * revision.unsigned_abs()
}

/// What stands when all of these have been written, and nobody has read anything.
fn written(accepted: &[Accepted]) -> History {
    let mut live: BTreeMap<String, (String, Image)> = BTreeMap::new();
    let mut dead: BTreeMap<String, String> = BTreeMap::new();
    let mut commits: Vec<Commit> = Vec::new();
    let mut writes: Vec<Write> = Vec::new();
    for (one, revision) in accepted.iter().zip(1..) {
        let changes = one.acts.iter().zip(0..);
        let changes =
            changes.map(|(act, ordinal)| change(&mut live, &mut dead, act, revision, ordinal));
        let changes: Vec<_> = changes.collect();
        let request_id = format!("request-{revision}");
        let names = changes.iter().map(|change| change.name.clone()).collect();
        let is_lost = one.answered_after == 0;
        writes.push(Write {
            actor: one.actor.clone(),
            request_id: request_id.clone(),
            sent_at: moment(revision) - one.sent_before,
            answered_at: moment(revision) + one.answered_after.max(1),
            tries: 1,
            replica: 0,
            answer: if is_lost { Answer::Unknown } else { Answer::Done { revision, names } },
        });
        commits.push(Commit {
            revision,
            time: revision * 1_000,
            actor: one.actor.clone(),
            reason: String::new(),
            request_id,
            change_count: changes.len(),
            changes,
            fragment: false,
        });
    }
    let log = Log::new(commits);
    let tables = log.state(log.head(), &Selection::default());
    let tables = tables.into_iter().map(|(name, image)| (name.to_owned(), image.clone())).collect();
    History { log, tables, writes, ..History::default() }
}

fn change(
    live: &mut BTreeMap<String, (String, Image)>,
    dead: &mut BTreeMap<String, String>,
    act: &Act,
    revision: i64,
    ordinal: i32,
) -> Change {
    let name = act.name.clone();
    let is_agreement = name.starts_with("agreements/");
    let parties = COUNTRIES.iter().zip(act.parties).filter(|(_, is)| *is && is_agreement);
    let parties: BTreeSet<String> = parties.map(|(country, _)| (*country).to_owned()).collect();
    let digest = revision.unsigned_abs() * 1_000 + u64::from(ordinal.unsigned_abs());
    let image = Image { digest, parties };
    let (kind, uid) = match (live.remove(&name), dead.remove(&name)) {
        (Some((uid, _)), _) if act.deletes => (Kind::Deleted, uid),
        (Some((uid, _)), _) => (Kind::Updated, uid),
        (None, Some(uid)) if act.revives => (Kind::Undeleted, uid),
        _ => (Kind::Created, format!("uid-{digest}")),
    };
    let image = (kind != Kind::Deleted).then_some(image);
    match &image {
        Some(image) => drop(live.insert(name.clone(), (uid.clone(), image.clone()))),
        None => drop(dead.insert(name.clone(), uid.clone())),
    }
    let resource_type = if is_agreement { "Agreement" } else { "Official" }.to_owned();
    Change { ordinal, kind, resource_type, name, uid, image, before: None, fields: Vec::new() }
}
