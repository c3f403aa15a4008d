//! What the server's secret is for: sealing flowIds, and keyed names of codes, refresh tokens and sessions. None of
//! them is stored; each names a row and proves that this server gave the name out. There may be several secrets: what any of
//! them made holds, and new things are made with the newest that all nodes have had time to read.

mod held;

use std::sync::{Arc, PoisonError, RwLock};

use vestibule_jose::{SealKey, base64url, from_base64url};

use self::held::{Derived, Held};

use crate::error::Fault;
use crate::grant::Grant;
use crate::oauth::dpop::Thumbprint;
use crate::ports::{GrantId, Secret, SessionId, TenantId, Timestamp};
use crate::session::{Presence, Session};

/// Length of a keyed hash in a token: 128 bits.
const TAG: usize = 16;

/// The server's secrets.
pub struct Secrets {
    /// Replaced as a whole, so that nobody waits for whoever reads the store.
    held: RwLock<Arc<Held>>,
}

/// A name whose owner has yet to be found and its keyed hash checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeName {
    /// The grant that it names.
    pub grant: GrantId,
    tag: Vec<u8>,
}

/// A refresh token whose grant has yet to be found and its keyed hash checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshName {
    /// The grant that it names.
    pub grant: GrantId,
    /// Its number in the family.
    pub generation: u32,
    /// The key that it is bound to.
    pub key: Option<Thumbprint>,
    tag: Vec<u8>,
}

/// Where a session's name is shown. A name made for one place is no good at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// The state that OpenID Connect Session Management mixes into `session_state`.
    BrowserState,
    /// The list from which a user chooses the sessions to end.
    Choice,
}

impl Shown {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::BrowserState => b"browser state",
            Self::Choice => b"session choice",
        }
    }
}

impl Secrets {
    /// A single secret that never changes, for worlds without a store.
    ///
    /// # Errors
    /// It is no secret.
    pub fn only(id: [u8; 4], secret: &Secret<[u8; 32]>) -> Result<Self, Fault> {
        let only = Derived::of(id, secret.expose())?;
        Ok(Self { held: RwLock::new(Arc::new(Held::only(only))) })
    }

    /// Seals a flow's ticket. `nonce` is random.
    ///
    /// # Errors
    /// The cipher failed.
    pub fn seal_flow(&self, nonce: [u8; 12], ticket: &[u8]) -> Result<String, Fault> {
        self.held().newest().seal.seal("flow", nonce, ticket).map_err(|error| Fault::from("sealing a flow", error))
    }

    /// Opens a flow's ticket, if this server sealed it.
    pub fn open_flow(&self, flow_id: &str) -> Option<impl AsRef<[u8]> + use<>> {
        self.open("flow", flow_id)
    }

    /// Seals something that is kept: a letter, a key for one-time codes, a client secret of ours elsewhere. `purpose` keeps
    /// things of different kinds apart; `nonce` is random.
    ///
    /// # Errors
    /// The cipher failed.
    pub fn seal(&self, purpose: &'static str, nonce: [u8; 12], plain: &[u8]) -> Result<String, Fault> {
        self.held().newest().seal.seal(purpose, nonce, plain).map_err(|error| Fault::from("sealing a secret", error))
    }

