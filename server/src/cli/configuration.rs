//! `vestibule config …`.

use std::path::PathBuf;

use clap::Subcommand;

use super::table::say;
use crate::config::{Config, Overrides, environment, example};

/// What to do with a configuration.
#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Check a configuration with the environment over it, and tell everything that is wrong.
    Check {
        /// Configuration file (TOML).
        #[arg(value_name = "FILE", env = "VESTIBULE_CONFIG")]
        file: Option<PathBuf>,
    },
    /// Print a configuration of defaults with every key explained.
    Example,
}

pub(super) fn run(command: ConfigCommand) -> anyhow::Result<()> {
    match command {
        ConfigCommand::Check { file } => {
            Config::load(file.as_deref(), environment(), &Overrides::default())?.check()?;
            say("The configuration is good.");
        }
        ConfigCommand::Example => say(example().trim_end()),
    }
    Ok(())
}
