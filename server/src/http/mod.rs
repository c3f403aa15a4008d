//! HTTP: strings become types, the rules are asked, types become JSON. Every refusal of every endpoint is told in one
//! place ([`reply`]), in the face of its path.

mod association;
mod body;
mod caller;
mod certificate;
mod cors;
mod face;
mod first_party;
mod health;
mod mailbox;
mod management;
mod me;
mod native;
mod oauth;
mod openapi;
mod push;
pub mod reply;
mod router;
mod scim;
mod threshold;
mod trace;

use std::sync::{Arc, OnceLock};

use axum::body::Bytes;
use vestibule_core::error::Spelling;
use vestibule_core::house::House;
use vestibule_core::ports::TenantId;
use vestibule_core::tenant::MessageStyle;

pub use caller::Networks;
pub use certificate::Certificates;
pub use mailbox::ShownMailbox;
pub use management::{ROUTES, Route, SchemaOf};
pub use router::router;
pub use trace::TraceId;

/// What every endpoint has at hand.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    house: Arc<House>,
    settings: HttpSettings,
    openapi: OnceLock<Bytes>,
}

/// What an operator decides about the HTTP side.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Spelling of error codes, unless a tenant has its own.
    pub error_codes: Spelling,
    /// Style of messages, unless a tenant has its own.
    pub messages: MessageStyle,
    /// Longest body in bytes.
    pub body_limit: usize,
    /// Longest time for one answer.
    pub timeout: std::time::Duration,
    /// Proxies whose forwarded address is believed, and sources exempt from the limits of addresses.
    pub networks: Networks,
    /// Where certificates of clients are seen.
    pub certificates: Certificates,
    /// The mailbox of development, where there is one.
    pub mailbox: Option<ShownMailbox>,
}

/// How a tenant's answers are spelled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub codes: Spelling,
    pub messages: MessageStyle,
}

impl App {
    /// The endpoints' view of a house.
    pub fn new(house: Arc<House>, settings: HttpSettings) -> Self {
        Self(Arc::new(Inner { house, settings, openapi: OnceLock::new() }))
    }

    /// The rules.
    pub fn house(&self) -> &Arc<House> {
        &self.0.house
    }

    /// What the operator decided.
    pub fn settings(&self) -> &HttpSettings {
        &self.0.settings
    }

    /// How answers are spelled where no tenant says otherwise.
    pub(crate) fn usual_style(&self) -> Style {
        Style { codes: self.0.settings.error_codes, messages: self.0.settings.messages }
    }

    /// How the tenant's answers are spelled; the server's way when the tenant cannot be read.
    pub(crate) async fn style(&self, tenant: &TenantId) -> Style {
        let (found, usual) = (self.0.house.ports.store.tenant(tenant).await.ok().flatten(), self.usual_style());
        let own = found.as_ref();
        Style {
            codes: own.and_then(|tenant| tenant.error_codes).unwrap_or(usual.codes),
            messages: own.and_then(|tenant| tenant.messages).unwrap_or(usual.messages),
        }
    }
}
