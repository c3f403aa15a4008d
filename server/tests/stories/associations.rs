//! Apps on phones that belong to an application, and what phones and browsers read of them.

use serde_json::{Value, json};

use crate::operators::*;
use crate::world::*;

const ANDROID: &str = "/.well-known/assetlinks.json";
const APPLE: &str = "/.well-known/apple-app-site-association";
const ORIGINS: &str = "/.well-known/webauthn";

fn thumbprint(byte: u8) -> String {
    [format!("{byte:02X}").as_str(); 32].join(":")
}

fn trusted(mobile: Value) -> Value {
    json!({"advancedConfigurations": {"trustedAppConfiguration": mobile}})
}

async fn world() -> World {
    World::set(|setting| {
        setting.public_url = "https://login.example.com";
        setting.config.passkeys.rp_id = Some("example.com".to_owned());
        setting.config.passkeys.origins = vec!["https://brand.example".parse().unwrap()];
    })
    .await
}

#[tokio::test]
async fn apps_on_phones_are_named_by_the_application_and_read_by_phones() {
    let world = world().await;
    let admin = world.admin().await;
    let mut new = trusted(json!({
        "isFIDOTrustedApp": true, "isConsentGranted": true, "androidPackageName": "com.example.shop",
        "androidThumbprints": [thumbprint(0xab), thumbprint(0x0c).to_lowercase()], "appleAppId": "ABCDE12345.com.example.shop",
    }));
    new["name"] = "shop".into();
    let made = admin.post(APPS, new).await;
    let shown = json!({
        "isFIDOTrustedApp": true, "androidPackageName": "com.example.shop",
        "androidThumbprints": [thumbprint(0xab), thumbprint(0x0c)], "appleAppId": "ABCDE12345.com.example.shop",
    });
    assert_eq!(made.is(201).member("/advancedConfigurations/trustedAppConfiguration"), shown);
    let path = format!("{APPS}/{}", made.at("/id"));

    let links = world.anonymous().get(ANDROID).await;
    assert_eq!(
        links.is(200).json(),
        json!([{
            "relation": ["delegate_permission/common.handle_all_urls", "delegate_permission/common.get_login_creds"],
            "target": {"namespace": "android_app", "package_name": "com.example.shop",
                       "sha256_cert_fingerprints": [thumbprint(0xab), thumbprint(0x0c)]},
        }])
    );
    let apple = world.anonymous().get(APPLE).await;
    assert_eq!(apple.is(200).json(), json!({"webcredentials": {"apps": ["ABCDE12345.com.example.shop"]}}));
    for file in [&links, &apple, &world.anonymous().get(ORIGINS).await] {
        assert_eq!(file.header("content-type"), Some("application/json"));
        assert_eq!(file.header("cache-control"), Some("public, max-age=300"));
    }

    admin.patch(&path, json!({"description": "ours"})).await.is(200);
    assert_eq!(admin.get(&path).await.member("/advancedConfigurations/trustedAppConfiguration"), shown);
    admin.patch(&path, json!({"applicationEnabled": false})).await.is(200);
    assert_eq!(world.anonymous().get(ANDROID).await.json(), json!([]));
    assert_eq!(world.anonymous().get(APPLE).await.json(), json!({"webcredentials": {"apps": []}}));
    admin.patch(&path, json!({"applicationEnabled": true})).await.is(200);
    admin.patch(&path, trusted(json!({"isFIDOTrustedApp": false, "androidPackageName": ""}))).await.is(200);
    assert_eq!(admin.get(&path).await.member("/advancedConfigurations/trustedAppConfiguration"), Value::Null);
    assert_eq!(world.anonymous().get(ANDROID).await.json(), json!([]));
}

#[tokio::test]
async fn origins_beyond_the_domain_are_told_to_browsers() {
    let world = world().await;
    let origins =
        ["https://shop.example.com", "https://shop.example", "http://localhost:3000", "https://badexample.com"];
    world.app_with("shop", |app| app.oauth.origins = origins.map(str::to_owned).into()).await;
    world
        .app_with("old", |app| {
            app.enabled = false;
            app.oauth.origins = ["https://old.example".to_owned()].into();
        })
        .await;
    let expected = json!({"origins": ["https://badexample.com", "https://brand.example", "https://shop.example"]});
    assert_eq!(world.anonymous().get(ORIGINS).await.is(200).json(), expected);
}

