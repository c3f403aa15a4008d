//! Signing out: inside the app (200 and nothing else), or with a browser that is sent back to a registered address.

use axum::http::Method;
use vestibule_core::application::Callback;
use vestibule_core::error::Spelling;

use crate::world::*;

const DIRECT: (&str, &str) = ("response_mode", "direct");

async fn world() -> World {
    let world = World::new().await;
    world.app("shop").await;
    world
        .app_with("forum", |app| {
            app.oauth.callbacks.push(Callback::parse("https://a.example/bye?x=1").unwrap());
        })
        .await;
    world.user("kim").await;
    world
}

impl World {
    async fn leave(&self, form: &[(&str, &str)]) -> Answer {
        self.anonymous().form("/oidc/logout", form).await
    }

    async fn holds(&self, tokens: &Answer) -> bool {
        self.anonymous().userinfo(&tokens.at("/access_token")).await.status == 200
    }
}

#[tokio::test]
async fn an_app_signs_out_with_its_id_token_alone() {
    let world = world().await;
    for client in [&[("client_id", "shop")] as &[(&str, &str)], &[]] {
        let tokens = world.login("shop", "kim").await;
        let hint = tokens.at("/id_token");
        let form = [&[DIRECT, ("id_token_hint", &*hint)], client].concat();
        let left = world.leave(&form).await;
        assert_eq!((left.is(200).body.len(), left.header("location")), (0, None));
        assert_eq!(left.header("cache-control"), Some("no-store"));
        assert!(!world.holds(&tokens).await);
        world.leave(&form).await.is(200);
    }
}

#[tokio::test]
async fn an_app_signs_out_with_the_session_cookie_and_the_cookie_goes() {
    let world = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&done);
    let left = caller.form("/oidc/logout", &[DIRECT, ("client_id", "shop")]).await;
    assert!(left.is(200).body.is_empty());
    let cookie = left.header("set-cookie").unwrap();
    assert!(cookie.starts_with("vestibule-session-carbon.super=;") && cookie.contains("Max-Age=0"), "{cookie}");
    caller.authorize("shop", &[]).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn an_id_token_that_is_out_of_date_still_signs_out() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    world.wait(hours(5));
    let fresh = world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await;
    world.leave(&[DIRECT, ("id_token_hint", &tokens.at("/id_token"))]).await.is(200);
    assert!(!world.holds(&fresh).await);
}

// Checklist 101.
#[tokio::test]
async fn a_logout_that_names_no_application_or_no_session_says_so() {
    let world = world().await;
    let nameless = world.leave(&[DIRECT]).await;
    nameless.is_refused(400, "60010", "invalid_logout_request");
    assert_eq!(nameless.at("/message"), "Invalid logout request.");
    assert_eq!(nameless.at("/description"), "Unable to resolve client_id to perform app native logout.");
    let bare = world.leave(&[DIRECT, ("client_id", "shop")]).await;
    bare.is_refused(400, "60010", "invalid_logout_request");
    assert_eq!(bare.at("/description"), "App native logout required the session cookies or the id_token.");
    let stale = world.anonymous().header("cookie", "vestibule-session-carbon.super=junk");
    stale.form("/oidc/logout", &[DIRECT, ("client_id", "shop")]).await.is_refused(
        400,
        "60010",
        "invalid_logout_request",
    );
}

#[tokio::test]
async fn a_hint_that_is_not_this_tenants_id_token_for_the_application_is_refused() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    let hint = tokens.at("/id_token");
    let (signed, signature) = hint.rsplit_once('.').unwrap();
    let stranger = World::new().await;
    stranger.app("shop").await;
    stranger.user("kim").await;
    for wrong in ["x", signed, &format!("{signed}."), &format!("{signed}.{}", signature.to_lowercase()), "e30.e30.e30"]
    {
        let refused = world.leave(&[DIRECT, ("client_id", "shop"), ("id_token_hint", wrong)]).await;
        refused.is_refused(400, "60010", "invalid_logout_request");
    }
    let mixed = world.leave(&[DIRECT, ("client_id", "forum"), ("id_token_hint", &hint)]).await;
    mixed.is_refused(400, "60010", "invalid_logout_request");
    assert!(world.holds(&tokens).await);
}

#[tokio::test]
async fn applications_that_cannot_sign_out_natively_are_told_why() {
    for (spelling, code) in [(Spelling::Documented, "60008"), (Spelling::Wso2, "ABA-60007")] {
        let world = World::set(|setting| setting.config.native.error_codes = spelling).await;
        world.app_with("pages", |app| app.native = false).await;
        let off = world.leave(&[DIRECT, ("client_id", "pages")]).await;
        off.is_refused(400, code, "app_native_not_enabled");
        let why = "App native authentication should be enabled in the app to perform app native logout.";
        assert_eq!(off.at("/description"), why);
    }
    let world = world().await;
    world.app_with("closed", |app| app.enabled = false).await;
    world.leave(&[DIRECT, ("client_id", "closed")]).await.is_refused(400, "60011", "application_disabled");
    let unknown = world.leave(&[DIRECT, ("client_id", "nobody")]).await;
    unknown.is_refused(400, "60005", "application_not_found");
    assert_eq!(unknown.header("location"), None);
}

