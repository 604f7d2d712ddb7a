//! What bad luck does to the service, and what it must not do: each story runs the
//! built program as a process of its own and kills, freezes, starves or cuts it off.
//!
//! PostgreSQL is the one that `ENTENTE_TEST_POSTGRES` names, which `scripts/test`
//! provides; every story has a database of its own there. What is left to chance
//! comes from a seed, which is printed: `ENTENTE_SEED` sets it.

/// A story as two tests, one for each database.
macro_rules! on_both {
    ($name:ident, $story:path) => {
        mod $name {
            use crate::database::Database;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $story(Database::sqlite()).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $story(Database::postgres().await).await;
            }
        }
    };
}

mod chance;
mod client;
mod commands;
mod commit;
mod cut;
mod database;
#[cfg(target_os = "linux")]
mod disk;
mod drain;
mod frozen;
mod gone;
mod held;
mod imports;
mod kills;
mod leaving;
mod load;
mod process;
mod proxy;
mod queue;
mod record;
#[cfg(target_os = "linux")]
mod small_disk;
mod subscriber;
mod tampering;
mod task;
mod verify;
mod wait;
