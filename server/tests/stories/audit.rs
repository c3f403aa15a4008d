//! The audit log: what happened is there with who, where, with what and why; nothing that is secret is, and nobody reads it
//! who may not.

use serde_json::{Value, json};
use vestibule_core::audit::{Checked, Keeping, check};
use vestibule_core::ports::store::Walk;

use crate::operators::*;
use crate::world::*;

pub const AUDIT: &str = "/api/server/v1/audit";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

impl World {
    /// Every event so far.
    pub async fn told(&self) -> Vec<Value> {
        let walk = Walk { limit: 10_000, ..Walk::default() };
        let records = self.store().records(&walk).await.unwrap();
        records.iter().map(|record| serde_json::from_str(&record.body).unwrap()).collect()
    }

    /// The events of a kind so far.
    pub async fn told_of(&self, what: &str) -> Vec<Value> {
        self.told().await.into_iter().filter(|event| event["what"] == what).collect()
    }

    async fn the(&self, what: &str) -> Value {
        let told = self.told_of(what).await;
        assert_eq!(told.len(), 1, "{what}: {told:?}");
        told[0].clone()
    }

    /// Whether the log fits together.
    async fn is_sound(&self) -> bool {
        matches!(check(self.store(), None).await.unwrap(), Checked::Sound(_))
    }
}

fn traced(world: &World) -> Caller {
    let caller = world.anonymous().from("203.0.113.9").header("user-agent", "Shop/1.0 (iOS)");
    caller.header("traceparent", &format!("00-{TRACE}-b7ad6b7169203331-01"))
}

// Checklist 117.
#[tokio::test]
async fn a_login_that_succeeds_has_its_record() {
    let world = World::new().await;
    let (app, kim) = (world.app("shop").await, world.user("kim").await);
    let done = traced(&world).sign_in("shop", "kim", &[]).await;
    let event = world.the("login.succeeded").await;
    for member in ["session", "grant", "flow"] {
        assert!(event[member].is_string(), "{member} in {event}");
    }
    let expected = json!({
        "at": START.to_string(), "what": "login.succeeded", "tenant": "carbon.super",
        "actor": format!("user:{}", kim.id), "user": kim.id, "app": app.id, "session": event["session"],
        "grant": event["grant"], "flow": event["flow"], "source": "203.0.113.9", "agent": "Shop/1.0 (iOS)",
        "trace": TRACE, "details": {"acr": "aal1", "amr": "pwd"},
    });
    assert_eq!(event, expected);
    world.anonymous().exchange("shop", &done.code()).await.is(200);
    let issued = world.the("token.issued").await;
    assert_eq!((&issued["grant"], &issued["actor"]), (&event["grant"], &json!(format!("app:{}", app.id))));
    let told = world.told().await;
    let of_keys = |record: &&Value| record["what"].as_str().is_some_and(|what| what.starts_with("key."));
    let others = told.len() - told.iter().filter(of_keys).count();
    assert_eq!(others, 2, "a login is one record, its tokens are another");
    assert!(world.is_sound().await);
}

// Checklist 117.
#[tokio::test]
async fn each_way_in_which_a_login_fails_has_its_record() {
    let world = World::set(|setting| setting.config.limits.user_misses = 2).await;
    let (app, kim) = (world.app("shop").await, world.user("kim").await);
    let flow = world.authorize("shop", &[]).await.flow_id();
    traced(&world).password(&flow, "kim", "wrong").await.is(200);
    let failed = world.the("login.failed").await;
    assert_eq!((&failed["user"], &failed["app"], &failed["trace"]), (&json!(kim.id), &json!(app.id), &json!(TRACE)));
    assert_eq!((&failed["source"], &failed["actor"]), (&json!("203.0.113.9"), &json!("nobody")));
    assert_eq!(failed["details"], json!({"authenticator": "BasicAuthenticator"}));
    assert!(failed["flow"].is_string());

    traced(&world).password(&flow, "kim", "wrong").await;
    traced(&world).password(&flow, "kim", PASSWORD).await.is_step("FAIL_INCOMPLETE");
    let locked = world.the("login.locked").await;
    assert_eq!((&locked["user"], &locked["flow"]), (&json!(kim.id), &failed["flow"]));

    let flow = world.authorize("shop", &[]).await.flow_id();
    traced(&world).password(&flow, "nobody at all", "wrong").await.is(200);
    let failed = world.told_of("login.failed").await;
    assert_eq!(failed.last().unwrap().get("user"), None);
    assert_eq!(failed.last().unwrap()["details"]["name"].as_str().unwrap().len(), 22, "a keyed hash");
    assert!(world.is_sound().await);
}

