//! Clients that poll, each page at any replica.

use std::time::Duration;

use entente::proto::v1::list_changes_request::Start;
use entente::proto::v1::{ListChangesRequest, ListChangesResponse, WatchChangesRequest};

use super::recorder::State;
use super::{Stage, selections, translate};
use crate::client::{Client, reason};
use crate::history::{Page, Poll};
use crate::load::passes;

/// Pages of a poll at most, beyond which only the fragments of a commit are asked for.
const PAGES: usize = 20;
/// Pause before a page that failed is asked for again.
const PAUSE: Duration = Duration::from_millis(20);
/// How long an answer may be held, in milliseconds.
const WAIT: u64 = 200;

/// Polls until the run ends.
pub(super) async fn poll(mut stage: Stage) {
    let clients = stage.replicas.clients();
    let mut known = 0;
    while !matches!(stage.recorder.state(), State::Ended(_)) {
        let after = i64::try_from(stage.chance.below(known + 1)).unwrap();
        let selection = selections::choose(&mut stage);
        let mut poll = Poll { after, selection, pages: Vec::new() };
        let mut start = Start::AfterRevision(after);
        while poll.pages.len() < PAGES || poll.pages.last().is_some_and(|page| page.inside) {
            let (replica, answer) = page(&mut stage, &clients, &poll, start).await;
            let (next, inside) = translate::token(&answer.next_token).unwrap();
            let commits = answer.commits.iter().map(translate::commit).collect();
            poll.pages.push(Page { replica, commits, next, inside });
            known = known.max(answer.head_revision.unsigned_abs());
            if answer.at_head && stage.once_in(3) {
                break;
            }
            start = Start::Token(answer.next_token);
        }
        stage.recorder.poll(poll);
    }
}

/// The next page, asked for until it is answered, and by whom.
async fn page(
    stage: &mut Stage,
    clients: &[Client],
    poll: &Poll,
    start: Start,
) -> (usize, ListChangesResponse) {
    let WatchChangesRequest { filter, resource_types, kinds, actors, detail, .. } =
        selections::request(&poll.selection);
    let wait = i32::try_from(stage.chance.below(WAIT)).unwrap() * 1_000_000;
    let request = ListChangesRequest {
        start: Some(start),
        filter,
        resource_types,
        kinds,
        actors,
        detail,
        max_commits: i32::try_from(1 + stage.number(60)).unwrap(),
        wait: Some(prost_types::Duration { seconds: 0, nanos: wait }),
        ..ListChangesRequest::default()
    };
    loop {
        let replica = stage.replica();
        match clients[replica].changes().list_changes(request.clone()).await {
            Ok(answer) => return (replica, answer.into_inner()),
            Err(status) => {
                assert!(passes(&reason(&status)), "a poll is refused: {status}");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
