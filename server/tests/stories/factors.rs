//! What operators see of the factors of users, and how they take them away.

use serde_json::{Value, json};
use vestibule_core::credential::{BackupCodes, Credential, FederatedAccount, Held, PasskeyKey, TotpKey};
use vestibule_core::ports::store::Added;
use vestibule_core::user::User;

use crate::operators::*;
use crate::world::*;

const EXTENSION: &str = "urn:vestibule:scim:factors";
const SECRETS: [&str; 4] = ["sealed-secret", "digest-of-a-code", "public-key-record", "subject-elsewhere"];

fn factors_of(user: &User) -> String {
    format!("/api/server/v1/users/{}/factors", user.id)
}

impl World {
    /// Gives the user something to hold.
    async fn gives(&self, user: &User, label: &str, held: Held) -> Credential {
        self.wait(seconds(1));
        let handle = format!("{}/{label}", user.id);
        let credential = Credential::new(user, handle, label, held, &self.house.ports);
        assert_eq!(self.store().add_credential(&credential).await.unwrap(), Added::Kept);
        credential
    }

    /// One of each kind but for devices.
    async fn holds_everything(&self, user: &User) -> Vec<Credential> {
        let passkey = PasskeyKey {
            id: "credential-id".to_owned(),
            rp_id: "example.com".to_owned(),
            record: json!({"key": SECRETS[2]}),
            aaguid: None,
            transports: Vec::new(),
            discoverable: true,
            backed_up: true,
        };
        let elsewhere = FederatedAccount {
            connection: "google".to_owned(),
            issuer: "https://accounts.example".to_owned(),
            subject: SECRETS[3].to_owned(),
        };
        vec![
            self.gives(user, "", Held::Totp(TotpKey { sealed: SECRETS[0].to_owned(), last_step: 1 })).await,
            self.gives(user, "sheet", Held::BackupCodes(BackupCodes { digests: vec![SECRETS[1].to_owned()] })).await,
            self.gives(user, "My phone", Held::Passkey(passkey)).await,
            self.gives(user, "Google", Held::Federated(elsewhere)).await,
        ]
    }
}

#[tokio::test]
async fn factors_are_listed_without_what_is_secret() {
    let world = World::new().await;
    let admin = world.admin().await;
    let user = world.reachable("kim").await;
    let path = factors_of(&user);
    assert_eq!(admin.get(&path).await.is(200).json(), json!([]));
    let held = world.holds_everything(&user).await;
    world.wait(seconds(1));
    let used = held[2].used(held[2].held.clone(), START + seconds(5));
    world.store().save_credential(&used, 1).await.unwrap();
    let id = |place: usize| held[place].id.to_string();
    let shown = json!([
        {"id": id(0), "kind": "totp", "created": "2026-01-01T00:00:01.000Z"},
        {"id": id(1), "kind": "backup-codes", "label": "sheet", "created": "2026-01-01T00:00:02.000Z"},
        {"id": id(2), "kind": "passkey", "label": "My phone", "created": "2026-01-01T00:00:03.000Z",
         "lastUsed": "2026-01-01T00:00:05.000Z"},
        {"id": id(3), "kind": "federated", "label": "Google", "created": "2026-01-01T00:00:04.000Z"},
    ]);
    let listed = admin.get(&path).await;
    assert_eq!(listed.is(200).json(), shown);
    let record = admin.get(&format!("{USERS}/{}", user.id)).await;
    assert_eq!(record.is(200).member(&format!("/{EXTENSION}/factors")), shown);
    assert!(record.member("/schemas").as_array().unwrap().contains(&json!(EXTENSION)));
    for secret in SECRETS {
        assert!(!listed.text().contains(secret) && !record.text().contains(secret), "{secret}");
    }

    let list = admin.get(USERS).await;
    assert!(!list.is(200).text().contains(EXTENSION));
    let replaced = admin.put(&format!("{USERS}/{}", user.id), record.json()).await;
    replaced.is(200);
    assert_eq!(admin.get(&path).await.json(), shown, "what is read only is passed over");
    admin
        .scim_patch(&user.id.to_string(), json!([{"op": "remove", "path": EXTENSION}]))
        .await
        .is_refusal(400, "urn:vestibule:scim:factors is unknown.");
    let schema = admin.get(&format!("/scim2/Schemas/{EXTENSION}")).await;
    assert_eq!(schema.is(200).member("/attributes/0/mutability"), "readOnly");
}

