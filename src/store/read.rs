//! Reads of single records: whatever is asked for at the same time is read in one
//! statement, which begins after the last of the questions. So no answer is
//! stale, and the cost of a statement is shared. Reads of the past have their own, since each
//! of their names costs more.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::connect::{Databases, Reader};
use super::meaning::aliases;
use super::past;
use super::sql::Sql;
use super::state::{State, Status};
use crate::model::error::{Error, Problems, Reason, Result};
use crate::model::limits::ANSWER;
use crate::model::violations::Path;

/// Statements that may run at the same time, of now and of the past each.
const WORKERS: usize = 3;
/// Names that one statement asks for at most, apart from a single larger
/// question.
const BATCH_NAMES: usize = 512;

/// When a read is about: a revision, or now.
type When = Option<i64>;

/// Encoded messages by resource name.
type Bodies = HashMap<String, Bytes>;

#[derive(Debug)]
struct Question {
    names: Vec<String>,
    when: When,
    answer: oneshot::Sender<Result<Vec<Option<Bytes>>>>,
}

/// The way to the readers.
#[derive(Clone, Debug)]
pub struct Reads {
    now: mpsc::UnboundedSender<Question>,
    past: mpsc::UnboundedSender<Question>,
    databases: Arc<Databases>,
    state: State,
}

impl Reads {
    /// Starts the readers.
    pub fn start(databases: Arc<Databases>, state: State) -> Self {
        let workers = || {
            let (questions, receiver) = mpsc::unbounded_channel();
            let receiver = Arc::new(Mutex::new(receiver));
            for _ in 0..WORKERS {
                tokio::spawn(work(Arc::clone(&receiver), Arc::clone(&databases)));
            }
            questions
        };
        Self { now: workers(), past: workers(), databases, state }
    }

    /// The messages called `names` as they are now, in their order, from one snapshot.
    pub async fn get(&self, names: Vec<String>) -> Result<Vec<Option<Bytes>>> {
        self.ask(names, None).await
    }

    /// The same as they were at `revision`.
    pub async fn get_past(&self, names: Vec<String>, revision: i64) -> Result<Vec<Option<Bytes>>> {
        self.ask(names, Some(revision)).await
    }

    async fn ask(&self, names: Vec<String>, when: When) -> Result<Vec<Option<Bytes>>> {
        if self.state.status() == Status::Down {
            return Err(Error::store_unavailable());
        }
        let (answer, answered) = oneshot::channel();
        let gone = || Error::new(Reason::Draining, "the server is going away");
        let way = if when.is_some() { &self.past } else { &self.now };
        way.send(Question { names, when, answer }).map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// The message called `name` or, if that is none, the one that it means as an
    /// alias.
    pub async fn get_one(&self, name: &str) -> Result<Bytes> {
        if let Some(body) = self.get(vec![name.to_owned()]).await?.into_iter().flatten().next() {
            return Ok(body);
        }
        let mut meant = self.meant(name).await?;
        match (meant.pop(), meant.is_empty()) {
            (None, _) => Err(Error::not_found(name)),
            (Some(one), true) => {
                let found = self.get(vec![one]).await?.into_iter().flatten().next();
                found.ok_or_else(|| Error::not_found(name))
            }
            (Some(last), false) => {
                meant.push(last);
                let text = format!("is ambiguous: it may mean {}", meant.join(" or "));
                Err(Error::invalid(&Path::Root.field("name"), text))
            }
        }
    }

    /// The messages called `names`; an error that names all that are missing, by `places`,
    /// which are theirs in the request.
    pub async fn get_all(&self, names: Vec<String>, places: &[usize]) -> Result<Vec<Bytes>> {
        let mut found = self.get(names.clone()).await?;
        let mut problems = Problems::default();
        for (index, name) in names.iter().enumerate() {
            if found[index].is_some() {
                continue;
            }
            match self.get_one(name).await {
                Ok(body) => found[index] = Some(body),
                Err(error) if error.reason == Reason::NotFound => {
                    let root = Path::Root;
                    let at = root.field("names");
                    problems.add(Reason::NotFound, &at.index(places[index]), error.message, name);
                }
                Err(error) => return Err(error),
            }
        }
        problems.into_result()?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn meant(&self, alias: &str) -> Result<Vec<String>> {
        let asked = |db: Reader| async move { aliases(&*db, [alias]).await };
        let found = self.databases.read(ANSWER, asked).await;
        let found = found.map_err(|error| self.failed(&error))?;
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    fn failed(&self, error: &DbErr) -> Error {
        read_failed(error)
    }
}

/// Logs why a read failed and says what the caller may know.
pub fn read_failed(error: &DbErr) -> Error {
    match super::failure::Failure::of(error) {
        super::failure::Failure::Data => {
            tracing::error!(%error, "a read failed");
            Error::internal()
        }
        failure => {
            tracing::warn!(%error, ?failure, "a read failed");
            Error::store_unavailable()
        }
    }
}

async fn work(questions: Arc<Mutex<mpsc::UnboundedReceiver<Question>>>, databases: Arc<Databases>) {
    loop {
        let mut batch = Vec::new();
        {
            let mut questions = questions.lock().await;
            let Some(first) = questions.recv().await else { return };
            let mut names = first.names.len();
            batch.push(first);
            while names < BATCH_NAMES
                && let Ok(next) = questions.try_recv()
            {
                names += next.names.len();
                batch.push(next);
            }
        }
        let (mut now, mut past) = (Vec::new(), HashSet::new());
        for Question { names, when, .. } in &batch {
            let names = names.iter().map(String::as_str);
            match when {
                Some(revision) => past.extend(names.map(|name| (name, *revision))),
                None => now.extend(names),
            }
        }
        let past: Vec<_> = past.into_iter().collect();
        let (now, past) = (now.as_slice(), past.as_slice());
        let found = databases.read(ANSWER, |db| async move { bodies(&db, now, past).await }).await;
        for Question { names, when, answer } in batch {
            let found = found.as_ref().map(|found| found.get(&when));
            let _ = answer.send(match found {
                Ok(found) => Ok(names.iter().map(|name| found?.get(name).cloned()).collect()),
                Err(error) => Err(read_failed(error)),
            });
        }
    }
}

async fn bodies(
    db: &DatabaseConnection,
    now: &[&str],
    past: &[(&str, i64)],
) -> Result<HashMap<When, Bodies>, DbErr> {
    let mut found = HashMap::new();
    if !now.is_empty() {
        found.insert(None, bodies_now(db, now).await?);
    }
    if !past.is_empty() {
        let past = past::versions(db, past).await?;
        found.extend(past.into_iter().map(|(revision, bodies)| (Some(revision), bodies)));
    }
    Ok(found)
}

async fn bodies_now(db: &DatabaseConnection, names: &[&str]) -> Result<Bodies, DbErr> {
    let sql = Sql::new(db.get_database_backend(), "SELECT name, body FROM record WHERE name")
        .among_text(names.iter().copied());
    let rows = db.query_all_raw(sql.build()).await?;
    let mut bodies = Bodies::with_capacity(rows.len());
    for row in rows {
        let body: Vec<u8> = row.try_get_by_index(1)?;
        bodies.insert(row.try_get_by_index(0)?, body.into());
    }
    Ok(bodies)
}
