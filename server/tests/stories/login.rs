//! The main journey: an application starts a login, the password is checked, the application gets a code, then tokens.

use serde_json::json;

use crate::world::*;

#[tokio::test]
async fn a_login_from_its_first_question_to_tokens() {
    let world = World::new().await;
    world.app("shop").await;
    let kim = world.user("kim").await;

    let start = world.authorize("shop", &[]).await;
    assert_eq!(
        start.is(200).shape(),
        json!({
            "flowId": "…", "flowStatus": "INCOMPLETE", "flowType": "AUTHENTICATION",
            "nextStep": {"stepType": "AUTHENTICATOR_PROMPT", "authenticators": [{
                "authenticatorId": BASIC, "authenticator": "Username & Password", "idp": "LOCAL",
                "metadata": {"i18nKey": "authenticator.basic", "promptType": "USER_PROMPT", "params": [
                    {"param": "username", "type": "STRING", "order": 0, "i18nKey": "username.param", "displayName": "Username", "confidential": false},
                    {"param": "password", "type": "STRING", "order": 1, "i18nKey": "password.param", "displayName": "Password", "confidential": true},
                ]},
                "requiredParams": ["username", "password"],
            }]},
            "links": [{"name": "authentication", "href": "http://localhost:9443/oauth2/authn", "method": "POST"}],
        })
    );

    let done =
        world.anonymous().answer(&start.flow_id(), BASIC, json!({"username": "kim", "password": PASSWORD})).await;
    assert_eq!(done.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
    assert_eq!(done.at("/authData/state"), "s1");
    assert!(!done.at("/authData/session_state").is_empty());
    assert_eq!(done.json().as_object().unwrap().len(), 2);

    let tokens = world.anonymous().exchange("shop", &done.code()).await;
    let body = tokens.is(200).json();
    assert_eq!(
        (&body["token_type"], &body["expires_in"], &body["scope"]),
        (&json!("Bearer"), &json!(3600), &json!("openid"))
    );
    let id = claims(&tokens.at("/id_token"));
    assert_eq!(id["iss"], "http://localhost:9443/oauth2/token");
    assert_eq!((&id["sub"], &id["aud"], &id["amr"]), (&json!(kim.id), &json!("shop"), &json!(["pwd"])));
    assert_eq!(id["auth_time"], START.seconds());

    let userinfo = world.anonymous().bearer(&tokens.at("/access_token")).get("/oauth2/userinfo").await;
    assert_eq!(userinfo.is(200).json(), json!({"sub": kim.id}));

    let logout = [("response_mode", "direct"), ("client_id", "shop"), ("id_token_hint", &tokens.at("/id_token"))];
    let left = world.anonymous().form("/oidc/logout", &logout).await;
    assert_eq!(left.is(200).body, b"");
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is(400);
    world.anonymous().bearer(&tokens.at("/access_token")).get("/oauth2/userinfo").await.is(401);
}

#[tokio::test]
async fn a_wrong_password_is_asked_again_in_the_same_flow() {
    let world = World::shop().await;
    let start = world.authorize("shop", &[]).await;

    let wrong = world.anonymous().answer(&start.flow_id(), BASIC, json!({"username": "kim", "password": "no"})).await;
    let body = wrong.is(200).json();
    assert_eq!((&body["flowStatus"], &body["flowId"]), (&json!("FAIL_INCOMPLETE"), &json!(start.flow_id())));
    assert_eq!(body["nextStep"]["authenticators"], start.json()["nextStep"]["authenticators"]);
    assert_eq!(
        body["nextStep"]["messages"],
        json!([{
            "type": "ERROR", "messageId": "60003", "i18nKey": "message.60003",
            "message": "The user name or the password is wrong. Please try again.",
        }])
    );

    let right =
        world.anonymous().answer(&start.flow_id(), BASIC, json!({"username": "kim", "password": PASSWORD})).await;
    right.is(200).code();
    let again =
        world.anonymous().answer(&start.flow_id(), BASIC, json!({"username": "kim", "password": PASSWORD})).await;
    again.is_refused(400, "60009", "invalid_flow_id");
}
