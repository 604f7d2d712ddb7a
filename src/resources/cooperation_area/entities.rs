//! The tables of this type as sea-orm entities.

pub mod cooperation_area {
    //! A cooperation area.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "cooperation_area")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The name to show.
        #[sea_orm(column_type = "Text")]
        pub display_name: String,
        /// Key of the broader.
        pub broader_key: Option<i64>,
        /// Key of the replaced by.
        pub replaced_by_key: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod area_label {
    //! A label of an area.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "area_label")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// BCP 47 tag.
        #[sea_orm(column_type = "Text", nullable)]
        pub language: Option<String>,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text", nullable)]
        pub kind: Option<String>,
        /// The text.
        #[sea_orm(column_type = "Text")]
        pub text: String,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub cooperation_area: BelongsTo<super::cooperation_area::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod area_related {
    //! An area related to another.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "area_related")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The area.
        pub area_key: i64,
        /// The row of area_key.
        #[sea_orm(belongs_to, from = "area_key", to = "key")]
        pub area: BelongsTo<super::cooperation_area::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod area_mapping {
    //! A concept of another vocabulary.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "area_mapping")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// Scheme as recorded.
        #[sea_orm(column_type = "Text")]
        pub scheme: String,
        /// Concept as recorded.
        #[sea_orm(column_type = "Text")]
        pub concept: String,
        /// Match as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub r#match: Option<String>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub cooperation_area: BelongsTo<super::cooperation_area::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
