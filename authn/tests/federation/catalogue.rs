//! Names, prompts and settings.

use vestibule_authn::ALL;
use vestibule_core::application::authenticator_id;
use vestibule_core::flow::authenticator::PromptKind;

use crate::world::{CALLBACK, World, connection, query};

#[test]
fn ids_and_names_are_those_that_shipped_clients_know() {
    for (name, idp, id, display, i18n) in [
        (
            "GoogleOIDCAuthenticator",
            "Google",
            "R29vZ2xlT0lEQ0F1dGhlbnRpY2F0b3I6R29vZ2xl",
            "Google",
            "authenticator.google",
        ),
        ("GithubAuthenticator", "GitHub", "R2l0aHViQXV0aGVudGljYXRvcjpHaXRIdWI", "Github", "authenticator.oidc"),
        (
            "FacebookAuthenticator",
            "Facebook",
            "RmFjZWJvb2tBdXRoZW50aWNhdG9yOkZhY2Vib29r",
            "facebook",
            "authenticator.facebook",
        ),
        ("AppleOIDCAuthenticator", "Apple", "QXBwbGVPSURDQXV0aGVudGljYXRvcjpBcHBsZQ", "Apple", "authenticator.apple"),
        (
            "OpenIDConnectAuthenticator",
            "Microsoft",
            "T3BlbklEQ29ubmVjdEF1dGhlbnRpY2F0b3I6TWljcm9zb2Z0",
            "openidconnect",
            "authenticator.oidc",
        ),
        (
            "Office365Authenticator",
            "Office365",
            "T2ZmaWNlMzY1QXV0aGVudGljYXRvcjpPZmZpY2UzNjU",
            "Office365",
            "authenticator.oidc",
        ),
        ("LinkedInOIDC", "LinkedIn", "TGlua2VkSW5PSURDOkxpbmtlZElu", "LinkedIn", "authenticator.oidc"),
        ("custom-native-auth", "LOCAL", "Y3VzdG9tLW5hdGl2ZS1hdXRoOkxPQ0FM", "", "AbstractAuthenticatorAdapter"),
    ] {
        let spec = ALL.iter().map(|way| way.spec()).find(|spec| spec.is_called(name)).unwrap();
        assert_eq!(authenticator_id(name, idp), id);
        assert_eq!((spec.display, spec.i18n_key), (display, i18n), "{name}");
        assert!(spec.connected, "{name}");
    }
}

