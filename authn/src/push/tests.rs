use vestibule_core::flow::authenticator::PromptKind;

use super::*;

#[test]
fn whoever_is_not_known_is_asked_for_a_name_alone() {
    assert_eq!(SPEC.form(PromptKind::User).required, ["username"]);
}

#[test]
fn a_refusal_on_the_device_asks_no_device_again() {
    let Outcome::Wrong { message, then: Then::Repeat(_) } = denied(Memo::default()) else { panic!("not repeated") };
    assert_eq!(message.key, Some("error.push.user.denied.consent"));
}
