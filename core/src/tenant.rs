//! A tenant: a realm of its own applications, users and keys.

use serde::{Deserialize, Serialize};

use crate::error::Spelling;
use crate::ports::{TenantId, Timestamp};

/// Whether messages of a step are sentences or WSO2's message keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MessageStyle {
    /// A readable sentence.
    #[default]
    Text,
    /// The message key that WSO2 Identity Server sends.
    Wso2,
}

/// A realm with its own applications, users and keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its handle in `/t/{tenant}`.
    pub id: TenantId,
    /// A name for people.
    pub name: String,
    /// Spelling of error codes, when it is not the server's.
    pub error_codes: Option<Spelling>,
    /// Style of messages, when it is not the server's.
    pub messages: Option<MessageStyle>,
    /// When it was made.
    pub created: Timestamp,
}
