//! Applications through the management API, as WSO2's users script them.

use serde_json::{Value, json};

use crate::operators::*;
use crate::world::*;

fn native_app() -> Value {
    json!({
        "name": "my-native-app",
        "inboundProtocolConfiguration": {"oidc": {
            "grantTypes": ["authorization_code", "refresh_token"],
            "callbackURLs": ["myapp://callback"], "allowedOrigins": ["https://app.example.com"], "publicClient": true,
            "pkce": {"mandatory": true, "supportPlainTransformAlgorithm": false},
            "accessToken": {"type": "JWT", "userAccessTokenExpiryInSeconds": 1800, "applicationAccessTokenExpiryInSeconds": 3600,
                            "bindingType": "sso-session", "revokeTokensWhenIDPSessionTerminated": true, "validateTokenBinding": false},
            "refreshToken": {"expiryInSeconds": 86400, "renewRefreshToken": true},
        }},
        "authenticationSequence": {
            "type": "USER_DEFINED",
            "steps": [
                {"id": 1, "options": [{"idp": "LOCAL", "authenticator": "BasicAuthenticator"}, {"idp": "LOCAL", "authenticator": "FIDOAuthenticator"}]},
                {"id": 2, "options": [{"idp": "LOCAL", "authenticator": "email-otp-authenticator", "parameters": {"maximumAllowedFailureAttempts": 3}}]},
            ],
            "subjectStepId": 1, "attributeStepId": 1, "requestPathAuthenticators": [],
        },
        "advancedConfigurations": {
            "enableAPIBasedAuthentication": true, "skipLoginConsent": true, "skipLogoutConsent": true,
            "attestationMetaData": {"enableClientAttestation": false, "androidPackageName": "com.example.app",
                                    "androidAttestationServiceCredentials": {}, "appleAppId": "TEAMID.com.example.app"},
        },
    })
}

