//! Clients that show a certificate of their connection (RFC 8705): one of an authority that the operator names, or one
//! whose key they registered.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule::config::ClientCertificates;
use vestibule_core::application::{AuthMethod, CertificateName, ClientAuthentication};
use vestibule_jose::{Family, Jwk, JwkSet, SigningKey};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::caller::certificate;
use crate::world::*;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve/fixtures").join(name)
}

/// A world that asks clients for certificates and knows an authority.
async fn world() -> World {
    World::set(|setting| {
        setting.config.tls.client_certificates = ClientCertificates::Request;
        setting.config.tls.client_ca = Some(fixture("client-ca.crt.pem"));
    })
    .await
}

async fn app(world: &World, client_id: &str, registered: ClientAuthentication) {
    let app = world.confidential_app(client_id).await;
    world.change_app(&app, |app| app.oauth.client_auth = registered).await;
}

fn named(name: CertificateName) -> ClientAuthentication {
    let method = Some(AuthMethod::TlsClientAuth);
    ClientAuthentication { method, subject: Some(name), ..ClientAuthentication::default() }
}

fn key_of(name: &str) -> Jwk {
    let der = certificate(name);
    let (_, read) = X509Certificate::from_der(&der).unwrap();
    Jwk::from_spki(read.public_key().raw).unwrap()
}

async fn ask(caller: &Caller, client_id: &str) -> Answer {
    caller.form("/oauth2/token", &[("grant_type", "client_credentials"), ("client_id", client_id)]).await
}

#[track_caller]
fn is_no_client(answer: &Answer, because: &str) {
    answer.is_oauth_refusal(401, "invalid_client");
    assert!(answer.at("/error_description").contains(because), "{because:?} is not why: {}", answer.text());
}

// Checklist 90.
#[tokio::test]
async fn a_certificate_of_a_known_authority_bears_the_registered_name() {
    let world = world().await;
    for (client, name, good) in [
        ("dn", CertificateName::SubjectDn("CN=billing\\, eu,O=Example".to_owned()), true),
        ("dn-blank", CertificateName::SubjectDn("cn=billing\\, eu, o=Example".to_owned()), true),
        ("dns", CertificateName::SanDns("billing.example.com".to_owned()), true),
        ("uri", CertificateName::SanUri("urn:example:billing".to_owned()), true),
        ("ip", CertificateName::SanIp([192, 0, 2, 7].into()), true),
        ("email", CertificateName::SanEmail("billing@example.com".to_owned()), true),
        ("dn-part", CertificateName::SubjectDn("CN=billing".to_owned()), false),
        ("dn-other", CertificateName::SubjectDn("CN=shop,O=Example".to_owned()), false),
        ("dns-other", CertificateName::SanDns("example.com".to_owned()), false),
        ("uri-dns", CertificateName::SanUri("billing.example.com".to_owned()), false),
        ("ip-other", CertificateName::SanIp([192, 0, 2, 8].into()), false),
    ] {
        app(&world, client, named(name)).await;
        let answer = ask(&world.anonymous().certificate("client"), client).await;
        if good {
            answer.is(200);
        } else {
            is_no_client(&answer, "does not bear the name");
        }
    }
}

// Checklist 90.
#[tokio::test]
async fn the_name_alone_is_not_enough() {
    let world = world().await;
    app(&world, "billing", named(CertificateName::SanDns("billing.example.com".to_owned()))).await;
    is_no_client(&ask(&world.anonymous(), "billing").await, "has no client certificate");
    is_no_client(&ask(&world.anonymous().certificate("client-self-signed"), "billing").await, "was not issued");
    is_no_client(&ask(&world.anonymous().certificate("client-expired"), "billing").await, "is not valid now");
    is_no_client(&ask(&world.anonymous().certificate("localhost"), "billing").await, "was not issued");
    let caller = world.anonymous().certificate("client");
    let with_secret = [("grant_type", "client_credentials"), ("client_id", "billing"), ("client_secret", SECRET)];
    is_no_client(&caller.form("/oauth2/token", &with_secret).await, "more than one authentication method");
    caller.authorize("billing", &[]).await.is_step("INCOMPLETE");
    world.anonymous().authorize("billing", &[]).await.is_refused(401, "401", "unauthorized");
    // A server that knows no authority trusts no certificate.
    let bare = World::set(|setting| setting.config.tls.client_certificates = ClientCertificates::Request).await;
    app(&bare, "billing", named(CertificateName::SanDns("billing.example.com".to_owned()))).await;
    is_no_client(&ask(&bare.anonymous().certificate("client"), "billing").await, "was not issued");
}

// Checklist 90.
#[tokio::test]
async fn a_self_signed_certificate_is_told_by_its_key() {
    let world = world().await;
    let registered = |keys| ClientAuthentication {
        method: Some(AuthMethod::SelfSignedTlsClientAuth),
        keys: Some(JwkSet { keys }),
        ..ClientAuthentication::default()
    };
    let other = SigningKey::generate(Family::P256).unwrap().jwk().clone();
    app(&world, "billing", registered(vec![other.clone(), key_of("client-self-signed")])).await;
    app(&world, "other", registered(vec![other])).await;
    ask(&world.anonymous().certificate("client-self-signed"), "billing").await.is(200);
    is_no_client(
        &ask(&world.anonymous().certificate("client-self-signed"), "other").await,
        "none of the application's",
    );
    is_no_client(&ask(&world.anonymous().certificate("client"), "billing").await, "none of the application's");
    is_no_client(&ask(&world.anonymous(), "billing").await, "has no client certificate");
}