// Checklist 117.
#[tokio::test]
async fn an_address_that_guesses_too_much_has_its_record() {
    let world = World::set(|setting| setting.config.limits.source_misses = 1).await;
    world.app("shop").await;
    world.user("kim").await;
    let flow = world.authorize("shop", &[]).await.flow_id();
    traced(&world).password(&flow, "kim", "wrong").await.is(200);
    traced(&world).password(&flow, "kim", PASSWORD).await.is(429);
    assert_eq!(world.the("login.throttled").await["source"], "203.0.113.9");
}

// Checklist 117.
#[tokio::test]
async fn what_becomes_of_a_login_afterwards_has_its_records() {
    let world = World::new().await;
    world.app("shop").await;
    let kim = world.user("kim").await;
    let done = world.anonymous().sign_in("shop", "kim", &[]).await;
    let tokens = world.anonymous().exchange("shop", &done.code()).await;
    let refreshed = world.anonymous().refresh("shop", &tokens.is(200).at("/refresh_token")).await;
    world.wait(minutes(2));
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is(400);
    world.anonymous().exchange("shop", &done.code()).await.is(400);
    let grant = world.the("login.succeeded").await["grant"].clone();
    for what in ["token.issued", "token.refreshed", "refresh.replayed", "code.replayed"] {
        let event = world.the(what).await;
        assert_eq!((&event["grant"], &event["user"]), (&grant, &json!(kim.id)), "{what}");
    }
    assert_eq!(world.told_of("token.refused").await.len(), 2);
    let again = world.anonymous().cookie(&done).authorize("shop", &[]).await;
    again.is_step("SUCCESS_COMPLETED");
    assert_eq!(world.the("login.resumed").await["user"], json!(kim.id));
    let hint = refreshed.is(200).at("/id_token");
    let logout = [("response_mode", "direct"), ("client_id", "shop"), ("id_token_hint", &hint)];
    world.anonymous().form("/oidc/logout", &logout).await.is(200);
    let ended = world.the("session.ended").await;
    assert_eq!((&ended["user"], &ended["reason"]), (&json!(kim.id), &json!("logout")));
    world.confidential_app("robot").await;
    world.anonymous().basic("robot", "guess").form("/oauth2/token", &[("grant_type", "client_credentials")]).await;
    assert_eq!(world.the("client_auth.failed").await["reason"], "Client credentials are invalid.");
}

// Checklist 116.
#[tokio::test]
async fn nothing_secret_is_in_any_record() {
    let world = World::new().await;
    world.app("shop").await;
    let admin = world.admin().await;
    let made = admin.post(USERS, json!({"userName": "eve", "password": "recognisable-Pass-1"})).await.is(201).at("/id");
    admin.scim_patch(&made, json!([{"op": "replace", "value": {"password": "recognisable-Pass-2"}}])).await.is(200);
    let client = admin.post(APPS, json!({"name": "back"})).await.is(201).at("/clientSecret");
    let flow = world.authorize("shop", &[("nonce", "recognisable-nonce")]).await.flow_id();
    // A password in the field of the name, and one in its own.
    world.anonymous().password(&flow, "recognisable-name", "recognisable-wrong").await.is(200);
    let done = world.anonymous().password(&flow, "eve", "recognisable-Pass-2").await;
    let code = done.is_step("SUCCESS_COMPLETED").code();
    let tokens = world.anonymous().exchange("shop", &code).await;
    let refresh = tokens.is(200).at("/refresh_token");
    let next = world.anonymous().refresh("shop", &refresh).await.is(200).at("/refresh_token");
    world.anonymous().exchange("shop", &code).await.is(400);
    world.anonymous().basic("admin", "recognisable-guess").get(USERS).await.is(401);
    world.anonymous().basic("recognisable-admin", "recognisable-guess").get(USERS).await.is(401);
    world.anonymous().bearer("recognisable-token").get(USERS).await.is(401);
    let told = admin.get(&format!("{AUDIT}/export")).await.is(200).text();
    assert!(told.lines().count() > 8, "{told}");
    let cookie = done.header("set-cookie").unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
    let tokens = ["/access_token", "/id_token"].map(|at| tokens.at(at));
    for secret in
        ["recognisable", &client, &code, &refresh, &next, &flow, &cookie].into_iter().chain(tokens.iter().map(|t| &**t))
    {
        assert!(secret.len() > 10 && !told.contains(secret), "{secret} in {told}");
    }
    assert!(!told.contains("eve@") && !told.contains("\"eve\""), "{told}");
}

