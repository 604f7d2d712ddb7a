//! The commands of the program.

pub mod export;
pub mod health;
pub mod import;
mod json;
mod lines;
mod popolo;
pub mod serve;
mod state;
pub mod verify;
pub mod watch;

use std::io::IsTerminal;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, LogSettings, Settings, StoreSettings};

/// What a command ends with, told to whoever called it.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The system of record for relations between countries
///
/// Entente records countries, what they agree, who acts for them, how they meet and
/// what is said of it over gRPC, and streams every change, in order and without loss, to whoever
/// subscribes. Without a command it serves.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    settings: Settings,
    #[command(flatten)]
    logs: LogSettings,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Serve gRPC until SIGTERM or Ctrl-C (the default)
    Serve(Settings),
    /// Bring the store to this version, add the reference data, and end
    Migrate(StoreSettings),
    /// Fill the typed tables anew from the records, and end; no server may run
    Reindex(StoreSettings),
    /// Check the log and the tables, beside a server or without, and change nothing
    Verify(StoreSettings),
    /// End with 0 if the service at the address is healthy
    Healthcheck(health::Healthcheck),
    /// Record what files say: JSON Lines, tables with a mapping, or Popolo
    Import(import::Import),
    /// Print resources as JSON Lines or Popolo, as they are at one revision
    Export(export::Export),
    /// Print changes as JSON Lines, and go on by itself after an outage
    Watch(watch::Watch),
}

/// Runs the command that the arguments name.
pub async fn run() -> Result<(), Failure> {
    let Command { action, settings, logs } = Command::parse();
    start_logs(&logs)?;
    match action {
        None => serve::serve(settings).await,
        Some(Action::Serve(settings)) => serve::serve(settings).await,
        Some(Action::Migrate(settings)) => serve::migrate(settings).await,
        Some(Action::Reindex(settings)) => serve::reindex(settings).await,
        Some(Action::Verify(settings)) => verify::verify(settings).await,
        Some(Action::Healthcheck(check)) => check.run().await,
        Some(Action::Import(import)) => import.run().await,
        Some(Action::Export(export)) => export.run().await,
        Some(Action::Watch(watch)) => watch.run().await,
    }
}

fn start_logs(settings: &LogSettings) -> Result<(), Failure> {
    let LogSettings { log_format, log } = settings;
    let filter = EnvFilter::try_new(format!("sqlx=warn,sea_orm=warn,{log}"))?;
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let text = match log_format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    if text {
        logs.with_ansi(std::io::stderr().is_terminal()).init();
    } else {
        logs.json().init();
    }
    Ok(())
}
