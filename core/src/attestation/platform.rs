//! What platforms say of an app, asked of their verifiers: the question is put together from the application's settings and
//! the challenge, and what holds is written down before anything comes of it. Law: the challenge is used up after the
//! statement held and before its key is kept or its counter raised.

use std::time::Duration;

use vestibule_jose::{Jwk, base64url, sha256};

use super::challenge::Fresh;
use super::shown::Object;
use super::{Attestation, Attested, AttestedKey, Device, Means, No};
use crate::application::Application;
use crate::ports::attest::{AndroidAsked, AppleAsked, Bound, Flaw, Integrity, PlayAsked, PlayVerdict};

/// How long a key is known after its last use.
const MEMORY: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// What is written down of a statement that held.
enum Deed {
    Nothing,
    Keep(Box<AttestedKey>),
    Raise(String, u32),
}

/// What a statement must be about.
#[derive(Clone, Copy)]
struct Question<'a> {
    app: &'a Application,
    challenge: &'a str,
    /// Thumbprint of the key that the app shows besides.
    key: Option<&'a str>,
}

impl Question<'_> {
    /// SHA-256 of the challenge, or of challenge, dot and thumbprint where there is a key to speak for.
    fn hash(&self) -> [u8; 32] {
        match self.key {
            None => sha256(self.challenge.as_bytes()),
            Some(key) => sha256(format!("{}.{key}", self.challenge).as_bytes()),
        }
    }
}

impl Attestation {
    /// The app that a platform's statement is about, written down.
    pub(super) async fn platform(
        &self,
        app: &Application,
        object: Object,
        fresh: &Fresh,
        key: Option<&str>,
    ) -> Result<Attested, No> {
        let question = Question { app, challenge: &fresh.text, key };
        let (attested, deed) = match object {
            Object::Play(token) => (self.play(question, &token).await?, Deed::Nothing),
            Object::AppAttest(object) => self.app_attest(question, &object)?,
            Object::Assertion(key, object) => self.assertion(question, key, &object).await?,
            Object::AndroidKey(chain) => (self.android_key(question, &chain)?, Deed::Nothing),
        };
        self.spend(fresh).await?;
        self.write_down(app, deed).await?;
        Ok(attested)
    }

    fn app_attest(&self, question: Question<'_>, object: &[u8]) -> Result<(Attested, Deed), No> {
        let Question { app, .. } = question;
        let key = self.ports.attestors.apple_attestation(object, &self.apple_asked(question)?)?;
        let (id, now) = (base64url(&key.id), self.ports.clock.now());
        let kept = AttestedKey {
            tenant: app.tenant.clone(),
            app: app.id,
            id: id.clone(),
            public: key.public_key,
            development: key.development,
            counter: key.counter,
            revoked: false,
            attested: now,
            expires: now + MEMORY,
        };
        Ok((apple(Means::AppAttest, id), Deed::Keep(Box::new(kept))))
    }

    async fn assertion(&self, question: Question<'_>, id: String, object: &[u8]) -> Result<(Attested, Deed), No> {
        let asked = self.apple_asked(question)?;
        let key = self.known_key(question.app, &id).await?;
        let key = key.apple().ok_or_else(unknown)?;
        let counter = self.ports.attestors.apple_assertion(object, &key, &asked)?;
        Ok((apple(Means::Assertion, id.clone()), Deed::Raise(id, counter)))
    }

    /// A key that was attested before and may still speak for the app.
    pub(super) async fn known_key(&self, app: &Application, id: &str) -> Result<AttestedKey, No> {
        let key = self.ports.store.attested_key(&app.tenant, &app.id, id).await?.ok_or_else(unknown)?;
        if key.revoked {
            return Err(No::invalid("The App Attest key was revoked: make another one and have it attested."));
        }
        if key.development && !app.attestation.apple.development {
            return Err(Flaw::DebugEnvironment.into());
        }
        Ok(key)
    }

