//! Proofs of possession that prove nothing: at every endpoint each is refused with its own sentence, nothing is
//! evaluated or counted, and the holder of the key goes on (RFC 9449 §4.3).

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use vestibule::config::NonceRule;
use vestibule_jose::base64url;

use crate::caller::{Answer, Caller};
use crate::prover::Prover;
use crate::world::*;

/// The sentence of a refusal, in the face of whatever path it came from.
#[track_caller]
pub fn sentence(answer: &Answer) -> String {
    let body = answer.json();
    let told = ["description", "error_description", "detail"].iter().find_map(|member| body[*member].as_str());
    told.unwrap_or_else(|| panic!("no sentence in {body}")).to_owned()
}

/// A refusal about a proof, in the face of whatever path it came from.
#[track_caller]
pub fn is_proof_refusal(answer: &Answer, status: u16, name: &str, sentence: &str) {
    answer.is(status);
    let body = answer.json();
    assert_eq!(self::sentence(answer), sentence, "{body}");
    if let Some(native) = body.get("oauth_error") {
        assert_eq!((native, &body["error"], &body["code"]), (&json!(name), &json!("unauthorized"), &json!("401")));
    } else if body.get("error_description").is_some() {
        assert_eq!(body["error"], name);
    }
    assert!(answer.header("dpop-nonce").is_some_and(|nonce| nonce.len() == 43), "{:?}", answer.headers);
    let challenge = answer.header("www-authenticate");
    match status {
        401 => assert!(
            challenge.unwrap().starts_with(&format!("DPoP realm=\"carbon.super\", error=\"{name}\"")),
            "{challenge:?}"
        ),
        _ => assert_eq!(challenge, None),
    }
}

/// A place where a proof is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Site {
    Authorize,
    Authn,
    Code,
    Refresh,
    AppToken,
    Userinfo,
    Me,
    Account,
}

impl Site {
    const ALL: [Self; 8] = [
        Self::Authorize,
        Self::Authn,
        Self::Code,
        Self::Refresh,
        Self::AppToken,
        Self::Userinfo,
        Self::Me,
        Self::Account,
    ];

    const fn method(self) -> &'static str {
        if self.is_resource() { "GET" } else { "POST" }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Authorize => "/oauth2/authorize",
            Self::Authn => "/oauth2/authn",
            Self::Code | Self::Refresh | Self::AppToken => "/oauth2/token",
            Self::Userinfo => "/oauth2/userinfo",
            Self::Me => "/scim2/Me",
            Self::Account => crate::me::CODES,
        }
    }

    const fn is_resource(self) -> bool {
        matches!(self, Self::Userinfo | Self::Me | Self::Account)
    }

    /// Whether something is bound there already.
    const fn is_bound(self) -> bool {
        !matches!(self, Self::Authorize | Self::AppToken)
    }

    /// Status of a refusal.
    fn status(self) -> u16 {
        if self.path() == "/oauth2/token" { 400 } else { 401 }
    }
}

/// A bound login in every state at once.
struct Scene {
    world: World,
    prover: Arc<Prover>,
    flow: String,
    code: String,
    refresh: String,
    access: String,
}

impl Scene {
    async fn new() -> Self {
        let (world, prover) = crate::dpop::shop().await;
        world.confidential_app("vault").await;
        let kim = world.proving(&prover);
        let tokens = world.bound_login(&prover).await;
        let code = kim.sign_in("shop", "kim", &[]).await.code();
        let flow = kim.authorize("shop", &[]).await.flow_id();
        let (refresh, access) = (tokens.at("/refresh_token"), tokens.at("/access_token"));
        Self { world, prover, flow, code, refresh, access }
    }

    /// Calls a place with these proofs; a wrong password is given unless `well`.
    async fn call(&self, site: Site, proofs: &[String], well: bool) -> Answer {
        let prove = |caller: Caller| proofs.iter().fold(caller, |caller, proof| caller.header("dpop", proof));
        let caller = prove(self.world.anonymous());
        match site {
            Site::Authorize => caller.authorize("shop", &[]).await,
            Site::Authn => caller.password(&self.flow, "kim", if well { PASSWORD } else { "a guess" }).await,
            Site::Code => caller.exchange("shop", &self.code).await,
            Site::Refresh => caller.refresh("shop", &self.refresh).await,
            Site::AppToken => {
                let form = [("grant_type", "client_credentials")];
                caller.basic("vault", SECRET).form("/oauth2/token", &form).await
            }
            Site::Userinfo | Site::Me | Site::Account => caller.dpop(&self.access).get(site.path()).await,
        }
    }

