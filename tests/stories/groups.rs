//! Writes that meet in one group: each sees what those before it have left.

use std::collections::BTreeMap;

use entente::proto::v1::{
    Agreement, CreateAgreementRequest, DeleteAgreementRequest, GetAgreementRequest,
    UndeleteAgreementRequest, UpdateAgreementRequest,
};
use prost_types::FieldMask;
use tonic::{Code, Status};

use crate::on_both;
use crate::support::TestServer;
use crate::support::samples::{agreement, external};

on_both!(updates_of_one_record_all_count, a_crowd_on_few_names_keeps_the_record_whole);

/// Writers at the same time.
const CROWD: usize = 64;

async fn updates_of_one_record_all_count(server: &TestServer) {
    let create = CreateAgreementRequest {
        agreement: Some(agreement("Pact", &["KHM", "RUS"])),
        agreement_id: "pact".to_owned(),
        ..CreateAgreementRequest::default()
    };
    let mut agreements = server.clients.agreements();
    let created = agreements.create_agreement(create).await.unwrap().into_inner();

    let writers = (0..CROWD).map(|writer| {
        let mut agreements = server.clients.agreements();
        tokio::spawn(async move {
            let key = format!("writer-{writer}");
            let labels = BTreeMap::from([(key.clone(), "was here".to_owned())]);
            let name = "agreements/pact".to_owned();
            let update = UpdateAgreementRequest {
                agreement: Some(Agreement { name, labels, ..Agreement::default() }),
                update_mask: Some(FieldMask { paths: vec![format!("labels.{key}")] }),
                ..UpdateAgreementRequest::default()
            };
            agreements.update_agreement(update).await.unwrap().into_inner()
        })
    });
    let mut revisions = Vec::new();
    for writer in writers.collect::<Vec<_>>() {
        revisions.push(writer.await.unwrap().revision);
    }

    let get =
        GetAgreementRequest { name: created.name.clone(), read_mask: None, ..Default::default() };
    let left = agreements.get_agreement(get).await.unwrap().into_inner();
    assert_eq!(left.labels.len(), CROWD, "no update is lost");
    assert_eq!((left.title, left.parties), (created.title, created.parties));
    revisions.sort_unstable();
    revisions.dedup();
    assert_eq!(revisions.len(), CROWD, "each update is a commit of its own");
}

/// A reproducible choice, by the constants of Knuth's MMIX.
fn choose(state: &mut u64, among: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % among
}

/// Creates, upserts, deletions and returns of a few names with a few external
/// ids between them. What is left is checked by the harness: the record equals
/// the fold of the log, and the tables equal what the record gives.
async fn a_crowd_on_few_names_keeps_the_record_whole(server: &TestServer) {
    let writers = (0..CROWD as u64).map(|writer| {
        let mut agreements = server.clients.agreements();
        tokio::spawn(async move {
            let mut state = writer + 1;
            for step in 0..12 {
                let id = format!("pact-{}", choose(&mut state, 5));
                let name = format!("agreements/{id}");
                let mut record = agreement(&format!("{writer} {step}"), &["KHM", "RUS"]);
                record.external_ids = vec![external("crowd", &choose(&mut state, 7).to_string())];
                let done = match choose(&mut state, 4) {
                    0 => {
                        let create = CreateAgreementRequest {
                            agreement: Some(record),
                            agreement_id: id,
                            ..CreateAgreementRequest::default()
                        };
                        agreements.create_agreement(create).await
                    }
                    1 => {
                        let update = UpdateAgreementRequest {
                            agreement: Some(Agreement { name, ..record }),
                            allow_missing: true,
                            ..UpdateAgreementRequest::default()
                        };
                        agreements.update_agreement(update).await
                    }
                    2 => {
                        let delete =
                            DeleteAgreementRequest { name, ..DeleteAgreementRequest::default() };
                        agreements.delete_agreement(delete).await
                    }
                    _ => {
                        let undelete = UndeleteAgreementRequest {
                            name,
                            ..UndeleteAgreementRequest::default()
                        };
                        agreements.undelete_agreement(undelete).await
                    }
                };
                assert_expected(done.err());
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}

fn assert_expected(refusal: Option<Status>) {
    let code = refusal.as_ref().map(Status::code);
    assert!(matches!(code, None | Some(Code::AlreadyExists | Code::NotFound)), "{refusal:?}");
}
