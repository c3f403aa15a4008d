//! A service of the operator's that sends notifications. It is told by a signed POST, as Standard Webhooks lays it out: the
//! id stays the same over retries, the timestamp is that of the attempt.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use vestibule_core::error::Fault;
use vestibule_core::ports::{Clock, Web};
use vestibule_core::webhook::WebhookKey;

use super::answer::{ask, judge};
use super::{Carrier, Undelivered};
use crate::{Rendered, Webhook};

pub(super) struct WebhookCarrier {
    url: String,
    key: WebhookKey,
    clock: Arc<dyn Clock>,
    web: Arc<dyn Web>,
}

impl WebhookCarrier {
    pub(super) fn new(hook: &Webhook, clock: Arc<dyn Clock>, web: Arc<dyn Web>) -> Result<Self, Fault> {
        let key = WebhookKey::read(hook.secret.expose())
            .ok_or(Fault::new("the push webhook's secret is not whsec_ and base64 of 24 bytes or more"))?;
        Ok(Self { url: hook.url.clone(), key, clock, web })
    }
}

#[async_trait]
impl Carrier for WebhookCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
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
        let request = self.key.request(&self.url, &letter.id.to_string(), self.clock.now(), document.to_string());
        judge(&ask(&*self.web, request).await?)
    }
}
