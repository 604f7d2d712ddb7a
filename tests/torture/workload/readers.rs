//! Clients that watch: they start anywhere, read for a while, some slowly, go away, and
//! come back at any replica behind any message that they have seen.

use std::time::{Duration, Instant};

use entente::proto::v1::watch_changes_request::Start as WireStart;
use entente::proto::v1::{
    ListAgreementsRequest, Origin, WatchChangesRequest, WatchChangesResponse,
};
use tokio::sync::watch;
use tonic::{Code, Status, Streaming};

use super::recorder::State;
use super::{Stage, selections, translate};
use crate::client::reason;
use crate::history::selection::Selection;
use crate::history::{End, Event, Message, Start, Stream};
use crate::wait::{PATIENCE, within};

/// Messages that a reader takes before it goes away, at most.
const MESSAGES: usize = 40;
/// A slow reader takes so long for each.
const SLOWLY: Duration = Duration::from_millis(15);
/// Pause before it comes back after its stream broke.
const PAUSE: Duration = Duration::from_millis(20);
/// How often something is to come; the least that may be asked for.
const INTERVAL: Duration = Duration::from_secs(1);

/// A message that has a token.
#[derive(Clone, Debug)]
struct Bookmark {
    stream: usize,
    message: usize,
    token: String,
}

/// What a reader knows of what it has read.
#[derive(Debug)]
struct Book {
    selection: Selection,
    bookmarks: Vec<Bookmark>,
}

