//! Signing in at another identity provider: what all providers share. The app opens the provider's page and brings back a
//! code (redirect mode), or brings tokens of the provider's own SDK (native mode). State, nonce and PKCE verifier are
//! derived from the flow's place, so a start writes nothing and every attempt has its own. Law: nothing that a provider or
//! an app says is believed before state, issuer, audience, age, nonce and signature hold (RFC 9700 §2.1, §4.4).

mod account;
mod exchange;
mod id_token;
mod issuer;
mod keys;
mod line;
mod person;
mod profile;
mod redirect;
pub(crate) mod settings;

use async_trait::async_trait;
use vestibule_core::audit::What;
use vestibule_core::connection::Connection;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Factor, Memo, Outcome, Param, Prompt, PromptKind, Setting, Spec, Then,
    Triage,
};
use vestibule_core::ports::Secret;

pub(crate) use line::{Line, Refusal};
pub(crate) use person::Person;
pub(crate) use profile::names_of;

/// The parameters of an answer, whichever way it came.
const PARAMS: &[Param] = &[
    Param::silent("code"),
    Param::silent("state"),
    Param::silent("iss"),
    Param::silent("error"),
    Param::silent("error_description"),
    Param::silent("accessToken"),
    Param::silent("idToken"),
];

/// What all of them have in common.
pub(crate) const ELSEWHERE: Spec =
    Spec { params: PARAMS, factor: Some(Factor::Federated), traceless: true, connected: true, ..Spec::PLAIN };

/// What a provider gave for a code, or its SDK gave the app.
pub(crate) struct Tokens {
    /// For the provider's own APIs.
    pub access: Option<Secret<String>>,
    /// Says who signed in (OpenID Connect Core §2).
    pub id: Option<Secret<String>>,
    /// They came from the app, not from the provider.
    pub native: bool,
}

/// What is particular to a provider.
#[async_trait]
pub(crate) trait Provider: Send + Sync {
    /// What it is called and what it takes.
    fn spec(&self) -> &'static Spec;

    /// What a connection to it may be set to, with its own defaults.
    fn settings(&self) -> &'static [Setting];

    /// What its states end with, by which shipped clients tell providers apart.
    fn suffix(&self) -> &'static str {
        ",OIDC"
    }

    /// It puts the nonce it was asked with into its ID tokens.
    fn echoes_nonce(&self) -> bool {
        true
    }

    /// Other names that it gives itself in ID tokens.
    fn other_issuers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Further parameters of its authorization request.
    fn query(&self, line: &Line<'_>) -> Vec<(&'static str, &'static str)> {
        let _ = line;
        Vec::new()
    }

    /// What this server shows the provider of itself.
    fn client_secret(&self, line: &Line<'_>) -> Result<Option<Secret<String>>, Fault> {
        line.secret("ClientSecret")
    }

    /// What the app brings in native mode.
    fn native_params(&self) -> &'static [&'static str] {
        &["accessToken", "idToken"]
    }

    /// Who signed in.
    async fn person(&self, line: &Line<'_>, tokens: &Tokens) -> Result<Person, Refusal>
    where
        Self: Sized,
    {
        id_token::person(self, line, tokens).await
    }

    /// What only the answer of the app tells of the person, and nobody vouches for: names.
    fn hearsay(&self, person: &mut Person, answers: &Answers) {
        let _ = (person, answers);
    }

    /// What else is wrong with a connection.
    fn check(&self, connection: &Connection) -> Result<(), String> {
        settings::check_keys(connection, self.settings())
    }
}

/// A way of signing in at another identity provider.
pub(crate) struct Federated<P>(pub P);

impl<P: Provider> Federated<P> {
    fn line<'a>(&self, cx: &Context<'a>) -> Result<Line<'a>, Fault> {
        Line::new(cx, self.0.settings())
    }

    async fn judge(&self, line: &Line<'_>, answers: &Answers) -> Result<Person, Refusal> {
        let tokens = if line.is_native() {
            let secret = |name| answers.secret(name).filter(|token| !token.expose().is_empty()).cloned();
            Tokens { access: secret("accessToken"), id: secret("idToken"), native: true }
        } else {
            let code = redirect::code(&self.0, line, answers)?;
            exchange::tokens(&self.0, line, code).await?
        };
        let mut person = self.0.person(line, &tokens).await?;
        self.0.hearsay(&mut person, answers);
        Ok(person)
    }
}

#[async_trait]
impl<P: Provider> Authenticator for Federated<P> {
    fn spec(&self) -> &'static Spec {
        self.0.spec()
    }

    fn settings(&self) -> &'static [Setting] {
        self.0.settings()
    }

    /// Only a chosen provider is spoken of: an option that was not chosen stays bare.
    fn ready_prompt(&self, _: &Context<'_>) -> Option<Prompt> {
        None
    }

    async fn begin(&self, cx: &Context<'_>) -> Result<Begun, Fault> {
        let line = self.line(cx)?;
        if !line.is_native() {
            return redirect::prompt(&self.0, &line).map(Begun::of);
        }
        let names = self.0.native_params();
        let prompt = self.0.spec().demand(PromptKind::Internal, names);
        let prompt = prompt.with("clientId", line.demand("ClientId")?.to_owned());
        if !names.contains(&"idToken") {
            return Ok(Begun::of(prompt));
        }
        let scope = line.text("Scopes").unwrap_or_default().to_owned();
        Ok(Begun::of(prompt.with("nonce", redirect::nonce(cx)).with("scope", scope)))
    }

    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage {
        let has = |name: &str| answers.secret(name).is_some();
        let is_native = cx.connection.is_some_and(|connection| connection.is_on("isTrustedTokenIssuer"));
        if is_native {
            return match self.0.native_params().iter().find(|name| !has(name)) {
                None => Triage::Judge,
                Some(_) if has("code") => Triage::Refuse("This connection takes tokens, not a code."),
                Some(&"accessToken") => Triage::Refuse("The parameter accessToken is missing."),
                Some(_) => Triage::Refuse("The parameter idToken is missing."),
            };
        }
        match (has("code"), has("error"), has("state")) {
            (true, true, _) => Triage::Refuse("An answer has a code or an error, not both."),
            (true, false, true) | (false, true, true) => Triage::Judge,
            (_, _, false) => Triage::Refuse("The parameter state is missing."),
            (false, false, true) => Triage::Refuse("The parameter code is missing."),
        }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let line = self.line(cx)?;
        let (text, why) = match self.judge(&line, answers).await {
            Ok(person) => return account::admit(&line, &person).await,
            Err(Refusal::Fault(fault)) => return Err(fault),
            Err(Refusal::Unreachable(why)) => {
                let event = cx.event(What::FederationFailed).with("connection", &line.connection.name);
                cx.ports.record(event.because(why)).await?;
                return Ok(Outcome::Overloaded);
            }
            Err(Refusal::Denied) => {
                let text = "The identity provider did not sign the user in. Please choose how to go on.";
                (text, "the provider did not sign the user in")
            }
            Err(Refusal::Wrong(why)) => {
                ("What the identity provider said could not be accepted. Please try again.", why)
            }
        };
        let message = Message::failed(text, "authentication.fail.message").noting(why);
        Ok(Outcome::Wrong { message, then: Then::Leave })
    }

    fn check(&self, connection: &Connection) -> Result<(), String> {
        connection.check_settings(self.0.settings())?;
        self.0.check(connection)
    }
}
