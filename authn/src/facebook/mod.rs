//! Facebook (`FacebookAuthenticator`). Who signed in is asked of its Graph API; a token that the app brings is first shown
//! to Facebook, which tells for which app it was made.

use async_trait::async_trait;
use serde_json::Value;
use url::Url;
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{Authenticator, Setting, SettingKind, Spec};
use vestibule_core::ports::Secret;

use crate::federated::settings::{
    AUTHORIZE, CLIENT_ID, CLIENT_SECRET, ISS_REQUIRED, ISSUER, MORE, NATIVE, PKCE, SCOPES, TOKEN, USERINFO,
};
use crate::federated::{ELSEWHERE, Federated, Line, Person, Provider, Refusal, Tokens, names_of};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Federated(Facebook);

struct Facebook;

static SPEC: Spec = Spec {
    name: "FacebookAuthenticator",
    display: "facebook",
    i18n_key: "authenticator.facebook",
    summary: "An account at Facebook.",
    ..ELSEWHERE
};

static SETTINGS: &[Setting] = &[
    CLIENT_ID,
    CLIENT_SECRET.required(),
    AUTHORIZE.or("https://www.facebook.com/dialog/oauth"),
    TOKEN.or("https://graph.facebook.com/oauth/access_token"),
    USERINFO.or("https://graph.facebook.com/me"),
    Setting::text("UserInfoFields", "Fields", "What is asked of the user, with commas between.")
        .or("id,name,email,first_name,last_name"),
    Setting::text("DebugTokenUrl", "Token inspection", "Where Facebook tells for which app a token was made.")
        .of(SettingKind::Endpoint)
        .or("https://graph.facebook.com/debug_token"),
    SCOPES.or("email"),
    ISSUER.or("https://www.facebook.com"),
    ISS_REQUIRED,
    NATIVE,
    PKCE,
    MORE,
];

#[async_trait]
impl Provider for Facebook {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn settings(&self) -> &'static [Setting] {
        SETTINGS
    }

    fn suffix(&self) -> &'static str {
        ",facebook"
    }

    fn native_params(&self) -> &'static [&'static str] {
        &["accessToken"]
    }

    async fn person(&self, line: &Line<'_>, tokens: &Tokens) -> Result<Person, Refusal> {
        let access = tokens.access.as_ref().ok_or(Refusal::Wrong("the provider gave no access token"))?;
        let owner = if tokens.native { Some(inspected(line, access).await?) } else { None };
        let url = with(line.demand("UserInfoUrl")?, "fields", line.demand("UserInfoFields")?)?;
        let me = line.ask(&url, access).await?;
        let names = names_of(&Value::Object([("me".to_owned(), me.clone())].into_iter().collect()), "me", NAMES);
        let Value::Object(mut claims) = me else { return Err(Refusal::Wrong("the provider's API names nobody")) };
        let subject = claims.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if owner.is_some_and(|owner| owner != subject) {
            return Err(Refusal::Wrong("the access token is another user's"));
        }
        // Facebook does not say whether an address is verified.
        claims.remove("email_verified");
        claims.extend(names.into_iter().map(|(claim, name)| (claim.to_owned(), name.into())));
        let issuer = line.demand("idpIssuerName")?.to_owned();
        Person::new(issuer, subject, claims).ok_or(Refusal::Wrong("the provider's API names nobody"))
    }

    /// It gives no ID tokens, so there is nothing to check them with.
    fn check(&self, _: &Connection) -> Result<(), String> {
        Ok(())
    }
}

const NAMES: [(&str, &str); 2] = [("first_name", "given_name"), ("last_name", "family_name")];

/// Whose token it is, if it is valid and was made for this app: else a token that another app was given would open an account
/// here (RFC 9700 §4.17 by its other name, the confused deputy).
async fn inspected(line: &Line<'_>, token: &Secret<String>) -> Result<String, Refusal> {
    let wrong = Refusal::Wrong("the access token was made for another app or is over");
    let id = line.demand("ClientId")?;
    let secret = line.secret("ClientSecret")?.ok_or(Fault::new("a connection to Facebook has no client secret"))?;
    let app = Secret::new(format!("{id}|{}", secret.expose()));
    // The interface takes the token to inspect nowhere but in the query.
    let url = with(line.demand("DebugTokenUrl")?, "input_token", token.expose())?;
    let told = line.ask(&url, &app).await?;
    let data = told.get("data").cloned().unwrap_or_default();
    let text = |name: &str| match data.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    // Zero is a token that does not end by itself.
    let expires = data.get("expires_at").and_then(Value::as_i64).unwrap_or(0);
    let is_over = expires != 0 && expires <= line.cx.now.seconds();
    let is_ours = data.get("is_valid") == Some(&Value::Bool(true)) && text("app_id") == id && text("type") == "USER";
    let owner = text("user_id");
    if is_ours && !is_over && !owner.is_empty() { Ok(owner) } else { Err(wrong) }
}

fn with(url: &str, name: &str, value: &str) -> Result<String, Fault> {
    let mut url = Url::parse(url).map_err(|error| Fault::from("reading a provider's address", error))?;
    url.query_pairs_mut().append_pair(name, value);
    Ok(url.into())
}
