//! What follows a COMMIT, beside the next group: its commits are published, and then
//! its callers are answered, so that whoever has an answer finds it in the feed of
//! this process.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::hints::Hints;
use super::queue::Reply;
use super::told::Told;
use super::unit::Unit;
use super::write::{Write, Written};
use crate::model::error::Result;

/// Takes what was committed, in order. Must not block.
pub trait Publish: Send + Sync {
    /// Called after each group that this process has committed.
    fn publish(&self, commits: Vec<Told>);
}

/// What a group came to.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    /// What was committed.
    pub(super) unit: Option<Unit>,
    /// Who waits.
    pub(super) replies: Vec<Reply>,
    /// For each of them.
    pub(super) answers: Vec<Result<Written>>,
    /// What was asked for: here to be freed where nobody waits for it.
    pub(super) writes: Vec<Write>,
}

/// A task of the callers' runtime that delivers one group after the other: woken from
/// there, many callers cost little, and the committer goes on meanwhile.
#[derive(Debug)]
pub(super) struct Deliverer {
    sender: mpsc::UnboundedSender<Delivery>,
    task: JoinHandle<()>,
}

impl Deliverer {
    /// Starts it.
    pub(super) fn start(publish: Arc<dyn Publish>, hints: Hints) -> Self {
        // Those who wait keep their places in the queue, which bounds this one too.
        let (sender, mut groups) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            while let Some(group) = groups.recv().await {
                give(group, publish.as_ref(), &hints);
            }
        });
        Self { sender, task }
    }

    /// Delivers `group` after those before it.
    pub(super) fn deliver(&self, group: Delivery) {
        // The task ends only with this, or with its runtime, and then nobody waits.
        let _ = self.sender.send(group);
    }

    /// Waits until all is delivered.
    pub(super) async fn finish(self) {
        drop(self.sender);
        let _ = self.task.await;
    }
}

fn give(group: Delivery, publish: &dyn Publish, hints: &Hints) {
    let Delivery { mut unit, replies, answers, writes } = group;
    if let Some(unit) = &mut unit {
        let mut befores = std::mem::take(&mut unit.befores).into_iter();
        let logged = std::mem::take(&mut unit.logged).into_iter();
        let told: Vec<_> = logged.map(|logged| Told::of(logged, &mut befores)).collect();
        if let Some(newest) = told.last().map(|told| told.revision) {
            hints.committed(newest);
            publish.publish(told);
        }
    }
    for (reply, answer) in replies.into_iter().zip(answers) {
        reply.send(answer);
    }
    drop((unit, writes));
}
