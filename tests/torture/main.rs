//! The promises of the stream as checks over what clients saw (`history`), made-up
//! histories that hold the checks to account (`model`), and a workload of many clients
//! under faults of all kinds that feeds them (`workload`). docs/torture.md says more.
//!
//! What is left to chance comes from a seed, which is printed: `ENTENTE_SEED` sets it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(unreachable_pub, reason = "a test binary has no outside to reach")]

#[path = "../faults/chance.rs"]
mod chance;
#[path = "../faults/client.rs"]
#[allow(dead_code, reason = "the fault tests use the rest")]
mod client;
#[path = "../faults/database.rs"]
#[allow(dead_code, reason = "the fault tests use the rest")]
mod database;
mod history;
#[path = "../faults/load.rs"]
#[allow(dead_code, reason = "the fault tests use the rest")]
mod load;
mod model;
#[path = "../faults/process.rs"]
#[allow(dead_code, reason = "the fault tests use the rest")]
mod process;
#[path = "../faults/record.rs"]
#[allow(dead_code, reason = "the fault tests use the rest")]
mod record;
#[path = "../support/mod.rs"]
#[allow(unused_imports, unused_macros, reason = "the stories use the rest")]
mod support;
#[path = "../faults/task.rs"]
#[allow(dead_code, reason = "the fault tests use the rest")]
mod task;
#[path = "../faults/wait.rs"]
mod wait;
mod workload;
