//! The tables of this type as sea-orm entities.

pub mod bilateral_relation {
    //! A bilateral relation.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bilateral_relation")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Short name of the level today.
        #[sea_orm(column_type = "Text", nullable)]
        pub level: Option<String>,
        /// Since when, as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub established: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub established_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub established_latest: Option<i32>,
        /// The first day, from `today` on, on which level or established is another, days since 1970.
        pub derived_until: Option<i32>,
        /// The day by which `established` is sorted, days since 1970; the least if it is unknown.
        pub first_day: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod relation_country {
    //! A country of a relation.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "relation_country")]
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
        pub bilateral_relation: BelongsTo<super::bilateral_relation::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod relation_event {
    //! Something that happened to a relation.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "relation_event")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// Short name of the level from then on.
        #[sea_orm(column_type = "Text", nullable)]
        pub level: Option<String>,
        /// Date as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub date: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub date_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub date_latest: Option<i32>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub bilateral_relation: BelongsTo<super::bilateral_relation::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
