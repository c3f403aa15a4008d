//! Enrolling inside a login: who has no second factor yet gets one in the step that asks for it, and a sheet of backup
//! codes with it. The next login asks for what was enrolled.

use serde_json::{Value, json};
use vestibule_authn::passkey::softkey::{Kind as Algorithm, SoftKey, VERIFIED};
use vestibule_core::credential::Kind;
use vestibule_core::user::{Contact, User};

use crate::devices::{BACKUP, PASSKEY, RP, TOTP, Totp, asked, creation};
use crate::world::*;

pub const PASS: &str = "BasicAuthenticator";
pub const TOTP_ENROL: &str = "totp-enroll";
pub const PASSKEY_ENROL: &str = "passkey-enroll";
pub const BACKUP_ENROL: &str = "backup-code-enroll";
const NAME: &str = "IdentifierExecutor";
const EMAIL: &str = "email-otp-authenticator";

/// A world in which the application enrols, with kim, who has an address and no second factor.
pub async fn world(sequence: &[&[&str]]) -> (World, User) {
    sending(10, sequence).await
}

/// The same, where so many messages are sent to one user in an hour.
async fn sending(most: u32, sequence: &[&[&str]]) -> (World, User) {
    let world = World::set(|setting| {
        setting.config.sending.per_user = most;
        setting.config.sending.per_destination = most;
    })
    .await;
    let change = |app: &mut vestibule_core::application::Application| {
        app.sequence = steps(sequence);
        app.enrolment = true;
    };
    world.app_with("bank", change).await;
    let kim = world.user_with("kim", |user| user.profile.emails = vec![address("kim@example.com")]).await;
    (world, kim)
}

fn address(value: &str) -> Contact {
    Contact { value: value.to_owned(), kind: None, primary: true, verified: true }
}

/// The step after the right password.
pub async fn step(world: &World, client: &str) -> Answer {
    let flow = world.authorize(client, &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await
}

/// What the first option of a step tells besides its questions.
#[track_caller]
pub fn told(answer: &Answer, name: &str) -> String {
    answer.at(&format!("/nextStep/authenticators/0/metadata/additionalData/{name}"))
}

/// Answers a step that asks for a code.
pub async fn token(world: &World, step: &Answer, authenticator: &str, code: &str) -> Answer {
    world.anonymous().answer(&step.flow_id(), &id_of(authenticator), json!({"token": code})).await
}

/// Confirms a secret with its first code: the device, and what comes next.
pub async fn confirm(world: &World, step: &Answer) -> (Totp, Answer) {
    let device = Totp::typed(&told(step, "secret"));
    let next = token(world, step, TOTP_ENROL, &device.code(world.now())).await;
    (device, next)
}

/// Puts the sheet of backup codes away.
pub async fn acknowledge(world: &World, step: &Answer) -> Answer {
    let params = json!({"acknowledged": "true"});
    world.anonymous().answer(&step.flow_id(), &id_of(BACKUP_ENROL), params).await
}

async fn id_token(world: &World, done: &Answer) -> Value {
    claims(&world.anonymous().exchange("bank", &done.is(200).code()).await.at("/id_token"))
}

#[tokio::test]
async fn a_device_is_enrolled_with_its_first_code_and_asked_for_from_then_on() {
    let (world, kim) = world(&[&[PASS], &[TOTP]]).await;
    let first = step(&world, "bank").await;
    let secret = told(&first, "secret");
    assert_eq!(
        first.is_step("INCOMPLETE").member("/nextStep"),
        json!({"stepType": "AUTHENTICATOR_PROMPT", "authenticators": [{
            "authenticatorId": id_of(TOTP_ENROL), "authenticator": "TOTP Enrolment", "idp": "LOCAL",
            "metadata": {
                "i18nKey": "authenticator.totp.enroll", "promptType": "USER_PROMPT",
                "params": [
                    {"param": "token", "type": "STRING", "order": 0, "i18nKey": "totp.authenticator", "displayName": "Token", "confidential": false},
                ],
                "additionalData": {
                    "secret": secret,
                    "otpauthUri": format!("otpauth://totp/bank:kim?secret={secret}&issuer=bank&algorithm=SHA1&digits=6&period=30"),
                },
            },
            "requiredParams": ["token"],
        }]})
    );
    assert_eq!(secret.len(), 32);
    let (device, sheet) = confirm(&world, &first).await;
    assert_eq!(sheet.is_step("INCOMPLETE").options(), [id_of(BACKUP_ENROL)]);
    let token = id_token(&world, &acknowledge(&world, &sheet).await).await;
    assert_eq!(token["sub"], kim.id.to_string());
    assert_eq!((&token["amr"], &token["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));

    let next = step(&world, "bank").await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(TOTP)]);
    assert!(next.member("/nextStep/authenticators/0/metadata/additionalData").is_null());
    let spent = self::token(&world, &next, TOTP, &device.code(world.now())).await;
    spent.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    self::token(&world, &next, TOTP, &device.code(world.now())).await.is(200).code();
}

#[tokio::test]
async fn the_sheet_of_backup_codes_is_shown_until_it_is_put_away() {
    let (world, kim) = world(&[&[PASS], &[TOTP]]).await;
    let (_, sheet) = confirm(&world, &step(&world, "bank").await).await;
    let codes: Vec<String> = serde_json::from_str(&told(&sheet, "backupCodes")).unwrap();
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 10));
    assert_eq!(world.held(&kim).await, [Kind::Totp], "codes that were not put away are good for nothing");
    for params in [json!({}), json!({"acknowledged": "false"})] {
        let again = world.anonymous().answer(&sheet.flow_id(), &id_of(BACKUP_ENROL), params).await;
        assert_eq!(told(again.is_step("INCOMPLETE"), "backupCodes"), told(&sheet, "backupCodes"));
    }
    acknowledge(&world, &sheet).await.is(200).code();
    assert_eq!(world.held(&kim).await, [Kind::Totp, Kind::BackupCodes]);
}

