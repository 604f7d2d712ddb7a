//! Clients that get and list.

use std::time::Duration;

use entente::proto::v1::official_service_client::OfficialServiceClient;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    Agreement, GetAgreementRequest, ListAgreementsRequest, ListOfficialsRequest,
};
use tonic::{Code, Status};

use super::deeds::{AGREEMENTS, COUNTRIES};
use super::recorder::State;
use super::{Stage, translate};
use crate::client::{Client, reason};
use crate::history::selection::{Condition, Selection};
use crate::history::{Item, Question, Read};
use crate::load::passes;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(10);

/// Asks until the run ends.
pub(super) async fn ask(mut stage: Stage) {
    let clients = stage.replicas.clients();
    let mut known = 0;
    while !matches!(stage.recorder.state(), State::Ended(_)) {
        let replica = stage.replica();
        let question = choose(&mut stage);
        let revision = (known > 0 && stage.once_in(3)).then(|| 1 + stage.chance.below(known));
        let revision = revision.map(|revision| i64::try_from(revision).unwrap());
        let asked_at = stage.recorder.tick();
        let answer = answer(&clients[replica], &question, revision.unwrap_or(0)).await;
        let answered_at = stage.recorder.tick();
        match answer {
            Ok(found) => {
                let (found, token) = found;
                let watch = translate::token(&token).map(|(revision, _)| revision);
                stage.recorder.read(Read {
                    replica,
                    asked_at,
                    answered_at,
                    revision,
                    question,
                    watch,
                    found,
                });
            }
            Err(status) => assert!(passes(&reason(&status)), "a read is refused: {status}"),
        }
        if let Ok(head) = clients[replica].head().await {
            known = head.head_revision.unsigned_abs();
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn choose(stage: &mut Stage) -> Question {
    let types = |name: &str| [name.to_owned()].into();
    let party = |country: &str| Condition::Party(format!("countries/{country}"));
    let [one, other] = COUNTRIES;
    let filter = match stage.number(5) {
        0 | 1 => return Question::Get(format!("agreements/{}", stage.one(&AGREEMENTS))),
        2 => {
            return Question::List(Selection { types: types("Official"), ..Selection::default() });
        }
        // The large ones have neither, so that one page holds all.
        3 => party(COUNTRIES[stage.number(COUNTRIES.len())]),
        _ => Condition::Or(Box::new(party(one)), Box::new(party(other))),
    };
    let filter = Some(filter);
    Question::List(Selection { types: types("Agreement"), filter, ..Selection::default() })
}

/// What is found, as of `read_revision` if that is not 0, and the token for a watch.
async fn answer(
    client: &Client,
    question: &Question,
    read_revision: i64,
) -> Result<(Vec<Item>, String), Status> {
    let selection = match question {
        Question::Get(name) => {
            let name = name.clone();
            let request = GetAgreementRequest { name, read_revision, ..Default::default() };
            return match client.agreements().get_agreement(request).await {
                Ok(found) => Ok((vec![agreement(found.into_inner())], String::new())),
                Err(status) if status.code() == Code::NotFound => Ok(Default::default()),
                Err(status) => Err(status),
            };
        }
        Question::List(selection) => selection,
    };
    if let Some(filter) = &selection.filter {
        let filter = filter.text();
        let request = ListAgreementsRequest {
            page_size: 1_000,
            filter,
            read_revision,
            ..ListAgreementsRequest::default()
        };
        let page = client.agreements().list_agreements(request).await?.into_inner();
        assert_eq!(page.next_page_token, "", "one page holds all");
        return Ok((page.agreements.into_iter().map(agreement).collect(), page.watch_token));
    }
    let request =
        ListOfficialsRequest { page_size: 1_000, read_revision, ..ListOfficialsRequest::default() };
    let page = OfficialServiceClient::new(client.channel.clone()).list_officials(request).await?;
    let page = page.into_inner();
    let found = page.officials.into_iter();
    let found = found.map(|one| translate::item(&one.name.clone(), Any::Official(one)));
    Ok((found.collect(), page.watch_token))
}

fn agreement(agreement: Agreement) -> Item {
    translate::item(&agreement.name.clone(), Any::Agreement(agreement))
}
