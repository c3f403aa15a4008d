//! Identifier First (`IdentifierExecutor`): names the user and proves nothing. Whether the name is anybody's is never
//! told.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Context, Memo, Outcome, Param, ParamKind, Spec, Triage,
};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Identifier;

struct Identifier;

static SPEC: Spec = Spec {
    name: "IdentifierExecutor",
    display: "Identifier First",
    i18n_key: "authenticator.identifier",
    summary: "A user name; the steps after it prove whose it is.",
    params: &[Param {
        name: "username",
        aliases: &[],
        kind: ParamKind::String,
        order: 0,
        i18n_key: "username.param",
        display: "Username",
        confidential: false,
        asked: true,
    }],
    factor: None,
    identifier: Some("username"),
};

#[async_trait]
impl Authenticator for Identifier {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn triage(&self, _: &Context<'_>, answers: &Answers) -> Triage {
        match answers.text("username") {
            Some(name) if !name.trim().is_empty() => Triage::Judge,
            _ => Triage::Refuse("The parameter username is missing."),
        }
    }

    async fn submit(&self, _: &Context<'_>, _: Memo, _: &Answers) -> Result<Outcome, Fault> {
        Ok(Outcome::Named)
    }
}
