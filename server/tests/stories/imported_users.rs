//! Users who bring the hash of their password from another server.

use serde_json::{Value, json};

use crate::operators::*;
use crate::world::*;

const OWN: &str = "urn:ietf:params:scim:schemas:extension:vestibule:2.0:User";
/// Hashes of the usual password, by Python's bcrypt and hashlib.
const BCRYPT: &str = "$2b$04$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG.OfoDLq6MpRhmrMbSlnRAe";
const PBKDF2: &str = "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$AhaeZ02AwPxykuhhDI8XvhQN8GKvmqM+qF6qvs/98I0";
const SCRYPT: &str = "$scrypt$ln=10,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$5V+IyNOG7VdNqfEwku7fVRNmRq0SrjnsUA8hH2Zy59M";
const SSHA: &str = "{SSHA256}zaDaTIwfQlVG84Rv3HFDQ8Pm34Cn16f5Wp0txnI5RQwAAQIDBAUGBwgJCgsMDQ4P";
const WSO2: &str = r#"{"algorithm": "SHA-256", "hash": "rSQ/tEJC1kNwz84eaerSeBbgkKkX3EB1kAOOplkIitY=", "salt": "/w8Cq1ZbT5xX9Yy0aGdF2A=="}"#;
const KEYCLOAK: &str = r#"{"type": "password", "secretData": "{\"value\": \"tFWBGYVQWYldJs55Ny3C/FemDveHTqsi/Dpxz7sjU0Y=\", \"salt\": \"AAECAwQFBgcICQoLDA0ODw==\"}", "credentialData": "{\"hashIterations\": 5, \"algorithm\": \"argon2\", \"additionalParameters\": {\"memory\": [\"7168\"], \"type\": [\"id\"], \"version\": [\"1.3\"], \"parallelism\": [\"1\"]}}"}"#;

fn imported(name: &str, hash: &str) -> Value {
    json!({"schemas": [OWN], "userName": name, OWN: {"passwordHash": hash}})
}

impl World {
    async fn stored_hash(&self, name: &str) -> String {
        self.who(name).await.password.unwrap().0
    }
}

// Checklist 8.
#[tokio::test]
async fn an_imported_hash_signs_in_and_is_made_anew_by_the_first_right_password() {
    let world = World::new().await;
    world.app("shop").await;
    let admin = world.admin().await;
    for (name, hash) in [("b", BCRYPT), ("p", PBKDF2), ("s", SCRYPT), ("d", SSHA), ("w", WSO2), ("k", KEYCLOAK)] {
        let made = admin.post(USERS, imported(name, hash)).await;
        assert!(!made.is(201).text().contains("passwordHash"), "{}", made.text());
        let kept = world.stored_hash(name).await;
        let start = world.authorize("shop", &[]).await;
        world.anonymous().password(&start.flow_id(), name, "wrong").await.is_step("FAIL_INCOMPLETE");
        assert_eq!(world.stored_hash(name).await, kept);
        world.anonymous().password(&start.flow_id(), name, PASSWORD).await.is(200).code();
        let fresh = world.stored_hash(name).await;
        assert!(fresh.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{fresh}");
        let start = world.authorize("shop", &[]).await;
        world.anonymous().password(&start.flow_id(), name, PASSWORD).await.is(200).code();
        assert_eq!(world.stored_hash(name).await, fresh);
    }
}

#[tokio::test]
async fn a_hash_is_written_by_patch_and_put_and_never_shown() {
    let world = World::new().await;
    world.app("shop").await;
    let admin = world.admin().await;
    let id = admin.post(USERS, json!({"userName": "kim", "password": "a good password"})).await.is(201).at("/id");
    let tokens = world.anonymous().sign_in("shop", "kim", &[]).await;
    tokens.is_step("FAIL_INCOMPLETE");
    let path = format!("{OWN}:passwordHash");
    admin.scim_patch(&id, json!([{"op": "replace", "path": path, "value": BCRYPT}])).await.is(200);
    world.login("shop", "kim").await.is(200);
    let put = admin.put(&format!("{USERS}/{id}"), imported("kim", PBKDF2)).await;
    put.is(200);
    assert_eq!(world.stored_hash("kim").await, PBKDF2);
    let shown = admin.get(&format!("{USERS}/{id}")).await;
    for answer in [&put, &shown] {
        assert!(!answer.text().contains("pbkdf2") && !answer.text().contains("passwordHash"), "{}", answer.text());
    }
    let removal = json!([{"op": "remove", "path": path}]);
    admin.scim_patch(&id, removal).await.is_refusal(400, "passwordHash cannot be removed.");
}

#[tokio::test]
async fn a_new_hash_ends_sessions_and_tokens_like_a_new_password() {
    let world = World::new().await;
    world.app("shop").await;
    let admin = world.admin().await;
    let id = admin.post(USERS, imported("kim", BCRYPT)).await.is(201).at("/id");
    let tokens = world.login("shop", "kim").await;
    admin.scim_patch(&id, json!([{"op": "add", "value": {OWN: {"passwordHash": SSHA}}}])).await.is(200);
    world.anonymous().userinfo(&tokens.is(200).at("/access_token")).await.is_unauthorized_token();
}

#[tokio::test]
async fn what_is_no_hash_or_costs_too_much_is_refused_with_the_reason() {
    let world = World::new().await;
    let admin = world.admin().await;
    for (hash, why) in [
        ("secret", "passwordHash is not taken: its scheme is not known."),
        (
            "$pbkdf2-sha256$i=99999999$AAECAwQFBgcICQoLDA0ODw$AhaeZ02AwPxykuhhDI8XvhQN8GKvmqM+qF6qvs/98I0",
            "passwordHash is not taken: its number of iterations must be a number from 1 to 10000000.",
        ),
        (
            "$2b$31$4PkK.wmCyJaF7mAVyEf/vedxxQSUlEG.OfoDLq6MpRhmrMbSlnRAe",
            "passwordHash is not taken: its cost must be a number from 4 to 16.",
        ),
    ] {
        admin.post(USERS, imported("kim", hash)).await.is_refusal(400, why);
    }
    let both = json!({"userName": "kim", "password": "a good password", OWN: {"passwordHash": BCRYPT}});
    admin.post(USERS, both).await.is_refusal(400, "Give a password or a passwordHash, not both.");
    let unknown = json!({"userName": "kim", OWN: {"hash": BCRYPT}});
    admin.post(USERS, unknown).await.is_refusal(400, &format!("{OWN}.hash is unknown."));
    assert_eq!(world.users().await, 1);
}

#[tokio::test]
async fn only_who_may_make_users_may_give_them_a_hash() {
    let world = World::new().await;
    let admin = world.admin().await;
    let id = admin.post(USERS, imported("kim", BCRYPT)).await.is(201).at("/id");
    let patch = json!([{"op": "add", "value": {OWN: {"passwordHash": SSHA}}}]);
    world.scoped_app("changer", &["internal_user_mgt_update"]).await;
    world.as_app("changer", "internal_user_mgt_update").await.scim_patch(&id, patch.clone()).await.is(403);
    world.scoped_app("importer", &["internal_user_mgt_update", "internal_user_mgt_create"]).await;
    let importer = world.as_app("importer", "internal_user_mgt_update internal_user_mgt_create").await;
    importer.scim_patch(&id, patch).await.is(200);
}
