//! Resource names, `collection/id`, and what an id may look like.
//!
//! Names are compared as plain text, so each resource has exactly one: ordinary
//! ids are lower-case, a country's is upper-case, and nothing is trimmed or
//! escaped.

/// The longest ordinary id, in characters; a UUID has 36.
pub const MAX_ID_CHARACTERS: usize = 63;

/// The longest country id, in characters: a UUID without its hyphens.
pub const MAX_COUNTRY_ID_CHARACTERS: usize = 32;

/// Splits `agreements/an-id` into its collection and its id. `None` unless there
/// is exactly one slash with something on either side; whether the id is a
/// proper one is for [`check_id`] or [`check_country_id`] to say.
pub fn split(name: &str) -> Option<(&str, &str)> {
    let (collection, id) = name.split_once('/')?;
    (!collection.is_empty() && !id.is_empty() && !id.contains('/')).then_some((collection, id))
}

/// Checks the id of anything but a country (AIP-122, except that a digit may
/// come first, so that a UUID fits). The error says what would be right.
pub fn check_id(id: &str) -> Result<(), &'static str> {
    let characters_fit = id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    let ends_fit = !id.starts_with('-') && !id.ends_with('-');
    if (1..=MAX_ID_CHARACTERS).contains(&id.len()) && characters_fit && ends_fit {
        Ok(())
    } else {
        Err("an id has 1 to 63 lower-case letters, digits and hyphens, and begins and ends with \
             a letter or a digit")
    }
}

/// Checks the id of a country in its canonical form, see
/// [`canonical_country_id`]. The error says what would be right.
pub fn check_country_id(id: &str) -> Result<(), &'static str> {
    let characters_fit = id.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9'));
    if (1..=MAX_COUNTRY_ID_CHARACTERS).contains(&id.len()) && characters_fit {
        Ok(())
    } else {
        Err("a country's id has 1 to 32 upper-case letters and digits, and no hyphen")
    }
}

/// A country's id as names have it: `khm` becomes `KHM`. Only ASCII letters are
/// raised, so that no other script can turn into an id that fits.
pub fn canonical_country_id(id: &str) -> String {
    id.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_slash_and_two_parts() {
        assert_eq!(split("countries/KHM"), Some(("countries", "KHM")));
        for wrong in ["", "countries", "countries/", "/KHM", "/", "a/b/c", "a//b"] {
            assert_eq!(split(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ordinary_ids() {
        let longest = "a".repeat(MAX_ID_CHARACTERS);
        let uuid = "0190163d-8694-739b-aea5-966c26f8ad91";
        for right in ["a", "7", "hun-manith", "a--b", uuid, &longest] {
            assert_eq!(check_id(right), Ok(()), "{right}");
        }
        let too_long = "a".repeat(MAX_ID_CHARACTERS + 1);
        for wrong in ["", "-", "-a", "a-", "A", "a_b", "a.b", "a b", "é", "a/b", "a\0", &too_long]
        {
            assert!(check_id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn country_ids() {
        let longest = "A".repeat(MAX_COUNTRY_ID_CHARACTERS);
        for right in ["K", "KHM", "FQHH", "0", &longest] {
            assert_eq!(check_country_id(right), Ok(()), "{right}");
        }
        let too_long = "A".repeat(MAX_COUNTRY_ID_CHARACTERS + 1);
        for wrong in ["", "khm", "KHM-RUS", "É", "K M", &too_long] {
            assert!(check_country_id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_country_is_found_in_any_case() {
        assert_eq!(canonical_country_id("kHm"), "KHM");
        assert!(check_country_id(&canonical_country_id("ß")).is_err());
    }
}
