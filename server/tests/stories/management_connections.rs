//! Connections to identity providers, services that decide on logins, and the list of all ways of signing in.

use serde_json::{Value, json};
use vestibule_core::application::StepOption;
use vestibule_jose::base64url;

use crate::operators::*;
use crate::world::*;

fn google() -> Value {
    json!({
        "name": "Google",
        "federatedAuthenticators": {
            "authenticators": [{
                "authenticatorId": base64url(b"GoogleOIDCAuthenticator"),
                "properties": [{"key": "ClientId", "value": "client"}, {"key": "ClientSecret", "value": "never shown"}],
            }],
        },
    })
}

fn service() -> Value {
    json!({
        "name": "custom-pin", "displayName": "PIN", "authenticationType": "VERIFICATION",
        "endpoint": {
            "uri": "https://pin.example.com/check", "signingSecret": "whsec_c2VjcmV0",
            "authentication": {"type": "BASIC", "properties": {"username": "vestibule", "password": "never shown"}},
        },
    })
}

async fn secrets(world: &World, name: &str) -> Vec<String> {
    let found = world.store().connection_named(&"carbon.super".parse().unwrap(), name).await.unwrap().unwrap();
    found.secrets.into_keys().collect()
}

#[tokio::test]
async fn a_connection_is_made_shown_changed_and_removed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin.post(CONNECTIONS, google()).await;
    let id = made.is(201).at("/id");
    let own = format!("{CONNECTIONS}/{id}");
    assert_eq!(made.header("location"), Some(format!("{BASE}{own}").as_str()));
    let google_id = base64url(b"GoogleOIDCAuthenticator");
    let shown = json!({
        "id": id, "name": "Google", "description": "", "isEnabled": true, "claims": {"mappings": []},
        "federatedAuthenticators": {
            "defaultAuthenticatorId": google_id,
            "authenticators": [{
                "authenticatorId": google_id, "name": "GoogleOIDCAuthenticator", "isEnabled": true, "isDefault": true,
                "properties": [{"key": "ClientId", "value": "client"}],
            }],
        },
        "provisioning": {"jit": {
            "isEnabled": false, "scheme": "PROVISION_SILENTLY", "userstore": "PRIMARY", "associateLocalUser": false,
            "attributeSyncMethod": "NONE",
        }},
    });
    assert_eq!(made.json(), shown);
    assert_eq!(admin.get(&own).await.is(200).json(), shown);
    // What was read can be sent back, and the secret stays.
    assert_eq!(admin.patch(&own, shown.clone()).await.is(200).json(), shown);
    assert_eq!(secrets(&world, "Google").await, ["ClientSecret"]);

    let change = json!({
        "isEnabled": false, "image": "https://example.com/google.svg",
        "claims": {"mappings": [{"idpClaim": "given_name", "localClaim": {"uri": "http://wso2.org/claims/givenname"}}]},
        "provisioning": {"jit": {"isEnabled": true, "associateLocalUser": true}},
    });
    let changed = admin.patch(&own, change).await;
    assert_eq!(changed.is(200).member("/isEnabled"), false);
    assert_eq!(changed.member("/claims/mappings/0/localClaim/uri"), "http://wso2.org/claims/givenname");
    assert_eq!(changed.member("/provisioning/jit/associateLocalUser"), true);

    let list = admin.get(CONNECTIONS).await;
    assert_eq!(list.is(200).member("/totalResults"), 1);
    assert_eq!(list.member("/identityProviders/0/self"), json!(format!("{BASE}{own}")));
    assert_eq!(admin.get(&format!("{CONNECTIONS}?filter=name+eq+Other")).await.member("/totalResults"), 0);

    let federated = format!("{own}/federated-authenticators");
    let replaced = json!({"authenticators": [{
        "authenticatorId": google_id,
        "properties": [{"key": "ClientId", "value": "other"}, {"key": "IsPKCEEnabled", "value": "false"}],
    }]});
    let replaced = admin.put(&federated, replaced).await;
    assert_eq!(replaced.is(200).json(), admin.get(&federated).await.is(200).json());
    assert_eq!(replaced.member("/authenticators/0/properties/0/value"), "other");
    assert_eq!(secrets(&world, "Google").await, ["ClientSecret"]);

    admin.delete(&own).await.is(204);
    admin.get(&own).await.is_refusal(404, "There is no such connection.");
}

