//! What texts have in common however they are spelled, and ids that are made of texts.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::model::names::MAX_ID_CHARACTERS;

/// Digits and letters that stand for what an id has no room for.
const MARK: usize = 8;

/// A text without what spellings differ in: case, accents, punctuation, `the`, `and`, `St`
/// for `Saint`, dots in abbreviations.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::new();
    let mut last_was_letter = false;
    let plain = plain(text);
    let words = plain.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty());
    for (place, word) in words.enumerate() {
        let word = match word {
            "the" if place == 0 => continue,
            "and" => continue,
            "st" => "saint",
            word => word,
        };
        let is_letter = word.chars().count() == 1;
        let goes_on = is_letter && last_was_letter;
        if !folded.is_empty() && !goes_on {
            folded.push(' ');
        }
        folded.push_str(word);
        last_was_letter = is_letter;
    }
    folded
}

/// A text in lower case without accents.
pub(super) fn plain(text: &str) -> String {
    let letters = text.nfkd().filter(|one| !is_combining_mark(*one));
    let letters = letters.flat_map(char::to_lowercase).map(|one| match one {
        'æ' => "ae".to_owned(),
        'ø' => "o".to_owned(),
        'ł' => "l".to_owned(),
        'đ' | 'ð' => "d".to_owned(),
        'ß' => "ss".to_owned(),
        one => one.to_string(),
    });
    letters.collect()
}

/// A text as an id: lower-case letters and digits of ASCII with hyphens between them. One that
/// is longer than an id may be, or has other letters, ends in a mark of the whole, so that two
/// texts have the same id only if they have the same words.
pub(in crate::cli) fn slug(text: &str) -> String {
    let words = |is_part: fn(char) -> bool| {
        let plain = plain(text);
        let words = plain.split(|one: char| !is_part(one)).filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join("-")
    };
    let whole = words(char::is_alphanumeric);
    let slug = words(|one| one.is_ascii_alphanumeric());
    if slug == whole && slug.len() <= MAX_ID_CHARACTERS {
        return slug;
    }
    let mark: String = Sha256::digest(&whole).iter().map(|byte| format!("{byte:02x}")).collect();
    let room = slug.len().min(MAX_ID_CHARACTERS - MARK - 1);
    let begin = slug[..room].trim_end_matches('-');
    let hyphen = if begin.is_empty() { "" } else { "-" };
    format!("{begin}{hyphen}{}", &mark[..MARK])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_what_differs() {
        assert_eq!(fold("U.S.S.R."), "ussr");
        assert_eq!(fold("the People's Republic"), "people s republic");
        assert_ne!(fold("Niger"), fold("Nigeria"));
    }

    #[test]
    fn ids_differ_where_words_do() {
        assert_eq!(slug("G- 9"), "g-9");
        assert_eq!(slug("Côte d'Ivoire"), "cote-d-ivoire");
        assert_eq!(slug(" -- "), "");
        let fits = "a".repeat(MAX_ID_CHARACTERS);
        assert_eq!(slug(&fits), fits);
        let long = |end: &str| format!("Committee of the {}{end}", "very ".repeat(12));
        let (fish, eels) = (slug(&long("Fish")), slug(&long("Eels")));
        assert_ne!(fish, eels, "what is cut off counts");
        assert!(fish.len() <= MAX_ID_CHARACTERS && fish.starts_with("committee-of-the-very"));
        assert_eq!(fish, slug(&long("FÏSH")), "and spellings do not");
        assert_eq!(slug(&fish), fish);
        assert_ne!(slug("Союз 1"), slug("Партия 1"), "other letters count");
        assert!(slug("Союз 1").starts_with("1-") && slug("Союз").len() == MARK);
    }
}
