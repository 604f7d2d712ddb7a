//! The tables of this type as sea-orm entities.

pub mod country {
    //! A country.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "country")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The name to show.
        #[sea_orm(column_type = "Text")]
        pub display_name: String,
        /// Alpha2 as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub alpha2: Option<String>,
        /// Alpha3 as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub alpha3: Option<String>,
        /// Numeric as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub numeric: Option<String>,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text", nullable)]
        pub kind: Option<String>,
        /// Region as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub region: Option<String>,
        /// Capital as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub capital: Option<String>,
        /// Existence start as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub existence_start: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub existence_start_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub existence_start_latest: Option<i32>,
        /// Existence end as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub existence_end: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub existence_end_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub existence_end_latest: Option<i32>,
        /// Existence end kind as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub existence_end_kind: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod country_name {
    //! A name of a country.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "country_name")]
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
        pub country: BelongsTo<super::country::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod country_relation {
    //! How a country stands to another.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "country_relation")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// PREDECESSOR SUCCESSOR SOVEREIGN.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// The country.
        pub country_key: i64,
        /// The row of country_key.
        #[sea_orm(belongs_to, from = "country_key", to = "key")]
        pub country: BelongsTo<super::country::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
