//! SCIM 2 (RFC 7643, RFC 7644) for users: what is said of them in JSON, and how a patch is read. What a user may be like
//! is decided in the rules.

pub(super) mod discovery;
mod edit;
mod filter;
mod patch;
mod schema;
pub(super) mod users;
mod value;
pub(super) mod wire;

/// Schema of a user (RFC 7643 §4.1).
const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// WSO2's extension of it.
const WSO2: &str = "urn:scim:wso2:schema";
/// Our extension of it: what is written when users come from another server.
const OWN: &str = "urn:ietf:params:scim:schemas:extension:vestibule:2.0:User";
/// Another extension of ours: what the user holds besides a password, to be read only.
const FACTORS: &str = "urn:vestibule:scim:factors";
/// Schema of a list (RFC 7644 §3.4.2).
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// Schema of a patch (RFC 7644 §3.5.2).
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
