use vestibule_core::flow::authenticator::PromptKind;

use super::*;

#[test]
fn the_form_is_the_one_that_clients_know() {
    let prompt = SPEC.form(PromptKind::User);
    let shown: Vec<_> = prompt.params.iter().map(|param| (param.name, param.order, param.kind.as_str())).collect();
    assert_eq!(
        shown,
        [
            ("promptResp", 1, "STRING"),
            ("promptId", 2, "STRING"),
            ("ActiveSessionsLimitAction", 3, "STRING"),
            ("sessionsToTerminate", 4, "MULTI_VALUED"),
        ]
    );
}

#[test]
fn the_step_proves_nothing() {
    assert_eq!((SPEC.factor, SPEC.identifier), (None, None));
}
