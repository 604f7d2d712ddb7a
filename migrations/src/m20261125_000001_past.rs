//! What reads of the past ask the log.

use sea_orm_migration::prelude::*;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        super::run(manager, SQL).await
    }
}

const SQL: &str = r#"
-- Which record had a name before it was deleted.
CREATE INDEX change_deleted ON change (name, revision) WHERE kind = 'DELETED';
"#;
