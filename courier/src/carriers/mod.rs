//! The ways to people, one file each. A carrier hands a message to a provider once and says how that went; when to try
//! again, and until when, is the courier's. No text of a provider goes into a reason, since providers like to quote
//! addresses.

mod answer;
mod fcm;
mod http;
pub mod mailbox;
mod smtp;
mod twilio;
mod vonage;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use vestibule_core::delivery::Channel;
use vestibule_core::error::Fault;

use crate::desk::Needs;
use crate::{EmailCarrier, Mailbox, PushCarrier, Rendered, Settings, SmsCarrier};

/// Hands messages to a provider.
#[async_trait]
pub trait Carrier: Send + Sync {
    /// Hands over one message. It may be given up at any moment; the message may have arrived then.
    ///
    /// # Errors
    /// The message was not accepted.
    async fn carry(&self, letter: &Rendered) -> Result<(), Undelivered>;
}

/// Why a message was not accepted. The reasons are for the log; they have no address and nothing of the message in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Undelivered {
    /// It may be accepted later.
    Temporary {
        /// How long the provider wants to be left alone.
        after: Option<Duration>,
        /// What was in the way.
        reason: String,
    },
    /// It will never be accepted.
    Permanent {
        /// What was wrong with it.
        reason: String,
    },
}

impl Undelivered {
    /// It may be accepted later.
    pub fn temporary(reason: impl Into<String>) -> Self {
        Self::Temporary { after: None, reason: reason.into() }
    }

    /// It will never be accepted.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self::Permanent { reason: reason.into() }
    }
}

/// The way of each channel.
pub(crate) struct Carriers {
    email: Option<Arc<dyn Carrier>>,
    sms: Option<Arc<dyn Carrier>>,
    push: Option<Arc<dyn Carrier>>,
}

impl Carriers {
    /// The ways that the settings name.
    ///
    /// # Errors
    /// The settings of one do not fit together.
    pub(crate) fn new(needs: &Needs, settings: &Settings, mailbox: &Arc<Mailbox>) -> Result<Self, Fault> {
        let Needs { clock, web, .. } = needs;
        let memory = || Some(Arc::<Mailbox>::clone(mailbox) as Arc<dyn Carrier>);
        let email: Option<Arc<dyn Carrier>> = match &settings.email {
            EmailCarrier::None => None,
            EmailCarrier::Mailbox => memory(),
            EmailCarrier::Smtp(smtp) => Some(Arc::new(smtp::SmtpCarrier::new(smtp, Arc::clone(clock))?)),
        };
        let sms: Option<Arc<dyn Carrier>> = match &settings.sms {
            SmsCarrier::None => None,
            SmsCarrier::Mailbox => memory(),
            SmsCarrier::Twilio(twilio) => Some(Arc::new(twilio::TwilioCarrier::new(twilio, Arc::clone(web)))),
            SmsCarrier::Vonage(vonage) => Some(Arc::new(vonage::VonageCarrier::new(vonage, Arc::clone(web)))),
            SmsCarrier::Http(http) => Some(Arc::new(http::HttpCarrier::new(http, Arc::clone(web))?)),
        };
        let push: Option<Arc<dyn Carrier>> = match &settings.push {
            PushCarrier::None => None,
            PushCarrier::Mailbox => memory(),
            PushCarrier::Fcm(fcm) => Some(Arc::new(fcm::FcmCarrier::new(fcm, Arc::clone(clock), Arc::clone(web))?)),
            PushCarrier::Webhook(hook) => {
                Some(Arc::new(webhook::WebhookCarrier::new(hook, Arc::clone(clock), Arc::clone(web))?))
            }
        };
        Ok(Self { email, sms, push })
    }

    /// The way of a channel, if it has one.
    pub(crate) fn of(&self, channel: Channel) -> Option<&Arc<dyn Carrier>> {
        match channel {
            Channel::Email => self.email.as_ref(),
            Channel::Sms => self.sms.as_ref(),
            Channel::Push => self.push.as_ref(),
        }
    }
}
