//! Apple (`AppleOIDCAuthenticator`). The client secret is a token that this server signs with the key that Apple gave the
//! operator, anew for each exchange. Where scopes are asked for, Apple posts its answer to the redirect address, which an app
//! on a phone cannot take: apps use native mode.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{Answers, Authenticator, Param, Setting, SettingKind, Spec};
use vestibule_core::ports::Secret;
use vestibule_jose::{Algorithm, Family, SigningKey};

use crate::federated::settings::{
    ALIAS, AUTHORIZE, CLIENT_ID, ISS_REQUIRED, ISSUER, JWKS, JWKS_URI, MORE, NATIVE, PKCE, SCOPES, TOKEN, check_keys,
};
use crate::federated::{ELSEWHERE, Federated, Line, Person, Provider, names_of};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(Apple);

struct Apple;

const APPLE: &str = "https://appleid.apple.com";
/// Apple takes client secrets that live for at most six months.
const LONGEST: u32 = 15_777_000;

static SPEC: Spec = Spec {
    name: "AppleOIDCAuthenticator",
    display: "Apple",
    i18n_key: "authenticator.apple",
    summary: "An account at Apple.",
    params: &[
        Param::silent("code"),
        Param::silent("state"),
        Param::silent("iss"),
        Param::silent("error"),
        Param::silent("error_description"),
        Param::silent("accessToken"),
        Param::silent("idToken"),
        // Sent by Apple on the first login only, unsigned.
        Param::silent("user"),
    ],
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    Setting::text("TeamId", "Team ID", "The operator's team at Apple.").required(),
    Setting::text("KeyId", "Key ID", "The name of the private key.").required(),
    Setting::text("PrivateKey", "Private key", "The key of the .p8 file, with which client secrets are signed.")
        .of(SettingKind::Secret)
        .required(),
    Setting::text("SecretValidityPeriod", "Validity of client secrets", "In seconds; one is made for each exchange.")
        .of(SettingKind::Number)
        .or("300"),
    AUTHORIZE.or("https://appleid.apple.com/auth/authorize"),
    TOKEN.or("https://appleid.apple.com/auth/token"),
    SCOPES.or("openid name email"),
    ISSUER.or(APPLE),
    JWKS_URI.or("https://appleid.apple.com/auth/keys"),
    JWKS,
    NATIVE,
    ALIAS,
    ISS_REQUIRED,
    PKCE,
    MORE,
];

impl Provider for Apple {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn query(&self, line: &Line<'_>) -> Vec<(&'static str, &'static str)> {
        line.text("Scopes").map(|_| ("response_mode", "form_post")).into_iter().collect()
    }

    fn client_secret(&self, line: &Line<'_>) -> Result<Option<Secret<String>>, Fault> {
        let key = line.secret("PrivateKey")?.ok_or(Fault::new("a connection to Apple has no private key"))?;
        let key = signing_key(key.expose()).ok_or(Fault::new("a connection's key for Apple is no P-256 key"))?;
        let lifetime = line.demand("SecretValidityPeriod")?.parse().unwrap_or(0).clamp(60, LONGEST);
        let issued = line.cx.now.seconds();
        let claims = ClientSecret {
            iss: line.demand("TeamId")?,
            iat: issued,
            exp: issued.saturating_add(i64::from(lifetime)),
            aud: APPLE,
            sub: line.demand("ClientId")?,
        };
        let token = key.named(line.demand("KeyId")?).sign(Algorithm::ES256, "JWT", &claims);
        token.map(|token| Some(Secret::new(token))).map_err(|error| Fault::from("signing a client secret", error))
    }

    fn hearsay(&self, person: &mut Person, answers: &Answers) {
        let user = answers.text("user").and_then(|user| serde_json::from_str(user).ok());
        let names =
            user.map(|user| names_of(&user, "name", [("firstName", "given_name"), ("lastName", "family_name")]));
        for (claim, name) in names.unwrap_or_default() {
            person.claims.entry(claim).or_insert_with(|| name.into());
        }
    }

    fn check(&self, connection: &Connection) -> Result<(), String> {
        check_keys(connection, SETTINGS)?;
        match connection.setting("SecretValidityPeriod").map(str::parse::<u32>) {
            Some(Ok(seconds)) if !(60..=LONGEST).contains(&seconds) => {
                Err(format!("SecretValidityPeriod must be 60 to {LONGEST}."))
            }
            _ => Ok(()),
        }
    }
}

/// What Apple wants to be shown.
#[derive(Serialize)]
struct ClientSecret<'a> {
    iss: &'a str,
    iat: i64,
    exp: i64,
    aud: &'a str,
    sub: &'a str,
}

/// The key of a .p8 file: PKCS#8 in PEM (RFC 7468 §10).
fn signing_key(pem: &str) -> Option<SigningKey> {
    let body: String = pem.lines().map(str::trim).filter(|line| !line.starts_with("-----")).collect();
    let der = Secret::new(STANDARD.decode(body).ok()?);
    SigningKey::from_pkcs8(Family::P256, der.expose()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_p8_file_is_read() {
        let der = SigningKey::generate(Family::P256).unwrap().to_pkcs8().unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", STANDARD.encode(&*der));
        let kid = SigningKey::from_pkcs8(Family::P256, &der).unwrap().kid().to_owned();
        assert_eq!(signing_key(&pem).unwrap().kid(), kid);
        assert!(signing_key("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----").is_none());
    }
}
