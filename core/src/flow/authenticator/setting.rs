//! What a connection for a way of signing in may be set to: one list per way, read by the checks, by the management API and
//! by the way itself, which finds its defaults there.

use crate::connection::Connection;
use crate::ports::web::is_address;

/// A setting of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its name, as WSO2's users script it.
    pub name: &'static str,
    /// Its name for people.
    pub display: &'static str,
    /// What it is for, as a sentence.
    pub summary: &'static str,
    /// What it holds.
    pub kind: SettingKind,
    /// A connection without it is no good.
    pub required: bool,
    /// What holds where it is absent; empty for nothing.
    pub default: &'static str,
}

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// Text.
    Text,
    /// An address that is called or opened: `https`, or `http` of this machine.
    Url,
    /// Such an address that is shown the connection's secrets.
    Endpoint,
    /// `true` or `false`.
    Switch,
    /// A whole number.
    Number,
    /// One of these.
    Choice(&'static [&'static str]),
    /// Text that is kept sealed and never shown.
    Secret,
}

/// Longest value in bytes: room for a set of keys.
const LONGEST: usize = 16 * 1024;

impl Setting {
    /// A text that may be absent.
    pub const fn text(name: &'static str, display: &'static str, summary: &'static str) -> Self {
        Self { name, display, summary, kind: SettingKind::Text, required: false, default: "" }
    }

    /// The setting of another kind.
    #[must_use]
    pub const fn of(self, kind: SettingKind) -> Self {
        Self { kind, ..self }
    }

    /// The setting, which may not be absent.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The setting with what holds where it is absent.
    #[must_use]
    pub const fn or(self, default: &'static str) -> Self {
        Self { default, required: false, ..self }
    }

    /// Whether it is kept sealed.
    pub const fn is_secret(&self) -> bool {
        matches!(self.kind, SettingKind::Secret)
    }

    /// Refuses a value that it may not have.
    fn check(&self, value: &str) -> Result<(), String> {
        let name = self.name;
        if value.len() > LONGEST || value.chars().any(|c| c.is_control() && c != '\n' && c != '\r') {
            return Err(format!("{name} must have at most {LONGEST} bytes and no control characters."));
        }
        let is_right = match self.kind {
            SettingKind::Text | SettingKind::Secret => true,
            SettingKind::Url | SettingKind::Endpoint => is_address(value),
            SettingKind::Switch => matches!(value, "true" | "false"),
            SettingKind::Number => value.parse::<u32>().is_ok(),
            SettingKind::Choice(all) => all.contains(&value),
        };
        if is_right { Ok(()) } else { Err(format!("{name} must be {}.", self.kind.wanted())) }
    }
}

impl SettingKind {
    fn wanted(self) -> String {
        match self {
            Self::Text | Self::Secret => "text".to_owned(),
            Self::Url | Self::Endpoint => "an https address without user and fragment".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Number => "a whole number".to_owned(),
            Self::Choice(all) => format!("one of {}", all.join(", ")),
        }
    }
}

impl Connection {
    /// Holds the settings against those that are known: none but these, each of its kind, and all that are required.
    ///
    /// # Errors
    /// A sentence that names the setting.
    pub fn check_settings(&self, known: &[Setting]) -> Result<(), String> {
        for (name, value) in &self.settings {
            let setting = known.iter().find(|setting| setting.name == name && !setting.is_secret());
            setting.ok_or_else(|| format!("The property {} is unknown.", shown(name)))?.check(value)?;
        }
        for name in self.secrets.keys() {
            if !known.iter().any(|setting| setting.name == name && setting.is_secret()) {
                return Err(format!("The property {} is unknown.", shown(name)));
            }
        }
        let is_there =
            |name: &str| self.setting(name).is_some_and(|value| !value.is_empty()) || self.secrets.contains_key(name);
        match known.iter().find(|setting| setting.required && !is_there(setting.name)) {
            Some(setting) => Err(format!("The property {} is required.", setting.name)),
            None => Ok(()),
        }
    }
}

/// A name from the outside, fit for a sentence.
fn shown(name: &str) -> String {
    name.chars().take(60).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_kind_is_refused_by_name() {
        let setting = Setting::text("IsPKCEEnabled", "", "").of(SettingKind::Switch);
        assert_eq!(setting.check("yes").unwrap_err(), "IsPKCEEnabled must be true or false.");
        assert!(setting.check("false").is_ok());
        let kind = SettingKind::Choice(&["A", "B"]);
        assert_eq!(Setting::text("k", "", "").of(kind).check("C").unwrap_err(), "k must be one of A, B.");
    }
}
