//! A patch (RFC 7644 §3.5.2): a list of verbs, done one after the other, all or none.

use serde_json::Value;
use vestibule_core::admin::UserDraft;
use vestibule_core::error::Error;

use super::super::management::{invalid, printable};
use super::PATCH;
use super::edit::{Target, Verb, attribute, members};
use super::users::check_schemas;
use super::value::{object, several, text};

/// Most operations of one patch.
const MOST: usize = 100;

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    verb: Verb,
    target: Option<Target>,
    value: Value,
}

/// Reads a patch.
pub(super) fn read(body: &Value) -> Result<Vec<Operation>, Error> {
    let mut found = None;
    for (name, value) in object("The body", body)? {
        match name.to_ascii_lowercase().as_str() {
            "schemas" => check_schemas(value, &[PATCH])?,
            "operations" => found = Some(several(value)),
            _ => return Err(invalid(format!("{} is unknown.", printable(name)))),
        }
    }
    let operations =
        found.filter(|operations| !operations.is_empty()).ok_or_else(|| invalid("Operations is missing."))?;
    if operations.len() > MOST {
        return Err(invalid(format!("Operations must be at most {MOST}.")));
    }
    operations.iter().map(Operation::read).collect()
}

impl Operation {
    fn read(body: &Value) -> Result<Self, Error> {
        let (mut verb, mut target, mut value) = (None, None, Value::Null);
        for (name, given) in object("Each of Operations", body)? {
            match name.to_ascii_lowercase().as_str() {
                "op" => verb = Some(read_verb(given)?),
                "path" => target = text("Operations.path", given)?.map(|path| Target::read(&path)).transpose()?,
                "value" => value = given.clone(),
                _ => {
                    return Err(invalid(format!("Operations.{} is unknown.", printable(name))));
                }
            }
        }
        let verb = verb.ok_or_else(|| invalid("Operations.op is missing."))?;
        if verb == Verb::Remove && target.is_none() {
            return Err(invalid("Operations.path is missing: remove needs one."));
        }
        Ok(Self { verb, target, value })
    }

    /// Does it to a draft.
    pub(super) fn apply(&self, draft: &mut UserDraft) -> Result<(), Error> {
        match &self.target {
            Some(target) => attribute(draft, self.verb, target, &self.value),
            None => members(draft, self.verb, &self.value),
        }
    }
}

