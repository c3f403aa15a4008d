//! What the operator decides about messages, as plain values. The server's configuration translates into these; what does
//! not fit together is found when the courier is made.

use std::path::PathBuf;
use std::time::Duration;

use vestibule_core::ports::Secret;

/// How messages are carried.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The way of emails.
    pub email: EmailCarrier,
    /// The way of short messages.
    pub sms: SmsCarrier,
    /// The way of notifications.
    pub push: PushCarrier,
    /// A folder whose files take the place of the built-in templates.
    pub templates: Option<PathBuf>,
    /// How many letters are carried at the same time.
    pub at_once: usize,
    /// How long one carrying may take before it counts as failed.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            email: EmailCarrier::None,
            sms: SmsCarrier::None,
            push: PushCarrier::None,
            templates: None,
            at_once: 8,
            patience: Duration::from_secs(20),
        }
    }
}

/// The way of emails.
#[derive(Clone, Debug, Default)]
pub enum EmailCarrier {
    /// There is none; emails are lost.
    #[default]
    None,
    /// The mailbox in memory, for development.
    Mailbox,
    /// A mail server.
    Smtp(Smtp),
}

/// The way of short messages.
#[derive(Clone, Debug, Default)]
pub enum SmsCarrier {
    /// There is none; short messages are lost.
    #[default]
    None,
    /// The mailbox in memory, for development.
    Mailbox,
    /// Twilio's Messages API.
    Twilio(Twilio),
    /// Vonage's SMS API.
    Vonage(Vonage),
    /// Any provider that takes a POST.
    Http(HttpSms),
}

/// The way of notifications.
#[derive(Clone, Debug, Default)]
pub enum PushCarrier {
    /// There is none; notifications are lost.
    #[default]
    None,
    /// The mailbox in memory, for development.
    Mailbox,
    /// Firebase Cloud Messaging, HTTP v1.
    Fcm(Fcm),
    /// A service of the operator's own.
    Webhook(Webhook),
}

/// A mail server.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// Its name, which its certificate must bear.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// User and password, if it asks for them.
    pub login: Option<(String, Secret<String>)>,
    /// Who emails are from, as `Name <address>` or an address alone.
    pub from: String,
    /// Where answers go, if elsewhere.
    pub reply_to: Option<String>,
    /// A PEM file of further root certificates.
    pub roots: Option<PathBuf>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Not at all: for a relay on the same machine.
    None,
    /// It begins in the clear; a server that does not offer STARTTLS gets no mail.
    StartTls,
    /// From the first byte.
    Implicit,
}

/// An account at Twilio.
#[derive(Clone, Debug)]
pub struct Twilio {
    /// The account's SID.
    pub account: String,
    /// The user of the API: the account's SID again, or an API key's.
    pub user: String,
    /// The account's token, or the API key's secret.
    pub token: Secret<String>,
    /// A number or a name, or a messaging service's SID (`MG…`).
    pub from: String,
    /// `https://api.twilio.com`, or its region's.
    pub base: String,
}

/// An account at Vonage.
#[derive(Clone, Debug)]
pub struct Vonage {
    /// The API key.
    pub key: String,
    /// Its secret.
    pub secret: Secret<String>,
    /// A number or a name.
    pub from: String,
    /// `https://rest.nexmo.com`, or its region's.
    pub base: String,
}

/// A provider of short messages that takes a POST.
#[derive(Clone, Debug)]
pub struct HttpSms {
    /// Where to post. Nothing of a message goes into it.
    pub url: String,
    /// Headers, such as `Authorization`.
    pub headers: Vec<(String, Secret<String>)>,
    /// What to post.
    pub body: HttpBody,
}

/// What is posted. Texts are templates over `to`, `text` and `id`, each filled by itself, so that no message can break out
/// of its place.
#[derive(Clone, Debug)]
pub enum HttpBody {
    /// A JSON document whose strings are templates.
    Json(String),
    /// The fields of a form; the values are templates.
    Form(Vec<(String, String)>),
}

/// A project of Firebase.
#[derive(Clone, Debug)]
pub struct Fcm {
    /// The service account's key file, as it was downloaded.
    pub service_account: Secret<String>,
    /// `https://fcm.googleapis.com`.
    pub base: String,
}

/// A service of the operator's own that sends notifications.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// Where to post.
    pub url: String,
    /// The signing secret, as `whsec_` and base64 (Standard Webhooks).
    pub secret: Secret<String>,
}
