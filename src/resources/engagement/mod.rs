//! Engagements: dated acts between parties.

pub mod entities;
mod filterable;
mod rules;

use self::entities::{
    engagement, engagement_area, engagement_mention, engagement_outcome, engagement_topic, honour,
    participant,
};
use super::{
    DateColumns, check_date, check_period, check_polity, end_kind, filled, keys_of, ordinal,
    short_name,
};
use crate::filter::field::Filterable;
use crate::model::dates::Day;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{Engagement, Honour, Participant};
use crate::store::resource::{Around, Hierarchy, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for Engagement {
    const TABLES: &'static [Table] = &[
        Table { name: "engagement", references: &["host_country_key", "parent_key"] },
        Table {
            name: "participant",
            references: &["official_key", "organization_key", "country_key"],
        },
        Table { name: "engagement_area", references: &["area_key"] },
        Table { name: "engagement_topic", references: &["area_key", "shared_by_key"] },
        Table { name: "engagement_outcome", references: &["agreement_key"] },
        Table {
            name: "honour",
            references: &[
                "grantor_key",
                "recipient_key",
                "recipient_country_key",
                "presented_by_key",
            ],
        },
        Table { name: "engagement_mention", references: &["country_key"] },
    ];
    const SORTABLE: &'static [&'static str] = &["title"];
    const DATED: Option<&'static str> = Some("period.start");
    const FILTERABLE: &'static [Filterable] = filterable::FIELDS;
    const HIERARCHY: Option<Hierarchy> = Some(Hierarchy {
        table: "engagement",
        parent: "parent_key",
        condition: "",
        upwards: Some("coalesce(e.start, '') || '/' || coalesce(e.\"end\", '')"),
    });

    fn parents(&self) -> Vec<(String, String)> {
        filled(&self.parent).into_iter().map(|name| ("parent".to_owned(), name)).collect()
    }

    /// When it was.
    fn upwards(&self) -> String {
        let (start, end) = self.period.as_ref().map_or(("", ""), |p| (&p.start, &p.end));
        format!("{start}/{end}")
    }

    fn looks_into(&self) -> Vec<&str> {
        let officials = self.participants.iter().map(|one| one.official.as_str());
        officials.chain([self.parent.as_str()]).collect()
    }

    fn rules(&self, around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        check_period(self.period.as_ref(), &at.field("period"), violations);
        rules::check_times(self, around, at, violations);
        for (index, topic) in self.topics.iter().enumerate() {
            let at = at.field("topics");
            check_polity(&topic.shared_by, &at.index(index).field("shared_by"), violations);
        }
        for (index, honour) in self.honours.iter().enumerate() {
            let at = at.field("honours");
            let at = at.index(index);
            check_polity(&honour.grantor, &at.field("grantor"), violations);
            check_date(&honour.conferred_on, &at.field("conferred_on"), violations);
        }
    }

    fn warnings(&self, around: &dyn Around, warnings: &mut Warnings) {
        rules::doubt(self, around, warnings);
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        let period = self.period.clone().unwrap_or_default();
        let start = DateColumns::of(&period.start);
        let end = DateColumns::of(&period.end);
        rows.push::<engagement::Entity>(engagement::Model {
            key,
            title: self.title.clone(),
            kind: short_name(self.kind().as_str_name(), "ENGAGEMENT_KIND_"),
            visit_class: short_name(self.visit_class().as_str_name(), "VISIT_CLASS_"),
            mode: short_name(self.mode().as_str_name(), "ENGAGEMENT_MODE_"),
            status: short_name(self.status().as_str_name(), "ENGAGEMENT_STATUS_"),
            place: filled(&self.place),
            host_country_key: keys.key(&self.host_country),
            parent_key: keys.key(&self.parent),
            start: start.text,
            start_earliest: start.earliest,
            start_latest: start.latest,
            first_day: start.first_day,
            end: end.text,
            end_earliest: end.earliest,
            end_latest: end.latest,
            end_kind: self.period.as_ref().map(end_kind),
        });
        for (index, one) in self.participants.iter().enumerate() {
            rows.push::<participant::Entity>(participant_row(key, index, one, keys));
        }
        for (ordinal, area_key) in keys_of(&self.areas, keys) {
            rows.push::<engagement_area::Entity>(engagement_area::Model { key, ordinal, area_key });
        }
        for (index, topic) in self.topics.iter().enumerate() {
            rows.push::<engagement_topic::Entity>(engagement_topic::Model {
                key,
                ordinal: ordinal(index),
                text: topic.text.clone(),
                area_key: keys.key(&topic.area),
                shared_by_key: keys.key(&topic.shared_by),
            });
        }
        for (ordinal, agreement_key) in keys_of(&self.outcomes, keys) {
            let row = engagement_outcome::Model { key, ordinal, agreement_key };
            rows.push::<engagement_outcome::Entity>(row);
        }
        for (index, one) in self.honours.iter().enumerate() {
            rows.push::<honour::Entity>(honour_row(key, index, one, keys));
        }
        for (ordinal, country_key) in keys_of(&self.mentioned_countries, keys) {
            let row = engagement_mention::Model { key, ordinal, country_key };
            rows.push::<engagement_mention::Entity>(row);
        }
    }
}

fn participant_row(
    key: i64,
    index: usize,
    one: &Participant,
    keys: &dyn Keys,
) -> participant::Model {
    participant::Model {
        key,
        ordinal: ordinal(index),
        official_key: keys.key(&one.official),
        display_name: filled(&one.display_name),
        title_on_date: filled(&one.title_on_date),
        organization_key: keys.key(&one.organization),
        country_key: keys.key(&one.country),
        role: short_name(one.role().as_str_name(), "PARTICIPANT_ROLE_"),
    }
}

fn honour_row(key: i64, index: usize, one: &Honour, keys: &dyn Keys) -> honour::Model {
    let conferred = DateColumns::of(&one.conferred_on);
    honour::Model {
        key,
        ordinal: ordinal(index),
        title: one.title.clone(),
        form: short_name(one.form().as_str_name(), "HONOUR_FORM_"),
        grantor_key: keys.key(&one.grantor),
        recipient_key: keys.key(&one.recipient),
        recipient_country_key: keys.key(&one.recipient_country),
        presented_by_key: keys.key(&one.presented_by),
        conferred: conferred.text,
        conferred_earliest: conferred.earliest,
        conferred_latest: conferred.latest,
    }
}
