//! What an application may be like. A refusal names the member in the words of the API.

use std::collections::BTreeSet;
use std::time::Duration;

use url::Url;

use super::super::{invalid, is_text};
use super::{AppDraft, client_auth, mobile};
use crate::application::{AuthMethod, GrantType, Lifetimes, OauthSettings, Sequence, SequenceStep, StepOption};
use crate::error::Error;
use crate::keyring::ALGORITHMS;
use crate::ports::Secret;

const LONGEST_NAME: usize = 255;
const LONGEST_DESCRIPTION: usize = 1024;
const LONGEST_AUTHENTICATOR: usize = 128;
const MOST_STEPS: usize = 10;
const MOST_OPTIONS: usize = 20;
const MOST_ORIGINS: usize = 100;
const MOST_ATTEMPTS: u32 = 1000;

const DAY: u64 = 24 * 60 * 60;
const YEAR: u64 = 365 * DAY;
const TOKEN: u64 = Lifetimes::LONGEST_TOKEN.as_secs();

type Lifetime = (&'static str, fn(&Lifetimes) -> Duration, u64, u64);

/// Lifetimes with the fewest and most seconds.
const LIFETIMES: &[Lifetime] = &[
    ("flowExpiryInSeconds", |all| all.flow, 30, 60 * 60),
    // RFC 6749 §4.1.2: ten minutes at most.
    ("authorizationCode.expiryInSeconds", |all| all.code, 1, 600),
    ("accessToken.userAccessTokenExpiryInSeconds", |all| all.access_token, 1, TOKEN),
    ("accessToken.applicationAccessTokenExpiryInSeconds", |all| all.app_access_token, 1, TOKEN),
    ("idToken.expiryInSeconds", |all| all.id_token, 1, TOKEN),
    ("refreshToken.expiryInSeconds", |all| all.refresh, 1, YEAR),
    ("refreshToken.absoluteExpiryInSeconds", |all| all.refresh_absolute, 1, YEAR),
    ("session.idleTimeoutInSeconds", |all| all.session_idle, 60, YEAR),
    ("session.rememberMeTimeoutInSeconds", |all| all.session_remembered, 60, YEAR),
];

impl AppDraft {
    /// Refuses what an application may not be like.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.name.trim().is_empty() || !is_text(&self.name, LONGEST_NAME) {
            return Err(invalid(format!("name must have 1 to {LONGEST_NAME} characters.")));
        }
        if !is_text(&self.description, LONGEST_DESCRIPTION) {
            return Err(invalid(format!("description must have at most {LONGEST_DESCRIPTION} characters.")));
        }
        oauth(&self.oauth)?;
        client_auth::check(&self.oauth)?;
        mobile::check(&self.mobile)?;
        lifetimes(&self.oauth)?;
        sequence(&self.sequence)
    }
}

fn oauth(settings: &OauthSettings) -> Result<(), Error> {
    if settings.public && settings.grants.contains(&GrantType::ClientCredentials) {
        return Err(invalid("grantTypes: a public client cannot have client_credentials."));
    }
    if settings.public && !settings.rotate_refresh {
        return Err(invalid("refreshToken.renewRefreshToken must be true for a public client."));
    }
    origins(&settings.origins)?;
    for (member, alg) in [
        ("accessToken.accessTokenSignedResponseAlg", settings.access_token_alg),
        ("idToken.idTokenSignedResponseAlg", settings.id_token_alg),
    ] {
        if !ALGORITHMS.contains(&alg) {
            let names: Vec<_> = ALGORITHMS.iter().map(|alg| alg.as_str()).collect();
            return Err(invalid(format!("{member} must be one of {}.", names.join(", "))));
        }
    }
    Ok(())
}

/// Origins are compared with what a browser sends, so they are written as a browser writes them (RFC 6454 §6.2).
fn origins(origins: &BTreeSet<String>) -> Result<(), Error> {
    if origins.len() > MOST_ORIGINS {
        return Err(invalid(format!("allowedOrigins must be at most {MOST_ORIGINS}.")));
    }
    for origin in origins {
        let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let spelled = url.map(|url| url.origin().ascii_serialization());
        if spelled.as_ref() != Some(origin) {
            return Err(invalid(
                "allowedOrigins must be origins as a browser sends them, such as https://app.example.com.",
            ));
        }
    }
    Ok(())
}

