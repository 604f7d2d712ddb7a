//! The tables of this type as sea-orm entities.

pub mod organization {
    //! An organization.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "organization")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The name to show.
        #[sea_orm(column_type = "Text")]
        pub display_name: String,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text", nullable)]
        pub kind: Option<String>,
        /// The country that it belongs to.
        pub country_key: Option<i64>,
        /// The body that it is part of.
        pub parent_key: Option<i64>,
        /// Start as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub existence_start: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub existence_start_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub existence_start_latest: Option<i32>,
        /// End as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub existence_end: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub existence_end_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub existence_end_latest: Option<i32>,
        /// How it ends.
        #[sea_orm(column_type = "Text", nullable)]
        pub existence_end_kind: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod organization_name {
    //! A name of an organization.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "organization_name")]
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
        pub organization: BelongsTo<super::organization::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod organization_accreditation {
    //! To whom a mission is accredited.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "organization_accreditation")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The country or organization.
        pub to_key: i64,
        /// The row of to_key.
        #[sea_orm(belongs_to, from = "to_key", to = "key")]
        pub to: BelongsTo<crate::store::entities::record::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub organization: BelongsTo<super::organization::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod membership {
    //! That a country is in an organization.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "membership")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The country.
        pub country_key: i64,
        /// Short name of the status.
        #[sea_orm(column_type = "Text", nullable)]
        pub status: Option<String>,
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
        /// How it ends.
        #[sea_orm(column_type = "Text", nullable)]
        pub end_kind: Option<String>,
        /// The row of country_key.
        #[sea_orm(belongs_to, from = "country_key", to = "key")]
        pub country: BelongsTo<crate::resources::country::entities::country::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub organization: BelongsTo<super::organization::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
