//! Password Reset (`password-reset-enforcer`): follows the password and asks for another one where an administrator wants
//! it or the old one is too old. It proves nothing: what counts is the password that was proved before. A new password
//! ends the user's sessions and grants elsewhere, and the user is told by email.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::time::Duration;

use async_trait::async_trait;
use vestibule_core::delivery::Letter;
use vestibule_core::error::Fault;
use vestibule_core::flow::Message;
use vestibule_core::flow::authenticator::{
    Answers, Authenticator, Begun, Context, Effects, Factor, Memo, Outcome, Param, PromptKind, Spec, Then, Triage,
};
use vestibule_core::ports::store::Edit;
use vestibule_core::ports::{Timestamp, Verdict};
use vestibule_core::user::{Profile, User, Weakness, Whose, normalised_password};

/// The registration of this way of signing in.
pub const KIND: &dyn Authenticator = &Renewal;

struct Renewal;

static SPEC: Spec = Spec {
    name: "password-reset-enforcer",
    display: "Password Reset",
    i18n_key: "authenticator.password.reset",
    summary: "Another password, where the old one may not be kept.",
    params: &[
        Param::secret("currentPassword", 0, "current.password.param", "Current Password"),
        Param::secret("newPassword", 1, "new.password.param", "New Password"),
        Param::secret("newPasswordConfirmation", 2, "new.password.confirmation.param", "Confirm New Password"),
    ],
    factor: Some(Factor::Password),
    ..Spec::PLAIN
};

#[async_trait]
impl Authenticator for Renewal {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn triage(&self, cx: &Context<'_>, answers: &Answers) -> Triage {
        if !cx.subject.is_named() {
            return Triage::Refuse("Nobody has signed in whose password could be renewed.");
        }
        match ["currentPassword", "newPassword", "newPasswordConfirmation"].map(|name| answers.secret(name).is_some()) {
            [true, true, true] => Triage::Judge,
            [false, ..] => Triage::Refuse("The parameter currentPassword is missing."),
            [_, false, _] => Triage::Refuse("The parameter newPassword is missing."),
            [.., false] => Triage::Refuse("The parameter newPasswordConfirmation is missing."),
        }
    }

    async fn submit(&self, cx: &Context<'_>, _: Memo, answers: &Answers) -> Result<Outcome, Fault> {
        let given = ["currentPassword", "newPassword", "newPasswordConfirmation"].map(|name| answers.secret(name));
        let [Some(current), Some(new), Some(confirmed)] = given else { return Ok(wrong()) };
        // What is wrong with the new one is told before anything is compared: it says nothing of the old one.
        let weakness = weakness(cx, new.expose()).await?;
        if let Some(why) = flaw([current, new, confirmed].map(|given| given.expose().as_str()), weakness) {
            return Ok(again(why));
        }
        let hash = cx.subject.user().and_then(|user| user.password.as_ref());
        match cx.ports.passwords.verify(current, hash).await? {
            Verdict::Right { .. } => {}
            Verdict::Wrong => return Ok(wrong()),
            Verdict::Overloaded => return Ok(Outcome::Overloaded),
        }
        let Some(user) = cx.subject.user() else { return Ok(wrong()) };
        let Some(fresh) = cx.ports.passwords.hash(new).await? else { return Ok(Outcome::Overloaded) };
        let renewed = Box::new(user.with_password(fresh, cx.now));
        let edits = vec![Edit::Save { user: renewed, seen: user.revision, expel: true }];
        Ok(Outcome::Passed(Effects { edits, letters: news(cx, user)? }))
    }

    async fn is_needless(&self, cx: &Context<'_>) -> Result<bool, Fault> {
        Ok(!cx.subject.user().is_some_and(|user| is_due(user, cx.passwords.max_age, cx.now)))
    }
}

/// Whether the user's password may not be kept. One whose age was not noted is as old as its user.
fn is_due(user: &User, age: Duration, now: Timestamp) -> bool {
    let set = user.password_set.unwrap_or(user.created);
    let is_old = !age.is_zero() && now.since(set) >= age;
    user.password.is_some() && (user.renew_password || is_old)
}

/// What makes the new password too weak. Where the login had no second factor the password is all that protects it.
async fn weakness(cx: &Context<'_>, new: &str) -> Result<Option<Weakness>, Fault> {
    let (user, nobody) = (cx.subject.user(), Profile::default());
    let whose = Whose {
        tenant: cx.tenant,
        name: user.map_or("", |user| &user.name),
        profile: user.map_or(&nobody, |user| &user.profile),
        app: Some(cx.app),
        alone: !cx.strong,
    };
    cx.passwords.judge(cx.ports, new, whose).await
}

/// What is wrong with a new password, as a sentence and WSO2's key of it.
fn flaw([current, new, confirmed]: [&str; 3], weakness: Option<Weakness>) -> Option<(Cow<'static, str>, &'static str)> {
    if new != confirmed {
        return Some(("The two new passwords differ. Please type it twice.".into(), "new.password.mismatch"));
    }
    if let Some(weakness) = weakness {
        return Some((weakness.sentence(), "password.policy.violation"));
    }
    let is_same = normalised_password(new) == normalised_password(current);
    is_same.then_some(("The new password is the old one. Choose another one.".into(), "new.password.same.as.old"))
}

/// The email that tells of the new password.
fn news(cx: &Context<'_>, user: &User) -> Result<Vec<Letter>, Fault> {
    let values = [("app", cx.app.name.clone())].into();
    let to = (user, user.profile.locale.clone());
    Ok(cx.sending.notice((cx.ports, cx.secrets), to, ("password-changed", values))?.into_iter().collect())
}

fn again((text, key): (Cow<'static, str>, &'static str)) -> Outcome {
    let messages = vec![Message { text, ..Message::failed("", key) }];
    Outcome::Again(Begun { messages, ..Begun::of(SPEC.form(PromptKind::User)) })
}

fn wrong() -> Outcome {
    const TEXT: &str = "The current password is wrong. Please try again.";
    Outcome::Wrong { message: Message::failed(TEXT, "login.fail.message"), then: Then::Choose }
}
