//! What tokens are good for: userinfo, introspection (RFC 7662) and revocation (RFC 7009).

use axum::http::Method;
use serde_json::{Value, json};

use crate::world::*;

async fn world() -> World {
    let world = World::new().await;
    for app in ["shop", "forum"] {
        world.app(app).await;
    }
    for app in ["vault", "store"] {
        world.confidential_app(app).await;
    }
    world.user("kim").await;
    world
}

impl World {
    async fn introspect(&self, client: &str, token: &str) -> Value {
        let answer = self.anonymous().basic(client, SECRET).form("/oauth2/introspect", &[("token", token)]).await;
        assert_eq!(answer.is(200).header("cache-control"), Some("no-store"));
        answer.json()
    }

    async fn is_inactive(&self, client: &str, token: &str) {
        assert_eq!(self.introspect(client, token).await, json!({"active": false}));
    }

    async fn revoke(&self, client: &str, token: &str) -> Answer {
        self.anonymous().form("/oauth2/revoke", &[("client_id", client), ("token", token)]).await
    }

    async fn login_to_vault(&self) -> Answer {
        let caller = self.anonymous().basic("vault", SECRET);
        let code = caller.sign_in("vault", "kim", &[]).await.code();
        caller.exchange("vault", &code).await
    }
}

#[tokio::test]
async fn userinfo_is_read_by_get_and_by_post() {
    let world = world().await;
    let access = world.login("shop", "kim").await.at("/access_token");
    let caller = world.anonymous().bearer(&access);
    let got = caller.get("/oauth2/userinfo").await;
    assert_eq!(got.is(200).header("content-type"), Some("application/json"));
    assert_eq!(got.header("cache-control"), Some("no-store"));
    let posted = caller.form("/oauth2/userinfo", &[]).await;
    assert_eq!(posted.is(200).json(), got.json());
    for accept in ["application/scim+json", "application/json", "text/html"] {
        caller.clone().header("accept", accept).get("/oauth2/userinfo").await.is(200);
    }
    caller.send(Method::GET, "/oauth2/userinfo", Some("application/json"), Vec::new()).await.is(200);
}

#[tokio::test]
async fn userinfo_wants_a_token_that_holds() {
    let world = world().await;
    for caller in [
        world.anonymous(),
        world.anonymous().bearer("x"),
        world.anonymous().bearer(""),
        world.anonymous().basic("kim", PASSWORD),
        world.anonymous().header("authorization", "Bearer"),
    ] {
        let refused = caller.get("/oauth2/userinfo").await;
        assert!(refused.is(401).header("www-authenticate").unwrap().starts_with("Bearer"), "{:?}", refused.headers);
    }
    let narrow = world.login_with("shop", "kim", &[("scope", "profile")]).await.at("/access_token");
    let refused = world.anonymous().userinfo(&narrow).await;
    let challenge = refused.is_oauth_refusal(403, "insufficient_scope").header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer ") && challenge.contains("insufficient_scope"), "{challenge}");
}

#[tokio::test]
async fn introspection_tells_a_resource_server_about_an_access_token() {
    let world = world().await;
    let kim = world.user("kimberly").await;
    let access = world.login_with("shop", "kimberly", &[("scope", "openid email")]).await.at("/access_token");
    for client in ["vault", "store"] {
        let told = world.introspect(client, &access).await;
        for (name, value) in [
            ("active", json!(true)),
            ("client_id", json!("shop")),
            ("username", json!("kimberly")),
            ("sub", json!(kim.id)),
            ("scope", json!("email openid")),
            ("token_type", json!("Bearer")),
            ("iss", json!("http://localhost:9443/oauth2/token")),
            ("iat", json!(START.seconds())),
            ("exp", json!(START.seconds() + 3600)),
        ] {
            assert_eq!(told[name], value, "{name}");
        }
    }
}

#[tokio::test]
async fn introspection_tells_an_application_about_its_own_refresh_token_only() {
    let world = world().await;
    let first = world.login_to_vault().await.at("/refresh_token");
    let told = world.introspect("vault", &first).await;
    assert_eq!(
        (&told["active"], &told["client_id"], &told["username"]),
        (&json!(true), &json!("vault"), &json!("kim"))
    );
    world.is_inactive("store", &first).await;
    world.anonymous().basic("vault", SECRET).refresh("vault", &first).await.is(200);
    world.is_inactive("vault", &first).await;
}

