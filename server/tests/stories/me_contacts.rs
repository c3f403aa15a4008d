//! Email address and telephone number, confirmed by their user.

use serde_json::{Value, json};
use vestibule_core::delivery::Channel;

use crate::me::*;
use crate::operators::USERS;
use crate::world::*;

const CONFIRM: &str = "/api/users/v1/me/verifications/confirm";
const NOTHING_ASKED: &str = "There is no code to confirm. Ask for one.";

fn ask(channel: &str) -> Value {
    json!({"channel": channel})
}

fn confirm(channel: &str, code: &str) -> Value {
    json!({"channel": channel, "code": code})
}

impl World {
    /// The code in the only message since the last look.
    async fn code_sent(&self, channel: Channel, to: &str) -> String {
        let letters = self.letters().await;
        let [letter] = letters.as_slice() else { panic!("{letters:?}") };
        assert_eq!((letter.channel, letter.to.as_str(), letter.values["minutes"].as_str()), (channel, to, "10"));
        letter.values["code"].clone()
    }

    async fn verified(&self, user: &vestibule_core::user::User) -> (bool, bool) {
        let user = self.store().user(&user.tenant, &user.id).await.unwrap().unwrap();
        (user.profile.emails[0].verified, user.profile.phones[0].verified)
    }
}

#[tokio::test]
async fn a_code_confirms_the_address_to_which_it_was_sent() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    assert_eq!(kim.post(VERIFY, ask("email")).await.is(202).json(), json!({"channel": "email", "expiresIn": 600}));
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    assert_eq!(code.len(), 6);
    kim.post(CONFIRM, confirm("sms", &code)).await.is_refusal(400, NOTHING_ASKED);
    kim.post(CONFIRM, confirm("email", &code)).await.is(204);
    assert_eq!(world.verified(&user).await, (true, false));
    kim.post(CONFIRM, confirm("email", &code)).await.is_refusal(400, NOTHING_ASKED);
    kim.post(VERIFY, ask("email")).await.is_refusal(409, "The address is verified already.");

    kim.post(VERIFY, ask("sms")).await.is(202);
    let code = world.code_sent(Channel::Sms, "+94771234567").await;
    kim.post(CONFIRM, confirm("sms", &code)).await.is(204);
    assert_eq!(world.verified(&user).await, (true, true));
    let shown = world
        .anonymous()
        .userinfo(&world.login_with("shop", "kim", &[("scope", "openid email")]).await.at("/access_token"))
        .await;
    assert_eq!(shown.member("/email_verified"), json!(true));
}

#[tokio::test]
async fn a_code_may_be_tried_five_times() {
    let world = World::set(|setting| setting.config.limits.user_misses = 50).await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    kim.post(VERIFY, ask("email")).await.is(202);
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        kim.post(CONFIRM, confirm("email", wrong)).await.is_refusal(400, "The code is wrong.");
    }
    kim.post(CONFIRM, confirm("email", &code))
        .await
        .is_refusal(400, "The code was tried too often. Ask for another one.");
    assert_eq!(world.verified(&user).await, (false, false));
    kim.post(VERIFY, ask("email")).await.is(202);
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    kim.post(CONFIRM, confirm("email", &code)).await.is(204);
}

#[tokio::test]
async fn wrong_codes_count_whatever_code_they_were_meant_for() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    for _ in 0..5 {
        kim.post(VERIFY, ask("email")).await.is(202);
        let code = world.code_sent(Channel::Email, "kim@example.com").await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        kim.post(CONFIRM, confirm("email", wrong)).await.is(400);
    }
    kim.post(VERIFY, ask("email")).await.is(202);
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    kim.post(CONFIRM, confirm("email", &code)).await.is(429);
    world.wait(seconds(31));
    kim.post(CONFIRM, confirm("email", &code)).await.is(204);
}

// Checklist 38.
#[tokio::test]
async fn a_code_is_good_for_ten_minutes_and_only_the_newest_is() {
    let world = World::new().await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    kim.post(VERIFY, ask("email")).await.is(202);
    let first = world.code_sent(Channel::Email, "kim@example.com").await;
    kim.post(VERIFY, ask("email")).await.is(202);
    let second = world.code_sent(Channel::Email, "kim@example.com").await;
    assert_ne!(first, second);
    kim.post(CONFIRM, confirm("email", &first)).await.is_refusal(400, "The code is wrong.");
    world.wait(minutes(10));
    kim.post(CONFIRM, confirm("email", &second)).await.is_refusal(400, NOTHING_ASKED);
}

#[tokio::test]
async fn a_spent_budget_is_not_told_and_leaves_the_last_code_good() {
    let world = World::set(|setting| setting.config.sending.per_user = 1).await;
    world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let told = kim.post(VERIFY, ask("email")).await;
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    assert_eq!(kim.post(VERIFY, ask("email")).await.is(202).json(), told.json());
    assert!(world.letters().await.is_empty());
    kim.post(CONFIRM, confirm("email", &code)).await.is(204);
}

#[tokio::test]
async fn a_code_is_no_good_for_another_user_or_another_address() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    world.reachable("eve").await;
    let (kim, eve) = (world.signed_in("kim").await, world.signed_in("eve").await);
    kim.post(VERIFY, ask("email")).await.is(202);
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    eve.post(CONFIRM, confirm("email", &code)).await.is_refusal(400, NOTHING_ASKED);
    let admin = world.admin().await;
    let moved = json!([{"op": "replace", "path": "emails", "value": [{"value": "other@example.com"}]}]);
    admin.scim_patch(&user.id.to_string(), moved).await.is(200);
    kim.post(CONFIRM, confirm("email", &code))
        .await
        .is_refusal(409, "The address was changed meanwhile. Ask for another code.");
    assert!(!admin.get(&format!("{USERS}/{}", user.id)).await.is(200).text().contains("kim@example.com"));
    assert_eq!(world.verified(&user).await, (false, false));
}

#[tokio::test]
async fn there_must_be_an_address() {
    let world = World::shop().await;
    let kim = world.signed_in("kim").await;
    for channel in ["email", "sms"] {
        kim.post(VERIFY, ask(channel)).await.is_refusal(400, "The account has no address for this channel.");
    }
    kim.post(VERIFY, ask("push")).await.is_refusal(400, "channel must be one of email, sms, not push.");
    kim.post(VERIFY, json!({"channel": "email", "to": "x@y"})).await.is_refusal(400, "to is unknown.");
}

#[tokio::test]
async fn guesses_sent_at_once_do_not_outrun_the_tries() {
    let world = World::set(|setting| setting.config.limits.user_misses = 50).await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    kim.post(VERIFY, ask("email")).await.is(202);
    let code = world.code_sent(Channel::Email, "kim@example.com").await;
    let guesses = (0..20).map(|guess| {
        let (kim, right) = (kim.clone(), code.clone());
        let guess = format!("{guess:06}");
        tokio::spawn(async move {
            let guess = if guess == right { "000099".to_owned() } else { guess };
            kim.post(CONFIRM, confirm("email", &guess)).await
        })
    });
    let mut compared = 0;
    for guess in guesses.collect::<Vec<_>>() {
        let answer = guess.await.unwrap();
        compared += usize::from(answer.text().contains("The code is wrong."));
        assert!([400, 409].contains(&answer.status.as_u16()), "{}", answer.text());
    }
    assert!((1..=5).contains(&compared), "{compared}");
    assert_eq!(world.verified(&user).await, (false, false));
}
