use vestibule_core::ports::{PasswordHash, TenantId, UserId};

use super::*;

const DAY: Duration = Duration::from_secs(60 * 60 * 24);

fn user(change: impl FnOnce(&mut User)) -> User {
    let mut user = User {
        id: UserId::from_bytes([1; 16]),
        tenant: TenantId::root(),
        revision: 1,
        name: "kim".to_owned(),
        canonical: "kim".to_owned(),
        password: Some(PasswordHash("hash".to_owned())),
        administrator: false,
        active: true,
        locked: false,
        renew_password: false,
        password_set: None,
        profile: Profile::default(),
        created: Timestamp::from_seconds(0),
        modified: Timestamp::from_seconds(0),
    };
    change(&mut user);
    user
}

fn day(number: u64) -> Timestamp {
    Timestamp::from_seconds(0) + DAY * u32::try_from(number).unwrap()
}

// Checklist 4.
#[test]
fn a_password_is_due_when_it_is_too_old_or_unwanted() {
    let never = Duration::ZERO;
    assert!(!is_due(&user(|_| ()), never, day(10_000)));
    assert!(is_due(&user(|user| user.renew_password = true), never, day(0)));
    assert!(!is_due(&user(|_| ()), DAY * 30, day(29)));
    assert!(is_due(&user(|_| ()), DAY * 30, day(30)));
    assert!(!is_due(&user(|user| user.password_set = Some(day(20))), DAY * 30, day(49)));
    assert!(is_due(&user(|user| user.password_set = Some(day(20))), DAY * 30, day(50)));
}

#[test]
fn who_has_no_password_renews_none() {
    let bare = user(|user| (user.password, user.renew_password) = (None, true));
    assert!(!is_due(&bare, DAY, day(10)));
}

#[test]
fn a_new_password_is_strong_confirmed_and_another() {
    let told = |given| flaw(given, None).map(|(_, key)| key);
    assert_eq!(told(["old-kZ7 vq.p", "kZ7 vq.p+new", "kZ7 vq.p+new"]), None);
    assert_eq!(told(["old-kZ7 vq.p", "kZ7 vq.p+new", "kZ7 vq.p+neu"]), Some("new.password.mismatch"));
    let weak = |given| flaw(given, Some(Weakness::TooShort(8))).map(|(text, key)| (text.into_owned(), key));
    let sentence = "The password is shorter than 8 characters.".to_owned();
    assert_eq!(weak(["old", "new", "new"]), Some((sentence, "password.policy.violation")));
    assert_eq!(
        told(["caf\u{e9} noir 9", "cafe\u{301} noir 9", "cafe\u{301} noir 9"]),
        Some("new.password.same.as.old")
    );
}

#[test]
fn the_form_asks_for_the_old_password_and_twice_for_the_new_one() {
    let prompt = SPEC.form(PromptKind::User);
    assert_eq!(prompt.required, ["currentPassword", "newPassword", "newPasswordConfirmation"]);
    assert!(prompt.params.iter().all(|param| param.confidential));
    assert_eq!(prompt.params.iter().map(|param| param.order).collect::<Vec<_>>(), [0, 1, 2]);
}
