use vestibule_core::flow::authenticator::PromptKind;

use super::*;

#[test]
fn the_form_asks_for_name_and_password_in_the_order_that_clients_fill() {
    let prompt = SPEC.form(PromptKind::User);
    assert_eq!(prompt.required, ["username", "password"]);
    assert_eq!(
        prompt.params.iter().map(|param| (param.name, param.order)).collect::<Vec<_>>(),
        [("username", 0), ("password", 1)]
    );
}
