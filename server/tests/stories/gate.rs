//! The one gate: whoever is locked, switched off or moved away, and whatever application is switched off, goes no step further
//! – at the next answer, at the exchange of the code, at a refresh, at introspection and in the own account.

use vestibule_core::application::Application;
use vestibule_core::user::User;

use crate::world::*;

type Change = (fn(&mut User), fn(&mut Application));

const NONE: Change = (|_| (), |_| ());
const SHUT: [Change; 3] =
    [(|user| user.active = false, |_| ()), (|user| user.locked = true, |_| ()), (|_| (), |app| app.enabled = false)];

/// Changes user and application behind the back of the API, so that nothing ends by itself.
async fn shut(world: &World, (user, app): (&User, &Application), change: Change) {
    world.change_user(user, change.0).await;
    world.change_app(app, change.1).await;
}

async fn world() -> (World, User, Application) {
    let world = World::new().await;
    let app =
        world.app_with("shop", |app| app.sequence = steps(&[&["IdentifierExecutor"], &["BasicAuthenticator"]])).await;
    let kim = world.user("kim").await;
    world.confidential_app("backend").await;
    (world, kim, app)
}

async fn named(world: &World) -> String {
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().answer(&flow, IDENTIFIER, serde_json::json!({"username": "kim"})).await.flow_id()
}

async fn done(world: &World, flow: &str) -> Answer {
    world.anonymous().answer(flow, BASIC, serde_json::json!({"password": PASSWORD})).await
}

// Checklist 63.
#[tokio::test]
async fn nobody_passes_the_gate_at_any_step_once_it_is_shut() {
    for change in SHUT {
        let (world, kim, app) = world().await;
        let flow = named(&world).await;
        let code = done(&world, &named(&world).await).await.code();
        let scope = ("scope", "openid internal_login");
        let session = done(&world, &named(&world).await).await;
        let start = world.authorize("shop", &[scope]).await.flow_id();
        world.anonymous().answer(&start, IDENTIFIER, serde_json::json!({"username": "kim"})).await.is(200);
        let tokens = world.anonymous().exchange("shop", &done(&world, &start).await.code()).await;
        let (access, refresh) = (tokens.at("/access_token"), tokens.at("/refresh_token"));
        let introspect = |token: String| {
            let backend = world.anonymous().basic("backend", SECRET);
            async move { backend.form("/oauth2/introspect", &[("token", &token)]).await.member("/active") }
        };
        world.userinfo_is(&access, 200).await;
        assert_eq!(introspect(access.clone()).await, true);

        shut(&world, (&kim, &app), change).await;
        assert!(done(&world, &flow).await.member("/authData").is_null());
        assert_ne!(world.anonymous().exchange("shop", &code).await.status, 200);
        assert_ne!(world.anonymous().refresh("shop", &refresh).await.status, 200);
        assert_eq!(introspect(access.clone()).await, false);
        world.userinfo_is(&access, 401).await;
        world.anonymous().bearer(&access).get("/scim2/Me").await.is(401);
        let again = world.anonymous().cookie(&session).authorize("shop", &[]).await;
        assert!(again.member("/authData").is_null(), "a session is used again: {}", again.text());
    }
}

#[tokio::test]
async fn the_gate_is_open_to_everybody_else() {
    let (world, kim, app) = world().await;
    let code = done(&world, &named(&world).await).await.code();
    shut(&world, (&kim, &app), NONE).await;
    world.anonymous().exchange("shop", &code).await.is(200);
}

impl World {
    async fn userinfo_is(&self, access: &str, status: u16) {
        self.anonymous().userinfo(access).await.is(status);
    }
}
