//! What the tests against a whole server share: a database of their own, a
//! server in this process, typed clients, and the invariant that holds after
//! every test whatever it did.
//!
//! A test is a story, `async fn story(server: &TestServer)`, and runs on both
//! databases: `on_both!(story)` makes the tests `story::sqlite` and
//! `story::postgres` of it.

#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod clients;
pub mod command;
pub mod database;
pub mod invariant;
pub mod refusal;
pub mod samples;
pub mod server;
pub mod way;

pub use clients::Clients;
pub use database::Database;
pub use refusal::Refusal;
pub use server::TestServer;

/// Makes a test of each story for each database.
#[macro_export]
macro_rules! on_both {
    ($($story:ident),+ $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::support::run($crate::support::Database::Sqlite, super::$story).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::support::run($crate::support::Database::Postgres, super::$story).await;
            }
        }
    )+};
}

/// Runs `story` against a new server and checks the invariant at the end.
pub async fn run(database: Database, story: impl AsyncFn(&TestServer)) {
    let server = TestServer::start(database).await;
    story(&server).await;
    server.finish().await;
}