fn lifetimes(settings: &OauthSettings) -> Result<(), Error> {
    let all = &settings.lifetimes;
    for (member, of, fewest, most) in LIFETIMES {
        if !(*fewest..=*most).contains(&of(all).as_secs()) {
            return Err(invalid(format!("{member} must be {fewest} to {most}.")));
        }
    }
    if all.refresh > all.refresh_absolute {
        return Err(invalid("refreshToken.expiryInSeconds must not exceed refreshToken.absoluteExpiryInSeconds."));
    }
    if settings.repeat_window.is_some_and(|window| window > Duration::from_secs(300)) {
        return Err(invalid("refreshToken.repeatWindowInSeconds must be 0 to 300."));
    }
    Ok(())
}

fn sequence(sequence: &Sequence) -> Result<(), Error> {
    if !(1..=MOST_STEPS).contains(&sequence.steps.len()) {
        return Err(invalid(format!("authenticationSequence.steps must be 1 to {MOST_STEPS}.")));
    }
    let steps = 1..=sequence.steps.len();
    for (member, step) in [("subjectStepId", sequence.subject_step), ("attributeStepId", sequence.attribute_step)] {
        if !steps.contains(&step) {
            return Err(invalid(format!("authenticationSequence.{member} must be the id of a step.")));
        }
    }
    if !sequence.user_defined && *sequence != Sequence::default() {
        return Err(invalid("authenticationSequence.steps need the type USER_DEFINED."));
    }
    sequence.steps.iter().try_for_each(step)
}

fn step(step: &SequenceStep) -> Result<(), Error> {
    if !(1..=MOST_OPTIONS).contains(&step.options.len()) {
        return Err(invalid(format!("authenticationSequence.steps.options must be 1 to {MOST_OPTIONS}.")));
    }
    for (n, option) in step.options.iter().enumerate() {
        self::option(option)?;
        if step.options.iter().take(n).any(|other| other.id() == option.id()) {
            return Err(invalid("authenticationSequence.steps.options must differ from each other."));
        }
    }
    Ok(())
}

/// An authenticator that this build lacks may be named: the login says so (65002, 60006).
fn option(option: &StepOption) -> Result<(), Error> {
    // A colon would make two options of one authenticatorId.
    let fits = |name: &str| !name.is_empty() && is_text(name, LONGEST_AUTHENTICATOR) && !name.contains(':');
    for (member, name) in [("authenticator", &option.authenticator), ("idp", &option.idp)] {
        if !fits(name) {
            return Err(invalid(format!(
                "authenticationSequence.steps.options.{member} must have 1 to {LONGEST_AUTHENTICATOR} characters and no colon."
            )));
        }
    }
    let limits = &option.limits;
    if limits.maximum_allowed_failure_attempts == Some(0) || limits.max_sessions == Some(0) {
        return Err(invalid(
            "authenticationSequence.steps.options.parameters: a limit of failures or sessions is at least 1.",
        ));
    }
    let all = [limits.maximum_allowed_failure_attempts, limits.maximum_allowed_resend_attempts, limits.max_sessions];
    if all.iter().flatten().any(|most| *most > MOST_ATTEMPTS) {
        return Err(invalid(format!(
            "authenticationSequence.steps.options.parameters must be at most {MOST_ATTEMPTS}."
        )));
    }
    Ok(())
}

/// A client id that the operator chose.
pub(super) fn client_id(given: String) -> Result<String, Error> {
    let spelled = given.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if spelled && (15..=150).contains(&given.len()) {
        return Ok(given);
    }
    Err(invalid("clientId must have 15 to 150 characters of A-Z, a-z, 0-9, _ and -."))
}

