//! Signing in with a passkey: without a name, after the name, after the password, or as one of several ways; and what
//! the tokens then say.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_authn::passkey::softkey::{Kind, PRESENT, SoftKey, VERIFIED};
use vestibule_core::tenant::MessageStyle;
use vestibule_core::user::User;
use vestibule_jose::base64url;

use crate::devices::{PASSKEY, RP, asked, proof};
use crate::world::*;

const NAME: &str = "IdentifierExecutor";
const PASS: &str = "BasicAuthenticator";

/// A world with an application of these steps and with kim, who has a passkey.
async fn world(sequence: &[&[&str]]) -> (World, User, SoftKey) {
    let world = World::new().await;
    world.app_with("bank", |app| app.sequence = steps(sequence)).await;
    let kim = world.user("kim").await;
    let key = world.passkey(&kim).await;
    (world, kim, key)
}

/// The claims of the ID token that a finished login is worth.
async fn id_token(world: &World, done: &Answer) -> Value {
    claims(&world.anonymous().exchange("bank", &done.is(200).code()).await.at("/id_token"))
}

async fn named(world: &World, name: &str) -> Answer {
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, json!({"username": name})).await
}

fn message(answer: &Answer) -> String {
    answer.at("/nextStep/messages/0/message")
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_name() {
    let (world, kim, key) = world(&[&[PASSKEY]]).await;
    let start = world.authorize("bank", &[]).await;
    let mut offer = start.is_step("INCOMPLETE").member("/nextStep/authenticators/0");
    assert_eq!(start.member("/nextStep/stepType"), "AUTHENTICATOR_PROMPT");
    assert!(offer["metadata"]["additionalData"]["challengeData"].take().is_string());
    assert_eq!(
        offer,
        json!({
            "authenticatorId": "RklET0F1dGhlbnRpY2F0b3I6TE9DQUw", "authenticator": "Passkey", "idp": "LOCAL",
            "metadata": {
                "i18nKey": "authenticator.Fido", "promptType": "INTERNAL_PROMPT",
                "additionalData": {"challengeData": null},
            },
            "requiredParams": ["tokenResponse"],
        })
    );
    let question = asked(&start);
    let mut options = question["publicKeyCredentialRequestOptions"].clone();
    assert_eq!(options["challenge"].take().as_str().unwrap().len(), 43);
    assert_eq!(
        options,
        json!({"challenge": null, "timeout": 150_000, "rpId": RP, "userVerification": "required", "extensions": {}})
    );
    let done = world.touch(&start.flow_id(), &key, &question).await;
    let token = id_token(&world, &done).await;
    assert_eq!(token["sub"], kim.id.to_string());
    assert_eq!((&token["amr"], &token["acr"]), (&json!(["hwk", "mfa"]), &json!("aal2")));
}

#[tokio::test]
async fn passkeys_of_each_algorithm_sign_in() {
    let (world, ..) = world(&[&[PASSKEY]]).await;
    for algorithm in [Kind::Es256, Kind::Es384, Kind::EdDsa, Kind::Rs256] {
        let user = world.user(&format!("{algorithm:?}")).await;
        let key = world.passkey_of(&user, algorithm).await;
        let start = world.authorize("bank", &[]).await;
        let done = world.touch(&start.flow_id(), &key, &asked(&start)).await;
        assert_eq!(id_token(&world, &done).await["sub"], user.id.to_string());
    }
}

#[tokio::test]
async fn an_answer_may_be_spelled_as_json_or_in_either_base64() {
    let (world, _, key) = world(&[&[PASSKEY]]).await;
    for spell in [
        |text: String| text,
        |text: String| base64url(text.as_bytes()),
        |text: String| STANDARD.encode(text + " "),
        |text: String| STANDARD.encode(text + "  "),
    ] {
        let start = world.authorize("bank", &[]).await;
        let answer = spell(proof(&key, &asked(&start)).to_string());
        world.respond(&start.flow_id(), PASSKEY, &answer.into()).await.is(200).code();
    }
}

#[tokio::test]
async fn starting_with_a_passkey_writes_nothing() {
    let (world, store) = crate::faults::Breakable::open().await;
    world.app_with("bank", |app| app.sequence = steps(&[&[PASSKEY]])).await;
    for verb in [vestibule_store::Verb::Claim, vestibule_store::Verb::Settle] {
        store.fail(verb);
    }
    let start = world.authorize("bank", &[]).await;
    let again = world.anonymous().select(&start.is_step("INCOMPLETE").flow_id(), &id_of(PASSKEY)).await;
    assert_eq!(asked(&start), asked(again.is_step("INCOMPLETE")));
}

#[tokio::test]
async fn names_with_and_without_passkeys_and_names_of_nobody_look_alike() {
    let (world, _, key) = world(&[&[NAME], &[PASSKEY]]).await;
    world.user("lee").await;
    let mut seen = Vec::new();
    for name in ["kim", "lee", "nobody", "lee", "nobody", " NOBODY ", "kim"] {
        let step = named(&world, name).await;
        let options = asked(&step)["publicKeyCredentialRequestOptions"].take();
        assert_eq!(options["userVerification"], "required");
        let ids: Vec<String> = options["allowCredentials"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["id"].as_str().unwrap().to_owned())
            .collect();
        let [id] = &ids[..] else { panic!("not one id: {ids:?}") };
        let mut shape = step.is_step("INCOMPLETE").shape();
        let offer = &mut shape["nextStep"]["authenticators"][0]["metadata"]["additionalData"]["challengeData"];
        let length = offer.take().as_str().unwrap().len();
        seen.push((shape, length, id.len(), id.clone()));
    }
    assert!(seen.iter().all(|(shape, length, size, _)| (shape, length, size) == (&seen[0].0, &seen[0].1, &seen[0].2)));
    let ids: Vec<&String> = seen.iter().map(|(.., id)| id).collect();
    assert_eq!(*ids[0], base64url(&key.id));
    assert_eq!((ids[1], ids[2], ids[2], ids[0]), (ids[3], ids[4], ids[5], ids[6]), "a name's id is always the same");
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
}

#[tokio::test]
async fn after_the_name_only_that_users_passkey_counts() {
    let (world, kim, key) = world(&[&[NAME], &[PASSKEY]]).await;
    world.user("lee").await;
    for name in ["lee", "nobody"] {
        let step = named(&world, name).await;
        let other = world.touch(&step.flow_id(), &key, &asked(&step)).await;
        other.is_refused(400, "60002", "authentication_failed");
    }
    let step = named(&world, "kim").await;
    let done = world.touch(&step.flow_id(), &key, &asked(&step)).await;
    assert_eq!(id_token(&world, &done).await["sub"], kim.id.to_string());
}

#[tokio::test]
async fn after_a_password_a_passkey_need_not_verify_its_user() {
    for (flags, amr) in [(PRESENT, json!(["pwd", "hwk", "mfa"])), (PRESENT | VERIFIED, json!(["pwd", "hwk", "mfa"]))] {
        let (world, kim, _) = world(&[&[PASS], &[PASSKEY]]).await;
        let mut key = SoftKey::new(Kind::EdDsa, RP, BASE);
        key.flags = PRESENT | VERIFIED;
        world.owns(&kim, &key).await;
        key.flags = flags;
        let flow = world.authorize("bank", &[]).await.flow_id();
        let step = world.anonymous().password(&flow, "kim", PASSWORD).await;
        let question = asked(step.is_step("INCOMPLETE"));
        let options = &question["publicKeyCredentialRequestOptions"];
        assert_eq!(options["userVerification"], "preferred");
        assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 2);
        let token = id_token(&world, &world.touch(&flow, &key, &question).await).await;
        assert_eq!((&token["amr"], &token["acr"]), (&amr, &json!("aal2")));
    }
}

