//! Every way of signing in, as clients know it by heart: shipped SDKs compare names, ids, display names, parameters and
//! their order literally.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use vestibule_core::application::{Sequence, SequenceStep, StepOption, authenticator_id};
use vestibule_core::flow::authenticator::{Param, Spec};

use crate::holdings::*;
use crate::world::*;

/// How ways are known to clients: name, identity provider, id, display name, translation key.
const KNOWN: &[[&str; 5]] = &[
    ["BasicAuthenticator", "LOCAL", "QmFzaWNBdXRoZW50aWNhdG9yOkxPQ0FM", "Username & Password", "authenticator.basic"],
    ["IdentifierExecutor", "LOCAL", "SWRlbnRpZmllckV4ZWN1dG9yOkxPQ0FM", "Identifier First", "authenticator.identifier"],
    [
        "email-otp-authenticator",
        "LOCAL",
        "ZW1haWwtb3RwLWF1dGhlbnRpY2F0b3I6TE9DQUw",
        "Email OTP",
        "authenticator.email.otp",
    ],
    ["sms-otp-authenticator", "LOCAL", "c21zLW90cC1hdXRoZW50aWNhdG9yOkxPQ0FM", "SMS OTP", "authenticator.sms.otp"],
    ["totp", "LOCAL", "dG90cDpMT0NBTA", "TOTP", "authenticator.totp"],
    [
        "backup-code-authenticator",
        "LOCAL",
        "YmFja3VwLWNvZGUtYXV0aGVudGljYXRvcjpMT0NBTA",
        "Backup Code",
        "authenticator.backup.code",
    ],
    [
        "MagicLinkAuthenticator",
        "LOCAL",
        "TWFnaWNMaW5rQXV0aGVudGljYXRvcjpMT0NBTA",
        "Magic Link",
        "authenticator.magic.link",
    ],
    ["FIDOAuthenticator", "LOCAL", "RklET0F1dGhlbnRpY2F0b3I6TE9DQUw", "Passkey", "authenticator.Fido"],
    ["GoogleOIDCAuthenticator", "Google", "R29vZ2xlT0lEQ0F1dGhlbnRpY2F0b3I6R29vZ2xl", "Google", "authenticator.google"],
    [
        "GoogleOIDCAuthenticator",
        "GoogleNative",
        "R29vZ2xlT0lEQ0F1dGhlbnRpY2F0b3I6R29vZ2xlTmF0aXZl",
        "Google",
        "authenticator.google",
    ],
    ["GithubAuthenticator", "GitHub", "R2l0aHViQXV0aGVudGljYXRvcjpHaXRIdWI", "Github", "authenticator.oidc"],
    [
        "FacebookAuthenticator",
        "Facebook",
        "RmFjZWJvb2tBdXRoZW50aWNhdG9yOkZhY2Vib29r",
        "facebook",
        "authenticator.facebook",
    ],
    ["AppleOIDCAuthenticator", "Apple", "QXBwbGVPSURDQXV0aGVudGljYXRvcjpBcHBsZQ", "Apple", "authenticator.apple"],
    [
        "OpenIDConnectAuthenticator",
        "Microsoft",
        "T3BlbklEQ29ubmVjdEF1dGhlbnRpY2F0b3I6TWljcm9zb2Z0",
        "openidconnect",
        "authenticator.oidc",
    ],
    [
        "OpenIDConnectAuthenticator",
        "trustedIdP",
        "T3BlbklEQ29ubmVjdEF1dGhlbnRpY2F0b3I6dHJ1c3RlZElkUA",
        "openidconnect",
        "authenticator.oidc",
    ],
    [
        "OpenIDConnectAuthenticator",
        "Sign In With Ethereum",
        "T3BlbklEQ29ubmVjdEF1dGhlbnRpY2F0b3I6U2lnbiBJbiBXaXRoIEV0aGVyZXVt",
        "openidconnect",
        "authenticator.oidc",
    ],
    [
        "Office365Authenticator",
        "Office365",
        "T2ZmaWNlMzY1QXV0aGVudGljYXRvcjpPZmZpY2UzNjU",
        "Office365",
        "authenticator.oidc",
    ],
    [
        "push-notification-authenticator",
        "LOCAL",
        "cHVzaC1ub3RpZmljYXRpb24tYXV0aGVudGljYXRvcjpMT0NBTA",
        "Push Notification",
        "authenticator.push.notification",
    ],
    ["SessionExecutor", "LOCAL", "U2Vzc2lvbkV4ZWN1dG9yOkxPQ0FM", "Active Sessions Limit", ""],
    ["LinkedInOIDC", "LinkedIn", "TGlua2VkSW5PSURDOkxpbmtlZElu", "LinkedIn", "authenticator.oidc"],
    [
        "custom-native-auth",
        "LOCAL",
        "Y3VzdG9tLW5hdGl2ZS1hdXRoOkxPQ0FM",
        "custom-native-auth",
        "AbstractAuthenticatorAdapter",
    ],
];