#[tokio::test]
async fn a_connection_is_changed_by_operations_too() {
    let world = World::new().await;
    let admin = world.admin().await;
    let own = format!("{CONNECTIONS}/{}", admin.post(CONNECTIONS, google()).await.is(201).at("/id"));
    let operations = json!([
        {"operation": "REPLACE", "path": "/isEnabled", "value": "false"},
        {"operation": "ADD", "path": "/certificate/jwksUri", "value": "https://keys.example.com/jwks"},
        {"operation": "REPLACE", "path": "/description", "value": "For staff"},
    ]);
    let changed = admin.patch(&own, operations).await;
    assert_eq!(changed.is(200).member("/isEnabled"), false);
    assert_eq!(changed.member("/certificate/jwksUri"), "https://keys.example.com/jwks");
    assert_eq!(changed.member("/description"), "For staff");
    let changed = admin.patch(&own, json!([{"operation": "REMOVE", "path": "/certificate/jwksUri"}])).await;
    assert_eq!(changed.is(200).member("/certificate"), Value::Null);
    for (operation, sentence) in [
        (
            json!({"operation": "REPLACE", "path": "/id", "value": "x"}),
            "path must be /isEnabled, /certificate/jwksUri or one of /name, /description, /image, /idpIssuerName, /alias.",
        ),
        (json!({"operation": "REPLACE", "path": "/name"}), "value is missing."),
        (json!({"operation": "REPLACE", "path": "/name", "value": 1}), "value must be a string."),
        (
            json!({"operation": "REPLACE", "path": "/isEnabled", "value": "on"}),
            "value of /isEnabled must be true or false.",
        ),
        (json!({"operation": "MOVE", "path": "/name"}), "[0].operation must be one of ADD, REPLACE, REMOVE, not MOVE."),
    ] {
        admin.patch(&own, json!([operation])).await.is_refusal(400, sentence);
    }
}

// Checklist 114.
#[tokio::test]
async fn a_secret_that_is_kept_goes_to_no_other_server_than_before() {
    let world = World::new().await;
    let admin = world.admin().await;
    let own = format!("{CONNECTIONS}/{}", admin.post(CONNECTIONS, google()).await.is(201).at("/id"));
    let with = |more: &[Value]| {
        let mut properties = vec![json!({"key": "ClientId", "value": "client"})];
        properties.extend_from_slice(more);
        let id = base64url(b"GoogleOIDCAuthenticator");
        json!({"federatedAuthenticators": {"authenticators": [{"authenticatorId": id, "properties": properties}]}})
    };
    let evil = json!({"key": "OAuth2TokenEPUrl", "value": "https://evil.example/token"});
    let told = "OAuth2TokenEPUrl leads to another server now: send ClientSecret again with it.";
    admin.patch(&own, with(std::slice::from_ref(&evil))).await.is_refusal(400, told);
    let same = json!({"key": "OAuth2TokenEPUrl", "value": "https://oauth2.googleapis.com/v2/token"});
    admin.patch(&own, with(&[same])).await.is(200);
    assert_eq!(secrets(&world, "Google").await, ["ClientSecret"]);
    admin.patch(&own, with(&[evil, json!({"key": "ClientSecret", "value": "another"})])).await.is(200);

    let pin = format!("{WAYS}/custom/{}", admin.post(&format!("{WAYS}/custom"), service()).await.is(201).at("/id"));
    let mut moved = service();
    moved["endpoint"]["uri"] = json!("https://evil.example/check");
    moved["endpoint"]["authentication"]["properties"] = json!({"username": "vestibule"});
    let put = admin.put(&pin, moved).await;
    put.is_refusal(400, "uri leads to another server now: send password again with it.");
}

