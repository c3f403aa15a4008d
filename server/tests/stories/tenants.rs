//! Tenants: each a realm of its own. What belongs to one is nothing in another, even under the same names.

use serde_json::json;
use vestibule_core::ports::TenantId;

use crate::world::*;

/// Two tenants with the same applications and the same user, whose password is the same.
async fn world() -> World {
    let world = World::new().await;
    let acme = world.tenant("acme").await;
    for tenant in [TenantId::root(), acme] {
        world.app_with("shop", |app| app.tenant = tenant.clone()).await;
        let vault = world.confidential_app(&format!("vault-{tenant}")).await;
        world.store().remove_app(&vault.tenant, &vault.id).await.unwrap();
        let vault =
            vestibule_core::application::Application { tenant: tenant.clone(), client_id: "vault".into(), ..vault };
        world.store().add_app(&vault).await.unwrap();
        world.user_with("kim", |user| user.tenant = tenant).await;
    }
    world
}

impl World {
    fn acme(&self) -> Caller {
        self.anonymous().at("/t/acme")
    }

    async fn acmes_tokens(&self) -> Answer {
        let code = self.acme().sign_in("shop", "kim", &[]).await.code();
        self.acme().exchange("shop", &code).await
    }
}

#[tokio::test]
async fn a_tenant_has_its_own_addresses_issuer_and_keys() {
    let world = world().await;
    let start = world.acme().authorize("shop", &[]).await;
    assert_eq!(start.at("/links/0/href"), format!("{BASE}/t/acme/oauth2/authn"));
    let tokens = world.acmes_tokens().await;
    for token in ["/id_token", "/access_token"] {
        assert_eq!(claims(&tokens.at(token))["iss"], format!("{BASE}/t/acme/oauth2/token"));
    }
    let kids = |answer: Answer| {
        let keys = answer.member("/keys");
        keys.as_array().unwrap().iter().map(|key| key["kid"].clone()).collect::<Vec<_>>()
    };
    let (own, roots) =
        (kids(world.acme().get("/oauth2/jwks").await), kids(world.anonymous().get("/oauth2/jwks").await));
    assert!(own.contains(&token_header(&tokens.at("/id_token"))["kid"]));
    assert!(own.iter().all(|kid| !roots.contains(kid)));
}

// Checklist 111.
#[tokio::test]
async fn an_application_is_known_in_its_tenant_only() {
    let world = world().await;
    world.app("roots").await;
    let unknown = world.acme().authorize("roots", &[]).await;
    unknown.is_refused(400, "60005", "application_not_found");
    assert_eq!(unknown.at("/description"), "Unable to find application for clientId roots in tenant domain acme.");
    world.acme().exchange("roots", "x").await.is_oauth_refusal(401, "invalid_client");
    let logout = [("response_mode", "direct"), ("client_id", "roots")];
    world.acme().form("/oidc/logout", &logout).await.is_refused(400, "60005", "application_not_found");
}

// Checklist 111.
#[tokio::test]
async fn a_user_signs_in_in_their_tenant_only() {
    let world = world().await;
    world.user("root-only").await;
    world.acme().sign_in("shop", "root-only", &[]).await.is_step("FAIL_INCOMPLETE");
    let subs = [world.login("shop", "kim").await, world.acmes_tokens().await]
        .map(|tokens| claims(&tokens.at("/id_token"))["sub"].clone());
    assert_ne!(subs[0], subs[1]);
}

