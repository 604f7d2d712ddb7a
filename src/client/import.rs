//! Imports that go on by themselves.

use std::collections::VecDeque;

use futures_util::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};

use super::{Client, retry};
use crate::proto::v1::record_service_client::RecordServiceClient;
use crate::proto::v1::{ImportRequest, ImportResponse};

/// Requests that are kept until they are answered: as many as the service lets wait.
const WINDOW: usize = 1_024;
/// Requests that wait for the connection.
const ON_THE_WAY: usize = 16;

/// What has been taken and not yet answered.
struct Pending<S> {
    requests: S,
    /// Whether there are no more.
    is_whole: bool,
    waiting: VecDeque<ImportRequest>,
    /// How many of these are sent over the connection that is in use.
    sent: usize,
    /// How many have been answered.
    answered: i64,
}

impl<S: Stream<Item = ImportRequest> + Unpin> Pending<S> {
    fn has_more(&self) -> bool {
        self.sent < self.waiting.len() || (!self.is_whole && self.waiting.len() < WINDOW)
    }

    /// The next one to send; `None` if all are sent.
    async fn next(&mut self) -> Option<ImportRequest> {
        if self.sent == self.waiting.len() {
            match self.requests.next().await {
                Some(request) => self.waiting.push_back(request),
                None => self.is_whole = true,
            }
        }
        let next = self.waiting.get(self.sent).cloned();
        self.sent += usize::from(next.is_some());
        next
    }

    /// Takes the answer to the first one, and gives it its place among all.
    fn answer(&mut self, mut answer: ImportResponse) -> ImportResponse {
        self.waiting.pop_front();
        self.sent -= 1;
        answer.index = self.answered;
        self.answered += 1;
        answer
    }
}

impl Client {
    /// Imports `requests`, in order, and hands the answer to each to `told`, in the same
    /// order. Where the connection or the replica is lost it goes on at the next one, with
    /// those that were not answered: what is there already is left as it is, so a resource
    /// should have a name, an id or an external id to be found by. It gives up after the
    /// client's patience without an answer.
    pub async fn import(
        &self,
        requests: impl Stream<Item = ImportRequest> + Unpin,
        mut told: impl FnMut(ImportResponse),
    ) -> Result<(), Status> {
        let (waiting, is_whole) = (VecDeque::new(), false);
        let mut pending = Pending { requests, is_whole, waiting, sent: 0, answered: 0 };
        let (mut failures, mut since) = (0, Instant::now());
        loop {
            let (turn, before) = (self.replicas.turn(), pending.answered);
            let Err(status) = self.import_over(turn, &mut pending, &mut told).await else {
                return Ok(());
            };
            if pending.answered > before {
                (failures, since) = (0, Instant::now());
            }
            failures += 1;
            let pause = retry::pause(failures, &status);
            let is_over = since.elapsed() + pause >= self.patience;
            if is_over || !retry::call_may_pass(&status, true) {
                return Err(status);
            }
            tracing::debug!(%status, answered = pending.answered, ?pause, "importing on");
            self.replicas.pass(turn);
            sleep(pause).await;
        }
    }

    /// Imports over one connection, to the end or as far as it goes.
    async fn import_over(
        &self,
        turn: usize,
        pending: &mut Pending<impl Stream<Item = ImportRequest> + Unpin>,
        told: &mut impl FnMut(ImportResponse),
    ) -> Result<(), Status> {
        pending.sent = 0;
        let (sender, receiver) = mpsc::channel(ON_THE_WAY);
        let mut client = RecordServiceClient::new(self.replicas.channel(turn));
        let call = client.import(self.signed(ReceiverStream::new(receiver)));
        let mut answers: Streaming<ImportResponse> = call.await?.into_inner();
        let mut sender = Some(sender);
        loop {
            if pending.is_whole && !pending.has_more() {
                sender = None;
            }
            let room = sender.clone().map(mpsc::Sender::reserve_owned);
            let room = async move { room?.await.ok() };
            tokio::select! {
                biased;
                answer = answers.message() => match answer? {
                    Some(answer) => told(pending.answer(answer)),
                    None if pending.is_whole && pending.waiting.is_empty() => return Ok(()),
                    None => return Err(Status::unavailable("the import was ended early")),
                },
                room = room, if sender.is_some() && pending.has_more() => {
                    match (room, pending.next().await) {
                        (Some(room), Some(request)) => {
                            room.send(request);
                        }
                        (Some(_), None) => {}
                        // The connection is gone: its answers say why.
                        (None, _) => sender = None,
                    }
                }
            }
        }
    }
}
