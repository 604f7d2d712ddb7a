//! What a run was like, and what it has found.

use std::fmt::Write as _;
use std::path::Path;

use entente::store::calendar::ACTOR as CALENDAR;

use super::failpoints;
use super::faults::Counts;
use crate::history::violation::{Place, Violation};
use crate::history::{Answer, Event, History, Start};

/// What is shown on either side of a violation.
const AROUND: usize = 6;

/// Prints how much happened, and checks that it was enough to say something.
pub(super) fn print(story: &str, history: &History, faults: &Counts, inside: &failpoints::Counts) {
    let History { log, writes, streams, polls, reads, .. } = history;
    let count =
        |fits: fn(&Answer) -> bool| writes.iter().filter(|write| fits(&write.answer)).count();
    let done = count(|answer| matches!(answer, Answer::Done { .. }));
    let refused = count(|answer| matches!(answer, Answer::Refused(_)));
    let messages = streams.iter().map(|stream| stream.messages.len()).sum::<usize>();
    let events = streams.iter().flat_map(|stream| &stream.messages);
    let commits = events.filter_map(|message| match &message.event {
        Event::Commits(commits) => Some(commits),
        _ => None,
    });
    let commits: Vec<_> = commits.flatten().collect();
    let fragments = commits.iter().filter(|commit| commit.fragment).count();
    let is_resumed = |start: &Start| matches!(start, Start::Resume { .. });
    let resumed = streams.iter().filter(|stream| is_resumed(&stream.start)).count();
    let is_cut = |start: &Start| match start {
        Start::Resume { stream, message } => {
            matches!(streams[*stream].messages[*message].event, Event::Snapshot(_))
        }
        _ => false,
    };
    let cut = streams.iter().filter(|stream| is_cut(&stream.start)).count();
    let pages = polls.iter().map(|poll| poll.pages.len()).sum::<usize>();
    println!(
        "{story}: {} writes ({done} done, {refused} refused), {} commits in the log, \
         {} deliveries in {messages} messages of {} streams ({resumed} resumed, {cut} inside \
         a snapshot, {fragments} fragments), {pages} pages of {} polls, {} reads, faults {faults:?}, inside of processes {inside:?}, {} commits of the calendar",
        writes.len(),
        log.head(),
        commits.len(),
        streams.len(),
        polls.len(),
        reads.len(),
        log.between(0, log.head()).iter().filter(|commit| commit.actor == CALENDAR).count(),
    );
    assert!(resumed > 0 && fragments > 0 && pages > 0, "the run says too little");
    assert!(!reads.is_empty() && refused > 0, "the run says too little");
    // The only process of a store hears nothing of others.
    let expected = if story == "sqlite" { &["clock"][..] } else { &["clock", "hint", "tailer"] };
    assert!(expected.iter().all(|name| inside[name] > 0), "{inside:?} says too little");
}

/// Fails if a promise was broken, and writes into a file what is around that.
pub(super) fn judge(story: &str, history: &History) {
    let violations = history.violations();
    let Some(first) = violations.first() else { return };
    let seed = std::env::var("ENTENTE_SEED").unwrap_or_else(|_| "1".to_owned());
    let mut text = format!("{story}, ENTENTE_SEED={seed}\n");
    for violation in &violations {
        let _ = writeln!(text, "\n{violation}");
        around(&mut text, history, violation);
    }
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("torture-{story}-{seed}.txt"));
    std::fs::write(&path, text).unwrap();
    panic!("{first}\n{} promises are broken: {}", violations.len(), path.display());
}

fn around(text: &mut String, history: &History, violation: &Violation) {
    match violation.place {
        Place::Log(revision) => commits(text, history, revision),
        Place::Tables => {}
        Place::Write(number) => {
            let write = &history.writes[number];
            let (at, tries) = (write.replica, write.tries);
            let _ = writeln!(text, "  after {tries} tries by replica {at}: {write:?}");
            let revision = history.log.of_request(&write.request_id);
            commits(text, history, revision.unwrap_or_default());
        }
        Place::Message(stream, message) => {
            let of = &history.streams[stream];
            let (start, replica) = (of.start, of.replica);
            let _ = writeln!(text, "  from {start:?} at {replica}: {:?}", of.selection);
            let messages = of.messages.iter().enumerate().skip(message.saturating_sub(AROUND));
            for (number, message) in messages.take(2 * AROUND) {
                let _ = writeln!(text, "  {number}: {message:?}");
            }
            let _ = writeln!(text, "  {:?}", of.end);
        }
        Place::Page(poll, page) => {
            let of = &history.polls[poll];
            let _ = writeln!(text, "  from {}: {:?}", of.after, of.selection);
            let pages = of.pages.iter().enumerate().skip(page.saturating_sub(AROUND));
            for (number, page) in pages.take(2 * AROUND) {
                let _ = writeln!(text, "  {number} by replica {}: {page:?}", page.replica);
            }
        }
        Place::Read(number) => {
            let read = &history.reads[number];
            let _ = writeln!(text, "  by replica {}: {read:?}", read.replica);
        }
    }
}

fn commits(text: &mut String, history: &History, revision: i64) {
    let around = i64::try_from(AROUND).unwrap();
    for commit in history.log.between((revision - around).max(0), revision + around) {
        let _ = writeln!(text, "  {commit:?}");
    }
}
