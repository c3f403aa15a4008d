//! Too much of everything: wrong answers over all users of a network, an application or a tenant; requests of one source; networks
//! that are shut out. Whoever is refused is told when to come back, and known users go on.

use tokio::task::JoinSet;
use vestibule::config::{LimitsConfig, NonceRule};

use crate::world::*;

const HOME: &str = "198.51.100.7";

async fn world(change: impl FnOnce(&mut LimitsConfig)) -> World {
    let world = World::set(|setting| {
        setting.config.limits.source_misses = 1_000_000;
        change(&mut setting.config.limits);
    })
    .await;
    world.app("shop").await;
    world.user("kim").await;
    world
}

/// A wrong password for somebody.
async fn miss(caller: &Caller, app: &str, name: &str) -> Answer {
    let flow = caller.authorize(app, &[]).await.flow_id();
    caller.password(&flow, name, "wrong").await
}

#[track_caller]
fn is_put_off(answer: &Answer) -> u64 {
    answer.is_refused(429, "60001", "too_many_requests");
    answer.header("retry-after").unwrap().parse().unwrap()
}

fn name(number: usize) -> String {
    format!("user{number}")
}

// Checklist 23, 26.
#[tokio::test]
async fn a_network_has_a_budget_of_wrong_answers() {
    let world = world(|limits| limits.network_misses = 60).await;
    world.anonymous().from(HOME).sign_in("shop", "kim", &[]).await.is(200).code();
    let at = |number: usize| world.anonymous().from(&format!("198.51.100.{}", number % 250));
    for _ in 0..4 {
        miss(&at(1), "shop", "lee").await.is_step("FAIL_INCOMPLETE");
    }
    // One name four times: 5 + 3. Then new names at five each.
    for number in 0..10 {
        miss(&at(number), "shop", &name(number)).await.is_step("FAIL_INCOMPLETE");
    }
    miss(&at(11), "shop", &name(0)).await.is_step("FAIL_INCOMPLETE");
    miss(&at(11), "shop", &name(0)).await.is_step("FAIL_INCOMPLETE");
    assert_eq!(is_put_off(&miss(&at(12), "shop", &name(1)).await), 60);
    // Known users go on, and other networks.
    world.anonymous().from(HOME).sign_in("shop", "kim", &[]).await.is(200).code();
    miss(&world.anonymous().from("198.51.101.1"), "shop", &name(2)).await.is_step("FAIL_INCOMPLETE");
    world.wait(minutes(1));
    miss(&at(12), "shop", &name(1)).await.is_step("FAIL_INCOMPLETE");
}

// Checklist 25.
#[tokio::test]
async fn one_password_for_many_names_is_noticed_sooner_than_many_for_one() {
    let world = world(|limits| (limits.network_misses, limits.user_misses, limits.miss_cap) = (50, 100, 0)).await;
    let mut counts = Vec::new();
    for (address, is_new) in [("203.0.113.1", true), ("203.0.114.1", false)] {
        let caller = world.anonymous().from(address);
        let mut count = 0;
        while miss(&caller, "shop", &name(if is_new { count } else { 1_000 })).await.status == 200 {
            count += 1;
        }
        counts.push(count);
    }
    assert_eq!(counts, [10, 46]);
}

// Checklist 23.
#[tokio::test]
async fn an_application_and_a_tenant_have_budgets_of_wrong_answers() {
    let world = world(|limits| (limits.app_misses, limits.tenant_misses) = (3, 5)).await;
    let acme = world.tenant("acme").await;
    world.app("other").await;
    world.app_with("shop", |app| app.tenant = acme).await;
    world.anonymous().from(HOME).sign_in("shop", "kim", &[]).await.is(200).code();
    let far = |number: usize| world.anonymous().from(&format!("203.0.{number}.1"));
    for number in 0..3 {
        miss(&far(number), "shop", &name(number)).await.is_step("FAIL_INCOMPLETE");
    }
    assert_eq!(is_put_off(&miss(&far(4), "shop", "kim").await), 1200);
    for number in 0..2 {
        miss(&far(number), "other", &name(number)).await.is_step("FAIL_INCOMPLETE");
    }
    assert_eq!(is_put_off(&miss(&far(4), "other", "kim").await), 720);
    miss(&far(4).at("/t/acme"), "shop", "kim").await.is_step("FAIL_INCOMPLETE");
    world.anonymous().from(HOME).sign_in("shop", "kim", &[]).await.is(200).code();
    // Somebody who is known elsewhere is a stranger here.
    is_put_off(&world.anonymous().from("203.0.9.1").sign_in("shop", "kim", &[]).await);
    // Right answers are free, and the machine itself is not stopped.
    for _ in 0..5 {
        world.anonymous().from("127.0.0.1").sign_in("shop", "kim", &[]).await.is(200).code();
    }
}

