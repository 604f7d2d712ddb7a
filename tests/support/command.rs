//! Commands of the program beside a server that runs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;

use super::TestServer;

/// The program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_entente");
/// The variable that names the folder of the real data.
const DATA: &str = "ENTENTE_DATA";

/// What an import has told.
#[derive(Debug)]
pub struct Told {
    /// Whether nothing was refused.
    pub is_whole: bool,
    /// The line of numbers at the end.
    pub summary: String,
    /// What was printed for people.
    pub text: String,
    /// The lines of its report.
    pub report: Vec<Value>,
}

impl Told {
    /// How many lines of the report have each outcome.
    pub fn outcomes(&self) -> BTreeMap<&str, usize> {
        let mut outcomes = BTreeMap::new();
        for line in &self.report {
            *outcomes.entry(line["outcome"].as_str().unwrap()).or_default() += 1;
        }
        outcomes
    }

    /// How many lines of the file it says became of what: each is a part of one record, or
    /// is left out.
    pub fn accounted(&self) -> usize {
        let ends = ["created", "changed", "unchanged", "refused", "left out", "judged in part"];
        let lines = self.report.iter();
        let lines = lines.filter(|line| ends.contains(&line["outcome"].as_str().unwrap()));
        lines.map(|line| line["lines"].as_array().map_or(1, Vec::len)).sum()
    }

    /// The lines of the report with an outcome.
    pub fn of(&self, outcome: &str) -> Vec<&Value> {
        self.report.iter().filter(|line| line["outcome"] == outcome).collect()
    }
}

/// The folder of the real data; says that `story` is left out if there is none.
pub fn data(story: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(DATA).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("{story} is left out: {DATA} names no folder");
    }
    folder
}

/// The folder of the mapping files.
pub fn mappings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/import")
}

/// Runs a command of the program against the server to its end.
pub async fn run(server: &TestServer, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new(PROGRAM);
    let address = format!("http://{}", server.server.address);
    command.args(arguments).args(["--address", &address]).env_remove("ENTENTE_ACTOR");
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// Imports files as `flags` say.
pub async fn import(server: &TestServer, flags: &[&str], files: &[&Path]) -> Told {
    let folder = TempDir::new().unwrap();
    let report = folder.path().join("report.jsonl");
    let mut arguments = vec!["import", "--report", report.to_str().unwrap()];
    arguments.extend(flags);
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let output = run(server, &arguments).await;
    let lines = std::fs::read_to_string(&report).unwrap_or_default();
    let out = String::from_utf8(output.stdout).unwrap();
    Told {
        is_whole: output.status.success(),
        summary: out.lines().last().unwrap_or_default().to_owned(),
        text: String::from_utf8(output.stderr).unwrap(),
        report: lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    }
}

/// A folder with files.
pub struct Files(pub TempDir);

impl Files {
    /// An empty one.
    pub fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// Writes a file.
    pub fn put(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Imports a file by a mapping.
pub async fn by(server: &TestServer, mapping: &Path, file: &Path) -> Told {
    import(server, &["--mapping", mapping.to_str().unwrap()], &[file]).await
}

/// Imports a file by a mapping of the examples.
pub async fn import_by(server: &TestServer, mapping: &str, file: &Path) -> Told {
    by(server, &mappings().join(mapping), file).await
}

/// How many rows a table has, as another reader of such files counts them.
pub fn rows(file: &Path) -> usize {
    csv::Reader::from_path(file).unwrap().records().map(Result::unwrap).count()
}
