//! Users through SCIM.

use axum::http::Method;
use serde_json::{Value, json};

use crate::operators::*;
use crate::world::*;

fn kim() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "kim", "password": "Wso2@test123",
        "name": {"givenName": "Kim", "familyName": "Berry"},
        "emails": [{"value": "kim@example.com", "primary": true}],
        "phoneNumbers": [{"type": "mobile", "value": "+94771234567"}],
    })
}

#[tokio::test]
async fn a_user_is_made_shown_listed_and_removed() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.wait(seconds(1));
    let body = serde_json::to_vec(&kim()).unwrap();
    let made = admin.send(Method::POST, USERS, Some("application/scim+json"), body).await;
    let id = made.is(201).at("/id");
    let address = format!("{BASE}{USERS}/{id}");
    let shown = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:scim:wso2:schema"],
        "id": id, "userName": "kim", "name": {"givenName": "Kim", "familyName": "Berry"}, "active": true,
        "emails": [{"value": "kim@example.com", "primary": true}],
        "phoneNumbers": [{"value": "+94771234567", "type": "mobile"}],
        "urn:scim:wso2:schema": {"accountLocked": false, "forcePasswordReset": false},
        "meta": {"resourceType": "User", "created": "2026-01-01T00:00:01.000Z", "lastModified": "2026-01-01T00:00:01.000Z",
                 "location": address},
    });
    assert_eq!(made.json(), shown);
    assert_eq!(
        (made.header("location"), made.header("content-type")),
        (Some(address.as_str()), Some("application/scim+json"))
    );
    let read = admin.get(&format!("{USERS}/{id}")).await;
    assert_eq!(read.is(200).json(), shown);
    assert_eq!(read.header("content-type"), Some("application/scim+json"));

    let list = |total: usize, start: usize, users: Value| {
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": total, "startIndex": start,
               "itemsPerPage": users.as_array().unwrap().len(), "Resources": users})
    };
    let named = admin.get(&format!("{USERS}?filter=USERNAME+eq+%22KIM%22")).await;
    assert_eq!(named.is(200).json(), list(1, 1, json!([shown])));
    assert_eq!(admin.get(&format!("{USERS}?startIndex=2&count=5")).await.json(), list(2, 2, json!([shown])));
    assert_eq!(admin.get(&format!("{USERS}?count=0")).await.json(), list(2, 1, json!([])));
    assert_eq!(admin.get(&format!("{USERS}?startIndex=-3&count=-1")).await.json(), list(2, 1, json!([])));
    admin.get(&format!("{USERS}?count=x")).await.is_refusal(400, "count must be a whole number.");
    admin.get(&format!("{USERS}?sortBy=userName")).await.is_refusal(400, "The parameter sortBy is unknown.");
    admin
        .get(&format!("{USERS}?filter=userName+sw+%22k%22"))
        .await
        .is_refusal(400, "filter must be userName eq, followed by a name in double quotes.");

    assert_eq!(
        admin.post(USERS, kim()).await.is(409).shape(),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "409", "scimType": "uniqueness",
               "detail": "A user of that userName exists already.", "traceId": "…"})
    );
    admin.delete(&format!("{USERS}/{id}")).await.is(204);
    admin.get(&format!("{USERS}/{id}")).await.is_refusal(404, "There is no such user.");
    admin.delete(&format!("{USERS}/{id}")).await.is(404);
    admin.get(&format!("{USERS}/kim")).await.is(404);
}

#[tokio::test]
async fn a_user_who_was_made_signs_in() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.app("shop").await;
    admin.post(USERS, kim()).await.is(201);
    let start = world.authorize("shop", &[("scope", "openid profile email phone")]).await;
    let done = world.anonymous().password(&start.flow_id(), "KIM", "Wso2@test123").await;
    let tokens = world.anonymous().exchange("shop", &done.code()).await;
    let id = claims(&tokens.is(200).at("/id_token"));
    assert_eq!(
        (&id["username"], &id["given_name"], &id["email"]),
        (&json!("kim"), &json!("Kim"), &json!("kim@example.com"))
    );
    assert_eq!((&id["email_verified"], &id["phone_number"]), (&json!(false), &json!("+94771234567")));
}