#[tokio::test]
async fn a_certificate_beside_another_method_is_no_second_method() {
    let world = world().await;
    world.confidential_app("vault").await;
    world.app("shop").await;
    let caller = world.anonymous().certificate("client");
    caller.clone().basic("vault", SECRET).authorize("vault", &[]).await.is_step("INCOMPLETE");
    caller.authorize("shop", &[]).await.is_step("INCOMPLETE");
    is_no_client(&ask(&caller, "vault").await, "with its client secret");
}

fn header(name: &str) -> String {
    format!(":{}:", STANDARD.encode(certificate(name)))
}

// Checklist 90.
#[tokio::test]
async fn a_proxys_word_counts_where_the_operator_says_so() {
    let proxied = |header: bool| {
        World::set(move |setting| {
            setting.config.limits.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
            setting.config.tls.client_certificate_header = header;
            setting.config.tls.client_ca = Some(fixture("client-ca.crt.pem"));
        })
    };
    for (believed, on) in [(true, proxied(true).await), (false, proxied(false).await)] {
        app(&on, "billing", named(CertificateName::SanDns("billing.example.com".to_owned()))).await;
        let shown = on.anonymous().header("client-cert", &header("client"));
        let answer = ask(&shown.clone().from("10.1.2.3"), "billing").await;
        if believed {
            answer.is(200);
        } else {
            is_no_client(&answer, "has no client certificate");
        }
        // From anybody else the header is a claim without a key.
        is_no_client(&ask(&shown.clone().from("203.0.113.9"), "billing").await, "has no client certificate");
        is_no_client(&ask(&shown, "billing").await, "has no client certificate");
    }
    // The proxy's own certificate is not its client's.
    let world = proxied(true).await;
    app(&world, "billing", named(CertificateName::SanDns("billing.example.com".to_owned()))).await;
    is_no_client(
        &ask(&world.anonymous().from("10.1.2.3").certificate("client"), "billing").await,
        "has no client certificate",
    );
    let garbage = world.anonymous().from("10.1.2.3").header("client-cert", ":AQAB:");
    is_no_client(&ask(&garbage, "billing").await, "has no client certificate");
}

#[tokio::test]
async fn the_metadata_offers_certificates_where_they_are_seen() {
    let path = "/.well-known/openid-configuration";
    let offers = |answer: &Answer, name: &str| {
        answer.member("/token_endpoint_auth_methods_supported").as_array().unwrap().iter().any(|method| method == name)
    };
    let seen = world().await.anonymous().get(path).await;
    let unseen = World::new().await.anonymous().get(path).await;
    for name in ["tls_client_auth", "self_signed_tls_client_auth"] {
        assert!(offers(&seen, name) && !offers(&unseen, name), "{name}");
    }
    for name in ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"] {
        assert!(offers(&seen, name) && offers(&unseen, name), "{name}");
    }
}

// Checklist 88.
#[tokio::test]
async fn a_token_may_be_bound_to_the_certificate_of_the_connection() {
    let world = world().await;
    world.user("kim").await;
    let registered = named(CertificateName::SanDns("billing.example.com".to_owned()));
    app(&world, "billing", ClientAuthentication { bound_tokens: true, ..registered }).await;
    let caller = world.anonymous().certificate("client");
    let done = caller.sign_in("billing", "kim", &[("scope", "openid internal_login")]).await;
    let tokens = caller.exchange("billing", &done.code()).await;
    let token = tokens.is(200).at("/access_token");
    let digest = vestibule_jose::base64url(&vestibule_jose::sha256(&certificate("client")));
    assert_eq!(claims(&token)["cnf"]["x5t#S256"], digest);
    caller.userinfo(&token).await.is(200);
    caller.clone().bearer(&token).get("/scim2/Me").await.is(200);
    for other in [world.anonymous(), world.anonymous().certificate("client-self-signed")] {
        let refused = other.userinfo(&token).await;
        assert!(refused.is_unauthorized_token().at("/error_description").contains("bound to a client certificate"));
        other.clone().bearer(&token).get("/scim2/Me").await.is(401);
        other.bearer(&token).get("/api/users/v1/me/backup-codes").await.is(401);
    }
    // Resources elsewhere are told what it is bound to.
    let asked = [("token", token.as_str()), ("client_id", "billing")];
    assert_eq!(caller.form("/oauth2/introspect", &asked).await.is(200).at("/cnf/x5t#S256"), digest);
    let refreshed = caller.refresh("billing", &tokens.at("/refresh_token")).await.is(200).at("/access_token");
    assert_eq!(claims(&refreshed)["cnf"]["x5t#S256"], digest);
    let own = ask(&caller, "billing").await.is(200).at("/access_token");
    assert_eq!(claims(&own)["cnf"]["x5t#S256"], digest);
}

// Checklist 88.
#[tokio::test]
async fn bound_tokens_are_not_given_to_a_connection_without_a_certificate() {
    let world = world().await;
    app(&world, "vault", ClientAuthentication { bound_tokens: true, ..ClientAuthentication::default() }).await;
    let form = [("grant_type", "client_credentials")];
    let caller = world.anonymous().basic("vault", SECRET);
    let refused = caller.form("/oauth2/token", &form).await;
    assert!(refused.is_oauth_refusal(400, "invalid_request").at("/error_description").contains("certificate"));
    caller.clone().certificate("client-expired").form("/oauth2/token", &form).await.is(400);
    // Any will do: it is not by it that the client is known.
    let token = caller.certificate("client-self-signed").form("/oauth2/token", &form).await;
    assert!(claims(&token.is(200).at("/access_token"))["cnf"]["x5t#S256"].is_string());
}