// Checklist 18, 23.
#[tokio::test]
async fn budgets_are_shared_by_nodes_and_outlive_them() {
    let store = std::sync::Arc::new(vestibule_store::Memory::default());
    let node = || {
        let store = store.clone();
        World::set(|setting| {
            setting.config.limits.app_misses = 4;
            setting.store = store;
        })
    };
    let one = node().await;
    one.app("shop").await;
    for number in 0..2 {
        miss(&one.anonymous().from("203.0.113.1"), "shop", &name(number)).await.is_step("FAIL_INCOMPLETE");
    }
    let other = node().await;
    other.entropy.skip(1 << 32);
    for number in 2..4 {
        miss(&other.anonymous().from("203.0.114.1"), "shop", &name(number)).await.is_step("FAIL_INCOMPLETE");
    }
    is_put_off(&miss(&one.anonymous().from("203.0.115.1"), "shop", &name(5)).await);
    is_put_off(&miss(&other.anonymous().from("203.0.116.1"), "shop", &name(6)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_budget_is_overdrawn_by_no_more_than_is_compared_at_once() {
    const HANDS: usize = 8;
    let world = world(|limits| {
        (limits.source_requests, limits.network_misses, limits.app_misses) = (0, 0, 20);
    })
    .await;
    let mut hands = JoinSet::new();
    for hand in 0..HANDS {
        let caller = world.anonymous().from("203.0.113.1");
        hands.spawn(async move {
            let mut compared = 0;
            for number in 0..10 {
                compared += usize::from(miss(&caller, "shop", &name(10 * hand + number)).await.status == 200);
            }
            compared
        });
    }
    let compared: usize = hands.join_all().await.into_iter().sum();
    assert!((20..=20 + HANDS).contains(&compared), "{compared} guesses were compared");
}

// Checklist 23, 26.
#[tokio::test]
async fn a_source_may_take_so_many_steps_a_minute() {
    let world = world(|limits| limits.source_requests = 20).await;
    let there = world.anonymous().from("203.0.113.1");
    let mut flow = String::new();
    for _ in 0..10 {
        flow = there.authorize("shop", &[]).await.is_step("INCOMPLETE").flow_id();
    }
    assert_eq!(is_put_off(&there.authorize("shop", &[]).await), 3);
    assert_eq!(is_put_off(&there.password(&flow, "kim", PASSWORD).await), 3);
    there.exchange("shop", "x").await.is_oauth_refusal(429, "temporarily_unavailable");
    there.clone().basic("admin", "x").get("/scim2/Users").await.is(429);
    for path in ["/health/live", "/health/ready", "/oauth2/jwks", "/oauth2/token/.well-known/openid-configuration"] {
        there.get(path).await.is(200);
    }
    world.anonymous().from("203.0.113.2").authorize("shop", &[]).await.is_step("INCOMPLETE");
    world.anonymous().from("127.0.0.1").authorize("shop", &[]).await.is_step("INCOMPLETE");
    world.wait(seconds(3));
    there.password(&flow, "kim", PASSWORD).await.is(200).code();
    is_put_off(&there.authorize("shop", &[]).await);
}

// Checklist 23, 26.
#[tokio::test]
async fn steps_count_at_either_face_of_the_login() {
    let world = world(|limits| limits.source_requests = 20).await;
    let there = world.anonymous().from("203.0.113.1");
    let form = [("client_id", "shop"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    for _ in 0..10 {
        there.form("/oauth2/authorize-challenge", &form).await.is(403);
    }
    is_put_off(&there.authorize("shop", &[]).await);
    there.form("/oauth2/authorize-challenge", &form).await.is_oauth_refusal(429, "temporarily_unavailable");
}

// Checklist 89.
#[tokio::test]
async fn whoever_has_yet_to_learn_the_nonce_is_no_guesser() {
    let world = World::set(|setting| {
        setting.config.limits.source_requests = 40;
        setting.config.dpop.nonce = NonceRule::Required;
    })
    .await;
    world.app("shop").await;
    let there = world.anonymous().from("203.0.113.1");
    for _ in 0..10 {
        let told = there.clone().proving(&world.prover()).authorize("shop", &[]).await;
        assert_eq!(told.is(401).at("/oauth_error"), "use_dpop_nonce");
    }
    there.authorize("shop", &[]).await.is_step("INCOMPLETE");
    let wrong = there.clone().header("dpop", "x").authorize("shop", &[]).await;
    assert_eq!(wrong.is(401).at("/oauth_error"), "invalid_dpop_proof");
    is_put_off(&there.authorize("shop", &[]).await);
}

// Checklist 25.
#[tokio::test]
async fn whoever_may_not_guess_learns_no_names_of_the_root_tenant_at_another_door() {
    let world = world(|limits| limits.network_misses = 50).await;
    world.tenant("acme").await;
    let guess = |name: &str| {
        let there = world.anonymous().from("203.0.113.1").at("/t/acme").basic(name, "wrong");
        async move { there.get("/scim2/Users").await.status }
    };
    for number in 0..10 {
        assert_eq!(guess(&name(number)).await, 401);
    }
    assert_eq!([guess("nobody").await, guess("kim").await], [429, 429]);
}

// Checklist 23, 90.
#[tokio::test]
async fn client_secrets_are_not_guessed_and_good_ones_are_not_counted() {
    let world = world(|limits| limits.source_requests = 600).await;
    world.confidential_app("backend").await;
    let there = world.anonymous().from("203.0.113.1");
    let form = [("grant_type", "client_credentials")];
    for _ in 0..400 {
        there.clone().basic("backend", SECRET).form("/oauth2/token", &form).await.is(200);
    }
    for _ in 0..15 {
        there
            .clone()
            .basic("backend", "guess")
            .form("/oauth2/token", &form)
            .await
            .is_oauth_refusal(401, "invalid_client");
    }
    let put_off = there.clone().basic("backend", SECRET).form("/oauth2/token", &form).await;
    put_off.is_oauth_refusal(429, "temporarily_unavailable");
    assert!(put_off.header("retry-after").is_some());
}

#[tokio::test]
async fn no_name_in_a_path_leads_past_the_threshold() {
    const PATH: &str = "/api/server/v1/applications/.well-known/inbound-protocols/oidc";
    let world = world(|limits| {
        limits.source_requests = 40;
        limits.deny_networks = vec!["203.0.113.0/24".parse().unwrap()];
    })
    .await;
    world.anonymous().from("203.0.113.1").get(PATH).await.is(403);
    let there = world.anonymous().from("198.51.100.1");
    there.clone().basic("admin", "a guess").get(PATH).await.is(401);
    there.clone().basic("admin", "a guess").get(PATH).await.is(429);
}

#[tokio::test]
async fn networks_are_shut_out() {
    let list = |text: &str| vec![text.parse().unwrap()];
    let world = world(|limits| {
        limits.deny_networks = list("203.0.113.0/24");
        limits.admin_networks = list("10.0.0.0/8");
        limits.trusted_proxies = list("10.9.9.9");
    })
    .await;
    world.user_with("root", |user| user.administrator = true).await;
    let bad = world.anonymous().from("203.0.113.5");
    bad.authorize("shop", &[]).await.is_refused(403, "403", "network_refused");
    bad.exchange("shop", "x").await.is_oauth_refusal(403, "access_denied");
    bad.userinfo("x").await.is_oauth_refusal(403, "access_denied");
    bad.get("/oauth2/jwks").await.is(200);
    let proxy = world.anonymous().from("10.9.9.9");
    proxy.clone().header("x-forwarded-for", "[::ffff:203.0.113.5]:80").authorize("shop", &[]).await.is(403);
    proxy.clone().header("x-forwarded-for", "203.0.113.5, 203.0.112.5:80").authorize("shop", &[]).await.is(200);
    // Bytes that are no text do not make a client its proxy, nor what it wrote itself.
    for hops in [&["é, 203.0.112.5"] as &[_], &["10.1.1.1", "é, 203.0.112.5"]] {
        let client = hops.iter().fold(proxy.clone(), |client, hops| client.header("x-forwarded-for", hops));
        client.basic("root", PASSWORD).get("/scim2/Users").await.is(403);
    }

    let good = world.anonymous().from("203.0.112.5");
    good.sign_in("shop", "kim", &[]).await.is(200).code();
    let outside = good.basic("root", PASSWORD).get("/scim2/Users").await;
    assert_eq!(outside.is(403).at("/detail"), "The server does not take this request from the network of the caller.");
    assert_eq!(outside.header("www-authenticate"), None);
    world.anonymous().from("10.1.1.1").basic("root", PASSWORD).get("/scim2/Users").await.is(200);
    // Users look after themselves from anywhere.
    let tokens = world.login_with("shop", "kim", &[("scope", "openid internal_login")]).await;
    world.anonymous().from("198.51.100.1").bearer(&tokens.at("/access_token")).get("/scim2/Me").await.is(200);
}

#[tokio::test]
async fn where_some_networks_are_allowed_nobody_else_is_served() {
    let world = world(|limits| limits.allow_networks = vec!["10.0.0.0/8".parse().unwrap()]).await;
    world.anonymous().from("10.1.1.1").authorize("shop", &[]).await.is_step("INCOMPLETE");
    for caller in [world.anonymous().from("11.1.1.1"), world.anonymous()] {
        caller.authorize("shop", &[]).await.is_refused(403, "403", "network_refused");
        caller.get("/health/ready").await.is(200);
    }
}
