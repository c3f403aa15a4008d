//! From the keys of messages to the courier's settings: what must be set together, and where secrets are read.

use std::path::Path;
use std::time::Duration;

use vestibule_core::ports::Secret;
use vestibule_courier::{
    EmailCarrier, Fcm, HttpBody, HttpSms, PushCarrier, Settings, SmsCarrier, Smtp, Tls, Twilio, Vonage, Webhook,
};

use super::problem::Problem;
use super::{Address, Config, ConfigError, DeliveryKind, EmailProvider, EmailTls, PushProvider, SmsProvider};

/// The variables of the environment, of which some are secrets.
type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// What the operator decided about messages. Secrets are read now, from files and the variables.
    ///
    /// # Errors
    /// A secret that a provider needs is not there, or its file cannot be read.
    pub fn courier(&self, variables: Variables<'_>) -> Result<Settings, ConfigError> {
        let (email, sms, push) = match self.delivery.kind {
            DeliveryKind::None => Default::default(),
            DeliveryKind::Mailbox => (EmailCarrier::Mailbox, SmsCarrier::Mailbox, PushCarrier::Mailbox),
            DeliveryKind::Live => (self.emails(variables)?, self.short_messages(variables)?, self.pushes(variables)?),
        };
        Ok(Settings {
            email,
            sms,
            push,
            templates: self.delivery.templates.clone(),
            at_once: usize::try_from(self.delivery.at_once).unwrap_or(usize::MAX),
            patience: Duration::from_secs(self.delivery.patience_seconds.into()),
        })
    }

    fn emails(&self, variables: Variables<'_>) -> Result<EmailCarrier, Problem> {
        let email = &self.email;
        if email.provider == EmailProvider::None {
            return Ok(EmailCarrier::None);
        }
        let password = secret(variables, PASSWORD, email.password_file.as_deref())?;
        let login = match (email.user.clone(), password) {
            (Some(user), Some(password)) => Some((user, password)),
            (Some(_), None) => return Err(PASSWORD.missing("`email.user` is set")),
            (None, Some(_)) => return Err(missing("email.user", "there is a password for it")),
            (None, None) => None,
        };
        Ok(EmailCarrier::Smtp(Smtp {
            host: must(email.host.as_ref(), "email.host", SMTP)?,
            port: email.port,
            tls: match email.tls {
                EmailTls::StartTls => Tls::StartTls,
                EmailTls::Implicit => Tls::Implicit,
                EmailTls::None => Tls::None,
            },
            login,
            from: must(email.from.as_ref(), "email.from", SMTP)?,
            reply_to: email.reply_to.clone(),
            roots: email.roots.clone(),
        }))
    }

    fn short_messages(&self, variables: Variables<'_>) -> Result<SmsCarrier, Problem> {
        let sms = &self.sms;
        let token = || SMS_SECRET.required(variables, sms.secret_file.as_deref(), "`sms.provider` needs it");
        let base = |usual| sms.base.as_ref().map_or(usual, Address::as_str).to_owned();
        let account = || must(sms.account.as_ref(), "sms.account", "`sms.provider` needs it");
        let from = || must(sms.from.as_ref(), "sms.from", "`sms.provider` needs it");
        Ok(match sms.provider {
            SmsProvider::None => SmsCarrier::None,
            SmsProvider::Twilio => SmsCarrier::Twilio(Twilio {
                user: sms.user.clone().map_or_else(account, Ok)?,
                account: account()?,
                token: token()?,
                from: from()?,
                base: base("https://api.twilio.com"),
            }),
            SmsProvider::Vonage => SmsCarrier::Vonage(Vonage {
                key: account()?,
                secret: token()?,
                from: from()?,
                base: base("https://rest.nexmo.com"),
            }),
            SmsProvider::Http => {
                let headers = secret(variables, SMS_HEADERS, sms.headers_file.as_deref())?;
                SmsCarrier::Http(HttpSms {
                    url: must(sms.url.as_ref(), "sms.url", HTTP)?.into(),
                    headers: headers.map(|lines| headers_of(&lines)).transpose()?.unwrap_or_default(),
                    body: self.posted()?,
                })
            }
        })
    }

    /// What `http` posts: either of two keys says so.
    fn posted(&self) -> Result<HttpBody, Problem> {
        match (&self.sms.json, self.sms.form.as_slice()) {
            (None, []) => Err(missing("sms.json", "`sms.provider` is \"http\" and `sms.form` is empty")),
            (Some(json), []) => Ok(HttpBody::Json(json.clone())),
            (Some(_), _) => Err(Problem::of("sms.form", "must be empty, because `sms.json` is set")),
            (None, fields) => {
                let field = |field: &String| {
                    let pair = field.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
                    pair.ok_or_else(|| Problem::of("sms.form", format!("`{field}` is not name=value")))
                };
                fields.iter().map(field).collect::<Result<_, _>>().map(HttpBody::Form)
            }
        }
    }

    fn pushes(&self, variables: Variables<'_>) -> Result<PushCarrier, Problem> {
        let push = &self.push;
        let key = || PUSH_SECRET.required(variables, push.secret_file.as_deref(), "`push.provider` needs it");
        Ok(match push.provider {
            PushProvider::None => PushCarrier::None,
            PushProvider::Fcm => PushCarrier::Fcm(Fcm {
                service_account: key()?,
                base: push.base.as_ref().map_or("https://fcm.googleapis.com", Address::as_str).to_owned(),
            }),
            PushProvider::Webhook => PushCarrier::Webhook(Webhook {
                url: must(push.url.as_ref(), "push.url", "`push.provider` is \"webhook\"")?.into(),
                secret: key()?,
            }),
        })
    }

    /// What does not fit together, as far as it can be told without the secrets.
    pub(super) fn unfit_delivery(&self) -> Vec<Problem> {
        let (email, sms, push) = (&self.email, &self.sms, &self.push);
        let mut told = vec![self.idle()];
        if email.provider == EmailProvider::Smtp {
            told.push(must(email.host.as_ref(), "email.host", SMTP).err());
            told.push(must(email.from.as_ref(), "email.from", SMTP).err());
        }
        match sms.provider {
            SmsProvider::None => {}
            SmsProvider::Twilio | SmsProvider::Vonage => {
                told.push(must(sms.account.as_ref(), "sms.account", "`sms.provider` needs it").err());
                told.push(must(sms.from.as_ref(), "sms.from", "`sms.provider` needs it").err());
            }
            SmsProvider::Http => {
                told.push(must(sms.url.as_ref(), "sms.url", HTTP).err());
                told.push(self.posted().err());
            }
        }
        if push.provider == PushProvider::Webhook {
            told.push(must(push.url.as_ref(), "push.url", "`push.provider` is \"webhook\"").err());
        }
        told.into_iter().flatten().collect()
    }

    /// A provider that is not used, or none where one is meant to be.
    fn idle(&self) -> Option<Problem> {
        let providers = [
            ("email.provider", self.email.provider != EmailProvider::None),
            ("sms.provider", self.sms.provider != SmsProvider::None),
            ("push.provider", self.push.provider != PushProvider::None),
        ];
        let set = providers.iter().find(|(_, is_set)| *is_set);
        match (self.delivery.kind, set) {
            (DeliveryKind::Live, None) => Some(Problem::of(
                "delivery.kind",
                "is \"live\", but none of `email.provider`, `sms.provider` and `push.provider` is set",
            )),
            (DeliveryKind::None, Some((key, _))) => Some(Problem::of(
                "delivery.kind",
                format!("is \"none\", so `{key}` would not be used; set it to \"live\" or \"mailbox\""),
            )),
            _ => None,
        }
    }
}