// Checklist 111.
#[tokio::test]
async fn a_tenant_sees_its_own_records_alone() {
    let world = World::new().await;
    let (acme, other) = (world.tenant("acme").await, world.tenant("other").await);
    let root = world.admin().await;
    let (acme, other) = (world.admin_of(&acme, "anna").await, world.admin_of(&other, "otto").await);
    let kim = acme.post(USERS, json!({"userName": "kim"})).await.is(201).at("/id");
    let seen = async |caller: &Caller, query: &str| {
        let found = caller.get(&format!("{AUDIT}?{query}")).await.is(200).json();
        found["records"].as_array().unwrap().len()
    };
    assert_eq!(seen(&acme, "").await, 2);
    assert_eq!(seen(&acme, &format!("user={kim}")).await, 1);
    for caller in [&root, &other] {
        assert_eq!(seen(caller, "").await, 0);
        assert_eq!(seen(caller, &format!("user={kim}")).await, 0);
        assert!(!caller.get(&format!("{AUDIT}/export")).await.is(200).text().contains(&kim));
    }
    root.clone().at("/t/acme").get(AUDIT).await.is(200);
    other.clone().at("/t/acme").get(AUDIT).await.is(401);
}

// Checklist 111.
#[tokio::test]
async fn a_tenant_is_not_told_which_names_the_root_tenant_has() {
    let world = World::new().await;
    let acme = world.tenant("acme").await;
    let acme = world.admin_of(&acme, "anna").await;
    let kim = world.user("kim").await.id.to_string();
    for name in ["kim", "nobody"] {
        world.anonymous().at("/t/acme").basic(name, "wrong").get(USERS).await.is(401);
    }
    let seen = acme.get(&format!("{AUDIT}?what=login.*")).await.is(200).json();
    let shapes: Vec<_> = seen["records"].as_array().unwrap().iter().map(|record| &record["event"]).collect();
    assert_eq!(shapes.len(), 2);
    assert!(shapes.iter().all(|event| event["user"].is_null() && event["details"]["name"].is_string()), "{shapes:?}");
    // The root tenant's operators see who was guessed at.
    let told = world.told_of("login.failed").await;
    let of_kim: Vec<_> = told.iter().filter(|event| event["user"] == kim.as_str()).collect();
    assert_eq!(of_kim.len(), 1);
    assert_eq!(of_kim[0]["tenant"], "carbon.super");
}

// Checklist 110.
#[tokio::test]
async fn the_log_is_read_with_its_own_right_alone() {
    let world = World::new().await;
    world.scoped_app("siem", &["internal_audit_view", "internal_user_mgt_view"]).await;
    world.as_app("siem", "internal_audit_view").await.get(AUDIT).await.is(200);
    let without = world.as_app("siem", "internal_user_mgt_view").await;
    without.get(AUDIT).await.is(403);
    without.get(&format!("{AUDIT}/export")).await.is(403);
    without.get(&format!("{AUDIT}/webhooks")).await.is(403);
    let hook = json!({"url": "https://siem.example"});
    world.as_app("siem", "internal_audit_view").await.post(&format!("{AUDIT}/webhooks"), hook).await.is(403);
    let refused = world.told_of("admin.refused").await;
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|event| event["actor"].as_str().unwrap().starts_with("app:")));
}

