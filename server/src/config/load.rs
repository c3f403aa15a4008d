//! From file, environment and command line to one configuration. Each given value is tried by itself, so that every
//! wrong one is told, with the line, variable or option it came from.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::check::takes;
use super::problem::Problem;
use super::{Config, ConfigError, Knob};

/// Environment variables that are no configuration, and who reads them.
pub const RESERVED: &[(&str, &str)] = &[
    ("VESTIBULE_CONFIG", "path of the configuration file, for every command"),
    ("VESTIBULE_SERVER", "address of the server that a client command talks to"),
    ("VESTIBULE_ADMIN_USER", "name of the administrator: made at the first start, used by client commands"),
    ("VESTIBULE_ADMIN_PASSWORD", "the administrator's password"),
    ("VESTIBULE_EMAIL_PASSWORD", "the password at the mail server, in place of email.password_file"),
    ("VESTIBULE_SMS_SECRET", "the secret of the provider of short messages, in place of sms.secret_file"),
    ("VESTIBULE_SMS_HEADERS", "headers for the provider of short messages, in place of sms.headers_file"),
    ("VESTIBULE_PUSH_SECRET", "the secret of the provider of notifications, in place of push.secret_file"),
    ("VESTIBULE_MASTER_KEY", "master keys, separated by commas, of which the first seals: before keys.master_key_file"),
];

/// Values of the command line, which win over file and environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--public-url`
    pub public_url: Option<String>,
    /// `--data`
    pub data: Option<PathBuf>,
}

/// The process's variables whose names begin with `VESTIBULE_`.
pub fn environment() -> Vec<(String, String)> {
    let texts =
        std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into(), value.to_string_lossy().into()));
    texts.filter(|(name, _): &(String, String)| name.starts_with(PREFIX)).collect()
}

impl Config {
    /// Reads the file, if one is named, then the variables, then the options.
    ///
    /// # Errors
    /// All that is wrong with them.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
        options: &Overrides,
    ) -> Result<Self, ConfigError> {
        let mut draft = Draft::default();
        if let Some(path) = file {
            match std::fs::read_to_string(path) {
                Ok(text) => draft.file(&path.display().to_string(), &text),
                Err(error) => draft.problems.push(Problem::at(path.display().to_string(), error.to_string())),
            }
        }
        for (name, text) in variables {
            draft.variable(&name, &text);
        }
        draft.options(options);
        draft.finish()
    }
}

/// What has been given so far, and what is wrong with it.
#[derive(Default)]
struct Draft {
    given: BTreeMap<String, Given>,
    problems: Vec<Problem>,
}

/// A value and where it came from.
struct Given {
    knob: &'static Knob,
    place: String,
    value: Value,
}

impl Draft {
    fn file(&mut self, name: &str, text: &str) {
        let parsed = DeTable::parse(text).and_then(|spans| Ok((spans, toml::from_str::<Table>(text)?)));
        let (spans, values) = match parsed {
            Ok(parsed) => parsed,
            Err(error) => {
                let place = format!("{name}:{}", line(text, error.span().map_or(0, |span| span.start)));
                return self.problems.push(Problem::at(place, error.message()));
            }
        };
        for (name_span, value) in spans.get_ref() {
            let (key, place) = (name_span.get_ref(), |at| format!("{name}:{}", line(text, at)));
            let knob = Knob::all().find(|knob| knob.section.is_empty() && knob.name == key);
            let section = Knob::all().any(|knob| knob.section == key && !key.is_empty());
            match (knob, value.get_ref(), values.get(key.as_ref())) {
                (Some(knob), _, Some(value)) => self.give(knob, place(name_span.span().start), value.clone()),
                (None, DeValue::Table(entries), Some(Value::Table(values))) if section => {
                    self.section(key, entries, values, place);
                }
                (None, ..) if section => self.problems.push(
                    Problem::of(key, format!("is a section: write [{key}]")).found(Some(place(name_span.span().start))),
                ),
                _ => self.unknown(key, place(name_span.span().start)),
            }
        }
    }

    fn section(&mut self, section: &str, spans: &DeTable<'_>, values: &Table, place: impl Fn(usize) -> String) {
        for name in spans.keys() {
            let found = Knob::all().find(|knob| knob.section == section && knob.name == name.get_ref());
            match found.zip(values.get(name.get_ref().as_ref())) {
                Some((knob, value)) => self.give(knob, place(start(name)), value.clone()),
                None => self.unknown(&format!("{section}.{}", name.get_ref()), place(start(name))),
            }
        }
    }

