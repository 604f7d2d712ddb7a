//! The command that checks a store and changes nothing.

use super::Failure;
use crate::config::StoreSettings;
use crate::resources::REGISTRY;
use crate::store::connect::open_to_read;
use crate::store::verify::verify as check;

/// Walks the log, compares the tables with what it leads to, and tells the first
/// place that differs.
pub async fn verify(settings: StoreSettings) -> Result<(), Failure> {
    let db = open_to_read(&settings.database_url)?;
    let verdict = check(&db, *REGISTRY).await;
    // What was found is worth more than a connection that does not close.
    let _ = db.close().await;
    println!("{}", verdict?);
    Ok(())
}
