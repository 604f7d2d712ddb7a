//! Officials: persons and the posts that they hold or held.

pub mod entities;
mod posts;

use self::entities::{official, official_name, official_nationality, tenure};
use super::{DateColumns, check_date, check_period, doubts, end_kind, filled, ordinal, short_name};
use crate::filter::field::{Filterable, Values};
use crate::model::dates::{Day, period_definitely_inverted};
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{Official, PersonName, Tenure};
use crate::store::peers::{Likeness, Peer, Peers};
use crate::store::resource::{Around, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for Official {
    const TABLES: &'static [Table] = &[
        Table { name: "official", references: &[] },
        Table { name: "official_name", references: &[] },
        Table { name: "official_nationality", references: &["country_key"] },
        Table { name: "tenure", references: &["organization_key", "country_key"] },
    ];
    const SORTABLE: &'static [&'static str] = &["display_name", "family_name"];
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new("display_name", Values::Text, "official", "display_name").indexed(),
        Filterable::new("given_name", Values::Text, "official", "given_name"),
        Filterable::new("family_name", Values::Text, "official", "family_name").indexed(),
        Filterable::new("names.text", Values::Text, "official_name", "text"),
        Filterable::new("names.language", Values::Text, "official_name", "language"),
        Filterable::new("names.script", Values::Text, "official_name", "script"),
        Filterable::new(
            "nationalities",
            Values::Reference("Country"),
            "official_nationality",
            "country_key",
        )
        .indexed(),
        Filterable::new("birth", Values::Date, "official", "birth"),
        Filterable::new("death", Values::Date, "official", "death"),
        Filterable::new("tenures.title", Values::Text, "tenure", "title"),
        Filterable::new("tenures.country", Values::Reference("Country"), "tenure", "country_key")
            .indexed(),
        Filterable::new(
            "tenures.organization",
            Values::Reference("Organization"),
            "tenure",
            "organization_key",
        )
        .indexed(),
        Filterable::new("tenures.rank", Values::Enum, "tenure", "rank"),
        Filterable::new("tenures.capacity", Values::Enum, "tenure", "capacity"),
        Filterable::new("tenures.period.start", Values::Date, "tenure", "start"),
        Filterable::new("tenures.period.end", Values::Date, "tenure", "end"),
        Filterable::new("tenures.period.end_kind", Values::Enum, "tenure", "end_kind"),
        Filterable::new("tenures.end_reason", Values::Enum, "tenure", "end_reason"),
    ];

    const PEERS: Option<Peers> = Some(posts::PEERS);

    fn looks_into(&self) -> Vec<&str> {
        self.tenures.iter().map(|tenure| tenure.organization.as_str()).collect()
    }

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        check_date(&self.birth, &at.field("birth"), violations);
        check_date(&self.death, &at.field("death"), violations);
        if period_definitely_inverted(&self.birth, &self.death) {
            let text = format!("must not lie before the birth, {}", self.birth);
            violations.add(&at.field("death"), text);
        }
        for (index, tenure) in self.tenures.iter().enumerate() {
            let at = at.field("tenures");
            let at = at.index(index);
            check_period(tenure.period.as_ref(), &at.field("period"), violations);
            for (index, date) in tenure.attested_on.iter().enumerate() {
                check_date(date, &at.field("attested_on").index(index), violations);
            }
            for (index, milestone) in tenure.milestones.iter().enumerate() {
                let at = at.field("milestones");
                check_date(&milestone.date, &at.index(index).field("date"), violations);
            }
        }
    }

    fn warnings(&self, around: &dyn Around, warnings: &mut Warnings) {
        let root = Path::Root;
        doubts::year(&self.birth, &root.field("birth"), warnings);
        doubts::year(&self.death, &root.field("death"), warnings);
        let tenures = root.field("tenures");
        for (index, tenure) in self.tenures.iter().enumerate() {
            let at = tenures.index(index);
            for (index, date) in tenure.attested_on.iter().enumerate() {
                doubts::year(date, &at.field("attested_on").index(index), warnings);
            }
            for (index, milestone) in tenure.milestones.iter().enumerate() {
                let at = at.field("milestones");
                doubts::year(&milestone.date, &at.index(index).field("date"), warnings);
            }
            let Some(period) = &tenure.period else { continue };
            let at = at.field("period");
            doubts::years(Some(period), &at, warnings);
            for (field, date) in [("start", &period.start), ("end", &period.end)] {
                doubts::existence(around, &tenure.organization, date, &at.field(field), warnings);
            }
        }
    }

    fn likenesses(&self, keys: &dyn Keys) -> Vec<Likeness> {
        posts::likenesses(&self.tenures, keys)
    }

    fn compare(&self, likeness: &Likeness, peers: &[&Peer], warnings: &mut Warnings) {
        posts::compare(likeness, peers, warnings);
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        let birth = DateColumns::of(&self.birth);
        let death = DateColumns::of(&self.death);
        rows.push::<official::Entity>(official::Model {
            key,
            display_name: self.display_name.clone(),
            given_name: filled(&self.given_name),
            family_name: self.family_name.clone(),
            birth: birth.text,
            birth_earliest: birth.earliest,
            birth_latest: birth.latest,
            death: death.text,
            death_earliest: death.earliest,
            death_latest: death.latest,
        });
        for (index, name) in self.names.iter().enumerate() {
            let PersonName { language, script, text } = name;
            rows.push::<official_name::Entity>(official_name::Model {
                key,
                ordinal: ordinal(index),
                language: filled(language),
                script: filled(script),
                text: text.clone(),
            });
        }
        let nationalities = self.nationalities.iter().filter_map(|name| keys.key(name));
        for (index, country_key) in nationalities.enumerate() {
            let row = official_nationality::Model { key, ordinal: ordinal(index), country_key };
            rows.push::<official_nationality::Entity>(row);
        }
        for (index, tenure) in self.tenures.iter().enumerate() {
            rows.push::<tenure::Entity>(tenure_row(key, index, tenure, keys));
        }
    }
}

fn tenure_row(key: i64, index: usize, tenure: &Tenure, keys: &dyn Keys) -> tenure::Model {
    let period = tenure.period.clone().unwrap_or_default();
    let start = DateColumns::of(&period.start);
    let end = DateColumns::of(&period.end);
    tenure::Model {
        key,
        ordinal: ordinal(index),
        title: tenure.title.clone(),
        organization_key: keys.key(&tenure.organization),
        country_key: keys.key(&tenure.country),
        rank: short_name(tenure.rank().as_str_name(), "TENURE_RANK_"),
        capacity: short_name(tenure.capacity().as_str_name(), "TENURE_CAPACITY_"),
        start: start.text,
        start_earliest: start.earliest,
        start_latest: start.latest,
        end: end.text,
        end_earliest: end.earliest,
        end_latest: end.latest,
        end_kind: tenure.period.as_ref().map(end_kind),
        end_reason: short_name(tenure.end_reason().as_str_name(), "TENURE_END_REASON_"),
        post: posts::post(tenure, keys),
    }
}
