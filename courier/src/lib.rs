//! Carries letters from the store's outbox to people: by email, SMS and push. It owns the texts in which a message is
//! told, the ways to providers, retries and the mailbox of development; what is sent to whom and how often is decided by
//! the rules that posted the letter. Law: no address, code or link is ever logged.

mod bell;
pub mod carriers;
mod courier;
mod desk;
mod number;
mod rendered;
mod settings;
mod templates;

pub use bell::Bell;
pub use carriers::mailbox::{Entry, Mailbox};
pub use courier::Courier;
pub use desk::{Counts, Needs};
pub use rendered::{Content, Rendered};
pub use settings::{
    EmailCarrier, Fcm, HttpBody, HttpSms, PushCarrier, Settings, SmsCarrier, Smtp, Tls, Twilio, Vonage, Webhook,
};
pub use templates::Templates;
