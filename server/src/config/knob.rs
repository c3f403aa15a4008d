//! One list, many readers: a section's keys are written once with default, limits and reason, and from that list grow
//! the struct, its defaults, the names of environment variables, the refusal of unknown keys and `config example`.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::Config;

/// One key of the configuration.
#[derive(Clone, Copy, Debug)]
pub struct Knob {
    /// Its section; empty for the keys before the first one.
    pub section: &'static str,
    /// Its name in the section.
    pub name: &'static str,
    /// Why it is there, one line of prose each.
    pub why: &'static [&'static str],
    /// What it takes.
    pub takes: &'static str,
    /// A value to show where there is no default.
    pub sample: Option<&'static str>,
}

impl Knob {
    /// All of them, in the order in which they are shown.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        Config::SECTIONS.iter().copied().flatten()
    }

    /// Section and name, as in `hash.memory_kib`.
    pub fn key(&self) -> String {
        if self.section.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.section, self.name) }
    }

    /// The environment variable, as in `VESTIBULE_HASH__MEMORY_KIB`.
    pub fn variable(&self) -> String {
        let section = if self.section.is_empty() { String::new() } else { format!("{}__", self.section) };
        format!("VESTIBULE_{section}{}", self.name).to_uppercase()
    }

    /// The default, when there is one.
    pub fn default(&self) -> Option<Value> {
        let defaults = Table::try_from(Config::default()).ok()?;
        let section = if self.section.is_empty() { Some(&defaults) } else { defaults.get(self.section)?.as_table() };
        section?.get(self.name).cloned()
    }

    /// A configuration file with nothing but this key.
    pub(super) fn alone(&self, value: Value) -> Table {
        let entry = Table::from_iter([(self.name.to_owned(), value)]);
        if self.section.is_empty() {
            return entry;
        }
        Table::from_iter([(self.section.to_owned(), Value::Table(entry))])
    }
}

/// A configuration file that says what every key is for and sets each to its default.
pub fn example() -> String {
    let mut text = PREAMBLE.to_owned();
    let mut section = "";
    for knob in Knob::all() {
        if knob.section != section {
            section = knob.section;
            let _ = write!(text, "\n[{section}]\n");
        }
        for line in knob.why {
            let _ = write!(text, "\n#{line}");
        }
        let _ = write!(text, "\n# Takes {}.\n", knob.takes);
        let _ = match (knob.default(), knob.sample) {
            (Some(value), _) => writeln!(text, "{} = {value}", knob.name),
            (None, sample) => writeln!(text, "# {} = {}", knob.name, sample.unwrap_or_default()),
        };
    }
    text
}

const PREAMBLE: &str = "\
# Configuration of Vestibule. What is set here is the default; a key that is left out keeps it.
# An environment variable overrides the file: VESTIBULE_HASH__MEMORY_KIB is memory_kib of [hash], lists are separated
# by commas. The command line overrides both.
";

/// Declares a section: its struct, its defaults and its knobs.
macro_rules! section {
    (
        $(#[$about:meta])*
        $struct:ident in $section:literal {
            $($(#[doc = $why:literal])+ $name:ident: $type:ty = $default:expr, takes $takes:literal $(, like $sample:literal)?;)+
        }
        $(holds { $($(#[$part_about:meta])* $part:ident: $part_type:ty;)+ })?
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $struct {
            $($(#[doc = $why])+ pub $name: $type,)+
            $($($(#[$part_about])* pub $part: $part_type,)+)?
        }

        impl Default for $struct {
            fn default() -> Self {
                Self { $($name: $default,)+ $($($part: Default::default(),)+)? }
            }
        }

        impl $struct {
            /// The keys of this section.
            pub(super) const KNOBS: &'static [$crate::config::Knob] = &[$($crate::config::Knob {
                section: $section,
                name: stringify!($name),
                why: &[$($why),+],
                takes: $takes,
                sample: section!(@sample $($sample)?),
            }),+];

            $(/// The keys of the whole file, section by section.
            pub(super) const SECTIONS: &'static [&'static [$crate::config::Knob]] =
                &[Self::KNOBS, $(<$part_type>::KNOBS),+];)?
        }
    };
    (@sample) => { None };
    (@sample $sample:literal) => { Some($sample) };
}
pub(super) use section;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde::Deserialize as _;

    use super::*;

    #[test]
    fn the_example_parses_back_to_the_defaults() {
        let read: Config = toml::from_str(&example()).unwrap();
        assert_eq!(read, Config::default());
        assert_eq!(read.check(), Ok(()));
    }

    #[test]
    fn every_key_is_shown_with_a_reason() {
        let text = example();
        for knob in Knob::all() {
            assert!(text.contains(&format!("{} = ", knob.name)), "{}", knob.key());
            assert!(knob.why.iter().all(|line| line.trim().len() > 10), "{}", knob.key());
            assert!(knob.default().is_some() != knob.sample.is_some(), "{}: a default or a sample", knob.key());
        }
    }

    #[test]
    fn samples_are_what_their_keys_take() {
        for knob in Knob::all() {
            let Some(sample) = knob.sample else { continue };
            let value = toml::from_str::<Table>(&format!("x = {sample}")).unwrap().remove("x").unwrap();
            assert!(Config::deserialize(knob.alone(value)).is_ok(), "{}", knob.key());
        }
    }

    #[test]
    fn the_list_is_the_struct() {
        let defaults = Table::try_from(Config::default()).unwrap();
        let (sections, keys): (Vec<_>, Vec<_>) = defaults.iter().partition(|(_, value)| value.is_table());
        let inner = sections
            .iter()
            .flat_map(|(section, value)| value.as_table().unwrap().keys().map(move |key| format!("{section}.{key}")));
        let serialised: HashSet<_> = keys.iter().map(|(key, _)| (*key).clone()).chain(inner).collect();
        let listed: HashSet<_> = Knob::all().filter(|knob| knob.sample.is_none()).map(Knob::key).collect();
        assert_eq!(serialised, listed);
    }

    #[test]
    fn variables_are_the_keys_in_capitals() {
        let variables: Vec<_> = Knob::all().map(Knob::variable).collect();
        assert!(variables.contains(&"VESTIBULE_HASH__MEMORY_KIB".to_owned()));
        assert!(variables.contains(&"VESTIBULE_PUBLIC_URL".to_owned()));
    }
}