    fn variable(&mut self, name: &str, text: &str) {
        if !name.starts_with(PREFIX) || RESERVED.iter().any(|(reserved, _)| *reserved == name) {
            return;
        }
        let Some(knob) = Knob::all().find(|knob| knob.variable() == name) else {
            let reserved = RESERVED.iter().map(|(name, _)| (*name).to_owned());
            let known = nearest(name, Knob::all().map(Knob::variable).chain(reserved));
            return self.problems.push(Problem::at(name, format!("is not a known variable; the nearest is {known}")));
        };
        match typed(knob, text) {
            Ok(value) => self.give(knob, name.to_owned(), value),
            Err(says) => self.refuse(knob, name.to_owned(), &says),
        }
    }

    fn options(&mut self, options: &Overrides) {
        let listen = options.listen.map(|address| address.to_string());
        let data = options.data.as_ref().map(|path| path.display().to_string());
        let given = [("listen", listen), ("public_url", options.public_url.clone()), ("data", data)];
        for (key, text) in given {
            if let Some((knob, text)) = Knob::all().find(|knob| knob.key() == key).zip(text) {
                self.give(knob, format!("--{}", key.replace('_', "-")), Value::String(text));
            }
        }
    }

    /// Takes a value if it is one that the key takes.
    fn give(&mut self, knob: &'static Knob, place: String, value: Value) {
        match Config::deserialize(knob.alone(value.clone())) {
            Ok(_) => {
                self.given.insert(knob.key(), Given { knob, place, value });
            }
            Err(error) => self.refuse(knob, place, error.message().trim()),
        }
    }

    fn refuse(&mut self, knob: &Knob, place: String, says: &str) {
        let says = format!("{says}; {}", takes(&knob.key()));
        self.problems.push(Problem::of(&knob.key(), says).found(Some(place)));
    }

    fn unknown(&mut self, key: &str, place: String) {
        let known = nearest(key, Knob::all().flat_map(|knob| [knob.key(), knob.section.to_owned()]));
        let says = format!("is not a known key; the nearest is {known}");
        self.problems.push(Problem::of(key, says).found(Some(place)));
    }

    fn finish(mut self) -> Result<Config, ConfigError> {
        let mut table = Table::new();
        for given in self.given.values() {
            for (name, value) in given.knob.alone(given.value.clone()) {
                match (table.get_mut(&name), value) {
                    (Some(Value::Table(section)), Value::Table(entry)) => section.extend(entry),
                    (_, value) => drop(table.insert(name, value)),
                }
            }
        }
        let config = Config::deserialize(table).map_err(|error| Problem::at("configuration", error.message()))?;
        let place = |key: &str| self.given.get(key).map(|given| given.place.clone());
        let unfit = config.problems().into_iter().map(|problem| {
            let place = problem.key.as_deref().and_then(place);
            problem.found(place)
        });
        let unfit: Vec<_> = unfit.collect();
        self.problems.extend(unfit);
        ConfigError::unless(self.problems, config)
    }
}

