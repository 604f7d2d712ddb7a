//! The tables of this type as sea-orm entities.

pub mod agreement {
    //! An agreement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The title.
        #[sea_orm(column_type = "Text")]
        pub title: String,
        /// Short title as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub short_title: Option<String>,
        /// Form as recorded.
        #[sea_orm(column_type = "Text")]
        pub form: String,
        /// Legal force as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub legal_force: Option<String>,
        /// Participation as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub participation: Option<String>,
        /// Place as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub place: Option<String>,
        /// Depositary as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub depositary: Option<String>,
        /// Expires as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub expires: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub expires_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub expires_latest: Option<i32>,
        /// Short name of the status as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub status: Option<String>,
        /// The first day, from `today` on, on which it is another, days since 1970.
        pub status_until: Option<i32>,
        /// The same for the same parties and day of signature.
        pub likeness: Option<i64>,
        /// The day by which it is sorted: of the earliest action whose year is known, days since
        /// 1970; the least if it has no date.
        pub first_day: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod agreement_party {
    //! A party of an agreement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_party")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The country, if it is one.
        pub country_key: Option<i64>,
        /// The organization, if it is one.
        pub organization_key: Option<i64>,
        /// Role as recorded.
        #[sea_orm(column_type = "Text")]
        pub role: String,
        /// The row of country_key.
        #[sea_orm(belongs_to, from = "country_key", to = "key")]
        pub country: BelongsTo<Option<crate::resources::country::entities::country::Entity>>,
        /// The row of organization_key.
        #[sea_orm(belongs_to, from = "organization_key", to = "key")]
        pub organization:
            BelongsTo<Option<crate::resources::organization::entities::organization::Entity>>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub agreement: BelongsTo<super::agreement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod agreement_area {
    //! An area of an agreement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_area")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The area.
        pub area_key: i64,
        /// Index of the commitment; empty if of the whole.
        pub commitment: Option<i32>,
        /// The row of area_key.
        #[sea_orm(belongs_to, from = "area_key", to = "key")]
        pub area: BelongsTo<crate::resources::cooperation_area::entities::cooperation_area::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub agreement: BelongsTo<super::agreement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod agreement_action {
    //! Something that happened to an agreement.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_action")]
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
        /// One of the agreement's parties; empty if all.
        pub party_key: Option<i64>,
        /// Date as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub date: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub date_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub date_latest: Option<i32>,
        /// Effective as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub effective: Option<String>,
        /// Earliest day that it can mean, days since 1970.
        pub effective_earliest: Option<i32>,
        /// Latest day that it can mean, days since 1970.
        pub effective_latest: Option<i32>,
        /// Ground as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub ground: Option<String>,
        /// Key of the cause.
        pub cause_key: Option<i64>,
        /// The row of cause_key.
        #[sea_orm(belongs_to, from = "cause_key", to = "key")]
        pub cause: BelongsTo<Option<super::agreement::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod agreement_signatory {
    //! A person who signed.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_signatory")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// Key of the official.
        pub official_key: i64,
        /// Title on date as recorded.
        #[sea_orm(column_type = "Text", nullable)]
        pub title_on_date: Option<String>,
        /// Key of the party.
        pub party_key: Option<i64>,
        /// The row of official_key.
        #[sea_orm(belongs_to, from = "official_key", to = "key")]
        pub official: BelongsTo<crate::resources::official::entities::official::Entity>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub agreement: BelongsTo<super::agreement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod agreement_link {
    //! How an agreement stands to another.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_link")]
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
        /// Key of the agreement.
        pub agreement_key: i64,
        /// The row of agreement_key.
        #[sea_orm(belongs_to, from = "agreement_key", to = "key")]
        pub other: BelongsTo<super::agreement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod agreement_status {
    //! A status of an agreement, and the days on which it holds. On a day without a row
    //! the status is UNKNOWN.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "agreement_status")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in time, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// Short name of the status.
        #[sea_orm(column_type = "Text")]
        pub status: String,
        /// The first of the days, since 1970; empty if it has been so since ever.
        pub from_day: Option<i32>,
        /// The day behind the last one, since 1970; empty if it stays so for ever.
        pub until_day: Option<i32>,
        /// The row of the record itself.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub agreement: BelongsTo<super::agreement::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
