//! Who may do what: every managed route against every kind of caller, and every tenant against every other.

use axum::http::Method;
use serde_json::json;
use vestibule::http::{ROUTES, Route};
use vestibule_core::admin::Permission;
use vestibule_core::oauth::scope::MANAGEMENT_SCOPES;

use crate::operators::*;
use crate::world::*;

const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

async fn call(caller: &Caller, route: &Route) -> u16 {
    let path = route.path.replace("{id}", NOWHERE).replace("{factorId}", NOWHERE);
    caller.json(route.method.clone(), &path, &json!({})).await.status.as_u16()
}

/// How the gate answers, if it does.
async fn gate(caller: &Caller, route: &Route) -> Option<u16> {
    Some(call(caller, route).await).filter(|status| [401, 403].contains(status))
}

// Checklist 110.
#[tokio::test]
async fn every_route_is_closed_to_whoever_lacks_its_right() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.user("kim").await;
    world.user_with("eve", |user| user.administrator = true).await;
    world.app("shop").await;
    world.scoped_app("robot", MANAGEMENT_SCOPES).await;
    let token =
        world.login_with("shop", "kim", &[("scope", "openid internal_login")]).await.is(200).at("/access_token");
    let user = world.anonymous().bearer(&token);
    let scopeless = world.as_app("robot", "").await;
    let junk = world.anonymous().bearer("junk");
    let wrong = world.anonymous().basic("eve", "wrong");
    let plain_user = world.anonymous().basic("kim", PASSWORD);
    for route in ROUTES {
        let open = route.needs == Permission::Anyone;
        let own = route.needs == Permission::OwnUser;
        let unless = |allowed: bool, status: u16| (!allowed).then_some(status);
        let name = format!("{} {}", route.method, route.path);
        assert_eq!(gate(&world.anonymous(), route).await, unless(open, 401), "nobody {name}");
        assert_eq!(gate(&wrong, route).await, unless(open, 401), "wrong password {name}");
        assert_eq!(gate(&plain_user, route).await, unless(open, 401), "no administrator {name}");
        assert_eq!(gate(&junk, route).await, unless(open, 401), "no token {name}");
        assert_eq!(gate(&user, route).await, unless(open || own, 403), "user {name}");
        assert_eq!(gate(&scopeless, route).await, unless(open, 403), "application without scope {name}");
        assert_eq!(gate(&admin, route).await, unless(!own, 403), "administrator {name}");
        let scope = route.needs.scope().unwrap_or("none");
        let others: Vec<_> = MANAGEMENT_SCOPES.iter().copied().filter(|other| *other != scope).collect();
        let with = world.as_app("robot", scope).await;
        let without = world.as_app("robot", &others.join(" ")).await;
        assert_eq!(gate(&with, route).await, unless(!own, 403), "application with scope {name}");
        assert_eq!(gate(&without, route).await, unless(open, 403), "application with other scopes {name}");
    }
}

#[tokio::test]
async fn a_refusal_says_how_to_authenticate() {
    let world = World::new().await;
    world.tenant("acme").await;
    let refused = world.anonymous().at("/t/acme").get(APPS).await;
    assert_eq!(
        refused.is(401).shape(),
        json!({"code": "401", "message": "Unauthorized", "traceId": "…",
               "description": "Authenticate with Authorization: Basic as an administrator, or with a Bearer token."})
    );
    assert_eq!(refused.header("www-authenticate"), Some("Basic realm=\"acme\", charset=\"UTF-8\""));
    let refused = world.anonymous().bearer("junk").get(USERS).await;
    assert_eq!(
        refused.is(401).header("www-authenticate"),
        Some("Bearer realm=\"carbon.super\", error=\"invalid_token\"")
    );
    assert_eq!(
        refused.shape(),
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "401", "traceId": "…",
               "detail": "The access token is missing, malformed, expired or revoked."})
    );
    world.confidential_app("robot").await;
    let refused = world.as_app("robot", "").await.get(APPS).await;
    assert_eq!(
        refused.is(403).header("www-authenticate"),
        Some("Bearer realm=\"carbon.super\", error=\"insufficient_scope\"")
    );
}

