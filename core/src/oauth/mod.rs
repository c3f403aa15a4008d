//! OAuth 2 and OpenID Connect over the flow engine: who is asking, what may be asked, and what tokens say.

pub mod admission;
pub mod authorize;
pub mod claims;
pub mod client_auth;
pub mod dpop;
pub mod first_party;
pub mod issue;
pub mod logout;
pub mod metadata;
mod params;
mod pkce;
pub mod resource;
pub mod scope;
pub mod token;

pub use params::{Params, RepeatedParameter};