// Checklist 2, 5, 6.
#[tokio::test]
async fn a_password_is_refused_with_its_reason() {
    let world = World::new().await;
    let admin = world.admin().await;
    let with = |password: &str| json!({"userName": "wilhelmine", "password": password});
    for (password, sentence) in [
        ("short", "The password is shorter than 8 characters."),
        ("Password1!", "The password is among those that are guessed first. Choose another one."),
        ("Wilhelmine24", "The password is built on the user name. Choose another one."),
        (&"x y".repeat(400), "The password is longer than 1024 bytes."),
    ] {
        let refused = admin.post(USERS, with(password)).await;
        refused.is_refusal(400, sentence);
        assert_eq!(refused.at("/scimType"), "invalidValue");
    }
    let made = admin.post(USERS, with("a good password")).await;
    let id = made.is(201).at("/id");
    let renamed = json!([{"op": "replace", "path": "password", "value": "short"}]);
    admin.scim_patch(&id, renamed).await.is_refusal(400, "The password is shorter than 8 characters.");
}

#[tokio::test]
async fn a_patch_changes_what_it_mentions() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = admin.post(USERS, kim()).await.is(201).at("/id");
    world.wait(minutes(1));
    let changed = admin
        .scim_patch(&id, json!([
            {"op": "replace", "path": "name.givenName", "value": "Kimberly"},
            {"op": "add", "value": {"displayName": "Kim B.", "emails": [{"value": "k@home.example", "type": "home"}]}},
            {"op": "remove", "path": "phoneNumbers"},
        ]))
        .await;
    let body = changed.is(200).json();
    assert_eq!(body["name"], json!({"givenName": "Kimberly", "familyName": "Berry"}));
    assert_eq!(
        body["emails"],
        json!([{"value": "kim@example.com", "primary": true}, {"value": "k@home.example", "type": "home"}])
    );
    assert_eq!((&body["displayName"], body.get("phoneNumbers")), (&json!("Kim B."), None));
    assert_eq!(body["meta"]["lastModified"], "2026-01-01T00:01:00.000Z");
    assert_eq!(admin.get(&format!("{USERS}/{id}")).await.json(), body);

    // All or nothing.
    let half = json!([{"op": "replace", "path": "displayName", "value": "x"}, {"op": "replace", "path": "locale", "value": "?"}]);
    admin.scim_patch(&id, half).await.is_refusal(400, "locale must be a language tag, such as en-GB.");
    assert_eq!(admin.get(&format!("{USERS}/{id}")).await.json(), body);
    admin.scim_patch(&id, json!([{"op": "replace", "path": "userName", "value": "admin"}])).await.is(409);
}

#[tokio::test]
async fn a_replacement_forgets_what_it_leaves_out_but_switches_nobody_on() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = admin.post(USERS, kim()).await.is(201).at("/id");
    let path = format!("{USERS}/{id}");
    let shown = admin.get(&path).await.json();
    assert_eq!(admin.put(&path, shown.clone()).await.is(200).json(), shown);
    let off = json!([{"op": "replace", "value": {"active": false, "urn:scim:wso2:schema": {"accountLocked": true}}}]);
    admin.scim_patch(&id, off).await.is(200);
    let replaced = admin.put(&path, json!({"userName": "kim", "nickName": "K"})).await;
    let body = replaced.is(200).json();
    assert_eq!((&body["nickName"], body.get("emails"), body.get("name")), (&json!("K"), None, None));
    assert_eq!(
        (&body["active"], &body["urn:scim:wso2:schema"]),
        (&json!(false), &json!({"accountLocked": true, "forcePasswordReset": false}))
    );
    admin.put(&path, json!({"nickName": "K"})).await.is_refusal(400, "userName is missing.");
}

