//! Whether an outsider can tell a wrong password from an unknown, locked or disabled user: by body, by headers, or by the
//! median time of the answer. Fresh users for every try, the classes interleaved, the default hash.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context as _, bail};
use hyper::Method;
use serde_json::{Value, json};

use crate::connection::{Body, Connection};
use crate::journey;
use crate::server::Target;
use crate::setup::{self, Scene};

/// The classes that must look alike.
const CLASSES: [&str; 5] =
    ["wrong password", "unknown user", "locked by an administrator", "locked by guesses", "disabled user"];

/// Tries each class so many times and prints the medians.
pub(crate) async fn compare(target: &Target, tries: usize) -> anyhow::Result<()> {
    let mut connection = Connection::open(target.address).await?;
    let admin = setup::administrator(target);
    let scene = setup::prepare(target, 1, "ES256").await?;
    let run = std::process::id();
    let mut times: [Vec<u64>; 5] = Default::default();
    let mut answers = BTreeSet::new();
    for n in 0..tries {
        for (class, times) in times.iter_mut().enumerate() {
            let name = format!("timing-{run}-{class}-{n}");
            make(&mut connection, &admin, class, &name).await?;
            if class == 3 {
                for _ in 0..5 {
                    wrong(&mut connection, &scene, &name).await?;
                }
            }
            let (micros, shape) = wrong(&mut connection, &scene, &name).await?;
            times.push(micros);
            answers.insert(shape);
        }
    }
    report(&mut times, answers.len())
}

fn report(times: &mut [Vec<u64>; 5], shapes: usize) -> anyhow::Result<()> {
    let mut medians = Vec::new();
    for (class, times) in CLASSES.iter().zip(times) {
        times.sort_unstable();
        let median = times.get(times.len() / 2).copied().context("no tries")?;
        println!("{class:<28} median {:.2} ms of {}", median as f64 / 1000.0, times.len());
        medians.push(median);
    }
    let (least, most) = (medians.iter().min().copied().unwrap_or(0), medians.iter().max().copied().unwrap_or(0));
    let allowed = (least / 20).max(1000);
    println!("widest gap {} µs, allowed {allowed} µs (5 % or 1 ms); {shapes} shape(s) of answer", most - least);
    if most - least > allowed || shapes != 1 {
        bail!("the classes can be told apart");
    }
    println!("the classes cannot be told apart");
    Ok(())
}

/// A user of the class; an unknown one is not made.
async fn make(connection: &mut Connection, admin: &str, class: usize, name: &str) -> anyhow::Result<()> {
    let more = match class {
        1 => return Ok(()),
        2 => json!({ "urn:scim:wso2:schema": { "accountLocked": true } }),
        4 => json!({ "active": false }),
        _ => json!({}),
    };
    let mut user = json!({ "userName": name, "password": setup::PASSWORD });
    if let (Some(user), Some(more)) = (user.as_object_mut(), more.as_object()) {
        user.extend(more.clone());
    }
    setup::post(connection, "/scim2/Users", admin, &user).await.map(drop)
}

/// One wrong answer in a new flow: microseconds and what it looked like without what differs from call to call.
async fn wrong(connection: &mut Connection, scene: &Scene, user: &str) -> anyhow::Result<(u64, String)> {
    let flow = journey::start(connection, scene).await?;
    let answer = journey::answer(&flow, user, "not the password");
    let began = Instant::now();
    let (status, headers, mut body) =
        connection.exchange(Method::POST, "/oauth2/authn", None, Body::Text(answer)).await?;
    let micros = u64::try_from(began.elapsed().as_micros())?;
    if let Some(members) = body.as_object_mut() {
        members.insert("flowId".to_owned(), Value::Null);
    }
    let shown: Vec<String> = headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Ok((micros, format!("{status} {shown:?} {body}")))
}
