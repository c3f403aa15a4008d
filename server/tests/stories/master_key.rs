//! The master key over what the database keeps: without it the file is of no use to a thief, and without it the server does
//! not start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use vestibule::config::Config;
use vestibule::wiring;
use vestibule_core::ports::store::{StoredKey, StoredSecret};
use vestibule_core::ports::{TenantId, Vault, Wrapped};
use vestibule_store::{Memory, Sqlite};

use crate::world::*;

/// A database in a folder of its own.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("vestibule.db")
    }

    /// A server over the database with these master keys.
    async fn world(&self, masters: &[u8]) -> World {
        self.try_world(masters).await.unwrap_or_else(|says| panic!("{says}"))
    }

    async fn try_world(&self, masters: &[u8]) -> Result<World, String> {
        let store = Arc::new(Sqlite::open(&self.file()).unwrap());
        let setting = Setting { store, vault: safe(masters), ..Setting::default() };
        World::try_with(setting).await.map_err(|fault| fault.chain())
    }

    /// Whether a file of the database holds the end of these bytes; what is long is spread over pages.
    fn holds(&self, bytes: &[u8]) -> bool {
        let bytes = &bytes[bytes.len() - 32..];
        let files: Vec<_> = std::fs::read_dir(self.0.path()).unwrap().map(|file| file.unwrap().path()).collect();
        files.iter().any(|path| contains(path, bytes))
    }
}

fn contains(path: &Path, bytes: &[u8]) -> bool {
    std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes)
}

/// All that is sealed, each beside its plain text.
async fn sealed(world: &World) -> (Vec<(StoredKey, Vec<u8>)>, Vec<(StoredSecret, Vec<u8>)>) {
    let (mut keys, mut secrets) = (Vec::new(), Vec::new());
    let vault = &world.house.ports.vault;
    for key in world.store().keys(&TenantId::root()).await.unwrap() {
        let purpose = format!("signing key {} of {}", key.kid, key.tenant);
        let plain = vault.unwrap(&purpose, &key.private).await.unwrap();
        keys.push((key, plain.expose().clone()));
    }
    for secret in world.store().secrets().await.unwrap() {
        let purpose = format!("server secret {}", vestibule_jose::base64url(&secret.id));
        let plain = vault.unwrap(&purpose, &secret.secret).await.unwrap();
        secrets.push((secret, plain.expose().clone()));
    }
    assert_eq!((keys.len(), secrets.len()), (3, 1));
    (keys, secrets)
}

async fn jwks(world: &World) -> Value {
    world.anonymous().get("/oauth2/jwks").await.is(200).json()
}

// Checklist 113.
#[tokio::test]
async fn the_files_of_the_database_hold_no_private_key_and_no_server_secret() {
    let disk = Disk::new();
    let world = disk.world(&[1]).await;
    jwks(&world).await;
    let (keys, secrets) = sealed(&world).await;
    for (wrapped, plain) in keys.iter().map(|(key, plain)| (&key.private, plain)) {
        assert!(disk.holds(&wrapped.bytes), "the test looks in the wrong place");
        assert!(!disk.holds(plain));
    }
    assert!(!disk.holds(&secrets[0].1));
}

#[tokio::test]
async fn what_lay_open_in_the_database_is_sealed_at_the_next_start_and_wiped_from_its_files() {
    let disk = Disk::new();
    let world = disk.world(&[1]).await;
    world.app("shop").await;
    world.user("kim").await;
    let (published, tokens) = (jwks(&world).await, world.login("shop", "kim").await);
    let (keys, secrets) = sealed(&world).await;
    let open = |plain: &[u8]| Wrapped { key: Wrapped::PLAIN.to_owned(), bytes: plain.to_vec() };
    for (key, plain) in &keys {
        assert!(world.store().rewrap_key(key, &open(plain)).await.unwrap());
    }
    for (secret, plain) in &secrets {
        assert!(world.store().rewrap_secret(secret, &open(plain)).await.unwrap());
    }
    assert!(disk.holds(&keys[0].1) && disk.holds(&secrets[0].1));
    drop(world);

    let world = disk.world(&[1]).await;
    assert_eq!(world.store().wrapped_under().await.unwrap(), safe(&[1]).keys());
    assert!(!disk.holds(&secrets[0].1));
    assert!(keys.iter().all(|(_, plain)| !disk.holds(plain)));
    assert_eq!(jwks(&world).await, published);
    world.anonymous().userinfo(&tokens.at("/access_token")).await.is(200);
    world.anonymous().refresh("shop", &tokens.at("/refresh_token")).await.is(200);
}

#[tokio::test]
async fn a_database_under_another_master_key_is_refused_with_a_sentence_that_says_what_to_do() {
    let disk = Disk::new();
    drop(disk.world(&[1]).await);
    let says = disk.try_world(&[2]).await.err().unwrap();
    let (needed, given) = (safe(&[1]).keys().remove(0), safe(&[2]).keys().remove(0));
    for part in [needed.as_str(), given.as_str(), "keys.former_master_key_files", "VESTIBULE_MASTER_KEY"] {
        assert!(says.contains(part), "{says}");
    }
    disk.world(&[1]).await;
}

#[tokio::test]
async fn the_master_key_is_changed_in_three_steps() {
    let disk = Disk::new();
    let world = disk.world(&[1]).await;
    world.user_with("admin", |user| user.administrator = true).await;
    let published = jwks(&world).await;
    drop(world);

    // The new one seals, the old one opens.
    let world = disk.world(&[2, 1]).await;
    assert_eq!(jwks(&world).await, published);
    let admin = world.anonymous().basic("admin", PASSWORD);
    let rewrap = "/api/server/v1/keys/rewrap";
    assert_eq!(admin.post(rewrap, json!({})).await.is(200).json(), json!({"rewrapped": 4}));
    assert_eq!(admin.post(rewrap, json!({})).await.is(200).json(), json!({"rewrapped": 0}));
    drop((world, admin));

    // The old one is gone.
    let world = disk.world(&[2]).await;
    assert_eq!(jwks(&world).await, published);
    drop(world);
    assert!(disk.try_world(&[1]).await.is_err());
}

// Checklist 113.
#[tokio::test]
async fn a_server_without_a_master_key_makes_one_of_its_own_and_asks_for_it_ever_after() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data: folder.path().to_owned(), ..Config::default() };
    let store = Arc::new(Memory::default());
    let vault = wiring::vault(&config, Vec::new(), &*store).await.unwrap();
    let (own, elsewhere) = (vault.keys(), tempfile::tempdir().unwrap());
    let setting = Setting { store: store.clone(), vault: Arc::new(vault), ..Setting::default() };
    drop(World::with(setting).await);
    assert_eq!(wiring::vault(&config, Vec::new(), &*store).await.unwrap().keys(), own);

    let other = Config { data: elsewhere.path().to_owned(), ..Config::default() };
    let fresh = wiring::vault(&other, Vec::new(), &Memory::default()).await.unwrap();
    assert_ne!(fresh.keys(), own, "no two servers have the same key");

    std::fs::remove_file(config.own_master_key()).unwrap();
    let says = wiring::vault(&config, Vec::new(), &*store).await.err().unwrap().chain();
    for part in [own[0].as_str(), "master.key", "keys.master_key_file", "VESTIBULE_MASTER_KEY"] {
        assert!(says.contains(part), "{says}");
    }
    assert!(!config.own_master_key().exists(), "a key that is missing is not made up");
}
