//! An import of a real register, beside a bare insert of the rows that it wrote.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use entente::client::Client;
use entente::model::described::Described;
use entente::proto::v1::import_response::Outcome as Told;
use entente::proto::v1::resource::Resource as Any;
use entente::proto::v1::watch_changes_request::Start;
use entente::proto::v1::{
    Agreement, ImportRequest, ImportResponse, Origin, Resource, WatchChangesRequest,
};
use futures_util::stream;

use crate::report::{Floor, Report, Row};
use crate::rows::{Batch, Tables};
use crate::stores::{DatabaseKind, Product};
use crate::{Outcome, Scale};

/// The program, whose import reads the files.
const PROGRAM: &str = env!("CARGO_BIN_EXE_entente");
/// The variable that names the folder of the registers.
const DATA: &str = "ENTENTE_DATA";
const WORK: &str = "Import of a register's agreements";

/// The agreements of the register that is measured.
struct Register {
    /// As an import sends them.
    requests: Vec<ImportRequest>,
    /// The rows that were written for them.
    batch: Batch,
}

/// Each turn imports the register into a store that has none of it, over one connection.
pub async fn register(kind: DatabaseKind, scale: Scale, report: &mut Report) -> Outcome<()> {
    let Some(data) = std::env::var_os(DATA).map(PathBuf::from) else {
        report.leave_out(kind.name(), WORK, &format!("{DATA} names no folder"));
        return Ok(());
    };
    let Register { requests, batch } = Register::read(&data).await?;
    let count = requests.len() as f64;
    let (mut imports, mut inserts) = (Vec::new(), Vec::new());
    for round in 0..=scale.rounds {
        let product = prepared(kind, &data).await?;
        let client = client(&product)?;
        let begun = Instant::now();
        import(&client, &requests).await?;
        let rate = count / begun.elapsed().as_secs_f64();
        drop(client);
        product.finish().await?;

        let product = prepared(kind, &data).await?;
        product.server.drain().await?;
        let tables = Tables::of(product.place).await?;
        let begun = Instant::now();
        tables.insert(&batch).await?;
        let insert = count / begun.elapsed().as_secs_f64();
        tables.finish().await?;
        if round > 0 {
            imports.push(rate);
            inserts.push(insert);
        }
    }
    report.add(Row {
        database: kind.name(),
        work: WORK.to_owned(),
        unit: "/s",
        product: imports,
        limit: "bare insert of its rows",
        limits: inserts,
        floor: Floor::Share(0.4),
    });
    Ok(())
}

impl Register {
    /// Has the program import it once, and takes what it made of the files.
    async fn read(data: &Path) -> Outcome<Self> {
        let product = prepared(DatabaseKind::Sqlite, data).await?;
        let before = product.server.api.feed.head().mark.revision;
        let file = data.join("example/many_agreements_all.csv");
        take(&product, Some("agreements.toml"), &file).await?;
        let mut watch = client(&product)?.watch(WatchChangesRequest {
            start: Some(Start::Origin(Origin::Snapshot.into())),
            resource_types: vec![Agreement::TYPE.to_owned()],
            ..WatchChangesRequest::default()
        });
        let mut requests = Vec::new();
        while let Some(delivery) = watch.next().await? {
            requests.extend(delivery.snapshot.into_iter().filter_map(request));
            if delivery.snapshot_is_whole {
                break;
            }
        }
        drop(watch);
        let batch = Batch::written(product, before).await?;
        Ok(Self { requests, batch })
    }
}

/// What a row of the register says: the name is the store's.
fn request(resource: Resource) -> Option<ImportRequest> {
    let Some(Any::Agreement(mut agreement)) = resource.resource else { return None };
    agreement.clear_output_only();
    agreement.name.clear();
    let resource = Some(Resource { resource: Some(Any::Agreement(agreement)) });
    Some(ImportRequest { resource, ..ImportRequest::default() })
}

/// A server with the polities and bodies that the register names. All of them number their
/// records and commits alike, so the same rows fit into each.
async fn prepared(kind: DatabaseKind, data: &Path) -> Outcome<Product> {
    let product = Product::start(kind).await?;
    take(&product, None, &mappings().join("polities.jsonl")).await?;
    let blocs = data.join("reference/bloc_memberships_factbook.csv");
    take(&product, Some("blocs.toml"), &blocs).await?;
    Ok(product)
}

/// Imports a file as users do.
async fn take(product: &Product, mapping: Option<&str>, file: &Path) -> Outcome<()> {
    let mut command = Command::new(PROGRAM);
    command.arg("import").arg(file).args(["--address", &address(product)]);
    if let Some(mapping) = mapping {
        command.arg("--mapping").arg(mappings().join(mapping));
    }
    let output = tokio::task::spawn_blocking(move || command.output()).await??;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into())
}

/// Imports agreements that are new.
async fn import(client: &Client, requests: &[ImportRequest]) -> Outcome<()> {
    let mut created = 0;
    let told = |answer: ImportResponse| {
        created += usize::from(matches!(answer.outcome, Some(Told::Result(_))));
    };
    client.import(stream::iter(requests.iter().cloned()), told).await?;
    if created == requests.len() { Ok(()) } else { Err("not all was imported".into()) }
}

fn client(product: &Product) -> Outcome<Client> {
    Ok(Client::new([address(product)])?)
}

fn address(product: &Product) -> String {
    format!("http://{}", product.server.address)
}

/// The folder of the mapping files.
fn mappings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/import")
}