#[tokio::test]
async fn an_application_is_made_shown_listed_and_removed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin.post(APPS, native_app()).await;
    let (id, client_id) = (made.is(201).at("/id"), made.at("/clientId"));
    let address = format!("{BASE}{APPS}/{id}");
    assert_eq!(made.header("location"), Some(address.as_str()));
    assert_eq!(client_id.len(), 28);
    let shown = json!({
        "id": id, "name": "my-native-app", "description": "", "applicationEnabled": true, "clientId": client_id, "access": "WRITE",
        "inboundProtocols": [{"type": "oidc", "name": "oidc", "self": format!("{address}/inbound-protocols/oidc")}],
        "authenticationSequence": {
            "type": "USER_DEFINED",
            "steps": [
                {"id": 1, "options": [{"idp": "LOCAL", "authenticator": "BasicAuthenticator"}, {"idp": "LOCAL", "authenticator": "FIDOAuthenticator"}]},
                {"id": 2, "options": [{"idp": "LOCAL", "authenticator": "email-otp-authenticator", "parameters": {
                    "maximumAllowedFailureAttempts": 3, "terminateOnResendLimitExceeded": false,
                }}]},
            ],
            "subjectStepId": 1, "attributeStepId": 1, "requestPathAuthenticators": [],
        },
        "advancedConfigurations": {
            "enableAPIBasedAuthentication": true, "enableInFlowEnrolment": false, "flowExpiryInSeconds": 600,
            "session": {"idleTimeoutInSeconds": 900, "rememberMeTimeoutInSeconds": 1209600},
            "additionalSpProperties": [], "attestationMetaData": {
                "enableClientAttestation": false, "enableClientAuthentication": false,
                "androidPackageName": "com.example.app", "androidThumbprints": [], "androidDeviceIntegrity": "DEVICE",
                "androidKeyAttestation": "NONE", "appleAppId": "TEAMID.com.example.app", "appleAllowDevelopment": false,
                "maxAgeInSeconds": 60, "clientAttestationExpiryInSeconds": 3600, "unattestable": {}, "attesters": [],
            },
            "discoverableByEndUsers": false, "enableAuthorization": false, "fragment": false,
            "returnAuthenticatedIdpList": false, "saas": false, "skipLoginConsent": true, "skipLogoutConsent": true,
            "useExternalConsentPage": false,
        },
    });
    assert_eq!(made.json(), shown);
    assert_eq!(admin.get(&format!("{APPS}/{id}")).await.is(200).json(), shown);
    assert_eq!(
        admin.get(&format!("{APPS}/{id}/inbound-protocols/oidc")).await.is(200).json(),
        json!({
            "clientId": client_id, "state": "ACTIVE", "grantTypes": ["authorization_code", "refresh_token"],
            "callbackURLs": ["myapp://callback"], "allowedOrigins": ["https://app.example.com"], "publicClient": true,
            "pkce": {"mandatory": true, "supportPlainTransformAlgorithm": false},
            "authorizationCode": {"expiryInSeconds": 60},
            "accessToken": {"type": "JWT", "userAccessTokenExpiryInSeconds": 1800, "applicationAccessTokenExpiryInSeconds": 3600,
                            "accessTokenSignedResponseAlg": "ES256", "bindingType": "sso-session",
                            "revokeTokensWhenIDPSessionTerminated": true, "validateTokenBinding": false},
            "refreshToken": {"expiryInSeconds": 86400, "absoluteExpiryInSeconds": 2592000, "renewRefreshToken": true},
            "idToken": {"expiryInSeconds": 3600, "idTokenSignedResponseAlg": "RS256"},
        })
    );
    let listed = json!({
        "totalResults": 1, "startIndex": 1, "count": 1, "links": [],
        "applications": [{"id": id, "name": "my-native-app", "description": "", "applicationEnabled": true,
                          "clientId": client_id, "access": "WRITE", "self": address}],
    });
    assert_eq!(admin.get(&format!("{APPS}?limit=30")).await.is(200).json(), listed);
    assert_eq!(admin.get(&format!("{APPS}?filter=name+eq+my-native-app")).await.is(200).json(), listed);
    assert_eq!(admin.get(&format!("{APPS}?filter=name+eq+other")).await.is(200).member("/totalResults"), 0);
    assert_eq!(admin.get(&format!("{APPS}?offset=1")).await.is(200).member("/applications"), json!([]));

    assert_eq!(admin.delete(&format!("{APPS}/{id}")).await.is(204).body, b"");
    admin.get(&format!("{APPS}/{id}")).await.is_refusal(404, "There is no such application.");
    admin.delete(&format!("{APPS}/{id}")).await.is(404);
}

#[tokio::test]
async fn a_user_signs_in_to_an_application_as_it_was_made() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.user("kim").await;
    let oidc = json!({"callbackURLs": [REDIRECT], "publicClient": true});
    let app = json!({
        "name": "shop", "inboundProtocolConfiguration": {"oidc": oidc},
        "advancedConfigurations": {"enableAPIBasedAuthentication": true},
    });
    let made = admin.post(APPS, app).await;
    let (id, client) = (made.is(201).at("/id"), made.at("/clientId"));
    world.login(&client, "kim").await.is(200);
    // A public client must bring a PKCE challenge unless it was made otherwise.
    world.authorize(&client, &[("code_challenge", ""), ("code_challenge_method", "")]).await.is(400);

    let path = format!("{APPS}/{id}");
    let off = admin.patch(&path, json!({"applicationEnabled": false})).await;
    assert_eq!(off.is(200).member("/applicationEnabled"), false);
    world.authorize(&client, &[]).await.is_refused(400, "60011", "application_disabled");
    admin.patch(&path, json!({"applicationEnabled": true})).await.is(200);
    admin.patch(&path, json!({"advancedConfigurations": {"enableAPIBasedAuthentication": false}})).await.is(200);
    world.authorize(&client, &[]).await.is_refused(400, "60008", "app_native_not_enabled");
}

#[tokio::test]
async fn whatever_is_read_can_be_sent_back() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin.post(APPS, native_app()).await;
    let path = format!("{APPS}/{}", made.is(201).at("/id"));
    let oidc = format!("{path}/inbound-protocols/oidc");
    let (app, settings) = (admin.get(&path).await.json(), admin.get(&oidc).await.json());
    assert_eq!(admin.patch(&path, app.clone()).await.is(200).json(), app);
    assert_eq!(admin.put(&oidc, settings.clone()).await.is(200).json(), settings);
    let nested = json!({"inboundProtocolConfiguration": {"oidc": settings}});
    assert_eq!(admin.patch(&path, nested).await.is(200).json(), app);
    assert_eq!(admin.get(&oidc).await.json(), settings);
}

