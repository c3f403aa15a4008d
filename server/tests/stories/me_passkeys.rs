//! Passkeys, enrolled by their user.

use serde_json::{Value, json};
use vestibule_authn::passkey::softkey::{Kind, PRESENT, SoftKey};
use vestibule_core::user::User;
use vestibule_jose::base64url;

use crate::me::*;
use crate::world::*;

const PAGE: &str = "https://shop.example.com";
const UNKNOWN: &str = "requestId is unknown, too old or was used. Start again.";
const NOT_HELD: &str =
    "credential does not hold: the passkey was not made for this request, this origin and this user.";

/// A server at `login.example.com` whose passkeys belong to `example.com`.
async fn world() -> (World, User) {
    let world = World::set(|setting| {
        setting.public_url = "https://login.example.com";
        setting.config.passkeys.rp_id = Some("example.com".to_owned());
        setting.config.passkeys.rp_name = "Example".to_owned();
    })
    .await;
    let (app, user) = world.household("kim").await;
    world
        .change_app(&app, |app| {
            app.oauth.origins = [PAGE.to_owned()].into();
            app.mobile.android_digests = vec![[7; 32]];
        })
        .await;
    (world, user)
}

fn key(origin: &str) -> SoftKey {
    SoftKey::new(Kind::Es256, "example.com", origin)
}

async fn start(caller: &Caller, kind: &str, origin: &str) -> Answer {
    caller.form(&format!("{KEYS}/{kind}"), &[("appId", origin)]).await
}

async fn finish(caller: &Caller, request: &str, credential: Value) -> Answer {
    let body = json!({"requestId": request, "credential": credential});
    caller.post(&format!("{KEYS}/finish-registration"), body).await
}

fn challenge(started: &Answer) -> String {
    started.at("/publicKeyCredentialCreationOptions/challenge")
}

/// A whole enrolment: the passkey's id.
async fn enrol(caller: &Caller, key: &SoftKey) -> String {
    let started = start(caller, "start-registration", &key.origin).await;
    let made = finish(caller, &started.is(200).at("/requestId"), key.create(&challenge(&started))).await;
    made.is(200).at("/credential/credentialId")
}

// Checklist 52.
#[tokio::test]
async fn a_passkey_is_asked_for_made_and_listed() {
    let (world, user) = world().await;
    let kim = world.signed_in("kim").await;
    let key = key(PAGE);
    let started = start(&kim, "start-registration", PAGE).await;
    let handle = base64url(user.id.as_bytes());
    let expected = json!({
        "rp": {"id": "example.com", "name": "Example"},
        "user": {"id": handle, "name": "kim", "displayName": "kim"},
        "challenge": challenge(&started),
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -35},
            {"type": "public-key", "alg": -8}, {"type": "public-key", "alg": -257},
        ],
        "timeout": 300_000, "excludeCredentials": [],
        "authenticatorSelection": {
            "residentKey": "preferred", "requireResidentKey": false, "userVerification": "required",
        },
        "attestation": "none", "extensions": {"credProps": true},
    });
    assert_eq!(started.is(200).member("/publicKeyCredentialCreationOptions"), expected);
    let made = finish(&kim, &started.at("/requestId"), key.create(&challenge(&started))).await;
    let id = base64url(&key.id);
    let shown = json!({
        "credential": {"credentialId": id, "userHandle": handle}, "displayName": "Passkey 1",
        "registrationTime": "2026-01-01T00:00:00.000Z", "isUsernamelessSupported": false, "backedUp": true,
        "aaguid": made.member("/aaguid"),
    });
    let without_null = |mut body: Value| {
        body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        body
    };
    assert_eq!(made.is(200).json(), without_null(shown.clone()));
    for path in [KEYS.to_owned(), format!("{KEYS}/")] {
        assert_eq!(kim.get(&path).await.is(200).json(), json!([made.json()]));
    }
    assert_eq!(world.notices("kim@example.com").await, [("factor-added".into(), "passkey (Passkey 1)".into())]);

    let again = start(&kim, "start-usernameless-registration", PAGE).await;
    let options = again.is(200).member("/publicKeyCredentialCreationOptions");
    assert_eq!(
        options["excludeCredentials"],
        json!([{"type": "public-key", "id": id, "transports": ["internal", "hybrid"]}])
    );
    assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
    finish(&kim, &again.at("/requestId"), key.create(&challenge(&again)))
        .await
        .is_refusal(409, "The passkey is enrolled already.");
}

#[tokio::test]
async fn a_passkey_that_needs_no_user_name_is_known_as_such() {
    let (world, _) = world().await;
    let kim = world.signed_in("kim").await;
    let key = key(PAGE);
    let started = start(&kim, "start-usernameless-registration", PAGE).await;
    let made = finish(&kim, &started.at("/requestId"), key.create(&challenge(&started))).await;
    assert_eq!(made.is(200).member("/isUsernamelessSupported"), true);
}

#[tokio::test]
async fn only_origins_of_the_application_and_the_server_are_asked() {
    let (world, _) = world().await;
    let kim = world.signed_in("kim").await;
    let android = format!("android:apk-key-hash:{}", base64url(&[7; 32]));
    for origin in [PAGE, "https://login.example.com", &android] {
        enrol(&kim, &key(origin)).await;
    }
    let sentence = "appId must be an origin of the application, such as https://app.example.com.";
    for origin in ["https://evil.example", "https://example.com", "https://shop.example.com/", "android:apk-key-hash:x"]
    {
        start(&kim, "start-registration", origin).await.is_refusal(400, sentence);
    }
    let path = format!("{KEYS}/start-registration");
    kim.form(&path, &[]).await.is_refusal(400, "appId is missing.");
    kim.form(&path, &[("appId", PAGE), ("x", "1")]).await.is_refusal(400, "The parameter x is unknown.");
    kim.post(&path, json!({"appId": PAGE}))
        .await
        .is_refusal(415, "The endpoint takes a body of the type application/x-www-form-urlencoded.");
}

