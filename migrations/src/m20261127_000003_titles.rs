//! Titles of agreements without an index.

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
-- Each agreement changed a page of it that no other agreement of its group did: a seventh of
-- all that a create costs, for an order that begins with "Agreement between".
DROP INDEX agreement_title;
"#;