    /// Opens what [`Self::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &'static str, sealed: &str) -> Option<impl AsRef<[u8]> + use<>> {
        let id = SealKey::key_id_of(sealed)?;
        self.held().named(id)?.seal.open(purpose, sealed)
    }

    /// Names the secret that sealed a flowId, for [`Self::digest_by`].
    pub fn sealer_of(flow_id: &str) -> [u8; 4] {
        SealKey::key_id_of(flow_id).unwrap_or_default()
    }

    /// A keyed hash of parts that are told apart, to be compared by [`Self::is_digest`]. The first part says what it is for.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.held().newest().names.mac(parts)
    }

    /// The same, always by the secret of that name: for what is derived instead of kept, and must not change while the flow
    /// lasts. A name that is unknown is the newest's.
    pub fn digest_by(&self, id: [u8; 4], parts: &[&[u8]]) -> [u8; 32] {
        let held = self.held();
        held.named(id).unwrap_or(held.newest()).names.mac(parts)
    }

    /// The same by each secret, the newest first: for what is derived and looked for again soon.
    pub fn digests(&self, parts: &[&[u8]]) -> Vec<[u8; 32]> {
        self.held().all().map(|derived| derived.names.mac(parts)).collect()
    }

    /// The same by the oldest secret, so that it never changes.
    pub fn lasting(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.held().oldest().names.mac(parts)
    }

    /// Whether a keyed hash is that of these parts, compared in constant time, whichever secret made it.
    pub fn is_digest(&self, parts: &[&[u8]], digest: &[u8]) -> bool {
        digest.len() == 32 && self.is_ours(parts, digest)
    }

    /// What the audit log says instead of a name that nobody has: the same for the same name, and of no use to who reads it.
    pub fn blind(&self, tenant: &TenantId, name: &str) -> String {
        let digest = self.digest(&[b"audit name", tenant.as_str().as_bytes(), name.as_bytes()]);
        base64url(digest.get(..TAG).unwrap_or_default())
    }

    /// The code of a grant.
    pub fn code(&self, grant: &Grant) -> String {
        let tag = self.held().newest().names.mac(&[b"code", grant.id.as_bytes(), &grant.salt]);
        spell(grant.id.as_bytes(), &[], &tag)
    }

    /// Reads a code; whether it is genuine shows once its grant is found.
    pub fn read_code(code: &str) -> Option<CodeName> {
        let bytes = from_base64url(code)?;
        let (id, tag) = bytes.split_first_chunk::<16>()?;
        (tag.len() == TAG).then(|| CodeName { grant: GrantId::from_bytes(*id), tag: tag.to_vec() })
    }

    /// Whether the code belongs to its grant.
    pub fn is_code_of(&self, name: &CodeName, grant: &Grant) -> bool {
        self.is_ours(&[b"code", grant.id.as_bytes(), &grant.salt], &name.tag)
    }

    /// Refresh token number `generation` of a grant, bound to the key of the grant's terms. A code that was not bound may be
    /// exchanged with a proof, so the token itself says which key it is.
    pub fn refresh(&self, grant: &Grant, generation: u32) -> String {
        let number = numbered(generation, grant.terms.binding.jkt);
        let tag = self.held().newest().names.mac(&[b"refresh", grant.id.as_bytes(), &grant.salt, &number]);
        spell(grant.id.as_bytes(), &number, &tag)
    }

    /// Reads a refresh token; whether it is genuine shows once its grant is found.
    pub fn read_refresh(token: &str) -> Option<RefreshName> {
        let bytes = from_base64url(token)?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (number, rest) = rest.split_first_chunk::<4>()?;
        let (key, tag) = match rest.split_first_chunk::<32>() {
            Some((key, tag)) => (Some(Thumbprint::from_bytes(*key)), tag),
            None => (None, rest),
        };
        (tag.len() == TAG).then(|| RefreshName {
            grant: GrantId::from_bytes(*id),
            generation: u32::from_be_bytes(*number),
            key,
            tag: tag.to_vec(),
        })
    }

    /// Whether the refresh token belongs to its grant.
    pub fn is_refresh_of(&self, name: &RefreshName, grant: &Grant) -> bool {
        let number = numbered(name.generation, name.key);
        self.is_ours(&[b"refresh", grant.id.as_bytes(), &grant.salt, &number], &name.tag)
    }

    /// The name of a session as it is shown at a place.
    pub fn session(&self, id: &SessionId, shown: Shown) -> String {
        let tag = self.held().newest().names.mac(&[b"session", shown.label(), id.as_bytes()]);
        spell(id.as_bytes(), &[], &tag)
    }

    /// The session that a name shown at a place stands for.
    pub fn read_session(&self, name: &str, shown: Shown) -> Option<SessionId> {
        let bytes = from_base64url(name)?;
        let (id, tag) = bytes.split_first_chunk::<16>()?;
        let genuine = tag.len() == TAG && self.is_ours(&[b"session", shown.label(), id], tag);
        genuine.then(|| SessionId::from_bytes(*id))
    }

    /// The name by which apps show the session: the `isk` claim and the `sessionId` parameter. In an ID token of a bound login
    /// it says to which key.
    pub fn isk(&self, id: &SessionId, key: Option<Thumbprint>) -> String {
        let bound = key.as_ref().map_or(&[][..], |key| key.as_bytes());
        let tag = self.held().newest().names.mac(&[b"session", b"isk", &[id.as_bytes(), bound].concat()]);
        spell(id.as_bytes(), bound, &tag)
    }

    /// The session that an `isk` stands for, and for whom.
    pub fn read_isk(&self, isk: &str) -> Option<Presence> {
        let bytes = from_base64url(isk)?;
        let (named, tag) = bytes.split_last_chunk::<TAG>()?;
        let (id, bound) = named.split_first_chunk::<16>()?;
        let key = match bound {
            [] => None,
            bound => Some(Thumbprint::from_bytes(bound.try_into().ok()?)),
        };
        let genuine = self.is_ours(&[b"session", b"isk", named], tag);
        genuine.then(|| Presence { session: SessionId::from_bytes(*id), as_of: None, key })
    }

    /// The session's cookie, good until the user proves something again.
    pub fn cookie(&self, session: &Session) -> String {
        let moment = session.authenticated.micros().to_be_bytes();
        let tag = self.held().newest().names.mac(&[b"cookie", session.id.as_bytes(), &moment]);
        spell(session.id.as_bytes(), &moment, &tag)
    }

    /// The session that a cookie stands for.
    pub fn read_cookie(&self, cookie: &str) -> Option<Presence> {
        let bytes = from_base64url(cookie)?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (moment, tag) = rest.split_first_chunk::<8>()?;
        let genuine = tag.len() == TAG && self.is_ours(&[b"cookie", id, moment], tag);
        let as_of = Some(Timestamp::from_micros(i64::from_be_bytes(*moment)));
        genuine.then(|| Presence { session: SessionId::from_bytes(*id), as_of, key: None })
    }

    fn is_ours(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.held().all().any(|derived| derived.names.check(parts, tag))
    }

    fn held(&self) -> Arc<Held> {
        Arc::clone(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, held: Held) {
        *self.held.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(held);
    }
}

/// The number of a refresh token and the key that it is bound to.
fn numbered(generation: u32, key: Option<Thumbprint>) -> Vec<u8> {
    let mut number = generation.to_be_bytes().to_vec();
    number.extend(key.iter().flat_map(Thumbprint::as_bytes));
    number
}

fn spell(id: &[u8; 16], number: &[u8], tag: &[u8; 32]) -> String {
    let mut bytes = Vec::with_capacity(16 + number.len() + TAG);
    bytes.extend_from_slice(id);
    bytes.extend_from_slice(number);
    bytes.extend(tag.iter().take(TAG));
    base64url(&bytes)
}
