//! Backup codes, made by their user.

use serde_json::{Value, json};
use vestibule_core::credential::{Held, Kind};

use crate::me::*;
use crate::world::*;

fn sheet(answer: &Answer) -> Vec<String> {
    let codes = answer.is(200).member("/backupCodes");
    codes.as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_sheet_is_shown_once_and_counted_afterwards() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    assert_eq!(kim.get(CODES).await.is(200).json(), json!({"remaining": 0}));
    let codes = sheet(&kim.post(CODES, Value::Null).await);
    assert_eq!(codes.len(), 10);
    assert!(codes.iter().all(|code| code.len() == 10));
    assert_eq!(kim.get(CODES).await.is(200).json(), json!({"remaining": 10}));
    assert_eq!(world.notices("kim@example.com").await, [("factor-added".into(), "backup codes".into())]);
    let held = world.store().credential(&user.tenant, Kind::BackupCodes, &user.id.to_string()).await.unwrap().unwrap();
    let Held::BackupCodes(kept) = &held.held else { panic!("{held:?}") };
    assert!(codes.iter().all(|code| kept.without(code, &user.id, &world.house.secrets).is_some()));
    assert!(codes.iter().all(|code| !format!("{held:?}").contains(code)));
}

#[tokio::test]
async fn a_new_sheet_voids_the_old_one() {
    let world = World::new().await;
    let (_, user) = world.household("kim").await;
    let kim = world.signed_in("kim").await;
    let old = sheet(&kim.post(CODES, Value::Null).await);
    let new = sheet(&kim.post(CODES, Value::Null).await);
    assert!(new.iter().all(|code| !old.contains(code)));
    assert_eq!(kim.get(CODES).await.json(), json!({"remaining": 10}));
    let held = world.store().credentials(&user.tenant, &user.id).await.unwrap();
    let [Held::BackupCodes(kept)] = held.iter().map(|held| &held.held).collect::<Vec<_>>()[..] else {
        panic!("{held:?}")
    };
    assert!(old.iter().all(|code| kept.without(code, &user.id, &world.house.secrets).is_none()));
    assert!(new.iter().all(|code| kept.without(code, &user.id, &world.house.secrets).is_some()));
}

#[tokio::test]
async fn codes_are_their_users_alone_and_are_removed() {
    let world = World::new().await;
    world.household("kim").await;
    world.reachable("eve").await;
    let (kim, eve) = (world.signed_in("kim").await, world.signed_in("eve").await);
    kim.post(CODES, Value::Null).await.is(200);
    assert_eq!(eve.get(CODES).await.json(), json!({"remaining": 0}));
    eve.delete(CODES).await.is_refusal(404, "There are no backup codes.");
    world.wait(seconds(1));
    kim.delete(CODES).await.is(204);
    assert_eq!(kim.get(CODES).await.json(), json!({"remaining": 0}));
    let told = ["factor-added", "factor-removed"].map(|template| (template.into(), "backup codes".into()));
    assert_eq!(world.notices("kim@example.com").await, told);
    kim.delete(CODES).await.is(404);
}

#[tokio::test]
async fn a_user_without_an_address_is_told_nothing() {
    let world = World::shop().await;
    let kim = world.signed_in("kim").await;
    kim.post(CODES, Value::Null).await.is(200);
    assert!(world.letters().await.is_empty());
}
