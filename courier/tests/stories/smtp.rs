use std::sync::Arc;
use std::time::Duration;

use vestibule_core::delivery::Channel;
use vestibule_core::ports::store::Delivery;
use vestibule_courier::{EmailCarrier, Settings, Smtp, Tls};

use crate::mail_server::{Act, CERTIFICATE, Demands, State, open};
use crate::world::World;

const TO: &str = "ann@example.com";

fn smtp(port: u16, tls: Tls) -> Smtp {
    Smtp {
        host: "localhost".to_owned(),
        port,
        tls,
        login: None,
        from: "Shop <login@shop.example>".to_owned(),
        reply_to: Some("help@shop.example".to_owned()),
        roots: Some(CERTIFICATE.into()),
    }
}

fn over(smtp: Smtp) -> Settings {
    Settings { email: EmailCarrier::Smtp(smtp), at_once: 1, ..Settings::default() }
}

fn heard(state: &State, command: &str) -> usize {
    state.heard.lock().unwrap().iter().filter(|heard| heard.starts_with(command)).count()
}

/// How a letter ended after one carrying to a server that demands something.
async fn end(demands: Demands, change: impl FnOnce(&mut Smtp)) -> (Option<Delivery>, Arc<State>) {
    let (port, state) = open(demands, &[]).await;
    let mut smtp = smtp(port, Tls::None);
    change(&mut smtp);
    let world = World::new();
    let id = world.post_code(Channel::Email, TO);
    world.courier(&over(smtp)).deliver_due().await.unwrap();
    (world.outbox.end(&id), state)
}

#[tokio::test]
async fn an_email_has_a_lasting_name_a_date_and_two_forms() {
    let (_, state) = end(Demands::default(), |_| ()).await;
    let mails = state.mails.lock().unwrap();
    let (head, body) = mails[0].split_once("\n\n").unwrap();
    for header in [
        "From: Shop <login@shop.example>",
        "To: ann@example.com",
        "Reply-To: help@shop.example",
        "Subject: 482913 is your code for Shop",
        "Message-ID: <01010101-0101-0101-0101-010101010101@shop.example>",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(head.lines().any(|line| line == header), "{header} in {head}");
    }
    assert!(head.contains("Content-Type: multipart/alternative;"));
    let (text, html) =
        (body.find("text/plain; charset=utf-8").unwrap(), body.find("text/html; charset=utf-8").unwrap());
    assert!(text < html && body.contains("    482913"));
    assert!(state.heard.lock().unwrap().contains(&"MAIL FROM:<login@shop.example>".to_owned()));
    assert!(state.heard.lock().unwrap().contains(&"RCPT TO:<ann@example.com>".to_owned()));
}

#[tokio::test]
async fn a_refused_letter_is_dead_and_a_deferred_one_comes_again() {
    let script = [Act::Answer("550 5.1.1 ann@example.com unknown"), Act::Answer("451 4.7.1 greylisted")];
    let (port, state) = open(Demands::default(), &script).await;
    let world = World::new();
    let (dead, later) = (world.post_code(Channel::Email, TO), world.post_code(Channel::Email, TO));
    let courier = world.courier(&over(smtp(port, Tls::None)));
    assert_eq!(courier.deliver_due().await.unwrap(), 2);
    assert_eq!(world.outbox.end(&dead), Some(Delivery::Undeliverable));
    assert_eq!(world.outbox.end(&later), None);
    assert_eq!(courier.deliver_due().await.unwrap(), 0);
    world.clock.wait(1);
    assert_eq!(courier.deliver_due().await.unwrap(), 1);
    assert_eq!(world.outbox.end(&later), Some(Delivery::Arrived));
    assert_eq!(state.mails.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_connection_carries_many_letters_and_is_not_kept_for_long() {
    let (port, state) = open(Demands::default(), &[]).await;
    let world = World::new();
    let courier = world.courier(&over(smtp(port, Tls::None)));
    for (seconds, connections) in [(0, 1), (59, 1), (60, 2)] {
        world.clock.wait(seconds);
        world.post_code(Channel::Email, TO);
        courier.deliver_due().await.unwrap();
        assert_eq!(heard(&state, "CONNECTED"), connections, "after {seconds} s");
    }
}

#[tokio::test]
async fn a_server_that_dies_after_accepting_gets_the_same_letter_again_to_the_byte() {
    let (port, state) = open(Demands::default(), &[Act::Accept, Act::Die]).await;
    let world = World::new();
    let courier = world.courier(&over(smtp(port, Tls::None)));
    world.post_code(Channel::Email, TO);
    let id = world.post_code(Channel::Email, TO);
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), None);
    world.clock.wait(1);
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Arrived));
    let mails = state.mails.lock().unwrap();
    assert_eq!(mails.len(), 3);
    assert_eq!(mails[1], mails[2]);
    assert_eq!(heard(&state, "CONNECTED"), 2);
}

