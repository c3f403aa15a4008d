//! What App Attest writes: CBOR objects around authenticator data in the form of WebAuthn. Everything is bounded, and
//! nothing may follow what is read.

use vestibule_jose::cbor::{Value, item, member};

/// An attestation object. Its receipt, with which Apple can be asked for a count of attestations, is not read.
pub struct Attestation {
    /// Certificates, the key's own first.
    pub chain: Vec<Vec<u8>>,
    /// Authenticator data.
    pub data: Vec<u8>,
}

/// An assertion.
pub struct Assertion {
    /// ECDSA signature in DER.
    pub signature: Vec<u8>,
    /// Authenticator data.
    pub data: Vec<u8>,
}

/// Authenticator data (WebAuthn Level 3 §6.1).
pub struct AuthenticatorData<'a> {
    /// SHA-256 of the app id.
    pub app: &'a [u8; 32],
    /// The count of assertions.
    pub counter: u32,
    /// The new key of an attestation.
    pub attested: Option<Attested<'a>>,
}

/// What an attestation says of the new key. The `COSE_Key` at the end is not read: the key is the certificate's.
pub struct Attested<'a> {
    /// Where the key was made.
    pub environment: &'a [u8; 16],
    /// Its id.
    pub id: &'a [u8],
}

impl Attestation {
    /// Reads an attestation object.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let object = map(bytes)?;
        let statement = member(&object, "attStmt")?.as_map()?;
        let chain = member(statement, "x5c")?.as_array()?;
        (member(&object, "fmt")?.as_text()? == "apple-appattest").then_some(())?;
        Some(Self {
            chain: chain.iter().map(|der| der.as_bytes().cloned()).collect::<Option<_>>()?,
            data: member(&object, "authData")?.as_bytes()?.clone(),
        })
    }
}

impl Assertion {
    /// Reads an assertion.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let object = map(bytes)?;
        Some(Self {
            signature: member(&object, "signature")?.as_bytes()?.clone(),
            data: member(&object, "authenticatorData")?.as_bytes()?.clone(),
        })
    }
}

impl<'a> AuthenticatorData<'a> {
    /// Reads authenticator data.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (app, rest) = bytes.split_first_chunk()?;
        let (flags, rest) = rest.split_first()?;
        let (counter, rest) = rest.split_first_chunk()?;
        let attested = match flags & ATTESTED {
            0 => rest.is_empty().then_some(None)?,
            _ => Some(Attested::read(rest)?),
        };
        Some(Self { app, counter: u32::from_be_bytes(*counter), attested })
    }
}

impl<'a> Attested<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (environment, rest) = bytes.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (id, _) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        Some(Self { environment, id })
    }
}

fn map(bytes: &[u8]) -> Option<Vec<(Value, Value)>> {
    let short = (bytes.len() <= LONGEST).then_some(bytes)?;
    let (object, rest) = item(short)?;
    rest.is_empty().then(|| object.into_map().ok())?
}

const ATTESTED: u8 = 1 << 6;
const LONGEST: usize = 32 * 1024;
