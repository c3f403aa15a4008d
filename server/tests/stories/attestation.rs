//! Attestation where logins start: what holds is enough, at every endpoint that starts one, and asks nobody else.

use crate::phones::*;
use crate::world::*;

/// The endpoints that start a login, and the ways to call them.
#[derive(Clone, Copy, Debug)]
pub enum Start {
    Post,
    PostWithModeInUrl,
    Get,
    Slash,
    OfTenant,
    /// Pushed with the evidence, and started without.
    Pushed,
    /// At OAuth's first-party face.
    Challenge,
}

pub const STARTS: &[Start] = &[
    Start::Post,
    Start::PostWithModeInUrl,
    Start::Get,
    Start::Slash,
    Start::OfTenant,
    Start::Pushed,
    Start::Challenge,
];

impl Start {
    /// Whether its refusals are in OAuth's words.
    pub const fn speaks_oauth(self) -> bool {
        matches!(self, Self::Pushed | Self::Challenge)
    }

    /// The login is open, however the endpoint tells it.
    #[track_caller]
    pub fn is_open(self, answer: &Answer) {
        let status = if matches!(self, Self::Challenge) { 403 } else { 200 };
        assert_eq!(answer.is(status).at("/flowStatus"), "INCOMPLETE", "{self:?}");
    }
}

/// Starts a login as the application that asks for attestations.
pub async fn start(caller: &Caller, how: Start) -> Answer {
    let form = [
        ("client_id", "shop"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("response_mode", "direct"),
    ];
    let (mode, rest) = form.split_last().unwrap();
    match how {
        Start::Post => caller.form("/oauth2/authorize", &form).await,
        Start::PostWithModeInUrl => caller.form(&format!("/oauth2/authorize?{}={}", mode.0, mode.1), rest).await,
        Start::Get => caller.get(&format!("/oauth2/authorize?{}", spelled(&form))).await,
        Start::Slash => caller.form("/oauth2/authorize/", &form).await,
        Start::OfTenant => caller.clone().at("/t/carbon.super").form("/oauth2/authorize", &form).await,
        Start::Pushed => {
            let pushed = caller.form("/oauth2/par", &form).await;
            if pushed.status != 201 {
                return pushed;
            }
            let (uri, bare) = (pushed.at("/request_uri"), caller.without_headers());
            let named = [("client_id", "shop"), ("request_uri", uri.as_str()), ("response_mode", "direct")];
            bare.form("/oauth2/authorize", &named).await
        }
        Start::Challenge => caller.form("/oauth2/authorize-challenge", rest).await,
    }
}

// Checklist 67.
#[tokio::test]
async fn every_local_kind_starts_a_login_and_nobody_else_is_asked() {
    for how in STARTS {
        let mut phones = Phones::new().await;
        let mut starts = vec![phones.app_attest().await, phones.play_integrity().await, phones.android_key().await];
        let instance = Instance::new();
        for headers in starts.drain(..) {
            how.is_open(&start(&phones.world.showing(&headers), *how).await);
        }
        let headers = phones.assertion().await;
        how.is_open(&start(&phones.world.showing(&headers), *how).await);
        phones.apple = phones.forge.apple(APPLE_APP);
        let attestation = phones.attested(&instance).await;
        let headers = phones.shows(&instance, &attestation).await;
        how.is_open(&start(&phones.world.showing(&headers), *how).await);
    }
}

// Checklist 67.
#[tokio::test]
async fn an_attested_login_goes_on_and_ends_like_any_other() {
    let phones = Phones::new().await;
    let headers = phones.app_attest().await;
    let begun = phones.world.showing(&headers).authorize("shop", &[]).await;
    let done = phones.world.anonymous().password(&begun.flow_id(), "kim", PASSWORD).await;
    let tokens = phones.world.anonymous().exchange("shop", &done.code()).await;
    phones.world.anonymous().refresh("shop", &tokens.is(200).at("/refresh_token")).await.is(200);
}

// Checklist 67.
#[tokio::test]
async fn names_of_headers_have_no_case() {
    let phones = Phones::new().await;
    let shown = phones.app_attest().await;
    let caller = phones.world.anonymous();
    let caller =
        caller.header("X-Client-Attestation", &shown[0].1).header("X-CLIENT-ATTESTATION-CHALLENGE", &shown[1].1);
    caller.authorize("shop", &[]).await.is_step("INCOMPLETE");
}

// Checklist 67.
#[tokio::test]
async fn another_spelling_of_direct_is_no_way_around() {
    let phones = Phones::new().await;
    for mode in ["DIRECT", "Direct", "direct ", "query", ""] {
        let answer = phones.world.authorize("shop", &[("response_mode", mode)]).await;
        assert!(answer.status.as_u16() >= 400, "{mode} {}", answer.text());
    }
}

#[tokio::test]
async fn an_application_that_asks_for_nothing_looks_at_no_object_but_at_a_client_attestation() {
    let phones = Phones::set(|_| (), |policy| policy.required = false).await;
    let world = &phones.world;
    world.authorize("shop", &[]).await.is_step("INCOMPLETE");
    world.showing(&object("garbage".to_owned(), "x")).authorize("shop", &[]).await.is_step("INCOMPLETE");
    let answer = world.showing(&client("a.b.c", "d.e.f")).authorize("shop", &[]).await;
    assert_eq!(answer.is_refused(401, "401", "unauthorized").at("/oauth_error"), "invalid_client_attestation");
}

// Checklist 67.
#[tokio::test]
async fn of_two_logins_with_one_attestation_one_starts() {
    for _ in 0..4 {
        let phones = Phones::new().await;
        for headers in [phones.app_attest().await, phones.play_integrity().await, phones.android_key().await] {
            let caller = phones.world.showing(&headers);
            let (one, other) = tokio::join!(caller.authorize("shop", &[]), caller.authorize("shop", &[]));
            assert_eq!([one, other].iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
        }
    }
}