/// Watches until the run ends, and then to the end of what was written.
pub(super) async fn watch(mut stage: Stage) {
    let mut book = Book { selection: selections::choose(&mut stage), bookmarks: Vec::new() };
    // One reads everything from the beginning in the end.
    let mut rereads = stage.name == "reader-0";
    loop {
        let state = stage.recorder.state();
        let head = if let State::Ended(head) = state { head } else { 0 };
        if head > 0 && std::mem::take(&mut rereads) {
            book = Book { selection: Selection::default(), bookmarks: Vec::new() };
        }
        if head == 0 && stage.once_in(6) {
            book = Book { selection: selections::choose(&mut stage), bookmarks: Vec::new() };
        }
        if head == 0 && !book.bookmarks.is_empty() && stage.once_in(3) {
            let kept = 1 + stage.number(book.bookmarks.len());
            book.bookmarks.truncate(kept);
        }
        let end = read_stream(&mut stage, &mut book, head).await;
        if head > 0 && end == End::Done {
            return;
        }
        if matches!(end, End::Broken(_)) {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Reads one stream and notes it; to `head`, if that is not 0.
async fn read_stream(stage: &mut Stage, book: &mut Book, head: i64) -> End {
    let (start, wire_start) = match book.bookmarks.last() {
        Some(Bookmark { stream, message, token }) => {
            let start = Start::Resume { stream: *stream, message: *message };
            (start, WireStart::Token(token.clone()))
        }
        None if head > 0 => earliest(),
        None => match answered_start(stage).await {
            Some(start) => start,
            None => choose_start(stage, &book.selection),
        },
    };
    let replica = stage.replica();
    let request = WatchChangesRequest {
        start: Some(wire_start),
        until_revision: head,
        ..selections::request(&book.selection)
    };
    let mut reading = Reading { stage, messages: Vec::new(), tokens: Vec::new() };
    let end = reading.read(replica, request, head).await;
    let Reading { messages, tokens, .. } = reading;
    let is_noted = !messages.is_empty() || matches!(end, End::Refused(_));
    if is_noted {
        let selection = book.selection.clone();
        let stream =
            Stream { replica, start, selection, interval: INTERVAL, messages, end: end.clone() };
        let stream = stage.recorder.stream(stream);
        let bookmarks = tokens.into_iter();
        book.bookmarks.extend(bookmarks.map(|(message, token)| Bookmark {
            stream,
            message,
            token,
        }));
    }
    assert!(is_noted || end != End::Done, "a stream ends well without a message");
    if let End::Refused(_) = end {
        // The check will tell; this reader begins anew.
        book.bookmarks.clear();
    }
    end
}

/// Behind the token of the head or of a list; `None` most times, and if nobody answers.
async fn answered_start(stage: &mut Stage) -> Option<(Start, WireStart)> {
    if !stage.once_in(4) {
        return None;
    }
    let replica = stage.replica();
    let client = stage.replicas.client(replica);
    let token = if stage.once_in(2) {
        client.head().await.ok()?.token
    } else {
        let request = ListAgreementsRequest { page_size: 1, ..ListAgreementsRequest::default() };
        client.agreements().list_agreements(request).await.ok()?.into_inner().watch_token
    };
    Some((Start::Answered(stage.recorder.tick()), WireStart::Token(token)))
}

fn choose_start(stage: &mut Stage, selection: &Selection) -> (Start, WireStart) {
    match stage.number(5) {
        // The checks compare resources, and names alone are none.
        3 | 4 if selection.shows_resources() => {
            (Start::Snapshot, WireStart::Origin(Origin::Snapshot.into()))
        }
        0 => (Start::Now, WireStart::Origin(Origin::Now.into())),
        1 => (Start::After(1), WireStart::AfterRevision(1)),
        _ => earliest(),
    }
}

fn earliest() -> (Start, WireStart) {
    (Start::Earliest, WireStart::Origin(Origin::Earliest.into()))
}

/// A stream that is being read.
struct Reading<'s> {
    stage: &'s mut Stage,
    messages: Vec<Message>,
    /// Tokens by number of message.
    tokens: Vec<(usize, String)>,
}

impl Reading<'_> {
    async fn read(&mut self, replica: usize, request: WatchChangesRequest, head: i64) -> End {
        let mut state = self.stage.recorder.subscribe();
        let client = self.stage.replicas.client(replica);
        let opened = within("a stream", PATIENCE, client.changes().watch_changes(request)).await;
        let mut stream = match opened {
            Ok(response) => response.into_inner(),
            Err(status) => return ended(&status),
        };
        let most = if head > 0 { usize::MAX } else { 1 + self.stage.number(MESSAGES) };
        let is_slow = head == 0 && self.stage.once_in(4);
        while self.messages.len() < most {
            let asked = Instant::now();
            let next = tokio::select! {
                next = within("a message", PATIENCE, stream.message()) => next,
                () = ending(&mut state), if head == 0 => return End::Left,
            };
            match next {
                Ok(Some(message)) => self.note(message, asked.elapsed()),
                Ok(None) => return End::Done,
                Err(status) => return ended(&status),
            }
            if is_slow {
                tokio::time::sleep(SLOWLY).await;
            }
        }
        drop::<Streaming<_>>(stream);
        End::Left
    }

    fn note(&mut self, message: WatchChangesResponse, waited: Duration) {
        let at = self.stage.recorder.tick();
        let WatchChangesResponse { event, token } = message;
        let event: Event = translate::event(&event.expect("a message tells something"));
        let place = translate::token(&token);
        assert!(place.is_none_or(|(_, inside)| !inside), "a stream's token leads into a commit");
        if place.is_some() {
            self.tokens.push((self.messages.len(), token));
        }
        let token = place.map(|(revision, _)| revision);
        self.messages.push(Message { at, waited, event, token });
    }
}

async fn ending(state: &mut watch::Receiver<State>) {
    let ended = state.wait_for(|state| matches!(state, State::Ended(_))).await;
    ended.expect("the recorder is there");
}

/// How a stream ended with `status`.
fn ended(status: &Status) -> End {
    match status.code() {
        Code::Unavailable
        | Code::Unknown
        | Code::Internal
        | Code::Cancelled
        | Code::Aborted
        | Code::DeadlineExceeded
        | Code::ResourceExhausted => End::Broken(status.to_string()),
        _ => End::Refused(format!("{}: {status}", reason(status))),
    }
}
