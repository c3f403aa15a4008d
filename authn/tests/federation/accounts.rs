//! Whose account at a provider it is.

use serde_json::json;
use vestibule_core::credential::Held;
use vestibule_core::flow::authenticator::Outcome;
use vestibule_core::ports::store::Edit;
use vestibule_core::user::User;

use crate::tokens::{KEY, claims, give, is_wrong, provider};
use crate::world::{World, sign};

/// Whose it is, and the names of what it brings about.
fn told(outcome: &Outcome) -> (Option<&User>, Vec<&'static str>) {
    let Outcome::Proved { whose, effects, .. } = outcome else { panic!("{outcome:?}") };
    let name = |edit: &Edit| match edit {
        Edit::Provision(_) => "provision",
        Edit::Enrol(_) => "enrol",
        Edit::Use { .. } => "use",
        _ => "another",
    };
    (whose.as_deref(), effects.edits.iter().map(name).collect())
}

async fn signed_in(world: &World) -> Outcome {
    give(world, sign(&KEY, &claims(world).await));
    world.come_back().await
}

#[tokio::test]
async fn a_stranger_becomes_a_user_once() {
    let mut world = provider("once");
    let first = signed_in(&world).await;
    let (user, edits) = told(&first);
    let user = user.unwrap();
    assert_eq!(edits, ["provision", "enrol"]);
    assert_eq!((user.profile.given_name.as_deref(), user.profile.family_name.as_deref()), (Some("Kim"), Some("Doe")));
    assert!(user.password.is_none() && !user.administrator && user.active);
    // Not verified here: the connection's word on addresses is not let count.
    assert_eq!(
        user.profile.email().map(|email| (email.value.as_str(), email.verified)),
        Some(("kim@example.com", false))
    );
    world.keep(&first).await;
    let again = signed_in(&world).await;
    assert_eq!(told(&again).0.map(|again| again.id), Some(user.id));
    assert!(told(&again).1.is_empty());
    world.now += 24 * 60 * 60;
    let mut later = claims(&world).await;
    later["exp"] = json!(world.now + 300);
    give(&world, sign(&KEY, &later));
    assert_eq!(told(&world.come_back().await).1, ["use"]);
}

#[tokio::test]
async fn without_provisioning_a_stranger_stays_one() {
    let mut world = provider("stranger");
    world.connection.provisioning.just_in_time = false;
    assert!(is_wrong(&signed_in(&world).await));
}

#[tokio::test]
async fn an_address_links_only_where_both_sides_verified_it_and_the_operator_allows_it() {
    for (allowed, here, there, expected) in
        [(true, true, true, true), (false, true, true, false), (true, false, true, false), (true, true, false, false)]
    {
        let mut world = provider("email");
        world.connection.provisioning.just_in_time = false;
        world.connection.provisioning.link_by_email = allowed;
        let user = world.add_user("Kim@Example.com", "kim@example.com", here).await;
        let mut claims = claims(&world).await;
        claims["email_verified"] = json!(there);
        give(&world, sign(&KEY, &claims));
        let outcome = world.come_back().await;
        if expected {
            assert_eq!(told(&outcome).0.map(|whose| whose.id), Some(user.id));
            assert_eq!(told(&outcome).1, ["enrol"]);
        } else {
            assert!(is_wrong(&outcome), "{allowed} {here} {there}");
        }
    }
}

#[tokio::test]
async fn an_administrator_is_not_found_by_an_address() {
    use vestibule_core::ports::store::Users;
    let mut world = provider("administrator");
    world.connection.provisioning.just_in_time = false;
    world.connection.provisioning.link_by_email = true;
    let mut user = world.add_user("kim@example.com", "kim@example.com", true).await;
    user.administrator = true;
    user.revision = 2;
    world.store.save_user(&user, 1, false, user.created).await.unwrap();
    assert!(is_wrong(&signed_in(&world).await));
}

#[tokio::test]
async fn a_name_that_is_taken_is_left_to_its_user() {
    let world = provider("taken");
    world.add_user("kim@example.com", "other@example.com", true).await;
    let outcome = signed_in(&world).await;
    assert_eq!(told(&outcome).0.unwrap().name, "Example.248289761001");
    world.keep(&outcome).await;
    world.add_user("Example.2", "x@example.com", true).await;
    let mut claims = claims(&world).await;
    claims["sub"] = json!("2");
    give(&world, sign(&KEY, &claims));
    assert!(is_wrong(&world.come_back().await));
}

#[tokio::test]
async fn the_mapping_decides_which_claim_goes_where() {
    let mut world = provider("mapping");
    let mapping = [("nick", "userName"), ("first", "name.givenName"), ("lang", "locale"), ("email", "emails")];
    world.connection.mapping = mapping.map(|(from, to)| (from.to_owned(), to.to_owned())).to_vec();
    world.connection.provisioning.link_by_email = true;
    let mut claims = claims(&world).await;
    claims["nick"] = json!("kimmy");
    claims["first"] = json!("Kimberly");
    claims["lang"] = json!("no language at all");
    give(&world, sign(&KEY, &claims));
    let outcome = world.come_back().await;
    let user = told(&outcome).0.unwrap();
    assert_eq!((user.name.as_str(), user.profile.given_name.as_deref()), ("kimmy", Some("Kimberly")));
    assert_eq!((&user.profile.family_name, &user.profile.locale), (&None, &None));
    assert!(user.profile.email().unwrap().verified);
}

#[tokio::test]
async fn a_later_step_takes_only_the_account_of_the_flows_user() {
    let mut world = provider("later");
    let own = signed_in(&world).await;
    world.keep(&own).await;
    let owner = told(&own).0.unwrap().clone();
    let other = world.add_user("lee", "lee@example.com", true).await;
    world.proven = true;
    world.app.enrolment = true;
    world.user = Some(owner);
    assert_eq!(told(&signed_in(&world).await), (None, vec![]));
    world.user = Some(other);
    assert!(is_wrong(&signed_in(&world).await));
    world.user = None;
    world.shadow = true;
    assert!(is_wrong(&signed_in(&world).await));
}

#[tokio::test]
async fn an_account_joins_a_user_who_has_proved_something_and_has_none_there() {
    let mut world = provider("join");
    let user = world.add_user("lee", "lee@example.com", true).await;
    world.user = Some(user.clone());
    assert!(is_wrong(&signed_in(&world).await), "nothing is proved");
    world.proven = true;
    assert!(is_wrong(&signed_in(&world).await), "the application does not let users enrol");
    world.app.enrolment = true;
    let joined = signed_in(&world).await;
    assert_eq!(told(&joined), (None, vec!["enrol"]));
    let Outcome::Proved { effects, .. } = &joined else { panic!() };
    let Edit::Enrol(credential) = &effects.edits[0] else { panic!() };
    assert_eq!(credential.user, user.id);
    assert!(matches!(&credential.held, Held::Federated(account) if account.connection == "Example"));
    world.keep(&joined).await;
    let mut claims = claims(&world).await;
    claims["sub"] = json!("another account there");
    give(&world, sign(&KEY, &claims));
    assert!(is_wrong(&world.come_back().await));
}
