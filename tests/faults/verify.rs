//! `entente verify`: what it says of a store, and that it leaves it alone.

use std::process::{Command, Output};

use entente::proto::v1::{ApplyRequest, DeleteAgreementRequest, UndeleteAgreementRequest};
use sea_orm::ConnectionTrait;

use crate::client::Client;
use crate::database::Database;
use crate::load::Load;
use crate::process::{PROGRAM, Process};
use crate::record::Record;
use crate::task::{Task, creation};

/// Resources of the largest write.
const MANY: usize = 700;

on_both!(a_healthy_store_passes, super::healthy);
on_both!(what_differs_is_told, super::differs);
on_both!(another_format_is_refused, super::other_formats);
on_both!(no_store_is_made, super::nothing);

async fn healthy(database: Database) {
    let mut process = Process::start(&database.url()).await;
    let client = process.client();
    write_all_kinds(&client).await;
    let load = Load::start(&client, "load", 4);
    for _ in 0..3 {
        load.until_more(12).await;
        let (code, said) = verify(&database);
        assert_eq!(code, Some(0), "beside writers: {said}");
    }
    load.finish().await;
    process.kill();
    let (code, said) = verify(&database);
    assert_eq!(code, Some(0), "after a kill: {said}");
    let mut process = Process::start(&database.url()).await;
    process.signal("TERM");
    process.end().await;
    let head = Record::checked(&database).await.head;
    let (code, said) = verify(&database);
    assert_eq!(code, Some(0), "{said}");
    let hash: String = head.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let begins = format!("{} commits, ", head.revision);
    assert!(said.starts_with(&begins), "{said}");
    assert!(said.ends_with(&format!(" records, head {hash}: all as they should be\n")), "{said}");
    assert_eq!(Record::checked(&database).await.head, head, "it has changed nothing");
}

/// Writes of every kind: after them some resources are new, changed, deleted, brought
/// back, and in the place of deleted ones.
async fn write_all_kinds(client: &Client) {
    for task in [Task::create("one"), Task::apply("two"), Task::apply("three")] {
        task.send(client).await.expect("it is written");
    }
    Task::update("four", "agreements/one").send(client).await.expect("it is written");
    for name in ["agreements/one", "agreements/two-0", "agreements/three-0", "agreements/three-1"] {
        delete(client, name).await;
    }
    undelete(client, "agreements/one").await;
    Task::update("five", "agreements/one").send(client).await.expect("it is written");
    delete(client, "agreements/one").await;
    undelete(client, "agreements/one").await;
    Task::create("two-0").send(client).await.expect("the name is free");
    Task::create("three-1").send(client).await.expect("the name is free");
    delete(client, "agreements/three-1").await;
    let names = (0..MANY).map(|number| format!("agreements/many-{number}"));
    let mutations = names.map(|name| creation(&name, "many")).collect();
    let many = ApplyRequest { mutations, ..ApplyRequest::default() };
    client.records().apply(many).await.expect("it is written");
}

/// Deletes the agreement `name`.
pub(crate) async fn delete(client: &Client, name: &str) {
    let name = name.to_owned();
    let request = DeleteAgreementRequest { name, ..DeleteAgreementRequest::default() };
    client.agreements().delete_agreement(request).await.expect("it is deleted");
}

async fn undelete(client: &Client, name: &str) {
    let name = name.to_owned();
    let request = UndeleteAgreementRequest { name, ..UndeleteAgreementRequest::default() };
    client.agreements().undelete_agreement(request).await.expect("it is brought back");
}

async fn differs(database: Database) {
    let process = Process::start(&database.url()).await;
    let answer = Task::create("true").send(&process.client()).await.expect("it is written");
    let db = database.connect().await;
    let text = format!("UPDATE \"commit\" SET reason = 'x' WHERE revision = {}", answer.revision);
    db.execute_unprepared(&text).await.expect("it is altered");
    let (code, said) = verify(&database);
    assert_eq!(code, Some(1), "{said}");
    let begins = format!("entente: revision {} is not as it should be\n  hash: ", answer.revision);
    assert!(said.starts_with(&begins), "{said}");
}

async fn other_formats(database: Database) {
    drop(Process::start(&database.url()).await);
    let db = database.connect().await;
    for (step, tells) in [("+ 1", "use a newer version"), ("- 2", "run `entente migrate` first")] {
        let text = format!("UPDATE head SET format = format {step}");
        db.execute_unprepared(&text).await.expect("it is altered");
        let (code, said) = verify(&database);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(tells), "{said}");
    }
}

async fn nothing(database: Database) {
    let (code, said) = verify(&database);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the store cannot be read"), "{said}");
    match &database {
        Database::Sqlite(folder) => {
            let files = std::fs::read_dir(folder.path()).expect("it is a folder").count();
            assert_eq!(files, 0, "no file was made");
        }
        Database::Postgres { .. } => {
            let db = database.connect().await;
            let asked = db.execute_unprepared("SELECT * FROM head").await;
            assert!(asked.is_err(), "no table was made");
        }
    }
}

/// The exit code of the command, and what it said.
fn verify(database: &Database) -> (Option<i32>, String) {
    let mut command = Command::new(PROGRAM);
    command.args(["verify", "--database-url", &database.url()]).env_remove("ENTENTE_LOG");
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).expect("it is text"))
}