/// Microsoft Entra writes the verbs with a capital.
fn read_verb(value: &Value) -> Result<Verb, Error> {
    let verb = value.as_str().map(str::to_ascii_lowercase);
    match verb.as_deref() {
        Some("add") => Ok(Verb::Add),
        Some("replace") => Ok(Verb::Replace),
        Some("remove") => Ok(Verb::Remove),
        _ => Err(invalid("Operations.op must be add, replace or remove.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kim() -> UserDraft {
        let mut draft = UserDraft::new("kim");
        let body = json!({
            "displayName": "Kim", "name": {"givenName": "Kim", "familyName": "Berry"},
            "emails": [{"value": "kim@example.com", "type": "work", "primary": true}, {"value": "k@home.example", "type": "home"}],
        });
        members(&mut draft, Verb::Add, &body).unwrap();
        draft
    }

    fn patched(operations: Value) -> Result<UserDraft, String> {
        let mut draft = kim();
        let told = |error: Error| error.description().to_owned();
        let operations = read(&json!({"schemas": [PATCH], "Operations": operations})).map_err(told)?;
        operations.iter().try_for_each(|operation| operation.apply(&mut draft)).map_err(told)?;
        Ok(draft)
    }

    fn emails(draft: &UserDraft) -> Vec<(&str, Option<&str>, bool)> {
        let emails = draft.profile.emails.iter();
        emails.map(|email| (email.value.as_str(), email.kind.as_deref(), email.primary)).collect()
    }

    #[test]
    fn texts_are_added_replaced_and_removed() {
        let draft = patched(json!([
            {"op": "Replace", "path": "userName", "value": "kim2"},
            {"op": "add", "path": "nickname", "value": "K"},
            {"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName", "value": "Kimberly"},
            {"op": "remove", "path": "displayName"},
            {"op": "replace", "path": "active", "value": "False"},
            {"op": "add", "value": {"locale": "en-GB", "name.familyName": "Blue", "timezone": null}},
        ]))
        .unwrap();
        let profile = &draft.profile;
        assert_eq!((draft.name.as_str(), draft.active, draft.locked), ("kim2", false, None));
        assert_eq!((profile.nick_name.as_deref(), profile.display_name.as_deref()), (Some("K"), None));
        assert_eq!((profile.given_name.as_deref(), profile.family_name.as_deref()), (Some("Kimberly"), Some("Blue")));
        assert_eq!(profile.locale.as_deref(), Some("en-GB"));
        let nameless = patched(json!([{"op": "remove", "path": "name"}])).unwrap();
        assert_eq!((nameless.profile.given_name, nameless.profile.family_name), (None, None));
    }

    #[test]
    fn a_lock_is_set_in_every_spelling() {
        for operation in [
            json!({"op": "replace", "value": {"urn:scim:wso2:schema": {"accountLocked": true}}}),
            json!({"op": "replace", "path": "urn:scim:wso2:schema:accountLocked", "value": true}),
            json!({"op": "add", "path": "URN:SCIM:WSO2:SCHEMA", "value": {"accountlocked": "true"}}),
        ] {
            assert_eq!(patched(json!([operation])).unwrap().locked, Some(true), "{operation}");
        }
    }

    #[test]
    fn one_of_several_addresses_is_changed() {
        let draft =
            patched(json!([{"op": "replace", "path": "emails[type eq \"work\"].value", "value": "new@example.com"}]));
        assert_eq!(
            emails(&draft.unwrap()),
            [("new@example.com", Some("work"), true), ("k@home.example", Some("home"), false)]
        );
        let draft = patched(
            json!([{"op": "replace", "path": "emails[value eq \"k@home.example\"]", "value": {"primary": true}}]),
        );
        assert_eq!(
            emails(&draft.unwrap()),
            [("kim@example.com", Some("work"), false), ("k@home.example", Some("home"), true)]
        );
        let draft = patched(json!([{"op": "remove", "path": "emails[type eq \"home\"]"}]));
        assert_eq!(emails(&draft.unwrap()), [("kim@example.com", Some("work"), true)]);
        let draft =
            patched(json!([{"op": "Add", "path": "emails[type eq \"other\"].value", "value": "o@example.com"}]));
        assert_eq!(emails(&draft.unwrap())[2], ("o@example.com", Some("other"), false));
    }

    #[test]
    fn addresses_are_added_replaced_and_removed_as_a_whole() {
        let draft = patched(
            json!([{"op": "add", "path": "emails", "value": [{"value": "n@example.com", "primary": true}, "kim@example.com"]}]),
        );
        assert_eq!(
            emails(&draft.unwrap()),
            [
                ("kim@example.com", Some("work"), false),
                ("k@home.example", Some("home"), false),
                ("n@example.com", None, true)
            ]
        );
        let draft = patched(json!([{"op": "replace", "value": {"emails": ["n@example.com"]}}]));
        assert_eq!(emails(&draft.unwrap()), [("n@example.com", None, false)]);
        assert!(emails(&patched(json!([{"op": "remove", "path": "emails"}])).unwrap()).is_empty());
    }

    #[test]
    fn what_cannot_be_read_or_done_is_named() {
        for (operation, sentence) in [
            (json!({"op": "move"}), "Operations.op must be add, replace or remove."),
            (json!({"path": "userName"}), "Operations.op is missing."),
            (json!({"op": "remove"}), "Operations.path is missing: remove needs one."),
            (json!({"op": "add", "from": "x"}), "Operations.from is unknown."),
            (json!({"op": "add", "path": "nothing", "value": 1}), "nothing is unknown."),
            (json!({"op": "add", "path": "name.middleName", "value": "x"}), "name.middleName is unknown."),
            (json!({"op": "add", "value": {"nothing": 1}}), "nothing is unknown."),
            (
                json!({"op": "add", "path": "emails[type eq work]", "value": 1}),
                "The path emails[type?eq?work] cannot be read.",
            ),
            (json!({"op": "add", "path": "userName.x", "value": "x"}), "userName.x is unknown."),
            (json!({"op": "add", "path": "userName[type eq \"x\"]", "value": "x"}), "userName is unknown."),
            (
                json!({"op": "replace", "path": "emails[type eq \"other\"].value", "value": "x"}),
                "The path matches none of emails.",
            ),
            (json!({"op": "replace", "path": "emails.value", "value": "x"}), "emails.value is unknown."),
            (json!({"op": "add", "value": {"emails": [{"verified": true}]}}), "emails.verified is unknown."),
            (json!({"op": "remove", "path": "password"}), "password cannot be removed."),
            (json!({"op": "replace", "path": "id", "value": "x"}), "id cannot be changed."),
            (json!({"op": "replace", "path": "active", "value": 1}), "active must be a boolean."),
            (json!({"op": "replace", "path": "userName", "value": null}), "userName must be a string."),
        ] {
            assert_eq!(patched(json!([operation])).unwrap_err(), sentence, "{operation}");
        }
        assert_eq!(patched(json!([])).unwrap_err(), "Operations is missing.");
    }
}