// Checklist 111.
#[tokio::test]
async fn misses_in_one_tenant_lock_nobody_in_another() {
    let world = world().await;
    for _ in 0..6 {
        let flow = world.acme().authorize("shop", &[]).await.flow_id();
        world.acme().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    world.acme().sign_in("shop", "kim", &[]).await.is_step("FAIL_INCOMPLETE");
    world.anonymous().sign_in("shop", "kim", &[]).await.is(200).code();
}

// Checklist 54, 111.
#[tokio::test]
async fn a_flow_goes_on_in_its_tenant_only() {
    let world = world().await;
    world.tenant("other").await;
    let (own, roots) =
        (world.acme().authorize("shop", &[]).await.flow_id(), world.authorize("shop", &[]).await.flow_id());
    for (caller, flow) in [(world.anonymous(), &own), (world.anonymous().at("/t/other"), &own), (world.acme(), &roots)]
    {
        caller.password(flow, "kim", PASSWORD).await.is_refused(400, "60009", "invalid_flow_id");
        caller.select(flow, BASIC).await.is_refused(400, "60009", "invalid_flow_id");
    }
    world.acme().password(&own, "kim", PASSWORD).await.is(200).code();
}

// Checklist 111.
#[tokio::test]
async fn codes_and_tokens_are_nothing_in_another_tenant() {
    let world = world().await;
    let code = world.acme().sign_in("shop", "kim", &[]).await.code();
    world.anonymous().exchange("shop", &code).await.is_oauth_refusal(400, "invalid_grant");
    let tokens = world.acme().exchange("shop", &code).await;
    let (access, refresh) = (tokens.is(200).at("/access_token"), tokens.at("/refresh_token"));
    world.anonymous().userinfo(&access).await.is_unauthorized_token();
    world.anonymous().refresh("shop", &refresh).await.is_oauth_refusal(400, "invalid_grant");
    let vault = world.anonymous().basic("vault", SECRET);
    for token in [&access, &refresh] {
        let told = vault.form("/oauth2/introspect", &[("token", token)]).await;
        assert_eq!(told.is(200).json(), json!({"active": false}));
        world.anonymous().form("/oauth2/revoke", &[("client_id", "shop"), ("token", token)]).await.is(200);
    }
    world.acme().userinfo(&access).await.is(200);
    world.acme().refresh("shop", &refresh).await.is(200);
}

// Checklist 111.
#[tokio::test]
async fn a_session_signs_in_in_its_tenant_only() {
    let world = world().await;
    let done = world.acme().sign_in("shop", "kim", &[]).await;
    let tokens = world.acme().exchange("shop", &done.code()).await;
    let isk = claims(&tokens.at("/id_token"))["isk"].as_str().unwrap().to_owned();
    let (name, value) = done.header("set-cookie").unwrap().split(';').next().unwrap().split_once('=').unwrap();
    assert_eq!(name, "vestibule-session-acme");
    let renamed = world.anonymous().header("cookie", &format!("vestibule-session-carbon.super={value}"));
    for caller in [world.anonymous().cookie(&done), renamed] {
        caller.authorize("shop", &[]).await.is_step("INCOMPLETE");
    }
    world.authorize("shop", &[("sessionId", &isk)]).await.is_step("INCOMPLETE");
    world.acme().authorize("shop", &[("sessionId", &isk)]).await.is(200).code();
    world.acme().cookie(&done).authorize("shop", &[]).await.is(200).code();
}

#[tokio::test]
async fn an_id_token_is_a_hint_in_its_tenant_only() {
    let world = world().await;
    let tokens = world.acmes_tokens().await;
    let hint = tokens.at("/id_token");
    world.authorize("shop", &[("id_token_hint", &hint)]).await.is_refused(400, "60001", "invalid_request");
    let logout = [("response_mode", "direct"), ("id_token_hint", &*hint)];
    world.anonymous().form("/oidc/logout", &logout).await.is_refused(400, "60010", "invalid_logout_request");
    world.acme().userinfo(&tokens.at("/access_token")).await.is(200);
}

#[tokio::test]
async fn a_session_of_another_tenant_cannot_be_ended_by_its_renamed_cookie() {
    let world = world().await;
    let done = world.acme().sign_in("shop", "kim", &[]).await;
    let value = done.header("set-cookie").unwrap().split(';').next().unwrap().split_once('=').unwrap().1;
    let renamed = world.anonymous().header("cookie", &format!("vestibule-session-carbon.super={value}"));
    renamed.form("/oidc/logout", &[("response_mode", "direct"), ("client_id", "shop")]).await;
    world.acme().cookie(&done).authorize("shop", &[]).await.is(200).code();
}

#[tokio::test]
async fn the_root_tenant_answers_to_its_name_too() {
    let world = world().await;
    let named = world.anonymous().at("/t/carbon.super");
    let start = named.authorize("shop", &[]).await;
    assert_eq!(start.at("/links/0/href"), format!("{BASE}/t/carbon.super/oauth2/authn"));
    let done = world.anonymous().password(&start.flow_id(), "kim", PASSWORD).await;
    named.cookie(&done).authorize("shop", &[]).await.is(200).code();
    let named = world.anonymous().at("/t/carbon.super");
    let tokens = named.exchange("shop", &done.code()).await;
    assert_eq!(claims(&tokens.at("/id_token"))["iss"], format!("{BASE}/oauth2/token"));
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is(200);
    let flow = world.authorize("shop", &[]).await.flow_id();
    named.password(&flow, "kim", PASSWORD).await.is(200).code();
    assert_eq!(named.get("/oauth2/jwks").await.json(), world.anonymous().get("/oauth2/jwks").await.json());
}

#[tokio::test]
async fn a_tenant_that_there_is_not_has_no_applications() {
    let world = world().await;
    let nowhere = world.anonymous().at("/t/nowhere");
    nowhere.authorize("shop", &[]).await.is_refused(400, "60005", "application_not_found");
    nowhere.exchange("shop", "x").await.is_oauth_refusal(401, "invalid_client");
    nowhere.select("x", BASIC).await.is_refused(400, "60009", "invalid_flow_id");
    assert!(nowhere.userinfo("x").await.status.is_client_error());
}

#[tokio::test]
async fn a_name_that_no_tenant_can_have_is_not_the_root_tenants() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    for handle in ["ACME", "-x", "a_b", "%63arbon.super", "%61cme", "acme%20", "acme%2F", "carbon.super%00", "..%2F"] {
        let caller = world.anonymous().at(&format!("/t/{handle}"));
        for answer in [
            caller.authorize("shop", &[]).await,
            caller.get("/oauth2/jwks").await,
            caller.get("/.well-known/openid-configuration").await,
            caller.userinfo(&tokens.at("/access_token")).await,
            caller.refresh("shop", &tokens.at("/refresh_token")).await,
        ] {
            assert!(answer.status.is_client_error(), "/t/{handle}: {} {}", answer.status, answer.text());
        }
    }
}