#[tokio::test]
async fn introspection_says_nothing_more_of_a_token_that_does_not_hold() {
    let world = world().await;
    let ann = world.user("ann").await;
    let (locked, tokens) = (world.login("shop", "ann").await, world.login("shop", "kim").await);
    world.change_user(&ann, |user| user.locked = true).await;
    let access = tokens.at("/access_token");
    for token in [&locked.at("/access_token"), &tokens.at("/id_token"), &access[1..], "x", "a.b.c", "é", "\0"] {
        world.is_inactive("vault", token).await;
    }
    assert_eq!(world.introspect("vault", &access).await["active"], true);
    world.wait(hours(1));
    world.is_inactive("vault", &access).await;
    let (kept, refresh) = (world.login_to_vault().await, |tokens: &Answer| tokens.at("/refresh_token"));
    world.wait(days(1));
    world.is_inactive("vault", &refresh(&kept)).await;
}

// Checklist 99.
#[tokio::test]
async fn introspection_is_for_confidential_applications_and_needs_a_token() {
    let world = world().await;
    let access = world.login("shop", "kim").await.at("/access_token");
    let public = [("client_id", "shop"), ("token", &*access)];
    world.anonymous().form("/oauth2/introspect", &public).await.is(401);
    world.anonymous().form("/oauth2/introspect", &[("token", &*access)]).await.is_oauth_refusal(400, "invalid_request");
    world.anonymous().bearer(&access).form("/oauth2/introspect", &[("token", &*access)]).await.is(400);
    let caller = world.anonymous().basic("vault", SECRET);
    for form in [&[] as &[(&str, &str)], &[("token", "")]] {
        caller.form("/oauth2/introspect", form).await.is_oauth_refusal(400, "invalid_request");
    }
    caller.form("/oauth2/introspect", &[("token", &*access), ("token_type_hint", "nonsense")]).await.is(200);
}

#[tokio::test]
async fn a_revoked_access_token_ends_alone_and_a_revoked_refresh_token_ends_the_login() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    let other = world.login("shop", "kim").await;
    world.revoke("shop", &tokens.at("/access_token")).await.is(200);
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is_unauthorized_token();
    world.is_inactive("vault", &tokens.at("/access_token")).await;
    let next = world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await;
    world.anonymous().userinfo(&next.is(200).at("/access_token")).await.is(200);

    world.revoke("shop", &next.at("/refresh_token")).await.is(200);
    world.anonymous().userinfo(&next.at("/access_token")).await.is_unauthorized_token();
    world.anonymous().refresh("shop", &next.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
    world.anonymous().userinfo(&other.at("/access_token")).await.is(200);
}

#[tokio::test]
async fn an_older_refresh_token_revokes_its_login_too() {
    let world = world().await;
    let first = world.login("shop", "kim").await;
    let second = world.anonymous().refresh("shop", &first.at("/refresh_token")).await;
    world.revoke("shop", &first.at("/refresh_token")).await.is(200);
    world.anonymous().refresh("shop", &second.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
}

// Checklist 99.
#[tokio::test]
async fn an_application_revokes_its_own_tokens_only_and_learns_nothing_of_others() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    for token in [&tokens.at("/access_token"), &tokens.at("/refresh_token"), "x", "a.b.c", &tokens.at("/id_token")] {
        world.revoke("forum", token).await.is(200);
    }
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is(200);
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is(200);
    world.revoke("shop", "").await.is_oauth_refusal(400, "invalid_request");
    world.anonymous().form("/oauth2/revoke", &[("token", "x")]).await.is_oauth_refusal(400, "invalid_request");
}

#[tokio::test]
async fn a_confidential_application_revokes_with_its_secret() {
    let world = world().await;
    let tokens = world.login_to_vault().await;
    let access = tokens.at("/access_token");
    world.revoke("vault", &access).await.is_oauth_refusal(401, "invalid_client");
    world.anonymous().userinfo(&access).await.is(200);
    let form = [("token", &*access), ("token_type_hint", "refresh_token")];
    world.anonymous().basic("vault", SECRET).form("/oauth2/revoke", &form).await.is(200);
    world.anonymous().userinfo(&access).await.is_unauthorized_token();
}
