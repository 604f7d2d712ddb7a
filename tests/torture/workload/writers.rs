//! Clients that write: one request after the other, each sent again under its id, to any
//! replica, until it is answered; or given up now and then.

use std::time::Duration;

use super::Stage;
use super::deeds::Deed;
use super::recorder::State;
use crate::client::{Client, reason};
use crate::history::{Answer, Write};
use crate::load::passes;

/// Pause before a request that failed is sent again.
const PAUSE: Duration = Duration::from_millis(20);
/// One in so many requests that failed is given up.
const GIVEN_UP: u64 = 12;
/// Which of the first writer's requests are large: few, since they are slow.
const LARGE: [usize; 3] = [6, 20, 40];
/// Reasons for which a write of ours may be refused.
const REFUSALS: [&str; 3] = ["NOT_FOUND", "ALREADY_EXISTS", "ETAG_MISMATCH"];

/// Writes until the run stops.
pub(super) async fn write(mut stage: Stage) {
    let clients = stage.replicas.clients();
    let is_first = stage.name == "writer-0";
    let mut known = "\"1\"".to_owned();
    for number in 0.. {
        if stage.recorder.state() != State::Running {
            return;
        }
        let request_id = format!("{}-{number}", stage.name);
        let is_large = is_first && LARGE.contains(&number);
        let deed = if is_large {
            Deed::large(&request_id)
        } else {
            Deed::choose(&mut stage, &request_id, &known)
        };
        let write = until_answered(&mut stage, &clients, &deed, request_id, is_large).await;
        match &write.answer {
            Answer::Done { revision, .. } => known = format!("\"{revision}\""),
            Answer::Refused(reason) => {
                assert!(REFUSALS.contains(&reason.as_str()), "{reason}: {deed:?}");
            }
            Answer::Unknown => {}
        }
        stage.recorder.write(write);
    }
}

async fn until_answered(
    stage: &mut Stage,
    clients: &[Client],
    deed: &Deed,
    request_id: String,
    is_large: bool,
) -> Write {
    let actor = stage.name.clone();
    let sent_at = stage.recorder.tick();
    let mut tries = 0;
    let (replica, answer) = loop {
        tries += 1;
        let replica = stage.replica();
        match deed.send(&clients[replica], &actor, &request_id).await {
            Ok((revision, names)) => break (replica, Answer::Done { revision, names }),
            Err(status) if passes(&reason(&status)) => {
                // The large ones are few, and every run has to have some.
                if !is_large && stage.once_in(GIVEN_UP) {
                    break (replica, Answer::Unknown);
                }
                tokio::time::sleep(PAUSE).await;
            }
            Err(status) => break (replica, Answer::Refused(reason(&status))),
        }
    };
    let answered_at = stage.recorder.tick();
    Write { actor, request_id, sent_at, answered_at, tries, replica, answer }
}
