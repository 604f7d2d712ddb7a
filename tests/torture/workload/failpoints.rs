//! What goes wrong inside a process: its clock jumps, hints are lost on their way to it,
//! what it reads ahead of a write is never answered, and it stands still before it reads
//! what others have committed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::chance::Chance;

/// The variable that tells a process.
pub(super) const VARIABLE: &str = "FAILPOINTS";

/// How often each goes wrong in the life of a process at most.
const TIMES: usize = 40;
/// How far a clock jumps at most, in hours, before it jumps back: over midnight, for
/// the calendar, but not as far as answers are kept.
const HOURS: u64 = 46;
const MICROSECONDS_PER_HOUR: u64 = 3_600_000_000;
/// How long the tailer stands still at most, in milliseconds.
const STILL: u64 = 300;

/// How often each went wrong.
pub(super) type Counts = BTreeMap<&'static str, usize>;

/// All of them, for the life of one process.
pub(super) fn choose(chance: &mut Chance) -> String {
    let clock =
        sequence(chance, 40, 20, |chance| chance.below(HOURS * MICROSECONDS_PER_HOUR).to_string());
    let hint = sequence(chance, 6, 6, |_| "1".to_owned());
    let ahead = sequence(chance, 30, 1, |_| "1".to_owned());
    let tailer = sequence(chance, 12, 1, |chance| chance.below(STILL).to_string());
    format!("clock={clock};hint={hint};ahead={ahead};tailer={tailer}")
}

/// Goes well at most `well` times and then wrong at most `wrong` times, over and over.
fn sequence(
    chance: &mut Chance,
    well: u64,
    wrong: u64,
    mut value: impl FnMut(&mut Chance) -> String,
) -> String {
    let mut sequence = String::new();
    for _ in 0..TIMES {
        let (well, wrong) = (chance.below(well), 1 + chance.below(wrong));
        let value = value(chance);
        let _ = write!(sequence, "{well}*off->{wrong}*return({value})->");
    }
    sequence + "off"
}

/// Adds what went wrong by the log of a process.
pub(super) fn count(log: &str, counts: &mut Counts) {
    for name in ["clock", "hint", "ahead", "tailer"] {
        let line = format!("failpoint {name}");
        *counts.entry(name).or_default() += log.matches(&line).count();
    }
}
