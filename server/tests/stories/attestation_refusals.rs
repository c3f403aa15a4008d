//! Attestations that do not hold: each is refused at every endpoint that starts a login, with the reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vestibule_attest::forge::DEVELOPMENT;
use vestibule_jose::base64url;

use crate::attestation::{STARTS, start};
use crate::phones::*;
use crate::world::*;

/// What is wrong with what is shown.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    Missing,
    Empty,
    Garbage,
    CborOfNothing,
    OtherAppleApp,
    OtherPackage,
    OtherSigner,
    OtherPlayPackage,
    Replayed,
    ReplayedPlay,
    ReplayedKey,
    Resigned,
    ResignedPlay,
    ResignedKey,
    StaleChallenge,
    StalePlay,
    StrangeChallenge,
    StrangePlayNonce,
    StrangeKeyChallenge,
    ForeignChallenge,
    NoChallenge,
    Development,
    TestersPlay,
    RevokedKey,
    RevokedCertificate,
    UnlockedPhone,
    SoftwareKey,
    UnknownKey,
    CounterRolledBack,
    AssertionTwice,
    Both,
    Repeated,
    RepeatedChallenge,
    ProofAlone,
    AttestationAlone,
    AttestationOfOther,
    AttestationOver,
    AttestationResigned,
    AttestationUntyped,
    ProofReplayed,
    ProofOfOther,
    ProofElsewhere,
    ProofOld,
    ProofWithoutChallenge,
    AttestationOfRevokedKey,
}

use Wrong::*;

const INVALID: &str = "invalid_client_attestation";
const STALE: &str = "use_attestation_challenge";

/// Each with the OAuth error and a part of the description.
const WRONGS: &[(Wrong, &str, &str)] = &[
    (Missing, INVALID, "attestation object is empty"),
    (Empty, INVALID, "attestation object is empty"),
    (Garbage, INVALID, "not in valid format"),
    (CborOfNothing, INVALID, "cannot be read"),
    (OtherAppleApp, INVALID, "another app"),
    (OtherPackage, INVALID, "another app"),
    (OtherSigner, INVALID, "certificate that this application's settings do not name"),
    (OtherPlayPackage, INVALID, "another app"),
    (Replayed, STALE, "used before"),
    (ReplayedPlay, STALE, "used before"),
    (ReplayedKey, STALE, "used before"),
    (Resigned, INVALID, "do not lead to a trusted root"),
    (ResignedPlay, INVALID, "signature does not hold"),
    (ResignedKey, INVALID, "do not lead to a trusted root"),
    (StaleChallenge, STALE, "older than 300 seconds"),
    (StalePlay, INVALID, "too old"),
    (StrangeChallenge, INVALID, "another challenge"),
    (StrangePlayNonce, INVALID, "another challenge"),
    (StrangeKeyChallenge, INVALID, "another challenge"),
    (ForeignChallenge, STALE, "not given out by this server for this client"),
    (NoChallenge, STALE, "x-client-attestation-challenge is missing"),
    (Development, INVALID, "development"),
    (TestersPlay, INVALID, "development"),
    (RevokedKey, INVALID, "revoked"),
    (RevokedCertificate, INVALID, "revoked"),
    (UnlockedPhone, INVALID, "unlocked"),
    (SoftwareKey, INVALID, "hardware"),
    (UnknownKey, INVALID, "unknown here"),
    (CounterRolledBack, INVALID, "counter did not rise"),
    (AssertionTwice, INVALID, "counter did not rise"),
    (Both, INVALID, "not both"),
    (Repeated, INVALID, "sent once"),
    (RepeatedChallenge, INVALID, "sent once"),
    (ProofAlone, INVALID, "OAuth-Client-Attestation is missing"),
    (AttestationAlone, INVALID, "proof of possession is missing"),
    (AttestationOfOther, INVALID, "another client"),
    (AttestationOver, "use_fresh_attestation", "over"),
    (AttestationResigned, INVALID, "does not hold"),
    (AttestationUntyped, INVALID, "another type"),
    (ProofReplayed, STALE, "used before"),
    (ProofOfOther, INVALID, "proof of possession does not hold"),
    (ProofElsewhere, INVALID, "aud"),
    (ProofOld, INVALID, "older than 60 seconds"),
    (ProofWithoutChallenge, STALE, "has no challenge"),
    (AttestationOfRevokedKey, INVALID, "revoked"),
];