/// A secret: the key that names its file, and the variable that has it as well.
#[derive(Clone, Copy)]
struct Secretive {
    key: &'static str,
    variable: &'static str,
}

const PASSWORD: Secretive = Secretive { key: "email.password_file", variable: "VESTIBULE_EMAIL_PASSWORD" };
const SMS_SECRET: Secretive = Secretive { key: "sms.secret_file", variable: "VESTIBULE_SMS_SECRET" };
const SMS_HEADERS: Secretive = Secretive { key: "sms.headers_file", variable: "VESTIBULE_SMS_HEADERS" };
const PUSH_SECRET: Secretive = Secretive { key: "push.secret_file", variable: "VESTIBULE_PUSH_SECRET" };

const SMTP: &str = "`email.provider` is \"smtp\"";
const HTTP: &str = "`sms.provider` is \"http\"";

impl Secretive {
    fn required(self, variables: Variables<'_>, file: Option<&Path>, why: &str) -> Result<Secret<String>, Problem> {
        secret(variables, self, file)?.ok_or_else(|| self.missing(why))
    }

    fn missing(self, why: &str) -> Problem {
        Problem::of(self.key, format!("must be set (or the variable {}), because {why}", self.variable))
    }
}

/// The secret, without the line break that editors leave at the end of a file. The variable wins over the file.
fn secret(variables: Variables<'_>, which: Secretive, file: Option<&Path>) -> Result<Option<Secret<String>>, Problem> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| Problem::of(which.key, format!("reading {}: {error}", path.display())))
    };
    let text = match variables(which.variable).filter(|text| !text.is_empty()) {
        Some(text) => Some(text),
        None => file.map(read).transpose()?,
    };
    let Some(text) = text.map(Secret::new) else { return Ok(None) };
    let bare = text.expose().trim_end_matches(['\r', '\n']);
    if bare.is_empty() {
        return Err(Problem::of(which.key, "names a file that is empty"));
    }
    Ok(Some(Secret::new(bare.to_owned())))
}