    fn apple_asked<'a>(&self, question: Question<'a>) -> Result<AppleAsked<'a>, No> {
        let apple = &question.app.attestation.apple;
        let app_id = apple.app.as_deref().ok_or_else(|| no_app("Apple's devices"))?;
        Ok(AppleAsked {
            app_id,
            key_id: None,
            client_data_hash: question.hash(),
            development: apple.development,
            now: self.ports.clock.now(),
        })
    }

    fn android_key(&self, question: Question<'_>, chain: &[Vec<u8>]) -> Result<Attested, No> {
        let android = &question.app.attestation.android;
        let package = android.package.as_deref().ok_or_else(|| no_app("Android"))?;
        let level = android.key.ok_or_else(|| No::invalid("The application takes no key attestations of Android."))?;
        let asked = AndroidAsked {
            challenge: question.challenge.as_bytes(),
            package,
            signers: &android.signers,
            level,
            now: self.ports.clock.now(),
        };
        let found = self.ports.attestors.android_key(chain, &asked)?;
        let key = thumbprint(&found.public_key)?;
        if question.key.is_some_and(|shown| shown != key) {
            return Err(No::invalid("The attested key is another one than the key that the request shows."));
        }
        // Hardware saw the system start, which is what Play calls strong.
        let trust = Some(Integrity::Strong);
        Ok(Attested { device: Device::Android, means: Means::AndroidKey, trust, key: Some(key) })
    }

    async fn play(&self, question: Question<'_>, token: &str) -> Result<Attested, No> {
        let android = &question.app.attestation.android;
        let package = android.package.as_deref().ok_or_else(|| no_app("Android"))?;
        let bound = base64url(&question.hash());
        let asked = PlayAsked {
            package,
            signers: &android.signers,
            bound: Bound::Nonce(&bound),
            max_age: question.app.attestation.max_age,
            device: android.integrity,
            now: self.ports.clock.now(),
        };
        let verdict = match android.play_keys(&self.secrets)? {
            Some(keys) => match self.ports.attestors.play_integrity(token, &keys, &asked) {
                // Not for these keys, so it may be a standard token, which Google alone can read.
                Err(Flaw::Undecipherable) if android.play_account.is_some() => {
                    self.asked_google(question, token, &asked).await?
                }
                judged => judged?,
            },
            None => self.asked_google(question, token, &asked).await?,
        };
        let PlayVerdict { device, .. } = verdict;
        Ok(Attested { device: Device::Android, means: Means::Play, trust: device.last().copied(), key: None })
    }

    async fn asked_google(
        &self,
        question: Question<'_>,
        token: &str,
        asked: &PlayAsked<'_>,
    ) -> Result<PlayVerdict, No> {
        let account = question.app.attestation.android.account(&self.secrets)?.ok_or_else(|| {
            No::invalid("The application's settings hold neither keys of Play Integrity nor a service account.")
        })?;
        let payload = self.decode(&account, asked.package, token).await?;
        let is_standard = payload.pointer("/requestDetails/requestHash").is_some();
        let bound = match asked.bound {
            Bound::Nonce(text) if is_standard => Bound::RequestHash(text),
            bound => bound,
        };
        Ok(self.ports.attestors.play_payload(&payload, &PlayAsked { bound, ..*asked })?)
    }

    async fn write_down(&self, app: &Application, deed: Deed) -> Result<(), No> {
        let store = &self.ports.store;
        match deed {
            Deed::Nothing => Ok(()),
            Deed::Keep(key) => match store.keep_attested_key(&key).await? {
                true => Ok(()),
                false => Err(No::invalid("The App Attest key was attested before: send an assertion by it.")),
            },
            Deed::Raise(id, counter) => {
                let to = (counter, self.ports.clock.now() + MEMORY);
                match store.raise_counter(&app.tenant, &app.id, &id, to).await? {
                    true => Ok(()),
                    false => Err(Flaw::Counter.into()),
                }
            }
        }
    }
}

/// The thumbprint of a key that was attested.
pub(super) fn thumbprint(key: &Jwk) -> Result<String, No> {
    key.thumbprint().map_err(|_| Flaw::Algorithm.into())
}

/// Keys of App Attest live in hardware of their own.
fn apple(means: Means, key: String) -> Attested {
    Attested { device: Device::Ios, means, trust: Some(Integrity::Strong), key: Some(key) }
}

fn no_app(platform: &str) -> No {
    No::invalid(format!("The application's settings name no app for {platform}."))
}

fn unknown() -> No {
    No::invalid("The App Attest key is unknown here: have it attested first.")
}
