//! The attributes of a user as a table, from which `/scim2/Schemas` is made (RFC 7643 §7).

use serde_json::{Value, json};

use super::{FACTORS, OWN, USER, WSO2};

/// An attribute.
struct Attribute {
    name: &'static str,
    kind: Kind,
    parts: &'static [Attribute],
    note: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    /// The user name: required and unique.
    Name,
    /// Written and never read.
    Password,
    Switch,
    Parts,
    /// Several values with parts.
    Several,
    /// Read and never written.
    Shown,
    /// Several of these with parts.
    Listed,
}

const fn attribute(name: &'static str, kind: Kind, note: &'static str) -> Attribute {
    Attribute { name, kind, parts: &[], note }
}

const CONTACT: &[Attribute] = &[
    attribute("value", Kind::Text, "The address or number."),
    attribute("type", Kind::Text, "Where it belongs: work, home, mobile."),
    attribute("primary", Kind::Switch, "The one that is used first."),
];

const OF_USER: &[Attribute] = &[
    attribute("userName", Kind::Name, "The name by which the user signs in."),
    attribute("password", Kind::Password, "A new password."),
    Attribute {
        name: "name",
        kind: Kind::Parts,
        parts: &[
            attribute("formatted", Kind::Text, "The whole name."),
            attribute("givenName", Kind::Text, "The given name."),
            attribute("familyName", Kind::Text, "The family name."),
        ],
        note: "The parts of the person's name.",
    },
    attribute("displayName", Kind::Text, "The name that is shown."),
    attribute("nickName", Kind::Text, "The name by which the person is called."),
    attribute("locale", Kind::Text, "A language tag."),
    attribute("timezone", Kind::Text, "A time zone of the IANA database."),
    attribute("active", Kind::Switch, "Whether the user may sign in."),
    Attribute { name: "emails", kind: Kind::Several, parts: CONTACT, note: "Email addresses." },
    Attribute { name: "phoneNumbers", kind: Kind::Several, parts: CONTACT, note: "Telephone numbers." },
];

const OF_WSO2: &[Attribute] = &[
    attribute(
        "accountLocked",
        Kind::Switch,
        "Locked by an administrator. False also lifts the locks that wrong answers brought.",
    ),
    attribute("forcePasswordReset", Kind::Switch, "Another password is wanted at the next login."),
];

const OF_OWN: &[Attribute] = &[attribute(
    "passwordHash",
    Kind::Password,
    "The hash of the user's password that another server made, instead of a password.",
)];

const OF_FACTORS: &[Attribute] = &[Attribute {
    name: "factors",
    kind: Kind::Listed,
    parts: &[
        attribute("id", Kind::Shown, "Names it to operators."),
        attribute("kind", Kind::Shown, "totp, backup-codes, passkey, push-device or federated."),
        attribute("label", Kind::Shown, "The name that the user gave it."),
        attribute("created", Kind::Shown, "When it was enrolled."),
        attribute("lastUsed", Kind::Shown, "When it was last used."),
    ],
    note: "What the user holds besides a password. Shown with one user, not in lists.",
}];

/// All schemas; `url` makes the address of a path.
pub(super) fn all(url: impl Fn(&str) -> String) -> Vec<Value> {
    let tables = [
        (USER, "User", "A user.", OF_USER),
        (WSO2, "WSO2", "WSO2's extension of a user.", OF_WSO2),
        (OWN, "Vestibule", "What is written when users come from another server.", OF_OWN),
        (FACTORS, "Factors", "What a user holds besides a password.", OF_FACTORS),
    ];
    let schema = |(id, name, note, attributes): (&str, &str, &str, &[Attribute])| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id, "name": name, "description": note,
            "attributes": attributes.iter().map(Attribute::describe).collect::<Vec<_>>(),
            "meta": {"resourceType": "Schema", "location": url(&format!("/scim2/Schemas/{id}"))},
        })
    };
    tables.into_iter().map(schema).collect()
}

impl Attribute {
    /// As RFC 7643 §7 describes one.
    fn describe(&self) -> Value {
        let kind = match self.kind {
            Kind::Text | Kind::Name | Kind::Password | Kind::Shown => "string",
            Kind::Switch => "boolean",
            Kind::Parts | Kind::Several | Kind::Listed => "complex",
        };
        let (mutability, returned) = match self.kind {
            Kind::Password => ("writeOnly", "never"),
            Kind::Shown | Kind::Listed => ("readOnly", "default"),
            _ => ("readWrite", "default"),
        };
        let mut described = json!({
            "name": self.name, "type": kind, "multiValued": matches!(self.kind, Kind::Several | Kind::Listed), "description": self.note,
            "required": self.kind == Kind::Name, "caseExact": self.kind == Kind::Password, "mutability": mutability,
            "returned": returned, "uniqueness": if self.kind == Kind::Name { "server" } else { "none" },
        });
        if let (false, Some(members)) = (self.parts.is_empty(), described.as_object_mut()) {
            let parts = self.parts.iter().map(Self::describe).collect();
            members.insert("subAttributes".to_owned(), Value::Array(parts));
        }
        described
    }
}
