//! What users of stories hold besides a password: addresses, keys and sheets; what was sent to them, and how a step that
//! asks for it looks to a client.

use serde_json::{Value, json};
use url::Url;
use vestibule_core::credential::totp::TotpSecret;
use vestibule_core::credential::{BackupCodes, Credential, Held, backup};
use vestibule_core::user::{Contact, User};

use crate::world::*;

pub const NAME: &str = "IdentifierExecutor";
pub const PASS: &str = "BasicAuthenticator";
pub const EMAIL: &str = "email-otp-authenticator";
pub const SMS: &str = "sms-otp-authenticator";
pub const TOTP: &str = "totp";
pub const BACKUP: &str = "backup-code-authenticator";
pub const LINK: &str = "MagicLinkAuthenticator";

/// The ways that send a code, with the parameter of the code.
pub const SENT: [(&str, &str); 2] = [(EMAIL, "OTPCode"), (SMS, "OTPcode")];

/// An authenticator app.
pub struct Device(Vec<u8>);

impl Device {
    /// One that was given this secret in base32.
    pub fn with(secret: &str) -> Self {
        Self(base32(secret))
    }

    /// The code that it shows, `off` steps of thirty seconds from now.
    pub fn code(&self, world: &World, off: i64) -> String {
        let step = world.house.ports.clock.now().seconds() / 30 + off;
        vestibule_jose::hotp(&self.0, step.try_into().unwrap(), 6)
    }
}

impl World {
    /// A world whose application `bank` has these steps, with the persons kim and lee.
    pub async fn bank(sequence: &[&[&str]]) -> Self {
        let world = Self::new().await;
        world.settle_in(sequence).await;
        world
    }

    /// The application `bank` with these steps, and the persons kim and lee.
    pub async fn settle_in(&self, sequence: &[&[&str]]) {
        self.app_with("bank", |app| app.sequence = steps(sequence)).await;
        self.person("kim", "+771234321").await;
        self.person("lee", "+491511234567").await;
    }

    /// A user with a password, an email address and a telephone.
    pub async fn person(&self, name: &str, phone: &str) -> User {
        let contact = |value: String| Contact { value, kind: None, primary: true, verified: true };
        self.user_with(name, |user| {
            user.profile.emails = vec![contact(format!("{name}berly@example.com"))];
            user.profile.phones = vec![contact(phone.to_owned())];
        })
        .await
    }

    /// Somebody who is already there.
    pub async fn who(&self, name: &str) -> User {
        self.store().user_by_name(&vestibule_core::ports::TenantId::root(), name).await.unwrap().unwrap()
    }

    /// Gives a user an authenticator app.
    pub async fn enrol_device(&self, user: &User) -> Device {
        let ports = &self.house.ports;
        let secret = TotpSecret::random(ports);
        let held = Held::Totp(secret.seal(ports, &self.house.secrets).unwrap().confirmed(0));
        self.store().add_credential(&Credential::new(user, user.id.to_string(), "", held, ports)).await.unwrap();
        Device::with(secret.base32().expose())
    }

    /// Gives a user a sheet of backup codes.
    pub async fn enrol_sheet(&self, user: &User) -> Vec<String> {
        let ports = &self.house.ports;
        let sheet = backup::sheet(ports);
        let held = Held::BackupCodes(BackupCodes::of(&sheet, &user.id, &self.house.secrets));
        self.store().add_credential(&Credential::new(user, user.id.to_string(), "", held, ports)).await.unwrap();
        sheet.iter().map(|code| code.expose().clone()).collect()
    }

    /// How many messages were sent so far.
    pub async fn sent(&self) -> usize {
        self.mail().await.iter().filter(|letter| letter.template != "wrong-answers").count()
    }

    /// The code in the message that was sent last.
    pub async fn newest_code(&self) -> String {
        self.mail().await.iter().rev().find_map(|letter| letter.code.clone()).unwrap()
    }

    /// The link in the message that was sent last.
    pub async fn newest_link(&self) -> Url {
        self.mail().await.iter().rev().find_map(|letter| letter.link.clone()).unwrap().parse().unwrap()
    }

    /// A new flow of the bank.
    pub async fn open(&self) -> String {
        let start = self.authorize("bank", &[]).await;
        self.mail().await;
        start.is(200).flow_id()
    }

    /// A new flow of the bank whose first step is the password, passed by this user.
    pub async fn past_password(&self, name: &str) -> String {
        let asked = self.anonymous().sign_in("bank", name, &[]).await;
        self.mail().await;
        asked.is_step("INCOMPLETE").flow_id()
    }

    /// An answer to an option that is the server's own.
    pub async fn give(&self, flow: &str, authenticator: &str, params: Value) -> Answer {
        let answer = self.anonymous().answer(flow, &id_of(authenticator), params).await;
        // Letters of one moment have no order: each is carried before the next is written.
        self.mail().await;
        answer
    }

    /// Selects an option that is the server's own.
    pub async fn pick(&self, flow: &str, authenticator: &str) -> Answer {
        let answer = self.anonymous().select(flow, &id_of(authenticator)).await;
        self.mail().await;
        answer
    }
}

/// A code that is not this one.
pub fn other(code: &str) -> String {
    let turned = |digit: u8| char::from(b'0' + (digit - b'0' + 1) % 10);
    code.bytes().map(turned).collect()
}

/// The whole body of an open step of one authenticator.
pub fn asked(status: &str, prompt: &Value, messages: &[Value]) -> Value {
    open(status, "AUTHENTICATOR_PROMPT", std::slice::from_ref(prompt), messages)
}

/// The whole body of an open step of several.
pub fn choice(status: &str, prompts: &[Value], messages: &[Value]) -> Value {
    open(status, "MULTI_OPTIONS_PROMPT", prompts, messages)
}

fn open(status: &str, kind: &str, prompts: &[Value], messages: &[Value]) -> Value {
    let mut body = json!({
        "flowId": "…", "flowStatus": status, "flowType": "AUTHENTICATION",
        "nextStep": {"stepType": kind, "authenticators": prompts},
        "links": [{"name": "authentication", "href": format!("{BASE}/oauth2/authn"), "method": "POST"}],
    });
    if !messages.is_empty() {
        body["nextStep"]["messages"] = messages.into();
    }
    body
}

/// The message of a wrong answer.
pub fn failed(text: &str) -> Value {
    json!({"type": "ERROR", "messageId": "60003", "message": text, "i18nKey": "message.60003"})
}

/// RFC 4648 §6, back to bytes.
fn base32(text: &str) -> Vec<u8> {
    let value = |letter: u8| if letter.is_ascii_uppercase() { letter - b'A' } else { letter - b'2' + 26 };
    let bits: Vec<u8> = text.bytes().flat_map(|letter| (0..5).rev().map(move |n| value(letter) >> n & 1)).collect();
    bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | bit)).collect()
}
