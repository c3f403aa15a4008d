//! ID tokens: who signed in, in the provider's signed words (OpenID Connect Core §3.1.3.7).

use serde_json::{Map, Value};
use vestibule_jose::{Verified, equal, left_half_hash};

use super::{Line, Person, Provider, Refusal, Tokens, issuer, keys, redirect};

/// How far the provider's clock may be from ours, in seconds.
const SKEW: i64 = 60;
/// How old a token may be that the app brings, in seconds.
const NATIVE_AGE: i64 = 300;

/// The person that an ID token speaks of.
pub(super) async fn person(provider: &impl Provider, line: &Line<'_>, tokens: &Tokens) -> Result<Person, Refusal> {
    let token = tokens.id.as_ref().ok_or(Refusal::Wrong("the provider gave no ID token"))?;
    let verified = keys::check(line, token.expose()).await?;
    let claims: Map<String, Value> = verified.claims().map_err(|_| Refusal::Wrong("the ID token has no claims"))?;
    let claims = Claims(claims);
    let issuer = claims.issuer(provider, line)?;
    claims.is_for_us(line, tokens.native)?;
    claims.is_of_now(line.cx.now.seconds(), tokens.native)?;
    claims.answers_us(provider, line, tokens.native)?;
    claims.goes_with(&verified, tokens)?;
    let subject = claims.text("sub").unwrap_or_default().to_owned();
    let mut all = claims.0;
    if let (Some(url), Some(access)) = (line.text("UserInfoUrl"), &tokens.access) {
        let more = line.ask(url, access).await?;
        // OpenID Connect Core §5.3.2: an access token of somebody else must not add to this person.
        if more.get("sub").and_then(Value::as_str) != Some(&subject) {
            return Err(Refusal::Wrong("userinfo speaks of somebody else"));
        }
        add(&mut all, more.as_object().into_iter().flatten());
    }
    Person::new(issuer, subject, all).ok_or(Refusal::Wrong("the ID token names nobody"))
}

/// Claims of which one says how far the other may be trusted: they are taken from one and the same document.
const PAIRS: [[&str; 2]; 2] = [["email", "email_verified"], ["phone_number", "phone_number_verified"]];

/// Adds what is not there yet.
fn add<'a>(all: &mut Map<String, Value>, more: impl Iterator<Item = (&'a String, &'a Value)>) {
    let signed: Vec<String> = all.keys().cloned().collect();
    let is_signed = |name: &str| signed.iter().any(|signed| signed == name);
    for (name, value) in more {
        let pair = PAIRS.iter().find(|pair| pair.contains(&name.as_str()));
        if !is_signed(name) && !pair.is_some_and(|pair| pair.iter().any(|name| is_signed(name))) {
            all.insert(name.clone(), value.clone());
        }
    }
}

struct Claims(Map<String, Value>);

impl Claims {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// A moment in seconds; fractions are allowed (RFC 7519 §2) and cut off.
    fn moment(&self, name: &str) -> Option<i64> {
        let number = self.0.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "a float beyond the range becomes its nearest end")]
        number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
    }

    fn issuer(&self, provider: &impl Provider, line: &Line<'_>) -> Result<String, Refusal> {
        let wrong = Refusal::Wrong("the ID token is another issuer's");
        let (given, configured) = (self.text("iss").unwrap_or_default(), line.demand("idpIssuerName")?);
        let Some(wanted) = issuer::of_tenant(configured, self.text("tid")) else { return Err(wrong) };
        issuer::matched(&wanted, given, provider.other_issuers()).ok_or(wrong)
    }

    /// The audience is this client, and nobody else's token is passed off as one for it.
    fn is_for_us(&self, line: &Line<'_>, native: bool) -> Result<(), Refusal> {
        let client = line.demand("ClientId")?;
        let audience = if native { line.text("alias").unwrap_or(client) } else { client };
        let (is_named, others) = match self.0.get("aud") {
            Some(Value::String(one)) => (one == audience, false),
            Some(Value::Array(all)) => (all.iter().any(|one| one.as_str() == Some(audience)), all.len() > 1),
            _ => (false, false),
        };
        if !is_named {
            return Err(Refusal::Wrong("the ID token is for another audience"));
        }
        match self.0.get("azp") {
            // The SDK of a phone asks in its own name for a token for the server's.
            _ if native && !others => Ok(()),
            Some(azp) if azp.as_str() == Some(client) => Ok(()),
            None if !others => Ok(()),
            _ => Err(Refusal::Wrong("the ID token was given to another client")),
        }
    }

    fn is_of_now(&self, now: i64, native: bool) -> Result<(), Refusal> {
        let (Some(expires), Some(issued)) = (self.moment("exp"), self.moment("iat")) else {
            return Err(Refusal::Wrong("the ID token has no exp or iat"));
        };
        if now >= expires.saturating_add(SKEW) {
            return Err(Refusal::Wrong("the ID token is over"));
        }
        let begins = self.moment("nbf").unwrap_or(issued).max(issued);
        if begins > now.saturating_add(SKEW) {
            return Err(Refusal::Wrong("the ID token is of the future"));
        }
        if native && now.saturating_sub(issued) > NATIVE_AGE {
            return Err(Refusal::Wrong("the ID token is too old to have been made for this login"));
        }
        Ok(())
    }

    /// The nonce is this attempt's: a token of another login is of no use here.
    fn answers_us(&self, provider: &impl Provider, line: &Line<'_>, native: bool) -> Result<(), Refusal> {
        let Some(given) = self.0.get("nonce") else {
            if native || provider.echoes_nonce() {
                return Err(Refusal::Wrong("the ID token has no nonce"));
            }
            return Ok(());
        };
        let given = given.as_str().unwrap_or_default();
        if equal(given.as_bytes(), redirect::nonce(&line.cx).as_bytes()) {
            return Ok(());
        }
        Err(Refusal::Wrong("the ID token's nonce is not the one of this attempt"))
    }

    /// The access token is the one that was given with the ID token, where that says so.
    fn goes_with(&self, verified: &Verified, tokens: &Tokens) -> Result<(), Refusal> {
        let (Some(hash), Some(access)) = (self.text("at_hash"), &tokens.access) else { return Ok(()) };
        let ours = left_half_hash(verified.header.alg, access.expose());
        if equal(hash.trim_end_matches('=').as_bytes(), ours.as_bytes()) {
            return Ok(());
        }
        Err(Refusal::Wrong("the access token does not go with the ID token"))
    }
}
