//! The tables of this type as sea-orm entities.

pub mod official {
    //! An official.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "official")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The name to show.
        #[sea_orm(column_type = "Text")]
        pub display_name: String,
        /// Given name as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub given_name: Option<String>,
        /// Family name as recorded.
        #[sea_orm(column_type = "Text")]
        pub family_name: String,
        /// Birth as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub birth: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub birth_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub birth_latest: Option<i32>,
        /// Death as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub death: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub death_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub death_latest: Option<i32>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod official_name {
    //! A name of an official.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "official_name")]
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
        /// Script as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub script: Option<String>,
        /// The text.
        #[sea_orm(column_type = "Text")]
        pub text: String,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub official: BelongsTo<super::official::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod official_nationality {
    //! A country whose national an official is.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "official_nationality")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The country.
        pub country_key: i64,
        /// The row of country_key.
        #[sea_orm(belongs_to, from = "country_key", to = "key")]
        pub country: BelongsTo<crate::resources::country::entities::country::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub official: BelongsTo<super::official::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod tenure {
    //! A post held for a time.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tenure")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The title.
        #[sea_orm(column_type = "Text")]
        pub title: String,
        /// The body in which the post is.
        pub organization_key: Option<i64>,
        /// The country.
        pub country_key: Option<i64>,
        /// Rank as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub rank: Option<String>,
        /// Capacity as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub capacity: Option<String>,
        /// Start as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub start: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub start_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub start_latest: Option<i32>,
        /// End as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub end: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub end_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub end_latest: Option<i32>,
        /// End kind as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub end_kind: Option<String>,
        /// End reason as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub end_reason: Option<String>,
        /// The same for the same post, if one person holds it at a time.
        pub post: Option<i64>,
        /// The row of organization_key.
        #[sea_orm(belongs_to, from = "organization_key", to = "key")]
        pub organization:
            BelongsTo<Option<crate::resources::organization::entities::organization::Entity>>,
        /// The row of country_key.
        #[sea_orm(belongs_to, from = "country_key", to = "key")]
        pub country: BelongsTo<Option<crate::resources::country::entities::country::Entity>>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub official: BelongsTo<super::official::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
