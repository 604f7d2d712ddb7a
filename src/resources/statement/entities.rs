//! The tables of this type as sea-orm entities.

pub mod statement {
    //! A statement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text")]
        pub kind: String,
        /// The person who speaks.
        pub official_key: Option<i64>,
        /// Name of a person who is not recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub speaker_name: Option<String>,
        /// The body that speaks.
        pub organization_key: Option<i64>,
        /// For which country.
        pub country_key: Option<i64>,
        /// Day as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub issued: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub issued_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub issued_latest: Option<i32>,
        /// Outlet as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub outlet: Option<String>,
        /// BCP 47 tag.
        #[sea_orm(column_type = "Text", nullable)]
        pub language: Option<String>,
        /// Short name of the stance.
        #[sea_orm(column_type = "Text", nullable)]
        pub stance: Option<String>,
        /// The day by which the date of issue is sorted, days since 1970; the least if it is unknown.
        pub first_day: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod statement_subject {
    //! What a statement is about.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement_subject")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The resource.
        pub about_key: i64,
        /// The row of about_key.
        #[sea_orm(belongs_to, from = "about_key", to = "key")]
        pub about: BelongsTo<crate::store::entities::record::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub statement: BelongsTo<super::statement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod statement_mention {
    //! A country that a statement speaks of.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement_mention")]
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
        pub statement: BelongsTo<super::statement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod statement_area {
    //! An area that a statement speaks of.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "statement_area")]
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
        pub area: BelongsTo<crate::resources::cooperation_area::entities::cooperation_area::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub statement: BelongsTo<super::statement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod claim {
    //! Something that a statement claims.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// Short name of the kind.
        #[sea_orm(column_type = "Text", nullable)]
        pub kind: Option<String>,
        /// What it is about, as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub subject: Option<String>,
        /// Short name of the effect.
        #[sea_orm(column_type = "Text", nullable)]
        pub effect: Option<String>,
        /// Short name of the subset.
        #[sea_orm(column_type = "Text", nullable)]
        pub organization_subset: Option<String>,
        /// Short name of the modality.
        #[sea_orm(column_type = "Text", nullable)]
        pub modality: Option<String>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub statement: BelongsTo<super::statement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod claim_beneficiary {
    //! Who gains by a claim.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim_beneficiary")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The country or organization.
        pub beneficiary_key: i64,
        /// The row of beneficiary_key.
        #[sea_orm(belongs_to, from = "beneficiary_key", to = "key")]
        pub beneficiary: BelongsTo<crate::store::entities::record::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub statement: BelongsTo<super::statement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod claim_country {
    //! A third country of a claim.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "claim_country")]
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
        pub statement: BelongsTo<super::statement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
