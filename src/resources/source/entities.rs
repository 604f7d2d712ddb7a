//! The tables of this type as sea-orm entities.

pub mod source {
    //! A source.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The title.
        #[sea_orm(column_type = "Text")]
        pub title: String,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text", nullable)]
        pub kind: Option<String>,
        /// Publisher as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub publisher: Option<String>,
        /// Day of publication as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub published: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub published_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub published_latest: Option<i32>,
        /// Where it is.
        #[sea_orm(column_type = "Text", nullable)]
        pub uri: Option<String>,
        /// BCP 47 tag.
        #[sea_orm(column_type = "Text", nullable)]
        pub language: Option<String>,
        /// Licence as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub licence: Option<String>,
        /// Letter of the Admiralty code.
        #[sea_orm(column_type = "Text", nullable)]
        pub reliability: Option<String>,
        /// The day by which the date of publication is sorted, days since 1970; the least if it is unknown.
        pub first_day: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod source_author {
    //! An author of a source.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_author")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The name as recorded.
        #[sea_orm(column_type = "Text")]
        pub author: String,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub source: BelongsTo<super::source::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod source_quote {
    //! A source that a source quotes.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "source_quote")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The one that is quoted.
        pub quoted_key: i64,
        /// The row of quoted_key.
        #[sea_orm(belongs_to, relation_enum = "Quoted", from = "quoted_key", to = "key")]
        pub quoted: BelongsTo<super::source::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub source: BelongsTo<super::source::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
