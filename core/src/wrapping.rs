//! What the store keeps under the vault's master keys: private signing keys and the server's secrets. It says what each is
//! wrapped for, and moves everything under the first master key. Law: nothing that lies open in the store is ever used.

use vestibule_jose::base64url;

use crate::error::Fault;
use crate::ports::store::{StoredKey, StoredSecret};
use crate::ports::{Ports, Secret, TenantId, Wrapped};

/// How many signing keys are read at once.
const BATCH: usize = 100;

/// The private half of a signing key.
pub(crate) async fn open_key(ports: &Ports, key: &StoredKey) -> Result<Secret<Vec<u8>>, Fault> {
    ports.vault.unwrap(&of_key(&key.tenant, &key.kid), &key.private).await
}

/// Wraps the private half of a signing key.
pub(crate) async fn wrap_key(ports: &Ports, (tenant, kid): (&TenantId, &str), pkcs8: &[u8]) -> Result<Wrapped, Fault> {
    ports.vault.wrap(&of_key(tenant, kid), pkcs8).await
}

/// A secret of the server.
pub(crate) async fn open_secret(ports: &Ports, secret: &StoredSecret) -> Result<Secret<[u8; 32]>, Fault> {
    let plain = ports.vault.unwrap(&of_secret(secret.id), &secret.secret).await?;
    let bytes = plain.expose().as_slice().try_into();
    bytes.map(Secret::new).map_err(|error| Fault::from("reading a server secret", error))
}

/// Wraps a secret of the server.
pub(crate) async fn wrap_secret(ports: &Ports, id: [u8; 4], secret: &[u8; 32]) -> Result<Wrapped, Fault> {
    ports.vault.wrap(&of_secret(id), secret).await
}

/// Makes sure at the start that all can be opened, and wraps what a server before the vault left open.
///
/// # Errors
/// The store or the vault failed, or a master key is missing: then the sentence says what to do.
pub async fn unlock(ports: &Ports) -> Result<(), Fault> {
    let (under, ours) = (ports.store.wrapped_under().await?, ports.vault.keys());
    let missing = under.iter().find(|key| *key != Wrapped::PLAIN && !ours.contains(key));
    if let Some(missing) = missing {
        let says = format!(
            "the database is sealed under the master key {missing}, which this server was not given (it has {}). Name the \
             file of that key in keys.master_key_file or keys.former_master_key_files, or put the key into \
             VESTIBULE_MASTER_KEY; without it the database cannot be used",
            ours.join(", ")
        );
        return Err(Fault::from("opening the secrets of the database", says));
    }
    if under.iter().any(|key| key == Wrapped::PLAIN) {
        let count = rewrap(ports).await?;
        ports.store.scrub().await?;
        tracing::info!(count, "keys and secrets that lay open in the database are sealed under the master key now");
    }
    Ok(())
}

/// Wraps all that is not yet under the first master key. Answers how many it wrapped. It may run at several nodes at once, and
/// again after it was interrupted.
///
/// # Errors
/// The store or the vault failed.
pub async fn rewrap(ports: &Ports) -> Result<usize, Fault> {
    let first = ports.vault.keys().into_iter().next().ok_or(Fault::new("the vault has no master key"))?;
    let mut count = 0;
    for secret in ports.store.secrets().await?.into_iter().filter(|secret| secret.secret.key != first) {
        let fresh = again(ports, (&of_secret(secret.id), &first), &secret.secret).await?;
        count += usize::from(ports.store.rewrap_secret(&secret, &fresh).await?);
    }
    loop {
        let batch = ports.store.keys_not_under(&first, BATCH).await?;
        if batch.is_empty() {
            return Ok(count);
        }
        for key in batch {
            let fresh = again(ports, (&of_key(&key.tenant, &key.kid), &first), &key.private).await?;
            count += usize::from(ports.store.rewrap_key(&key, &fresh).await?);
        }
    }
}

/// Wraps for the same purpose under the first master key.
async fn again(ports: &Ports, (purpose, first): (&str, &str), seen: &Wrapped) -> Result<Wrapped, Fault> {
    let fresh = match seen.key.as_str() {
        Wrapped::PLAIN => ports.vault.wrap(purpose, &seen.bytes).await?,
        _ => ports.vault.wrap(purpose, ports.vault.unwrap(purpose, seen).await?.expose()).await?,
    };
    // Else the same would be wrapped for ever.
    if fresh.key == first { Ok(fresh) } else { Err(Fault::new("the vault wrapped under another key than its first")) }
}

fn of_key(tenant: &TenantId, kid: &str) -> String {
    format!("signing key {kid} of {tenant}")
}

fn of_secret(id: [u8; 4]) -> String {
    format!("server secret {}", base64url(&id))
}
