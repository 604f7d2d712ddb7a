//! Cooperation areas: a tree of SKOS concepts.

pub mod entities;

use self::entities::{area_label, area_mapping, area_related, cooperation_area};
use super::{filled, ordinal, short_name};
use crate::filter::field::{Filterable, Values};
use crate::model::dates::Day;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::{AreaLabel, AreaMapping, CooperationArea};
use crate::store::resource::{Around, Hierarchy, Keys, Resource, Table};
use crate::store::sql::Rows;

impl Resource for CooperationArea {
    const TABLES: &'static [Table] = &[
        Table { name: "cooperation_area", references: &["broader_key", "replaced_by_key"] },
        Table { name: "area_label", references: &[] },
        Table { name: "area_related", references: &["area_key"] },
        Table { name: "area_mapping", references: &[] },
    ];
    const SORTABLE: &'static [&'static str] = &["display_name"];
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new("display_name", Values::Text, "cooperation_area", "display_name").indexed(),
        Filterable::new("names.text", Values::Text, "area_label", "text"),
        Filterable::new("names.language", Values::Text, "area_label", "language"),
        Filterable::new("names.kind", Values::Enum, "area_label", "kind"),
        Filterable::new(
            "broader",
            Values::Reference("CooperationArea"),
            "cooperation_area",
            "broader_key",
        )
        .indexed(),
        Filterable::new(
            "related",
            Values::Reference("CooperationArea"),
            "area_related",
            "area_key",
        )
        .indexed(),
        Filterable::new("mappings.scheme", Values::Text, "area_mapping", "scheme"),
        Filterable::new("mappings.id", Values::Text, "area_mapping", "concept"),
        Filterable::new("mappings.match", Values::Enum, "area_mapping", "match"),
        Filterable::new(
            "replaced_by",
            Values::Reference("CooperationArea"),
            "cooperation_area",
            "replaced_by_key",
        )
        .indexed(),
    ];
    const HIERARCHY: Option<Hierarchy> = Some(Hierarchy {
        table: "cooperation_area",
        parent: "broader_key",
        condition: "",
        upwards: None,
    });

    fn parents(&self) -> Vec<(String, String)> {
        filled(&self.broader).into_iter().map(|name| ("broader".to_owned(), name)).collect()
    }

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        if self.replaced_by == self.name && !self.name.is_empty() {
            violations.add(&at.field("replaced_by"), "must be another area");
        }
        for (index, other) in self.related.iter().enumerate() {
            if *other == self.name {
                violations.add(&at.field("related").index(index), "must be another area");
            }
        }
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        rows.push::<cooperation_area::Entity>(cooperation_area::Model {
            key,
            display_name: self.display_name.clone(),
            broader_key: keys.key(&self.broader),
            replaced_by_key: keys.key(&self.replaced_by),
        });
        for (index, label) in self.names.iter().enumerate() {
            let AreaLabel { language, text, kind: _ } = label;
            rows.push::<area_label::Entity>(area_label::Model {
                key,
                ordinal: ordinal(index),
                language: filled(language),
                kind: short_name(label.kind().as_str_name(), "AREA_LABEL_KIND_"),
                text: text.clone(),
            });
        }
        let related = self.related.iter().filter_map(|name| keys.key(name));
        for (index, area_key) in related.enumerate() {
            let row = area_related::Model { key, ordinal: ordinal(index), area_key };
            rows.push::<area_related::Entity>(row);
        }
        for (index, mapping) in self.mappings.iter().enumerate() {
            let AreaMapping { scheme, id, r#match: _ } = mapping;
            rows.push::<area_mapping::Entity>(area_mapping::Model {
                key,
                ordinal: ordinal(index),
                scheme: scheme.clone(),
                concept: id.clone(),
                r#match: short_name(mapping.r#match().as_str_name(), "MAPPING_MATCH_"),
            });
        }
    }
}
