//! Backup Code: a code from the sheet that a user put away, each good once, in whatever flow.

use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_core::credential::{Held, Kind};

use crate::holdings::*;
use crate::world::*;

fn prompt() -> Value {
    json!({
        "authenticatorId": "YmFja3VwLWNvZGUtYXV0aGVudGljYXRvcjpMT0NBTA", "authenticator": "Backup Code", "idp": "LOCAL",
        "metadata": {"i18nKey": "authenticator.backup.code", "promptType": "USER_PROMPT", "params": [
            {"param": "BackupCode", "type": "STRING", "order": 0, "i18nKey": "backup.code.param", "displayName": "Backup Code", "confidential": true},
        ]},
        "requiredParams": ["BackupCode"],
    })
}

fn wrong() -> Value {
    failed("The code is wrong. Please try again.")
}

/// A world whose login is password and backup code, and the sheets of kim and lee.
async fn world() -> (World, Vec<String>, Vec<String>) {
    let world = World::bank(&[&[PASS], &[BACKUP]]).await;
    let kims = world.enrol_sheet(&world.who("kim").await).await;
    let lees = world.enrol_sheet(&world.who("lee").await).await;
    (world, kims, lees)
}

impl World {
    async fn backup(&self, flow: &str, code: &str) -> Answer {
        self.give(flow, BACKUP, json!({"BackupCode": code})).await
    }

    /// How many codes are left on a user's sheet.
    async fn codes_left(&self, name: &str) -> usize {
        let user = self.who(name).await;
        let sheet =
            self.store().credential(&user.tenant, Kind::BackupCodes, &user.id.to_string()).await.unwrap().unwrap();
        match sheet.held {
            Held::BackupCodes(codes) => codes.digests.len(),
            _ => panic!("no sheet"),
        }
    }
}