// Checklist 111.
#[tokio::test]
async fn nothing_of_a_tenant_is_there_for_another() {
    let world = World::new().await;
    let (acme, other) = (world.tenant("acme").await, world.tenant("other").await);
    let root = world.admin().await;
    let (acme, other) = (world.admin_of(&acme, "anna").await, world.admin_of(&other, "otto").await);
    let app = acme.post(APPS, json!({"name": "shop"})).await.is(201).at("/id");
    let user = acme.post(USERS, json!({"userName": "kim"})).await.is(201).at("/id");
    assert!(acme.get(&format!("{APPS}/{app}")).await.is(200).text().contains("http://localhost:9443/t/acme/api/"));

    // An administrator is nobody elsewhere; the root tenant's may act in each.
    other.clone().at("/t/acme").get(APPS).await.is(401);
    acme.clone().at("").get(APPS).await.is(401);
    root.clone().at("/t/acme").get(&format!("{APPS}/{app}")).await.is(200);

    for caller in [&root, &other] {
        for route in ROUTES.iter().filter(|route| route.path.contains("{id}") && route.needs.scope().is_some()) {
            let is_tenant = route.path.contains("/tenants/");
            for id in [&app, &user] {
                let path = route.path.replace("{id}", id);
                let body = match route.method {
                    Method::POST if route.path.ends_with("authorized-apis") => json!({"scopes": []}),
                    Method::PUT if route.path.contains("scim2") => json!({"userName": "x"}),
                    Method::PUT if route.path.contains("federated") => json!({"authenticators": []}),
                    Method::PATCH if route.path.contains("scim2") => {
                        json!({"Operations": [{"op": "replace", "path": "active", "value": false}]})
                    }
                    _ => json!({}),
                };
                let answer = caller.json(route.method.clone(), &path, &body).await;
                // Tenants below another tenant are no tenant's affair; everything else is not there.
                let expected: &[u16] = if is_tenant { &[403, 404] } else { &[404] };
                assert!(expected.contains(&answer.status.as_u16()), "{} {path}", route.method);
            }
        }
        assert_eq!(caller.get(&format!("{USERS}?filter=userName+eq+%22kim%22")).await.member("/totalResults"), 0);
        assert_eq!(caller.get(APPS).await.member("/totalResults"), 0);
    }
    // The same names are free in another tenant.
    other.post(APPS, json!({"name": "shop"})).await.is(201);
    other.post(USERS, json!({"userName": "kim"})).await.is(201);
}

#[tokio::test]
async fn a_token_opens_its_own_tenant_only_and_a_tenant_that_is_not_there_is_not_there() {
    let world = World::new().await;
    world.tenant("acme").await;
    world.scoped_app("robot", MANAGEMENT_SCOPES).await;
    let robot = world.as_app("robot", &MANAGEMENT_SCOPES.join(" ")).await;
    robot.get(APPS).await.is(200);
    robot.clone().at("/t/carbon.super").get(APPS).await.is(200);
    robot.clone().at("/t/acme").get(APPS).await.is(401);
    for caller in [robot, world.anonymous(), world.admin().await] {
        caller.at("/t/nowhere").get(APPS).await.is_refusal(404, "There is no such tenant.");
    }
    // Asking for it did not make it keys.
    assert!(world.store().keys(&"nowhere".parse().unwrap()).await.unwrap().is_empty());
}

#[tokio::test]
async fn tenants_are_managed_below_the_root_only() {
    let world = World::new().await;
    let acme = world.tenant("acme").await;
    let (root, anna) = (world.admin().await, world.admin_of(&acme, "anna").await);
    root.get(TENANTS).await.is(200);
    root.at("/t/acme").get(TENANTS).await.is(403);
    anna.get(TENANTS).await.is(403);
    anna.post(TENANTS, json!({"domain": "mine"})).await.is(403);
}

