//! Sources: what the record rests on.

pub mod entities;

use self::entities::{source, source_author, source_quote};
use super::{DateColumns, check_date, doubts, filled, keys_of, ordinal, short_name};
use crate::filter::field::{Filterable, Values};
use crate::model::dates::Day;
use crate::model::violations::{Path, Violations};
use crate::proto::v1::Source;
use crate::store::resource::{Around, Keys, Resource, Table, Warnings};
use crate::store::sql::Rows;

impl Resource for Source {
    const TABLES: &'static [Table] = &[
        Table { name: "source", references: &[] },
        Table { name: "source_author", references: &[] },
        Table { name: "source_quote", references: &["quoted_key"] },
    ];
    const SORTABLE: &'static [&'static str] = &["title"];
    const DATED: Option<&'static str> = Some("published_on");
    const FILTERABLE: &'static [Filterable] = &[
        Filterable::new("title", Values::Text, "source", "title").indexed(),
        Filterable::new("kind", Values::Enum, "source", "kind"),
        Filterable::new("publisher", Values::Text, "source", "publisher"),
        Filterable::new("authors", Values::Text, "source_author", "author"),
        Filterable::new("published_on", Values::Date, "source", "published").indexed(),
        Filterable::new("uri", Values::Text, "source", "uri"),
        Filterable::new("language", Values::Text, "source", "language"),
        Filterable::new("licence", Values::Text, "source", "licence"),
        Filterable::new("reliability", Values::Enum, "source", "reliability"),
        Filterable::new("quotes", Values::Reference("Source"), "source_quote", "quoted_key")
            .indexed(),
    ];

    fn rules(&self, _around: &dyn Around, at: &Path<'_>, violations: &mut Violations) {
        check_date(&self.published_on, &at.field("published_on"), violations);
        for (index, quoted) in self.quotes.iter().enumerate() {
            if *quoted == self.name && !quoted.is_empty() {
                violations.add(&at.field("quotes").index(index), "must be another source");
            }
        }
    }

    fn warnings(&self, _around: &dyn Around, warnings: &mut Warnings) {
        doubts::year(&self.published_on, &Path::Root.field("published_on"), warnings);
    }

    fn index(&self, key: i64, keys: &dyn Keys, _today: Day, rows: &mut Rows) {
        let published = DateColumns::of(&self.published_on);
        rows.push::<source::Entity>(source::Model {
            key,
            title: self.title.clone(),
            kind: short_name(self.kind().as_str_name(), "SOURCE_KIND_"),
            publisher: filled(&self.publisher),
            published: published.text,
            published_earliest: published.earliest,
            published_latest: published.latest,
            first_day: published.first_day,
            uri: filled(&self.uri),
            language: filled(&self.language),
            licence: filled(&self.licence),
            reliability: short_name(self.reliability().as_str_name(), "SOURCE_RELIABILITY_"),
        });
        for (index, author) in self.authors.iter().enumerate() {
            let (ordinal, author) = (ordinal(index), author.clone());
            rows.push::<source_author::Entity>(source_author::Model { key, ordinal, author });
        }
        for (ordinal, quoted_key) in keys_of(&self.quotes, keys) {
            rows.push::<source_quote::Entity>(source_quote::Model { key, ordinal, quoted_key });
        }
    }
}