#[tokio::test]
async fn a_connection_that_an_application_uses_stays_what_it_is() {
    let world = World::new().await;
    let admin = world.admin().await;
    let own = format!("{CONNECTIONS}/{}", admin.post(CONNECTIONS, google()).await.is(201).at("/id"));
    let pin = format!("{WAYS}/custom/{}", admin.post(&format!("{WAYS}/custom"), service()).await.is(201).at("/id"));
    world
        .app_with("shop", |app| {
            let mut option = StepOption::local("GoogleOIDCAuthenticator");
            option.idp = "Google".to_owned();
            app.sequence = steps(&[&["BasicAuthenticator", "custom-pin"]]);
            app.sequence.steps[0].options.push(option);
        })
        .await;
    admin.delete(&own).await.is_refusal(409, "An application uses it.");
    admin.patch(&own, json!({"name": "Other"})).await.is_refusal(409, "An application uses it.");
    admin.delete(&pin).await.is_refusal(409, "An application uses it.");
    admin.patch(&own, json!({"description": "Everybody's"})).await.is(200);
}

#[tokio::test]
async fn a_refusal_names_what_is_wrong_with_a_connection() {
    let world = World::new().await;
    let admin = world.admin().await;
    admin.post(CONNECTIONS, google()).await.is(201);
    admin.post(CONNECTIONS, google()).await.is_refusal(409, "A connection of that name exists already.");
    let with = |name: &str, value: Value| {
        let mut body = google();
        body["name"] = json!("Another");
        body[name] = value;
        body
    };
    let properties = |list: Value| {
        let id = base64url(b"GoogleOIDCAuthenticator");
        with("federatedAuthenticators", json!({"authenticators": [{"authenticatorId": id, "properties": list}]}))
    };
    let name = "name must have 1 to 128 characters, no colon, and no blank at either end.";
    for (body, sentence) in [
        (with("name", json!("a:b")), name),
        (with("name", json!("LOCAL")), "name must not be LOCAL nor begin with custom-."),
        (with("name", json!("custom-x")), "name must not be LOCAL nor begin with custom-."),
        (with("colour", json!("red")), "colour is unknown."),
        (with("isFederationHub", json!(true)), "isFederationHub is not supported: leave it out, empty or false."),
        (properties(json!([])), "The property ClientId is required."),
        (
            properties(json!([{"key": "ClientId", "value": "c"}, {"key": "Colour", "value": "red"}])),
            "The property Colour is unknown.",
        ),
        (
            properties(
                json!([{"key": "ClientId", "value": "c"}, {"key": "OAuth2TokenEPUrl", "value": "http://a.example"}]),
            ),
            "OAuth2TokenEPUrl must be an https address without user and fragment.",
        ),
        (
            with("federatedAuthenticators", json!({"authenticators": []})),
            "federatedAuthenticators.authenticators must be one.",
        ),
        (
            with(
                "federatedAuthenticators",
                json!({"authenticators": [{"authenticatorId": base64url(b"BasicAuthenticator")}]}),
            ),
            "federatedAuthenticators.authenticators.authenticatorId is none of meta/federated-authenticators.",
        ),
        (
            with("provisioning", json!({"jit": {"scheme": "PROMPT_USERNAME"}})),
            "provisioning.jit.scheme must be one of PROVISION_SILENTLY, not PROMPT_USERNAME.",
        ),
    ] {
        admin.post(CONNECTIONS, body).await.is_refusal(400, sentence);
    }
}