#[tokio::test]
async fn a_password_and_then_a_code_of_the_sheet() {
    let (world, sheet, _) = world().await;
    let flow = world.open().await;
    let next = world.anonymous().password(&flow, "kim", PASSWORD).await;
    assert_eq!(next.is(200).shape(), asked("INCOMPLETE", &prompt(), &[]));
    for _ in 0..3 {
        assert_eq!(world.pick(&flow, BACKUP).await.is(200).shape(), next.shape());
    }
    let missed = world.backup(&flow, "aaaaaaaaaa").await;
    assert_eq!(missed.is(200).shape(), asked("FAIL_INCOMPLETE", &prompt(), &[wrong()]));
    let done = world.backup(&flow, &sheet[3]).await;
    let id = claims(&world.anonymous().exchange("bank", &done.code()).await.at("/id_token"));
    assert_eq!((&id["amr"], &id["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
    assert_eq!((world.codes_left("kim").await, world.codes_left("lee").await), (9, 10));
}

#[tokio::test]
async fn message_keys_are_sent_where_they_are_wanted() {
    let world = World::set(|setting| setting.config.native.messages = vestibule_core::tenant::MessageStyle::Wso2).await;
    world.settle_in(&[&[PASS], &[BACKUP]]).await;
    let flow = world.past_password("kim").await;
    let missed = world.backup(&flow, "aaaaaaaaaa").await;
    assert_eq!(missed.is(200).shape(), asked("FAIL_INCOMPLETE", &prompt(), &[failed("authentication.fail.message")]));
}

// Checklist 46.
#[tokio::test]
async fn each_code_is_good_once_and_the_others_stay_good() {
    let (world, sheet, _) = world().await;
    for (used, code) in sheet.iter().enumerate() {
        let flow = world.past_password("kim").await;
        if used > 0 {
            world.backup(&flow, &sheet[used - 1]).await.is_step("FAIL_INCOMPLETE");
        }
        world.backup(&flow, code).await.is(200).code();
        world.backup(&flow, code).await.is_refused(400, "60009", "invalid_flow_id");
        assert_eq!(world.codes_left("kim").await, sheet.len() - used - 1);
    }
    let flow = world.past_password("kim").await;
    for code in sheet.iter().take(4) {
        world.backup(&flow, code).await.is_step("FAIL_INCOMPLETE");
    }
}

// Checklist 46.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_sent_in_several_flows_at_once_opens_one_of_them() {
    for _ in 0..10 {
        let (world, sheet, _) = world().await;
        let mut calls = JoinSet::new();
        for _ in 0..4 {
            let (flow, caller, params) =
                (world.past_password("kim").await, world.anonymous(), json!({"BackupCode": sheet[0]}));
            calls.spawn(async move { caller.answer(&flow, &id_of(BACKUP), params).await });
        }
        let answers = calls.join_all().await;
        let (done, missed): (Vec<_>, Vec<_>) =
            answers.iter().partition(|answer| answer.member("/flowStatus") == "SUCCESS_COMPLETED");
        assert_eq!((done.len(), missed.len(), world.codes_left("kim").await), (1, 3, 9));
        for answer in missed {
            assert_eq!(answer.is(200).shape(), asked("FAIL_INCOMPLETE", &prompt(), &[wrong()]));
        }
    }
}

#[tokio::test]
async fn case_blanks_and_hyphens_do_not_matter_and_anything_else_does() {
    let (world, sheet, lees) = world().await;
    let (head, tail) = sheet[0].split_at(5);
    for spelled in [format!("{head}-{tail}").to_uppercase()] {
        let flow = world.past_password("kim").await;
        world.backup(&flow, &spelled).await.is(200).code();
    }
    let flow = world.past_password("kim").await;
    for code in [String::new(), sheet[1][..9].to_owned(), format!("{}a", sheet[1]), lees[0].clone()] {
        world.backup(&flow, &code).await.is_step("FAIL_INCOMPLETE");
    }
    for params in [json!({"BackupCode": sheet[1], "username": "kim"}), json!({"backupCode": sheet[1]})] {
        world.give(&flow, BACKUP, params).await.is_refused(400, "60001", "invalid_request");
    }
    world.give(&flow, BACKUP, json!({})).await.is_step("INCOMPLETE");
    world.backup(&flow, &format!(" {} {} ", &sheet[1][..5], &sheet[1][5..])).await.is(200).code();
}

#[tokio::test]
async fn codes_of_the_sheet_and_of_the_device_are_counted_together() {
    let world = World::bank(&[&[PASS], &[TOTP, BACKUP]]).await;
    let kim = world.who("kim").await;
    let (device, sheet) = (world.enrol_device(&kim).await, world.enrol_sheet(&kim).await);
    let flow = world.past_password("kim").await;
    for _ in 0..2 {
        world.give(&flow, TOTP, json!({"token": "x"})).await.is_step("FAIL_INCOMPLETE");
        world.backup(&flow, "x").await.is_step("FAIL_INCOMPLETE");
    }
    world.backup(&flow, "x").await.is_step("FAIL_INCOMPLETE");
    // Five in all: neither counts for half a minute, and a right code is not used up by that.
    world.backup(&flow, &sheet[0]).await.is_step("FAIL_INCOMPLETE");
    world.give(&flow, TOTP, json!({"token": device.code(&world, 0)})).await.is_step("FAIL_INCOMPLETE");
    world.wait(seconds(30));
    world.backup(&flow, &sheet[0]).await.is(200).code();
}

#[tokio::test]
async fn the_fifth_wrong_code_ends_the_flow() {
    let (world, sheet, _) = world().await;
    let flow = world.past_password("kim").await;
    for _ in 0..4 {
        world.backup(&flow, "x").await.is_step("FAIL_INCOMPLETE");
    }
    world.backup(&flow, "x").await.is_refused(400, "60013", "max_attempts_exceeded");
    world.backup(&flow, &sheet[0]).await.is_refused(400, "60009", "invalid_flow_id");
    assert_eq!(world.codes_left("kim").await, 10);
}

#[tokio::test]
async fn nobody_is_let_in_by_a_sheet_without_a_name() {
    let world = World::bank(&[&[BACKUP]]).await;
    let sheet = world.enrol_sheet(&world.who("kim").await).await;
    let flow = world.open().await;
    world.backup(&flow, &sheet[0]).await.is_step("FAIL_INCOMPLETE");
    assert_eq!(world.codes_left("kim").await, 10);
}