#[tokio::test]
async fn each_backup_code_opens_once() {
    let (world, _) = world(&[&[PASS], &[TOTP, BACKUP]]).await;
    let first = step(&world, "bank").await;
    let (_, sheet) = confirm(&world, &first).await;
    let codes: Vec<String> = serde_json::from_str(&told(&sheet, "backupCodes")).unwrap();
    acknowledge(&world, &sheet).await.is(200).code();
    let spelled = format!("{}-{}", &codes[1][..5], &codes[1][5..]).to_uppercase();
    for (code, good) in [(&codes[0], true), (&codes[0], false), (&spelled, true), (&codes[1], false)] {
        let choice = step(&world, "bank").await;
        assert_eq!(choice.options(), [id_of(TOTP), id_of(BACKUP)]);
        let params = json!({"BackupCode": code});
        let answer = world.anonymous().answer(&choice.flow_id(), &id_of(BACKUP), params).await;
        assert_eq!(answer.is(200).member("/authData").is_object(), good, "{code}");
    }
}

#[tokio::test]
async fn a_passkey_is_enrolled_and_asked_for_from_then_on() {
    let (world, kim) = world(&[&[PASS], &[PASSKEY]]).await;
    world.app_with("shop", |app| app.sequence = steps(&[&[PASSKEY]])).await;
    let first = step(&world, "bank").await;
    assert_eq!(first.is_step("INCOMPLETE").options(), [id_of(PASSKEY_ENROL)]);
    let question = asked(&first);
    let mut options = question["publicKeyCredentialCreationOptions"].clone();
    options["challenge"].take();
    let parameters: Vec<Value> =
        [-7, -35, -8, -257].iter().map(|alg| json!({"type": "public-key", "alg": alg})).collect();
    assert_eq!(
        options,
        json!({
            "rp": {"id": RP, "name": options["rp"]["name"]},
            "user": {"id": vestibule_jose::base64url(kim.id.as_bytes()), "name": "kim", "displayName": "kim"},
            "challenge": null, "pubKeyCredParams": parameters, "timeout": 150_000, "excludeCredentials": [],
            "authenticatorSelection": {"residentKey": "preferred", "requireResidentKey": false, "userVerification": "required"},
            "attestation": "none", "extensions": {"credProps": true},
        })
    );
    let key = SoftKey::new(Algorithm::Es256, RP, BASE);
    let sheet = world.respond(&first.flow_id(), PASSKEY_ENROL, &creation(&key, &question)).await;
    assert_eq!(sheet.is_step("INCOMPLETE").options(), [id_of(BACKUP_ENROL)]);
    let token = id_token(&world, &acknowledge(&world, &sheet).await).await;
    assert_eq!((&token["amr"], &token["acr"]), (&json!(["pwd", "hwk", "mfa"]), &json!("aal2")));
    assert_eq!(world.held(&kim).await, [Kind::BackupCodes, Kind::Passkey]);

    let next = step(&world, "bank").await;
    world.touch(&next.flow_id(), &key, &asked(&next)).await.is(200).code();
    let alone = world.authorize("shop", &[]).await;
    world.touch(&alone.flow_id(), &key, &asked(&alone)).await.is(200).code();
}