#[tokio::test]
async fn the_root_administrator_is_named_apart_where_a_tenant_has_one_of_the_same_name() {
    let world = World::new().await;
    let acme = world.tenant("acme").await;
    world.admin().await;
    world.user_with("admin", |user| (user.tenant, user.password) = (acme.clone(), None)).await;
    let caller = world.anonymous().at("/t/acme");
    caller.clone().basic("admin", PASSWORD).get(APPS).await.is(401);
    caller.basic("admin@carbon.super", PASSWORD).get(APPS).await.is(200);
}

#[tokio::test]
async fn wrong_passwords_of_an_administrator_lock_like_those_of_a_login() {
    let world = World::new().await;
    let admin = world.admin().await;
    world.app("shop").await;
    let wrong = world.anonymous().basic("admin", "wrong");
    for _ in 0..5 {
        wrong.get(APPS).await.is_refusal(401, "The user name or the password is wrong.");
    }
    // Locked: the right password is as wrong, here and in a login.
    assert_eq!(admin.get(APPS).await.is(401).shape(), wrong.get(APPS).await.shape());
    let start = world.authorize("shop", &[]).await;
    world.anonymous().password(&start.flow_id(), "admin", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(31));
    admin.get(APPS).await.is(200);
}

#[tokio::test]
async fn whoever_runs_the_server_opens_the_door_that_guesses_have_closed() {
    let world = World::new().await;
    let given = || Some(PASSWORD.to_owned().into());
    world.house.admin.first_start(given()).await.unwrap();
    let (admin, wrong) = (world.anonymous().basic("admin", PASSWORD), world.anonymous().basic("admin", "wrong"));
    for _ in 0..100 {
        wrong.get(APPS).await.is(401);
        world.wait(minutes(16));
    }
    world.house.admin.first_start(None).await.unwrap();
    admin.get(APPS).await.is(401);
    world.house.admin.first_start(given()).await.unwrap();
    admin.get(APPS).await.is(200);
}

#[tokio::test]
async fn unknown_locked_and_switched_off_administrators_are_refused_alike() {
    let world = World::new().await;
    world.user_with("locked", |user| (user.administrator, user.locked) = (true, true)).await;
    world.user_with("off", |user| (user.administrator, user.active) = (true, false)).await;
    let unknown = world.anonymous().basic("nobody", PASSWORD).get(APPS).await.is(401).shape();
    for name in ["locked", "off"] {
        assert_eq!(world.anonymous().basic(name, PASSWORD).get(APPS).await.is(401).shape(), unknown, "{name}");
    }
}

#[tokio::test]
async fn wrong_passwords_from_one_address_close_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let mut closed = None;
    for n in 0..1000 {
        let answer = world.anonymous().from("203.0.113.9").basic(&format!("user{n}"), "wrong").get(APPS).await;
        if answer.status.as_u16() != 401 {
            closed = Some(answer);
            break;
        }
    }
    let closed = closed.unwrap();
    assert!(closed.is(429).header("retry-after").is_some());
    admin.clone().from("203.0.113.9").get(APPS).await.is(429);
    admin.from("203.0.113.10").get(APPS).await.is(200);
}

#[tokio::test]
async fn a_full_hashing_queue_counts_nothing() {
    let mut setting = Setting::default();
    let watched = std::sync::Arc::clone(&setting.watched);
    setting.watched = std::sync::Arc::clone(&watched);
    let world = World::with(setting).await;
    let admin = world.admin().await;
    watched.set_full(true);
    for _ in 0..20 {
        assert_eq!(admin.get(APPS).await.is(503).header("retry-after"), Some("1"));
    }
    watched.set_full(false);
    admin.get(APPS).await.is(200);
}

