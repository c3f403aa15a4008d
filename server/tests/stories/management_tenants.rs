//! Tenants, and what the first start of a server makes.

use serde_json::json;
use vestibule_core::admin::FirstAdministrator;
use vestibule_core::ports::Secret;

use crate::operators::*;
use crate::world::*;

#[tokio::test]
async fn a_tenant_is_made_with_its_administrator() {
    let world = World::new().await;
    let admin = world.admin().await;
    let new = json!({
        "domain": "acme", "name": "Acme", "errorCodes": "wso2", "messages": "wso2",
        "owners": [{"username": "anna", "password": "a good password", "email": "anna@acme.example", "firstname": "Anna",
                    "lastname": "Acme", "provisioningMethod": "inline-password"}],
    });
    let made = admin.post(TENANTS, new).await;
    let shown = json!({
        "id": "acme", "domain": "acme", "name": "Acme", "errorCodes": "wso2", "messages": "wso2",
        "createdDate": "2026-01-01T00:00:00.000Z", "lifecycleStatus": {"activated": true},
    });
    assert_eq!(made.is(201).json(), shown);
    assert_eq!(made.header("location"), Some("http://localhost:9443/api/server/v1/tenants/acme"));
    assert_eq!(admin.get(&format!("{TENANTS}/acme")).await.is(200).json(), shown);
    assert_eq!(admin.get(TENANTS).await.is(200).member("/totalResults"), 2);
    assert_eq!(
        admin.get(&format!("{TENANTS}?limit=1")).await.json(),
        json!({"totalResults": 2, "startIndex": 1, "count": 1, "tenants": [shown], "links": []})
    );

    let anna = world.anonymous().at("/t/acme").basic("anna", "a good password");
    anna.get(APPS).await.is(200);
    let found = anna.get(&format!("{USERS}?filter=userName+eq+%22anna%22")).await;
    assert_eq!(found.member("/Resources/0/emails"), json!([{"value": "anna@acme.example", "primary": true}]));
    world.anonymous().at("/t/acme").get("/oauth2/jwks").await.is(200);
    // The tenant's spelling of codes.
    let flow = json!({"flowId": "x", "selectedAuthenticator": {"authenticatorId": BASIC}});
    assert_eq!(world.anonymous().at("/t/acme").authn(&flow).await.is(400).at("/code"), "ABA-60009");

    admin.get(&format!("{TENANTS}/other")).await.is_refusal(404, "There is no such tenant.");
    admin.post(TENANTS, json!({"domain": "acme"})).await.is_refusal(409, "A tenant of that domain exists already.");
    admin.post(TENANTS, json!({"domain": "carbon.super"})).await.is(409);
}

#[tokio::test]
async fn a_tenant_that_is_refused_leaves_nothing() {
    let world = World::new().await;
    let admin = world.admin().await;
    let owner = |owner: serde_json::Value| json!({"domain": "acme", "owners": [owner]});
    for (body, sentence) in [
        (json!({}), "domain is missing."),
        (json!({"domain": "acme", "region": "EU"}), "region is unknown."),
        (
            json!({"domain": "ACME"}),
            "domain: a tenant's handle is 1 to 64 of a-z, 0-9, '.', '-', beginning and ending with a letter or digit.",
        ),
        (json!({"domain": "acme", "errorCodes": "other"}), "errorCodes must be one of documented, wso2, not other."),
        (json!({"domain": "acme", "name": ""}), "name must have 1 to 255 characters."),
        (owner(json!({"username": "anna"})), "owners[0].password is missing."),
        (owner(json!({"username": "anna", "password": "short"})), "The password is shorter than 8 characters."),
        (
            owner(json!({"username": "anna", "password": "a good password", "email": "x"})),
            "emails.value must be an email address.",
        ),
        (
            owner(json!({"username": "anna", "password": "x", "provisioningMethod": "invite-via-email"})),
            "owners[0].provisioningMethod must be one of inline-password, not invite-via-email.",
        ),
    ] {
        admin.post(TENANTS, body).await.is_refusal(400, sentence);
    }
    admin.get(&format!("{TENANTS}/acme")).await.is(404);
    let (one, two) =
        tokio::join!(admin.post(TENANTS, json!({"domain": "acme"})), admin.post(TENANTS, json!({"domain": "acme"})),);
    assert_eq!([one.status.as_u16(), two.status.as_u16()].iter().sum::<u16>(), 201 + 409);
}

// Checklist 113.
#[tokio::test]
async fn the_first_start_makes_an_administrator_once() {
    let world = World::new().await;
    let made = world.house.admin.first_start(None).await.unwrap();
    let FirstAdministrator::Made { generated: Some(password) } = made else { panic!("{made:?}") };
    let admin = world.anonymous().basic("admin", password.expose());
    admin.get(APPS).await.is(200);
    // Later starts change nothing, also with another password.
    let later = world.house.admin.first_start(Some(Secret::new("another good one".to_owned()))).await.unwrap();
    assert!(matches!(later, FirstAdministrator::Existing));
    admin.get(APPS).await.is(200);
}

#[tokio::test]
async fn the_first_administrator_may_be_given_a_good_password_only() {
    let world = World::new().await;
    let refused = world.house.admin.first_start(Some(Secret::new("admin".to_owned()))).await.unwrap_err();
    assert_eq!(refused.description(), "The password is shorter than 8 characters.");
    let made = world.house.admin.first_start(Some(Secret::new("a good password".to_owned()))).await.unwrap();
    assert!(matches!(made, FirstAdministrator::Made { generated: None }));
    world.anonymous().basic("admin", "a good password").get(APPS).await.is(200);
}
