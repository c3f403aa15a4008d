//! Whether an outsider can tell a user from an unknown, locked or disabled one: by body, by headers, or by the median time of
//! the answer. Fresh users for every try, the classes interleaved, the default hash.

use std::collections::BTreeSet;
use std::time::Instant;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::ValueEnum;
use hyper::Method;
use serde_json::{Value, json};

use crate::connection::{Body, Connection};
use crate::journey;
use crate::server::Target;
use crate::setup::{self, Scene};

/// The classes that must look alike. A known user gives a wrong password, or is sent something.
const CLASSES: [&str; 6] = [
    "known user",
    "unknown user",
    "locked by an administrator",
    "locked by guesses",
    "disabled user",
    "user without address or key",
];

/// What an outsider does with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// Guesses a password.
    Password,
    /// Asks for a code by email.
    Email,
    /// Asks for a code by SMS.
    Sms,
    /// Asks for a magic link.
    Link,
    /// Asks for a push notification.
    Push,
    /// Names the user and is asked for a passkey.
    Passkey,
}

impl Way {
    /// The authenticators of the application's steps; the first one is given the name.
    const fn steps(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["BasicAuthenticator"],
            Self::Email => &["email-otp-authenticator"],
            Self::Sms => &["sms-otp-authenticator"],
            Self::Link => &["MagicLinkAuthenticator"],
            Self::Push => &["push-notification-authenticator"],
            Self::Passkey => &["IdentifierExecutor", "FIDOAuthenticator"],
        }
    }

    fn answer(self, flow: &str, user: &str) -> String {
        if self == Self::Password {
            return journey::answer(flow, user, "not the password");
        }
        let name = self.steps().first().copied().unwrap_or_default();
        let id = URL_SAFE_NO_PAD.encode(format!("{name}:LOCAL"));
        json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": id, "params": {"username": user}}})
            .to_string()
    }
}

/// Tries each class so many times and prints the medians.
pub(crate) async fn compare(target: &Target, way: Way, tries: usize) -> anyhow::Result<()> {
    let mut connection = Connection::open(target.address).await?;
    let admin = setup::administrator(target);
    let scene = setup::prepare(target, 1, ("ES256", way.steps())).await?;
    let run = std::process::id();
    let mut times: [Vec<u64>; 6] = Default::default();
    let mut answers = BTreeSet::new();
    for n in 0..tries {
        for (class, times) in times.iter_mut().enumerate() {
            let name = format!("timing-{run}-{class}-{n}");
            make(&mut connection, &admin, class, &name).await?;
            if class == 3 && way == Way::Password {
                for _ in 0..5 {
                    ask(&mut connection, &scene, way, &name).await?;
                }
            }
            let (micros, shape) = ask(&mut connection, &scene, way, &name).await?;
            times.push(micros);
            answers.insert(shape);
        }
    }
    report(&mut times, answers.len())
}

fn report(times: &mut [Vec<u64>; 6], shapes: usize) -> anyhow::Result<()> {
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
    let mut more = match class {
        1 => return Ok(()),
        2 => json!({ "urn:scim:wso2:schema": { "accountLocked": true } }),
        4 => json!({ "active": false }),
        _ => json!({}),
    };
    if let (Some(more), true) = (more.as_object_mut(), class != 5) {
        // Numbers of many prefixes, whose budgets are apart.
        let hash = name.bytes().fold(0_u64, |hash, byte| hash.wrapping_mul(131).wrapping_add(byte.into()));
        let number = format!("+{}", 10_000_000_000 + hash % 80_000_000_000);
        more.insert("emails".to_owned(), json!([{ "value": format!("{name}@example.com"), "primary": true }]));
        more.insert("phoneNumbers".to_owned(), json!([{ "value": number, "type": "mobile" }]));
    }
    let mut user = json!({ "userName": name, "password": setup::PASSWORD });
    if let (Some(user), Some(more)) = (user.as_object_mut(), more.as_object()) {
        user.extend(more.clone());
    }
    setup::post(connection, "/scim2/Users", admin, &user).await.map(drop)
}

/// One answer in a new flow: microseconds and what it looked like without what differs from call to call.
async fn ask(connection: &mut Connection, scene: &Scene, way: Way, user: &str) -> anyhow::Result<(u64, String)> {
    let flow = journey::start(connection, scene).await?;
    let answer = way.answer(&flow, user);
    let began = Instant::now();
    let (status, headers, mut body) =
        connection.exchange(Method::POST, "/oauth2/authn", None, Body::Text(answer)).await?;
    let micros = u64::try_from(began.elapsed().as_micros())?;
    if let Some(members) = body.as_object_mut() {
        members.insert("flowId".to_owned(), Value::Null);
    }
    if let Some(additional) = body.pointer_mut("/nextStep/authenticators/0/metadata/additionalData") {
        hide(additional);
    }
    let shown: Vec<String> = headers
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    Ok((micros, format!("{status} {shown:?} {body}")))
}

/// Challenges and states are random: only their lengths are compared.
fn hide(additional: &mut Value) {
    for value in additional.as_object_mut().into_iter().flat_map(|members| members.values_mut()) {
        if let Some(text) = value.as_str() {
            *value = text.len().into();
        }
    }
}
