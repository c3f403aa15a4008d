//! What an application asks of its apps: what devices may do that show nothing, who asks Google, and what operators set and see.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_core::application::Application;
use vestibule_core::attestation::{AndroidPolicy, AttestationPolicy, Device, Unattestable};
use vestibule_core::ports::attest::Bound;
use vestibule_core::ports::web::{WebAnswer, WebFailure, WebRequest};
use vestibule_core::ports::{Secret, Web};
use vestibule_jose::{Algorithm, Family, SigningKey, base64url, verify_by};

use crate::caller::Caller;
use crate::devices::TOTP;
use crate::enrolment::TOTP_ENROL;
use crate::phones::*;
use crate::world::*;

async fn with_rules(rules: &[(Device, Unattestable)]) -> Phones {
    let rules = rules.iter().copied().collect();
    Phones::set(|_| (), |policy: &mut AttestationPolicy| policy.unattestable = rules).await
}

async fn start_as(world: &World, device: &str) -> Answer {
    world.anonymous().header("x-client-platform", device).authorize("shop", &[]).await
}

// Checklist 67.
#[tokio::test]
async fn a_device_that_shows_nothing_may_do_what_the_application_allows_its_kind() {
    let rules = [(Device::Ios, Unattestable::BrowserOnly), (Device::Android, Unattestable::StepUp)];
    let phones = with_rules(&rules).await;
    let world = &phones.world;
    let browser = start_as(world, "ios").await;
    assert_eq!(browser.is_refused(401, "401", "unauthorized").at("/oauth_error"), "redirect_to_web");
    start_as(world, "Android").await.is_step("INCOMPLETE");
    for other in ["other", "windows", ""] {
        let refused = start_as(world, other).await;
        assert_eq!(refused.is_refused(401, "401", "unauthorized").at("/oauth_error"), "invalid_client_attestation");
    }
    world.authorize("shop", &[]).await.is_refused(401, "401", "unauthorized");
}

// Checklist 67.
#[tokio::test]
async fn what_is_shown_and_does_not_hold_is_refused_whatever_those_may_who_show_nothing() {
    let all = [Device::Ios, Device::Android, Device::Other];
    let phones = with_rules(&all.map(|device| (device, Unattestable::StepUp))).await;
    let challenge = phones.challenge().await;
    for headers in [
        object("garbage".to_owned(), &challenge),
        object(String::new(), &challenge),
        object("a.b.c.d.e".to_owned(), &challenge),
        client("a.b.c", "d.e.f"),
        vec![("oauth-client-attestation-pop", "d.e.f".to_owned())],
    ] {
        let caller = phones.world.showing(&headers).header("x-client-platform", "android");
        caller.authorize("shop", &[]).await.is_refused(401, "401", "unauthorized");
    }
}

// Checklist 67.
#[tokio::test]
async fn a_login_that_steps_up_takes_two_factors() {
    let phones = with_rules(&[(Device::Other, Unattestable::StepUp)]).await;
    let world = &phones.world;
    let weak = world.anonymous().sign_in("shop", "kim", &[]).await;
    weak.is_refused(400, "60002", "authentication_failed");
    assert_eq!(weak.at("/oauth_error"), "unmet_authentication_requirements");
    // The client cannot ask for less.
    let less = json!({"id_token": {"acr": {"essential": true, "values": ["aal1"]}}}).to_string();
    world.anonymous().sign_in("shop", "kim", &[("claims", &less)]).await.is_refused(
        400,
        "60002",
        "authentication_failed",
    );
    // An attested app may go on with one.
    let headers = phones.app_attest().await;
    let begun = world.showing(&headers).authorize("shop", &[]).await;
    let done = world.anonymous().password(&begun.flow_id(), "kim", PASSWORD).await;
    let tokens = world.anonymous().exchange("shop", &done.is_step("SUCCESS_COMPLETED").code()).await;
    // The session of this login is no way around.
    let session = claims(&tokens.at("/id_token"))["isk"].as_str().unwrap().to_owned();
    world.authorize("shop", &[("sessionId", &session)]).await.is_refused(400, "60002", "authentication_failed");
}

