//! The log from its first commit to its newest, page by page.

use sea_orm::ConnectionTrait;

use super::VerifyError;
use super::difference::{Difference, Findings, Place};
use super::fold::Fold;
use crate::store::chain;
use crate::store::entities::{commit, head};
use crate::store::log::{self, Logged};
use crate::store::sql::Sql;

/// Checks every commit; what the log leads to, and the newest commit.
pub(super) async fn walk(
    db: &impl ConnectionTrait,
    head: &head::Model,
) -> Result<(Fold, commit::Model), VerifyError> {
    let mut fold = Fold::default();
    let mut newest = chain::before_first(head);
    loop {
        let page = log::page(db, newest.revision, i64::MAX).await?;
        if page.is_empty() {
            break;
        }
        for logged in page {
            newest = check_commit(&mut fold, &newest, logged)?;
        }
    }
    Ok((fold, newest))
}

/// Checks a commit against the one before, and takes it into the fold.
fn check_commit(
    fold: &mut Fold,
    previous: &commit::Model,
    logged: Logged,
) -> Result<commit::Model, Difference> {
    let Logged { commit, changes } = logged;
    let revision = previous.revision + 1;
    let mut findings = Findings::default();
    if commit.revision != revision {
        findings.add("commit", "one", "none");
        return Err(findings.at(Place::Revision(revision)));
    }
    if commit.commit_time <= previous.commit_time {
        let expected = format!("more than {}", previous.commit_time);
        findings.add("commit_time", expected, commit.commit_time.to_string());
    }
    if changes.is_empty() {
        findings.add("changes", "one or more", "none");
    }
    let size: i64 = changes.iter().map(|change| change.body.len() as i64).sum();
    findings.compare("size", size, commit.size);
    findings.compare_bytes("digest", &chain::digest(&changes), &commit.digest);
    findings.compare_bytes("hash", &chain::hash(&previous.hash, &commit), &commit.hash);
    for (ordinal, change) in (0..).zip(&changes) {
        findings.about(ordinal);
        findings.compare("ordinal", ordinal, change.ordinal);
        fold.apply(change, commit.commit_time, &mut findings);
    }
    findings.into_result(|| Place::Revision(revision))?;
    Ok(commit)
}

/// Checks that there is nothing before the log's beginning and after `newest`.
pub(super) async fn check_ends(db: &impl ConnectionTrait, newest: i64) -> Result<(), VerifyError> {
    let sql = Sql::new(
        db.get_database_backend(),
        "SELECT (SELECT min(revision) FROM \"commit\"), (SELECT min(revision) FROM change), \
         (SELECT min(revision) FROM \"commit\" WHERE revision > ",
    )
    .bind(newest)
    .push("), (SELECT min(revision) FROM change WHERE revision > ")
    .bind(newest)
    .push(")");
    let mut revisions = Vec::new();
    for row in db.query_all_raw(sql.build()).await? {
        for column in 0..4 {
            revisions.extend(row.try_get_by_index::<Option<i64>>(column)?);
        }
    }
    let beyond = revisions.into_iter().filter(|revision| !(1..=newest).contains(revision)).min();
    let Some(revision) = beyond else { return Ok(()) };
    let mut findings = Findings::default();
    findings.add("rows", format!("none, since the log goes from 1 to {newest}"), "some");
    Err(findings.at(Place::Revision(revision)).into())
}
