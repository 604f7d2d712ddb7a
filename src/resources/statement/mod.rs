//! Statements: who said what, and what is claimed in it.

pub mod entities;

use self::entities::{
    claim, claim_beneficiary, claim_country, statement, statement_area, statement_mention,
    statement_subject,
};
use super::{
    DateColumns, check_date, check_polities, doubts, filled, keys_of, ordinal, short_name,
};
use crate::filter::field::{Filterable, Values};
use crate::model::dates::Day;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::statement_speaker::Person;
use crate::proto::v1::{Statement, WarningCode};
use crate::store::resource::{Around, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for Statement {
    const TABLES: &'static [Table] = &[
        Table {
            name: "statement",
            references: &["official_key", "organization_key", "country_key"],
        },
        Table { name: "statement_subject", references: &["about_key"] },
        Table { name: "statement_mention", references: &["country_key"] },
        Table { name: "statement_area", references: &["area_key"] },
        Table { name: "claim", references: &[] },
        Table { name: "claim_beneficiary", references: &["beneficiary_key"] },
        Table { name: "claim_country", references: &["country_key"] },
    ];
    const SORTABLE: &'static [&'static str] = &[];
    const DATED: Option<&'static str> = Some("issued_on");
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new("kind", Values::Enum, "statement", "kind"),
        Filterable::new(
            "speaker.official",
            Values::Reference("Official"),
            "statement",
            "official_key",
        )
        .indexed(),
        Filterable::new("speaker.display_name", Values::Text, "statement", "speaker_name"),
        Filterable::new(
            "speaker.organization",
            Values::Reference("Organization"),
            "statement",
            "organization_key",
        )
        .indexed(),
        Filterable::new(
            "speaker.country",
            Values::Reference("Country"),
            "statement",
            "country_key",
        )
        .indexed(),
        Filterable::new("issued_on", Values::Date, "statement", "issued").indexed(),
        Filterable::new("outlet", Values::Text, "statement", "outlet"),
        Filterable::new("language", Values::Text, "statement", "language"),
        Filterable::new("about", Values::Reference("*"), "statement_subject", "about_key")
            .indexed(),
        Filterable::new(
            "countries",
            Values::Reference("Country"),
            "statement_mention",
            "country_key",
        )
        .indexed(),
        Filterable::new(
            "areas",
            Values::Reference("CooperationArea"),
            "statement_area",
            "area_key",
        )
        .indexed(),
        Filterable::new("stance", Values::Enum, "statement", "stance"),
        Filterable::new("claims.kind", Values::Enum, "claim", "kind"),
        Filterable::new("claims.subject", Values::Text, "claim", "subject"),
        Filterable::new("claims.effect", Values::Enum, "claim", "effect"),
        Filterable::new("claims.organization_subset", Values::Enum, "claim", "organization_subset"),
        Filterable::new("claims.modality", Values::Enum, "claim", "modality"),
        Filterable::new(
            "claims.beneficiaries",
            Values::Reference("*"),
            "claim_beneficiary",
            "beneficiary_key",
        )
        .indexed(),
        Filterable::new(
            "claims.third_countries",
            Values::Reference("Country"),
            "claim_country",
            "country_key",
        )
        .indexed(),
    ];

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        check_date(&self.issued_on, &at.field("issued_on"), violations);
        for (index, claim) in self.claims.iter().enumerate() {
            let at = at.field("claims");
            let at = at.index(index);
            check_polities(&claim.beneficiaries, &at.field("beneficiaries"), violations);
        }
    }

    fn warnings(&self, _around: &dyn Around, warnings: &mut Warnings) {
        let root = Path::Root;
        doubts::year(&self.issued_on, &root.field("issued_on"), warnings);
        if self.citations.is_empty() {
            let text = "no source is cited for this statement";
            warnings.add(WarningCode::CitationMissing, &root.field("citations"), text);
        }
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        let speaker = self.speaker.clone().unwrap_or_default();
        let (official_key, speaker_name) = match &speaker.person {
            Some(Person::Official(name)) => (keys.key(name), None),
            Some(Person::DisplayName(name)) => (None, filled(name)),
            None => (None, None),
        };
        let issued = DateColumns::of(&self.issued_on);
        rows.push::<statement::Entity>(statement::Model {
            key,
            kind: short_name(self.kind().as_str_name(), "STATEMENT_KIND_").unwrap_or_default(),
            official_key,
            speaker_name,
            organization_key: keys.key(&speaker.organization),
            country_key: keys.key(&speaker.country),
            issued: issued.text,
            issued_earliest: issued.earliest,
            issued_latest: issued.latest,
            first_day: issued.first_day,
            outlet: filled(&self.outlet),
            language: filled(&self.language),
            stance: short_name(self.stance().as_str_name(), "STATEMENT_STANCE_"),
        });
        for (ordinal, about_key) in keys_of(&self.about, keys) {
            let row = statement_subject::Model { key, ordinal, about_key };
            rows.push::<statement_subject::Entity>(row);
        }
        for (ordinal, country_key) in keys_of(&self.countries, keys) {
            let row = statement_mention::Model { key, ordinal, country_key };
            rows.push::<statement_mention::Entity>(row);
        }
        for (ordinal, area_key) in keys_of(&self.areas, keys) {
            rows.push::<statement_area::Entity>(statement_area::Model { key, ordinal, area_key });
        }
        self.index_claims(key, keys, rows);
    }
}

impl Statement {
    fn index_claims(&self, key: i64, keys: &dyn Keys, rows: &mut Rows) {
        for (index, claim) in self.claims.iter().enumerate() {
            rows.push::<claim::Entity>(claim::Model {
                key,
                ordinal: ordinal(index),
                kind: short_name(claim.kind().as_str_name(), "CLAIM_KIND_"),
                subject: filled(&claim.subject),
                effect: short_name(claim.effect().as_str_name(), "CLAIM_EFFECT_"),
                organization_subset: short_name(
                    claim.organization_subset().as_str_name(),
                    "ORGANIZATION_SUBSET_",
                ),
                modality: short_name(claim.modality().as_str_name(), "CLAIM_MODALITY_"),
            });
        }
        let beneficiaries = self.claims.iter().flat_map(|claim| &claim.beneficiaries);
        for (ordinal, beneficiary_key) in keys_of(beneficiaries, keys) {
            let row = claim_beneficiary::Model { key, ordinal, beneficiary_key };
            rows.push::<claim_beneficiary::Entity>(row);
        }
        let third = self.claims.iter().flat_map(|claim| &claim.third_countries);
        for (ordinal, country_key) in keys_of(third, keys) {
            rows.push::<claim_country::Entity>(claim_country::Model { key, ordinal, country_key });
        }
    }
}