/// Headers, one a line.
fn headers_of(lines: &Secret<String>) -> Result<Vec<(String, Secret<String>)>, Problem> {
    let filled = lines.expose().lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(number, line)| {
            let pair = line.split_once(':').map(|(name, value)| (name.trim(), value.trim()));
            let is_name = |name: &str| {
                !name.is_empty() && name.bytes().all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter))
            };
            match pair.filter(|(name, value)| is_name(name) && !value.chars().any(char::is_control)) {
                Some((name, value)) => Ok((name.to_owned(), Secret::new(value.to_owned()))),
                // The line itself may be a secret.
                None => Err(Problem::of("sms.headers_file", format!("line {} is not `Name: value`", number + 1))),
            }
        })
        .collect()
}

fn must<T: Clone>(value: Option<&T>, key: &str, why: &str) -> Result<T, Problem> {
    value.cloned().ok_or_else(|| missing(key, why))
}

fn missing(key: &str, why: &str) -> Problem {
    Problem::of(key, format!("must be set, because {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A configuration from its file's text, and the problems of making a courier's settings of it.
    fn courier(text: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
        let config: Config = toml::from_str(text).unwrap();
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        config.check().and_then(|()| config.courier(&find)).map_err(|error| error.to_string())
    }

    const MAIL: &str = "[delivery]\nkind = 'live'\n[email]\nprovider = 'smtp'\n";

    #[test]
    fn a_mail_server_is_described_by_its_keys() {
        let text = format!("{MAIL}host = 'mail'\nfrom = 'a@example.com'\nuser = 'me'\ntls = 'implicit'\nport = 465\n");
        let settings = courier(&text, &[("VESTIBULE_EMAIL_PASSWORD", "pw")]).unwrap();
        let EmailCarrier::Smtp(smtp) = settings.email else { panic!() };
        assert_eq!((smtp.host.as_str(), smtp.port, smtp.tls), ("mail", 465, Tls::Implicit));
        let (user, password) = smtp.login.unwrap();
        assert_eq!((user.as_str(), password.expose().as_str()), ("me", "pw"));
    }

    #[test]
    fn a_secret_is_read_from_its_file_without_the_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, "token\n").unwrap();
        let text = format!(
            "[delivery]\nkind = 'live'\n[sms]\nprovider = 'vonage'\naccount = 'k'\nfrom = 'Shop'\nsecret_file = '{}'\n",
            path.display()
        );
        let SmsCarrier::Vonage(vonage) = courier(&text, &[]).unwrap().sms else { panic!() };
        assert_eq!(vonage.secret.expose(), "token");
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(courier(&text, &[]).unwrap_err(), "sms.secret_file: names a file that is empty");
        std::fs::remove_file(&path).unwrap();
        assert!(courier(&text, &[]).unwrap_err().starts_with("sms.secret_file: reading "));
    }

    #[test]
    fn a_generic_provider_has_headers_and_one_kind_of_body() {
        let text = "[delivery]\nkind = 'live'\n[sms]\nprovider = 'http'\nurl = 'https://sms.example.com/'\n";
        let form = format!("{text}form = ['to={{{{ to }}}}', 'text={{{{ text }}}}']\n");
        let headers = [("VESTIBULE_SMS_HEADERS", "Authorization: Bearer x\n\nX-Account: 7\n")];
        let SmsCarrier::Http(http) = courier(&form, &headers).unwrap().sms else { panic!() };
        assert_eq!(http.headers.len(), 2);
        assert_eq!(http.headers[0].1.expose(), "Bearer x");
        let HttpBody::Form(fields) = http.body else { panic!() };
        assert_eq!(fields[0], ("to".to_owned(), "{{ to }}".to_owned()));
        let told = courier(&form, &[("VESTIBULE_SMS_HEADERS", "Bearer x")]).unwrap_err();
        assert_eq!(told, "sms.headers_file: line 1 is not `Name: value`");
        let both = format!("{form}json = '{{}}'\n");
        assert_eq!(courier(&both, &[]).unwrap_err(), "sms.form: must be empty, because `sms.json` is set");
    }

    #[test]
    fn what_is_missing_is_told_with_its_key() {
        for (text, told) in [
            (
                MAIL,
                "email.host: must be set, because `email.provider` is \"smtp\"\nemail.from: must be set, because `email.provider` is \"smtp\"",
            ),
            (
                "[delivery]\nkind = 'live'\n",
                "delivery.kind: is \"live\", but none of `email.provider`, `sms.provider` and `push.provider` is set",
            ),
            (
                "[push]\nprovider = 'fcm'\n",
                "delivery.kind: is \"none\", so `push.provider` would not be used; set it to \"live\" or \"mailbox\"",
            ),
            (
                "[delivery]\nkind = 'live'\n[sms]\nprovider = 'twilio'\nfrom = 'x'\n",
                "sms.account: must be set, because `sms.provider` needs it",
            ),
            (
                "[delivery]\nkind = 'live'\n[push]\nprovider = 'fcm'\n",
                "push.secret_file: must be set (or the variable VESTIBULE_PUSH_SECRET), because `push.provider` needs it",
            ),
            (
                "[delivery]\nkind = 'live'\n[push]\nprovider = 'webhook'\n",
                "push.url: must be set, because `push.provider` is \"webhook\"",
            ),
        ] {
            assert_eq!(courier(text, &[]).unwrap_err(), told);
        }
        let user = format!("{MAIL}host = 'mail'\nfrom = 'a@example.com'\nuser = 'me'\n");
        assert_eq!(
            courier(&user, &[]).unwrap_err(),
            "email.password_file: must be set (or the variable VESTIBULE_EMAIL_PASSWORD), because `email.user` is set"
        );
    }

    #[test]
    fn a_mailbox_takes_the_place_of_every_provider() {
        let settings =
            courier("[delivery]\nkind = 'mailbox'\n[email]\nprovider = 'smtp'\nhost = 'h'\nfrom = 'a@b.c'\n", &[]);
        let settings = settings.unwrap();
        assert!(matches!(settings.email, EmailCarrier::Mailbox));
        assert!(matches!((settings.sms, settings.push), (SmsCarrier::Mailbox, PushCarrier::Mailbox)));
    }
}
