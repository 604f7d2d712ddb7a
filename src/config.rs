//! Settings: from flags, then from the environment.

use std::net::SocketAddr;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

/// How the service runs.
#[derive(Clone, Debug, Args)]
pub struct Settings {
    /// Address to listen on
    ///
    /// Anything beyond this machine needs --insecure as well, since callers are
    /// not authenticated: whoever reaches the port may read and write.
    #[arg(
        long,
        env = "ENTENTE_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "HOST:PORT"
    )]
    pub listen: SocketAddr,

    /// Listen beyond this machine although callers are not authenticated
    #[arg(long, env = "ENTENTE_INSECURE", value_parser = BoolishValueParser::new())]
    pub insecure: bool,

    /// The store and its settings
    #[command(flatten)]
    pub store: StoreSettings,
}

/// Where the store is.
#[derive(Clone, Debug, Args)]
pub struct StoreSettings {
    /// The database: a SQLite file, or PostgreSQL 15 or later
    ///
    /// For example sqlite:entente.db, or postgres://user:password@host/database.
    /// A SQLite file is made if it is missing, and served by one process.
    #[arg(
        long,
        env = "ENTENTE_DATABASE_URL",
        default_value = "sqlite:entente.db",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: String,
}

/// How logs look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// One line of text for each event.
    Text,
    /// One JSON object for each event.
    Json,
}

/// What is logged, and how.
#[derive(Clone, Debug, Args)]
pub struct LogSettings {
    /// How logs look
    #[arg(long, env = "ENTENTE_LOG_FORMAT", value_enum, default_value = "auto", global = true)]
    pub log_format: LogFormat,

    /// What is logged: error, warn, info, debug, trace, or directives such as
    /// entente::store=debug
    #[arg(long, env = "ENTENTE_LOG", default_value = "info", global = true, value_name = "LEVEL")]
    pub log: String,
}

impl Settings {
    /// Refuses to listen beyond this machine by accident.
    pub fn check(&self) -> Result<(), String> {
        if self.listen.ip().is_loopback() || self.insecure {
            return Ok(());
        }
        Err(format!(
            "{} can be reached from other machines, and callers are not authenticated: \
             listen on 127.0.0.1, or say --insecure if the network is trusted",
            self.listen
        ))
    }
}
