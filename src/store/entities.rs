//! The tables that all types share, as sea-orm entities.

pub mod head {
    //! Where the log stands: one row, taken first by every transaction that writes.
    use sea_orm::entity::prelude::*;

    /// The row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "head")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// Identity of the store, for its whole life.
        pub store_id: Uuid,
        /// The newest commit.
        pub revision: i64,
        /// Its chain hash, 32 bytes.
        pub hash: Vec<u8>,
        /// Its time, microseconds since 1970.
        pub commit_time: i64,
        /// The key that the next new record gets.
        pub next_key: i64,
        /// The oldest commit whose changes are kept.
        pub earliest_revision: i64,
        /// Format of stored messages and index functions.
        pub format: i32,
        /// Newest reference data set that was added.
        pub reference_set: i32,
        /// The day for which derived fields are true, days since 1970.
        pub today: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod record {
    //! Every live resource as its encoded message.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "record")]
    pub struct Model {
        /// Number within the store, never reused.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The message's name, such as `Agreement`.
        pub r#type: String,
        /// Resource name.
        #[sea_orm(unique)]
        pub name: String,
        /// UUIDv7.
        pub uid: Uuid,
        /// The commit that last changed it.
        pub revision: i64,
        /// The encoded message.
        pub body: Vec<u8>,
        /// When it was first recorded, microseconds since 1970.
        pub create_time: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod alias {
    //! Other names by which a resource is found.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "alias")]
    pub struct Model {
        /// The other name, such as `countries/KH`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub alias: String,
        /// The record that it means.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// That record.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub record: BelongsTo<super::record::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod external_id {
    //! Identifiers in other registers, unique for each type and scheme.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "external_id")]
    pub struct Model {
        /// The message's name.
        #[sea_orm(primary_key, auto_increment = false)]
        pub r#type: String,
        /// The register.
        #[sea_orm(primary_key, auto_increment = false)]
        pub scheme: String,
        /// The identifier there.
        #[sea_orm(primary_key, auto_increment = false)]
        pub value: String,
        /// The record that it means.
        pub key: i64,
        /// That record.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub record: BelongsTo<super::record::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod label {
    //! Free keys and values of the clients' own.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "label")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// The label's key.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// Its value.
        pub value: String,
        /// That record.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub record: BelongsTo<super::record::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod citation {
    //! Where facts of a record come from.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "citation")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// The source.
        pub source_key: i64,
        /// Short name of the voice.
        #[sea_orm(column_type = "Text", nullable)]
        pub voice: Option<String>,
        /// To whom the source attributes it.
        pub attributed_to_key: Option<i64>,
        /// From 1, confirmed, to 6, cannot be judged.
        pub credibility: Option<i32>,
        /// That record.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub record: BelongsTo<super::record::Entity>,
        /// The row of source_key.
        #[sea_orm(belongs_to, relation_enum = "Source", from = "source_key", to = "key")]
        pub source: BelongsTo<super::record::Entity>,
        /// The row of attributed_to_key.
        #[sea_orm(
            belongs_to,
            relation_enum = "AttributedTo",
            from = "attributed_to_key",
            to = "key"
        )]
        pub attributed_to: BelongsTo<Option<super::record::Entity>>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod warning {
    //! Something doubtful about a record.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "warning")]
    pub struct Model {
        /// The record.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: i64,
        /// Place in the list, from 0.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// Short name of the sort of doubt.
        #[sea_orm(column_type = "Text")]
        pub code: String,
        /// Path of the field in doubt.
        #[sea_orm(column_type = "Text")]
        pub field: String,
        /// That record.
        #[sea_orm(belongs_to, from = "key", to = "key")]
        pub record: BelongsTo<super::record::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod tombstone {
    //! What was deleted last under each name.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "tombstone")]
    pub struct Model {
        /// Resource name.
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        /// Its key while it lived.
        pub key: i64,
        /// Its uid.
        pub uid: Uuid,
        /// The last revision at which it lived.
        pub last_revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod commit {
    //! The log: one row for each commit.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "commit")]
    pub struct Model {
        /// Its number.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// SHA-256 over the hash before and all of this row.
        pub hash: Vec<u8>,
        /// SHA-256 over the changes.
        pub digest: Vec<u8>,
        /// Microseconds since 1970.
        pub commit_time: i64,
        /// Who, as claimed.
        pub actor: String,
        /// Why.
        pub reason: String,
        /// The writer's request id.
        pub request_id: String,
        /// Format of the bodies.
        pub format: i32,
        /// Bytes of the bodies.
        pub size: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod change {
    //! The log: what happened to one resource in a commit.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "change")]
    pub struct Model {
        /// The commit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        /// Its place in the commit.
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        /// `CREATED`, `UPDATED`, `DELETED` or `UNDELETED`.
        pub kind: String,
        /// The record's key.
        pub key: i64,
        /// The resource's name.
        pub name: String,
        /// The resource's uid.
        pub uid: Uuid,
        /// The revision of the version before; 0 if there is none.
        pub previous_revision: i64,
        /// Changed fields, comma-separated.
        pub fields: String,
        /// The resource after; empty after a deletion.
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub mod request {
    //! What was answered to a request id.
    use sea_orm::entity::prelude::*;

    /// A row.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "request")]
    pub struct Model {
        /// Who asked, as claimed.
        #[sea_orm(primary_key, auto_increment = false)]
        pub actor: String,
        /// The client's id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        /// SHA-256 of the request.
        pub digest: Vec<u8>,
        /// An encoded ApplyResponse.
        pub result: Vec<u8>,
        /// Microseconds since 1970.
        pub expires: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
