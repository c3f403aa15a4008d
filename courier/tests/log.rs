//! What the log says of letters. Alone in its process, since a log belongs to one.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

#[path = "stories/world.rs"]
#[expect(dead_code, reason = "the stories use the rest")]
mod world;

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use vestibule_core::delivery::Channel;
use vestibule_courier::{EmailCarrier, HttpBody, HttpSms, Settings, SmsCarrier};

use world::World;

const ADDRESS: &str = "ann@example.com";
const NUMBER: &str = "+4915112345678";

// Checklist 116.
#[tokio::test]
async fn the_log_tells_how_letters_end_and_never_an_address_a_code_or_a_link() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let body = HttpBody::Form(vec![("to".to_owned(), "{{ to }}".to_owned())]);
    let sms = SmsCarrier::Http(HttpSms { url: "https://sms.example".to_owned(), headers: Vec::new(), body });
    let courier = world.courier(&Settings { email: EmailCarrier::Mailbox, sms, ..Settings::default() });
    world.post_code(Channel::Email, ADDRESS);
    world.post_code(Channel::Sms, NUMBER);
    world.post_code(Channel::Sms, NUMBER);
    world.post(Channel::Email, ADDRESS, "magic-link", &[("link", "https://shop.example/?mlt=1")]);
    world.post_push();
    world.post_push();
    world.web.answer(400, NUMBER);
    world.web.answer(503, NUMBER);
    courier.deliver_due().await.unwrap();
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for secret in [ADDRESS, NUMBER, "482913", "mlt=1", "device-token"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
    assert_eq!(log.matches("vestibule::courier: id=").count(), 6, "{log}");
    let told = world.outbox.told.lock().unwrap().join("\n");
    for (what, count) in [("message.sent", 1), ("message.refused", 4)] {
        assert_eq!(told.matches(what).count(), count, "{told}");
        assert_eq!(log.matches(&format!("vestibule::audit: event=\"{what}\"")).count(), count, "{log}");
    }
    for (result, count) in [("arrived", 1), ("again", 1), ("undeliverable", 4)] {
        assert_eq!(log.matches(&format!("result=\"{result}\"")).count(), count, "{result} in {log}");
    }
    let lost = "messages by push are lost: no carrier for push is configured (fcm or webhook)";
    assert_eq!(log.matches(lost).count(), 1);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
