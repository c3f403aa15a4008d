//! Measures a running server over HTTP. It knows nothing of the server but its public API, so it can measure any URL.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

mod connection;
mod journey;
mod journeys;
mod load;
mod prover;
mod server;
mod setup;
mod timing;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};

/// Measures a server over HTTP.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Whole login journeys in a closed loop: rate, latency, CPU of each part, memory.
    Journeys(journeys::JourneysArgs),
    /// Whether wrong, unknown, locked and disabled users can be told apart.
    Timing {
        /// What an outsider does with a name.
        #[arg(long, value_enum, default_value = "password")]
        way: timing::Way,
        /// Tries of each class.
        #[arg(long, default_value_t = 200)]
        tries: usize,
    },
}

/// Which server is measured.
#[derive(Args)]
struct ServerArgs {
    /// Server binary to start with a new store, on one core when `taskset` is there.
    #[arg(long, global = true, default_value = "target/release/vestibule", conflicts_with = "url")]
    server: PathBuf,
    /// Measure this running server instead; its administrator's password is in VESTIBULE_ADMIN_PASSWORD.
    #[arg(long, global = true, requires = "pid")]
    url: Option<String>,
    /// Process id of that server, whose CPU time is read.
    #[arg(long, global = true)]
    pid: Option<u32>,
    /// Argon2 memory of a started server, in KiB; the product's default is 19456.
    #[arg(long, global = true)]
    memory_kib: Option<u32>,
    /// Argon2 passes of a started server; the product's default is 2.
    #[arg(long, global = true)]
    passes: Option<u32>,
}

impl ServerArgs {
    /// The server to measure, started with this hash if none is running and no other is asked for.
    async fn target(&self, memory_kib: u32, passes: u32) -> anyhow::Result<(server::Target, Option<server::Process>)> {
        if let (Some(url), Some(pid)) = (&self.url, self.pid) {
            let password = std::env::var("VESTIBULE_ADMIN_PASSWORD").context("set VESTIBULE_ADMIN_PASSWORD")?;
            return Ok((server::Target { address: server::address(url)?, pid, password }, None));
        }
        let (memory_kib, passes) = (self.memory_kib.unwrap_or(memory_kib), self.passes.unwrap_or(passes));
        println!("hash m={memory_kib} KiB t={passes}");
        let (target, process) = server::start(&self.server, memory_kib, passes).await?;
        Ok((target, Some(process)))
    }
}

fn main() -> anyhow::Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Journeys(args) => {
                let (target, _process) = cli.server.target(8, 1).await?;
                journeys::measure(&target, &args).await
            }
            Command::Timing { way, tries } => {
                let (target, _process) = cli.server.target(19_456, 2).await?;
                timing::compare(&target, way, tries).await
            }
        }
    })
}
