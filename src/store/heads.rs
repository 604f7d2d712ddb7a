//! Where the log stands, asked by many at once.
//!
//! A thousand readers that come back together ask for the same row. Those that ask
//! while an answer is on its way share the next one, which is read after the last of
//! them has asked: none is told what was true before.

use std::sync::Arc;

use sea_orm::{DbErr, EntityTrait};
use tokio::sync::{mpsc, oneshot};

use super::connect::{Databases, Reader};
use super::entities::head;
use super::read::read_failed;
use crate::model::error::{Error, Reason, Result};
use crate::model::limits::HEAD_ANSWER;

type Question = oneshot::Sender<Result<head::Model>>;

/// The way to the head row.
#[derive(Clone, Debug)]
pub(super) struct Heads(mpsc::UnboundedSender<Question>);

impl Heads {
    /// Starts the one that reads it.
    pub(super) fn start(databases: Arc<Databases>) -> Self {
        let (questions, asked) = mpsc::unbounded_channel();
        tokio::spawn(work(asked, databases));
        Self(questions)
    }

    /// The row as it is now.
    pub(super) async fn get(&self) -> Result<head::Model> {
        let (question, answer) = oneshot::channel();
        let gone = || Error::new(Reason::Draining, "the server is going away");
        self.0.send(question).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn work(mut asked: mpsc::UnboundedReceiver<Question>, databases: Arc<Databases>) {
    while let Some(first) = asked.recv().await {
        let mut questions = vec![first];
        while let Ok(question) = asked.try_recv() {
            questions.push(question);
        }
        let row = |db: Reader| async move { head::Entity::find_by_id(1).one(&*db).await };
        let found = databases
            .read(HEAD_ANSWER, row)
            .await
            .and_then(|row| row.ok_or_else(|| DbErr::RecordNotFound("the head row".to_owned())));
        let found = found.map_err(|error| read_failed(&error));
        for question in questions {
            let _ = question.send(found.clone());
        }
    }
}
