//! What the authenticator says (WebAuthn Level 3 §6.1): for whom, whether the user was there, how often it signed, and the
//! new passkey when it made one. Every byte has to be accounted for.

use ciborium::Value;
use uuid::Uuid;
use vestibule_core::ports::passkeys::{Asked, Flaw, Party};
use vestibule_jose::{cbor, sha256};

/// Authenticator data.
pub struct AuthenticatorData<'a> {
    relying_party: &'a [u8; 32],
    flags: u8,
    /// How many signatures the authenticator made, or 0 when it does not count.
    pub counter: u32,
    /// The passkey that it made.
    pub attested: Option<Attested<'a>>,
}

/// A new passkey (§6.5.1).
pub struct Attested<'a> {
    aaguid: &'a [u8; 16],
    /// Its credential id.
    pub id: &'a [u8],
    /// Its public key as a `COSE_Key`.
    pub key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads all of `bytes`.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (relying_party, rest) = bytes.split_first_chunk()?;
        let (flags, rest) = rest.split_first()?;
        let (counter, mut rest) = rest.split_first_chunk()?;
        let mut attested = None;
        if flags & ATTESTED != 0 {
            let (made, after) = Attested::read(rest)?;
            (attested, rest) = (Some(made), after);
        }
        if flags & EXTENSIONS != 0 {
            let (extensions, after) = cbor::item(rest)?;
            rest = matches!(extensions, Value::Map(_)).then_some(after)?;
        }
        let counter = u32::from_be_bytes(*counter);
        rest.is_empty().then_some(Self { relying_party, flags: *flags, counter, attested })
    }

    /// Checks what it says of relying party and user (§7.1 steps 14 to 18, §7.2 steps 16 to 20).
    pub fn check(&self, party: &Party, ask: &Asked<'_>) -> Result<(), Flaw> {
        if *self.relying_party != sha256(party.id.as_bytes()) {
            return Err(Flaw::RelyingParty);
        }
        if self.flags & PRESENT == 0 {
            return Err(Flaw::Presence);
        }
        if ask.verified && self.flags & VERIFIED == 0 {
            return Err(Flaw::Verification);
        }
        if self.is_backed_up() && !self.may_be_backed_up() {
            return Err(Flaw::Backup);
        }
        Ok(())
    }

    /// The passkey may leave its device (§6.1.3).
    pub const fn may_be_backed_up(&self) -> bool {
        self.flags & BACKUP_ELIGIBLE != 0
    }

    /// The passkey has left its device (§6.1.3).
    pub const fn is_backed_up(&self) -> bool {
        self.flags & BACKED_UP != 0
    }
}

impl<'a> Attested<'a> {
    /// The passkey at the front, and what follows it.
    fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (aaguid, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_be_bytes(*length));
        // §7.1 step 25: longer ids are refused, since every login would have to name them.
        let (id, rest) = (1..=LONGEST_ID).contains(&length).then(|| rest.split_at_checked(length))??;
        let (_, after) = cbor::item(rest)?;
        let key = rest.get(..rest.len() - after.len())?;
        Some((Self { aaguid, id, key }, after))
    }

    /// The authenticator's model, unless it keeps that to itself (§6.5.1).
    pub fn model(&self) -> Option<String> {
        let model = Uuid::from_bytes(*self.aaguid);
        (!model.is_nil()).then(|| model.to_string())
    }
}

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const ATTESTED: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;
const LONGEST_ID: usize = 1023;