/// The value of a variable, of the type of its key.
fn typed(knob: &Knob, text: &str) -> Result<Value, String> {
    match knob.default() {
        Some(Value::Integer(_)) => {
            text.trim().parse().map(Value::Integer).map_err(|_| format!("`{text}` is not a whole number"))
        }
        Some(Value::Boolean(_)) => {
            text.trim().parse().map(Value::Boolean).map_err(|_| format!("`{text}` is neither true nor false"))
        }
        Some(Value::Array(_)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn start(name: &Spanned<std::borrow::Cow<'_, str>>) -> usize {
    name.span().start
}

/// The line of a byte, counted from one.
fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// The one of `known` that takes the fewest edits to become `name`.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> String {
    known.min_by_key(|known| distance(name, known)).unwrap_or_default()
}

/// How many letters must be put in, taken out or changed (Levenshtein), looking at the first hundred only.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().take(100).enumerate() {
        let mut next = vec![i + 1];
        for ((other, pair), left) in b.iter().zip(row.windows(2)).zip(0..) {
            let [diagonal, above] = pair else { continue };
            let before = next.get::<usize>(left).copied().unwrap_or_default();
            next.push((diagonal + usize::from(*other != letter)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

const PREFIX: &str = "VESTIBULE_";

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, variables: &[(&str, &str)], options: &Overrides) -> Result<Config, Vec<String>> {
        let mut draft = Draft::default();
        draft.file("v.toml", text);
        for (name, value) in variables {
            draft.variable(name, value);
        }
        draft.options(options);
        draft.finish().map_err(|error| error.to_string().lines().map(str::to_owned).collect())
    }

    fn refused(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
        load(text, variables, &Overrides::default()).unwrap_err()
    }

    #[test]
    fn nothing_given_is_the_defaults() {
        assert_eq!(load("", &[], &Overrides::default()), Ok(Config::default()));
    }

    #[test]
    fn the_environment_overrides_the_file_and_the_command_line_both() {
        let file = "listen = '127.0.0.1:1'\ndata = 'a'\n[hash]\nmemory_kib = 64\niterations = 3\n";
        let variables = [("VESTIBULE_LISTEN", "127.0.0.1:2"), ("VESTIBULE_HASH__MEMORY_KIB", "128")];
        let options = Overrides { listen: Some("127.0.0.1:3".parse().unwrap()), ..Overrides::default() };
        let config = load(file, &variables, &options).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.data, PathBuf::from("a"));
        assert_eq!((config.hash.memory_kib, config.hash.iterations), (128, 3));
    }

    #[test]
    fn variables_have_the_types_of_their_keys() {
        let config = load(
            "",
            &[
                ("VESTIBULE_NATIVE__SHOW_AUTH_FAILURE_REASON", "true"),
                ("VESTIBULE_NATIVE__ERROR_CODES", "wso2"),
                ("VESTIBULE_LIMITS__TRUSTED_PROXIES", "10.0.0.0/8, fd00::/8"),
                ("VESTIBULE_LIMITS__EXEMPT_NETWORKS", ""),
                ("VESTIBULE_PUBLIC_URL", "https://login.example.com"),
            ],
            &Overrides::default(),
        );
        let config = config.unwrap();
        assert!(config.native.show_auth_failure_reason);
        assert_eq!(config.native.error_codes, vestibule_core::error::Spelling::Wso2);
        assert_eq!(config.limits.trusted_proxies.len(), 2);
        assert!(config.limits.exempt_networks.is_empty());
        assert_eq!(config.public_url.unwrap().as_str(), "https://login.example.com");
    }

    #[test]
    fn every_wrong_value_is_told_with_its_line() {
        let file = "listen = 'here'\n\n[hash]\nmemory_kb = 1\nthreads = -1\n\n[log]\nformat = 'xml'\n[hsh]\n";
        assert_eq!(
            refused(file, &[]),
            [
                "v.toml:4: hash.memory_kb: is not a known key; the nearest is hash.memory_kib",
                "v.toml:5: hash.threads: invalid value: integer `-1`, expected u32; it takes 0 to 1024",
                "v.toml:9: hsh: is not a known key; the nearest is hash",
                "v.toml:1: listen: invalid socket address syntax; it takes an address and a port, as 0.0.0.0:9443 or [::]:9443; port 0 means any free one",
                "v.toml:8: log.format: unknown variant `xml`, expected `text` or `json`; it takes \"text\" or \"json\"",
            ]
        );
    }

    #[test]
    fn wrong_variables_are_told_by_name() {
        assert_eq!(
            refused("", &[("VESTIBULE_HASH__MEMORY", "1"), ("VESTIBULE_HASH__QUEUE", "many")]),
            [
                "VESTIBULE_HASH__MEMORY: is not a known variable; the nearest is VESTIBULE_HASH__MEMORY_KIB",
                "VESTIBULE_HASH__QUEUE: hash.queue: `many` is not a whole number; it takes 1 to 10000",
            ]
        );
    }

    #[test]
    fn values_that_do_not_fit_are_told_with_their_place() {
        let told = refused("[hash]\niterations = 0\n", &[("VESTIBULE_TLS__KEY", "key.pem")]);
        assert_eq!(
            told,
            [
                "v.toml:2: hash.iterations: 0 is out of range; it takes 1 to 64",
                "tls.certificate: must be set, because `tls.key` is",
            ]
        );
    }

    #[test]
    fn a_file_that_is_not_toml_is_told_with_its_line() {
        let told = refused("listen = '127.0.0.1:1'\ndata = \n", &[]);
        assert!(told[0].starts_with("v.toml:2: "), "{told:?}");
    }

    #[test]
    fn a_key_given_twice_or_as_a_section_is_told() {
        assert!(refused("data = 'a'\ndata = 'b'\n", &[])[0].starts_with("v.toml:2: "));
        assert_eq!(refused("hash = 3\n", &[]), ["v.toml:1: hash: is a section: write [hash]"]);
        assert!(refused("[listen]\nport = 1\n", &[])[0].starts_with("v.toml:1: listen: "));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told() {
        let told = Config::load(Some(Path::new("/nowhere/v.toml")), [], &Overrides::default()).unwrap_err();
        assert!(told.to_string().starts_with("/nowhere/v.toml: "), "{told}");
    }

    #[test]
    fn reserved_and_foreign_variables_are_left_alone() {
        let variables = [("VESTIBULE_ADMIN_PASSWORD", "x"), ("VESTIBULE_CONFIG", "y"), ("PATH", "/bin")];
        assert_eq!(load("", &variables, &Overrides::default()), Ok(Config::default()));
    }

    #[test]
    fn distances_count_edits() {
        assert_eq!([distance("kitten", "sitting"), distance("", "abc"), distance("abc", "abc")], [3, 3, 0]);
    }
}
