//! The endpoints that speak OAuth 2 and OpenID Connect: tokens, what tokens are good for, and where everything is.

pub(super) mod attestation;
pub(super) mod metadata;
pub(super) mod par;
pub(super) mod token;
pub(super) mod userinfo;