/// The parameters that a way asks for, and the names of those that it takes besides.
fn taken(name: &str) -> (Vec<Value>, Vec<&'static str>) {
    const PROVIDER: [&str; 7] = ["code", "state", "iss", "error", "error_description", "accessToken", "idToken"];
    let param = |name: &str, order: u32, i18n: &str, display: &str, confidential: bool| json!({"param": name, "type": "STRING", "order": order, "i18nKey": i18n, "displayName": display, "confidential": confidential});
    let username = || param("username", 0, "username.param", "Username", false);
    let code = |name| param(name, 1, "code.param", "Code", true);
    let token = || param("token", 0, "totp.authenticator", "Token", false);
    match name {
        "BasicAuthenticator" => {
            (vec![username(), param("password", 1, "password.param", "Password", true)], vec!["chkRemember"])
        }
        "IdentifierExecutor" => (vec![username()], vec![]),
        "email-otp-authenticator" => (vec![username(), code("OTPCode")], vec!["resendCode"]),
        "sms-otp-authenticator" => (vec![username(), code("OTPcode")], vec!["resendCode"]),
        "totp" | "totp-enroll" => (vec![token()], vec![]),
        "backup-code-authenticator" => (vec![param("BackupCode", 0, "backup.code.param", "Backup Code", true)], vec![]),
        "MagicLinkAuthenticator" => {
            let token = param("mlt", 0, "magic.link.code.param", "Magic Link Token", true);
            (vec![username(), token], vec!["state", "resendCode"])
        }
        "FIDOAuthenticator" | "passkey-enroll" => (vec![], vec!["tokenResponse"]),
        "backup-code-enroll" => {
            let saved = "I have saved the codes";
            (vec![param("acknowledged", 0, "backup.code.acknowledged.param", saved, false)], vec![])
        }
        "AppleOIDCAuthenticator" => (vec![], [&PROVIDER[..], &["user"]].concat()),
        "GithubAuthenticator" => (vec![], PROVIDER[..5].to_vec()),
        "FacebookAuthenticator"
        | "GoogleOIDCAuthenticator"
        | "LinkedInOIDC"
        | "Office365Authenticator"
        | "OpenIDConnectAuthenticator" => (vec![], PROVIDER.to_vec()),
        "custom-*" => (vec![], vec!["state"]),
        "push-notification-authenticator" => (vec![username()], vec!["scenario"]),
        "SessionExecutor" => {
            let mut chosen =
                param("sessionsToTerminate", 4, "sessionsToTerminate.param", "Sessions to Terminate", false);
            chosen["type"] = json!("MULTI_VALUED");
            let action = "ActiveSessionsLimitAction";
            let first = [
                param("promptResp", 1, "promptResp.param", "Prompt Response", false),
                param("promptId", 2, "promptId.param", "Prompt ID", false),
                param(action, 3, "ActiveSessionsLimitAction.param", "Active Sessions Limit Action", false),
            ];
            (first.into_iter().chain([chosen]).collect(), vec![])
        }
        "password-reset-enforcer" => {
            let all = [
                param("currentPassword", 0, "current.password.param", "Current Password", true),
                param("newPassword", 1, "new.password.param", "New Password", true),
                param("newPasswordConfirmation", 2, "new.password.confirmation.param", "Confirm New Password", true),
            ];
            (all.to_vec(), vec![])
        }
        other => panic!("{other} is not in the table"),
    }
}

fn shown(param: &Param) -> Value {
    json!({
        "param": param.name, "type": param.kind.as_str(), "order": param.order, "i18nKey": param.i18n_key,
        "displayName": param.display, "confidential": param.confidential,
    })
}

fn specs(world: &World) -> BTreeMap<&'static str, &'static Spec> {
    world.house.engine.registry().all().map(|way| (way.spec().name, way.spec())).collect()
}

#[tokio::test]
async fn every_way_is_called_as_clients_know_it() {
    let world = World::new().await;
    let specs = specs(&world);
    for [name, idp, id, display, key] in KNOWN {
        assert_eq!(authenticator_id(name, idp), *id);
        let name = if name.starts_with("custom-") { "custom-*" } else { name };
        let spec = specs.get(name).unwrap_or_else(|| panic!("{name} is not built in"));
        let own = if name == "custom-*" { "" } else { display };
        assert_eq!((spec.display, spec.i18n_key), (own, *key), "{name}");
    }
    // What is built in besides enrols or renews, and no client of another server knows it.
    let ours = [
        ("backup-code-enroll", "Backup Codes", "authenticator.backup.code.enroll"),
        ("passkey-enroll", "Passkey Enrolment", "authenticator.passkey.enroll"),
        ("password-reset-enforcer", "Password Reset", "authenticator.password.reset"),
        ("totp-enroll", "TOTP Enrolment", "authenticator.totp.enroll"),
    ];
    let known = |name: &&str| *name == "custom-*" || KNOWN.iter().any(|row| row[0] == *name);
    let others = specs.iter().filter(|(name, _)| !known(name)).map(|(name, spec)| (*name, spec.display, spec.i18n_key));
    assert_eq!(others.collect::<Vec<_>>(), ours);
}

