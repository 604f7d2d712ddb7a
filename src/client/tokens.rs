//! Where a watch keeps the token to go on from.

use std::future::Future;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::task::JoinHandle;

/// Keeps a token.
pub trait TokenStore: Send {
    /// The token that was saved last, if there is any.
    fn load(&mut self) -> impl Future<Output = io::Result<Option<String>>> + Send;

    /// Keeps `token` in the place of the one before.
    fn save(&mut self, token: &str) -> impl Future<Output = io::Result<()>> + Send;
}

/// In memory, for as long as a clone of it lives.
#[derive(Clone, Debug, Default)]
pub struct InMemory(Arc<Mutex<Option<String>>>);

impl InMemory {
    fn token(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenStore for InMemory {
    async fn load(&mut self) -> io::Result<Option<String>> {
        Ok(self.token().clone())
    }

    async fn save(&mut self, token: &str) -> io::Result<()> {
        *self.token() = Some(token.to_owned());
        Ok(())
    }
}

/// In a file, which holds either the token before or the new one, whatever fails.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    /// A save whose caller went away before it was done.
    writing: Option<JoinHandle<io::Result<()>>>,
}

impl TokenFile {
    /// The file at `path`, which is made by the first save. A file that is written
    /// beside it has the same name with `.new` behind it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), writing: None }
    }

    /// Waits for a write that is under way.
    async fn written(&mut self) -> io::Result<()> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let written = writing.await;
        self.writing = None;
        written?
    }
}

impl TokenStore for TokenFile {
    async fn load(&mut self) -> io::Result<Option<String>> {
        match tokio::fs::read_to_string(&self.path).await {
            Ok(text) => Ok(Some(text.trim().to_owned()).filter(|token| !token.is_empty())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn save(&mut self, token: &str) -> io::Result<()> {
        // Two writes at a time could end in the wrong order.
        self.written().await?;
        let (path, token) = (self.path.clone(), token.to_owned());
        self.writing = Some(tokio::task::spawn_blocking(move || replace(&path, &token)));
        self.written().await
    }
}

/// Puts `token` into the file at `path`, durably and at once.
fn replace(path: &Path, token: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let mut file = std::fs::File::create(&beside)?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    std::fs::rename(&beside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    // The new name is durable once its folder is. Only Unix opens folders.
    if cfg!(unix) {
        std::fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn keeps_the_last(mut store: impl TokenStore, mut later: impl TokenStore) {
        assert_eq!(store.load().await.unwrap(), None);
        for token in ["first", "second"] {
            store.save(token).await.unwrap();
            assert_eq!(later.load().await.unwrap().as_deref(), Some(token));
        }
    }

    #[tokio::test]
    async fn the_last_token_is_kept() {
        let memory = InMemory::default();
        keeps_the_last(memory.clone(), memory).await;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        keeps_the_last(TokenFile::new(&path), TokenFile::new(&path)).await;
        let files = std::fs::read_dir(folder.path()).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(names, ["token"], "nothing else is left");
    }

    #[tokio::test]
    async fn what_a_write_left_half_done_is_no_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(folder.path().join("token.new"), "hal").unwrap();
        assert_eq!(TokenFile::new(&path).load().await.unwrap(), None);
        TokenFile::new(&path).save("whole").await.unwrap();
        assert_eq!(TokenFile::new(&path).load().await.unwrap().as_deref(), Some("whole"));
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = TokenFile::new(folder.path().join("missing").join("token"));
        assert_eq!(store.load().await.unwrap(), None);
        assert_eq!(store.save("token").await.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