impl Phones {
    async fn show(&mut self, wrong: Wrong) -> Headers {
        match wrong {
            Missing | Empty | Garbage | CborOfNothing | Both | Repeated | RepeatedChallenge => {
                self.misspelled(wrong).await
            }
            OtherPlayPackage | ReplayedPlay | ResignedPlay | StalePlay | StrangePlayNonce | TestersPlay => {
                self.wrong_play(wrong).await
            }
            OtherPackage | OtherSigner | ReplayedKey | ResignedKey | StrangeKeyChallenge | RevokedCertificate
            | UnlockedPhone | SoftwareKey => self.wrong_key(wrong).await,
            ProofAlone
            | AttestationAlone
            | AttestationOfOther
            | AttestationOver
            | AttestationResigned
            | AttestationUntyped
            | ProofReplayed
            | ProofOfOther
            | ProofElsewhere
            | ProofOld
            | ProofWithoutChallenge
            | AttestationOfRevokedKey => self.wrong_client(wrong).await,
            UnknownKey | CounterRolledBack | AssertionTwice | RevokedKey => self.wrong_assertion(wrong).await,
            _ => self.wrong_apple(wrong).await,
        }
    }

    async fn misspelled(&mut self, wrong: Wrong) -> Headers {
        let mut good = self.app_attest().await;
        let challenge = good[1].1.clone();
        match wrong {
            Missing => Headers::new(),
            Empty => object(String::new(), &challenge),
            Garbage => object("garbage".to_owned(), &challenge),
            CborOfNothing => object(STANDARD.encode(b"\xa1\x63fmt\x6fapple-appattest"), &challenge),
            Both => {
                good.extend(client("a.b.c", "d.e.f"));
                good
            }
            Repeated => {
                good.push(good[0].clone());
                good
            }
            _ => {
                good.push(good[1].clone());
                good
            }
        }
    }

    async fn wrong_apple(&mut self, wrong: Wrong) -> Headers {
        match wrong {
            OtherAppleApp => self.apple.app_id = "ABCDE12345.com.example.evil".to_owned(),
            Resigned => self.apple.paper.is_resigned = true,
            Development => self.apple.environment = DEVELOPMENT,
            _ => {}
        }
        let mut good = self.app_attest().await;
        match wrong {
            Replayed => {
                self.world.showing(&good).authorize("shop", &[]).await.is_step("INCOMPLETE");
            }
            StaleChallenge => self.world.wait(minutes(5)),
            StrangeChallenge => good[1].1 = self.challenge().await,
            ForeignChallenge => {
                let challenge = self.world.challenge("other").await;
                good = object(STANDARD.encode(self.apple.attestation(&hash(&challenge))), &challenge);
            }
            NoChallenge => {
                good.pop();
            }
            _ => {}
        }
        good
    }

    async fn wrong_assertion(&mut self, wrong: Wrong) -> Headers {
        if !matches!(wrong, UnknownKey) {
            let headers = self.app_attest().await;
            self.world.showing(&headers).authorize("shop", &[]).await.is_step("INCOMPLETE");
        }
        let first = self.assertion().await;
        match wrong {
            CounterRolledBack => {
                self.world.showing(&first).authorize("shop", &[]).await.is_step("INCOMPLETE");
                self.apple.counter = 0;
                self.assertion().await
            }
            AssertionTwice => {
                self.world.showing(&first).authorize("shop", &[]).await.is_step("INCOMPLETE");
                first
            }
            RevokedKey => {
                self.revoke().await;
                first
            }
            _ => first,
        }
    }

    /// An operator takes the key of Apple's phone back.
    async fn revoke(&self) {
        let (admin, app) = (self.world.admin().await, self.app().await);
        let path = format!("/api/server/v1/applications/{}/attested-keys", app.id);
        admin.delete(&format!("{path}/unknown")).await.is(404);
        admin.delete(&format!("{path}/{}", base64url(&self.apple.id))).await.is(204);
    }

    async fn wrong_play(&mut self, wrong: Wrong) -> Headers {
        match wrong {
            OtherPlayPackage => self.play.package = "com.example.evil".to_owned(),
            ResignedPlay => self.play.is_resigned = true,
            StalePlay => self.play.asked_at = START - seconds(61),
            TestersPlay => self.play.is_testing = true,
            _ => {}
        }
        let mut good = self.play_integrity().await;
        match wrong {
            ReplayedPlay => {
                self.world.showing(&good).authorize("shop", &[]).await.is_step("INCOMPLETE");
            }
            StrangePlayNonce => good[1].1 = self.challenge().await,
            _ => {}
        }
        good
    }

