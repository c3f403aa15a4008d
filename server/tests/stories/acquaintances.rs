//! Who was here before: a stranger who guesses does not lock out whoever comes from where the user signed in lately, or has a
//! session of the user, or a passkey; and all together never have more than a hundred wrong answers compared.

use std::sync::Arc;

use serde_json::json;
use vestibule_core::ports::store::Page;

use crate::devices::{PASSKEY, asked};
use crate::world::*;

const HOME: &str = "198.51.100.7";
const NEXT_DOOR: &str = "198.51.100.200";
const ELSEWHERE: &str = "203.0.113.9";

/// Limits of source addresses are another story.
fn lift(setting: &mut Setting) {
    let limits = &mut setting.config.limits;
    (limits.source_misses, limits.network_misses, limits.source_requests) = (1_000_000, 0, 0);
}

async fn world() -> World {
    let world = World::set(lift).await;
    world.app("shop").await;
    world.user("kim").await;
    world
}

impl World {
    fn at(&self, address: &str) -> Caller {
        self.anonymous().from(address)
    }
}

/// One password in a flow of its own.
async fn give(caller: &Caller, password: &str) -> Answer {
    let flow = caller.authorize("shop", &[]).await.flow_id();
    caller.password(&flow, "kim", password).await
}

async fn is_in(caller: &Caller) {
    give(caller, PASSWORD).await.is(200).code();
}

async fn is_out(caller: &Caller) {
    give(caller, PASSWORD).await.is_step("FAIL_INCOMPLETE");
}

async fn guess(caller: &Caller, times: usize) {
    for _ in 0..times {
        give(caller, "wrong").await.is_step("FAIL_INCOMPLETE");
    }
}

/// Guesses until nothing is compared any more.
async fn siege(world: &World, caller: &Caller) {
    for _ in 0..30 {
        guess(caller, 5).await;
        world.wait(minutes(15));
    }
}

// Checklist 21.
#[tokio::test]
async fn a_stranger_who_guesses_does_not_lock_out_whoever_comes_from_a_known_network() {
    let world = world().await;
    is_in(&world.at(HOME)).await;
    guess(&world.at(ELSEWHERE), 5).await;
    is_out(&world.at(ELSEWHERE)).await;
    is_in(&world.at(HOME)).await;
    is_in(&world.at(NEXT_DOOR)).await;
    siege(&world, &world.at(ELSEWHERE)).await;
    is_out(&world.at("192.0.2.1")).await;
    is_in(&world.at(HOME)).await;
}

