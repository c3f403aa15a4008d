//! What the client says about the moment in which the authenticator was asked (WebAuthn Level 3 §5.8.1): for what, with
//! which challenge and by which page.

use serde::Deserialize;
use vestibule_core::ports::passkeys::{Asked, Flaw, Party};
use vestibule_jose::from_base64url_lenient;

/// What an authenticator was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    Get,
}

/// Checks `clientDataJSON` (§7.1 steps 7 to 11, §7.2 steps 10 to 14).
pub fn check(client_data: &[u8], act: Act, party: &Party, ask: &Asked<'_>) -> Result<(), Flaw> {
    let told: ClientData = serde_json::from_slice(client_data).map_err(|_| Flaw::Malformed)?;
    if told.kind != act.as_str() {
        return Err(Flaw::Type);
    }
    if from_base64url_lenient(&told.challenge).as_deref() != Some(ask.challenge.as_slice()) {
        return Err(Flaw::Challenge);
    }
    // Whole strings only: a prefix or a parent domain would let a neighbour's page ask in our name.
    if !party.origins.contains(&told.origin) {
        return Err(Flaw::Origin);
    }
    // A login page that another site frames can be clicked without being seen (§13.4.2).
    if told.cross_origin.unwrap_or(false) || told.top_origin.is_some() {
        return Err(Flaw::CrossOrigin);
    }
    Ok(())
}

impl Act {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// The members that matter; one of them given twice is malformed, others may come (§5.8.1.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<String>,
}
