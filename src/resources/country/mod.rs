//! Countries: polities, present and former.

pub mod entities;

use uuid::Uuid;

use self::entities::{country, country_name, country_relation};
use super::{DateColumns, check_period, doubts, end_kind, filled, ordinal, short_name};
use crate::filter::field::{Filterable, Only, Values};
use crate::model::dates::Day;
use crate::model::names;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{Country, CountryKind, CountryName};
use crate::store::resource::{Around, Hierarchy, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for Country {
    const TABLES: &'static [Table] = &[
        Table { name: "country", references: &[] },
        Table { name: "country_name", references: &[] },
        Table { name: "country_relation", references: &["country_key"] },
    ];
    const SORTABLE: &'static [&'static str] = &["display_name"];
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new("display_name", Values::Text, "country", "display_name").indexed(),
        Filterable::new("names.text", Values::Text, "country_name", "text"),
        Filterable::new("names.language", Values::Text, "country_name", "language"),
        Filterable::new("names.kind", Values::Enum, "country_name", "kind"),
        Filterable::new("alpha2", Values::Text, "country", "alpha2"),
        Filterable::new("alpha3", Values::Text, "country", "alpha3"),
        Filterable::new("numeric", Values::Text, "country", "numeric"),
        Filterable::new("kind", Values::Enum, "country", "kind"),
        Filterable::new("region", Values::Text, "country", "region"),
        Filterable::new("capital", Values::Text, "country", "capital"),
        Filterable::new("existence.start", Values::Date, "country", "existence_start"),
        Filterable::new("existence.end", Values::Date, "country", "existence_end"),
        Filterable::new("existence.end_kind", Values::Enum, "country", "existence_end_kind"),
        Filterable::new(
            "predecessors",
            Values::Reference("Country"),
            "country_relation",
            "country_key",
        )
        .only(Only::Where("kind", "PREDECESSOR"))
        .indexed(),
        Filterable::new(
            "successors",
            Values::Reference("Country"),
            "country_relation",
            "country_key",
        )
        .only(Only::Where("kind", "SUCCESSOR"))
        .indexed(),
        Filterable::new(
            "sovereign",
            Values::Reference("Country"),
            "country_relation",
            "country_key",
        )
        .only(Only::Where("kind", "SOVEREIGN"))
        .indexed(),
    ];
    const HIERARCHY: Option<Hierarchy> = Some(Hierarchy {
        table: "country_relation",
        parent: "country_key",
        condition: "kind = 'SOVEREIGN'",
        upwards: None,
    });

    const HAS_ALIASES: bool = true;

    fn check_id(id: &str) -> Result<(), &'static str> {
        if id.len() < 3 {
            return Err("a country's id has at least 3 characters, since two are an alpha-2 code");
        }
        names::check_country_id(id)
    }

    fn canonical_id(id: &str) -> String {
        names::canonical_country_id(id)
    }

    fn own_id(&self) -> Option<String> {
        filled(&self.alpha3).filter(|id| Self::check_id(id).is_ok())
    }

    fn id_of(uid: Uuid) -> String {
        uid.simple().to_string().to_ascii_uppercase()
    }

    /// The alpha-2 code of a country that is still there, and the alpha-3 code
    /// where it is not the id.
    fn aliases(&self) -> Vec<String> {
        let mut aliases = Vec::new();
        if !self.alpha2.is_empty() && self.kind() != CountryKind::FormerState {
            aliases.push(self.alpha2.clone());
        }
        if !self.alpha3.is_empty() && !self.name.ends_with(&format!("/{}", self.alpha3)) {
            aliases.push(self.alpha3.clone());
        }
        aliases
    }

    fn parents(&self) -> Vec<(String, String)> {
        let sovereign = filled(&self.sovereign).into_iter();
        sovereign.map(|name| ("sovereign".to_owned(), name)).collect()
    }

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        check_period(self.existence.as_ref(), &at.field("existence"), violations);
        for (field, others) in
            [("predecessors", &self.predecessors), ("successors", &self.successors)]
        {
            for (index, other) in others.iter().enumerate() {
                if *other == self.name {
                    violations.add(&at.field(field).index(index), "must be another country");
                }
            }
        }
    }

    fn warnings(&self, _around: &dyn Around, warnings: &mut Warnings) {
        doubts::years(self.existence.as_ref(), &Path::Root.field("existence"), warnings);
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        let existence = self.existence.clone().unwrap_or_default();
        let start = DateColumns::of(&existence.start);
        let end = DateColumns::of(&existence.end);
        rows.push::<country::Entity>(country::Model {
            key,
            display_name: self.display_name.clone(),
            alpha2: filled(&self.alpha2),
            alpha3: filled(&self.alpha3),
            numeric: filled(&self.numeric),
            kind: short_name(self.kind().as_str_name(), "COUNTRY_KIND_"),
            region: filled(&self.region),
            capital: filled(&self.capital),
            existence_start: start.text,
            existence_start_earliest: start.earliest,
            existence_start_latest: start.latest,
            existence_end: end.text,
            existence_end_earliest: end.earliest,
            existence_end_latest: end.latest,
            existence_end_kind: self.existence.as_ref().map(end_kind),
        });
        for (index, name) in self.names.iter().enumerate() {
            let CountryName { language, text, kind: _ } = name;
            rows.push::<country_name::Entity>(country_name::Model {
                key,
                ordinal: ordinal(index),
                language: filled(language),
                kind: short_name(name.kind().as_str_name(), "COUNTRY_NAME_KIND_"),
                text: text.clone(),
            });
        }
        let predecessors = self.predecessors.iter().map(|name| ("PREDECESSOR", name));
        let successors = self.successors.iter().map(|name| ("SUCCESSOR", name));
        let sovereign = Some(("SOVEREIGN", &self.sovereign));
        let relations = predecessors.chain(successors).chain(sovereign);
        let relations = relations.filter_map(|(kind, name)| Some((kind, keys.key(name)?)));
        for (index, (kind, country_key)) in relations.enumerate() {
            rows.push::<country_relation::Entity>(country_relation::Model {
                key,
                ordinal: ordinal(index),
                kind: kind.to_owned(),
                country_key,
            });
        }
    }
}
