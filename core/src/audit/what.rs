//! What can happen that an operator may have to answer for: each kind has a name that never changes, and a sentence for
//! `docs/audit.md`. Edit the row, then run `UPDATE=1 cargo test --test generated`.

macro_rules! kinds {
    ($($variant:ident = $name:literal, $sentence:literal;)+) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum What {
            $(
                #[doc = $sentence]
                $variant,
            )+
        }

        impl What {
            /// All kinds, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// What happened, in a sentence.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$variant => $sentence),+
                }
            }
        }
    };
}

kinds! {
    LoginSucceeded = "login.succeeded", "A login ended with a code; `amr` says how the user signed in, `session` is set.";
    LoginResumed = "login.resumed", "A session was good enough: a code was given and nothing was asked.";
    LoginFailed = "login.failed", "An answer of a login was wrong; `authenticator` says which way of signing in it was.";
    LoginLocked = "login.locked", "An answer came while answers for its user do not count.";
    LoginThrottled = "login.throttled", "An answer came while answers from its address do not count; it was not looked at.";
    LoginEnded = "login.ended", "A login ended in failure; `reason` is the name of the error.";
    FederationFailed = "federation.failed", "Another provider or service could not be asked; the answer was not judged.";
    AccountProvisioned = "account.provisioned", "A login through another provider made a user.";
    AccountLinked = "account.linked", "A login through another provider belongs to a user from now on.";
    SessionEnded = "session.ended", "A session ended and its grants are revoked.";
    TokenIssued = "token.issued", "A code was exchanged for tokens, or an application got a token of its own.";
    TokenRefreshed = "token.refreshed", "Tokens were refreshed.";
    TokenRevoked = "token.revoked", "A token or grant was revoked by its application.";
    TokenRefused = "token.refused", "A token request of a known application was refused; `reason` is the name of the error.";
    CodeReplayed = "code.replayed", "A code was used a second time: its grant is revoked.";
    RefreshReplayed = "refresh.replayed", "An old refresh token was used: its grant is revoked.";
    ClientAuthFailed = "client_auth.failed", "An application could not authenticate.";
    AttestationIssued = "attestation.issued", "An app got a client attestation for what its platform says of it.";
    AttestedKeyRevoked = "attestation.key_revoked", "An operator took an attested key back.";
    AttestationFailed = "attestation.failed", "An application instance could not show what it is.";
    DpopRefused = "dpop.refused", "A proof of possession was not accepted.";
    PasswordChanged = "password.changed", "A user changed the own password.";
    FactorEnrolled = "factor.enrolled", "A user holds a new factor; `kind` says which.";
    FactorChanged = "factor.changed", "A user changed a factor, its name for example.";
    FactorRemoved = "factor.removed", "A factor was taken away from a user.";
    FactorUsedUp = "factor.used_up", "The last of a user's backup codes was used.";
    ContactVerified = "contact.verified", "A user showed that an address is the own one.";
    PasskeyRefused = "passkey.refused", "A passkey's answer was not accepted; `reason` says why.";
    PushAnswered = "push.answered", "A user answered a push message on a device.";
    UserCreated = "user.created", "A user was made.";
    UserChanged = "user.changed", "A user was changed.";
    UserDeleted = "user.deleted", "A user was deleted.";
    AppCreated = "app.created", "An application was made.";
    AppChanged = "app.changed", "An application was changed.";
    AppDeleted = "app.deleted", "An application was deleted.";
    AppSecretMade = "app.secret_made", "An application got a new secret.";
    ConnectionCreated = "connection.created", "A connection was made.";
    ConnectionChanged = "connection.changed", "A connection was changed.";
    ConnectionDeleted = "connection.deleted", "A connection was deleted.";
    TenantCreated = "tenant.created", "A tenant was made.";
    KeyCreated = "key.created", "A signing key was made.";
    KeyRotated = "key.rotated", "An operator had new signing keys made; `at_once` says whether they sign without notice.";
    KeyRevoked = "key.revoked", "An operator took a signing key back.";
    KeyRetired = "key.retired", "A signing key is published no more.";
    SecretCreated = "secret.created", "A server secret was made.";
    SecretsRewrapped = "secret.rewrapped", "Keys and secrets were sealed anew under the first master key.";
    MessageSent = "message.sent", "A message was handed to its carrier; `channel` says which kind it is.";
    MessageRefused = "message.refused", "A message could not be delivered and is given up.";
    AdminRefused = "admin.refused", "A call of the management API was refused for who made it; `reason` is the name of the error.";
    AdminWrite = "admin.write", "A call of the management API, SCIM or self-service that may change something was carried out; `method`, `route` and `id` name it.";
    AuditPruned = "audit.pruned", "Records past their time were removed, up to and including `until`.";
    HookCreated = "hook.created", "An audit webhook was made.";
    HookDeleted = "hook.deleted", "An audit webhook was deleted.";
}

impl What {
    /// Whether it is a sign of an attack rather than of work.
    pub const fn is_alarm(self) -> bool {
        matches!(self, Self::CodeReplayed | Self::RefreshReplayed)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_have_names_of_their_own_in_one_spelling() {
        let names: BTreeSet<&str> = What::ALL.iter().map(|what| what.name()).collect();
        assert_eq!(names.len(), What::ALL.len());
        let spelled = |name: &&str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.');
        assert!(names.iter().all(spelled));
        assert!(names.iter().all(|name| name.split('.').count() == 2));
    }
}
