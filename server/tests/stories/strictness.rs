//! Whatever is sent, what comes back is of the contract of its path: JSON in that path's words, never a page, a redirect
//! or a fault.

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::*;

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json";
const CASES: usize = 1_000;

/// Where something is sent, with what would be well-formed there.
struct Target {
    method: Method,
    path: &'static str,
    kind: &'static str,
    good: String,
}

/// The same chance in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        // Xorshift: of no use but for shaking things up.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(limit).unwrap()).unwrap()
    }

    fn bytes(&mut self, longest: usize) -> Vec<u8> {
        let count = 1 + self.below(longest);
        (0..count).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }
}

async fn world() -> (World, Vec<Target>) {
    let world = World::new().await;
    world.app("shop").await;
    world.confidential_app("vault").await;
    world.user("kim").await;
    world.user_with("admin", |user| user.administrator = true).await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    let answer = json!({"flowId": flow, "selectedAuthenticator": {"authenticatorId": BASIC, "params": {"username": "kim", "password": "no"}}});
    let client = "client_id=vault&client_secret=wrong";
    let app = json!({"name": "n", "inboundProtocolConfiguration": {"oidc": {"grantTypes": ["authorization_code"]}}});
    let user = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "n", "password": "x"});
    let target = |method, path, kind, good: String| Target { method, path, kind, good };
    let start =
        format!("client_id=shop&response_type=code&redirect_uri={REDIRECT}&scope=openid&code_challenge={CHALLENGE}");
    let targets = vec![
        target(Method::POST, "/oauth2/authn", JSON, answer.to_string()),
        target(Method::POST, "/t/carbon.super/oauth2/authn/", JSON, answer.to_string()),
        target(Method::POST, "/oauth2/authorize?response_mode=direct", FORM, start.clone()),
        target(Method::POST, "/t/carbon.super/oauth2/authorize?response_mode=direct", FORM, start),
        target(Method::POST, "/oauth2/token", FORM, format!("grant_type=authorization_code&code=x&{client}")),
        target(Method::POST, "/oauth2/introspect", FORM, format!("token=x&{client}")),
        target(Method::POST, "/oauth2/revoke", FORM, format!("token=x&{client}")),
        target(Method::POST, "/oauth2/userinfo", FORM, "access_token=x".to_owned()),
        target(Method::POST, "/oidc/logout?response_mode=direct", FORM, "client_id=shop&id_token_hint=x".to_owned()),
        target(Method::POST, "/api/server/v1/applications", JSON, app.to_string()),
        target(Method::POST, "/scim2/Users", JSON, user.to_string()),
    ];
    (world, targets)
}

fn path(target: &Target) -> &'static str {
    target.path.split('?').next().unwrap()
}

/// The answer is told in the words of its path.
#[track_caller]
fn has_face(path: &str, answer: &Answer, sent: &str) {
    let shown = || format!("{path} <- {sent:.300}\n{} {:?} {}", answer.status, answer.headers, answer.text());
    assert_eq!(answer.header("location"), None, "{}", shown());
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", shown());
    let kind = answer.header("content-type").unwrap_or_default().to_owned();
    assert!(["application/json", "application/scim+json"].contains(&kind.as_str()), "{}", shown());
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", shown()));
    let rest = path.strip_prefix("/t/carbon.super").unwrap_or(path).trim_end_matches('/');
    let members: &[&str] = match rest {
        "/oauth2/authorize" | "/oauth2/authn" | "/oidc/logout" => {
            &["code", "message", "description", "traceId", "error"]
        }
        _ if rest.starts_with("/oauth2/") => &["error", "error_description", "traceId"],
        _ if rest.starts_with("/scim2/") => &["status", "detail"],
        _ => &["code", "message", "description", "traceId"],
    };
    for member in members {
        assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {}", shown());
    }
}

#[track_caller]
fn is_refused(path: &str, answer: &Answer, sent: &str) {
    assert!(answer.status.is_client_error(), "{path} <- {sent:.300}\n{} {}", answer.status, answer.text());
    has_face(path, answer, sent);
}

