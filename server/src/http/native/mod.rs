//! The native contract: starting a login, going on with it, and leaving, all in JSON and without a cookie.

pub(super) mod authn;
pub(super) mod authorize;
pub(super) mod logout;
pub(super) mod wire;