// Checklist 67.
#[tokio::test]
async fn a_login_that_steps_up_makes_no_second_factor_of_a_stolen_password() {
    let phones = with_rules(&[(Device::Other, Unattestable::StepUp)]).await;
    let app = phones.app().await;
    let change = |app: &mut Application| {
        app.sequence = steps(&[&["BasicAuthenticator"], &[TOTP]]);
        app.enrolment = true;
    };
    phones.world.change_app(&app, change).await;
    let headers = phones.app_attest().await;
    let offered = async |caller: Caller| {
        let begun = caller.authorize("shop", &[]).await;
        phones.world.anonymous().password(&begun.flow_id(), "kim", PASSWORD).await
    };
    let attested = offered(phones.world.showing(&headers)).await;
    assert_eq!(attested.is_step("INCOMPLETE").options(), [id_of(TOTP_ENROL)]);
    let stepping_up = offered(phones.world.anonymous()).await;
    assert!(!stepping_up.text().contains(&id_of(TOTP_ENROL)), "{}", stepping_up.text());
    assert!(stepping_up.member("/authData").is_null());
}

/// Google, as far as it is asked here.
struct Google {
    payload: Mutex<Value>,
    status: AtomicUsize,
    account: SigningKey,
    tokens: AtomicUsize,
    asked: AtomicUsize,
    silent: bool,
}

impl Google {
    fn new(silent: bool) -> Arc<Self> {
        let account = SigningKey::generate(Family::Rsa).unwrap().named("key-1");
        Arc::new(Self {
            payload: Mutex::default(),
            status: AtomicUsize::new(200),
            account,
            tokens: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
            silent,
        })
    }

    /// The document of the service account.
    fn document(&self) -> Value {
        let key = STANDARD.encode(&*self.account.to_pkcs8().unwrap());
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
        json!({
            "type": "service_account", "client_email": "shop@example.iam.gserviceaccount.com",
            "private_key_id": "key-1", "private_key": pem, "token_uri": "https://elsewhere.example/token",
        })
    }

    fn answer(body: &Value) -> Result<WebAnswer, WebFailure> {
        Ok(WebAnswer { status: 200, retry_after: None, body: body.to_string().into_bytes() })
    }
}

#[async_trait]
impl Web for Google {
    async fn fetch(&self, request: WebRequest) -> Result<WebAnswer, WebFailure> {
        if self.silent {
            std::future::pending::<()>().await;
        }
        let body = request.body.unwrap();
        if request.url == "https://oauth2.googleapis.com/token" {
            self.tokens.fetch_add(1, Ordering::SeqCst);
            let form: Vec<(String, String)> = url::form_urlencoded::parse(body.expose()).into_owned().collect();
            assert_eq!(form[0].1, "urn:ietf:params:oauth:grant-type:jwt-bearer");
            let said = verify_by(&form[1].1, self.account.jwk(), &[Algorithm::RS256], Some("JWT")).unwrap();
            let said: Value = said.claims().unwrap();
            assert_eq!(said["iss"], "shop@example.iam.gserviceaccount.com");
            assert_eq!(said["aud"], "https://oauth2.googleapis.com/token");
            return Self::answer(&json!({"access_token": "of the account", "expires_in": 3600}));
        }
        assert_eq!(request.url, format!("https://playintegrity.googleapis.com/v1/{PACKAGE}:decodeIntegrityToken"));
        let bearer = request.headers.iter().find(|(name, _)| *name == "authorization").unwrap();
        assert_eq!(bearer.1.expose(), "Bearer of the account");
        self.asked.fetch_add(1, Ordering::SeqCst);
        let status = u16::try_from(self.status.load(Ordering::SeqCst)).unwrap();
        let payload = self.payload.lock().unwrap().clone();
        let answer = Self::answer(&json!({"tokenPayloadExternal": payload}))?;
        Ok(WebAnswer { status, ..answer })
    }
}

