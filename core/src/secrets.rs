//! What the server's secret is for: sealing flowIds, and keyed names of codes, refresh tokens and sessions. None of
//! them is stored; each names a row and proves that this server gave the name out.

use vestibule_jose::{MacKey, SealKey, base64url, derive, from_base64url};

use crate::error::Fault;
use crate::grant::Grant;
use crate::oauth::dpop::Thumbprint;
use crate::ports::store::StoredSecret;
use crate::ports::{GrantId, Ports, Secret, SessionId, TenantId, Timestamp};
use crate::session::{Presence, Session};

/// Length of a keyed hash in a token: 128 bits.
const TAG: usize = 16;

/// The server's secrets, the oldest first; new things are made with the newest.
pub struct Secrets {
    newest: Derived,
    older: Vec<Derived>,
}

struct Derived {
    seal: SealKey,
    names: MacKey,
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
    /// The `isk` claim and the `sessionId` parameter.
    Isk,
    /// The state that OpenID Connect Session Management mixes into `session_state`.
    BrowserState,
    /// The list from which a user chooses the sessions to end.
    Choice,
}

impl Shown {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::Isk => b"isk",
            Self::BrowserState => b"browser state",
            Self::Choice => b"session choice",
        }
    }
}

impl Secrets {
    /// Reads the server's secrets, making the first one if there is none.
    ///
    /// # Errors
    /// The store failed or holds something that is no secret.
    pub async fn load(ports: &Ports) -> Result<Self, Fault> {
        let mut stored = ports.store.secrets().await?;
        if stored.is_empty() {
            let fresh =
                StoredSecret { id: ports.random(), secret: Secret::new(ports.random()), created: ports.clock.now() };
            stored.push(ports.store.first_secret(&fresh).await?);
        }
        Self::of(&stored)
    }

    /// The secrets that the store keeps, the oldest first.
    ///
    /// # Errors
    /// There is none, or one is no secret.
    pub fn of(stored: &[StoredSecret]) -> Result<Self, Fault> {
        let mut all = stored.iter().map(Derived::of).collect::<Result<Vec<_>, _>>()?;
        let newest = all.pop().ok_or(Fault::new("the store kept no server secret"))?;
        Ok(Self { newest, older: all })
    }

    /// Seals a flow's ticket. `nonce` is random.
    ///
    /// # Errors
    /// The cipher failed.
    pub fn seal_flow(&self, nonce: [u8; 12], ticket: &[u8]) -> Result<String, Fault> {
        self.newest.seal.seal("flow", nonce, ticket).map_err(|error| Fault::from("sealing a flow", error))
    }

    /// Opens a flow's ticket, if this server sealed it.
    pub fn open_flow(&self, flow_id: &str) -> Option<impl AsRef<[u8]> + use<>> {
        let id = SealKey::key_id_of(flow_id)?;
        let key = self.all().find(|derived| derived.seal.key_id() == id)?;
        key.seal.open("flow", flow_id)
    }

    /// Seals something that is kept: a letter, a key for one-time codes, a client secret of ours elsewhere. `purpose` keeps
    /// things of different kinds apart; `nonce` is random.
    ///
    /// # Errors
    /// The cipher failed.
    pub fn seal(&self, purpose: &'static str, nonce: [u8; 12], plain: &[u8]) -> Result<String, Fault> {
        self.newest.seal.seal(purpose, nonce, plain).map_err(|error| Fault::from("sealing a secret", error))
    }

    /// Opens what [`Self::seal`] sealed for the same purpose.
    pub fn open(&self, purpose: &'static str, sealed: &str) -> Option<impl AsRef<[u8]> + use<>> {
        let id = SealKey::key_id_of(sealed)?;
        let key = self.all().find(|derived| derived.seal.key_id() == id)?;
        key.seal.open(purpose, sealed)
    }

    /// A keyed hash of parts that are told apart: digests of codes, and things derived instead of kept. The first part says
    /// what it is for.
    pub fn digest(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.newest.names.mac(parts)
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
        let tag = self.newest.names.mac(&[b"code", grant.id.as_bytes(), &grant.salt]);
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
        let tag = self.newest.names.mac(&[b"refresh", grant.id.as_bytes(), &grant.salt, &number]);
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
        let tag = self.newest.names.mac(&[b"session", shown.label(), id.as_bytes()]);
        spell(id.as_bytes(), &[], &tag)
    }

    /// The session that a name shown at a place stands for.
    pub fn read_session(&self, name: &str, shown: Shown) -> Option<SessionId> {
        let bytes = from_base64url(name)?;
        let (id, tag) = bytes.split_first_chunk::<16>()?;
        let genuine = tag.len() == TAG && self.is_ours(&[b"session", shown.label(), id], tag);
        genuine.then(|| SessionId::from_bytes(*id))
    }

    /// The session's cookie, good until the user proves something again.
    pub fn cookie(&self, session: &Session) -> String {
        let moment = session.authenticated.micros().to_be_bytes();
        let tag = self.newest.names.mac(&[b"cookie", session.id.as_bytes(), &moment]);
        spell(session.id.as_bytes(), &moment, &tag)
    }

    /// The session that a cookie stands for.
    pub fn read_cookie(&self, cookie: &str) -> Option<Presence> {
        let bytes = from_base64url(cookie)?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (moment, tag) = rest.split_first_chunk::<8>()?;
        let genuine = tag.len() == TAG && self.is_ours(&[b"cookie", id, moment], tag);
        let as_of = Some(Timestamp::from_micros(i64::from_be_bytes(*moment)));
        genuine.then(|| Presence { session: SessionId::from_bytes(*id), as_of })
    }

    fn is_ours(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.all().any(|derived| derived.names.check(parts, tag))
    }

    fn all(&self) -> impl Iterator<Item = &Derived> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl Derived {
    fn of(stored: &StoredSecret) -> Result<Self, Fault> {
        let broken = |error| Fault::from("deriving keys from the server's secret", error);
        let master = stored.secret.expose();
        let seal = SealKey::new(stored.id, &*derive(master, "flow seal").map_err(broken)?).map_err(broken)?;
        let names = MacKey::new(&*derive(master, "names").map_err(broken)?);
        Ok(Self { seal, names })
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
