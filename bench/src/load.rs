//! A closed loop: so many workers, each with its own connection, one journey after the other for a span of time.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::LocalSet;

use crate::connection::Connection;
use crate::journey::{self, Part};
use crate::prover::Prover;
use crate::server::{self, Target};
use crate::setup::Scene;

/// What a span of load showed.
pub(crate) struct Measured {
    /// Microseconds of each journey.
    pub latency: Histogram<u64>,
    /// Journeys that failed.
    pub errors: u64,
    span: Duration,
    cpu_micros: u64,
}

impl Measured {
    /// Journeys per second.
    pub(crate) fn rate(&self) -> f64 {
        self.latency.len() as f64 / self.span.as_secs_f64()
    }

    /// Microseconds of the server's CPU for one journey.
    pub(crate) fn cpu_micros_each(&self) -> f64 {
        self.cpu_micros as f64 / (self.latency.len().max(1)) as f64
    }
}

/// Who runs journeys.
#[derive(Clone)]
pub(crate) struct Crew {
    /// How many at once.
    pub workers: usize,
    /// The key that they prove with every call.
    pub prover: Option<Rc<Prover>>,
}

/// Runs journeys for a span of time.
pub(crate) async fn run(
    scene: &Scene,
    target: &Target,
    crew: &Crew,
    part: Part,
    span: Duration,
) -> anyhow::Result<Measured> {
    let tally = Rc::new(RefCell::new((Histogram::new_with_bounds(1, 60_000_000, 3)?, 0_u64)));
    let mut connections = Vec::with_capacity(crew.workers);
    for _ in 0..crew.workers {
        connections.push(Connection::open(target.address).await?.proving(crew.prover.clone()));
    }
    let (before, began) = (server::cpu_micros(target.pid)?, Instant::now());
    let set = LocalSet::new();
    for (worker, mut connection) in connections.into_iter().enumerate() {
        let (tally, users, client_id) = (Rc::clone(&tally), scene.users.clone(), scene.client_id.clone());
        set.spawn_local(async move {
            let scene = Scene { client_id, users };
            for user in scene.users.iter().cycle().skip(worker * 7) {
                if began.elapsed() >= span {
                    break;
                }
                let start = Instant::now();
                let ended = journey::run(&mut connection, &scene, user, part).await;
                let mut tally = tally.borrow_mut();
                match ended {
                    Ok(()) => tally.0.saturating_record(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)),
                    Err(_) => tally.1 += 1,
                }
            }
        });
    }
    set.await;
    let span = began.elapsed();
    let cpu_micros = server::cpu_micros(target.pid)?.saturating_sub(before);
    let (latency, errors) = tally.replace((Histogram::new(3)?, 0_u64));
    Ok(Measured { latency, errors, span, cpu_micros })
}
