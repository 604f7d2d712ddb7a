//! Text as people compare it: without case, accents and punctuation.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The words of `text`, in lower case and without accents. What is written without
/// spaces is one word.
pub fn words(text: &str) -> Vec<String> {
    let plain: String =
        text.nfkd().filter(|one| !is_combining_mark(*one)).flat_map(char::to_lowercase).collect();
    let words = plain.split(|one: char| !one.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words of `text` that have a digit, as they are written.
pub fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|one: char| !one.is_alphanumeric());
    words.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_without_case_accents_and_punctuation() {
        for (text, expected) in [
            ("Coopération (énergie), 2021", &["cooperation", "energie", "2021"][..]),
            ("  Côte d’Ivoire—ﬁn ", &["cote", "d", "ivoire", "fin"]),
            ("ДОГОВОР о дружбе", &["договор", "о", "дружбе"]),
            ("和平友好条約", &["和平友好条約"]),
            ("...", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_have_a_digit() {
        let found: Vec<_> = numbers("Amendment 2 to A/RES/25b, second part").collect();
        assert_eq!(found, ["2", "25b"]);
    }
}
