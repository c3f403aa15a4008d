//! Deliveries that their receiver can check, as Standard Webhooks lays them out: an id that stays the same over retries, the
//! moment of the attempt, and a signature over both and the body.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use vestibule_jose::MacKey;

use crate::ports::Timestamp;
use crate::ports::web::{Method, WebRequest};

/// Shortest secret, in bytes, that Standard Webhooks allows.
const SHORTEST: usize = 24;

/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// The key that deliveries to one receiver are signed with.
pub struct WebhookKey(MacKey);

impl WebhookKey {
    /// The key of a secret: base64 of 24 bytes or more, with or without `whsec_` before it.
    pub fn read(secret: &str) -> Option<Self> {
        let bytes = STANDARD.decode(secret.strip_prefix(PREFIX).unwrap_or(secret)).ok()?;
        (bytes.len() >= SHORTEST).then(|| Self(MacKey::new(&bytes)))
    }

    /// A secret as its receiver keeps it.
    pub fn spell(bytes: &[u8; 32]) -> String {
        format!("{PREFIX}{}", STANDARD.encode(bytes))
    }

    /// A signed delivery of a JSON document.
    pub fn request(&self, url: &str, id: &str, now: Timestamp, body: String) -> WebRequest {
        let seconds = now.seconds();
        let signature = STANDARD.encode(self.0.sign(format!("{id}.{seconds}.{body}").as_bytes()));
        let body = Some(crate::ports::Secret::new(body.into_bytes()));
        WebRequest { method: Method::Post, url: url.to_owned(), headers: Vec::new(), body }
            .with("content-type", "application/json".to_owned())
            .with("webhook-id", id.to_owned())
            .with("webhook-timestamp", seconds.to_string())
            .with("webhook-signature", format!("v1,{signature}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_signed_as_the_published_example() {
        // The example of the reference libraries (github.com/standard-webhooks/standard-webhooks).
        let key = WebhookKey::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let moment = Timestamp::from_seconds(1_614_265_330);
        let body = "{\"test\": 2432232314}".to_owned();
        let request = key.request("https://a.example", "msg_p5jXN8AQM9LWM0D4loKWxJek", moment, body);
        let signature = request.headers.iter().find(|(name, _)| *name == "webhook-signature").unwrap();
        assert_eq!(signature.1.expose(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_short_secret_is_none() {
        assert!(WebhookKey::read("whsec_c2hvcnQ=").is_none());
        assert!(WebhookKey::read("no base64").is_none());
        assert!(WebhookKey::read(&WebhookKey::spell(&[7; 32])).is_some());
    }
}
