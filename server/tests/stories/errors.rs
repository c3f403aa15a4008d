//! Every row of the document of error codes, reached through its real cause and compared with the document: code, status
//! and message, in both spellings. 60013 and 60014 belong to one-time codes, whose stories are elsewhere.

use std::path::Path;
use std::pin::Pin;

use serde_json::json;
use vestibule::config::RetryableFailure;
use vestibule_core::error::{Code, Spelling};
use vestibule_store::Verb;

use crate::faults::{Breakable, newer_format};
use crate::world::*;

/// A row of the document.
struct Documented {
    code: String,
    status: u16,
    message: String,
    cause: String,
}

/// Reaches a row over HTTP in a world of the given setting.
type Reach = fn(Setting) -> Pin<Box<dyn Future<Output = Answer>>>;

macro_rules! rows {
    ($($name:ident),+ $(,)?) => {
        /// The rows by their names, in the order of the document.
        const ROWS: &[(&str, Reach)] = &[$((stringify!($name), |setting| Box::pin($name(setting)))),+];
    };
}

rows! {
    unauthorized, invalid_request, authentication_failed, authentication_failed_retry, invalid_authenticator_id,
    application_not_found, authenticator_not_supported, app_native_not_enabled, flow_timeout, invalid_flow_id,
    invalid_logout_request, application_disabled, invalid_authenticator, unable_to_proceed, authenticator_not_found,
    unknown_flow_status, application_unavailable, logout_failed,
}

/// Rows that other stories reach.
const ELSEWHERE: &[&str] = &["60013", "60014"];

async fn unauthorized(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.confidential_app("vault").await;
    world.authorize("vault", &[]).await
}

async fn invalid_request(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app("shop").await;
    world.authorize("shop", &[("response_type", "token")]).await
}

async fn authentication_failed(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app("shop").await;
    world.user("kim").await;
    let claims = json!({"id_token": {"acr": {"essential": true, "values": ["out of reach"]}}}).to_string();
    world.anonymous().sign_in("shop", "kim", &[("claims", &claims)]).await
}

async fn authentication_failed_retry(mut setting: Setting) -> Answer {
    setting.config.native.retryable_failure = RetryableFailure::Error;
    let world = World::with(setting).await;
    world.app("shop").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", "wrong").await
}

async fn invalid_authenticator_id(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app("shop").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().select(&flow, "gICA").await
}

async fn application_not_found(setting: Setting) -> Answer {
    World::with(setting).await.authorize("nobody", &[]).await
}

async fn authenticator_not_supported(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app_with("shop", |app| app.sequence = steps(&[&["SAMLSSOAuthenticator"]])).await;
    world.authorize("shop", &[]).await
}

async fn app_native_not_enabled(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app_with("shop", |app| app.native = false).await;
    world.authorize("shop", &[]).await
}

async fn flow_timeout(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app("shop").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.wait(minutes(10));
    world.anonymous().select(&flow, BASIC).await
}

async fn invalid_flow_id(setting: Setting) -> Answer {
    World::with(setting).await.anonymous().select("unknown", BASIC).await
}

async fn invalid_logout_request(setting: Setting) -> Answer {
    World::with(setting).await.anonymous().form("/oidc/logout", &[("response_mode", "direct")]).await
}

async fn application_disabled(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app_with("shop", |app| app.enabled = false).await;
    world.authorize("shop", &[]).await
}

async fn invalid_authenticator(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app("shop").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().select(&flow, IDENTIFIER).await
}

async fn unable_to_proceed(setting: Setting) -> Answer {
    let (world, store) = Breakable::with(setting).await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    store.fail(Verb::UserByName);
    world.anonymous().password(&flow, "kim", PASSWORD).await
}

async fn authenticator_not_found(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app_with("shop", |app| app.sequence = steps(&[&["palm-reader"]])).await;
    world.authorize("shop", &[]).await
}

async fn unknown_flow_status(setting: Setting) -> Answer {
    let world = World::with(setting).await;
    world.app("shop").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    newer_format(&world, &flow).await;
    world.anonymous().select(&flow, BASIC).await
}

async fn application_unavailable(setting: Setting) -> Answer {
    let (world, store) = Breakable::with(setting).await;
    store.fail(Verb::AppByClient);
    world.authorize("shop", &[]).await
}

async fn logout_failed(setting: Setting) -> Answer {
    let (world, store) = Breakable::with(setting).await;
    let id_token = world.login("shop", "kim").await.at("/id_token");
    store.fail(Verb::EndSession);
    let form = [("response_mode", "direct"), ("client_id", "shop"), ("id_token_hint", &id_token)];
    world.anonymous().form("/oidc/logout", &form).await
}

