//! Services of the operator's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use vestibule_core::flow::authenticator::{Memo, Outcome, PromptKind, Then};
use vestibule_core::ports::web::WebFailure;
use vestibule_jose::MacKey;

use crate::world::{NOW, World, answer, header};

fn service(kind: &str) -> World {
    let settings = [
        ("uri", "https://pin.example.com/check"),
        ("authenticationType", kind),
        ("type", "API_KEY"),
        ("header", "x-api-key"),
    ];
    let mut world = World::new("custom-pin", "LOCAL", &settings);
    world.seal("value", "the-key");
    world.seal("signingSecret", "whsec_c2VjcmV0");
    world
}

/// Begins, with the service saying "later", and answers with the service saying `said`.
async fn answered(world: &World, said: Value) -> Outcome {
    let page = json!({ "op": "redirect", "url": "https://pin.example.com/page" });
    world.web(move |_| answer(200, &json!({ "actionStatus": "INCOMPLETE", "operations": [page] })));
    let begun = world.way.begin(&world.cx()).await.unwrap();
    let prompt = begun.prompt.unwrap();
    assert_eq!((prompt.kind, prompt.required.len()), (PromptKind::Internal, 0));
    assert_eq!(prompt.additional["endpointUrl"], "https://pin.example.com/page");
    world.web(move |_| answer(200, &said));
    world.try_answer(begun.memo.unwrap(), &[]).await.unwrap()
}

fn yes(user: Value) -> Value {
    json!({ "actionStatus": "SUCCESS", "data": { "user": user } })
}

fn is_wrong(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Wrong { then: Then::Leave, .. })
}

#[tokio::test]
async fn a_service_is_told_of_the_flow_and_nothing_that_opens_it() {
    let world = service("IDENTIFICATION");
    answered(&world, json!({ "actionStatus": "FAILED" })).await;
    let asked = world.asked();
    let request = &asked[0];
    let body = request.body.as_ref().unwrap().expose();
    let told: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(told["event"]["application"]["name"], "Shop");
    assert_eq!(told["event"]["tenant"]["id"], "carbon.super");
    assert_eq!(told["allowedOperations"], json!([{ "op": "redirect" }]));
    assert_eq!(told["flowId"].as_str().unwrap().len(), 43);
    assert_eq!(header(request, "x-api-key"), Some("the-key"));
    let (id, moment) = (header(request, "webhook-id").unwrap(), header(request, "webhook-timestamp").unwrap());
    assert_eq!(moment, NOW.to_string());
    let content = [format!("{id}.{moment}.").as_bytes(), body].concat();
    let signature = format!("v1,{}", STANDARD.encode(MacKey::new(b"secret").sign(&content)));
    assert_eq!(header(request, "webhook-signature"), Some(signature.as_str()));
    assert_ne!(header(&asked[1], "webhook-id"), Some(id));
}

#[tokio::test]
async fn a_service_that_identifies_names_a_user() {
    let world = service("IDENTIFICATION");
    let kim = world.add_user("Kim", "kim@example.com", true).await;
    for named in [json!({ "userName": "kim" }), json!({ "id": kim.id.to_string() })] {
        let outcome = answered(&world, yes(named)).await;
        assert!(matches!(&outcome, Outcome::Proved { whose: Some(user), .. } if user.id == kim.id), "{outcome:?}");
    }
    for named in [
        json!({}),
        json!({ "userName": "lee" }),
        json!({ "id": "junk" }),
        json!({ "id": kim.id.to_string(), "userName": "lee" }),
    ] {
        assert!(is_wrong(&answered(&world, yes(named.clone())).await), "{named}");
    }
}

#[tokio::test]
async fn a_service_that_verifies_confirms_whom_the_flow_speaks_of() {
    let mut world = service("VERIFICATION");
    let kim = world.add_user("kim", "kim@example.com", true).await;
    let lee = world.add_user("lee", "lee@example.com", true).await;
    assert!(is_wrong(&answered(&world, yes(json!({ "userName": "kim" }))).await), "the flow speaks of nobody");
    world.user = Some(kim);
    for named in [json!({}), json!({ "userName": "kim" })] {
        assert!(matches!(answered(&world, yes(named)).await, Outcome::Proved { whose: None, .. }));
    }
    assert!(is_wrong(&answered(&world, yes(json!({ "id": lee.id.to_string() }))).await));
    world.user = None;
    world.shadow = true;
    assert!(is_wrong(&answered(&world, yes(json!({}))).await), "a shadow is nobody to confirm");
}

#[tokio::test]
async fn not_yet_asks_again_and_counts_nothing() {
    let world = service("IDENTIFICATION");
    let outcome = answered(&world, json!({ "actionStatus": "INCOMPLETE" })).await;
    let Outcome::Again(begun) = outcome else { panic!("{outcome:?}") };
    assert_eq!(begun.prompt.unwrap().additional["endpointUrl"], "https://pin.example.com/page");
    assert!(begun.memo.is_some());
}

#[tokio::test]
async fn a_service_that_is_unwell_is_no_wrong_answer() {
    let world = service("IDENTIFICATION");
    assert!(matches!(answered(&world, json!({ "actionStatus": "WHATEVER" })).await, Outcome::Overloaded));
    world.web(|_| Err(WebFailure::Unreachable("timeout".to_owned())));
    let memo = Memo::of(&json!({ "page": null, "state": "s" })).unwrap();
    assert!(matches!(world.try_answer(memo.clone(), &[]).await.unwrap(), Outcome::Overloaded));
    assert!(is_wrong(&world.try_answer(memo.clone(), &[("state", "another")]).await.unwrap()));
    world.web(|_| Err(WebFailure::Forbidden("not on the list".to_owned())));
    assert!(world.try_answer(memo, &[]).await.is_err());
}
