//! A disk that can be filled, for a database of PostgreSQL.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tempfile::TempDir;

use crate::database;

/// Room for an empty database, and for what the story writes.
const SIZE: &str = "size=64m";

/// A file system in memory, with a tablespace on it.
#[derive(Debug)]
pub(crate) struct SmallDisk {
    folder: TempDir,
    /// Name of the tablespace.
    pub(crate) tablespace: String,
}

impl SmallDisk {
    /// Mounts one; `None` where that is not permitted.
    pub(crate) async fn mount() -> Option<Self> {
        let admin = database::connect(&database::server()).await;
        let text = Statement::from_string(DbBackend::Postgres, "SHOW data_directory");
        let row = admin.query_one_raw(text).await.expect("PostgreSQL tells");
        let data: String = row.expect("it is a row").try_get_by_index(0).expect("it is a text");
        // A cluster on another machine cannot be given a disk here.
        let owner = std::fs::metadata(data).ok()?.uid();
        let folder = tempfile::tempdir().expect("there is room for a folder");
        // Its owner must be let through.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("the folder is ours");
        let options = format!("{SIZE},mode=755");
        let path = folder.path().to_str().expect("the path is text");
        if !run("mount", &["-t", "tmpfs", "-o", &options, "tmpfs", path]) {
            println!("no disk may be mounted here");
            return None;
        }
        let place = folder.path().join("tablespace");
        std::fs::create_dir(&place).expect("the disk is empty");
        std::os::unix::fs::chown(&place, Some(owner), None).expect("who mounts may do so");
        let tablespace = format!("faults_{}", std::process::id());
        let place = place.display();
        let text = format!("CREATE TABLESPACE {tablespace} LOCATION '{place}'");
        admin.execute_unprepared(&text).await.expect("the folder is empty");
        admin.close().await.expect("the connection closes");
        Some(Self { folder, tablespace })
    }

    /// Leaves no room on it.
    pub(crate) fn fill(&self) {
        let mut file = std::fs::File::create(self.filler()).expect("the disk can be written to");
        let full = std::io::copy(&mut std::io::repeat(0), &mut file);
        full.expect_err("the disk is full in the end");
    }

    /// Gives the room back.
    pub(crate) fn empty(&self) {
        std::fs::remove_file(self.filler()).expect("it was filled");
    }

    /// Removes it; no database may be on it any more.
    pub(crate) async fn unmount(self) {
        let admin = database::connect(&database::server()).await;
        let text = format!("DROP TABLESPACE {}", self.tablespace);
        admin.execute_unprepared(&text).await.expect("it is empty");
        admin.close().await.expect("the connection closes");
    }

    fn filler(&self) -> std::path::PathBuf {
        self.folder.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let path: &Path = self.folder.path();
        // Lazily: after a failure the database may still be on it.
        run("umount", &["--lazy", path.to_str().unwrap_or_default()]);
    }
}

fn run(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).status().is_ok_and(|status| status.success())
}
