//! Every refusal carries the id under which the log has the rest of the story.

use crate::world::*;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// A refusal of each face.
async fn refusals(caller: &Caller) -> [Answer; 6] {
    [
        caller.select("unknown", BASIC).await,
        caller.authorize("nobody", &[]).await,
        caller.exchange("nobody", "x").await,
        caller.get("/scim2/Users").await,
        caller.get("/api/server/v1/applications").await,
        caller.get("/nowhere").await,
    ]
}

fn is_trace_id(text: &str) -> bool {
    text.len() == 32
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        && text.bytes().any(|b| b != b'0')
}

#[tokio::test]
async fn a_refusal_carries_the_trace_of_the_caller() {
    let world = World::new().await;
    let caller = world.anonymous().header("traceparent", &format!("00-{TRACE}-b7ad6b7169203331-01"));
    for answer in refusals(&caller).await {
        assert_eq!(answer.at("/traceId"), TRACE, "{}", answer.text());
    }
}

#[tokio::test]
async fn without_a_valid_one_each_refusal_has_a_trace_of_its_own() {
    let world = World::new().await;
    let zeros = "0".repeat(32);
    let mut seen = Vec::new();
    for parent in [
        String::new(),
        "junk".to_owned(),
        format!("00-{TRACE}-b7ad6b7169203331"),
        format!("ff-{TRACE}-b7ad6b7169203331-01"),
        format!("00-{}-b7ad6b7169203331-01", TRACE.to_uppercase()),
        format!("00-{zeros}-b7ad6b7169203331-01"),
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{TRACE}-b7ad6b7169203331-01-more"),
        format!("00-{}-b7ad6b7169203331-01", &TRACE[1..]),
    ] {
        for answer in refusals(&world.anonymous().header("traceparent", &parent)).await {
            seen.push(answer.at("/traceId"));
        }
    }
    assert!(seen.iter().all(|id| is_trace_id(id) && id != TRACE));
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), count);
}

// Checklist 70.
#[tokio::test]
async fn each_face_has_its_own_members_and_all_have_the_trace() {
    let world = World::new().await;
    let [native, start, oauth, scim, management, nowhere] = refusals(&world.anonymous()).await;
    let members = |answer: &Answer| answer.json().as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let sorted = |answer: &Answer| {
        let mut names = members(answer);
        names.sort();
        names.join(" ")
    };
    for answer in [&native, &start] {
        assert_eq!(sorted(answer), "code description error message traceId");
    }
    assert_eq!(sorted(&oauth), "error error_description traceId");
    for answer in [&management, &nowhere] {
        assert_eq!(sorted(answer), "code description message traceId");
    }
    let body = scim.json();
    assert_eq!(body["schemas"], serde_json::json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(body["status"], scim.status.as_u16().to_string());
    assert!(body["detail"].is_string());
    assert!(scim.header("content-type").unwrap().starts_with("application/scim+json"));
}