#[tokio::test]
async fn a_change_keeps_what_it_does_not_mention_and_a_replacement_does_not() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin.post(APPS, native_app()).await;
    let path = format!("{APPS}/{}", made.is(201).at("/id"));
    let oidc = format!("{path}/inbound-protocols/oidc");
    let change = json!({"description": "ours", "advancedConfigurations": {"flowExpiryInSeconds": 300},
                        "inboundProtocolConfiguration": {"oidc": {"idToken": {"idTokenSignedResponseAlg": "PS256"}}}});
    let changed = admin.patch(&path, change).await;
    assert_eq!(changed.is(200).member("/description"), "ours");
    assert_eq!(changed.member("/authenticationSequence"), made.member("/authenticationSequence"));
    let settings = admin.get(&oidc).await;
    assert_eq!(settings.member("/idToken/idTokenSignedResponseAlg"), "PS256");
    assert_eq!(settings.member("/accessToken/userAccessTokenExpiryInSeconds"), 1800);

    let replaced = admin
        .put(&oidc, json!({"callbackURLs": ["regexp=(https://a.example/cb|myapp://callback)"], "publicClient": true}))
        .await;
    assert_eq!(replaced.is(200).member("/callbackURLs"), json!(["https://a.example/cb", "myapp://callback"]));
    assert_eq!(replaced.member("/idToken/idTokenSignedResponseAlg"), "RS256");
    assert_eq!(replaced.member("/accessToken/userAccessTokenExpiryInSeconds"), 3600);
    assert_eq!((replaced.member("/allowedOrigins"), replaced.member("/pkce/mandatory")), (json!([]), json!(true)));
    // How long a login may take is not OAuth's affair.
    assert_eq!(admin.get(&path).await.member("/advancedConfigurations/flowExpiryInSeconds"), 300);
}

#[tokio::test]
async fn a_client_secret_is_shown_once_and_renewed() {
    let world = World::new().await;
    let admin = world.admin().await;
    let oidc = json!({"grantTypes": ["client_credentials"], "publicClient": false});
    let made = admin.post(APPS, json!({"name": "robot", "inboundProtocolConfiguration": {"oidc": oidc}})).await;
    let (id, client, secret) = (made.is(201).at("/id"), made.at("/clientId"), made.at("/clientSecret"));
    assert_eq!(secret.len(), 43);
    let path = format!("{APPS}/{id}");
    let oidc = format!("{path}/inbound-protocols/oidc");
    for page in [path.as_str(), oidc.as_str(), APPS] {
        assert!(!admin.get(page).await.is(200).text().contains(&secret), "{page}");
    }
    let form = [("grant_type", "client_credentials")];
    let token = |secret: String| {
        let caller = world.anonymous().basic(&client, &secret);
        async move { caller.form("/oauth2/token", &form).await }
    };
    token(secret.clone()).await.is(200);

    let renewed = admin.post(&format!("{oidc}/regenerate-secret"), json!({})).await;
    let fresh = renewed.is(200).at("/clientSecret");
    assert_eq!(renewed.json(), json!({"clientId": client, "clientSecret": fresh}));
    token(secret.clone()).await.is_oauth_refusal(401, "invalid_client");
    token(fresh.clone()).await.is(200);

    // A secret is never chosen by a change, only told again.
    let sentence = "clientSecret cannot be changed: POST …/inbound-protocols/oidc/regenerate-secret makes another one.";
    admin.put(&oidc, json!({"clientSecret": secret})).await.is_refusal(400, sentence);
    admin.put(&oidc, json!({"clientSecret": fresh, "grantTypes": ["client_credentials"]})).await.is(200);

    // Public and back again: the old secret is gone.
    admin.put(&oidc, json!({"publicClient": true})).await.is(200);
    let sentence = "The application is public and has no client secret.";
    admin.post(&format!("{oidc}/regenerate-secret"), json!({})).await.is_refusal(400, sentence);
    admin.put(&oidc, json!({"publicClient": false, "grantTypes": ["client_credentials"]})).await.is(200);
    token(fresh).await.is_oauth_refusal(401, "invalid_client");
}

