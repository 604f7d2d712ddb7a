//! Finds records by any of their names.

use std::collections::{BTreeSet, HashMap};

use prost_reflect::{DynamicMessage, ReflectMessage, Value};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::cli::Failure;
use crate::cli::state::each_resource;
use crate::client::Client;
use crate::proto::v1::Resource;

/// How a text names a record, the surest way first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    /// By its resource name, or `scheme:value` of an external id.
    Name,
    /// By the code of a country that is there today.
    Code,
    /// By the code of a former country.
    FormerCode,
    /// By its id, which of an organization is often an abbreviation.
    Id,
    /// By the name to show.
    DisplayName,
    /// By one of its other names.
    OtherName,
    /// By a name of the past.
    FormerName,
}

impl Way {
    /// What a text that names in this way has in common with others that mean the same: names
    /// of records and external ids are exact, codes are in any case, the rest is folded.
    fn key(self, text: &str) -> String {
        match self {
            Self::Name => format!("= {}", text.trim()),
            Self::Code | Self::FormerCode => format!("# {}", text.trim().to_uppercase()),
            _ => fold(text),
        }
    }
}

/// What the short form of an article ends with.
const APOSTROPHES: [char; 2] = ['\'', '’'];
/// Articles that ISO puts behind names, as in `Philippines (the)`.
const ARTICLES: [&str; 8] = ["the", "l", "la", "le", "les", "el", "los", "las"];

/// The names of the records of some types, as they were when the import began.
#[derive(Debug, Default)]
pub(in crate::cli) struct Names {
    meanings: HashMap<(String, String), Vec<(Way, String)>>,
    display_names: HashMap<String, String>,
    external_ids: HashMap<(String, String, String), String>,
}

impl Names {
    /// The names of the records of `types`.
    pub(in crate::cli) async fn load(
        client: &Client,
        types: BTreeSet<String>,
    ) -> Result<Self, Failure> {
        let mut names = Self::default();
        if types.is_empty() {
            return Ok(names);
        }
        let take = |resource: &Resource| {
            let message = crate::cli::json::dynamic("Resource", resource)?;
            for (_, value) in message.fields() {
                if let Value::Message(record) = value {
                    names.add(record);
                }
            }
            Ok(())
        };
        each_resource(client, types.into_iter().collect(), String::new(), take).await?;
        Ok(names)
    }

    /// The record of one of `types` that `text` names; an error says why there is none.
    pub(in crate::cli) fn find(&self, types: &[String], text: &str) -> Result<&str, String> {
        let mut found = self.meanings(types, text);
        // "Korea, Republic of" is the Republic of Korea.
        if found.is_empty()
            && let Some((last, first)) = text.split_once(", ")
        {
            found = self.meanings(types, &format!("{first} {last}"));
        }
        if found.is_empty()
            && let Some((name, article)) = text.trim_end_matches(')').rsplit_once(" (")
            && ARTICLES.contains(&plain(article).trim_end_matches(APOSTROPHES))
        {
            found = self.meanings(types, name);
        }
        let surest = found.iter().map(|(way, _)| *way).min();
        let mut surest: Vec<&str> = found
            .iter()
            .filter(|(way, _)| Some(*way) == surest)
            .map(|(_, name)| name.as_str())
            .collect();
        surest.sort_unstable();
        surest.dedup();
        match surest.as_slice() {
            [] => Err(format!("names no {}", types.join(" or "))),
            [one] => Ok(one),
            several => Err(format!("may mean {}", several.join(" or "))),
        }
    }

    /// The record of a type that has an external id.
    pub(in crate::cli) fn by_external_id(
        &self,
        of_type: &str,
        scheme: &str,
        value: &str,
    ) -> Option<&str> {
        let key = (of_type.to_owned(), scheme.to_owned(), value.to_owned());
        self.external_ids.get(&key).map(String::as_str)
    }

    /// Whether there is a record called `name`.
    pub(in crate::cli) fn has(&self, name: &str) -> bool {
        self.display_names.contains_key(name)
    }

    /// The name to show of the record called `name`.
    pub(in crate::cli) fn display_name(&self, name: &str) -> &str {
        self.display_names.get(name).map_or("", String::as_str)
    }

    fn meanings(&self, types: &[String], text: &str) -> Vec<&(Way, String)> {
        let keys = [Way::Name, Way::Code, Way::OtherName].map(|way| way.key(text));
        let each = types.iter().flat_map(|one| {
            let keys = keys.iter().map(move |key| (one.clone(), key.clone()));
            keys.filter_map(|key| self.meanings.get(&key))
        });
        each.flatten().collect()
    }

