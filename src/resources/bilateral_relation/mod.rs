//! Bilateral relations: two countries, and what happened between them.

pub mod entities;
mod id;
pub mod level;

use self::entities::{bilateral_relation, relation_country, relation_event};
use super::{DateColumns, check_date, doubts, keys_of, ordinal, short_name};
use crate::filter::field::{Filterable, Values};
use crate::model::dates::Day;
use crate::model::names;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{BilateralRelation, RelationEvent, RelationEventKind, RelationLevel};
use crate::store::resource::{Around, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for BilateralRelation {
    const TABLES: &'static [Table] = &[
        Table { name: "bilateral_relation", references: &[] },
        Table { name: "relation_country", references: &["country_key"] },
        Table { name: "relation_event", references: &[] },
    ];
    const SORTABLE: &'static [&'static str] = &[];
    const DATED: Option<&'static str> = Some("established");
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new(
            "countries",
            Values::Reference("Country"),
            "relation_country",
            "country_key",
        )
        .indexed(),
        Filterable::new("level", Values::Enum, "bilateral_relation", "level").indexed(),
        Filterable::new("established", Values::Date, "bilateral_relation", "established"),
        Filterable::new("events.kind", Values::Enum, "relation_event", "kind"),
        Filterable::new("events.level", Values::Enum, "relation_event", "level"),
        Filterable::new("events.date", Values::Date, "relation_event", "date").indexed(),
    ];
    const DERIVED_UNTIL: Option<&'static str> = Some("derived_until");

    fn check_id(id: &str) -> Result<(), &'static str> {
        id::check(id)
    }

    fn canonical_id(id: &str) -> String {
        id::canonical(id)
    }

    fn own_id(&self) -> Option<String> {
        Some(id::of(&self.countries)).filter(|id| id::check(id).is_ok())
    }

    fn named(&mut self, id: &str) {
        if self.countries.is_empty() {
            self.countries = id::countries(id);
        }
    }

    fn settle(&mut self) {
        self.countries.sort();
    }

    fn looks_into(&self) -> Vec<&str> {
        self.countries.iter().map(String::as_str).collect()
    }

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        self.check_countries(&at.field("countries"), violations);
        for (index, event) in self.events.iter().enumerate() {
            let at = at.field("events");
            let at = at.index(index);
            check_date(&event.date, &at.field("date"), violations);
            if event.level() != RelationLevel::Unspecified && !level::may_set(event.kind()) {
                violations.add(&at.field("level"), "is not changed by an event of this kind");
            }
        }
    }

    fn warnings(&self, around: &dyn Around, warnings: &mut Warnings) {
        let events = Path::Root.field("events");
        for (index, event) in self.events.iter().enumerate() {
            let at = events.index(index);
            let at = at.field("date");
            doubts::year(&event.date, &at, warnings);
            for country in &self.countries {
                doubts::existence(around, country, &event.date, &at, warnings);
            }
        }
    }

    fn derive(&mut self, day: Day) {
        let standing = level::on(&self.events, day);
        self.level = standing.level.into();
        self.established = standing.established.to_owned();
    }

    fn index(&self, key: i64, keys: &dyn Keys, today: Day, rows: &mut Rows) {
        let established = DateColumns::of(&self.established);
        rows.push::<bilateral_relation::Entity>(bilateral_relation::Model {
            key,
            level: short_name(self.level().as_str_name(), "RELATION_LEVEL_"),
            established: established.text,
            established_earliest: established.earliest,
            established_latest: established.latest,
            first_day: established.first_day,
            derived_until: level::holds_until(self.level(), &self.established, &self.events, today),
        });
        for (ordinal, country_key) in keys_of(&self.countries, keys) {
            let row = relation_country::Model { key, ordinal, country_key };
            rows.push::<relation_country::Entity>(row);
        }
        for (index, event) in self.events.iter().enumerate() {
            rows.push::<relation_event::Entity>(event_row(key, index, event));
        }
    }
}

impl BilateralRelation {
    fn check_countries(&self, at: &Path<'_>, violations: &mut Violations) {
        let own = names::split(&self.name).map_or("", |(_, id)| id);
        let others = id::of(&self.countries);
        if self.countries.len() < 2 {
            violations.add(at, "both are required, unless the id says them, such as KHM-RUS");
        } else if let Err(text) = id::check(&others) {
            violations.add(at, text);
        } else if id::check(own).is_ok() && own != others {
            let text = format!("must be the two countries of the name, {own}, and not {others}");
            violations.add(at, text);
        }
    }
}

fn event_row(key: i64, index: usize, event: &RelationEvent) -> relation_event::Model {
    let date = DateColumns::of(&event.date);
    relation_event::Model {
        key,
        ordinal: ordinal(index),
        kind: short_name(event.kind().as_str_name(), "RELATION_EVENT_KIND_").unwrap_or_default(),
        level: short_name(event.level().as_str_name(), "RELATION_LEVEL_"),
        date: date.text,
        date_earliest: date.earliest,
        date_latest: date.latest,
    }
}

/// Whether an event of this kind ends relations.
fn ends(kind: RelationEventKind) -> bool {
    matches!(kind, RelationEventKind::Severed | RelationEventKind::Suspended)
}