#[tokio::test]
async fn the_kinds_of_connections_are_listed_with_their_settings() {
    let world = World::new().await;
    let admin = world.admin().await;
    let kinds = admin.get(&format!("{CONNECTIONS}/meta/federated-authenticators")).await;
    let kinds = kinds.is(200).json();
    let names: Vec<_> = kinds.as_array().unwrap().iter().map(|kind| kind["name"].as_str().unwrap()).collect();
    for name in ["AppleOIDCAuthenticator", "FacebookAuthenticator", "GithubAuthenticator", "OpenIDConnectAuthenticator"]
    {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(!names.iter().any(|name| name.starts_with("custom") || *name == "BasicAuthenticator"));
    let apple = format!("{CONNECTIONS}/meta/federated-authenticators/{}", base64url(b"AppleOIDCAuthenticator"));
    let apple = admin.get(&apple).await.is(200).json();
    let key = apple["properties"].as_array().unwrap().iter().find(|one| one["key"] == "PrivateKey").unwrap();
    assert_eq!((&key["isMandatory"], &key["isConfidential"]), (&json!(true), &json!(true)));
    admin.get(&format!("{CONNECTIONS}/meta/federated-authenticators/junk")).await.is(404);
}

#[tokio::test]
async fn every_way_of_signing_in_is_listed_and_marked_as_running_in_apps() {
    let world = World::new().await;
    let admin = world.admin().await;
    admin.post(CONNECTIONS, google()).await.is(201);
    admin.post(&format!("{WAYS}/custom"), service()).await.is(201);
    let ways = admin.get(WAYS).await.is(200).json();
    let find = |name: &str| ways.as_array().unwrap().iter().find(|way| way["name"] == name).unwrap().clone();
    let basic = find("BasicAuthenticator");
    assert_eq!((&basic["type"], &basic["displayName"]), (&json!("LOCAL"), &json!("Username & Password")));
    assert_eq!(find("Google")["type"], "FEDERATED");
    let pin = find("custom-pin");
    assert_eq!((&pin["definedBy"], &pin["tags"]), (&json!("USER"), &json!(["APIAuth", "Custom"])));
    assert!(ways.as_array().unwrap().iter().all(|way| way["tags"][0] == "APIAuth"));
    // A service is no identity provider.
    assert_eq!(admin.get(CONNECTIONS).await.member("/totalResults"), 1);
}

#[tokio::test]
async fn a_service_is_made_shown_replaced_and_removed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin.post(&format!("{WAYS}/custom"), service()).await;
    let id = base64url(b"custom-pin");
    let own = format!("{WAYS}/custom/{id}");
    let shown = json!({
        "id": id, "name": "custom-pin", "displayName": "PIN", "description": "", "isEnabled": true,
        "authenticationType": "VERIFICATION",
        "endpoint": {"uri": "https://pin.example.com/check", "authentication": {"type": "BASIC"}},
        "type": "LOCAL", "definedBy": "USER", "tags": ["APIAuth", "Custom"], "self": format!("{BASE}{own}"),
    });
    assert_eq!(made.is(201).json(), shown);
    assert_eq!(admin.get(&own).await.is(200).json(), shown);
    assert_eq!(admin.put(&own, shown.clone()).await.is(200).json(), shown);
    assert_eq!(secrets(&world, "custom-pin").await, ["password", "signingSecret", "username"]);

    let mut other = shown.clone();
    other["endpoint"]["authentication"] =
        json!({"type": "API_KEY", "properties": {"header": "X-API-Key", "value": "k"}});
    let replaced = admin.put(&own, other.clone()).await;
    assert_eq!(replaced.is(200).member("/endpoint/authentication/properties"), json!({"header": "x-api-key"}));
    assert_eq!(secrets(&world, "custom-pin").await, ["signingSecret", "value"]);

    other["endpoint"]["authentication"] = json!({"type": "BEARER"});
    let sentence = "The property accessToken is required for this type of authentication.";
    admin.put(&own, other).await.is_refusal(400, sentence);
    admin.put(&own, json!({"name": "custom-other", "displayName": "x", "endpoint": {"uri": "https://a.example", "authentication": {"type": "NONE"}}}))
        .await
        .is_refusal(400, "name cannot be changed.");
    let mut nameless = service();
    nameless["name"] = json!("pin");
    let sentence = "name must be custom- and then letters, digits, - and _, at most 128 in all.";
    admin.post(&format!("{WAYS}/custom"), nameless).await.is_refusal(400, sentence);
    admin.delete(&own).await.is(204);
    admin.get(&own).await.is(404);
}
