//! A service of the operator's that sends notifications. It is told by a signed POST, as Standard Webhooks lays it out: the
//! id stays the same over retries, the timestamp is that of the attempt.

use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use vestibule_core::error::Fault;
use vestibule_core::ports::web::WebRequest;
use vestibule_core::ports::{Clock, Web};
use vestibule_jose::MacKey;

use super::answer::{ask, judge};
use super::{Carrier, Undelivered};
use crate::{Rendered, Webhook};

/// Shortest secret, in bytes, that Standard Webhooks allows.
const SHORTEST: usize = 24;

pub(super) struct WebhookCarrier {
    url: String,
    key: MacKey,
    clock: Arc<dyn Clock>,
    web: Arc<dyn Web>,
}

impl WebhookCarrier {
    pub(super) fn new(hook: &Webhook, clock: Arc<dyn Clock>, web: Arc<dyn Web>) -> Result<Self, Fault> {
        let secret = hook.secret.expose();
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)).ok();
        let secret = secret.filter(|bytes| bytes.len() >= SHORTEST);
        let secret =
            secret.ok_or(Fault::new("the push webhook's secret is not whsec_ and base64 of 24 bytes or more"))?;
        Ok(Self { url: hook.url.clone(), key: MacKey::new(&secret), clock, web })
    }
}

#[async_trait]
impl Carrier for WebhookCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let (id, now) = (letter.id.to_string(), self.clock.now().seconds());
        let subject = letter.content.subject();
        let document = json!({
            "type": letter.template,
            "timestamp": letter.created.to_string(),
            "data": {
                "tenant": letter.tenant.as_str(),
                "to": letter.to,
                "title": subject,
                "body": letter.content.text(),
                "expires": letter.expires.to_string(),
                "values": letter.values,
            },
        });
        let signature = STANDARD.encode(self.key.sign(format!("{id}.{now}.{document}").as_bytes()));
        let request = WebRequest::post_json(&self.url, &document)
            .with("webhook-id", id)
            .with("webhook-timestamp", now.to_string())
            .with("webhook-signature", format!("v1,{signature}"));
        judge(&ask(&*self.web, request).await?)
    }
}