#[tokio::test]
async fn a_slow_server_is_given_up_and_its_connection_is_never_used_again() {
    let (port, state) = open(Demands::default(), &[Act::Hang]).await;
    let world = World::new();
    let settings = Settings { patience: Duration::from_millis(200), ..over(smtp(port, Tls::None)) };
    let courier = world.courier(&settings);
    let id = world.post_code(Channel::Email, TO);
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), None);
    world.clock.wait(1);
    courier.deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), Some(Delivery::Arrived));
    assert_eq!((heard(&state, "CONNECTED"), heard(&state, "NOOP")), (2, 0));
}

#[tokio::test]
async fn a_server_that_nobody_runs_is_asked_again() {
    let world = World::new();
    let id = world.post_code(Channel::Email, TO);
    world.courier(&over(smtp(1, Tls::None))).deliver_due().await.unwrap();
    assert_eq!(world.outbox.end(&id), None);
}

#[tokio::test]
async fn starttls_comes_before_the_password_and_the_letter() {
    let demands = Demands { starttls: true, login: true, ..Demands::default() };
    let (arrived, state) = end(demands, |smtp| {
        smtp.tls = Tls::StartTls;
        smtp.login = Some(("vestibule".to_owned(), "open sesame".to_owned().into()));
    })
    .await;
    assert_eq!(arrived, Some(Delivery::Arrived));
    let heard = state.heard.lock().unwrap();
    let verbs: Vec<&str> = heard.iter().map(|heard| heard.split(' ').next().unwrap()).collect();
    assert_eq!(verbs, ["CONNECTED", "EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]);
}

#[tokio::test]
async fn a_server_without_the_starttls_that_we_demand_gets_nothing() {
    let (arrived, state) = end(Demands::default(), |smtp| smtp.tls = Tls::StartTls).await;
    assert_eq!(arrived, None);
    assert_eq!((heard(&state, "MAIL"), heard(&state, "AUTH")), (0, 0));
}

#[tokio::test]
async fn tls_from_the_first_byte_needs_a_certificate_that_is_trusted_and_of_that_name() {
    let demands = Demands { implicit: true, ..Demands::default() };
    let (arrived, _) = end(demands, |smtp| smtp.tls = Tls::Implicit).await;
    assert_eq!(arrived, Some(Delivery::Arrived));
    let (stranger, state) = end(demands, |smtp| (smtp.tls, smtp.roots) = (Tls::Implicit, None)).await;
    assert_eq!((stranger, heard(&state, "EHLO")), (None, 0));
    let (other, _) = end(demands, |smtp| (smtp.tls, smtp.host) = (Tls::Implicit, "127.0.0.1".to_owned())).await;
    assert_eq!(other, None);
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_trouble_and_not_the_letters() {
    let demands = Demands { login: true, ..Demands::default() };
    let (wrong, _) = end(demands, |smtp| smtp.login = Some(("vestibule".to_owned(), "x".to_owned().into()))).await;
    assert_eq!(wrong, None);
    let (none, _) = end(demands, |_| ()).await;
    assert_eq!(none, None);
}

#[tokio::test]
async fn an_address_that_is_none_is_never_sent_to() {
    let (port, state) = open(Demands::default(), &[]).await;
    let world = World::new();
    let courier = world.courier(&over(smtp(port, Tls::None)));
    for to in ["", "ann", "ann@example.com>, <eve@example.com", "ann@example.com\r\nDATA"] {
        let id = world.post_code(Channel::Email, to);
        courier.deliver_due().await.unwrap();
        assert_eq!(world.outbox.end(&id), Some(Delivery::Undeliverable), "{to:?}");
    }
    assert_eq!(heard(&state, ""), 0);
}

#[tokio::test]
async fn settings_that_do_not_fit_together_stop_the_start() {
    let stopped = |change: fn(&mut Smtp)| {
        let mut smtp = smtp(25, Tls::None);
        change(&mut smtp);
        World::new().try_courier(&over(smtp)).unwrap_err().chain()
    };
    let clear = stopped(|smtp| {
        smtp.host = "mail.example".to_owned();
        smtp.login = Some(("u".to_owned(), "hunter2".to_owned().into()));
    });
    assert!(clear.contains("in the clear") && !clear.contains("hunter2"));
    assert!(stopped(|smtp| smtp.from = "nobody".to_owned()).contains("emails are from"));
    let absent = stopped(|smtp| (smtp.tls, smtp.roots) = (Tls::Implicit, Some("/nowhere.pem".into())));
    assert!(absent.contains("/nowhere.pem: No such file"));
    let empty = stopped(|smtp| (smtp.tls, smtp.roots) = (Tls::Implicit, Some("/dev/null".into())));
    assert!(empty.contains("/dev/null: no certificate"));
}
