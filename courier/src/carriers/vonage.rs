//! Vonage's SMS API: a form; the status is 200 whatever happened, and each part of the message has a code of its own.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;
use vestibule_core::ports::web::WebRequest;
use vestibule_core::ports::{Secret, Web};

use super::answer::{ask, judge};
use super::{Carrier, Undelivered};
use crate::{Rendered, Vonage};

pub(super) struct VonageCarrier {
    url: String,
    key: String,
    secret: Secret<String>,
    from: String,
    web: Arc<dyn Web>,
}

impl VonageCarrier {
    pub(super) fn new(vonage: &Vonage, web: Arc<dyn Web>) -> Self {
        let Vonage { key, secret, from, base } = vonage.clone();
        Self { url: format!("{}/sms/json", base.trim_end_matches('/')), key, secret, from, web }
    }
}

#[async_trait]
impl Carrier for VonageCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let text = letter.content.text();
        let id = letter.id.to_string();
        let fields = [
            ("api_key", self.key.as_str()),
            ("api_secret", self.secret.expose()),
            ("from", &self.from),
            ("to", letter.to.trim_start_matches('+')),
            ("text", text),
            ("type", if text.chars().all(is_gsm) { "text" } else { "unicode" }),
            ("client-ref", &id),
        ];
        let answer = ask(&*self.web, WebRequest::post_form(&self.url, &fields)).await?;
        judge(&answer)?;
        let report: Report = serde_json::from_slice(&answer.body)
            .map_err(|_| Undelivered::temporary("the answer of Vonage is not understood"))?;
        if report.messages.is_empty() {
            return Err(Undelivered::temporary("Vonage reports no message"));
        }
        let failed = report.messages.iter().find(|part| part.status != "0");
        failed.map_or(Ok(()), |part| Err(meaning(&part.status)))
    }
}

/// What a code other than zero means: the account's troubles and theirs pass or are mended, the message's own stay.
fn meaning(status: &str) -> Undelivered {
    let reason = format!("Vonage status {}", status.chars().take(4).filter(char::is_ascii_digit).collect::<String>());
    match status {
        "1" | "4" | "5" | "8" | "9" | "10" | "11" | "14" | "32" => Undelivered::temporary(reason),
        _ => Undelivered::permanent(reason),
    }
}

/// Whether a character is in the alphabet of GSM 03.38, in which a message is twice as long.
fn is_gsm(letter: char) -> bool {
    (letter.is_ascii() && letter != '`' && !(letter.is_ascii_control() && letter != '\n'))
        || "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€".contains(letter)
}

#[derive(Deserialize)]
struct Report {
    messages: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    status: String,
}
