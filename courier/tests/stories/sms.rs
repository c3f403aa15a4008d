use vestibule_core::delivery::Channel;
use vestibule_core::ports::store::Delivery;
use vestibule_courier::{HttpBody, HttpSms, Settings, SmsCarrier, Twilio, Vonage};

use crate::world::World;

const TO: &str = "+4915112345678";
const TEXT: &str = "482913 is your code for Shop, good for 5 minutes. Give it to nobody.";

fn twilio(from: &str) -> Settings {
    let sms = SmsCarrier::Twilio(Twilio {
        account: "AC1".to_owned(),
        user: "SK1".to_owned(),
        token: "token".to_owned().into(),
        from: from.to_owned(),
        base: "https://api.twilio.com".to_owned(),
    });
    Settings { sms, ..Settings::default() }
}

fn vonage() -> Settings {
    let sms = SmsCarrier::Vonage(Vonage {
        key: "key".to_owned(),
        secret: "secret".to_owned().into(),
        from: "Shop".to_owned(),
        base: "https://rest.nexmo.com".to_owned(),
    });
    Settings { sms, ..Settings::default() }
}

fn http(body: HttpBody) -> Settings {
    let headers = vec![("Authorization".to_owned(), "Bearer t".to_owned().into())];
    let sms = SmsCarrier::Http(HttpSms { url: "https://sms.example/send".to_owned(), headers, body });
    Settings { sms, ..Settings::default() }
}

/// How a letter ended after one carrying; `None` when it is tried again.
async fn end(settings: &Settings, status: u16, body: &str) -> Option<Delivery> {
    let world = World::new();
    let id = world.post_code(Channel::Sms, TO);
    world.web.answer(status, body);
    assert_eq!(world.courier(settings).deliver_due().await.unwrap(), 1);
    world.outbox.end(&id)
}

#[tokio::test]
async fn twilio_gets_a_form_with_basic_authentication() {
    let world = World::new();
    for from in ["+1555", "MG9"] {
        let id = world.post_code(Channel::Sms, TO);
        world.web.answer(201, "{}");
        world.courier(&twilio(from)).deliver_due().await.unwrap();
        assert_eq!(world.outbox.end(&id), Some(Delivery::Arrived));
    }
    let (url, headers, _) = world.web.call(0);
    assert_eq!(url, "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json");
    assert_eq!(headers["authorization"], "Basic U0sxOnRva2Vu");
    let form = world.web.form(0);
    assert_eq!((&*form["To"], &*form["From"], &*form["Body"]), (TO, "+1555", TEXT));
    assert_eq!(world.web.form(1)["MessagingServiceSid"], "MG9");
}

#[tokio::test]
async fn twilio_refuses_for_good_or_for_now() {
    let settings = twilio("+1555");
    let dead = Some(Delivery::Undeliverable);
    assert_eq!(end(&settings, 400, r#"{"code":21211}"#).await, dead);
    assert_eq!(end(&settings, 400, r#"{"code":21611}"#).await, None);
    for status in [401, 429, 500] {
        assert_eq!(end(&settings, status, "").await, None, "{status}");
    }
}

#[tokio::test]
async fn vonage_tells_each_part_by_a_code_under_a_success() {
    let dead = Some(Delivery::Undeliverable);
    for (code, expected) in [("0", Some(Delivery::Arrived)), ("1", None), ("5", None), ("6", dead), ("33", dead)] {
        let body = format!(r#"{{"messages":[{{"status":"0"}},{{"status":"{code}"}}]}}"#);
        assert_eq!(end(&vonage(), 200, &body).await, expected, "{code}");
    }
    assert_eq!(end(&vonage(), 200, r#"{"messages":[]}"#).await, None);
    assert_eq!(end(&vonage(), 200, "<html>").await, None);
}

#[tokio::test]
async fn vonage_gets_a_number_without_plus_and_unicode_where_it_is_needed() {
    let world = World::new();
    world.post(Channel::Sms, TO, "otp", &[("code", "1"), ("minutes", "5"), ("app", "Café")]);
    world.post(Channel::Sms, TO, "otp", &[("code", "1"), ("minutes", "5"), ("app", "Łódź")]);
    for _ in 0..2 {
        world.web.answer(200, r#"{"messages":[{"status":"0"}]}"#);
    }
    let settings = Settings { at_once: 1, ..vonage() };
    world.courier(&settings).deliver_due().await.unwrap();
    let form = world.web.form(0);
    assert_eq!((&*form["to"], &*form["type"], &*form["api_key"]), ("4915112345678", "text", "key"));
    assert_eq!(form["client-ref"], "01010101-0101-0101-0101-010101010101");
    assert_eq!(world.web.form(1)["type"], "unicode");
}

#[tokio::test]
async fn any_provider_gets_json_that_no_message_can_break() {
    let world = World::new();
    world.post(Channel::Sms, TO, "otp", &[("code", "1"), ("minutes", "5"), ("app", r#"","to":"+1900"#)]);
    world.web.answer(200, "");
    let body = r#"{"messages":[{"to":"{{ to }}","text":"{{ text }}","ref":"{{ id }}","flash":false}]}"#;
    world.courier(&http(HttpBody::Json(body.to_owned()))).deliver_due().await.unwrap();
    let (url, headers, body) = world.web.call(0);
    assert_eq!(url, "https://sms.example/send");
    assert_eq!(headers["authorization"], "Bearer t");
    assert_eq!(headers["idempotency-key"], "01010101-0101-0101-0101-010101010101");
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["messages"][0]["to"], TO);
    assert_eq!(
        body["messages"][0]["text"],
        r#"1 is your code for ","to":"+1900, good for 5 minutes. Give it to nobody."#
    );
}

#[tokio::test]
async fn any_provider_gets_a_form() {
    let world = World::new();
    world.post_code(Channel::Sms, TO);
    world.web.answer(202, "");
    let fields = vec![("n".to_owned(), "{{ to }}".to_owned()), ("m".to_owned(), "{{ text }}&x=1".to_owned())];
    world.courier(&http(HttpBody::Form(fields))).deliver_due().await.unwrap();
    let form = world.web.form(0);
    assert_eq!((&*form["n"], form["m"].clone()), (TO, format!("{TEXT}&x=1")));
}

#[tokio::test]
async fn a_body_that_cannot_be_filled_stops_the_start() {
    for body in ["{", r#"{"to":"{{ number }}"}"#, r#"{"to":"{{ to }"}"#] {
        let fault = World::new().try_courier(&http(HttpBody::Json(body.to_owned()))).unwrap_err();
        assert!(fault.chain().contains("body for SMS"), "{body}");
    }
}

#[tokio::test]
async fn a_number_that_is_not_international_is_sent_nothing() {
    let world = World::new();
    let courier = world.courier(&twilio("+15005550006"));
    let letter = world.post_code(Channel::Sms, "0151 12345678");
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&letter), Some(Delivery::Undeliverable));
    assert!(world.web.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn blanks_and_hyphens_of_a_number_stay_here() {
    let world = World::new();
    world.web.answer(201, "{}");
    let courier = world.courier(&twilio("+15005550006"));
    world.post_code(Channel::Sms, "+49 151 123-45678");
    courier.deliver_due().await.unwrap();
    assert_eq!(world.web.form(0)["To"], TO);
}
