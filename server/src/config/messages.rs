//! The keys of messages: whether they are carried, by which providers, in which words. What they mean to the courier is
//! said in `carriers`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Address;
use super::knob::section;

section! {
    /// Whether and how messages are carried.
    DeliveryConfig in "delivery" {
        /// What becomes of messages. `none` loses them, so that codes by email, SMS or push never arrive; `live` hands them to
        /// the providers of the sections below; `mailbox` shows them all at /dev/mailbox instead, for development.
        kind: DeliveryKind = DeliveryKind::None, takes "\"none\", \"mailbox\" or \"live\"";
        /// Show the mailbox to callers beyond loopback. Off, because whoever reads it can sign in as anybody: it shows every
        /// code and link. Whoever comes through a proxy counts as far, if the proxy says that it is one (X-Forwarded-For).
        mailbox_public: bool = false, takes "true or false";
        /// A folder of message templates, as LANGUAGE/MESSAGE.html; a file in it takes the place of the built-in one.
        templates: Option<PathBuf> = None, takes "the path of a folder", like "\"/etc/vestibule/templates\"";
        /// Messages that are carried at the same time: what the slowest provider stands.
        at_once: u32 = 8, takes "1 to 256";
        /// Seconds that a provider may take for one message before it is tried again.
        patience_seconds: u32 = 20, takes "1 to 300";
    }
}

section! {
    /// Emails.
    EmailConfig in "email" {
        /// The way of emails with `delivery.kind = "live"`. Without one they are lost.
        provider: EmailProvider = EmailProvider::None, takes "\"none\" or \"smtp\"";
        /// Name of the mail server. Its certificate must bear it.
        host: Option<String> = None, takes "a name or an address; it must be set with `provider = \"smtp\"`", like "\"smtp.example.com\"";
        /// Port of the mail server: 587 for STARTTLS, 465 for implicit TLS.
        port: u16 = 587, takes "1 to 65535";
        /// Protection of the connection. `starttls` sends nothing to a server that does not offer it; `none` is for a relay on
        /// the same machine.
        tls: EmailTls = EmailTls::StartTls, takes "\"starttls\", \"implicit\" or \"none\"";
        /// Who emails are from.
        from: Option<String> = None, takes "an address, alone or as Name <address>; it must be set with `provider = \"smtp\"`", like "\"Example <login@example.com>\"";
        /// Where answers go, if not to `from`.
        reply_to: Option<String> = None, takes "an address, alone or as Name <address>", like "\"help@example.com\"";
        /// User at the mail server, if it asks for one.
        user: Option<String> = None, takes "a name; set together with the password", like "\"vestibule\"";
        /// File with the user's password. The variable VESTIBULE_EMAIL_PASSWORD has it as well.
        password_file: Option<PathBuf> = None, takes "the path of a file", like "\"/run/secrets/email-password\"";
        /// File of further root certificates (PEM), for a mail server with one of your own.
        roots: Option<PathBuf> = None, takes "the path of a file", like "\"/etc/vestibule/mail-ca.pem\"";
    }
}

section! {
    /// Short messages.
    SmsConfig in "sms" {
        /// The way of short messages with `delivery.kind = "live"`. Without one they are lost.
        provider: SmsProvider = SmsProvider::None, takes "\"none\", \"twilio\", \"vonage\" or \"http\"";
        /// The account: Twilio's account SID (AC…), or Vonage's API key.
        account: Option<String> = None, takes "a text; it must be set for Twilio and Vonage", like "\"AC00000000000000000000000000000000\"";
        /// Twilio's API key (SK…), where one is used in place of the account's own token.
        user: Option<String> = None, takes "a text", like "\"SK00000000000000000000000000000000\"";
        /// File with Twilio's token or Vonage's secret. The variable VESTIBULE_SMS_SECRET has it as well.
        secret_file: Option<PathBuf> = None, takes "the path of a file", like "\"/run/secrets/sms-secret\"";
        /// Who short messages are from: a number, a name, or Twilio's messaging service (MG…).
        from: Option<String> = None, takes "a text; it must be set for Twilio and Vonage", like "\"+15005550006\"";
        /// Another address of Twilio or Vonage, as of a region.
        base: Option<Address> = None, takes "an https URL; http for loopback hosts only", like "\"https://api.dublin.ie1.twilio.com\"";
        /// Where `http` posts. Nothing of a message goes into it.
        url: Option<Address> = None, takes "an https URL; http for loopback hosts only; it must be set with `provider = \"http\"`", like "\"https://sms.example.com/send\"";
        /// What `http` posts, as JSON; its texts speak of `to`, `text` and `id`. Either this or `form`.
        json: Option<String> = None, takes "a JSON document in a text", like "'{\"to\": \"{{ to }}\", \"text\": \"{{ text }}\"}'";
        /// What `http` posts, as fields of a form; the values speak of `to`, `text` and `id`. Either this or `json`.
        form: Vec<String> = Vec::new(), takes "a list of name=value, as [\"to={{ to }}\", \"message={{ text }}\"]";
        /// File of headers that `http` sends, one `Name: value` a line: they are secrets, as Authorization is. The variable
        /// VESTIBULE_SMS_HEADERS has them as well.
        headers_file: Option<PathBuf> = None, takes "the path of a file", like "\"/run/secrets/sms-headers\"";
    }
}

section! {
    /// Notifications to devices.
    PushConfig in "push" {
        /// The way of notifications with `delivery.kind = "live"`. Without one they are lost.
        provider: PushProvider = PushProvider::None, takes "\"none\", \"fcm\" or \"webhook\"";
        /// File with FCM's service account as it was downloaded, or with the webhook's signing secret (whsec_…, as in Standard
        /// Webhooks). The variable VESTIBULE_PUSH_SECRET has it as well.
        secret_file: Option<PathBuf> = None, takes "the path of a file", like "\"/run/secrets/push-secret\"";
        /// Where `webhook` posts.
        url: Option<Address> = None, takes "an https URL; http for loopback hosts only; it must be set with `provider = \"webhook\"`", like "\"https://push.example.com/send\"";
        /// Another address of FCM.
        base: Option<Address> = None, takes "an https URL; http for loopback hosts only", like "\"https://fcm.googleapis.com\"";
    }
}

/// What becomes of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryKind {
    /// They are lost.
    None,
    /// They are shown, for development.
    Mailbox,
    /// They are handed to providers.
    Live,
}

/// The way of emails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailProvider {
    /// There is none.
    None,
    /// A mail server.
    Smtp,
}

/// Protection of the connection to a mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EmailTls {
    /// It begins in the clear.
    StartTls,
    /// From the first byte.
    Implicit,
    /// There is none.
    None,
}

/// The way of short messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmsProvider {
    /// There is none.
    None,
    /// Twilio's Messages API.
    Twilio,
    /// Vonage's SMS API.
    Vonage,
    /// Any that takes a POST.
    Http,
}

/// The way of notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PushProvider {
    /// There is none.
    None,
    /// Firebase Cloud Messaging.
    Fcm,
    /// A service of the operator's own.
    Webhook,
}
