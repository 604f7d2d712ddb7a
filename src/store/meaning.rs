//! What names mean: the records that are called so or have another name, and what
//! is below one in its tree.

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ConnectionTrait, DbErr};

use super::resource::Hierarchy;
use super::sql::Sql;

/// The records that each of `names` means as an alias: pairs of alias and name.
pub async fn aliases<'n>(
    db: &impl ConnectionTrait,
    names: impl IntoIterator<Item = &'n str>,
) -> Result<Vec<(String, String)>, DbErr> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT a.alias, r.name FROM alias a JOIN record r ON r.key = a.key WHERE a.alias",
    )
    .among_text(names)
    .push(" ORDER BY r.name");
    let rows = db.query_all_raw(sql.build()).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}

/// The keys and names of the records that each of `names` means: the one called
/// so, else those of which it is another name, else the one that was called so last.
pub async fn meanings(
    db: &impl ConnectionTrait,
    names: &[&str],
) -> Result<HashMap<String, Vec<(i64, String)>>, DbErr> {
    let own = "SELECT name, key, name, 0 FROM record WHERE name";
    let other = " UNION ALL SELECT a.alias, a.key, r.name, 1 FROM alias a \
         JOIN record r ON r.key = a.key WHERE a.alias";
    let sql = Sql::new(db.get_database_backend(), own).among_text(names.iter().copied());
    let sql = sql.push(other).among_text(names.iter().copied());
    let sql = sql.push(" UNION ALL SELECT name, key, name, 2 FROM tombstone WHERE name");
    let sql = sql.among_text(names.iter().copied()).push(" ORDER BY 4, 3");
    let mut meanings: HashMap<String, Vec<(i64, String)>> = HashMap::new();
    let mut found = HashMap::new();
    for row in db.query_all_raw(sql.build()).await? {
        let (name, way): (String, i32) = (row.try_get_by_index(0)?, row.try_get_by_index(3)?);
        if *found.entry(name.clone()).or_insert(way) != way {
            continue;
        }
        let meaning = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
        meanings.entry(name).or_default().push(meaning);
    }
    Ok(meanings)
}

/// The keys and names of the record `root` and of all that are below it.
pub async fn below(
    db: &impl ConnectionTrait,
    hierarchy: &Hierarchy,
    root: i64,
) -> Result<BTreeMap<i64, String>, DbErr> {
    let Hierarchy { table, parent, condition, .. } = hierarchy;
    let condition = match *condition {
        "" => String::new(),
        condition => format!(" WHERE {condition}"),
    };
    let sql = Sql::new(db.get_database_backend(), "WITH RECURSIVE below (key) AS (SELECT CAST(")
        .bind(root)
        .push(&format!(
            " AS bigint) UNION SELECT e.key FROM {table} e JOIN below ON e.{parent} = below.key\
             {condition}) SELECT r.key, r.name FROM below JOIN record r ON r.key = below.key"
        ));
    let rows = db.query_all_raw(sql.build()).await?;
    rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
}
