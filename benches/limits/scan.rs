//! The limit of the database for whoever reads all of it: plain statements over one
//! connection with a reader's settings.

use std::time::Instant;

use bytes::Bytes;
use entente::model::limits::{SNAPSHOT_BYTES, SNAPSHOT_NAMES};
use futures_util::{StreamExt, stream};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement, StreamTrait};
use tokio::sync::mpsc;
use tonic::Status;

use crate::Outcome;
use crate::bare::Messages;

/// Messages that are read before the stream has taken them.
const AHEAD: usize = 2;

/// The number that `text` counts.
pub async fn count(db: &DatabaseConnection, text: &str) -> Outcome<i64> {
    let statement = Statement::from_string(db.get_database_backend(), text);
    let row = db.query_one_raw(statement).await?.ok_or("a count has no row")?;
    Ok(row.try_get_by_index(0)?)
}

/// Seconds in which all that was ever written is read in order, with the messages.
pub async fn read_log(db: &DatabaseConnection) -> Outcome<f64> {
    let text = "SELECT revision, ordinal, name, body FROM change ORDER BY revision, ordinal";
    let started = Instant::now();
    let mut rows = db.stream_raw(Statement::from_string(db.get_database_backend(), text)).await?;
    let mut bytes = 0;
    while let Some(row) = rows.next().await {
        let body: Vec<u8> = row?.try_get_by_index(3)?;
        bytes += body.len();
    }
    if bytes == 0 {
        return Err("the log holds nothing".into());
    }
    Ok(started.elapsed().as_secs_f64())
}

/// All records in the order of their names, page by page, as messages that are as
/// large as those of a snapshot. The next are read while one is sent.
pub fn messages(db: Option<DatabaseConnection>) -> Messages {
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let read = async {
            let db = db.ok_or("there is no database to read")?;
            read_records(&db, &sender).await
        };
        if let Err(error) = read.await {
            let _ = sender.send(Err(Status::internal(error.to_string()))).await;
        }
    });
    let next = async |mut receiver: mpsc::Receiver<_>| Some((receiver.recv().await?, receiver));
    Box::pin(stream::unfold(receiver, next))
}

async fn read_records(
    db: &DatabaseConnection,
    sender: &mpsc::Sender<Result<Bytes, Status>>,
) -> Outcome<()> {
    let (mut after, mut message) = (String::new(), Vec::with_capacity(SNAPSHOT_BYTES));
    loop {
        let text = "SELECT name, body FROM record WHERE name > $1 ORDER BY name LIMIT $2";
        let limit = i64::try_from(SNAPSHOT_NAMES)?;
        let values = [after.into(), limit.into()];
        let statement = Statement::from_sql_and_values(db.get_database_backend(), text, values);
        let rows = db.query_all_raw(statement).await?;
        for row in &rows {
            let body: Vec<u8> = row.try_get_by_index(1)?;
            if message.len() + body.len() > SNAPSHOT_BYTES {
                let full = std::mem::replace(&mut message, Vec::with_capacity(SNAPSHOT_BYTES));
                sender.send(Ok(full.into())).await?;
            }
            message.extend_from_slice(&body);
        }
        match rows.last() {
            Some(last) => after = last.try_get_by_index(0)?,
            None => break,
        }
    }
    Ok(sender.send(Ok(message.into())).await?)
}