/// A client secret that the operator chose.
pub(super) fn client_secret(given: Secret<String>, settings: &OauthSettings) -> Result<Secret<String>, Error> {
    let text = given.expose();
    // RFC 7518 §3.2: a key for HS256 is as long as the hash.
    if settings.client_auth.method == Some(AuthMethod::ClientSecretJwt) && text.len() < 32 {
        return Err(invalid("clientSecret must have 32 characters or more for client_secret_jwt."));
    }
    if (20..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(given);
    }
    Err(invalid("clientSecret must have 20 to 255 printable ASCII characters without blanks."))
}

#[cfg(test)]
mod tests {
    use vestibule_jose::Algorithm;

    use super::*;

    fn wrong(edit: fn(&mut AppDraft)) -> String {
        let mut draft = AppDraft::new("app", true);
        edit(&mut draft);
        draft.check().unwrap_err().description().to_owned()
    }

    #[test]
    fn an_application_with_the_usual_settings_is_right() {
        AppDraft::new("app", true).check().unwrap();
        AppDraft::new("app", false).check().unwrap();
        assert!(AppDraft::new("app", true).oauth.pkce_required && !AppDraft::new("app", false).oauth.pkce_required);
    }

    #[test]
    fn the_first_wrong_member_is_named() {
        assert_eq!(wrong(|draft| draft.name.clear()), "name must have 1 to 255 characters.");
        assert_eq!(
            wrong(|draft| draft.oauth.lifetimes.code = Duration::from_secs(601)),
            "authorizationCode.expiryInSeconds must be 1 to 600."
        );
        assert_eq!(
            wrong(|draft| draft.oauth.lifetimes.access_token = Duration::ZERO),
            "accessToken.userAccessTokenExpiryInSeconds must be 1 to 2592000."
        );
        assert_eq!(
            wrong(|draft| draft.oauth.lifetimes.refresh = Duration::from_secs(YEAR)),
            "refreshToken.expiryInSeconds must not exceed refreshToken.absoluteExpiryInSeconds."
        );
        assert_eq!(
            wrong(|draft| draft.oauth.id_token_alg = Algorithm::ES384),
            "idToken.idTokenSignedResponseAlg must be one of RS256, PS256, ES256, EdDSA."
        );
        assert_eq!(
            wrong(|draft| draft.oauth.grants = [GrantType::ClientCredentials].into()),
            "grantTypes: a public client cannot have client_credentials."
        );
        assert_eq!(
            wrong(|draft| draft.sequence.subject_step = 2),
            "authenticationSequence.subjectStepId must be the id of a step."
        );
        assert_eq!(wrong(|draft| draft.sequence.steps.clear()), "authenticationSequence.steps must be 1 to 10.");
    }

    #[test]
    fn origins_are_spelled_as_browsers_do() {
        for good in ["https://app.example.com", "http://localhost:5173", "https://app.example.com:8443"] {
            assert!(origins(&[good.to_owned()].into()).is_ok(), "{good}");
        }
        for bad in
            ["https://app.example.com/", "https://App.example.com", "https://a.example:443", "*", "null", "a.example"]
        {
            assert!(origins(&[bad.to_owned()].into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn options_of_a_step_differ_and_have_no_colon() {
        let with = |options: Vec<StepOption>| step(&SequenceStep { options });
        let totp = || StepOption::local("totp");
        assert!(with(vec![totp(), StepOption::local("BasicAuthenticator")]).is_ok());
        assert!(with(vec![totp(), totp()]).is_err());
        assert!(with(Vec::new()).is_err());
        assert!(with(vec![StepOption { idp: "a:b".to_owned(), ..totp() }]).is_err());
    }

    #[test]
    fn chosen_credentials_are_long_enough() {
        assert!(client_id("my-native-app_1".to_owned()).is_ok());
        assert!(client_id("my-native-app".to_owned()).is_err() && client_id("my native app 12".to_owned()).is_err());
        let secret = |length, settings: &OauthSettings| client_secret(Secret::new("x".repeat(length)), settings);
        let mut settings = OauthSettings::default();
        assert!(secret(20, &settings).is_ok() && secret(19, &settings).is_err());
        settings.client_auth.method = Some(AuthMethod::ClientSecretJwt);
        assert!(secret(32, &settings).is_ok() && secret(31, &settings).is_err());
    }
}