#[tokio::test]
async fn one_of_several_options_is_bare_until_it_is_selected() {
    let (world, _, key) = world(&[&[PASS, PASSKEY]]).await;
    let start = world.authorize("bank", &[]).await;
    assert_eq!(start.member("/nextStep/stepType"), "MULTI_OPTIONS_PROMPT");
    assert_eq!(
        start.member("/nextStep/authenticators/1"),
        json!({
            "authenticatorId": id_of(PASSKEY), "authenticator": "Passkey", "idp": "LOCAL",
            "metadata": {"i18nKey": "authenticator.Fido"},
        })
    );
    let flow = start.flow_id();
    let step = world.anonymous().select(&flow, &id_of(PASSKEY)).await;
    assert_eq!(step.is_step("INCOMPLETE").options(), [id_of(PASSKEY)]);
    let question = asked(&step);
    let wrong = world.respond(&flow, PASSKEY, &json!({"requestId": question["requestId"]})).await;
    assert_eq!(wrong.is_step("FAIL_INCOMPLETE").options(), [BASIC.to_owned(), id_of(PASSKEY)]);
    assert_eq!(wrong.member("/nextStep/authenticators"), start.member("/nextStep/authenticators"));
    assert_eq!(message(&wrong), "The passkey was not accepted.");
    world.anonymous().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    let step = world.anonymous().select(&flow, &id_of(PASSKEY)).await;
    world.touch(&flow, &key, &asked(&step)).await.is(200).code();
}

#[tokio::test]
async fn as_the_only_option_a_wrong_one_ends_the_flow() {
    let (world, _, key) = world(&[&[PASSKEY]]).await;
    let start = world.authorize("bank", &[]).await;
    let wrong = world.respond(&start.flow_id(), PASSKEY, &json!("nonsense")).await;
    wrong.is_refused(400, "60002", "authentication_failed");
    world.touch(&start.flow_id(), &key, &asked(&start)).await.is_refused(400, "60009", "invalid_flow_id");
}

