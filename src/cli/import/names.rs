//! Finds records by any of their names.

use std::collections::{BTreeSet, HashMap, HashSet};

use prost_reflect::{DynamicMessage, ReflectMessage, Value};

use super::spelling::{fold, plain};
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

/// The names of the records of some types.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Names {
    meanings: HashMap<(String, String), Vec<(Way, String)>>,
    display_names: HashMap<String, String>,
    external_ids: HashMap<(String, String, String), String>,
    /// What stands for the names of records that get one when they are recorded.
    promised: HashSet<String>,
}

impl Names {
    /// The names of the records of `types`, as they are now.
    pub(in crate::cli) async fn load(
        client: &Client,
        types: BTreeSet<String>,
    ) -> Result<Self, Failure> {
        let (names, _) = Self::load_beside(client, types, "").await?;
        Ok(names)
    }

    /// The same without the names of the type `beside`, whose records are beside them.
    pub(super) async fn load_beside(
        client: &Client,
        types: BTreeSet<String>,
        beside: &str,
    ) -> Result<(Self, Vec<DynamicMessage>), Failure> {
        let (mut names, mut records) = (Self::default(), Vec::new());
        if types.is_empty() {
            return Ok((names, records));
        }
        let take = |resource: &Resource| {
            let message = crate::cli::json::dynamic("Resource", resource)?;
            for (_, value) in message.fields() {
                match value {
                    Value::Message(record) if record.descriptor().name() == beside => {
                        records.push(record.clone());
                    }
                    Value::Message(record) => names.add(record),
                    _ => {}
                }
            }
            Ok(())
        };
        each_resource(client, types.into_iter().collect(), String::new(), take).await?;
        Ok((names, records))
    }

    /// Notes that a record has no name yet, and that `name` stands for it.
    pub(super) fn promise(&mut self, name: &str) {
        self.promised.insert(name.to_owned());
    }

    /// Whether a name that was found stands for one that is not known yet.
    pub(super) fn is_promised(&self, name: &str) -> bool {
        self.promised.contains(name)
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
        let id = name.split_once('/').filter(|_| !self.is_promised(&name));
        let id = id.map_or("", |(_, id)| id).to_owned();
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

/// A text of a message; empty if it has none.
pub(super) fn text(message: &DynamicMessage, field: &str) -> String {
    let value = message.get_field_by_name(field);
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// The messages of a list of a message.
pub(super) fn messages(
    message: &DynamicMessage,
    field: &str,
) -> impl Iterator<Item = DynamicMessage> + use<> {
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
}
