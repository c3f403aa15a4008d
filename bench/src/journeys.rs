//! Whole login journeys: how many, how fast, and what each of their three calls costs the server.

use std::time::Duration;

use clap::Args;

use crate::journey::Part;
use crate::load::{self, Measured};
use crate::server::{self, Target};
use crate::setup;

/// How to load the server.
#[derive(Args)]
pub(crate) struct JourneysArgs {
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
}

/// Measures and prints.
pub(crate) async fn measure(target: &Target, args: &JourneysArgs) -> anyhow::Result<()> {
    let scene = setup::prepare(target, args.users, (&args.alg, &["BasicAuthenticator"])).await?;
    println!("tokens {}, {} workers, {} users", args.alg, args.workers, args.users);
    println!("idle: {:.1} MiB resident", mib(server::resident_kib(target.pid)?));
    let span = Duration::from_secs(args.seconds);
    load::run(&scene, target, args.workers, Part::Token, Duration::from_secs(1)).await?;
    let mut before = 0.0;
    for part in [Part::Authorize, Part::Authn, Part::Token] {
        let measured = load::run(&scene, target, args.workers, part, span).await?;
        let cpu = measured.cpu_micros_each();
        println!("up to {:<9} {}", part.name(), line(&measured));
        println!("   {:<12} {:>7.0} µs of CPU by itself", part.name(), cpu - before);
        before = cpu;
    }
    let alone = load::run(&scene, target, 1, Part::Token, span).await?;
    println!("one at a time   {}", line(&alone));
    println!("after: {:.1} MiB resident", mib(server::resident_kib(target.pid)?));
    Ok(())
}

fn line(measured: &Measured) -> String {
    let at = |quantile| measured.latency.value_at_quantile(quantile) as f64 / 1000.0;
    let (p50, p90, p99, p999) = (at(0.5), at(0.9), at(0.99), at(0.999));
    let (rate, cpu, errors) = (measured.rate(), measured.cpu_micros_each(), measured.errors);
    format!(
        "{rate:>7.0}/s  p50 {p50:.2} ms  p90 {p90:.2}  p99 {p99:.2}  p99.9 {p999:.2}  CPU {cpu:.0} µs each  errors {errors}"
    )
}

fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
