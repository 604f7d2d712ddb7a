//! Organizations: any body, from a bloc to an embassy.

pub mod entities;

use self::entities::{membership, organization, organization_accreditation, organization_name};
use super::{
    DateColumns, check_period, check_polities, doubts, end_kind, filled, keys_of, ordinal,
    short_name,
};
use crate::filter::field::{Filterable, Values};
use crate::model::dates::Day;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{Membership, Organization, OrganizationName};
use crate::store::resource::{Around, Hierarchy, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for Organization {
    const TABLES: &'static [Table] = &[
        Table { name: "organization", references: &["country_key", "parent_key"] },
        Table { name: "organization_name", references: &[] },
        Table { name: "organization_accreditation", references: &["to_key"] },
        Table { name: "membership", references: &["country_key"] },
    ];
    const SORTABLE: &'static [&'static str] = &["display_name"];
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new("display_name", Values::Text, "organization", "display_name").indexed(),
        Filterable::new("names.text", Values::Text, "organization_name", "text"),
        Filterable::new("names.language", Values::Text, "organization_name", "language"),
        Filterable::new("names.kind", Values::Enum, "organization_name", "kind"),
        Filterable::new("kind", Values::Enum, "organization", "kind"),
        Filterable::new("country", Values::Reference("Country"), "organization", "country_key")
            .indexed(),
        Filterable::new("parent", Values::Reference("Organization"), "organization", "parent_key")
            .indexed(),
        Filterable::new(
            "accredited_to",
            Values::Reference("*"),
            "organization_accreditation",
            "to_key",
        )
        .indexed(),
        Filterable::new("existence.start", Values::Date, "organization", "existence_start"),
        Filterable::new("existence.end", Values::Date, "organization", "existence_end"),
        Filterable::new("existence.end_kind", Values::Enum, "organization", "existence_end_kind"),
        Filterable::new(
            "members.country",
            Values::Reference("Country"),
            "membership",
            "country_key",
        )
        .indexed(),
        Filterable::new("members.status", Values::Enum, "membership", "status"),
        Filterable::new("members.period.start", Values::Date, "membership", "start"),
        Filterable::new("members.period.end", Values::Date, "membership", "end"),
        Filterable::new("members.period.end_kind", Values::Enum, "membership", "end_kind"),
    ];
    const HIERARCHY: Option<Hierarchy> = Some(Hierarchy {
        table: "organization",
        parent: "parent_key",
        condition: "",
        upwards: None,
    });

    fn parents(&self) -> Vec<(String, String)> {
        filled(&self.parent).into_iter().map(|name| ("parent".to_owned(), name)).collect()
    }

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        check_period(self.existence.as_ref(), &at.field("existence"), violations);
        check_polities(&self.accredited_to, &at.field("accredited_to"), violations);
        for (index, member) in self.members.iter().enumerate() {
            let at = at.field("members");
            check_period(member.period.as_ref(), &at.index(index).field("period"), violations);
        }
    }

    fn warnings(&self, _around: &dyn Around, warnings: &mut Warnings) {
        let root = Path::Root;
        doubts::years(self.existence.as_ref(), &root.field("existence"), warnings);
        let members = root.field("members");
        for (index, member) in self.members.iter().enumerate() {
            let at = members.index(index);
            doubts::years(member.period.as_ref(), &at.field("period"), warnings);
        }
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        let existence = self.existence.clone().unwrap_or_default();
        let start = DateColumns::of(&existence.start);
        let end = DateColumns::of(&existence.end);
        rows.push::<organization::Entity>(organization::Model {
            key,
            display_name: self.display_name.clone(),
            kind: short_name(self.kind().as_str_name(), "ORGANIZATION_KIND_"),
            country_key: keys.key(&self.country),
            parent_key: keys.key(&self.parent),
            existence_start: start.text,
            existence_start_earliest: start.earliest,
            existence_start_latest: start.latest,
            existence_end: end.text,
            existence_end_earliest: end.earliest,
            existence_end_latest: end.latest,
            existence_end_kind: self.existence.as_ref().map(end_kind),
        });
        for (index, name) in self.names.iter().enumerate() {
            let OrganizationName { language, text, kind: _ } = name;
            rows.push::<organization_name::Entity>(organization_name::Model {
                key,
                ordinal: ordinal(index),
                language: filled(language),
                kind: short_name(name.kind().as_str_name(), "ORGANIZATION_NAME_KIND_"),
                text: text.clone(),
            });
        }
        for (ordinal, to_key) in keys_of(&self.accredited_to, keys) {
            let row = organization_accreditation::Model { key, ordinal, to_key };
            rows.push::<organization_accreditation::Entity>(row);
        }
        for (index, member) in self.members.iter().enumerate() {
            if let Some(country_key) = keys.key(&member.country) {
                rows.push::<membership::Entity>(member_row(key, index, country_key, member));
            }
        }
    }
}

fn member_row(key: i64, index: usize, country_key: i64, member: &Membership) -> membership::Model {
    let period = member.period.clone().unwrap_or_default();
    let start = DateColumns::of(&period.start);
    let end = DateColumns::of(&period.end);
    membership::Model {
        key,
        ordinal: ordinal(index),
        country_key,
        status: short_name(member.status().as_str_name(), "MEMBERSHIP_STATUS_"),
        start: start.text,
        start_earliest: start.earliest,
        start_latest: start.latest,
        end: end.text,
        end_earliest: end.earliest,
        end_latest: end.latest,
        end_kind: member.period.as_ref().map(end_kind),
    }
}
