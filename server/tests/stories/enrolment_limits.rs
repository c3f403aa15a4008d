//! Where nothing is enrolled: without the application's will, before a factor is proved, and by whoever has the password
//! of a user who could prove more.

use serde_json::json;
use vestibule_authn::passkey::softkey::{Kind as Algorithm, SoftKey};
use vestibule_core::credential::Kind;
use vestibule_core::user::User;

use crate::devices::{BACKUP, PASSKEY, RP, TOTP, asked, creation};
use crate::enrolment::{BACKUP_ENROL, PASS, PASSKEY_ENROL, TOTP_ENROL, acknowledge, confirm, step, token, told, world};
use crate::world::*;

const NAME: &str = "IdentifierExecutor";
const EMAIL: &str = "email-otp-authenticator";

/// Nothing can be enrolled at this point of the flow.
async fn is_closed(world: &World, flow: &str) {
    for enrolment in [TOTP_ENROL, PASSKEY_ENROL, BACKUP_ENROL] {
        let refused = world.anonymous().select(flow, &id_of(enrolment)).await;
        refused.is_refused(400, "60012", "invalid_authenticator");
    }
}

async fn without_address(world: &World, kim: &User) {
    world.change_user(kim, |user| user.profile.emails.clear()).await;
}

#[tokio::test]
async fn an_application_that_does_not_enrol_asks_for_a_code_that_nobody_has() {
    let (world, kim) = world(&[&[PASS], &[TOTP]]).await;
    world.app_with("shop", |app| app.sequence = steps(&[&[PASS], &[TOTP]])).await;
    let plain = step(&world, "shop").await;
    assert_eq!(plain.is_step("INCOMPLETE").options(), [id_of(TOTP)]);
    assert!(plain.member("/nextStep/authenticators/0/metadata/additionalData").is_null());
    is_closed(&world, &plain.flow_id()).await;
    for _ in 0..4 {
        token(&world, &plain, TOTP, "000000").await.is_step("FAIL_INCOMPLETE");
    }
    token(&world, &plain, TOTP, "000000").await.is_refused(400, "60013", "max_attempts_exceeded");
    assert_eq!(world.held(&kim).await, []);
}

#[tokio::test]
async fn nothing_is_enrolled_before_a_factor_is_proved() {
    for sequence in [&[&[TOTP][..], &[PASS]][..], &[&[NAME], &[TOTP]], &[&[NAME], &[PASSKEY]], &[&[PASSKEY]]] {
        let (world, kim) = world(sequence).await;
        let mut at = world.authorize("bank", &[]).await;
        if sequence[0] == [NAME] {
            at = world.anonymous().answer(&at.flow_id(), IDENTIFIER, json!({"username": "kim"})).await;
        }
        assert!([id_of(TOTP), id_of(PASSKEY)].contains(&at.is_step("INCOMPLETE").options()[0]));
        is_closed(&world, &at.flow_id()).await;
        assert_eq!(world.held(&kim).await, []);
    }
}

#[tokio::test]
async fn a_password_enrols_nothing_where_another_option_can_be_answered() {
    let (world, kim) = world(&[&[PASS], &[TOTP, EMAIL]]).await;
    let choice = step(&world, "bank").await;
    assert_eq!(choice.is_step("INCOMPLETE").options(), [id_of(TOTP), id_of(EMAIL)]);
    is_closed(&world, &choice.flow_id()).await;
    without_address(&world, &kim).await;
    assert_eq!(step(&world, "bank").await.options(), [id_of(TOTP_ENROL)]);
}

#[tokio::test]
async fn a_password_enrols_nothing_for_who_holds_what_the_step_asks_for() {
    let (world, kim) = world(&[&[PASS], &[TOTP, PASSKEY]]).await;
    world.passkey(&kim).await;
    let choice = step(&world, "bank").await;
    assert_eq!(choice.is_step("INCOMPLETE").options(), [id_of(TOTP), id_of(PASSKEY)]);
    is_closed(&world, &choice.flow_id()).await;
}

#[tokio::test]
async fn a_password_enrols_nothing_for_who_holds_a_second_factor_that_the_step_does_not_take() {
    let (world, kim) = world(&[&[PASS], &[PASSKEY]]).await;
    world.totp(&kim).await;
    let bare = step(&world, "bank").await;
    assert_eq!(bare.is_step("FAIL_INCOMPLETE").options(), [id_of(PASSKEY)]);
    is_closed(&world, &bare.flow_id()).await;
}

#[tokio::test]
async fn who_proved_the_second_factor_may_enrol_a_third() {
    let (world, kim) = world(&[&[PASS], &[TOTP], &[PASSKEY]]).await;
    let device = world.totp(&kim).await;
    let at = step(&world, "bank").await;
    let next = token(&world, &at, TOTP, &device.code(world.now())).await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(PASSKEY_ENROL)]);
    assert!(asked(&next)["publicKeyCredentialCreationOptions"].is_object());
}

