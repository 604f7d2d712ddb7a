//! A PostgreSQL server of our own, which may be killed.
//!
//! It runs beside the one for tests, from the same programs and as the same user:
//! `scripts/postgres` tells where the programs are.

use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;

use crate::database;
use crate::process::free_address;
use crate::wait::until;

/// The variable that names the folder of the server's programs.
const PROGRAMS: &str = "ENTENTE_TEST_POSTGRES_PROGRAMS";

/// How long a server that starts may take to answer before it is asked again.
const PATIENCE: Duration = Duration::from_secs(1);

/// How a server is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Its first process vanishes, and the others find out.
    Killed,
    /// All of its processes leave at once, without finishing anything.
    Quit,
}

/// The server.
#[derive(Debug)]
pub(super) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// User and group that it runs as.
    owner: (u32, u32),
    port: u16,
    server: Mutex<Option<Child>>,
}

impl Cluster {
    /// Makes a cluster and starts its server.
    pub(super) async fn start() -> Self {
        let programs = std::env::var_os(PROGRAMS).map(PathBuf::from);
        let programs = programs.unwrap_or_else(|| panic!("{PROGRAMS} is unset: run scripts/test"));
        let owner = owner().await;
        let folder = tempfile::tempdir().expect("there is room for a folder");
        std::os::unix::fs::chown(folder.path(), Some(owner.0), Some(owner.1))
            .expect("the folder is ours to give");
        let port = free_address().port();
        let cluster = Self { folder, programs, owner, port, server: Mutex::default() };
        let made = cluster
            .command("initdb")
            .args(["-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"])
            .stdout(Stdio::null())
            .status()
            .expect("initdb starts");
        assert!(made.success(), "initdb failed");
        cluster.restart().await;
        cluster
    }

    /// Address of its database for administration.
    pub(super) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Ends the server.
    pub(super) fn end(&self, ending: Ending) {
        let mut server = self.server.lock().expect("nobody panicked");
        let Some(mut child) = server.take() else { return };
        match ending {
            Ending::Killed => child.kill().expect("it runs"),
            Ending::Quit => {
                let command = format!("kill -QUIT {}", child.id());
                let sent = Command::new("sh").args(["-c", &command]).status();
                assert!(sent.expect("there is a shell").success(), "{command}");
            }
        }
        child.wait().expect("it is ours");
    }

    /// Starts the server and waits until it answers. It does not start while processes
    /// of the one before are still there, so it is tried again.
    pub(super) async fn restart(&self) {
        until("PostgreSQL to answer", async || {
            self.spawn_unless_there();
            let mut options = sea_orm::ConnectOptions::new(self.url());
            options.max_connections(1).acquire_timeout(PATIENCE).sqlx_logging(false);
            let answers = sea_orm::Database::connect(options).await.ok()?;
            answers.close().await.ok()
        })
        .await;
    }

    fn spawn_unless_there(&self) {
        let mut server = self.server.lock().expect("nobody panicked");
        let ended = |child: &mut Child| child.try_wait().expect("it is ours").is_some();
        if server.as_mut().is_none_or(ended) {
            let port = format!("port={}", self.port);
            let sockets = format!("unix_socket_directories={}", self.folder.path().display());
            let mut options = std::fs::File::options();
            let log = options.append(true).create(true).open(self.folder.path().join("log"));
            let log = log.expect("there is room for a log");
            let mut command = self.command("postgres");
            command.args(["-c", "listen_addresses=127.0.0.1", "-c", &port, "-c", &sockets]);
            command.stdout(Stdio::null()).stderr(log);
            *server = Some(command.spawn().expect("postgres starts"));
        }
    }

    /// A program of PostgreSQL, run as its owner, on our data.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("-D").arg(self.folder.path().join("data")).stdin(Stdio::null());
        command.current_dir(self.folder.path()).gid(self.owner.1).uid(self.owner.0);
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log"));
            println!("--- log of PostgreSQL\n{}", log.unwrap_or_default());
        }
        self.end(Ending::Quit);
    }
}

/// Who owns the cluster for tests: PostgreSQL refuses to run as root.
async fn owner() -> (u32, u32) {
    let admin = database::connect(&database::server()).await;
    let text = Statement::from_string(DbBackend::Postgres, "SHOW data_directory");
    let row = admin.query_one_raw(text).await.expect("PostgreSQL tells");
    let data: String = row.expect("it is a row").try_get_by_index(0).expect("it is a text");
    admin.close().await.expect("the connection closes");
    let data = std::fs::metadata(data).expect("the cluster for tests is on this machine");
    (data.uid(), data.gid())
}
