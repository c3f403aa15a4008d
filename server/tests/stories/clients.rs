//! Who is asking (401): an application shows its secret in one of two ways, once; a public one has none to show.

use crate::world::*;

const ASKING: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "")];

async fn world() -> World {
    let world = World::new().await;
    world.confidential_app("vault").await;
    world.app("shop").await;
    world.user("kim").await;
    world
}

fn is_challenged(answer: &Answer) {
    answer.is_refused(401, "401", "unauthorized");
    assert_eq!(answer.at("/message"), "Unauthorized");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
}

fn is_no_client(answer: &Answer) {
    answer.is_oauth_refusal(401, "invalid_client");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Basic realm="));
}

#[tokio::test]
async fn a_confidential_application_shows_its_secret_to_start_a_login() {
    let world = world().await;
    world.anonymous().basic("vault", SECRET).authorize("vault", &[]).await.is_step("INCOMPLETE");
    world.anonymous().basic("vault", SECRET).authorize("vault", &[("client_id", "")]).await.is_step("INCOMPLETE");
    world.authorize("vault", &[("client_secret", SECRET)]).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn a_login_does_not_start_without_the_right_secret() {
    let world = world().await;
    let caller = world.anonymous();
    for answer in [
        caller.authorize("vault", &[]).await,
        caller.authorize("vault", &[("client_secret", "wrong")]).await,
        caller.clone().basic("vault", "wrong").authorize("vault", &[]).await,
        caller.clone().basic("vault", "").authorize("vault", &[]).await,
        caller.clone().basic("shop", SECRET).authorize("vault", &[]).await,
        caller.clone().basic("vault", SECRET).authorize("vault", &[("client_secret", SECRET)]).await,
        caller.clone().header("authorization", "Basic !!!").authorize("vault", &[]).await,
        caller.clone().bearer(SECRET).authorize("vault", &[]).await,
    ] {
        is_challenged(&answer);
    }
}

#[tokio::test]
async fn a_public_application_that_shows_a_secret_is_not_the_application() {
    let world = world().await;
    is_challenged(&world.authorize("shop", &[("client_secret", "x")]).await);
    is_challenged(&world.anonymous().basic("shop", "x").authorize("shop", &[]).await);
    is_no_client(&world.anonymous().exchange_with("shop", "x", &[("client_secret", "x")]).await);
}

#[tokio::test]
async fn who_did_not_authenticate_learns_nothing_of_the_rest_of_the_request() {
    let world = world().await;
    let app = world.confidential_app("closed").await;
    world.change_app(&app, |app| (app.enabled, app.native) = (false, false)).await;
    is_challenged(&world.authorize("closed", &[("redirect_uri", "https://evil.example")]).await);
    let shown = world.anonymous().basic("closed", SECRET).authorize("closed", &[]).await;
    shown.is_refused(400, "60011", "application_disabled");
}

// Checklist 99.
#[tokio::test]
async fn the_oauth_endpoints_want_the_same_of_a_client() {
    let world = world().await;
    let caller = world.anonymous();
    for (path, form) in [
        ("/oauth2/token", [("grant_type", "client_credentials"), ("scope", "")]),
        ("/oauth2/introspect", [("token", "x"), ("token_type_hint", "")]),
        ("/oauth2/revoke", [("token", "x"), ("token_type_hint", "")]),
    ] {
        let with = |more: &[(&'static str, &'static str)]| [&form[..], more].concat();
        for answer in [
            caller.form(path, &with(&[("client_id", "vault")])).await,
            caller.form(path, &with(&[("client_id", "nobody")])).await,
            caller.form(path, &with(&[("client_id", "nobody"), ("client_secret", SECRET)])).await,
            caller.form(path, &with(&[("client_id", "vault"), ("client_secret", "wrong")])).await,
            caller.clone().basic("vault", "wrong").form(path, &with(&[])).await,
            caller.clone().basic("nobody", SECRET).form(path, &with(&[])).await,
            caller.clone().basic("vault", SECRET).form(path, &with(&[("client_id", "shop")])).await,
            caller.clone().basic("vault", SECRET).form(path, &with(&[("client_secret", SECRET)])).await,
        ] {
            is_no_client(&answer);
        }
        caller.clone().basic("vault", SECRET).form(path, &with(&[])).await.is(200);
        caller.form(path, &with(&[("client_id", "vault"), ("client_secret", SECRET)])).await.is(200);
    }
}

// Checklist 90.
#[tokio::test]
async fn an_unknown_client_and_a_wrong_secret_look_the_same_at_the_token_endpoint() {
    let world = world().await;
    let unknown = world.anonymous().basic("nobody", "wrong").form("/oauth2/token", &ASKING).await;
    let wrong = world.anonymous().basic("vault", "wrong").form("/oauth2/token", &ASKING).await;
    assert_eq!(unknown.shape(), wrong.shape());
    assert_eq!(unknown.headers, wrong.headers);
}

#[tokio::test]
async fn a_secret_in_the_header_is_form_encoded() {
    let world = World::new().await;
    let odd = "a b:c%d+é";
    let app = world.confidential_app("odd").await;
    world.change_app(&app, |app| app.secrets[0].digest = vestibule_jose::sha256(odd.as_bytes())).await;
    let encoded: String = url::form_urlencoded::byte_serialize(odd.as_bytes()).collect();
    world.anonymous().basic("odd", &encoded).form("/oauth2/token", &ASKING).await.is(200);
    world
        .anonymous()
        .form("/oauth2/token", &[&ASKING[..], &[("client_id", "odd"), ("client_secret", odd)]].concat())
        .await
        .is(200);
}
