//! The tables of this type as sea-orm entities.

pub mod engagement {
    //! An engagement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "engagement")]
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
        /// Short name of the rank of a visit.
        #[sea_orm(column_type = "Text", nullable)]
        pub visit_class: Option<String>,
        /// Short name of the mode.
        #[sea_orm(column_type = "Text", nullable)]
        pub mode: Option<String>,
        /// Short name of the status.
        #[sea_orm(column_type = "Text", nullable)]
        pub status: Option<String>,
        /// Place as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub place: Option<String>,
        /// The country that it takes place in.
        pub host_country_key: Option<i64>,
        /// The engagement that it is part of.
        pub parent_key: Option<i64>,
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
        /// The day by which its start is sorted, days since 1970; the least if it is unknown.
        pub first_day: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod participant {
    //! One that takes part in an engagement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "participant")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The person.
        pub official_key: Option<i64>,
        /// Name of a person who is not recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub display_name: Option<String>,
        /// Title on that day as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub title_on_date: Option<String>,
        /// The body.
        pub organization_key: Option<i64>,
        /// For which country.
        pub country_key: Option<i64>,
        /// Short name of the role.
        #[sea_orm(column_type = "Text", nullable)]
        pub role: Option<String>,
        /// The row of official_key.
        #[sea_orm(belongs_to, from = "official_key", to = "key")]
        pub official: BelongsTo<Option<crate::resources::official::entities::official::Entity>>,
        /// The row of organization_key.
        #[sea_orm(belongs_to, from = "organization_key", to = "key")]
        pub organization:
            BelongsTo<Option<crate::resources::organization::entities::organization::Entity>>,
        /// The row of country_key.
        #[sea_orm(belongs_to, from = "country_key", to = "key")]
        pub country: BelongsTo<Option<crate::resources::country::entities::country::Entity>>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub engagement: BelongsTo<super::engagement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod engagement_area {
    //! An area of an engagement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "engagement_area")]
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
        pub engagement: BelongsTo<super::engagement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod engagement_topic {
    //! Something that was talked about.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "engagement_topic")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The words.
        #[sea_orm(column_type = "Text")]
        pub text: String,
        /// The area.
        pub area_key: Option<i64>,
        /// Who told the other.
        pub shared_by_key: Option<i64>,
        /// The row of area_key.
        #[sea_orm(belongs_to, from = "area_key", to = "key")]
        pub area: BelongsTo<
            Option<crate::resources::cooperation_area::entities::cooperation_area::Entity>,
        >,
        /// The row of shared_by_key.
        #[sea_orm(belongs_to, from = "shared_by_key", to = "key")]
        pub shared_by: BelongsTo<Option<crate::store::entities::record::Entity>>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub engagement: BelongsTo<super::engagement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod engagement_outcome {
    //! An agreement that came of an engagement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "engagement_outcome")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The agreement.
        pub agreement_key: i64,
        /// The row of agreement_key.
        #[sea_orm(belongs_to, from = "agreement_key", to = "key")]
        pub agreement: BelongsTo<crate::resources::agreement::entities::agreement::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub engagement: BelongsTo<super::engagement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod honour {
    //! An honour that was conferred.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "honour")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// What it is called.
        #[sea_orm(column_type = "Text")]
        pub title: String,
        /// Short name of the form.
        #[sea_orm(column_type = "Text", nullable)]
        pub form: Option<String>,
        /// Who confers it.
        pub grantor_key: Option<i64>,
        /// Who receives it.
        pub recipient_key: Option<i64>,
        /// For which country.
        pub recipient_country_key: Option<i64>,
        /// Who hands it over.
        pub presented_by_key: Option<i64>,
        /// Day as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub conferred: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub conferred_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub conferred_latest: Option<i32>,
        /// The row of grantor_key.
        #[sea_orm(belongs_to, from = "grantor_key", to = "key")]
        pub grantor: BelongsTo<Option<crate::store::entities::record::Entity>>,
        /// The row of recipient_key.
        #[sea_orm(belongs_to, from = "recipient_key", to = "key")]
        pub recipient: BelongsTo<Option<crate::resources::official::entities::official::Entity>>,
        /// The row of recipient_country_key.
        #[sea_orm(belongs_to, from = "recipient_country_key", to = "key")]
        pub recipient_country:
            BelongsTo<Option<crate::resources::country::entities::country::Entity>>,
        /// The row of presented_by_key.
        #[sea_orm(
            belongs_to,
            relation_enum = "PresentedBy",
            from = "presented_by_key",
            to = "key"
        )]
        pub presented_by: BelongsTo<Option<crate::resources::official::entities::official::Entity>>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub engagement: BelongsTo<super::engagement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod engagement_mention {
    //! A country that an engagement was about.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "engagement_mention")]
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
        pub engagement: BelongsTo<super::engagement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