    /// The claims of a good proof.
    fn claims(&self, site: Site) -> Value {
        match site.is_resource() {
            true => self.prover.claims_for(site.method(), site.path(), &self.access),
            false => self.prover.claims(site.method(), site.path()),
        }
    }

    fn proof(&self, site: Site) -> String {
        self.prover.sign(&self.prover.header(), &self.claims(site))
    }

    /// A proof with one claim changed; null takes it away.
    fn claiming(&self, site: Site, name: &str, value: Value) -> String {
        let mut claims = self.claims(site);
        claims[name] = value;
        self.prover.sign(&self.prover.header(), &claims)
    }

    /// A proof with one member of its header changed.
    fn headed(&self, site: Site, name: &str, value: Value) -> String {
        let mut header = self.prover.header();
        header[name] = value;
        self.prover.sign(&header, &self.claims(site))
    }

    /// What is wrong with each proof.
    fn flaws(&self, site: Site) -> Vec<(&'static str, Vec<String>)> {
        let claims = |name, value| vec![self.claiming(site, name, value)];
        let headers = |name, value| vec![self.headed(site, name, value)];
        let now = START.seconds();
        let mut flaws = vec![(SEVERAL, vec![self.proof(site), self.proof(site)])];
        flaws.extend([json!(now - 61), json!(0), json!(i64::MIN)].map(|iat| (OLD, claims("iat", iat))));
        flaws.extend([json!(now + 11), json!(i64::MAX)].map(|iat| (AHEAD, claims("iat", iat))));
        let method = if site.method() == "GET" { "POST" } else { "GET" };
        flaws.extend([method, &site.method().to_lowercase()].map(|htm| (METHOD, claims("htm", htm.into()))));
        flaws.extend(self.other_urls(site).map(|htu| (URL, claims("htu", htu.into()))));
        flaws.extend([json!("JWT"), json!("at+jwt"), Value::Null].map(|typ| (TYPE, headers("typ", typ))));
        flaws.extend(["none", "HS256", "EdDSA", "RS512", ""].map(|alg| (ALGORITHM, headers("alg", alg.into()))));
        let mut private = self.prover.jwk();
        private["d"] = base64url(&[7; 32]).into();
        let shared = json!({"kty": "oct", "k": base64url(&[7; 32])});
        flaws.extend([private, shared, Value::Null, json!("x")].map(|jwk| (KEY, headers("jwk", jwk))));
        flaws.push((SIGNATURE, headers("jwk", self.world.prover().jwk())));
        flaws.push((SIGNATURE, vec![self.tampered(site)]));
        flaws.extend(["jti", "htm", "htu", "iat"].map(|name| (CLAIMS, claims(name, Value::Null))));
        flaws.push((CLAIMS, claims("iat", "soon".into())));
        flaws.extend([String::new(), "x".repeat(257)].map(|jti| (NAME, claims("jti", jti.into()))));
        flaws.push((LONG, claims("jti", "x".repeat(4096).into())));
        flaws.push((MALFORMED, headers("crit", json!(["exp"]))));
        flaws.extend(["", "x", "a.b.c", "a.b.c.d", "ä"].map(|text| (MALFORMED, vec![text.to_owned()])));
        if site.is_resource() {
            let hash = base64url(&vestibule_jose::sha256(b"another token"));
            flaws.extend([Value::Null, json!(hash), json!("")].map(|ath| (TOKEN, claims("ath", ath))));
        }
        if site.is_bound() {
            flaws.push((MISSING, Vec::new()));
            let thief = self.world.prover();
            flaws.push((OTHER_KEY, vec![thief.sign(&thief.header(), &self.claims(site))]));
        }
        flaws
    }

    fn other_urls(&self, site: Site) -> [String; 6] {
        let path = site.path();
        [
            format!("{BASE}/t/carbon.super{path}"),
            format!("{BASE}/t/acme{path}"),
            format!("https://evil.example{path}"),
            format!("https://localhost:9443{path}"),
            format!("{BASE}{path}/"),
            path.to_owned(),
        ]
    }

