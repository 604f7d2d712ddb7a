//! The program.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use tokio::runtime::Runtime;

fn main() -> ExitCode {
    let ended = Runtime::new().map_err(Into::into).and_then(|runtime| {
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