#[tokio::test]
async fn scopes_are_allowed_listed_and_withdrawn_at_once() {
    let world = World::new().await;
    let admin = world.admin().await;
    let robot = world.confidential_app("robot").await;
    let path = format!("{APPS}/{}/authorized-apis", robot.id);
    assert_eq!(admin.get(&path).await.is(200).json(), json!([]));
    let allowed =
        admin.post(&path, json!({"id": "any", "policyIdentifier": "RBAC", "scopes": ["internal_user_mgt_list"]})).await;
    let listed = |names: &[&str]| {
        let scopes: Vec<_> = names.iter().map(|name| json!({"name": name})).collect();
        json!([{"identifier": "management", "displayName": "Management API", "authorizedScopes": scopes}])
    };
    assert_eq!(allowed.is(200).json(), listed(&["internal_user_mgt_list"]));
    admin.post(&path, json!({"scopes": ["internal_user_mgt_view"]})).await.is(200);
    assert_eq!(admin.get(&path).await.json(), listed(&["internal_user_mgt_list", "internal_user_mgt_view"]));

    let caller = world.as_app("robot", "internal_user_mgt_list internal_user_mgt_update").await;
    caller.get(USERS).await.is(200);
    caller.scim_patch(NOWHERE, json!([])).await.is(403);
    admin.delete(&path).await.is(204);
    caller.get(USERS).await.is(403);
    let refused = admin.post(&path, json!({"scopes": ["everything"]})).await;
    assert!(refused.is(400).at("/description").starts_with("scopes must be among internal_application_mgt_create, "));
    admin.post(&path, json!({"scope": []})).await.is_refusal(400, "scope is unknown.");
}

#[tokio::test]
async fn an_application_gives_only_what_it_has_and_takes_over_nobody() {
    let world = World::new().await;
    let admin = world.admin().await;
    let scopes = [
        "internal_application_mgt_update",
        "internal_application_mgt_client_secret_create",
        "internal_application_mgt_delete",
    ];
    let clerk = world.scoped_app("clerk", &scopes).await;
    let strong = world.scoped_app("strong", &["internal_user_mgt_update"]).await;
    let caller = world.as_app("clerk", &scopes.join(" ")).await;
    let own = format!("{APPS}/{}", clerk.id);
    let sentence = "The caller does not have all of these scopes itself.";
    caller
        .post(&format!("{own}/authorized-apis"), json!({"scopes": ["internal_user_mgt_update"]}))
        .await
        .is_refusal(403, sentence);
    caller
        .post(&format!("{own}/authorized-apis"), json!({"scopes": ["internal_application_mgt_update"]}))
        .await
        .is(200);
    let sentence = "The application has scopes that the caller does not have.";
    let other = format!("{APPS}/{}", strong.id);
    caller
        .post(&format!("{other}/inbound-protocols/oidc/regenerate-secret"), json!({}))
        .await
        .is_refusal(403, sentence);
    caller.patch(&other, json!({"description": "mine"})).await.is_refusal(403, sentence);
    caller.delete(&other).await.is_refusal(403, sentence);
    admin.patch(&other, json!({"description": "ours"})).await.is(200);

    // Nor does it make itself an administrator by another one's password.
    let root = world.store().user_by_name(&clerk.tenant, "admin").await.unwrap().unwrap();
    world.scoped_app("helpdesk", &["internal_user_mgt_update", "internal_user_mgt_delete"]).await;
    let caller = world.as_app("helpdesk", "internal_user_mgt_update internal_user_mgt_delete").await;
    let sentence = "Only an administrator may change an administrator.";
    let password = json!([{"op": "replace", "path": "password", "value": "another good one"}]);
    caller.scim_patch(&root.id.to_string(), password).await.is_refusal(403, sentence);
    caller.delete(&format!("{USERS}/{}", root.id)).await.is_refusal(403, sentence);
}