#[tokio::test]
async fn every_tenant_has_files_of_its_own() {
    let world = world().await;
    let acme = world.tenant("acme").await;
    world
        .app_with("shop", |app| {
            app.tenant = acme;
            app.mobile.apple_app = Some("ABCDE12345.com.acme".to_owned());
        })
        .await;
    let anonymous = world.anonymous();
    assert_eq!(anonymous.get(APPLE).await.json(), json!({"webcredentials": {"apps": []}}));
    let own = anonymous.get(&format!("/t/acme{APPLE}")).await;
    assert_eq!(own.json(), json!({"webcredentials": {"apps": ["ABCDE12345.com.acme"]}}));
    for file in [ANDROID, APPLE, ORIGINS] {
        anonymous.get(&format!("/t/nobody{file}")).await.is(404);
    }
}

#[tokio::test]
async fn files_do_not_grow_without_end() {
    let world = world().await;
    for number in 0..101u8 {
        world
            .app_with(&format!("app{number}"), |app| {
                app.mobile.android_package = Some(format!("com.example.app{number}"));
                app.mobile.android_digests = vec![[number; 32]];
                app.mobile.apple_app = Some(format!("ABCDE12345.app{number}"));
                app.oauth.origins = [format!("https://app{number}.example")].into();
            })
            .await;
    }
    let count = |answer: Answer, at: &str| answer.member(at).as_array().unwrap().len();
    assert_eq!(count(world.anonymous().get(ANDROID).await, ""), 100);
    assert_eq!(count(world.anonymous().get(APPLE).await, "/webcredentials/apps"), 100);
    assert_eq!(count(world.anonymous().get(ORIGINS).await, "/origins"), 100);
}

#[tokio::test]
async fn what_phones_could_not_read_is_refused() {
    let world = world().await;
    let admin = world.admin().await;
    let made = admin.post(APPS, json!({"name": "shop"})).await;
    let path = format!("{APPS}/{}", made.is(201).at("/id"));
    let whole = json!({"androidPackageName": "com.example", "androidThumbprints": [thumbprint(1)]});
    admin.patch(&path, trusted(whole)).await.is(200);
    let digests =
        "trustedAppConfiguration.androidThumbprints must be SHA-256 digests in hexadecimal pairs with colons.";
    let together = "trustedAppConfiguration: androidPackageName and androidThumbprints must be given together.";
    for (mobile, sentence) in [
        (json!({"androidPackageName": "com.example", "androidThumbprints": ["AB:CD"]}), digests),
        (json!({"androidPackageName": "com.example", "androidThumbprints": [thumbprint(1).replace(':', "")]}), digests),
        (json!({"androidPackageName": "com.example"}), together),
        (json!({"androidThumbprints": [thumbprint(1)]}), together),
        (
            json!({"androidPackageName": "shop", "androidThumbprints": [thumbprint(1)]}),
            "trustedAppConfiguration.androidPackageName must be a package name, as com.example.app.",
        ),
        (
            json!({"androidPackageName": "com.example", "androidThumbprints": vec![thumbprint(1); 11]}),
            "trustedAppConfiguration.androidThumbprints must be at most 10.",
        ),
        (
            json!({"appleAppId": "com.example"}),
            "trustedAppConfiguration.appleAppId must be an app id, as ABCDE12345.com.example.app.",
        ),
        (
            json!({"isFIDOTrustedApp": false, "appleAppId": "ABCDE12345.com.example"}),
            "trustedAppConfiguration.isFIDOTrustedApp must be true where apps are named.",
        ),
        (json!({"x": 1}), "advancedConfigurations.trustedAppConfiguration.x is unknown."),
    ] {
        admin.patch(&path, trusted(mobile)).await.is_refusal(400, sentence);
    }
    assert_eq!(
        admin.get(&path).await.at("/advancedConfigurations/trustedAppConfiguration/androidPackageName"),
        "com.example"
    );
}

#[tokio::test]
async fn enrolment_inside_the_login_is_switched_on_by_the_application() {
    let world = world().await;
    let admin = world.admin().await;
    let made = admin.post(APPS, json!({"name": "shop"})).await;
    let path = format!("{APPS}/{}", made.is(201).at("/id"));
    let member = "/advancedConfigurations/enableInFlowEnrolment";
    assert_eq!(made.member(member), false);
    admin.patch(&path, json!({"advancedConfigurations": {"enableInFlowEnrolment": true}})).await.is(200);
    admin.patch(&path, json!({"description": "ours"})).await.is(200);
    assert_eq!(admin.get(&path).await.member(member), true);
}