#[tokio::test]
async fn client_id_and_secret_may_be_chosen_and_names_are_unique() {
    let world = World::new().await;
    let admin = world.admin().await;
    let app = |name: &str, oidc: Value| json!({"name": name, "inboundProtocolConfiguration": {"oidc": oidc}});
    let chosen = json!({"clientId": "my-application-1", "clientSecret": "a-secret-of-twenty-signs", "grantTypes": ["client_credentials"]});
    let made = admin.post(APPS, app("one", chosen.clone())).await;
    assert_eq!(
        (made.is(201).at("/clientId"), made.at("/clientSecret")),
        ("my-application-1".into(), "a-secret-of-twenty-signs".into())
    );
    let form = [("grant_type", "client_credentials")];
    world.anonymous().basic("my-application-1", "a-secret-of-twenty-signs").form("/oauth2/token", &form).await.is(200);

    admin.post(APPS, app("two", chosen)).await.is_refusal(409, "An application of that clientId exists already.");
    admin.post(APPS, app("one", json!({}))).await.is_refusal(409, "An application of that name exists already.");
    let two = admin.post(APPS, app("two", json!({}))).await;
    let path = format!("{APPS}/{}", two.is(201).at("/id"));
    admin.patch(&path, json!({"name": "one"})).await.is_refusal(409, "An application of that name exists already.");
    admin.patch(&path, json!({"id": two.at("/id"), "name": "three"})).await.is(200);
    admin.patch(&path, json!({"id": "other"})).await.is_refusal(400, "id cannot be changed.");
    admin.patch(&path, json!({"clientId": "other"})).await.is_refusal(400, "clientId cannot be changed.");
}