#[tokio::test]
async fn an_answer_that_does_not_hold_makes_no_passkey() {
    let (world, _) = world().await;
    let kim = world.signed_in("kim").await;
    let answers: [fn(&str) -> Value; 6] = [
        |challenge| key("https://evil.example").create(challenge),
        |challenge| SoftKey::new(Kind::Es256, "evil.example", PAGE).create(challenge),
        |_| key(PAGE).create(&base64url(&[0; 32])),
        |challenge| key(PAGE).get(challenge),
        |challenge| {
            let mut key = key(PAGE);
            key.flags = PRESENT;
            key.create(challenge)
        },
        |_| json!({"errorCode": "NotAllowedError"}),
    ];
    for answer in answers {
        let started = start(&kim, "start-registration", PAGE).await;
        let request = started.at("/requestId");
        finish(&kim, &request, answer(&challenge(&started))).await.is_refusal(400, NOT_HELD);
        finish(&kim, &request, key(PAGE).create(&challenge(&started))).await.is_refusal(400, UNKNOWN);
    }
    assert_eq!(kim.get(KEYS).await.json(), json!([]));
    assert!(world.letters().await.is_empty());
}

#[tokio::test]
async fn a_request_is_answered_once_within_five_minutes_by_its_user() {
    let (world, _) = world().await;
    world.reachable("eve").await;
    let (kim, eve) = (world.signed_in("kim").await, world.signed_in("eve").await);
    let started = start(&kim, "start-registration", PAGE).await;
    let (request, challenge) = (started.at("/requestId"), challenge(&started));
    finish(&eve, &request, key(PAGE).create(&challenge)).await.is_refusal(400, UNKNOWN);
    finish(&kim, &request, key(PAGE).create(&challenge)).await.is(200);
    finish(&kim, &request, key(PAGE).create(&challenge)).await.is_refusal(400, UNKNOWN);
    for request in ["", "x", &base64url(&[0; 32]), &"A".repeat(5000)] {
        finish(&kim, request, json!({})).await.is_refusal(400, UNKNOWN);
    }

    let late = start(&kim, "start-registration", PAGE).await;
    world.wait(minutes(5));
    let answer = key(PAGE).create(&late.at("/publicKeyCredentialCreationOptions/challenge"));
    finish(&kim, &late.at("/requestId"), answer).await.is_refusal(400, UNKNOWN);
}

#[tokio::test]
async fn passkeys_are_renamed_and_removed_by_their_user_alone() {
    let (world, _) = world().await;
    world.reachable("eve").await;
    let (kim, eve) = (world.signed_in("kim").await, world.signed_in("eve").await);
    let id = enrol(&kim, &key(PAGE)).await;
    let path = format!("{KEYS}/{id}");
    let name = |name: &str| json!([{"operation": "REPLACE", "path": "/displayName", "value": name}]);
    eve.patch(&path, name("Mine")).await.is_refusal(404, "There is no such passkey.");
    eve.delete(&path).await.is_refusal(404, "There is no such passkey.");
    assert_eq!(kim.patch(&path, name("My phone")).await.is(200).at("/displayName"), "My phone");
    let standard = json!([{"op": "replace", "path": "/displayName", "value": "Phone"}]);
    kim.patch(&path, standard).await.is(200);
    assert_eq!(kim.get(KEYS).await.at("/0/displayName"), "Phone");

    let refusals = [
        (name(""), "displayName must have 1 to 64 characters."),
        (name("a\nb"), "displayName must have 1 to 64 characters."),
        (name(&"x".repeat(65)), "displayName must have 1 to 64 characters."),
        (json!([]), "The body must be a list of one operation."),
        (json!({}), "The body must be a list."),
        (
            json!([{"op": "remove", "path": "/displayName", "value": ""}]),
            "The operation must be a replace of /displayName.",
        ),
        (
            json!([{"op": "replace", "path": "/record", "value": ""}]),
            "The operation must be a replace of /displayName.",
        ),
    ];
    for (body, sentence) in refusals {
        kim.patch(&path, body).await.is_refusal(400, sentence);
    }

    world.letters().await;
    kim.delete(&path).await.is(204);
    assert_eq!(world.notices("kim@example.com").await, [("factor-removed".into(), "passkey (Phone)".into())]);
    kim.delete(&path).await.is(404);
    assert_eq!(kim.get(KEYS).await.json(), json!([]));
}

#[tokio::test]
async fn a_user_has_twenty_passkeys_at_most() {
    let (world, _) = world().await;
    let kim = world.signed_in("kim").await;
    for _ in 0..20 {
        enrol(&kim, &key(PAGE)).await;
    }
    start(&kim, "start-registration", PAGE)
        .await
        .is_refusal(409, "The account has as many passkeys as it may have. Remove one first.");
}

#[tokio::test]
async fn of_two_answers_sent_at_once_one_makes_a_passkey() {
    let (world, _) = world().await;
    let kim = world.signed_in("kim").await;
    let started = start(&kim, "start-registration", PAGE).await;
    let (request, challenge) = (started.at("/requestId"), challenge(&started));
    let (one, two) = tokio::join!(
        finish(&kim, &request, key(PAGE).create(&challenge)),
        finish(&kim, &request, key(PAGE).create(&challenge)),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert_eq!(kim.get(KEYS).await.json().as_array().unwrap().len(), 1);
}