// Checklist 21.
#[tokio::test]
async fn a_session_makes_its_device_known_wherever_it_is() {
    let world = world().await;
    let session = give(&world.at(ELSEWHERE), PASSWORD).await;
    guess(&world.at("192.0.2.1"), 5).await;
    let caller = world.at("192.0.2.77").cookie(&session);
    let start = || async { caller.authorize("shop", &[("prompt", "login")]).await.flow_id() };
    caller.password(&start().await, "kim", PASSWORD).await.is(200).code();
    // Also in a flow that began with it, and to nobody else's account.
    world.user("lee").await;
    let lee = world.at("192.0.2.1");
    for _ in 0..5 {
        let flow = lee.authorize("shop", &[]).await.flow_id();
        lee.password(&flow, "lee", "wrong").await.is_step("FAIL_INCOMPLETE");
    }
    caller.password(&start().await, "lee", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    let cut = world.at("192.0.3.77").header("cookie", "vestibule-session-carbon.super=AAAA");
    cut.password(&start().await, "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
}

// Checklist 21.
#[tokio::test]
async fn a_passkey_signs_in_whatever_strangers_guess() {
    let world = world().await;
    world.app_with("bank", |app| app.sequence = steps(&[&[PASSKEY]])).await;
    let kim = world.who("kim").await;
    let key = world.passkey(&kim).await;
    siege(&world, &world.at(ELSEWHERE)).await;
    is_out(&world.at("192.0.2.1")).await;
    let start = world.authorize("bank", &[]).await;
    world.touch(&start.flow_id(), &key, &asked(&start)).await.is(200).code();
}

// Checklist 15.
#[tokio::test]
async fn strangers_and_acquaintances_together_have_a_hundred_wrong_answers_compared() {
    let mut setting = Setting::default();
    lift(&mut setting);
    let watched = setting.watched.clone();
    let world = World::with(setting).await;
    world.app("shop").await;
    world.user("kim").await;
    is_in(&world.at(HOME)).await;
    assert_eq!(watched.compared(), 1);
    siege(&world, &world.at(ELSEWHERE)).await;
    assert_eq!(watched.compared(), 81);
    siege(&world, &world.at(HOME)).await;
    assert_eq!(watched.compared(), 101);
    is_out(&world.at(HOME)).await;
    is_out(&world.at(ELSEWHERE)).await;
    assert_eq!(watched.compared(), 101);
}

// Checklist 19.
#[tokio::test]
async fn a_right_password_at_home_forgives_strangers_nothing() {
    let world = world().await;
    is_in(&world.at(HOME)).await;
    guess(&world.at(ELSEWHERE), 4).await;
    is_in(&world.at(HOME)).await;
    guess(&world.at(ELSEWHERE), 1).await;
    is_out(&world.at(ELSEWHERE)).await;
    // Nor does a stranger's forgive those at home.
    world.wait(minutes(1));
    guess(&world.at(HOME), 4).await;
    is_in(&world.at("192.0.2.1")).await;
    guess(&world.at(HOME), 1).await;
    is_out(&world.at(HOME)).await;
}

// Checklist 21.
#[tokio::test]
async fn a_seal_ends_with_a_login_from_elsewhere_after_a_quiet_day() {
    let world = world().await;
    is_in(&world.at(HOME)).await;
    siege(&world, &world.at(ELSEWHERE)).await;
    is_in(&world.at(HOME)).await;
    is_out(&world.at("192.0.2.1")).await;
    world.wait(days(1));
    is_out(&world.at("192.0.2.1")).await;
    is_in(&world.at(HOME)).await;
    is_in(&world.at("192.0.2.1")).await;
}

#[tokio::test]
async fn whoever_has_the_password_alone_is_a_stranger_to_the_codes() {
    let world = World::set(lift).await;
    world.settle_in(&[&["BasicAuthenticator"], &["totp"]]).await;
    world.app("shop").await;
    let device = world.enrol_device(&world.who("kim").await).await;
    let home = world.at(HOME);
    let to_code = |caller: Caller| async move {
        let flow = caller.authorize("bank", &[]).await.flow_id();
        caller.password(&flow, "kim", PASSWORD).await.is_step("INCOMPLETE").flow_id()
    };
    let code = |text: String| json!({"token": text});
    let flow = to_code(home.clone()).await;
    home.answer(&flow, &id_of("totp"), code(device.code(&world, 0))).await.is(200).code();
    // A thief of the password signs in to an application that asks for nothing else.
    let thief = world.at(ELSEWHERE);
    is_in(&thief).await;
    let flow = to_code(thief.clone()).await;
    for _ in 0..4 {
        thief.answer(&flow, &id_of("totp"), code("000000".to_owned())).await.is_step("FAIL_INCOMPLETE");
    }
    let flow = to_code(thief.clone()).await;
    thief.answer(&flow, &id_of("totp"), code("000000".to_owned())).await.is_step("FAIL_INCOMPLETE");
    let next = device.code(&world, 1);
    let flow = to_code(thief.clone()).await;
    thief.answer(&flow, &id_of("totp"), code(next.clone())).await.is_step("FAIL_INCOMPLETE");
    let flow = to_code(home.clone()).await;
    home.answer(&flow, &id_of("totp"), code(next)).await.is(200).code();
}

// Checklist 22.
#[tokio::test]
async fn a_code_from_the_mailbox_forgives_no_wrong_ones_of_the_authenticator_app() {
    let world = World::set(lift).await;
    world.settle_in(&[&["BasicAuthenticator"], &["totp", "email-otp-authenticator"]]).await;
    let device = world.enrol_device(&world.who("kim").await).await;
    // Somebody has the password and the mailbox, and guesses at the rest.
    let thief = world.at(ELSEWHERE);
    let guess = async |token: String, times: usize| {
        let mut last = None;
        for _ in 0..times {
            let flow = thief.sign_in("bank", "kim", &[]).await.flow_id();
            last = Some(thief.answer(&flow, &id_of("totp"), json!({"token": token})).await);
        }
        last.unwrap()
    };
    guess("000000".to_owned(), 4).await.is_step("FAIL_INCOMPLETE");
    let flow = thief.sign_in("bank", "kim", &[]).await.flow_id();
    thief.select(&flow, &id_of("email-otp-authenticator")).await.is_step("INCOMPLETE");
    world.mail().await;
    let mailed = json!({"OTPCode": world.newest_code().await});
    thief.answer(&flow, &id_of("email-otp-authenticator"), mailed).await.is(200).code();
    guess("000000".to_owned(), 1).await.is_step("FAIL_INCOMPLETE");
    guess(device.code(&world, 0), 1).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    guess(device.code(&world, 0), 1).await.is(200).code();
}

#[tokio::test]
async fn another_password_makes_everybody_a_stranger() {
    let world = world().await;
    is_in(&world.at(HOME)).await;
    let kim = world.who("kim").await;
    assert_eq!(world.store().acquaintances(&kim.id).await.unwrap().len(), 1);
    let mut other = kim.clone();
    other.revision += 1;
    world.store().save_user(&other, kim.revision, true, START).await.unwrap();
    assert_eq!(world.store().acquaintances(&kim.id).await.unwrap(), []);
    guess(&world.at(ELSEWHERE), 5).await;
    is_out(&world.at(HOME)).await;
}

#[tokio::test]
async fn a_known_network_is_forgotten_after_ninety_days() {
    let world = world().await;
    is_in(&world.at(HOME)).await;
    world.wait(days(89));
    guess(&world.at(ELSEWHERE), 5).await;
    is_in(&world.at(HOME)).await;
    world.wait(days(90));
    guess(&world.at(ELSEWHERE), 5).await;
    is_out(&world.at(HOME)).await;
}

#[tokio::test]
async fn the_usual_login_notes_nothing() {
    let world = world().await;
    let seen = || async {
        let kim = world.who("kim").await;
        let kept = world.store().acquaintances(&kim.id).await.unwrap();
        kept.iter().map(|one| one.seen).collect::<Vec<_>>()
    };
    for expected in [START, START, START + days(1)] {
        is_in(&world.at(HOME)).await;
        assert_eq!(seen().await, [expected]);
        world.wait(hours(12));
    }
    is_in(&world.at("127.0.0.1")).await;
    assert_eq!(seen().await.len(), 1, "the machine itself is nobody's home");
}

#[tokio::test]
async fn what_is_kept_tells_nobody_where_a_user_was() {
    let world = world().await;
    world.user("lee").await;
    for name in ["kim", "lee"] {
        world.at(HOME).sign_in("shop", name, &[]).await.is(200).code();
    }
    let filter = vestibule_core::ports::store::UserFilter::All;
    let root = vestibule_core::ports::TenantId::root();
    let (users, _) = world.store().users(&root, &filter, Page { offset: 0, limit: 9 }).await.unwrap();
    let mut marks = Vec::new();
    for user in users {
        marks.extend(world.store().acquaintances(&user.id).await.unwrap().into_iter().map(|one| one.mark));
    }
    assert_eq!(marks.len(), 2);
    assert_ne!(marks[0], marks[1], "one network has a mark for each user");
    assert!(marks.iter().all(|mark| mark.len() == 43));
}

#[tokio::test]
async fn an_administrator_gets_in_while_strangers_guess() {
    let world = World::set(lift).await;
    world.user_with("root", |user| user.administrator = true).await;
    let home = |password: &str| world.at(HOME).basic("root", password);
    home(PASSWORD).get("/scim2/Users").await.is(200);
    for _ in 0..6 {
        world.at(ELSEWHERE).basic("root", "wrong").get("/scim2/Users").await.is(401);
    }
    world.at(ELSEWHERE).basic("root", PASSWORD).get("/scim2/Users").await.is(401);
    home(PASSWORD).get("/scim2/Users").await.is(200);
    for _ in 0..5 {
        home("wrong").get("/scim2/Users").await.is(401);
    }
    home(PASSWORD).get("/scim2/Users").await.is(401);
    world.wait(seconds(30));
    home(PASSWORD).get("/scim2/Users").await.is(200);
}

// Checklist 18.
#[tokio::test]
async fn acquaintances_and_misses_outlive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Arc::new(vestibule_store::Sqlite::open(&folder.path().join("vestibule.db")).unwrap());
    let over = |store| {
        World::set(move |setting| {
            lift(setting);
            setting.store = store;
        })
    };
    let world = over(open()).await;
    world.app("shop").await;
    world.user("kim").await;
    is_in(&world.at(HOME)).await;
    guess(&world.at(ELSEWHERE), 5).await;
    drop(world);
    let world = over(open()).await;
    world.entropy.skip(1 << 32);
    is_out(&world.at(ELSEWHERE)).await;
    is_in(&world.at(HOME)).await;
}