// Checklist 47.
#[tokio::test]
async fn a_lost_factor_is_taken_away_and_its_user_is_told() {
    let world = World::new().await;
    let admin = world.admin().await;
    let (user, other) = (world.reachable("kim").await, world.reachable("eve").await);
    let held = world.holds_everything(&user).await;
    let foreign = world.gives(&other, "theirs", held[2].held.clone()).await;
    let path = factors_of(&user);
    let absent = "The user has no such factor.";
    admin.delete(&format!("{path}/{}", foreign.id)).await.is_refusal(404, absent);
    admin.delete(&format!("{path}/{}", user.id)).await.is_refusal(404, absent);
    admin.delete(&format!("{path}/x")).await.is(404);
    assert!(world.letters().await.is_empty());

    admin.delete(&format!("{path}/{}", held[2].id)).await.is(204);
    assert_eq!(world.notices("kim@example.com").await, [("factor-removed".into(), "passkey (My phone)".into())]);
    admin.delete(&format!("{path}/{}", held[2].id)).await.is_refusal(404, absent);
    assert_eq!(admin.get(&path).await.json().as_array().unwrap().len(), 3);

    admin.delete(&path).await.is(204);
    assert_eq!(admin.get(&path).await.json(), json!([]));
    assert_eq!(world.letters().await.len(), 3);
    admin.delete(&path).await.is(204);
    assert_eq!(admin.get(&factors_of(&other)).await.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn factors_are_the_tenants_own_and_administrators_are_administrators_affair() {
    let world = World::new().await;
    world.admin().await;
    let user = world.reachable("kim").await;
    let chief = world.user_with("chief", |user| user.administrator = true).await;
    world.holds_everything(&user).await;
    world.holds_everything(&chief).await;
    let acme = world.tenant("acme").await;
    let stranger = world.admin_of(&acme, "eve").await;
    for path in [factors_of(&user), format!("{USERS}/{}", user.id)] {
        stranger.get(&path).await.is_refusal(404, "There is no such user.");
    }
    stranger.delete(&factors_of(&user)).await.is_refusal(404, "There is no such user.");
    world.scoped_app("robot", &["internal_user_mgt_view", "internal_user_mgt_update"]).await;
    let viewer = world.as_app("robot", "internal_user_mgt_view").await;
    viewer.get(&factors_of(&user)).await.is(200);
    viewer.delete(&factors_of(&user)).await.is(403);
    let helper = world.as_app("robot", "internal_user_mgt_update").await;
    helper.get(&factors_of(&user)).await.is(403);
    helper.delete(&factors_of(&chief)).await.is_refusal(403, "Only an administrator may change an administrator.");
    helper.delete(&factors_of(&user)).await.is(204);
    assert_eq!(world.store().credentials(&chief.tenant, &chief.id).await.unwrap().len(), 4);
}

// Checklist 13.
#[tokio::test]
async fn another_password_is_wanted_through_scim() {
    let world = World::new().await;
    let admin = world.admin().await;
    let wish = |wanted: Value| json!({"urn:scim:wso2:schema": {"forcePasswordReset": wanted}});
    let mut new = wish(json!(true));
    new["userName"] = "kim".into();
    let made = admin.post(USERS, new).await;
    let (id, member) = (made.is(201).at("/id"), "/urn:scim:wso2:schema/forcePasswordReset");
    assert_eq!(made.member(member), true);
    let user = || async {
        let user = world.store().user_by_name(&"carbon.super".parse().unwrap(), "kim").await.unwrap();
        user.unwrap().renew_password
    };
    assert!(user().await);
    admin.scim_patch(&id, json!([{"op": "replace", "path": "nickName", "value": "K"}])).await.is(200);
    assert!(user().await);
    let off = json!([{"op": "replace", "path": "urn:scim:wso2:schema:forcePasswordReset", "value": "False"}]);
    assert_eq!(admin.scim_patch(&id, off).await.is(200).member(member), false);
    assert!(!user().await);
    admin.scim_patch(&id, json!([{"op": "add", "value": wish(json!(true))}])).await.is(200);
    assert!(user().await);
    admin
        .scim_patch(&id, json!([{"op": "remove", "path": "urn:scim:wso2:schema:forcePasswordReset"}]))
        .await
        .is_refusal(400, "forcePasswordReset cannot be removed.");
    admin
        .scim_patch(&id, json!([{"op": "add", "value": wish(json!("maybe"))}]))
        .await
        .is_refusal(400, "forcePasswordReset must be a boolean.");
}
