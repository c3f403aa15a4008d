use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use vestibule_core::delivery::Channel;
use vestibule_core::ports::Bell as _;
use vestibule_core::ports::LetterId;
use vestibule_core::ports::store::Delivery;
use vestibule_core::ports::web::WebAnswer;
use vestibule_courier::{Counts, EmailCarrier, HttpBody, HttpSms, PushCarrier, Settings, SmsCarrier};

use crate::world::World;

const ADDRESS: &str = "ann@example.com";
const NUMBER: &str = "+4915112345678";

fn mailbox() -> Settings {
    Settings {
        email: EmailCarrier::Mailbox,
        sms: SmsCarrier::Mailbox,
        push: PushCarrier::Mailbox,
        ..Settings::default()
    }
}

fn provider() -> Settings {
    let body = HttpBody::Form(vec![("to".to_owned(), "{{ to }}".to_owned())]);
    let sms = SmsCarrier::Http(HttpSms { url: "https://sms.example".to_owned(), headers: Vec::new(), body });
    Settings { sms, ..Settings::default() }
}

#[tokio::test]
async fn in_development_every_message_lands_in_the_mailbox() {
    let world = World::new();
    let courier = world.courier(&mailbox());
    let email = world.post_code(Channel::Email, ADDRESS);
    let link = [("link", "https://shop.example/?mlt=1"), ("minutes", "5"), ("app", "Shop")];
    world.post(Channel::Email, ADDRESS, "magic-link", &link);
    world.post_code(Channel::Sms, NUMBER);
    world.post_push();
    assert_eq!(courier.deliver_due().await.unwrap(), 4);
    let entries = courier.mailbox().entries();
    let codes: Vec<_> = entries.iter().map(|entry| entry.code.as_deref()).collect();
    assert_eq!(codes, [Some("482913"), None, Some("482913"), None]);
    assert_eq!(entries[1].link.as_deref(), Some("https://shop.example/?mlt=1"));
    assert_eq!(entries[0].subject.as_deref(), Some("482913 is your code for Shop"));
    assert!(entries[0].html.is_some() && entries[2].html.is_none());
    assert_eq!((entries[3].channel, &*entries[3].to), (Channel::Push, "device-token"));
    assert_eq!(courier.mailbox().since(&email), entries[1..]);
    assert_eq!(courier.mailbox().since(&LetterId::from_bytes([99; 16])), entries);
    assert_eq!(courier.counts(), Counts { sent: 4, failed: 0, dead: 0 });
}

#[tokio::test]
async fn a_letter_is_tried_at_longer_and_longer_intervals_until_it_is_over() {
    let world = World::new();
    let courier = world.courier(&provider());
    let id = world.post_code(Channel::Sms, NUMBER);
    for wait in [1, 5, 30, 120] {
        world.web.answer(503, "");
        assert_eq!(courier.deliver_due().await.unwrap(), 1);
        world.clock.wait(wait - 1);
        assert_eq!(courier.deliver_due().await.unwrap(), 0, "before {wait} s");
        world.clock.wait(1);
    }
    // 156 s have passed; ten minutes more are past the end of 300 s.
    world.web.answer(503, "");
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Undeliverable));
    assert_eq!(courier.counts(), Counts { sent: 0, failed: 4, dead: 1 });
}

#[tokio::test]
async fn a_provider_is_left_alone_as_long_as_it_wishes() {
    for (wish, expected) in [(40, None), (400, Some(Delivery::Undeliverable))] {
        let world = World::new();
        let id = world.post_code(Channel::Sms, NUMBER);
        let due = world.outbox.due(&id);
        let answer = WebAnswer { status: 429, retry_after: Some(wish), body: Vec::new() };
        world.web.answers.lock().unwrap().push_back(Ok(answer));
        world.courier(&provider()).deliver_due().await.unwrap();
        assert_eq!(world.outbox.end(&id), expected);
        if expected.is_none() {
            assert_eq!(world.outbox.due(&id), due + Duration::from_secs(40));
        }
    }
}

#[tokio::test]
async fn a_letter_that_is_over_is_not_carried() {
    let world = World::new();
    let id = world.post_code(Channel::Sms, NUMBER);
    world.clock.wait(300);
    world.courier(&provider()).deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Undeliverable));
    assert!(world.web.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_death_between_acceptance_and_settling_repeats_the_letter_under_its_name() {
    let world = World::new();
    let courier = world.courier(&provider());
    let id = world.post_code(Channel::Sms, NUMBER);
    world.web.answer(200, "");
    *world.outbox.is_deaf.lock().unwrap() = true;
    courier.deliver_due().await.unwrap();
    *world.outbox.is_deaf.lock().unwrap() = false;
    world.clock.wait(59);
    assert_eq!(courier.deliver_due().await.unwrap(), 0, "its lease is not over");
    world.clock.wait(1);
    world.web.answer(200, "");
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Arrived));
    assert_eq!(world.web.call(0), world.web.call(1));
    assert_eq!(world.web.call(1).1["idempotency-key"], id.to_string());
    assert_eq!(courier.counts().sent, 1);
}

#[tokio::test]
async fn a_letter_of_another_server_is_dead() {
    let (world, other) = (World::new(), World::new());
    let id = world.post_code(Channel::Sms, NUMBER);
    let body = other.secrets.seal("letter", [0; 12], b"{}").unwrap();
    world.outbox.rows.lock().unwrap().get_mut(&id).unwrap().letter.body = body;
    world.courier(&mailbox()).deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Undeliverable));
}

#[tokio::test]
async fn a_ring_wakes_the_courier_and_a_stop_lets_it_finish() {
    let world = World::new();
    let courier = Arc::new(world.courier(&mailbox()));
    let (stop, stopped) = oneshot::channel::<()>();
    let running = Arc::clone(&courier);
    let run = tokio::spawn(async move { running.run(async { stopped.await.unwrap_or(()) }).await });
    tokio::task::yield_now().await;
    let id = world.post_code(Channel::Sms, NUMBER);
    // The clock never strikes in this story: only the bell can wake it.
    courier.bell().ring();
    while world.outbox.end(&id).is_none() {
        tokio::task::yield_now().await;
    }
    stop.send(()).unwrap();
    run.await.unwrap();
    assert_eq!(courier.counts().sent, 1);
}

#[tokio::test]
async fn a_letter_that_takes_long_holds_up_no_other_and_is_given_up_in_time() {
    let world = World::new();
    let patience = Duration::from_millis(200);
    let courier = Arc::new(world.courier(&Settings { email: EmailCarrier::Mailbox, patience, ..provider() }));
    let (stop, stopped) = oneshot::channel::<()>();
    let running = Arc::clone(&courier);
    let slow = world.post_code(Channel::Sms, NUMBER);
    let run = tokio::spawn(async move { running.run(async { stopped.await.unwrap_or(()) }).await });
    while world.web.asked.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let quick = world.post_code(Channel::Email, ADDRESS);
    courier.bell().ring();
    while world.outbox.end(&quick).is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(courier.counts(), Counts { sent: 1, failed: 0, dead: 0 });
    stop.send(()).unwrap();
    run.await.unwrap();
    assert_eq!(courier.counts(), Counts { sent: 1, failed: 1, dead: 0 });
    assert_eq!(world.outbox.end(&slow), None);
}
