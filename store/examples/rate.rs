use std::sync::Arc;
use std::time::{Duration, Instant};
use vestibule_core::attempt::{Mark, TallyKey};
use vestibule_core::ports::store::*;
use vestibule_core::ports::*;
use vestibule_store::{Memory, Sqlite};
use vestibule_store::conformance::samples::{self as s, RULE};

fn cpu() -> f64 {
    let t = std::fs::read_to_string("/proc/self/stat").unwrap();
    let f: Vec<&str> = t.rsplit(')').next().unwrap().split_whitespace().collect();
    (f[11].parse::<f64>().unwrap() + f[12].parse::<f64>().unwrap()) / 100.0
}
fn rnd(n: u64) -> [u8; 16] {
    let mut x = n.wrapping_mul(0x9E3779B97F4A7C15) ^ 0xdeadbeef;
    let mut o = [0u8; 16];
    for c in o.chunks_mut(8) {
        x ^= x >> 30; x = x.wrapping_mul(0xbf58476d1ce4e5b9); x ^= x >> 27; x = x.wrapping_mul(0x94d049bb133111eb); x ^= x >> 31;
        c.copy_from_slice(&x.to_le_bytes());
    }
    o
}
fn id(n: u64, now: Timestamp) -> [u8; 16] {
    let mut bytes = rnd(n);
    if std::env::var_os("ORDERED").is_some() { bytes[..6].copy_from_slice(&(now.micros() / 1000).to_be_bytes()[2..]); }
    bytes
}
async fn triple(store: &dyn Store, n: u64, what: &str) {
    let tenant = s::acme();
    let keys = [TallyKey(format!("user/acme/pwd/{}", n % 100_000)), TallyKey(format!("source/acme/10.0.{}.{}", n % 200, n % 251))];
    let rule = vestibule_core::attempt::TallyRule { limit: 1000, ..RULE };
    let tallies: Vec<_> = keys.iter().map(|k| (k.clone(), rule)).collect();
    let now = s::at(0) + Duration::from_micros((n % 10_000_000) * 5_000);
    let number = FlowNumber::from_bytes(id(n, now));
    if what != "redeem" {
        store.app_by_client(&tenant, "client-1").await.unwrap().unwrap();
        store.user_by_name(&tenant, "user1").await.unwrap().unwrap();
    }
    let claimed = store.claim(ClaimRequest { flow: number, tenant: &tenant, seen: FlowVersion(0), now, until: now + Duration::from_secs(30), expires: now + Duration::from_secs(600), tallies: &tallies }).await.unwrap();
    assert!(matches!(claimed, Claimed::Ours { .. }));
    if what == "claim" { return; }
    let mut session = s::session(1, 1);
    session.id = SessionId::from_bytes(id(n ^ 0xffff_0000_0000, now)); session.seen = now; session.ends = now + Duration::from_secs(86400 * 30);
    session.user = UserId::from_bytes(rnd((n % 100_000) ^ 0xeeee_0000_0000));
    let mut grant = s::grant(1, &session);
    grant.id = GrantId::from_bytes(id(n ^ 0xdddd_0000_0000, now)); grant.expires = now + Duration::from_secs(60); grant.ends = now + Duration::from_secs(86400 * 30);
    let conclusion = Conclusion { session, grant };
    let marks: Vec<_> = keys.iter().map(|k| TallyMark { key: k.clone(), rule, mark: Mark::Right }).collect();
    let flow = Some((number, FlowVersion(1), Move::Advance { format: 1, body: vec![b'x'; 80] }));
    assert!(store.settle(Settlement { flow, tallies: &marks, conclusion: Some(&conclusion), rehash: None, tenant: &tenant, now }).await.unwrap());
    if what == "settle" { return; }
    store.grant(&conclusion.grant.id).await.unwrap().unwrap();
    store.redeem(&conclusion.grant.id, now, now + Duration::from_secs(1000)).await.unwrap();
}
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let tasks: u64 = args[1].parse().unwrap();
    let total: u64 = args[2].parse().unwrap();
    let what: &'static str = args[3].clone().leak();
    let dir = tempfile::tempdir_in("/work/main/target").unwrap();
    let store: Arc<dyn Store> = if args.get(4).is_some() { Arc::new(Memory::default()) } else { Arc::new(Sqlite::open(&dir.path().join("id.db")).unwrap()) };
    store.add_app(&s::app(1)).await.unwrap();
    store.add_user(&s::user(1)).await.unwrap();
    let start = Instant::now();
    let c0 = cpu();
    let mut all = vec![];
    for t in 0..tasks {
        let store = Arc::clone(&store);
        all.push(tokio::spawn(async move {
            let mut worst = vec![];
            for n in 0..total / tasks {
                let b = Instant::now();
                triple(&*store, t * 10_000_000 + n, what).await;
                worst.push(b.elapsed());
            }
            worst
        }));
    }
    let mut l: Vec<Duration> = vec![];
    for a in all { l.extend(a.await.unwrap()); }
    l.sort();
    let d = start.elapsed().as_secs_f64();
    let c = cpu() - c0;
    println!("{what} tasks={tasks}: {:.0}/s, cpu {:.1} us each, p50 {:?} p99 {:?} max {:?}", l.len() as f64 / d, c / l.len() as f64 * 1e6, l[l.len() / 2], l[l.len() * 99 / 100], l[l.len() - 1]);
    let b = Instant::now();
    for _ in 0..20000 { store.app_by_client(&s::acme(), "client-1").await.unwrap(); }
    let app = b.elapsed() / 20000;
    let b = Instant::now();
    for _ in 0..20000 { store.user_by_name(&s::acme(), "user1").await.unwrap(); }
    println!("app_by_client {:?} user_by_name {:?}", app, b.elapsed() / 20000);
}