#[tokio::test]
async fn who_enrolled_in_an_earlier_step_may_enrol_again_and_gets_one_sheet() {
    let (world, kim) = world(&[&[PASS], &[TOTP], &[PASSKEY]]).await;
    let (_, next) = confirm(&world, &step(&world, "bank").await).await;
    assert_eq!(next.is_step("INCOMPLETE").options(), [id_of(PASSKEY_ENROL)]);
    let key = SoftKey::new(Algorithm::EdDsa, RP, BASE);
    let answer = creation(&key, &asked(&next));
    let sheet = world.respond(&next.flow_id(), PASSKEY_ENROL, &answer).await;
    acknowledge(&world, &sheet).await.is(200).code();
    let mut held = world.held(&kim).await;
    held.sort_unstable();
    assert_eq!(held, [Kind::Totp, Kind::BackupCodes, Kind::Passkey]);
}

#[tokio::test]
async fn an_enrolment_is_shown_again_with_the_same_secret() {
    let (world, _) = world(&[&[PASS], &[TOTP]]).await;
    let first = step(&world, "bank").await;
    let (flow, secret) = (first.flow_id(), told(&first, "secret"));
    for _ in 0..3 {
        let again = world.anonymous().select(&flow, &id_of(TOTP_ENROL)).await;
        assert_eq!(told(again.is_step("INCOMPLETE"), "secret"), secret);
    }
    let wrong = token(&world, &first, TOTP_ENROL, "no code").await;
    assert_eq!(told(wrong.is_step("FAIL_INCOMPLETE"), "secret"), secret);
    confirm(&world, &first).await.1.is_step("INCOMPLETE");
    let other = step(&world, "bank").await;
    assert!(other.member("/nextStep/authenticators/0/metadata/additionalData").is_null());
}

#[tokio::test]
async fn each_flow_shows_a_secret_of_its_own() {
    let (world, _) = world(&[&[PASS], &[TOTP]]).await;
    let (one, two) = (step(&world, "bank").await, step(&world, "bank").await);
    assert_ne!(told(&one, "secret"), told(&two, "secret"));
}

#[tokio::test]
async fn wrong_first_codes_are_counted() {
    let (world, kim) = world(&[&[PASS], &[TOTP]]).await;
    let first = step(&world, "bank").await;
    let device = crate::devices::Totp::typed(&told(&first, "secret"));
    let wrong = device.wrong(world.now());
    for _ in 0..4 {
        token(&world, &first, TOTP_ENROL, &wrong).await.is_step("FAIL_INCOMPLETE");
    }
    token(&world, &first, TOTP_ENROL, &wrong).await.is_refused(400, "60013", "max_attempts_exceeded");
    let late = token(&world, &first, TOTP_ENROL, &device.code(world.now())).await;
    late.is_refused(400, "60009", "invalid_flow_id");
    assert_eq!(world.held(&kim).await, []);
}

#[tokio::test]
async fn of_two_flows_that_enrol_at_once_one_does() {
    let (world, kim) = world(&[&[PASS], &[TOTP]]).await;
    let (one, two) = (step(&world, "bank").await, step(&world, "bank").await);
    let answers = tokio::join!(confirm(&world, &one), confirm(&world, &two));
    let [(first, one), (second, two)] = [answers.0, answers.1];
    let (device, sheet, refused) = match one.options()[0] == id_of(BACKUP_ENROL) {
        true => (first, one, two),
        false => (second, two, one),
    };
    refused.is_step("FAIL_INCOMPLETE");
    acknowledge(&world, &sheet).await.is(200).code();
    assert_eq!(world.held(&kim).await, [Kind::Totp, Kind::BackupCodes]);
    world.wait(minutes(1));
    let next = step(&world, "bank").await;
    token(&world, &next, TOTP, &device.code(world.now())).await.is(200).code();
}

#[tokio::test]
async fn a_user_who_is_locked_meanwhile_enrols_nothing() {
    let (world, kim) = world(&[&[PASS], &[TOTP]]).await;
    let first = step(&world, "bank").await;
    world.change_user(&kim, |user| user.locked = true).await;
    confirm(&world, &first).await.1.is_step("FAIL_INCOMPLETE");
    assert_eq!(world.held(&kim).await, []);
}

#[tokio::test]
async fn who_has_backup_codes_left_is_not_enrolled_where_they_are_taken() {
    let (world, kim) = world(&[&[PASS], &[TOTP, BACKUP]]).await;
    world.backup_codes(&kim).await;
    let choice = step(&world, "bank").await;
    assert_eq!(choice.is_step("INCOMPLETE").options(), [id_of(TOTP), id_of(BACKUP)]);
    is_closed(&world, &choice.flow_id()).await;
}
