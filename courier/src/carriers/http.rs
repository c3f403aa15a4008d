//! Any provider of short messages that takes a POST. The operator writes the body; each of its texts is a template of its
//! own, so that a message cannot break out of its place in JSON or a form.

use std::sync::Arc;

use async_trait::async_trait;
use minijinja::{Environment, UndefinedBehavior, context};
use serde_json::Value;
use vestibule_core::error::Fault;
use vestibule_core::ports::web::WebRequest;
use vestibule_core::ports::{Secret, Web};

use super::answer::{ask, judge};
use super::{Carrier, Undelivered};
use crate::{HttpBody, HttpSms, Rendered};

pub(super) struct HttpCarrier {
    url: String,
    headers: Vec<(&'static str, Secret<String>)>,
    body: Body,
    words: Environment<'static>,
    web: Arc<dyn Web>,
}

enum Body {
    Json(Value),
    Form(Vec<(String, String)>),
}

/// What templates speak of.
struct Values<'a> {
    to: &'a str,
    text: &'a str,
    id: &'a str,
}

impl HttpCarrier {
    pub(super) fn new(http: &HttpSms, web: Arc<dyn Web>) -> Result<Self, Fault> {
        let mut words = Environment::empty();
        words.set_undefined_behavior(UndefinedBehavior::Strict);
        let body = match &http.body {
            HttpBody::Json(text) => Body::Json(
                serde_json::from_str(text).map_err(|error| Fault::from("reading the JSON body for SMS", error))?,
            ),
            HttpBody::Form(fields) => Body::Form(fields.clone()),
        };
        // The port's headers live as long as the program, and so do these: they are read once, at the start.
        let name = |name: &String| -> &'static str { name.to_ascii_lowercase().leak() };
        let headers = http.headers.iter().map(|(header, value)| (name(header), value.clone())).collect();
        let carrier = Self { url: http.url.clone(), headers, body, words, web };
        let sample = Values { to: "+4912345678", text: "text", id: "id" };
        carrier.request(&sample).map_err(|error| Fault::from("trying the body for SMS", error))?;
        Ok(carrier)
    }

    fn request(&self, values: &Values<'_>) -> Result<WebRequest, minijinja::Error> {
        let mut request = match &self.body {
            Body::Json(document) => WebRequest::post_json(&self.url, &self.filled(document, values)?),
            Body::Form(fields) => {
                let filled = fields.iter().map(|(name, text)| Ok((name.as_str(), self.fill(text, values)?)));
                let filled = filled.collect::<Result<Vec<_>, minijinja::Error>>()?;
                let pairs: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
                WebRequest::post_form(&self.url, &pairs)
            }
        };
        request = request.with("idempotency-key", values.id.to_owned());
        // A header of the operator's takes the place of ours.
        request.headers.retain(|(name, _)| !self.headers.iter().any(|(theirs, _)| theirs == name));
        request.headers.extend(self.headers.iter().cloned());
        Ok(request)
    }

    fn filled(&self, value: &Value, values: &Values<'_>) -> Result<Value, minijinja::Error> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill(text, values)?),
            Value::Array(items) => items.iter().map(|item| self.filled(item, values)).collect::<Result<_, _>>()?,
            Value::Object(members) => {
                let members = members.iter().map(|(name, item)| Ok((name.clone(), self.filled(item, values)?)));
                Value::Object(members.collect::<Result<_, minijinja::Error>>()?)
            }
            other => other.clone(),
        })
    }

    fn fill(&self, text: &str, values: &Values<'_>) -> Result<String, minijinja::Error> {
        let Values { to, text: message, id } = *values;
        self.words.render_str(text, context! { to, text => message, id })
    }
}

#[async_trait]
impl Carrier for HttpCarrier {
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered> {
        let values = Values { to: &letter.to, text: letter.content.text(), id: &letter.id.to_string() };
        let request = self.request(&values).map_err(|error| Undelivered::permanent(error.kind().to_string()))?;
        judge(&ask(&*self.web, request).await?)
    }
}