#[tokio::test]
async fn every_way_takes_the_parameters_that_clients_send() {
    for (name, spec) in specs(&World::new().await) {
        let (asked, silent): (Vec<_>, Vec<_>) = spec.params.iter().partition(|param| param.asked);
        let asked: Vec<Value> = asked.into_iter().map(shown).collect();
        let silent: Vec<&str> = silent.iter().map(|param| param.name).collect();
        let table = taken(name);
        assert_eq!((asked, silent), table, "{name}");
        let orders: Vec<u32> = spec.params.iter().filter(|param| param.asked).map(|param| param.order).collect();
        assert!(orders.is_sorted(), "{name}: clients fill a form by position");
    }
}

#[tokio::test]
async fn codes_are_taken_under_every_name_that_clients_have_for_them() {
    let specs = specs(&World::new().await);
    for (way, name) in SENT {
        let param = specs[way].params.iter().find(|param| param.name == name).unwrap();
        let mut names = [&[param.name], param.aliases].concat();
        names.sort_unstable();
        assert_eq!(names, ["OTPCode", "OTPcode", "code", "otpCode"]);
    }
}

#[tokio::test]
async fn a_step_of_all_the_ways_lists_them_in_its_order_and_shows_forms_that_are_ready() {
    let world = World::new().await;
    let option = |row: &[&str; 5]| StepOption { idp: row[1].to_owned(), ..StepOption::local(row[0]) };
    world
        .app_with("bank", |app| {
            let steps = vec![SequenceStep { options: KNOWN.iter().map(option).collect() }];
            app.sequence = Sequence { user_defined: true, steps, ..Sequence::default() };
        })
        .await;
    let start = world.authorize("bank", &[]).await;
    let ready = |name: &str| matches!(name, PASS | NAME | EMAIL | SMS | LINK | "push-notification-authenticator");
    let offers = KNOWN.iter().map(|[name, idp, id, display, key]| {
        let mut offer = json!({
            "authenticatorId": id, "authenticator": display, "idp": idp, "metadata": {"i18nKey": key},
        });
        if key.is_empty() {
            offer["metadata"] = json!({});
        }
        if ready(name) {
            let params: Vec<Value> = taken(name).0.into_iter().take(if *name == PASS { 2 } else { 1 }).collect();
            let required: Vec<&Value> = params.iter().map(|param| &param["param"]).collect();
            offer["requiredParams"] = json!(required);
            offer["metadata"]["promptType"] = "USER_PROMPT".into();
            offer["metadata"]["params"] = params.into();
        }
        offer
    });
    assert_eq!(start.is(200).shape(), choice("INCOMPLETE", &offers.collect::<Vec<_>>(), &[]));
}

#[tokio::test]
async fn a_step_of_one_way_asks_at_once() {
    let forms = [
        (PASS, vec!["username", "password"]),
        (NAME, vec!["username"]),
        (EMAIL, vec!["username"]),
        (SMS, vec!["username"]),
        (LINK, vec!["username"]),
        (TOTP, vec!["token"]),
        (BACKUP, vec!["BackupCode"]),
    ];
    for (way, names) in forms {
        let world = World::bank(&[&[way]]).await;
        let start = world.authorize("bank", &[]).await;
        let [_, idp, id, display, key] = KNOWN.iter().find(|row| row[0] == way).unwrap();
        let params: Vec<Value> =
            taken(way).0.into_iter().filter(|param| names.contains(&param["param"].as_str().unwrap())).collect();
        let prompt = json!({
            "authenticatorId": id, "authenticator": display, "idp": idp,
            "metadata": {"i18nKey": key, "promptType": "USER_PROMPT", "params": params}, "requiredParams": names,
        });
        assert_eq!(start.is(200).shape(), asked("INCOMPLETE", &prompt, &[]), "{way}");
        for again in [world.pick(&start.flow_id(), way).await, world.give(&start.flow_id(), way, json!({})).await] {
            assert_eq!(again.is(200).shape(), start.shape(), "{way}");
        }
    }
    let world = World::bank(&[&["FIDOAuthenticator"]]).await;
    let start = world.authorize("bank", &[]).await;
    let data = start.at("/nextStep/authenticators/0/metadata/additionalData/challengeData");
    let prompt = json!({
        "authenticatorId": "RklET0F1dGhlbnRpY2F0b3I6TE9DQUw", "authenticator": "Passkey", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.Fido", "promptType": "INTERNAL_PROMPT", "additionalData": {"challengeData": data}},
        "requiredParams": ["tokenResponse"],
    });
    assert_eq!(start.is(200).shape(), asked("INCOMPLETE", &prompt, &[]));
}

#[tokio::test]
async fn ways_that_cannot_run_in_an_app_are_refused_by_name() {
    for way in ["SAMLSSOAuthenticator", "x509CertificateAuthenticator", "IproovAuthenticator", "DuoAuthenticator"] {
        let world = World::bank(&[&[way]]).await;
        world.authorize("bank", &[]).await.is_refused(501, "60006", "authenticator_not_supported");
    }
}
