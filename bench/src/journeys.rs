//! Whole login journeys: how many, how fast, and what each of their three calls costs the server.

use std::rc::Rc;
use std::time::Duration;

use clap::Args;

use crate::connection::Connection;
use crate::journey::Part;
use crate::load::{self, Crew, Measured};
use crate::prover::Prover;
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
    /// Measure each part with a key proved at every call as well (DPoP), in turns.
    #[arg(long)]
    dpop: bool,
}

/// Measures and prints.
pub(crate) async fn measure(target: &Target, args: &JourneysArgs) -> anyhow::Result<()> {
    let scene = setup::prepare(target, args.users, (&args.alg, &["BasicAuthenticator"])).await?;
    println!("tokens {}, {} workers, {} users", args.alg, args.workers, args.users);
    println!("idle: {:.1} MiB resident", mib(server::resident_kib(target.pid)?));
    let span = Duration::from_secs(args.seconds);
    let mut crews = vec![("", Crew { workers: args.workers, prover: None })];
    if args.dpop {
        let prover = Rc::new(Prover::new(&mut Connection::open(target.address).await?).await?);
        crews.push(("with a key", Crew { workers: args.workers, prover: Some(prover) }));
    }
    let mut before = vec![0.0; crews.len()];
    for (_, crew) in &crews {
        load::run(&scene, target, crew, Part::Token, Duration::from_secs(1)).await?;
    }
    for part in [Part::Authorize, Part::Authn, Part::Token] {
        for ((how, crew), before) in crews.iter().zip(&mut before) {
            let measured = load::run(&scene, target, crew, part, span).await?;
            let cpu = measured.cpu_micros_each();
            println!("up to {:<9} {how:<10} {}", part.name(), line(&measured));
            println!("   {:<12} {:>7.0} µs of CPU by itself", part.name(), cpu - *before);
            *before = cpu;
        }
    }
    let alone = load::run(&scene, target, &Crew { workers: 1, prover: None }, Part::Token, span).await?;
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