/// An application that has Google decode its tokens.
async fn with_google(google: &Arc<Google>) -> Phones {
    let phones = Phones::set(|setting| setting.web = google.clone(), |_| ()).await;
    let account = Secret::new(google.document().to_string());
    let sealed = AndroidPolicy::seal(&account, [2; 12], &phones.world.house.secrets).unwrap();
    let app = phones.app().await;
    phones
        .world
        .change_app(&app, |app| {
            app.attestation.android.play_account = Some(sealed);
            app.attestation.android.play_decryption = None;
        })
        .await;
    phones
}

/// A login with a standard token, whose payload Google tells.
async fn standard(phones: &Phones, google: &Google) -> Answer {
    let challenge = phones.challenge().await;
    *google.payload.lock().unwrap() = phones.play.payload(Bound::RequestHash(&base64url(&hash(&challenge))));
    let headers = object(format!("{}.a.b.c.d", base64url(br#"{"alg":"A256KW"}"#)), &challenge);
    phones.world.showing(&headers).authorize("shop", &[]).await
}

// Checklist 67.
#[tokio::test]
async fn google_decodes_standard_tokens_and_they_are_judged_here() {
    let google = Google::new(false);
    let mut phones = with_google(&google).await;
    standard(&phones, &google).await.is_step("INCOMPLETE");
    standard(&phones, &google).await.is_step("INCOMPLETE");
    assert_eq!((google.tokens.load(Ordering::SeqCst), google.asked.load(Ordering::SeqCst)), (1, 2));
    phones.world.wait(hours(1));
    phones.play.asked_at = START + hours(1);
    standard(&phones, &google).await.is_step("INCOMPLETE");
    assert_eq!(google.tokens.load(Ordering::SeqCst), 2);

    phones.play.recognition = "UNRECOGNIZED_VERSION".to_owned();
    let answer = standard(&phones, &google).await;
    assert!(answer.is_refused(401, "401", "unauthorized").at("/description").contains("UNRECOGNIZED_VERSION"));
    phones.play.recognition = "PLAY_RECOGNIZED".to_owned();
    phones.play.asked_at = START;
    standard(&phones, &google).await.is_refused(401, "401", "unauthorized");
}

// Checklist 67.
#[tokio::test]
async fn without_an_answer_of_google_no_login_starts() {
    let google = Google::new(false);
    let phones = with_google(&google).await;
    for (status, expected) in [(400, 401), (403, 500), (500, 503), (302, 503)] {
        google.status.store(status, Ordering::SeqCst);
        standard(&phones, &google).await.is(expected);
    }
    let google = Google::new(true);
    let phones = with_google(&google).await;
    let answer = standard(&phones, &google).await;
    answer.is_refused(503, "65001", "temporarily_unavailable");
    assert_eq!(answer.header("retry-after"), Some("5"));
}

#[tokio::test]
async fn operators_set_what_is_asked_and_never_see_the_secrets_again() {
    let google = Google::new(false);
    let phones = Phones::set(|setting| setting.web = google.clone(), |_| ()).await;
    let admin = phones.world.admin().await;
    let (decryption, verification) = phones.play.console_keys();
    let colons = ["07"; 32].join(":");
    let attestation = json!({
        "enableClientAttestation": true, "androidPackageName": PACKAGE, "androidThumbprints": [colons],
        "androidDeviceIntegrity": "STRONG", "androidKeyAttestation": "STRONG_BOX",
        "androidAttestationServiceCredentials": google.document(), "playDecryptionKey": decryption,
        "playVerificationKey": verification, "appleAppId": APPLE_APP, "appleAllowDevelopment": true,
        "maxAgeInSeconds": 30, "clientAttestationExpiryInSeconds": 600, "unattestable": {"IOS": "BROWSER_ONLY"},
        "attesters": [{"issuer": "https://attester.example", "jwks": {"keys": [Instance::new().jwk()]}}],
    });
    let advanced = json!({"enableAPIBasedAuthentication": true, "attestationMetaData": attestation});
    let made =
        admin.post("/api/server/v1/applications", json!({"name": "set", "advancedConfigurations": advanced})).await;
    let path = format!("/api/server/v1/applications/{}", made.is(201).at("/id"));
    let shown = admin.get(&path).await;
    let mut expected = attestation.clone();
    for secret in ["androidAttestationServiceCredentials", "playDecryptionKey"] {
        expected.as_object_mut().unwrap().remove(secret);
    }
    expected["enableClientAuthentication"] = false.into();
    assert_eq!(shown.member("/advancedConfigurations/attestationMetaData"), expected);
    for answer in [&made, &shown] {
        for secret in [decryption.as_str(), "PRIVATE KEY", "gserviceaccount"] {
            assert!(!answer.text().contains(secret), "{secret}");
        }
    }
    assert_eq!(admin.patch(&path, shown.json()).await.is(200).json(), shown.json());
    let id = made.at("/id").parse().unwrap();
    let kept = phones.world.store().app(&vestibule_core::ports::TenantId::root(), &id).await.unwrap().unwrap();
    assert!(kept.attestation.android.play_account.is_some() && kept.attestation.android.play_decryption.is_some());
    let text = serde_json::to_string(&kept).unwrap();
    assert!(!text.contains(&decryption) && !text.contains("PRIVATE KEY"));

    let take_away = json!({"androidAttestationServiceCredentials": {}, "playDecryptionKey": ""});
    admin.patch(&path, json!({"advancedConfigurations": {"attestationMetaData": take_away}})).await.is(200);
    let kept = phones.world.store().app(&vestibule_core::ports::TenantId::root(), &id).await.unwrap().unwrap();
    assert!(kept.attestation.android.play_account.is_none() && kept.attestation.android.play_decryption.is_none());
}

#[tokio::test]
async fn what_cannot_be_met_is_not_set() {
    let phones = Phones::new().await;
    let admin = phones.world.admin().await;
    let set = async |native: bool, attestation: Value| {
        let advanced = json!({"enableAPIBasedAuthentication": native, "attestationMetaData": attestation});
        let body = json!({"name": "set", "advancedConfigurations": advanced});
        let answer = admin.post("/api/server/v1/applications", body).await;
        answer.is(400).at("/description")
    };
    let apple = json!({"enableClientAttestation": true, "appleAppId": APPLE_APP});
    for (native, attestation, why) in [
        (false, apple, "needs enableAPIBasedAuthentication"),
        (true, json!({"enableClientAttestation": true}), "must name what can be attested"),
        (true, json!({"enableClientAttestation": true, "appleAppId": "com.example"}), "appleAppId must be"),
        (true, json!({"enableClientAttestation": true, "androidPackageName": "x"}), "androidPackageName must be"),
        (true, json!({"enableClientAttestation": true, "androidPackageName": PACKAGE}), "needs keys of Play Integrity"),
        (
            true,
            json!({"enableClientAttestation": true, "androidPackageName": PACKAGE, "androidKeyAttestation": "STRONG_BOX"}),
            "androidThumbprints must name",
        ),
        (true, json!({"playDecryptionKey": "AAAA"}), "playDecryptionKey and playVerificationKey"),
        (true, json!({"androidAttestationServiceCredentials": {"client_email": "a"}}), "service account"),
        (true, json!({"maxAgeInSeconds": 301}), "maxAgeInSeconds must be 1 to 300"),
        (true, json!({"clientAttestationExpiryInSeconds": 86_401}), "must be 60 to 86400"),
        (true, json!({"attesters": [{"issuer": "a", "jwks": {"keys": []}}]}), "1 to 20 public keys"),
        (true, json!({"attesters": [{"issuer": "a", "jwks": {"keys": [{"kty": "oct", "k": "AQ"}]}}]}), "public keys"),
        (true, json!({"androidThumbprints": ["x"]}), "SHA-256 digests"),
    ] {
        let told = set(native, attestation.clone()).await;
        assert!(told.contains(why), "{attestation}: {told}");
    }
}
