//! The lock by which one process has a SQLite file.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::connect::OpenError;

/// A SQLite file that is this process's until this is dropped.
///
/// The lock lies in a file of its own, since SQLite uses locks on the database itself and a
/// lock there would be lost when any of its handles is closed.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes `database`, unless another process has it.
    pub(super) fn take(database: &Path) -> Result<Self, OpenError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        let failed = |cause| OpenError::File { path: path.clone(), cause };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(database.to_owned())),
            Err(TryLockError::Error(cause)) => Err(failed(cause)),
        }
    }
}

impl Drop for Lock {
    /// Closing the file would not be enough: a program that this process is about to run has
    /// it too, until it begins.
    fn drop(&mut self) {
        if let Err(error) = self.0.unlock() {
            tracing::warn!(%error, "a lock could not be given free");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_free_though_another_process_has_the_handle_still() {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let database = folder.path().join("entente.db");
        let lock = Lock::take(&database).expect("nobody has it");
        assert!(matches!(Lock::take(&database), Err(OpenError::InUse(path)) if path == database));
        let inherited = lock.0.try_clone().expect("a handle more");
        drop(lock);
        assert!(Lock::take(&database).is_ok());
        drop(inherited);
    }
}
