//! GitHub (`GithubAuthenticator`). It is no OpenID provider: who signed in is asked of its API, over TLS and with the access
//! token that the exchange gave this server.

use async_trait::async_trait;
use serde_json::Value;
use vestibule_core::connection::Connection;
use vestibule_core::flow::authenticator::{Authenticator, Param, Setting, SettingKind, Spec};

use crate::federated::settings::{
    AUTHORIZE, BASIC, CLIENT_ID, CLIENT_SECRET, ISS_REQUIRED, ISSUER, MORE, PKCE, SCOPES, TOKEN, USERINFO,
};
use crate::federated::{ELSEWHERE, Federated, Line, Person, Provider, Refusal, Tokens};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(GitHub);

struct GitHub;

static SPEC: Spec = Spec {
    name: "GithubAuthenticator",
    display: "Github",
    i18n_key: "authenticator.oidc",
    summary: "An account at GitHub.",
    params: &[
        Param::silent("code"),
        Param::silent("state"),
        Param::silent("iss"),
        Param::silent("error"),
        Param::silent("error_description"),
    ],
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    CLIENT_SECRET.required(),
    AUTHORIZE.or("https://github.com/login/oauth/authorize"),
    TOKEN.or("https://github.com/login/oauth/access_token"),
    USERINFO.or("https://api.github.com/user"),
    Setting::text("UserEmailsUrl", "Addresses", "Where the user's email addresses are told.")
        .of(SettingKind::Url)
        .or("https://api.github.com/user/emails"),
    Setting::text("UsePrimaryEmail", "Primary address", "The primary address is asked for (scope user:email).")
        .of(SettingKind::Switch)
        .or("false"),
    SCOPES.or("user"),
    ISSUER.or("https://github.com/login/oauth"),
    ISS_REQUIRED,
    PKCE,
    BASIC,
    MORE,
];

#[async_trait]
impl Provider for GitHub {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    async fn person(&self, line: &Line<'_>, tokens: &Tokens) -> Result<Person, Refusal> {
        let access = tokens.access.as_ref().ok_or(Refusal::Wrong("the provider gave no access token"))?;
        let user = line.ask(line.demand("UserInfoUrl")?, access).await?;
        let Value::Object(mut claims) = user else { return Err(Refusal::Wrong("the provider's API names nobody")) };
        // The number stays when an account changes its login, which another account may take then.
        let subject = claims.get("id").and_then(Value::as_u64).map(|id| id.to_string()).unwrap_or_default();
        // What a profile shows in public is no verified address.
        claims.remove("email_verified");
        if line.is_on("UsePrimaryEmail") {
            let addresses = line.ask(line.demand("UserEmailsUrl")?, access).await?;
            claims.remove("email");
            if let Some(address) = primary(&addresses) {
                claims.insert("email".to_owned(), address.into());
                claims.insert("email_verified".to_owned(), true.into());
            }
        }
        let issuer = line.demand("idpIssuerName")?.to_owned();
        Person::new(issuer, subject, claims).ok_or(Refusal::Wrong("the provider's API names nobody"))
    }

    /// It gives no ID tokens, so there is nothing to check them with.
    fn check(&self, _: &Connection) -> Result<(), String> {
        Ok(())
    }
}

/// The primary address, if it is verified.
fn primary(addresses: &Value) -> Option<&str> {
    let is = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_bool) == Some(true);
    let found = addresses.as_array()?.iter().find(|entry| is(entry, "primary") && is(entry, "verified"))?;
    found.get("email")?.as_str()
}