#[tokio::test]
async fn records_are_found_by_what_who_where_and_when_a_page_at_a_time() {
    let world = World::new().await;
    let app = world.app("shop").await;
    let admin = world.admin().await;
    let (kim, _) = (world.user("kim").await, world.user("ann").await);
    for name in ["kim", "ann", "kim"] {
        traced(&world).sign_in("shop", name, &[]).await;
        world.wait(hours(1));
    }
    let flow = world.authorize("shop", &[]).await.flow_id();
    world.anonymous().password(&flow, "kim", "wrong").await.is(200);
    let seqs = async |query: &str| {
        let found = admin.get(&format!("{AUDIT}?{query}")).await.is(200).json();
        let records = found["records"].as_array().unwrap().clone();
        records.iter().map(|record| record["seq"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(seqs("").await, [1, 2, 3, 4]);
    assert_eq!(seqs("what=login.failed").await, [4]);
    assert_eq!(seqs("what=login.*,token.issued").await, [1, 2, 3, 4]);
    assert_eq!(seqs(&format!("user={}", kim.id)).await, [1, 3, 4]);
    assert_eq!(seqs(&format!("app={}&trace={TRACE}", app.id)).await, [1, 2, 3]);
    let second = world.told().await[1]["flow"].as_str().unwrap().to_owned();
    assert_eq!(seqs(&format!("flow={second}")).await, [2]);
    let at = |span| (START + span).to_string();
    assert_eq!(seqs(&format!("since={}", at(hours(1)))).await, [2, 3, 4]);
    assert_eq!(seqs(&format!("since={}&until={}", at(hours(1)), at(hours(2)))).await, [2]);
    assert_eq!(seqs(&format!("since={}", at(hours(9)))).await, [0; 0]);
    let page = admin.get(&format!("{AUDIT}?limit=3")).await.is(200).json();
    assert_eq!((page["records"].as_array().unwrap().len(), &page["next"], &page["more"]), (3, &json!(3), &json!(true)));
    assert_eq!(seqs("after=3&limit=3").await, [4]);
    let export = admin.get(&format!("{AUDIT}/export?limit=2")).await;
    assert_eq!((export.text().lines().count(), export.header("vestibule-next")), (2, Some("2")));
    for bad in ["what=login", "user=kim", "since=yesterday", "limit=many", "colour=red"] {
        admin.get(&format!("{AUDIT}?{bad}")).await.is(400);
    }
}

#[tokio::test]
async fn what_operators_and_users_change_is_told_with_who_did_it() {
    let world = World::new().await;
    let admin = world.admin().await;
    let kim = admin.post(USERS, json!({"userName": "kim"})).await.is(201).at("/id");
    admin.get(&format!("{USERS}/{kim}")).await.is(200);
    admin.delete(&format!("{USERS}/{kim}")).await.is(204);
    admin.delete(&format!("{USERS}/{kim}")).await.is(404);
    let told = world.told().await;
    let told: Vec<_> =
        told.iter().map(|event| (event["what"].as_str().unwrap(), &event["details"]["method"])).collect();
    let none = &Value::Null;
    let (post, delete) = (&json!("POST"), &json!("DELETE"));
    assert_eq!(told, [("user.created", none), ("admin.write", post), ("user.deleted", none), ("admin.write", delete)]);
    let write = &world.told_of("admin.write").await[1];
    assert!(write["actor"].as_str().unwrap().starts_with("administrator:"));
    assert_eq!(write["details"], json!({"method": "DELETE", "route": "/scim2/Users/{id}", "id": kim, "status": "204"}));
    world.household("ann").await;
    world.signed_in("ann").await.post(crate::me::CODES, json!({})).await;
    let enrolled = world.the("factor.enrolled").await;
    assert_eq!(
        (&enrolled["details"]["kind"], &enrolled["actor"]),
        (&json!("backup-codes"), &json!(format!("user:{}", enrolled["user"].as_str().unwrap())))
    );
}

#[tokio::test]
async fn the_log_is_signed_when_there_is_something_new_and_pruned_when_it_is_old() {
    let world = World::shop().await;
    let keeping = Keeping { records: 3, span: minutes(5), keep: days(10) };
    let signed = async || {
        world.house.keep_audit(&keeping).await.unwrap();
        world.store().checkpoint_before(1_000).await.unwrap().map(|checkpoint| (checkpoint.seq, checkpoint.anchor))
    };
    assert_eq!(signed().await, None, "there is nothing to sign");
    world.house.keyring.prepare(&"carbon.super".parse().unwrap()).await.unwrap();
    assert_eq!(signed().await, Some((3, false)), "the making of three keys");
    world.anonymous().sign_in("shop", "kim", &[]).await;
    assert_eq!(signed().await, Some((3, false)), "too few and too soon");
    world.anonymous().sign_in("shop", "kim", &[]).await;
    world.wait(minutes(5));
    assert_eq!(signed().await, Some((5, false)));
    for _ in 0..3 {
        world.anonymous().sign_in("shop", "kim", &[]).await;
    }
    assert_eq!(signed().await, Some((8, false)));
    let elsewhere = async |seq| world.store().checkpoint_before(seq).await.unwrap();
    let (old, new) = (elsewhere(5).await, elsewhere(8).await);
    world.wait(days(11));
    world.anonymous().sign_in("shop", "kim", &[]).await;
    assert_eq!(signed().await.map(|(seq, _)| seq), Some(9));
    let Checked::Sound(summary) = check(world.store(), None).await.unwrap() else { panic!("it is not sound") };
    assert_eq!((summary.after, summary.records, summary.last), (8, 2, 10));
    // What was removed can no longer be held against an older checkpoint: an anchor could hide that all was rewritten.
    assert!(matches!(check(world.store(), new.as_ref()).await.unwrap(), Checked::Sound(_)));
    let Checked::Broken(finding) = check(world.store(), old.as_ref()).await.unwrap() else { panic!("it was compared") };
    assert_eq!(finding.to_string(), "record 5: missing");
    assert_eq!(world.the("audit.pruned").await["details"]["until"], "8");
    signed().await;
    assert!(world.is_sound().await);
}
