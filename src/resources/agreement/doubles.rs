//! Agreements that may be one and the same, recorded twice.

use std::collections::BTreeSet;
use std::iter;

use super::party_name;
use crate::model::dates::PartialDate;
use crate::model::folding::{numbers, words};
use crate::model::violations::Path;
use crate::proto::v1::{ActionKind, Agreement, WarningCode};
use crate::resources::doubts;
use crate::store::peers::Peer;
use crate::store::resource::{Keys, Warnings};

/// What an agreement has in common with its doubles: its parties, in whatever role, and
/// the day of its signature. `None` if it has not two parties and such a day.
pub(super) fn likeness(agreement: &Agreement, keys: &dyn Keys) -> Option<i64> {
    if agreement.parties.len() < 2 {
        return None;
    }
    let signed = signature(agreement)?;
    let parties = agreement.parties.iter().map(party_name);
    let mut parties: Vec<i64> = parties.filter_map(|name| keys.key(name)).collect();
    parties.sort_unstable();
    parties.dedup();
    if parties.len() < 2 {
        return None;
    }
    let rest = iter::once(i64::from(signed.latest())).chain(parties);
    // Days stand together in the index.
    Some((i64::from(signed.earliest()) << 32) | i64::from(hash(rest)))
}

/// The first date of a signature.
fn signature(agreement: &Agreement) -> Option<PartialDate> {
    let signatures = agreement.actions.iter().filter(|action| {
        matches!(action.kind(), ActionKind::Signature | ActionKind::DefinitiveSignature)
    });
    let dates = signatures.filter_map(|action| PartialDate::parse(&action.date).ok());
    dates.min_by_key(|date| (date.earliest(), date.latest()))
}

/// FNV-1a of 64 bits, folded to 32. It is stored, so it must stay what it is.
fn hash(numbers: impl Iterator<Item = i64>) -> u32 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for byte in numbers.flat_map(i64::to_le_bytes) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    u32::try_from((hash >> 32) ^ (hash & 0xFFFF_FFFF)).unwrap_or_default()
}

/// Doubts an agreement beside others of the same parties and day.
pub(super) fn compare(agreement: &Agreement, peers: &[&Peer], warnings: &mut Warnings) {
    let title = Title::of(&agreement.title);
    let mut doubles = BTreeSet::new();
    for peer in peers {
        if title.is_like(&peer.says) {
            doubles.insert(peer.name.as_str());
        }
    }
    if !doubles.is_empty() {
        let text = format!(
            "the parties, the day of signature and much of the title are those of {}: if they \
             are not one, a link between them says so",
            doubts::some_of(doubles)
        );
        warnings.add(WarningCode::LikelyDuplicate, &Path::Root.field("title"), text);
    }
}

/// A title that others are compared with.
struct Title<'t> {
    text: &'t str,
    numbers: Vec<&'t str>,
    words: BTreeSet<String>,
}

impl<'t> Title<'t> {
    fn of(text: &'t str) -> Self {
        let numbers = numbers(text).collect();
        Self { text, numbers, words: words(text).into_iter().collect() }
    }

    /// Whether four of five words that stand in one of the two stand in both. Where both
    /// have numbers, as amendments have, these must be the same.
    fn is_like(&self, other: &str) -> bool {
        if self.text == other {
            return true;
        }
        let are_numbered = !self.numbers.is_empty() && numbers(other).next().is_some();
        if are_numbered && !numbers(other).eq(self.numbers.iter().copied()) {
            return false;
        }
        let others: BTreeSet<String> = words(other).into_iter().collect();
        let common = others.intersection(&self.words).count();
        let all = others.len() + self.words.len() - common;
        all > 0 && common * 5 >= all * 4
    }
}

#[cfg(test)]
mod tests {
    use super::Title;

    #[test]
    fn titles_are_alike_by_their_words() {
        for (one, other, expected) in [
            ("Treaty", "Treaty", true),
            ("Treaty of Friendship", "TREATY OF FRIENDSHIP.", true),
            ("Accord de coopération", "Accord de cooperation", true),
            ("A b c d e", "e d c b a", true),
            ("A b c d", "A b c d e", true),
            ("A b c", "A b c d", false),
            ("A b c d e", "A b c d f", false),
            ("Treaty on A and B 2021", "Treaty on A and B", true),
            ("Amendment 1 to the Agreement on A", "Amendment 2 to the Agreement on A", false),
            ("...", "...", true),
            ("...", "!!!", false),
            ("...", "Treaty", false),
        ] {
            assert_eq!(Title::of(one).is_like(other), expected, "{one} {other}");
            assert_eq!(Title::of(other).is_like(one), expected, "{other} {one}");
        }
    }
}
