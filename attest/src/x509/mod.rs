//! Certificates (RFC 5280) as attestations use them: read, and followed to a trusted key at a given moment. Names are
//! compared byte for byte, unknown critical extensions refuse, and no revocation is asked for here. Law: a certificate
//! speaks for a key only if a chain of signatures by certificate authorities leads from it to a root that was pinned.

mod certificate;
mod path;

pub use certificate::{Certificate, point};
pub use path::{Anchor, chain, trusted};