#[tokio::test]
async fn an_app_of_the_registered_certificate_may_answer_and_no_other() {
    let (world, kim, _) = world(&[&[PASS, PASSKEY]]).await;
    let (own, other) = ([1; 32], [2; 32]);
    world
        .app_with("phone", |app| {
            app.sequence = steps(&[&[PASS, PASSKEY]]);
            app.mobile.android_digests = vec![own];
        })
        .await;
    let origin = |digest: [u8; 32]| format!("android:apk-key-hash:{}", base64url(&digest));
    for (client, digest, good) in [("phone", own, true), ("phone", other, false), ("bank", own, false)] {
        let key = SoftKey::new(Kind::EdDsa, RP, &origin(digest));
        world.owns(&kim, &key).await;
        let flow = world.authorize(client, &[]).await.flow_id();
        let step = world.anonymous().select(&flow, &id_of(PASSKEY)).await;
        let answer = world.touch(&flow, &key, &asked(&step)).await;
        match good {
            true => drop(answer.is(200).code()),
            false => drop(answer.is_step("FAIL_INCOMPLETE")),
        }
    }
}

#[tokio::test]
async fn a_page_of_the_applications_origins_may_answer_and_one_of_anothers_not() {
    let (world, kim, _) = world(&[&[PASS, PASSKEY]]).await;
    world
        .app_with("page", |app| {
            app.sequence = steps(&[&[PASS, PASSKEY]]);
            app.oauth.origins.insert("http://localhost:5173".to_owned());
        })
        .await;
    let key = SoftKey::new(Kind::EdDsa, RP, "http://localhost:5173");
    world.owns(&kim, &key).await;
    for (client, good) in [("page", true), ("bank", false)] {
        let flow = world.authorize(client, &[]).await.flow_id();
        let step = world.anonymous().select(&flow, &id_of(PASSKEY)).await;
        let answer = world.touch(&flow, &key, &asked(&step)).await;
        assert_eq!(answer.is(200).member("/authData").is_object(), good);
    }
}

#[tokio::test]
async fn users_who_are_locked_or_disabled_are_refused_although_the_passkey_is_right() {
    for (sequence, name) in [(&[&[PASSKEY][..]][..], None), (&[&[NAME], &[PASSKEY]], Some("kim"))] {
        for shut in [|user: &mut User| user.locked = true, |user: &mut User| user.active = false] {
            let (world, kim, key) = world(sequence).await;
            let step = match name {
                Some(name) => named(&world, name).await,
                None => world.authorize("bank", &[]).await,
            };
            world.change_user(&kim, shut).await;
            let refused = world.touch(&step.flow_id(), &key, &asked(&step)).await;
            refused.is_refused(400, "60002", "authentication_failed");
            world.touch(&step.flow_id(), &key, &asked(&step)).await.is_refused(400, "60009", "invalid_flow_id");
        }
    }
}

#[tokio::test]
async fn guessing_passwords_does_not_keep_the_passkey_out() {
    let (world, _, key) = world(&[&[PASS, PASSKEY]]).await;
    for _ in 0..5 {
        let flow = world.authorize("bank", &[]).await.flow_id();
        world.anonymous().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    let flow = world.authorize("bank", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    let step = world.anonymous().select(&flow, &id_of(PASSKEY)).await;
    world.touch(&flow, &key, &asked(&step)).await.is(200).code();
}

#[tokio::test]
async fn that_there_is_no_passkey_is_told_only_to_who_proved_something() {
    let world = World::set(|setting| setting.config.native.messages = MessageStyle::Wso2).await;
    world.user("lee").await;
    world.app_with("bank", |app| app.sequence = steps(&[&[NAME], &[PASSKEY]])).await;
    world.app_with("shop", |app| app.sequence = steps(&[&[PASS], &[PASSKEY]])).await;
    assert!(named(&world, "lee").await.is_step("INCOMPLETE").member("/nextStep/messages").is_null());
    let flow = world.authorize("shop", &[]).await.flow_id();
    let step = world.anonymous().password(&flow, "lee", PASSWORD).await;
    assert_eq!(message(step.is_step("FAIL_INCOMPLETE")), "no.enrolled.passkey.found");
    assert_eq!(
        step.member("/nextStep/authenticators/0"),
        json!({
            "authenticatorId": id_of(PASSKEY), "authenticator": "Passkey", "idp": "LOCAL",
            "metadata": {"i18nKey": "authenticator.Fido"},
        })
    );
}

#[tokio::test]
async fn what_a_passkey_proved_is_not_asked_again_in_the_session() {
    let (world, _, key) = world(&[&[PASSKEY]]).await;
    world.app_with("shop", |app| app.sequence = steps(&[&[PASS, PASSKEY]])).await;
    let start = world.authorize("bank", &[]).await;
    let done = world.touch(&start.flow_id(), &key, &asked(&start)).await;
    let next = world.anonymous().cookie(&done).authorize("shop", &[]).await;
    assert_eq!(next.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
}
