//! Examples that come from the parts themselves: for every authenticator the step that asks and the answer to it.

use serde_json::{Map, Value, json};
use vestibule_core::application::StepOption;
use vestibule_core::flow::authenticator::{PromptKind, Spec};
use vestibule_core::flow::{Completion, Message, Offer, Step};

use super::super::native::wire::{CompletionBody, StepBody};
use super::super::{App, Style};

const FLOW: &str = "AWtleTEJCQkJCQkJCQkJCQlX6eX90G1W5mdDuTuaPqPdkJwCjMU";

/// Steps as they are shown: one per authenticator, a choice among all, and a wrong answer.
pub(super) fn steps(app: &App) -> Value {
    let specs: Vec<_> = app.house().engine.registry().all().map(|found| found.spec()).collect();
    let mut examples = Map::new();
    for spec in &specs {
        let value = body(app, vec![offer(spec)], Vec::new());
        examples.insert(spec.name.to_owned(), json!({ "summary": spec.summary, "value": value }));
    }
    let choice = body(app, specs.iter().map(|spec| offer(spec)).collect(), Vec::new());
    examples.insert("choice".to_owned(), json!({ "summary": "A choice among several.", "value": choice }));
    if let Some(spec) = specs.first() {
        let told = Message::failed("The user name or the password is wrong. Please try again.", "login.fail.message");
        let wrong = body(app, vec![offer(spec)], vec![told]);
        examples.insert("wrong".to_owned(), json!({ "summary": "The last answer was wrong.", "value": wrong }));
    }
    examples.insert("done".to_owned(), json!({ "summary": "The login is over.", "value": done() }));
    Value::Object(examples)
}

/// Answers to each authenticator, and the selection of an option.
pub(super) fn answers(app: &App) -> Value {
    let mut examples = Map::new();
    for spec in app.house().engine.registry().all().map(|found| found.spec()) {
        let asked = spec.params.iter().filter(|param| param.asked);
        let params: Map<String, Value> = asked.map(|param| (param.name.to_owned(), sample(param.name))).collect();
        let value = answer(spec, Some(Value::Object(params)));
        examples
            .insert(spec.name.to_owned(), json!({ "summary": format!("Answers {}.", spec.display), "value": value }));
        let value = answer(spec, None);
        let selects = json!({ "summary": format!("Selects {}.", spec.display), "value": value });
        examples.insert(format!("{}-selected", spec.name), selects);
    }
    Value::Object(examples)
}

fn answer(spec: &Spec, params: Option<Value>) -> Value {
    let mut selected = json!({ "authenticatorId": StepOption::local(spec.name).id() });
    if let (Some(params), Some(members)) = (params, selected.as_object_mut()) {
        members.insert("params".to_owned(), params);
    }
    json!({ "flowId": FLOW, "selectedAuthenticator": selected })
}

fn sample(param: &str) -> Value {
    match param {
        "username" => "kim".into(),
        "password" => "correct horse battery staple".into(),
        _ => "…".into(),
    }
}

fn offer(spec: &'static Spec) -> Offer {
    let option = StepOption::local(spec.name);
    Offer {
        id: option.id(),
        authenticator: spec.display.to_owned(),
        idp: option.idp,
        i18n_key: Some(spec.i18n_key).filter(|key| !key.is_empty()),
        prompt: Some(spec.form(PromptKind::User)),
    }
}

fn body(app: &App, offers: Vec<Offer>, messages: Vec<Message>) -> Value {
    let failed = !messages.is_empty();
    let step = Step { flow_id: FLOW.to_owned(), failed, choice: offers.len() > 1, offers, messages };
    let settings = app.settings();
    let style = Style { codes: settings.error_codes, messages: settings.messages };
    let authn = format!("{}/oauth2/authn", app.house().urls.as_str());
    serde_json::to_value(StepBody::of(&step, style, &authn)).unwrap_or_default()
}

fn done() -> Value {
    let completion = Completion {
        code: "FmLvDKlFTs2KpQO9Yz1bC0pXkz6bS0eT9sTz1B2c3d4".to_owned(),
        session_state: Some("kz8xq2mVJt1Yk0r6mR0o3r7d6u1aN1yq4b0rR2o9y2s.Q2FuYXJ5U2FsdDEy".to_owned()),
        state: Some("s1".to_owned()),
        redirect_uri: "myapp://callback".to_owned(),
        cookie: String::new(),
        remembered_until: None,
    };
    serde_json::to_value(CompletionBody::of(&completion)).unwrap_or_default()
}
