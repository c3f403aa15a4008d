//! Identifier First (`IdentifierExecutor`): names the user and proves nothing. Whether the name is anybody's is never
//! told.

use async_trait::async_trait;
use vestibule_core::error::Fault;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Context, Effects, Memo, Outcome, Param, Spec, Triage,
};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Identifier;

struct Identifier;

static SPEC: Spec = Spec {
    name: "IdentifierExecutor",
    display: "Identifier First",
    i18n_key: "authenticator.identifier",
    summary: "A user name; the steps after it prove whose it is.",
    params: &[Param::USERNAME],
    identifier: Some("username"),
    ..Spec::PLAIN
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
        Ok(Outcome::Passed(Effects::default()))
    }
}
