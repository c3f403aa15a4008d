//! Pages in browsers: those of registered origins may call and read, with credentials; every answer tells browsers what
//! not to do with it.

use axum::http::Method;

use crate::world::*;

const ORIGIN: &str = "https://shop.example";

async fn world() -> World {
    let world = World::new().await;
    world.app_with("shop", |app| app.oauth.origins = [ORIGIN.to_owned()].into()).await;
    world.user("kim").await;
    world
}

fn allowed(answer: &Answer) -> Option<&str> {
    answer.header("access-control-allow-origin")
}

#[track_caller]
fn may_read(answer: &Answer) {
    assert_eq!(allowed(answer), Some(ORIGIN), "{} {}", answer.status, answer.text());
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    varies(answer);
}

#[track_caller]
fn varies(answer: &Answer) {
    let vary = answer.headers.get_all("vary").iter().any(|value| value.to_str().unwrap().contains("Origin"));
    assert!(vary, "no Vary: Origin in {} {}", answer.status, answer.text());
}

impl Caller {
    fn page(self, origin: &str) -> Self {
        self.header("origin", origin)
    }

    async fn preflight(self, path: &str, method: &str, headers: &str) -> Answer {
        let asks = self.header("access-control-request-method", method);
        asks.header("access-control-request-headers", headers).send(Method::OPTIONS, path, None, Vec::new()).await
    }
}

#[tokio::test]
async fn a_page_of_a_registered_origin_signs_in_and_reads_every_answer() {
    let world = world().await;
    let page = world.anonymous().page(ORIGIN);
    let start = page.authorize("shop", &[]).await;
    let wrong = page.password(&start.flow_id(), "kim", "wrong").await;
    let done = page.password(&start.flow_id(), "kim", PASSWORD).await;
    let tokens = page.exchange("shop", &done.code()).await;
    let userinfo = page.userinfo(&tokens.at("/access_token")).await;
    let (keys, found) = (page.get("/oauth2/jwks").await, page.get("/.well-known/openid-configuration").await);
    let revoked = page.form("/oauth2/revoke", &[("client_id", "shop"), ("token", "x")]).await;
    let leave = [("response_mode", "direct"), ("id_token_hint", &*tokens.at("/id_token"))];
    let left = page.form("/oidc/logout", &leave).await;
    for answer in [&start, &wrong, &done, &tokens, &userinfo, &keys, &found, &revoked, &left] {
        may_read(answer.is(200));
    }
}

#[tokio::test]
async fn a_page_reads_refusals_too() {
    let world = world().await;
    let page = world.anonymous().page(ORIGIN);
    for answer in [
        page.authorize("nobody", &[]).await,
        page.authorize("shop", &[("scope", "\"")]).await,
        page.select("unknown", BASIC).await,
        page.exchange("shop", "x").await,
        page.userinfo("x").await,
        page.get("/nowhere").await,
        page.get("/api/server/v1/branding-preference/resolve").await,
        page.get("/oauth2/authn").await,
        page.send(Method::POST, "/oauth2/authn", Some("text/plain"), b"{}".to_vec()).await,
        page.send(Method::POST, "/oauth2/authn", Some("application/json"), vec![b' '; 300_000]).await,
    ] {
        assert!(answer.status.is_client_error());
        may_read(&answer);
    }
    let exposed = page.userinfo("x").await.header("access-control-expose-headers").unwrap().to_lowercase();
    assert!(exposed.contains("www-authenticate"), "{exposed}");
}