#[tokio::test]
async fn a_passkey_that_was_made_in_another_way_than_asked_is_not_enrolled() {
    let (world, kim) = world(&[&[PASS], &[PASSKEY]]).await;
    let first = step(&world, "bank").await;
    let flow = first.flow_id();
    let good = || SoftKey::new(Algorithm::EdDsa, RP, BASE);
    let (mut unverified, elsewhere) = (good(), SoftKey::new(Algorithm::EdDsa, RP, "https://evil.example"));
    unverified.flags &= !VERIFIED;
    let (one, two) = (asked(&first), asked(&step(&world, "bank").await));
    let proof = json!({"publicKeyCredentialRequestOptions": one["publicKeyCredentialCreationOptions"], "requestId": one["requestId"]});
    let answers = [
        creation(&unverified, &one),
        creation(&elsewhere, &one),
        creation(&good(), &two),
        crate::devices::proof(&good(), &proof),
    ];
    for answer in &answers {
        let again = world.respond(&flow, PASSKEY_ENROL, answer).await;
        assert_eq!(again.is_step("FAIL_INCOMPLETE").options(), [id_of(PASSKEY_ENROL)]);
    }
    // Each wrong answer ends its question.
    let late = world.respond(&flow, PASSKEY_ENROL, &creation(&good(), &one)).await;
    late.is_refused(400, "60013", "max_attempts_exceeded");
    assert_eq!(world.held(&kim).await, []);
}

#[tokio::test]
async fn a_wrong_answer_is_followed_by_a_new_question() {
    let (world, kim) = world(&[&[PASS], &[PASSKEY]]).await;
    let first = step(&world, "bank").await;
    let key = SoftKey::new(Algorithm::EdDsa, RP, BASE);
    let again = world.respond(&first.flow_id(), PASSKEY_ENROL, &json!("nonsense")).await;
    assert_ne!(asked(&again), asked(&first));
    world.respond(&first.flow_id(), PASSKEY_ENROL, &creation(&key, &asked(&again))).await.is_step("INCOMPLETE");
    assert_eq!(world.held(&kim).await, [Kind::Passkey]);
}