    async fn wrong_key(&mut self, wrong: Wrong) -> Headers {
        match wrong {
            OtherPackage => self.android.package = "com.example.evil".to_owned(),
            OtherSigner => self.android.signers = vec![[8; 32]],
            ResignedKey => self.android.paper.is_resigned = true,
            RevokedCertificate => self.android.paper.serial = REVOKED.to_vec(),
            UnlockedPhone => self.android.is_locked = false,
            SoftwareKey => (self.android.attested_by, self.android.kept_by) = (0, 0),
            _ => {}
        }
        let mut good = self.android_key().await;
        match wrong {
            ReplayedKey => {
                self.world.showing(&good).authorize("shop", &[]).await.is_step("INCOMPLETE");
            }
            StrangeKeyChallenge => good[1].1 = self.challenge().await,
            _ => {}
        }
        good
    }

    async fn wrong_client(&mut self, wrong: Wrong) -> Headers {
        let (instance, other) = (Instance::new(), Instance::new());
        let attestation = self.attested(&instance).await;
        if matches!(wrong, AttestationOver) {
            self.world.wait(hours(1));
        }
        let mut good = self.shows(&instance, &attestation).await;
        let said = claims(&attestation);
        let challenge = self.challenge().await;
        let proof = json!({"aud": ISSUER, "jti": "a", "iat": START.seconds(), "challenge": challenge});
        let with = |name: &str, value: serde_json::Value| {
            let mut claims = proof.clone();
            claims[name] = value;
            instance.sign(POP, &claims)
        };
        match wrong {
            ProofAlone => drop(good.remove(0)),
            AttestationAlone => drop(good.pop()),
            AttestationResigned => good[0].1 = other.sign(ATTESTATION, &said),
            AttestationUntyped => good[0].1 = self.world.login("plain", "kim").await.at("/id_token"),
            AttestationOfOther => good[0].1 = self.elsewhere(&instance).await,
            ProofReplayed => {
                self.world.showing(&good).authorize("shop", &[]).await.is_step("INCOMPLETE");
            }
            ProofOfOther => good[1].1 = other.proof(&self.world, &challenge),
            ProofElsewhere => good[1].1 = with("aud", "https://elsewhere.example".into()),
            ProofOld => good[1].1 = with("iat", (START.seconds() - 61).into()),
            ProofWithoutChallenge => good[1].1 = with("challenge", serde_json::Value::Null),
            AttestationOfRevokedKey => self.revoke().await,
            _ => {}
        }
        good
    }

    /// A client attestation that this server gave to another client.
    async fn elsewhere(&self, instance: &Instance) -> String {
        let challenge = self.world.challenge("other").await;
        let phone = self.forge.apple(APPLE_APP);
        let object = STANDARD.encode(phone.attestation(&bound_hash(&challenge, instance)));
        let caller =
            self.world.anonymous().header("oauth-client-attestation-pop", &instance.proof(&self.world, &challenge));
        let jwk = instance.jwk().to_string();
        let form = [
            ("client_id", "other"),
            ("attestation", object.as_str()),
            ("attestation_challenge", &challenge),
            ("jwk", &jwk),
        ];
        caller.form("/oauth2/attestation", &form).await.is(200).at("/client_attestation")
    }
}

// Checklist 67.
#[tokio::test]
async fn no_login_starts_from_an_app_that_does_not_show_what_it_is() {
    for (wrong, error, why) in WRONGS {
        for how in STARTS {
            let mut phones = Phones::new().await;
            phones.world.app("plain").await;
            let shown = phones.show(*wrong).await;
            let answer = start(&phones.world.showing(&shown), *how).await;
            let is_proof = shown.iter().any(|(name, _)| *name == "oauth-client-attestation");
            let status = if is_proof && *error == STALE { 400 } else { 401 };
            let description = match how.speaks_oauth() {
                true => answer.is_oauth_refusal(status, error).at("/error_description"),
                false if status == 400 => answer.is_refused(400, "60001", STALE).at("/description"),
                false => {
                    assert_eq!(answer.at("/oauth_error"), *error, "{wrong:?} {how:?} {}", answer.text());
                    answer.is_refused(401, "401", "unauthorized").at("/description")
                }
            };
            assert!(description.contains(why), "{wrong:?} {how:?} {}", answer.text());
            let fresh = answer.header("oauth-client-attestation-challenge");
            assert_eq!(fresh.is_some(), *error == STALE, "{wrong:?} {how:?}");
        }
    }
}
