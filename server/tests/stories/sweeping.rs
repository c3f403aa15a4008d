//! Sweeping frees space and changes nothing: what is over stays over, what is locked stays locked, what lives goes on.

use crate::world::*;

impl World {
    /// Time passes and the floor is swept.
    async fn wait_and_sweep(&self, span: std::time::Duration) {
        self.wait(span);
        let now = *self.clock.0.lock().unwrap();
        self.store().sweep(now, usize::MAX).await.unwrap();
    }
}

#[tokio::test]
async fn a_finished_flow_does_not_open_again() {
    let world = World::shop().await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", PASSWORD).await.is(200).code();
    world.wait_and_sweep(seconds(599)).await;
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(400, "60009", "invalid_flow_id");
    world.wait_and_sweep(seconds(1)).await;
    world.anonymous().password(&flow, "kim", PASSWORD).await.is_refused(400, "60008", "flow_timeout");
}

#[tokio::test]
async fn a_lock_is_not_swept_away() {
    let world = World::shop().await;
    for _ in 0..5 {
        let flow = world.authorize("shop", &[]).await.flow_id();
        world.anonymous().password(&flow, "kim", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    world.wait_and_sweep(seconds(29)).await;
    world.anonymous().sign_in("shop", "kim", &[]).await.is_step("FAIL_INCOMPLETE");
    world.wait_and_sweep(seconds(1)).await;
    world.anonymous().sign_in("shop", "kim", &[]).await.is(200).code();
}

#[tokio::test]
async fn a_replay_is_known_as_one_long_after() {
    let world = World::shop().await;
    let code = world.anonymous().sign_in("shop", "kim", &[]).await.code();
    let tokens = world.anonymous().exchange("shop", &code).await;
    world.wait_and_sweep(hours(20)).await;
    let next = world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await;
    world.anonymous().userinfo(&next.is(200).at("/access_token")).await.is(200);
    world.anonymous().exchange("shop", &code).await.is_oauth_refusal(400, "invalid_grant");
    world.anonymous().userinfo(&next.at("/access_token")).await.is_unauthorized_token();
    world.wait_and_sweep(minutes(1)).await;
    world.anonymous().refresh("shop", &next.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
}

#[tokio::test]
async fn a_revoked_access_token_does_not_come_back() {
    let world = World::shop().await;
    let access = world.login("shop", "kim").await.at("/access_token");
    world.anonymous().form("/oauth2/revoke", &[("client_id", "shop"), ("token", &access)]).await.is(200);
    world.wait_and_sweep(seconds(3599)).await;
    world.anonymous().userinfo(&access).await.is_unauthorized_token();
}

#[tokio::test]
async fn tokens_outlive_their_session_and_a_logout_still_ends_them() {
    let world = World::shop().await;
    let tokens = world.login("shop", "kim").await;
    world.wait_and_sweep(hours(2)).await;
    let next = world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await;
    let leave = [("response_mode", "direct"), ("id_token_hint", &*next.is(200).at("/id_token"))];
    world.anonymous().form("/oidc/logout", &leave).await.is(200);
    world.anonymous().userinfo(&next.at("/access_token")).await.is_unauthorized_token();
    world.anonymous().refresh("shop", &next.at("/refresh_token")).await.is_oauth_refusal(400, "invalid_grant");
}