    /// A proof whose claims were changed after it was signed.
    fn tampered(&self, site: Site) -> String {
        let (proof, claims) = (self.proof(site), self.claims(site).to_string());
        let parts: Vec<_> = proof.split('.').collect();
        format!("{}.{}.{}", parts[0], base64url(claims.as_bytes()), parts[2])
    }
}

pub const MISSING: &str = "A DPoP proof is missing: what the request is about is bound to a key.";
pub const OTHER_KEY: &str = "The DPoP proof was made with another key than the one that is bound.";
const SEVERAL: &str = "The request has more than one DPoP header.";
const OLD: &str = "The iat of the DPoP proof is too long ago: make a new one for each request.";
const AHEAD: &str = "The iat of the DPoP proof lies in the future: the clock of its maker is ahead.";
const METHOD: &str = "The htm of the DPoP proof is not the method of the request.";
const URL: &str = "The htu of the DPoP proof is not the public URL of the request.";
const TYPE: &str = "The typ of the DPoP proof must be dpop+jwt.";
const ALGORITHM: &str =
    "The alg of the DPoP proof must be ES256, ES384, EdDSA, PS256 or RS256, and fit the key in its jwk.";
const KEY: &str = "The jwk of the DPoP proof must be a public EC, OKP or RSA key, without private members.";
const SIGNATURE: &str = "The signature of the DPoP proof was not made by the key in its jwk.";
const CLAIMS: &str = "The DPoP proof must have the claims jti, htm, htu and, in whole seconds, iat.";
const NAME: &str = "The jti of the DPoP proof must have 1 to 256 bytes.";
const LONG: &str = "The DPoP proof is longer than 4096 bytes.";
const MALFORMED: &str = "The DPoP proof is not a signed JWT in compact form without critical extensions.";
const TOKEN: &str = "The ath of the DPoP proof is not the hash of the access token.";
const STALE: &str = "The nonce of the DPoP proof is too old or not ours: use the one in the header DPoP-Nonce.";
const NEEDED: &str = "The DPoP proof needs the nonce in the header DPoP-Nonce of this answer.";
const REQUIRED: &str = "The application must prove the possession of a key: send a DPoP proof.";

// Checklist 54, 55, 79, 82, 88, 89, 92, 96.
#[tokio::test]
async fn a_proof_that_proves_nothing_is_refused_everywhere_and_harms_nobody() {
    let scene = Scene::new().await;
    for site in Site::ALL {
        for (sentence, proofs) in scene.flaws(site) {
            let refused = scene.call(site, &proofs, false).await;
            is_proof_refusal(&refused, site.status(), "invalid_dpop_proof", sentence);
        }
        let nonces = ["".to_owned(), "x".to_owned(), base64url(&[7; 32])];
        for nonce in nonces {
            let refused = scene.call(site, &[scene.claiming(site, "nonce", nonce.into())], false).await;
            is_proof_refusal(&refused, site.status(), "use_dpop_nonce", STALE);
        }
    }
    for site in Site::ALL {
        let edge = scene.claiming(site, "iat", json!(START.seconds() - 60));
        scene.call(site, &[edge], true).await.is(200);
    }
}

// Checklist 89.
#[tokio::test]
async fn whoever_called_by_another_host_is_held_to_the_public_url() {
    let (world, prover) = crate::dpop::shop().await;
    let mut claims = prover.claims("POST", "/oauth2/authorize");
    claims["htu"] = "http://evil.example/oauth2/authorize".into();
    let poisoned = world.anonymous().header("host", "evil.example").header("x-forwarded-host", "evil.example");
    let refused = poisoned.clone().header("dpop", &prover.sign(&prover.header(), &claims)).authorize("shop", &[]).await;
    is_proof_refusal(&refused, 401, "invalid_dpop_proof", URL);
    poisoned.proving(&prover).authorize("shop", &[]).await.is(200);
}