/// Something that is malformed wherever it is sent.
fn malformed(target: &Target, dice: &mut Dice) -> Vec<u8> {
    let good = target.good.as_bytes();
    if target.kind == JSON {
        return match dice.below(7) {
            0 => [b"\xfe", &*dice.bytes(60)].concat(),
            1 | 2 => good[..dice.below(good.len() - 1)].to_vec(),
            3 => [good, b"}", &*dice.bytes(5)].concat(),
            4 => format!("[{}]", target.good).into_bytes(),
            5 => "[{\"a\":".repeat(1 + dice.below(5_000)).into_bytes(),
            _ => [&b"\"text\""[..], b"1", b"null", b"true", b"1e999", b"\"\\ud800\"", b"''"][dice.below(7)].to_vec(),
        };
    }
    match dice.below(5) {
        0 => dice.bytes(200).into_iter().filter(|b| *b != b'=').collect(),
        1 => [good, b"&", good].concat(),
        2 => [good, "&a=%zz&b=%".as_bytes(), &*"&x".repeat(65).into_bytes()].concat(),
        3 => [good, b"&client_id=", &*dice.bytes(30)].concat(),
        _ => format!("client_id={}", "%00%ff\u{e9}".repeat(1 + dice.below(50))).into_bytes(),
    }
}

#[tokio::test]
async fn a_thousand_malformed_bodies_are_refused_in_the_words_of_their_paths() {
    let (world, targets) = world().await;
    let mut dice = Dice(0x5eed);
    let caller = world.anonymous();
    let operator = world.anonymous().basic("admin", PASSWORD);
    for case in 0..CASES {
        let target = &targets[case % targets.len()];
        let body = malformed(target, &mut dice);
        let sent = String::from_utf8_lossy(&body).into_owned();
        let who =
            if path(target).starts_with("/oauth2") || path(target).starts_with("/t/") { &caller } else { &operator };
        let answer = who.send(target.method.clone(), target.path, Some(target.kind), body).await;
        is_refused(path(target), &answer, &sent);
    }
}

#[tokio::test]
async fn a_thousand_requests_with_flipped_bytes_never_break_the_server() {
    let (world, targets) = world().await;
    let mut dice = Dice(0xf11b);
    let operator = world.anonymous().basic("admin", PASSWORD);
    for case in 0..CASES {
        let target = &targets[case % targets.len()];
        let mut body = target.good.clone().into_bytes();
        for _ in 0..=dice.below(4) {
            let place = dice.below(body.len());
            match dice.below(3) {
                0 => body[place] = u8::try_from(dice.below(256)).unwrap(),
                1 => drop(body.remove(place)),
                _ => body.insert(place, b"\"{}[],:&=%\0\xff\\+"[dice.below(14)]),
            }
        }
        let sent = String::from_utf8_lossy(&body).into_owned();
        let who = if target.path.starts_with("/oauth2") { world.anonymous() } else { operator.clone() };
        let answer = who.send(target.method.clone(), target.path, Some(target.kind), body).await;
        if answer.status.is_success() {
            let told = answer.body.is_empty() || serde_json::from_slice::<Value>(&answer.body).is_ok();
            assert!(told, "{} <- {sent}\n{}", target.path, answer.text());
        } else {
            is_refused(path(target), &answer, &sent);
        }
    }
}

#[tokio::test]
async fn malformed_queries_are_refused_like_bodies() {
    let (world, _) = world().await;
    let mut dice = Dice(0x9ee1);
    let long = "x".repeat(20_000);
    for path in ["/oauth2/authorize", "/oidc/logout", "/t/carbon.super/oauth2/authorize"] {
        for query in
            ["", "client_id=shop&client_id=shop", "client_id=%ff%00", "client_secret=x", "%", "=&=", "&&&", &long]
        {
            let query = format!("response_mode=direct&{query}");
            is_refused(path, &world.anonymous().get(&format!("{path}?{query}")).await, &query);
        }
        for _ in 0..50 {
            let noise: String = dice
                .bytes(60)
                .iter()
                .map(|byte| format!("%{byte:02x}{}", ["", "&", "="][usize::from(byte % 3)]))
                .collect();
            let query = format!("response_mode=direct&{noise}");
            is_refused(path, &world.anonymous().get(&format!("{path}?{query}")).await, &query);
        }
    }
}