// Checklist 112.
#[tokio::test]
async fn whether_an_address_is_verified_is_the_servers_word() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = admin.post(USERS, kim()).await.is(201).at("/id");
    let user = world.store().user_by_name(&"carbon.super".parse().unwrap(), "kim").await.unwrap().unwrap();
    world.change_user(&user, |user| user.profile.emails[0].verified = true).await;
    let verified = || async {
        let user = world.store().user(&user.tenant, &user.id).await.unwrap().unwrap();
        user.profile.emails.iter().map(|email| email.verified).collect::<Vec<_>>()
    };
    let shown = admin.get(&format!("{USERS}/{id}")).await.json();
    admin.put(&format!("{USERS}/{id}"), shown).await.is(200);
    assert_eq!(verified().await, [true]);
    let own = json!([{"op": "add", "path": "emails", "value": [{"value": "kim@other.example"}]}]);
    admin.scim_patch(&id, own).await.is(200);
    assert_eq!(verified().await, [true, false]);
    let moved = json!([{"op": "replace", "path": "emails[primary eq true].value", "value": "kim@third.example"}]);
    admin.scim_patch(&id, moved).await.is(200);
    assert_eq!(verified().await, [false, false]);
}

// Checklist 86, 107.
#[tokio::test]
async fn a_new_password_a_lock_or_a_switch_off_ends_sessions_and_tokens() {
    for change in [
        json!({"op": "replace", "path": "password", "value": "another good one"}),
        json!({"op": "replace", "path": "urn:scim:wso2:schema:accountLocked", "value": true}),
        json!({"op": "replace", "path": "active", "value": false}),
    ] {
        let world = World::new().await;
        let admin = world.admin().await;
        world.app("shop").await;
        let kim = world.user("kim").await;
        let tokens = world.login("shop", "kim").await;
        let (access, refresh) = (tokens.is(200).at("/access_token"), tokens.at("/refresh_token"));
        let harmless = json!([{"op": "replace", "path": "displayName", "value": "Kim"}]);
        admin.scim_patch(&kim.id.to_string(), harmless).await.is(200);
        world.anonymous().userinfo(&access).await.is(200);
        admin.scim_patch(&kim.id.to_string(), json!([change])).await.is(200);
        world.anonymous().userinfo(&access).await.is_unauthorized_token();
        world.anonymous().refresh("shop", &refresh).await.is_oauth_refusal(400, "invalid_grant");
        let start = world.authorize("shop", &[]).await;
        world.anonymous().password(&start.flow_id(), "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    }
}

#[tokio::test]
async fn an_unlock_forgets_wrong_passwords() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.app("shop").await;
    let kim = world.user("kim").await;
    let lock_out = || async {
        let start = world.authorize("shop", &[]).await;
        for _ in 0..5 {
            world.anonymous().password(&start.flow_id(), "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
        }
        world.anonymous().password(&start.flow_id(), "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
        start.flow_id()
    };
    let flow = lock_out().await;
    let unlock = json!([{"op": "replace", "value": {"urn:scim:wso2:schema": {"accountLocked": false}}}]);
    admin.scim_patch(&kim.id.to_string(), unlock).await.is(200);
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_step("SUCCESS_COMPLETED");

    let flow = lock_out().await;
    let renewed = json!([{"op": "replace", "path": "password", "value": "another good one"}]);
    admin.scim_patch(&kim.id.to_string(), renewed).await.is(200);
    world.anonymous().password(&flow, "kim", "another good one").await.is_step("SUCCESS_COMPLETED");
}

#[tokio::test]
async fn what_is_unknown_or_wrong_is_named() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (body, sentence) in [
        (json!({}), "userName is missing."),
        (json!({"userName": " "}), "userName must have 1 to 255 characters."),
        (json!({"userName": "x".repeat(256)}), "userName must have 1 to 255 characters."),
        (json!({"userName": "x", "foo": 1}), "foo is unknown."),
        (json!({"userName": "x", "administrator": true}), "administrator is unknown."),
        (json!({"userName": "x", "name": {"middleName": "y"}}), "name.middleName is unknown."),
        (json!({"userName": "x", "urn:scim:wso2:schema": {"foo": 1}}), "urn:scim:wso2:schema.foo is unknown."),
        (
            json!({"userName": "x", "emails": [{"value": "x@y.example", "verified": true}]}),
            "emails.verified is unknown.",
        ),
        (json!({"userName": "x", "emails": ["nonsense"]}), "emails.value must be an email address."),
        (json!({"userName": "x", "emails": [{"type": "work"}]}), "emails.value must be an email address."),
        (json!({"userName": "x", "active": "maybe"}), "active must be a boolean."),
        (json!({"userName": "x", "schemas": ["urn:other"]}), "schemas: urn:other is unknown."),
    ] {
        admin.post(USERS, body).await.is_refusal(400, sentence);
    }
    let twice = br#"{"userName":"x","USERNAME":"y"}"#.to_vec();
    admin
        .send(Method::POST, USERS, Some("application/json"), twice)
        .await
        .is_refusal(400, "The body has a member twice.");
    admin.post(USERS, json!({"schemas": [], "USERNAME": "x", "emails": ["x@y.example"]})).await.is(201);
    assert_eq!(world.users().await, 2);
}

#[tokio::test]
async fn two_patches_at_once_are_both_kept() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = admin.post(USERS, kim()).await.is(201).at("/id");
    let (one, two) = tokio::join!(
        admin.scim_patch(&id, json!([{"op": "replace", "path": "nickName", "value": "K"}])),
        admin.scim_patch(&id, json!([{"op": "replace", "path": "displayName", "value": "Kim"}])),
    );
    one.is(200);
    two.is(200);
    let user = admin.get(&format!("{USERS}/{id}")).await;
    assert_eq!((user.at("/nickName"), user.at("/displayName")), ("K".to_owned(), "Kim".to_owned()));
}

#[tokio::test]
async fn a_signed_in_user_sees_the_own_record() {
    let world = World::new().await;
    world.app("shop").await;
    let kim = world.user("kim").await;
    for scope in ["openid internal_login", "internal_login"] {
        let token = world.login_with("shop", "kim", &[("scope", scope)]).await.is(200).at("/access_token");
        let me = world.anonymous().bearer(&token).header("accept", "application/json").get("/scim2/Me").await;
        assert_eq!((me.is(200).at("/id"), me.at("/userName")), (kim.id.to_string(), "kim".to_owned()));
        assert_eq!(me.at("/meta/location"), format!("{BASE}{USERS}/{}", kim.id));
    }
    for scope in ["profile", "openid"] {
        let token = world.login_with("shop", "kim", &[("scope", scope)]).await.is(200).at("/access_token");
        world.anonymous().bearer(&token).get("/scim2/Me").await.is(403);
    }
}

#[tokio::test]
async fn what_the_server_can_do_is_told_to_anyone() {
    let world = World::new().await;
    let anyone = world.anonymous();
    let config = anyone.get("/scim2/ServiceProviderConfig").await;
    assert_eq!(config.is(200).member("/patch/supported"), true);
    assert_eq!(config.header("content-type"), Some("application/scim+json"));
    let types = anyone.get("/scim2/ResourceTypes").await;
    assert_eq!(types.is(200).member("/Resources/0"), anyone.get("/scim2/ResourceTypes/User").await.is(200).json());
    anyone.get("/scim2/ResourceTypes/Group").await.is(404);

    // SCIM clients get a list in SCIM's words, browsers' SDKs a bare one.
    let listed = anyone.clone().header("accept", "application/scim+json").get("/scim2/Schemas").await;
    assert_eq!(listed.is(200).member("/totalResults"), 4);
    let bare = anyone.clone().header("accept", "application/json").get("/scim2/Schemas").await;
    assert_eq!(bare.is(200).json(), listed.member("/Resources"));
    assert_eq!(bare.header("content-type"), Some("application/json"));
    let one = anyone.get("/scim2/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").await;
    assert_eq!(one.is(200).json(), listed.member("/Resources/0"));
    assert_eq!(
        one.member("/attributes/0"),
        json!({"name": "userName", "type": "string", "multiValued": false, "required": true, "caseExact": false,
               "mutability": "readWrite", "returned": "default", "uniqueness": "server",
               "description": "The name by which the user signs in."})
    );
}