// Checklist 89.
#[tokio::test]
async fn a_nonce_goes_round_where_the_server_wants_one() {
    let world = World::set(|setting| setting.config.dpop.nonce = NonceRule::Required).await;
    world.app("shop").await;
    world.user("kim").await;
    let prover = world.prover();
    let first = world.proving(&prover).authorize("shop", &[]).await;
    is_proof_refusal(&first, 401, "use_dpop_nonce", NEEDED);
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let with = |path: &str, nonce: &str| {
        let mut claims = prover.claims("POST", path);
        claims["nonce"] = nonce.into();
        world.anonymous().header("dpop", &prover.sign(&prover.header(), &claims))
    };
    let start = with("/oauth2/authorize", &nonce).authorize("shop", &[]).await;
    assert_eq!(start.is(200).header("dpop-nonce"), Some(&*nonce));
    let bare = world.proving(&prover).password(&start.flow_id(), "kim", PASSWORD).await;
    is_proof_refusal(&bare, 401, "use_dpop_nonce", NEEDED);
    let done = with("/oauth2/authn", &nonce).password(&start.flow_id(), "kim", PASSWORD).await;
    let code = done.is_step("SUCCESS_COMPLETED").code();
    is_proof_refusal(&world.proving(&prover).exchange("shop", &code).await, 400, "use_dpop_nonce", NEEDED);
    let tokens = with("/oauth2/token", &nonce).exchange("shop", &code).await;
    let shown = world.proving(&prover).dpop(&tokens.is(200).at("/access_token"));
    is_proof_refusal(&shown.get("/oauth2/userinfo").await, 401, "use_dpop_nonce", NEEDED);

    world.wait(seconds(300));
    let next = with("/oauth2/authorize", &nonce).authorize("shop", &[]).await;
    let newer = next.is(200).header("dpop-nonce").unwrap().to_owned();
    assert_ne!(newer, nonce);
    world.wait(seconds(300));
    let old = with("/oauth2/authorize", &nonce).authorize("shop", &[]).await;
    is_proof_refusal(&old, 401, "use_dpop_nonce", STALE);
    with("/oauth2/authorize", &newer).authorize("shop", &[]).await.is(200);
}

// Checklist 88.
#[tokio::test]
async fn an_application_that_must_bind_its_tokens_gets_nothing_without_a_proof() {
    let (world, prover) = crate::dpop::shop().await;
    let vault = world.confidential_app("vault").await;
    let code = world.anonymous().basic("vault", SECRET).sign_in("vault", "kim", &[]).await.code();
    let loose = world.anonymous().basic("vault", SECRET).sign_in("vault", "kim", &[]).await.code();
    let (plain, bound) = (world.anonymous().basic("vault", SECRET), world.proving(&prover).basic("vault", SECRET));
    let tokens = plain.exchange("vault", &loose).await;
    world.change_app(&vault, |app| app.oauth.dpop_required = true).await;
    is_proof_refusal(&plain.authorize("vault", &[]).await, 401, "invalid_dpop_proof", REQUIRED);
    is_proof_refusal(&plain.exchange("vault", &code).await, 400, "invalid_dpop_proof", REQUIRED);
    let refresh = tokens.at("/refresh_token");
    is_proof_refusal(&plain.refresh("vault", &refresh).await, 400, "invalid_dpop_proof", REQUIRED);
    let form = [("grant_type", "client_credentials")];
    is_proof_refusal(&plain.form("/oauth2/token", &form).await, 400, "invalid_dpop_proof", REQUIRED);

    bound.authorize("vault", &[]).await.is(200);
    plain.authorize("vault", &[("dpop_jkt", prover.jkt())]).await.is(200);
    for tokens in [
        bound.exchange("vault", &code).await,
        bound.refresh("vault", &refresh).await,
        bound.form("/oauth2/token", &form).await,
    ] {
        assert_eq!(tokens.is(200).at("/token_type"), "DPoP");
        assert_eq!(claims(&tokens.at("/access_token"))["cnf"]["jkt"], prover.jkt());
    }
}

#[tokio::test]
async fn binding_is_a_setting_of_the_application() {
    let world = World::new().await;
    let admin = world.admin().await;
    let oidc = |binding: &str| {
        json!({
            "grantTypes": ["authorization_code"], "callbackURLs": [REDIRECT], "publicClient": true,
            "accessToken": {"bindingType": binding},
        })
    };
    let body = json!({"name": "shop", "inboundProtocolConfiguration": {"oidc": oidc("DPoP")}});
    let made = admin.json(Method::POST, "/api/server/v1/applications", &body).await;
    let path = made.is(201).header("location").unwrap().split("/api").nth(1).unwrap().to_owned();
    let path = format!("/api{path}/inbound-protocols/oidc");
    for binding in ["DPoP", "sso-session"] {
        admin.json(Method::PUT, &path, &oidc(binding)).await.is(200);
        assert_eq!(admin.get(&path).await.at("/accessToken/bindingType"), binding);
    }
}