// Checklist 66, 104.
#[tokio::test]
async fn a_page_of_another_origin_reads_nothing() {
    let world = world().await;
    let app = world.app_with("closed", |app| app.oauth.origins = ["https://closed.example".to_owned()].into()).await;
    world.change_app(&app, |app| app.enabled = false).await;
    for origin in [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.evil.example",
        "https://evilshop.example",
        "https://SHOP.example",
        "https://shop.example/",
        "https://closed.example",
        "null",
        "*",
        "",
    ] {
        let page = world.anonymous().page(origin);
        for answer in [
            page.authorize("shop", &[]).await,
            page.select("unknown", BASIC).await,
            page.get("/oauth2/jwks").await,
            page.clone().preflight("/oauth2/authn", "POST", "content-type").await,
        ] {
            assert_eq!(allowed(&answer), None, "{origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "{origin}");
            varies(&answer);
        }
    }
}

#[tokio::test]
async fn origins_are_registered_in_their_tenant() {
    let world = world().await;
    world.tenant("acme").await;
    let page = world.anonymous().page(ORIGIN).at("/t/acme");
    assert_eq!(allowed(&page.get("/oauth2/jwks").await), None);
    may_read(&world.anonymous().page(ORIGIN).at("/t/carbon.super").get("/oauth2/jwks").await);
}

#[tokio::test]
async fn an_answer_without_an_origin_still_varies_by_it() {
    let world = world().await;
    for answer in [world.authorize("shop", &[]).await, world.anonymous().get("/oauth2/jwks").await] {
        varies(&answer);
        assert_eq!(allowed(&answer), None);
    }
}

#[tokio::test]
async fn a_preflight_allows_what_clients_send() {
    let world = world().await;
    for (path, method, headers) in [
        ("/oauth2/authn", "POST", "content-type"),
        ("/oauth2/authorize", "POST", "content-type"),
        ("/oauth2/token", "POST", "authorization,content-type"),
        ("/oauth2/userinfo", "GET", "authorization"),
        ("/oauth2/authorize", "POST", "x-client-attestation"),
        ("/scim2/Me", "PATCH", "authorization,content-type"),
        ("/api/server/v1/branding-preference/resolve", "GET", "content-type"),
    ] {
        let answer = world.anonymous().page(ORIGIN).preflight(path, method, headers).await;
        assert!(answer.status.is_success(), "{path}");
        may_read(&answer);
        let listed = |name: &str| answer.header(name).unwrap_or_default().to_lowercase();
        assert!(listed("access-control-allow-methods").contains(&method.to_lowercase()), "{path}");
        for header in headers.split(',') {
            assert!(listed("access-control-allow-headers").contains(header), "{path} {header}");
        }
        assert!(!listed("access-control-allow-headers").contains('*'));
    }
}

// Checklist 104.
#[tokio::test]
async fn a_login_that_is_not_direct_is_no_pages_business() {
    let world = world().await;
    let page = world.anonymous().page(ORIGIN);
    let secret = spelled(&[("client_id", "shop"), ("client_secret", "x")]);
    for query in [
        "client_id=shop&response_type=code",
        "client_id=shop&response_mode=query",
        "client_id=shop&response_mode=form_post",
        "",
        "client_id=shop&state=a&state=b",
        &secret,
    ] {
        let answer = page.get(&format!("/oauth2/authorize?{query}")).await;
        assert_eq!(allowed(&answer), None, "{query}: {}", answer.text());
    }
}

#[tokio::test]
async fn every_answer_tells_browsers_to_keep_nothing_and_guess_nothing() {
    let world = world().await;
    let tokens = world.login("shop", "kim").await;
    for answer in [
        world.authorize("shop", &[]).await,
        world.authorize("nobody", &[]).await,
        world.anonymous().select("x", BASIC).await,
        world.anonymous().userinfo(&tokens.at("/access_token")).await,
        world.anonymous().userinfo("x").await,
        world.anonymous().get("/nowhere").await,
        world.anonymous().get("/scim2/Users").await,
        world.anonymous().get("/api/server/v1/applications").await,
        world.anonymous().get("/oauth2/authorize").await,
        world.anonymous().get("/health/live").await,
        world.anonymous().get("/oidc/logout").await,
        tokens,
    ] {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.text());
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("x-frame-options"), Some("DENY"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(answer.header("content-security-policy").unwrap().contains("default-src 'none'"));
        assert_eq!((answer.header("server"), answer.header("x-powered-by")), (None, None));
        assert_eq!(answer.headers.get_all("cache-control").iter().count(), 1);
    }
}

#[tokio::test]
async fn over_tls_browsers_are_told_to_stay_there() {
    let world = World::set(|setting| setting.public_url = "https://login.example").await;
    let answer = world.anonymous().get("/oauth2/jwks").await;
    assert!(answer.is(200).header("strict-transport-security").unwrap().starts_with("max-age="));
    let plain = World::new().await.anonymous().get("/oauth2/jwks").await;
    assert_eq!(plain.header("strict-transport-security"), None);
}