// Checklist 115.
#[tokio::test]
async fn odd_headers_are_refused_or_ignored() {
    let (world, targets) = world().await;
    for (name, value) in [
        ("authorization", "Basic"),
        ("authorization", "Basic ////"),
        ("authorization", "Basic gICA"),
        ("authorization", "Basic OnA="),
        ("authorization", "Digest x"),
        ("authorization", "Bearer \u{e9}"),
        ("cookie", "vestibule-session-carbon.super=;=;;%%;vestibule-session-carbon.super"),
        ("cookie", "\u{e9}"),
        ("traceparent", "\u{e9}"),
        ("origin", "\u{e9}"),
        ("x-forwarded-for", "a, b, c"),
        ("accept", "text/html"),
        ("accept-language", "*;q=x"),
        ("content-length", "x"),
    ] {
        for target in targets.iter().filter(|target| target.path != "/oauth2/authn") {
            let caller = world.anonymous().header(name, value);
            let body = if target.kind == JSON { b"{".to_vec() } else { b"client_id=a&client_id=b".to_vec() };
            let answer = caller.send(target.method.clone(), target.path, Some(target.kind), body).await;
            is_refused(path(target), &answer, &format!("{name}: {value}"));
        }
    }
}

#[tokio::test]
async fn a_method_that_the_path_does_not_take_is_405_and_says_which_it_takes() {
    let (world, targets) = world().await;
    let operator = world.anonymous().basic("admin", PASSWORD);
    let brew = Method::from_bytes(b"BREW").unwrap();
    for target in &targets {
        for method in [Method::PUT, Method::DELETE, brew.clone()] {
            let answer = operator.send(method.clone(), path(target), None, Vec::new()).await;
            has_face(path(target), answer.is(405), method.as_str());
            assert!(
                answer.header("allow").is_some_and(|allow| allow.contains("POST")),
                "{} {:?}",
                path(target),
                answer.headers
            );
        }
    }
    for path in ["/oauth2/authn", "/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"] {
        has_face(path, world.anonymous().get(path).await.is(405), "GET");
    }
    for path in ["/oauth2/jwks", "/.well-known/openid-configuration", "/health/live"] {
        has_face(path, world.anonymous().form(path, &[]).await.is(405), "POST");
    }
}

#[tokio::test]
async fn a_path_that_there_is_not_is_404_in_the_words_of_its_neighbours() {
    let (world, _) = world().await;
    let operator = world.anonymous().basic("admin", PASSWORD);
    for path in [
        "/",
        "/nowhere",
        "/oauth2/nowhere",
        "/oauth2/authn/more",
        "/oauth2//authn",
        "/t/carbon.super/nowhere",
        "/t/carbon.super/oauth2/nowhere",
        "/scim2/Nowhere",
        "/api/server/v1/nowhere",
        "/commonauth",
        "/oauth2/%61uthn",
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = operator.send(method, path, Some(JSON), b"{}".to_vec()).await;
            has_face(path, answer.is(404), "");
        }
    }
}

// Checklist 68.
#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let (world, targets) = world().await;
    let operator = world.anonymous().basic("admin", PASSWORD);
    for target in targets.iter().filter(|target| path(target) != "/oauth2/userinfo") {
        let other = if target.kind == JSON { FORM } else { JSON };
        for kind in
            [Some(other), Some("text/plain"), Some("application/jsonx"), Some("multipart/form-data; boundary=x"), None]
        {
            let answer =
                operator.send(target.method.clone(), target.path, kind, target.good.clone().into_bytes()).await;
            has_face(path(target), answer.is(415), kind.unwrap_or_default());
        }
    }
    for kind in ["application/json; charset=utf-8", "Application/JSON", "application/json;charset=UTF-8"] {
        let answer = world.anonymous().send(Method::POST, "/oauth2/authn", Some(kind), b"{}".to_vec()).await;
        answer.is_refused(400, "60001", "invalid_request");
    }
    let kind = Some("application/x-www-form-urlencoded; charset=utf-8");
    let body = b"grant_type=client_credentials&client_id=vault".to_vec();
    world.anonymous().send(Method::POST, "/oauth2/token", kind, body).await.is_oauth_refusal(401, "invalid_client");
}

// Checklist 14, 115.
#[tokio::test]
async fn a_body_that_is_too_long_is_413() {
    let (world, targets) = world().await;
    let operator = world.anonymous().basic("admin", PASSWORD);
    for target in targets.iter().filter(|target| path(target) != "/oauth2/userinfo") {
        let body = vec![b'x'; 256 * 1024 + 1];
        let answer = operator.send(target.method.clone(), target.path, Some(target.kind), body).await;
        has_face(path(target), answer.is(413), "much");
        let answer = operator.send(target.method.clone(), target.path, Some(target.kind), vec![b'x'; 256 * 1024]).await;
        assert_ne!(answer.status, 413);
        is_refused(path(target), &answer, "just enough");
    }
}