/// The rows of the document in this repository.
fn document() -> Vec<Documented> {
    let text = include_str!("../data/app-native-error-codes.txt");
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let rows = text.lines().filter(|line| line.starts_with('|')).skip(2).map(cells);
    rows.map(|row| match row.as_slice() {
        [code, status, message, cause] => {
            // The one slip of the pen that is not copied.
            let message = message.replace("Unauthorzed", "Unauthorized");
            Documented { code: code.clone(), status: status.parse().unwrap(), message, cause: cause.clone() }
        }
        _ => panic!("not a row: {row:?}"),
    })
    .collect()
}

/// The document prints 60008 for two errors; the first of them is WSO2's ABA-60007. 401 has no prefix.
fn wso2(row: &Documented) -> String {
    match (row.code.as_str(), row.status) {
        ("401", _) => "401".to_owned(),
        ("60008", _) if row.message.starts_with("App native authentication") => "ABA-60007".to_owned(),
        (code, _) => format!("ABA-{code}"),
    }
}

#[test]
fn the_document_is_the_one_that_was_handed_over() {
    let given = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/spec/app-native-error-codes.txt");
    if let Ok(given) = std::fs::read_to_string(given) {
        assert_eq!(given, include_str!("../data/app-native-error-codes.txt"));
    }
    assert_eq!(document().len(), 20);
}

#[test]
fn the_catalogue_has_every_row_of_the_document() {
    for row in document() {
        let same = |code: &&Code| code.row().documented == row.code && code.row().message == row.message;
        let found: Vec<_> = Code::ALL.iter().filter(same).map(|code| code.row()).collect();
        // Overload and limits, which the document does not know, borrow the code of their next of kin.
        let found: Vec<_> = found.into_iter().filter(|found| found.description == row.cause).collect();
        assert_eq!(found.len(), 1, "{} {}", row.code, row.message);
        assert_eq!((found[0].status, found[0].wso2), (row.status, wso2(&row).as_str()));
    }
}

// Checklist 70.
#[tokio::test]
async fn every_row_of_the_document_is_reached_in_both_spellings() {
    let rows: Vec<_> = document().into_iter().filter(|row| !ELSEWHERE.contains(&row.code.as_str())).collect();
    assert_eq!(rows.len(), ROWS.len());
    for (row, (name, reach)) in rows.iter().zip(ROWS) {
        for (spelling, code) in [(Spelling::Documented, row.code.clone()), (Spelling::Wso2, wso2(row))] {
            let mut setting = Setting::default();
            setting.config.native.error_codes = spelling;
            let answer = reach(setting).await;
            answer.is_refused(row.status, &code, name);
            assert_eq!(answer.at("/message"), row.message);
            assert_eq!(answer.header("content-type"), Some("application/json"), "{name}");
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{name}");
        }
    }
}

#[tokio::test]
async fn the_documents_sentences_come_with_their_placeholders_filled() {
    for (reach, sentence) in [
        (ROWS[4].1, "Provided authenticatorId gICA is invalid."),
        (ROWS[5].1, "Unable to find application for clientId nobody in tenant domain carbon.super."),
        (ROWS[6].1, "Configured authenticator SAMLSSOAuthenticator is not supported."),
        (ROWS[7].1, "App native authentication is not enabled for this application with id shop."),
        (ROWS[14].1, "Authenticator not found for name: palm-reader."),
        (
            ROWS[16].1,
            "Server encountered an error while retrieving application for clientId shop in tenant domain carbon.super.",
        ),
    ] {
        assert_eq!(reach(Setting::default()).await.at("/description"), sentence);
    }
}

#[tokio::test]
async fn a_tenant_has_its_own_spelling_and_its_own_style_of_messages() {
    use vestibule_core::tenant::MessageStyle;
    for (server, tenant, code) in
        [(Spelling::Documented, Spelling::Wso2, "ABA-60003"), (Spelling::Wso2, Spelling::Documented, "60003")]
    {
        let world = World::set(|setting| setting.config.native.error_codes = server).await;
        let acme = world
            .tenant_with("acme", |acme| (acme.error_codes, acme.messages) = (Some(tenant), Some(MessageStyle::Wso2)))
            .await;
        world.app_with("shop", |app| app.tenant = acme).await;
        let caller = world.anonymous().at("/t/acme");
        let flow = caller.authorize("shop", &[]).await.flow_id();
        let message = caller.password(&flow, "kim", "wrong").await.member("/nextStep/messages/0");
        assert_eq!(message["messageId"], code);
        assert_eq!(message["i18nKey"], format!("message.{code}"));
        assert_eq!(message["message"], "login.fail.message");
        let refused = caller.select("unknown", BASIC).await;
        assert_eq!(refused.at("/code"), code.replace("60003", "60009"));
        let at_root = world.anonymous().select("unknown", BASIC).await;
        assert_eq!(at_root.at("/code").starts_with("ABA-"), server == Spelling::Wso2);
    }
}
