//! Real treaties: the two-party rows of a published list of 2,589 bilateral
//! agreements, sent one by one while subscribers watch.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::{
    ActionKind, Agreement, AgreementForm, ChangeKind, ListCountriesRequest, WatchChangesRequest,
};
use tonic::Code;

use crate::on_both;
use crate::support::samples::{action, agreement, external};
use crate::support::{Clients, Refusal, TestServer};
use crate::watching::Watch;

on_both!(every_row_is_accounted_for);

/// The folder of the real data.
const DATA: &str = "ENTENTE_DATA";
/// Calls that are open at the same time.
const LANES: usize = 16;

/// A row with two parties.
#[derive(Clone, Debug)]
struct Row {
    treaty_id: String,
    parties: Vec<String>,
    agreement: Agreement,
}

fn rows() -> Option<Vec<Row>> {
    let Some(folder) = std::env::var_os(DATA) else {
        eprintln!("real_data::every_row_is_accounted_for is left out: {DATA} names no folder");
        return None;
    };
    let path = PathBuf::from(folder).join("example/many_agreements_bilateral.csv");
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.deserialize::<BTreeMap<String, String>>().map(Result::unwrap);
    Some(rows.filter(|row| row["n_parties"] == "2").map(row).collect())
}

fn row(row: BTreeMap<String, String>) -> Row {
    let parties: Vec<String> = row["parties"].split('|').map(str::to_owned).collect();
    let countries: Vec<_> = parties.iter().map(String::as_str).collect();
    let form = match row["kind"].as_str() {
        "Agreement" => AgreementForm::Agreement,
        "Amendment" => AgreementForm::Amendment,
        "Protocol" => AgreementForm::Protocol,
        "MOU" => AgreementForm::MemorandumOfUnderstanding,
        _ => AgreementForm::Other,
    };
    let dates = [
        ("signature", ActionKind::Signature),
        ("entry_into_force", ActionKind::EntryIntoForce),
        ("termination", ActionKind::Termination),
    ];
    let actions = dates.into_iter().filter(|(column, _)| !row[*column].is_empty());
    let actions = actions.map(|(column, kind)| action(kind, &row[column])).collect();
    let agreement = Agreement {
        form: form.into(),
        actions,
        external_ids: vec![external("manytreaties", &row["treaty_id"])],
        ..agreement(&row["title"], &countries)
    };
    Row { treaty_id: row["treaty_id"].clone(), parties, agreement }
}

/// Ids of the countries that are there, present and former.
async fn countries(clients: &Clients) -> BTreeSet<String> {
    let request = ListCountriesRequest { page_size: 1_000, ..ListCountriesRequest::default() };
    let page = clients.countries().list_countries(request).await.unwrap().into_inner();
    let ids = page.countries.iter().map(|country| country.name.split_once('/').unwrap().1);
    ids.map(str::to_owned).collect()
}

/// Sends the rows in lanes; rows of one treaty id share a lane, in their order.
async fn send(clients: &Clients, rows: &[Row]) -> Vec<(Row, Result<Agreement, Refusal>)> {
    let mut lanes: Vec<Vec<Row>> = vec![Vec::new(); LANES];
    for row in rows {
        let lane = row.treaty_id.bytes().map(usize::from).sum::<usize>() % LANES;
        lanes[lane].push(row.clone());
    }
    let lanes = lanes.into_iter().map(|lane| {
        let clients = clients.clone();
        tokio::spawn(async move {
            let mut answers = Vec::new();
            for row in lane {
                let answer = clients.create_agreement(row.agreement.clone()).await;
                answers.push((row, answer));
            }
            answers
        })
    });
    let mut answers = Vec::new();
    for lane in lanes.collect::<Vec<_>>() {
        answers.extend(lane.await.unwrap());
    }
    answers
}

async fn every_row_is_accounted_for(server: &TestServer) {
    let Some(rows) = rows() else { return };
    let clients = &server.clients;
    let known = countries(clients).await;
    let start = clients.head_revision().await;
    let mut watches = Vec::new();
    for _ in 0..3 {
        watches.push(Watch::open(clients, WatchChangesRequest::default()).await.unwrap());
    }

    let answers = send(clients, &rows).await;

    let mut created = BTreeMap::new();
    let (mut repeated, mut without_country, mut without_date) = (0, 0, 0);
    for (row, answer) in answers {
        let unknown = row.parties.iter().enumerate().filter(|(_, id)| !known.contains(*id));
        let mut expected: Vec<String> =
            unknown.map(|(index, _)| format!("agreement.parties[{index}].country")).collect();
        match answer {
            Ok(agreement) => {
                assert_eq!(expected, Vec::<String>::new(), "{row:?}");
                let title = (row.treaty_id, agreement.title.clone());
                created.insert(agreement.revision, (title, agreement));
            }
            Err(refusal) if refusal.code == Code::AlreadyExists => {
                refusal.is(Code::AlreadyExists, "ALREADY_EXISTS", &["agreement.external_ids[0]"]);
                repeated += 1;
            }
            Err(refusal) if !expected.is_empty() => {
                let dates = refusal.fields.iter().filter(|field| field.ends_with("].date"));
                expected.extend(dates.cloned());
                let mut fields = refusal.fields.clone();
                fields.retain(|field| field != "agreement.external_ids[0]");
                fields.sort_by_key(|field| !field.contains("parties"));
                assert_eq!(fields, expected, "{row:?}");
                assert_eq!(refusal.code, Code::InvalidArgument);
                without_country += 1;
            }
            Err(refusal) => {
                let [field] = refusal.fields.as_slice() else { panic!("{row:?}: {refusal:?}") };
                assert!(field.starts_with("agreement.actions[") && field.ends_with("].date"));
                refusal.is_invalid(&[field]);
                without_date += 1;
            }
        }
    }
    let found = (rows.len(), created.len(), repeated, without_country, without_date);
    assert_eq!(found, (1_860, 1_597, 113, 146, 4));

    let end = start + 1_597;
    assert_eq!(created.keys().copied().collect::<Vec<_>>(), (start + 1..=end).collect::<Vec<_>>());
    for watch in &mut watches {
        watch.up_to(end).await;
        let commits = watch.commits();
        assert_eq!(commits.len(), 1_597);
        for (commit, (revision, (_, agreement))) in commits.iter().zip(&created) {
            assert_eq!((commit.revision, commit.changes.len()), (*revision, 1));
            let change = commit.changes[0].clone();
            assert_eq!(change.kind(), ChangeKind::Created);
            let told = change.resource.unwrap().resource.unwrap();
            assert_eq!(told, Any::Agreement(agreement.clone()));
        }
    }
}