#[tokio::test]
async fn a_question_for_a_new_passkey_is_none_for_a_proof() {
    let (world, _) = world(&[&[PASS], &[PASSKEY], &[PASSKEY]]).await;
    let first = step(&world, "bank").await;
    let (flow, question) = (first.flow_id(), asked(&first));
    let key = SoftKey::new(Algorithm::Es256, RP, BASE);
    let renamed = json!({"publicKeyCredentialRequestOptions": question["publicKeyCredentialCreationOptions"], "requestId": question["requestId"]});
    world.touch(&flow, &key, &renamed).await.is_refused(400, "60012", "invalid_authenticator");
    let next = world.respond(&flow, PASSKEY_ENROL, &creation(&key, &question)).await;
    assert_eq!(next.is(200).options(), [id_of(PASSKEY)]);
    world.touch(&flow, &key, &renamed).await.is_refused(400, "60002", "authentication_failed");
}

#[tokio::test]
async fn the_user_chooses_what_to_enrol() {
    let (world, kim) = world(&[&[PASS], &[TOTP, PASSKEY]]).await;
    let choice = step(&world, "bank").await;
    assert_eq!(choice.is_step("INCOMPLETE").options(), [id_of(TOTP_ENROL), id_of(PASSKEY_ENROL)]);
    let flow = choice.flow_id();
    let device = world.anonymous().select(&flow, &id_of(TOTP_ENROL)).await;
    let passkey = world.anonymous().select(&flow, &id_of(PASSKEY_ENROL)).await;
    let key = SoftKey::new(Algorithm::EdDsa, RP, BASE);
    assert!(!told(&device, "secret").is_empty());
    let sheet = world.respond(&flow, PASSKEY_ENROL, &creation(&key, &asked(&passkey))).await;
    acknowledge(&world, &sheet).await.is(200).code();
    assert_eq!(world.held(&kim).await, [Kind::BackupCodes, Kind::Passkey]);
    assert_eq!(step(&world, "bank").await.options(), [id_of(TOTP), id_of(PASSKEY)]);
}

#[tokio::test]
async fn the_user_is_told_of_every_new_factor() {
    let (world, _) = world(&[&[PASS], &[TOTP]]).await;
    let (_, sheet) = confirm(&world, &step(&world, "bank").await).await;
    world.wait(seconds(1));
    acknowledge(&world, &sheet).await.is(200).code();
    let mail = world.mail().await;
    let seen: Vec<_> = mail.iter().map(|letter| (letter.to.as_str(), letter.template.as_str())).collect();
    assert_eq!(seen, [("kim@example.com", "factor-added"); 2]);
    assert!(mail[0].text.contains("TOTP") && mail[1].text.contains("Backup codes"));
}

#[tokio::test]
async fn the_user_is_told_although_somebody_used_up_the_messages_of_the_hour() {
    let (world, _) = sending(1, &[&[PASS], &[TOTP]]).await;
    world.app_with("mail", |app| app.sequence = steps(&[&[NAME], &[EMAIL]])).await;
    for _ in 0..3 {
        let flow = world.authorize("mail", &[]).await.flow_id();
        world.anonymous().answer(&flow, IDENTIFIER, json!({"username": "kim"})).await.is_step("INCOMPLETE");
    }
    assert_eq!(world.mail().await.len(), 1);
    confirm(&world, &step(&world, "bank").await).await.1.is_step("INCOMPLETE");
    assert_eq!(world.mail().await[1].template, "factor-added");
}

#[tokio::test]
async fn what_was_enrolled_is_not_asked_again_in_the_session() {
    for way in [TOTP, PASSKEY] {
        let (world, _) = world(&[&[PASS], &[way]]).await;
        world.app_with("shop", |app| app.sequence = steps(&[&[PASS], &[way]])).await;
        let first = step(&world, "bank").await;
        let sheet = if way == TOTP {
            confirm(&world, &first).await.1
        } else {
            let key = SoftKey::new(Algorithm::EdDsa, RP, BASE);
            world.respond(&first.flow_id(), PASSKEY_ENROL, &creation(&key, &asked(&first))).await
        };
        let done = acknowledge(&world, &sheet).await;
        let next = world.anonymous().cookie(done.is(200)).authorize("shop", &[]).await;
        assert_eq!(next.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
    }
}
