//! The versions of one record, and the commits that made them.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, QueryResult};

use super::sql::Sql;

/// A version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its commit.
    pub revision: i64,
    /// Microseconds since 1970.
    pub commit_time: i64,
    /// Who, as claimed.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// The writer's request id.
    pub request_id: String,
    /// `CREATED`, `UPDATED`, `DELETED` or `UNDELETED`.
    pub kind: String,
    /// Changed fields, comma-separated.
    pub fields: String,
    /// The message after; empty after a deletion.
    pub body: Vec<u8>,
}

/// The versions of the record `key` below the revision `before`, the newest first: at
/// most `limit`, and `bytes` unless one alone has more. Whether more follow.
pub async fn page(
    db: &DatabaseConnection,
    key: i64,
    before: i64,
    limit: usize,
    bytes: usize,
) -> Result<(Vec<Version>, bool), DbErr> {
    let backend = db.get_database_backend();
    let sql = Sql::new(backend, "SELECT revision, length(body) FROM change WHERE key = ")
        .bind(key)
        .push(" AND revision < ")
        .bind(before)
        .push(" ORDER BY revision DESC LIMIT ")
        .bind(i64::try_from(limit + 1).unwrap_or(i64::MAX));
    let rows = db.query_all_raw(sql.build()).await?;
    let (mut last, mut taken, mut size) = (None, 0, 0);
    for row in &rows {
        let own: i64 = match backend {
            DbBackend::Postgres => row.try_get_by_index::<i32>(1)?.into(),
            _ => row.try_get_by_index(1)?,
        };
        size += usize::try_from(own).unwrap_or(usize::MAX);
        if taken == limit || (taken > 0 && size > bytes) {
            break;
        }
        taken += 1;
        last = Some(row.try_get_by_index::<i64>(0)?);
    }
    let Some(last) = last else { return Ok((Vec::new(), false)) };
    let sql = Sql::new(
        backend,
        "SELECT c.revision, c.commit_time, c.actor, c.reason, c.request_id, h.kind, h.fields, \
         h.body FROM change h JOIN \"commit\" c ON c.revision = h.revision WHERE h.key = ",
    );
    let sql = sql.bind(key).push(" AND h.revision < ").bind(before);
    let sql = sql.push(" AND h.revision >= ").bind(last).push(" ORDER BY h.revision DESC");
    let found = db.query_all_raw(sql.build()).await?;
    let versions = found.iter().map(version).collect::<Result<_, _>>()?;
    Ok((versions, rows.len() > taken))
}

/// The message of the record `key` as the commit `revision` left it; empty if it was
/// deleted then, `None` if it was not there yet.
pub async fn at(
    db: &DatabaseConnection,
    key: i64,
    revision: i64,
) -> Result<Option<Vec<u8>>, DbErr> {
    let sql = Sql::new(db.get_database_backend(), "SELECT body FROM change WHERE key = ")
        .bind(key)
        .push(" AND revision <= ")
        .bind(revision)
        .push(" ORDER BY revision DESC LIMIT 1");
    let row = db.query_one_raw(sql.build()).await?;
    row.map(|row| row.try_get_by_index(0)).transpose()
}

fn version(row: &QueryResult) -> Result<Version, DbErr> {
    Ok(Version {
        revision: row.try_get_by_index(0)?,
        commit_time: row.try_get_by_index(1)?,
        actor: row.try_get_by_index(2)?,
        reason: row.try_get_by_index(3)?,
        request_id: row.try_get_by_index(4)?,
        kind: row.try_get_by_index(5)?,
        fields: row.try_get_by_index(6)?,
        body: row.try_get_by_index(7)?,
    })
}
