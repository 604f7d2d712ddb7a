//! The program.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Rows are made by one thread and dropped by another, which is what the allocator of
/// glibc is slow at; docs/decisions.md says more.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    #[cfg(feature = "failpoints")]
    let _scenario = fail::FailScenario::setup();
    let ended = entente::server::runtime().map_err(Into::into).and_then(|runtime| {
        let ended = runtime.block_on(entente::cli::run());
        // A thread that still waits for a database must not keep the process.
        runtime.shutdown_background();
        ended
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("entente: {error}");
            ExitCode::FAILURE
        }
    }
}
