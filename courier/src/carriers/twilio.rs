//! Twilio's Messages API: a form with Basic authentication, one message per call.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use vestibule_core::ports::web::WebRequest;
use vestibule_core::ports::{Secret, Web};

use super::answer::{ask, judge, later};
use super::{Carrier, Undelivered};
use crate::{Rendered, Twilio};

pub(super) struct TwilioCarrier {
    url: String,
    login: Secret<String>,
    from: String,
    web: Arc<dyn Web>,
}

impl TwilioCarrier {
    pub(super) fn new(twilio: &Twilio, web: Arc<dyn Web>) -> Self {
        let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", twilio.base.trim_end_matches('/'), twilio.account);
        let login = Secret::new(format!("{}:{}", twilio.user, twilio.token.expose()));
        Self { url, login: format!("Basic {}", STANDARD.encode(login.expose())).into(), from: twilio.from.clone(), web }
    }
}

#[async_trait]
impl Carrier for TwilioCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let sender = if self.from.starts_with("MG") { "MessagingServiceSid" } else { "From" };
        let fields = [("To", letter.to.as_str()), (sender, &self.from), ("Body", letter.content.text())];
        let request = WebRequest::post_form(&self.url, &fields).with("authorization", self.login.expose().clone());
        let answer = ask(&*self.web, request).await?;
        let judged = judge(&answer);
        let code = serde_json::from_slice::<Refusal>(&answer.body).ok().and_then(|refusal| refusal.code);
        match (judged, code) {
            (Ok(()), _) => Ok(()),
            // Too many requests, or a full queue, under a status that says otherwise.
            (Err(_), Some(code @ (14107 | 20429 | 21611 | 30001 | 30022))) => {
                Err(later(&answer, format!("Twilio error {code}")))
            }
            (Err(Undelivered::Permanent { .. }), Some(code)) => {
                Err(Undelivered::permanent(format!("Twilio error {code}")))
            }
            (Err(why), _) => Err(why),
        }
    }
}

/// What a refusal says.
#[derive(Deserialize)]
struct Refusal {
    code: Option<u32>,
}
