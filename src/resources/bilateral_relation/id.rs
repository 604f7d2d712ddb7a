//! The one id of a pair of countries: `KHM-RUS`, whatever the order and the codes.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::model::names;
use crate::resources::reference;

/// Alpha-3 codes of the countries that are there today, by their alpha-2 codes.
static ALPHA3: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| reference::current_codes().collect());

/// The id of the pair `countries`, given by their resource names.
pub(super) fn of(countries: &[String]) -> String {
    let ids = countries.iter().map(|name| names::split(name).map_or(name.as_str(), |(_, id)| id));
    canonical(&ids.collect::<Vec<_>>().join("-"))
}

/// The resource names of the countries that `id` says; none if it is not one in its
/// canonical form.
pub(super) fn countries(id: &str) -> Vec<String> {
    match id.split_once('-') {
        Some((first, second)) if check(id).is_ok() => {
            [first, second].map(|id| format!("countries/{id}")).into()
        }
        _ => Vec::new(),
    }
}

/// The one way to write `id`.
pub(super) fn canonical(id: &str) -> String {
    let mut parts: Vec<String> = id.split('-').map(canonical_part).collect();
    parts.sort();
    parts.join("-")
}

fn canonical_part(part: &str) -> String {
    let part = names::canonical_country_id(part);
    ALPHA3.get(&part).cloned().unwrap_or(part)
}

/// Checks an id in its canonical form.
pub(super) fn check(id: &str) -> Result<(), &'static str> {
    match id.split_once('-') {
        Some((first, second)) if first == second => {
            Err("a bilateral relation is one of two different countries")
        }
        Some((first, second))
            if names::check_country_id(first).is_ok()
                && names::check_country_id(second).is_ok() =>
        {
            Ok(())
        }
        _ => Err("the id of a bilateral relation is the ids of its two countries with a hyphen \
                  between them, such as KHM-RUS"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_order_and_either_code_mean_the_same() {
        for id in ["KHM-RUS", "RUS-KHM", "kh-ru", "RU-KH", "rus-kh"] {
            assert_eq!(canonical(id), "KHM-RUS");
        }
        // Alpha-2 and alpha-3 codes sort differently here.
        assert_eq!(canonical("AT-AU"), "AUS-AUT");
        // Former countries have no alpha-2 code of their own.
        assert_eq!(canonical("su-us"), "SU-USA");
    }

    #[test]
    fn an_id_says_its_countries() {
        assert_eq!(countries("KHM-RUS"), ["countries/KHM", "countries/RUS"]);
        assert_eq!(of(&countries("KHM-RUS")), "KHM-RUS");
        for wrong in ["", "KHM", "KHM-KHM", "khm-rus"] {
            assert_eq!(countries(wrong), [""; 0], "{wrong}");
        }
    }

    #[test]
    fn two_different_countries() {
        assert_eq!(check("KHM-RUS"), Ok(()));
        for wrong in ["", "KHM", "KHM-", "-RUS", "KHM-RUS-USA", "KHM-KHM", "khm-rus"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