#[tokio::test]
async fn redirect_mode_opens_the_providers_page_with_state_nonce_and_pkce() {
    let world = World::new("GoogleOIDCAuthenticator", "Google", &[("ClientId", "client")]);
    let prompt = world.prompt().await;
    assert_eq!((prompt.kind, prompt.required.as_slice()), (PromptKind::Redirection, &["code", "state"][..]));
    assert!(prompt.params.is_empty());
    let url = &prompt.additional["redirectUrl"];
    assert!(url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?response_type=code&redirect_uri="), "{url}");
    assert!(url.contains("scope=openid+email+profile"), "{url}");
    let query = query(url);
    assert_eq!(query["state"], prompt.additional["state"]);
    assert!(query["state"].ends_with(",OIDC"));
    assert_eq!((query["redirect_uri"].as_str(), query["client_id"].as_str()), (CALLBACK, "client"));
    assert_eq!((query["code_challenge"].len(), query["code_challenge_method"].as_str()), (43, "S256"));
    assert_eq!(query["nonce"].len(), 43);
}

#[tokio::test]
async fn every_attempt_has_its_own_state() {
    let mut world = World::new("FacebookAuthenticator", "Facebook", &[("ClientId", "client")]);
    let first = world.prompt().await.additional["state"].clone();
    assert!(first.ends_with(",facebook"));
    assert_eq!(world.prompt().await.additional["state"], first);
    world.place.turn = 1;
    let second = world.prompt().await.additional["state"].clone();
    world.place.option = 1;
    let third = world.prompt().await.additional["state"].clone();
    assert!(first != second && second != third);
}

#[tokio::test]
async fn settings_add_to_the_request_and_replace_nothing_of_it() {
    let more = "prompt=select_account&state=mine&redirect_uri=https://evil.example";
    let settings = [("ClientId", "client"), ("commonAuthQueryParams", more), ("IsPKCEEnabled", "false")];
    let world = World::new("GoogleOIDCAuthenticator", "Google", &settings);
    let url = world.prompt().await.additional["redirectUrl"].clone();
    assert_eq!(query(&url)["prompt"], "select_account");
    assert!(!url.contains("mine") && !url.contains("evil") && !url.contains("code_challenge"), "{url}");
}

#[tokio::test]
async fn native_mode_hands_out_what_the_sdk_needs() {
    let settings = [("ClientId", "client"), ("isTrustedTokenIssuer", "true")];
    let google = World::new("GoogleOIDCAuthenticator", "GoogleNative", &settings).prompt().await;
    assert_eq!((google.kind, google.required.as_slice()), (PromptKind::Internal, &["accessToken", "idToken"][..]));
    assert_eq!(google.additional["clientId"], "client");
    assert_eq!(google.additional["scope"], "openid email profile");
    assert_eq!(google.additional["nonce"].len(), 43);
    let facebook = World::new("FacebookAuthenticator", "Facebook", &settings).prompt().await;
    assert_eq!(facebook.additional.keys().collect::<Vec<_>>(), [&"clientId"]);
}

#[test]
fn a_connection_is_refused_with_a_sentence_that_names_the_property() {
    let oidc = "OpenIDConnectAuthenticator";
    let full = [
        ("ClientId", "client"),
        ("OAuth2AuthzEPUrl", "https://id.example.com/authorize"),
        ("OAuth2TokenEPUrl", "https://id.example.com/token"),
        ("idpIssuerName", "https://id.example.com"),
        ("jwksUri", "https://id.example.com/jwks"),
    ];
    let check = |name: &str, settings: &[(&str, &str)]| {
        let way = ALL.iter().find(|way| way.spec().is_called(name)).unwrap();
        way.check(&connection("Example", name, settings)).err().unwrap_or_default()
    };
    assert_eq!(check(oidc, &full), "");
    for left_out in 0..4 {
        let (name, _) = full[left_out];
        let rest: Vec<_> = full.iter().copied().filter(|(other, _)| *other != name).collect();
        assert_eq!(check(oidc, &rest), format!("The property {name} is required."));
    }
    assert_eq!(check(oidc, &full[..4]), "One of the properties jwksUri and jwks is required.");
    for (name, value, sentence) in [
        (
            "OAuth2TokenEPUrl",
            "http://id.example.com/token",
            "OAuth2TokenEPUrl must be an https address without user and fragment.",
        ),
        ("IsPKCEEnabled", "no", "IsPKCEEnabled must be true or false."),
        ("Colour", "red", "The property Colour is unknown."),
        ("ClientSecret", "in the clear", "The property ClientSecret is unknown."),
        (
            "jwks",
            r#"{"keys":[{"kty":"oct","k":"AQAB"}]}"#,
            "The property jwks must be a JSON Web Key Set of public keys.",
        ),
    ] {
        let with: Vec<_> = full.iter().copied().filter(|(other, _)| *other != name).chain([(name, value)]).collect();
        assert_eq!(check(oidc, &with), sentence);
    }
    assert_eq!(check("GoogleOIDCAuthenticator", &[("ClientId", "client")]), "");
    assert_eq!(check("LinkedInOIDC", &[]), "The property ClientId is required.");
    assert_eq!(check("GithubAuthenticator", &[("ClientId", "c")]), "The property ClientSecret is required.");
    assert_eq!(
        check("AppleOIDCAuthenticator", &[("ClientId", "c"), ("TeamId", "t")]),
        "The property KeyId is required."
    );
    assert_eq!(check("custom-pin", &[("uri", "https://x.example")]), "The property authenticationType is required.");
    let bearer = [("uri", "https://x.example"), ("authenticationType", "VERIFICATION"), ("type", "BEARER")];
    assert_eq!(check("custom-pin", &bearer), "The property accessToken is required for this type of authentication.");
}