// Checklist 112.
#[tokio::test]
async fn what_is_unknown_unsupported_or_wrong_is_named() {
    let world = World::new().await;
    let admin = world.admin().await;
    let oidc = |oidc: Value| json!({"name": "x", "inboundProtocolConfiguration": {"oidc": oidc}});
    let step = |step: Value| json!({"name": "x", "authenticationSequence": {"type": "USER_DEFINED", "steps": [step]}});
    for (body, sentence) in [
        (json!({"name": "x", "foo": 1}), "foo is unknown."),
        (json!({}), "name is missing."),
        (json!({"name": ""}), "name must have 1 to 255 characters."),
        (json!({"name": 1}), "name must be a string."),
        (json!({"name": "x", "id": "y"}), "id is given by the server."),
        (json!({"name": "x", "clientId": "y"}), "clientId belongs into inboundProtocolConfiguration.oidc."),
        (oidc(json!({"foo": 1})), "inboundProtocolConfiguration.oidc.foo is unknown."),
        (oidc(json!({"pkce": {"foo": 1}})), "inboundProtocolConfiguration.oidc.pkce.foo is unknown."),
        (oidc(json!({"publicClient": "yes"})), "inboundProtocolConfiguration.oidc.publicClient must be a boolean."),
        (oidc(json!([])), "inboundProtocolConfiguration.oidc must be an object."),
        (
            oidc(json!({"grantTypes": ["authorization_code", "password"]})),
            "inboundProtocolConfiguration.oidc.grantTypes[1] must be one of authorization_code, refresh_token, client_credentials, not password.",
        ),
        (
            oidc(json!({"publicClient": true, "grantTypes": ["client_credentials"]})),
            "grantTypes: a public client cannot have client_credentials.",
        ),
        (
            oidc(json!({"publicClient": true, "clientSecret": "a-secret-of-twenty-signs"})),
            "clientSecret is for applications with publicClient false.",
        ),
        (oidc(json!({"clientId": "short"})), "clientId must have 15 to 150 characters of A-Z, a-z, 0-9, _ and -."),
        (
            oidc(json!({"callbackURLs": ["http://a.example/cb"]})),
            "callbackURLs: an http redirect URI goes to localhost or a loopback address; others use https.",
        ),
        (
            oidc(json!({"callbackURLs": ["regexp=https://.*"]})),
            "callbackURLs: a regexp may only list URLs, as in regexp=(https://a.example/cb|https://b.example/cb).",
        ),
        (
            oidc(json!({"allowedOrigins": ["https://a.example/"]})),
            "allowedOrigins must be origins as a browser sends them, such as https://app.example.com.",
        ),
        (
            oidc(json!({"authorizationCode": {"expiryInSeconds": 601}})),
            "authorizationCode.expiryInSeconds must be 1 to 600.",
        ),
        (
            oidc(json!({"accessToken": {"type": "Default"}})),
            "inboundProtocolConfiguration.oidc.accessToken.type must be one of JWT, not Default.",
        ),
        (
            oidc(json!({"state": "REVOKED"})),
            "inboundProtocolConfiguration.oidc.state must be one of ACTIVE, not REVOKED.",
        ),
        (
            oidc(json!({"hybridFlow": {"enable": true}})),
            "inboundProtocolConfiguration.oidc.hybridFlow is not supported: leave it out, empty or false.",
        ),
        (
            json!({"name": "x", "advancedConfigurations": {"saas": true}}),
            "advancedConfigurations.saas is not supported: leave it out, empty or false.",
        ),
        (
            json!({"name": "x", "advancedConfigurations": {"skipLoginConsent": false}}),
            "advancedConfigurations.skipLoginConsent must be true: this cannot be switched off.",
        ),
        (
            json!({"name": "x", "authenticationSequence": {"script": "x"}}),
            "authenticationSequence.script is not supported: leave it out, empty or false.",
        ),
        (
            step(json!({"id": 2, "options": []})),
            "authenticationSequence.steps[0].id must be 1: steps are numbered from 1.",
        ),
        (step(json!({"id": 1, "options": []})), "authenticationSequence.steps.options must be 1 to 20."),
        (
            step(json!({"id": 1, "options": [{"idp": "a:b", "authenticator": "totp"}]})),
            "authenticationSequence.steps.options.idp must have 1 to 128 characters and no colon.",
        ),
        (
            step(json!({"id": 1, "options": [{"idp": "LOCAL", "authenticator": "totp", "parameters": {"x": 1}}]})),
            "authenticationSequence.steps[0].options[0].parameters.x is unknown.",
        ),
        (
            json!({"name": "x", "authenticationSequence": {"type": "DEFAULT", "steps": [{"id": 1, "options": [{"idp": "LOCAL", "authenticator": "totp"}]}]}}),
            "authenticationSequence.steps need the type USER_DEFINED.",
        ),
    ] {
        let refused = admin.post(APPS, body.clone()).await;
        refused.is_refusal(400, sentence);
        assert_eq!(
            refused.shape(),
            json!({"code": "400", "message": "Invalid input", "description": sentence, "traceId": "…"})
        );
    }
    let twice = br#"{"name":"x","name":"y"}"#.to_vec();
    let refused = admin.send(axum::http::Method::POST, APPS, Some("application/json"), twice.clone()).await;
    refused.is_refusal(400, "name is repeated.");
    admin.send(axum::http::Method::POST, APPS, Some("text/plain"), twice).await.is(415);
    admin.get(&format!("{APPS}?sortBy=name")).await.is_refusal(400, "The parameter sortBy is unknown.");
    admin
        .get(&format!("{APPS}?filter=clientId+eq+x"))
        .await
        .is_refusal(400, "filter must be name eq, followed by a name.");
    assert_eq!(admin.get(APPS).await.member("/totalResults"), 0);
}

#[tokio::test]
async fn two_changes_at_once_are_both_kept() {
    let world = World::new().await;
    let admin = world.admin().await;
    let made = admin.post(APPS, json!({"name": "x"})).await;
    let path = format!("{APPS}/{}", made.is(201).at("/id"));
    let (one, two) = tokio::join!(
        admin.patch(&path, json!({"description": "ours"})),
        admin.patch(&path, json!({"advancedConfigurations": {"enableAPIBasedAuthentication": true}})),
    );
    one.is(200);
    two.is(200);
    let app = admin.get(&path).await;
    assert_eq!(app.member("/description"), "ours");
    assert_eq!(app.member("/advancedConfigurations/enableAPIBasedAuthentication"), true);
}