    pub(in crate::cli) fn add(&mut self, record: &DynamicMessage) {
        let of_type = record.descriptor().name().to_owned();
        let name = text(record, "name");
        let id = name.split_once('/').map_or("", |(_, id)| id).to_owned();
        let is_former = record
            .get_field_by_name("kind")
            .is_some_and(|kind| of_type == "Country" && kind.as_enum_number() == Some(2));
        let code = if is_former { Way::FormerCode } else { Way::Code };
        let by_id = if of_type == "Country" { code } else { Way::Id };
        let mut ways = vec![(Way::Name, name.clone()), (by_id, id)];
        for field in ["alpha2", "alpha3", "numeric"] {
            ways.push((code, text(record, field)));
        }
        for field in ["display_name", "title"] {
            ways.push((Way::DisplayName, text(record, field)));
        }
        ways.push((Way::OtherName, text(record, "short_title")));
        for one in messages(record, "names").chain(messages(record, "titles")) {
            let kind = one.get_field_by_name("kind").and_then(|kind| kind.as_enum_number());
            let is_former = kind == Some(3) && ["Country", "Organization"].contains(&&*of_type);
            let way = if is_former { Way::FormerName } else { Way::OtherName };
            ways.push((way, text(&one, "text")));
        }
        for id in messages(record, "external_ids") {
            let (scheme, value) = (text(&id, "scheme"), text(&id, "value"));
            ways.push((Way::Name, format!("{scheme}:{value}")));
            self.external_ids.insert((of_type.clone(), scheme, value), name.clone());
        }
        let shown = [text(record, "display_name"), text(record, "title")].concat();
        self.display_names.insert(name.clone(), shown);
        for (way, text) in ways.iter().filter(|(_, text)| !text.is_empty()) {
            let key = (of_type.clone(), way.key(text));
            self.meanings.entry(key).or_default().push((*way, name.clone()));
        }
    }
}

fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn messages(message: &DynamicMessage, field: &str) -> impl Iterator<Item = DynamicMessage> {
    let value = message.get_field_by_name(field).map(|value| value.into_owned());
    let list = match value {
        Some(Value::List(list)) => list,
        _ => Vec::new(),
    };
    list.into_iter().filter_map(|one| match one {
        Value::Message(message) => Some(message),
        _ => None,
    })
}

/// A text without what spellings differ in: case, accents, punctuation, `the`, `and`, `St`
/// for `Saint`, dots in abbreviations.
fn fold(text: &str) -> String {
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
fn plain(text: &str) -> String {
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

/// A text as an id: lower-case letters and digits with hyphens between them, at most 63.
pub(in crate::cli) fn slug(text: &str) -> String {
    let plain = plain(text);
    let words = plain.split(|one: char| !one.is_ascii_alphanumeric());
    let mut slug = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-");
    slug.truncate(63);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for line in include_str!("../../resources/reference/countries.jsonl").lines() {
            let mut json = serde_json::Deserializer::from_str(line);
            let country = crate::proto::message("Country");
            names.add(&DynamicMessage::deserialize(country, &mut json).unwrap());
        }
        names
    }

    #[test]
    fn countries_are_found_by_what_people_write() {
        let (names, types) = (names(), ["Country".to_owned()]);
        for (text, id) in [
            ("KHM", "KHM"),
            ("kh", "KHM"),
            ("countries/KHM", "KHM"),
            ("Cambodia", "KHM"),
            ("THE KINGDOM OF CAMBODIA", "KHM"),
            ("Cote d’Ivoire", "CIV"),
            ("Sao Tome & Principe", "STP"),
            ("St. Lucia", "LCA"),
            ("Fédération de Russie (la)", "RUS"),
            ("Philippines (the)", "PHL"),
            ("Российская Федерация", "RUS"),
            ("Korea, Republic of", "KOR"),
            ("AI", "AIA"),
            ("SU", "SUN"),
            ("AND", "AND"),
            ("and", "AND"),
            ("Czechoslovakia", "CSK"),
        ] {
            assert_eq!(names.find(&types, text), Ok(&*format!("countries/{id}")), "{text}");
        }
    }

    #[test]
    fn what_is_unknown_or_means_several_is_told() {
        let (names, types) = (names(), ["Country".to_owned()]);
        let unknown = [
            "Atlantis",
            "N/A",
            "n.a.",
            "i.e.",
            "8/4/0",
            "a-z",
            "countries",
            "countries/",
            "the",
            "",
        ];
        for text in unknown {
            assert_eq!(names.find(&types, text), Err("names no Country".to_owned()), "{text}");
        }
        let several = "may mean countries/CSK or countries/SCG".to_owned();
        assert_eq!(names.find(&types, "CS"), Err(several));
    }

    #[test]
    fn codes_of_countries_go_before_abbreviations() {
        let mut names = names();
        let text = r#"{"name": "organizations/can", "displayName": "CAN"}"#;
        let organization = crate::proto::message("Organization");
        let mut json = serde_json::Deserializer::from_str(text);
        names.add(&DynamicMessage::deserialize(organization, &mut json).unwrap());
        let types = ["Country", "Organization"].map(str::to_owned);
        assert_eq!(names.find(&types, "CAN"), Ok("countries/CAN"));
        assert_eq!(names.find(&types[1..], "CAN"), Ok("organizations/can"));
        assert_eq!(names.find(&types, "organizations/can"), Ok("organizations/can"));
    }

    #[test]
    fn folding_keeps_what_differs() {
        assert_eq!(fold("U.S.S.R."), "ussr");
        assert_eq!(fold("the People's Republic"), "people s republic");
        assert_ne!(fold("Niger"), fold("Nigeria"));
        assert_eq!(slug("G- 9"), "g-9");
    }
}