#[tokio::test]
async fn the_id_token_of_a_direct_logout_is_refused_in_a_url() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    let query = spelled(&[DIRECT, ("id_token_hint", &tokens.at("/id_token"))]);
    let got = world.anonymous().get(&format!("/oidc/logout?{query}")).await;
    got.is_refused(400, "60001", "invalid_request");
    let posted = world.anonymous().form(&format!("/oidc/logout?{query}"), &[("client_id", "shop")]).await;
    posted.is_refused(400, "60001", "invalid_request");
    assert!(world.holds(&tokens).await);
}

// Checklist 95.
#[tokio::test]
async fn a_browser_is_sent_back_with_its_state() {
    let world = world().await;
    for method in [Method::GET, Method::POST] {
        let done = world.anonymous().sign_in("shop", "kim", &[]).await;
        let tokens = world.anonymous().exchange("shop", &done.code()).await;
        let hint = tokens.at("/id_token");
        let form = [("post_logout_redirect_uri", REDIRECT), ("state", "sign out&é"), ("id_token_hint", &*hint)];
        let left = match method {
            Method::GET => world.anonymous().get(&format!("/oidc/logout?{}", spelled(&form))).await,
            _ => world.leave(&form).await,
        };
        assert!([302, 303].contains(&left.status.as_u16()));
        assert_eq!(left.header("location"), Some("myapp://callback?state=sign+out%26%C3%A9"));
        assert!(!world.holds(&tokens).await);
    }
}

#[tokio::test]
async fn a_browser_without_a_hint_is_signed_out_by_its_cookie() {
    let world = world().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let caller = world.anonymous().cookie(&done);
    let query =
        spelled(&[("client_id", "shop"), ("post_logout_redirect_uri", REDIRECT), ("state", "sign_out_success")]);
    let left = caller.get(&format!("/oidc/logout?{query}")).await;
    assert_eq!(left.is(302).header("location"), Some("myapp://callback?state=sign_out_success"));
    assert!(left.header("set-cookie").unwrap().contains("Max-Age=0"));
    caller.authorize("shop", &[]).await.is_step("INCOMPLETE");
}

#[tokio::test]
async fn an_address_keeps_its_own_query() {
    let world = world().await;
    let query =
        spelled(&[("client_id", "forum"), ("post_logout_redirect_uri", "https://a.example/bye?x=1"), ("state", "s")]);
    let left = world.anonymous().get(&format!("/oidc/logout?{query}")).await;
    assert_eq!(left.is(302).header("location"), Some("https://a.example/bye?x=1&state=s"));
}

// Checklist 73.
#[tokio::test]
async fn nobody_is_sent_to_an_address_that_is_not_registered() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    let hint = tokens.at("/id_token");
    for form in [
        vec![("client_id", "shop"), ("post_logout_redirect_uri", "https://evil.example")],
        vec![("client_id", "shop"), ("post_logout_redirect_uri", "myapp://callback/more")],
        vec![("client_id", "shop"), ("post_logout_redirect_uri", "https://a.example/bye?x=1")],
        vec![("client_id", "shop"), ("post_logout_redirect_uri", "javascript:alert(1)")],
        vec![("id_token_hint", &*hint), ("post_logout_redirect_uri", "https://evil.example")],
        vec![("id_token_hint", "junk"), ("client_id", "shop"), ("post_logout_redirect_uri", REDIRECT)],
        vec![("post_logout_redirect_uri", REDIRECT)],
    ] {
        for answer in
            [world.anonymous().get(&format!("/oidc/logout?{}", spelled(&form))).await, world.leave(&form).await]
        {
            answer.is_refused(400, "60010", "invalid_logout_request");
            assert_eq!(answer.header("location"), None);
        }
    }
    assert!(world.holds(&tokens).await);
    let unknown = [("client_id", "nobody"), ("post_logout_redirect_uri", REDIRECT)];
    world.leave(&unknown).await.is_refused(400, "60005", "application_not_found");
}

// Checklist 68, 101.
#[tokio::test]
async fn a_page_that_sends_the_browser_here_ends_nothing_by_itself() {
    let world = World::shop().await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let victim = world.anonymous().cookie(&done);
    victim.get("/oidc/logout").await.is_refused(400, "60010", "invalid_logout_request");
    let direct = victim.get("/oidc/logout?response_mode=direct&client_id=shop").await;
    direct.is_refused(400, "60010", "invalid_logout_request");
    let spelled = victim.get("/oidc/logout?response_mode=Direct&client_id=shop").await;
    spelled.is_refused(400, "60001", "invalid_request");
    assert_eq!(victim.authorize("shop", &[]).await.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
}

#[tokio::test]
async fn a_hint_ends_its_own_session_and_not_the_browsers() {
    let world = World::shop().await;
    world.user("mallory").await;
    let foreign = world.login("shop", "mallory").await.at("/id_token");
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let victim = world.anonymous().cookie(&done);
    let form = [("response_mode", "direct"), ("client_id", "shop"), ("id_token_hint", foreign.as_str())];
    victim.form("/oidc/logout", &form).await.is(200);
    assert_eq!(victim.authorize("shop", &[]).await.is(200).at("/flowStatus"), "SUCCESS_COMPLETED");
}
