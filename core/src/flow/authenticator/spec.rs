//! What a way of signing in is called and what it takes.

use std::collections::BTreeMap;

use super::{Factor, Prompt, PromptKind};

/// What a way of signing in is called and what it takes.
#[derive(Debug)]
pub struct Spec {
    /// Name, as in an application's steps. One that ends with `*` stands for all names that begin so.
    pub name: &'static str,
    /// Display name, which shipped clients compare literally.
    pub display: &'static str,
    /// Translation key of the display name.
    pub i18n_key: &'static str,
    /// A sentence for the API's documentation.
    pub summary: &'static str,
    /// Every parameter it may take in some phase.
    pub params: &'static [Param],
    /// What it proves; nothing when it only names the user or asks for something to be done.
    pub factor: Option<Factor>,
    /// The parameter that names the user, when it can.
    pub identifier: Option<&'static str>,
    /// What it sends, when it sends something.
    pub sending: Option<Sending>,
    /// Wrong answers in one flow after which the flow ends (60013), unless the application says otherwise.
    pub tries: Option<u32>,
    /// Its questions are derived from the flow and leave no trace: an answer may come although nothing was remembered.
    pub traceless: bool,
    /// An answer without parameters asks how things stand, once it has begun.
    pub polls: bool,
    /// It speaks with a connection: another identity provider, or a service of the operator's.
    pub connected: bool,
    /// Steps that may follow it, by name; each is passed in silence where it is needless.
    pub followed_by: &'static [&'static str],
    /// What enrols a user for it inside a login, by name.
    pub enrolled_by: Option<&'static str>,
    /// What it enrols a user for: its proof is that one's.
    pub enrols: Option<&'static str>,
}

/// What is sent, and how it may be sent again.
#[derive(Debug)]
pub struct Sending {
    /// How often it may be sent again in one flow, unless the application says otherwise.
    pub resends: u32,
    /// Message key of one time too many.
    pub exhausted: &'static str,
}

impl Spec {
    /// One that has none of the rarer traits.
    pub const PLAIN: Self = Self {
        name: "",
        display: "",
        i18n_key: "",
        summary: "",
        params: &[],
        factor: None,
        identifier: None,
        sending: None,
        tries: None,
        traceless: false,
        polls: false,
        connected: false,
        followed_by: &[],
        enrolled_by: None,
        enrols: None,
    };

    /// The form of every parameter that is asked for.
    pub fn form(&'static self, kind: PromptKind) -> Prompt {
        self.prompt(kind, |param| param.asked)
    }

    /// The form of these parameters, in the order of the spec.
    pub fn ask(&'static self, kind: PromptKind, names: &[&str]) -> Prompt {
        self.prompt(kind, |param| names.contains(&param.name))
    }

    /// No form, but answers by these parameters.
    pub fn demand(&'static self, kind: PromptKind, names: &[&'static str]) -> Prompt {
        Prompt { kind, params: Vec::new(), required: names.to_vec(), additional: BTreeMap::new() }
    }

    fn prompt(&'static self, kind: PromptKind, wanted: impl Fn(&Param) -> bool) -> Prompt {
        let params: Vec<_> = self.params.iter().filter(|param| wanted(param)).collect();
        let required = params.iter().map(|param| param.name).collect();
        Prompt { kind, params, required, additional: BTreeMap::new() }
    }

    /// Whether an option of that name is one of these.
    pub fn is_called(&self, name: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(beginning) => name.len() > beginning.len() && name.starts_with(beginning),
            None => name == self.name,
        }
    }
}

/// A parameter of an authenticator.
#[derive(Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name, which shipped clients compare literally.
    pub name: &'static str,
    /// Other spellings that are accepted.
    pub aliases: &'static [&'static str],
    /// Its type.
    pub kind: ParamKind,
    /// Its place in the form.
    pub order: u32,
    /// Translation key of the display name.
    pub i18n_key: &'static str,
    /// Display name.
    pub display: &'static str,
    /// To be masked on the screen.
    pub confidential: bool,
    /// Shown in the prompt; others are accepted without being asked for.
    pub asked: bool,
}

impl Param {
    /// A text that is asked for.
    pub const fn text(name: &'static str, order: u32, i18n_key: &'static str, display: &'static str) -> Self {
        Self { name, aliases: &[], kind: ParamKind::String, order, i18n_key, display, confidential: false, asked: true }
    }

    /// A text that is asked for and masked.
    pub const fn secret(name: &'static str, order: u32, i18n_key: &'static str, display: &'static str) -> Self {
        Self { confidential: true, ..Self::text(name, order, i18n_key, display) }
    }

    /// A text that is taken and not asked for.
    pub const fn silent(name: &'static str) -> Self {
        Self { asked: false, ..Self::text(name, 0, "", "") }
    }

    /// The user's name.
    pub const USERNAME: Self = Self::text("username", 0, "username.param", "Username");

    /// Asks for what was sent to be sent again.
    pub const RESEND: Self = Self::silent("resendCode");
}

/// Type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// Several texts.
    MultiValued,
}

impl ParamKind {
    /// As it stands in the prompt's `type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Integer => "INTEGER",
            Self::MultiValued => "MULTI_VALUED",
        }
    }
}
