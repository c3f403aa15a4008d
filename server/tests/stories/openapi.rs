//! The API's description tells of what is there, and of nothing else.

use axum::http::Method;
use serde_json::Value;
use vestibule_core::error::Code;

use crate::world::*;

async fn document() -> (World, Value) {
    let world = World::new().await;
    let answer = world.anonymous().get("/openapi.json").await;
    assert_eq!(answer.is(200).header("content-type"), Some("application/json"));
    (world, answer.json())
}

/// All values of a member, wherever it stands.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get(name));
            object.values().for_each(|value| members(value, name, found));
        }
        Value::Array(items) => items.iter().for_each(|value| members(value, name, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_described_operation_is_there() {
    let (world, document) = document().await;
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let real = path.replace("{id}", "0").replace("{domain}", "0").replace("{tenant}", "0");
            let answer = world.anonymous().send(method.clone(), &real, None, Vec::new()).await;
            let nowhere = answer.status == 404 && !path.contains('{');
            assert!(answer.status != 405 && !nowhere, "{method} {path}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let (_, document) = document().await;
    let mut references = Vec::new();
    members(&document, "$ref", &mut references);
    assert!(references.len() > 50);
    for reference in references.iter().filter_map(|reference| reference.as_str()) {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn every_authenticator_and_every_error_has_an_example() {
    let (world, document) = document().await;
    let mut examples = Vec::new();
    members(&document, "examples", &mut examples);
    let names: Vec<&String> =
        examples.iter().filter_map(|examples| examples.as_object()).flat_map(|map| map.keys()).collect();
    for authenticator in world.house.engine.registry().all() {
        assert!(names.contains(&&authenticator.spec().name.to_owned()), "{}", authenticator.spec().name);
    }
    for code in Code::ALL {
        assert!(names.contains(&&code.row().name.to_owned()), "{}", code.row().name);
    }
}
