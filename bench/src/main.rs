//! A closed-loop driver: workers run whole login journeys (authorize, authn, token), one after the other, over their own
//! connection. It knows nothing of the server but its public API, so it can measure any URL.
#![expect(clippy::print_stdout, reason = "a measurement is printed")]

mod connection;
mod journey;
mod load;
mod server;
mod setup;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;

use journey::Part;
use load::Measured;

/// Measures whole login journeys against a server.
#[derive(Parser)]
struct Args {
    /// Server binary to start with a cheap hash, a new store and one core (when `taskset` is there).
    #[arg(long, default_value = "target/release/vestibule", conflicts_with = "url")]
    server: PathBuf,
    /// Measure this running server instead; its administrator's password is in VESTIBULE_ADMIN_PASSWORD.
    #[arg(long, requires = "pid")]
    url: Option<String>,
    /// Process id of that server, whose CPU time is read.
    #[arg(long)]
    pid: Option<u32>,
    /// Journeys at once.
    #[arg(long, default_value_t = 32)]
    workers: usize,
    /// Users among whom the journeys are spread.
    #[arg(long, default_value_t = 100)]
    users: usize,
    /// Seconds for each part.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Algorithm of both tokens.
    #[arg(long, default_value = "ES256")]
    alg: String,
    /// Argon2 memory of a started server, in KiB.
    #[arg(long, default_value_t = 8)]
    memory_kib: u32,
    /// Argon2 passes of a started server.
    #[arg(long, default_value_t = 1)]
    passes: u32,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(run(args))
}

async fn run(args: Args) -> anyhow::Result<()> {
    let (target, _process) = match (&args.url, args.pid) {
        (Some(url), Some(pid)) => {
            let password = std::env::var("VESTIBULE_ADMIN_PASSWORD").context("set VESTIBULE_ADMIN_PASSWORD")?;
            (server::Target { address: server::address(url)?, pid, password }, None)
        }
        _ => {
            let (target, process) = server::start(&args.server, args.memory_kib, args.passes).await?;
            (target, Some(process))
        }
    };
    let scene = setup::prepare(&target, args.users, &args.alg).await?;
    let idle = server::resident_kib(target.pid)?;
    println!("hash m={} KiB t={}, tokens {}, {} workers, {} users", args.memory_kib, args.passes, args.alg, args.workers, args.users);
    println!("idle: {:.1} MiB resident", mib(idle));
    let span = Duration::from_secs(args.seconds);
    load::run(&scene, &target, args.workers, Part::Token, Duration::from_secs(1)).await?;
    let mut before = 0.0;
    for part in [Part::Authorize, Part::Authn, Part::Token] {
        let measured = load::run(&scene, &target, args.workers, part, span).await?;
        let cpu = measured.cpu_micros_each();
        println!("up to {:<9} {}", part.name(), line(&measured));
        println!("   {:<12} {:>7.0} µs of CPU by itself", part.name(), cpu - before);
        before = cpu;
    }
    let alone = load::run(&scene, &target, 1, Part::Token, span).await?;
    println!("one at a time   {}", line(&alone));
    println!("after: {:.1} MiB resident", mib(server::resident_kib(target.pid)?));
    Ok(())
}

fn line(measured: &Measured) -> String {
    let at = |quantile| measured.latency.value_at_quantile(quantile) as f64 / 1000.0;
    format!(
        "{:>7.0}/s  p50 {:.2} ms  p90 {:.2}  p99 {:.2}  p99.9 {:.2}  CPU {:.0} µs each  errors {}",
        measured.rate(), at(0.5), at(0.9), at(0.99), at(0.999), measured.cpu_micros_each(), measured.errors,
    )
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
