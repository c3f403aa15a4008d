//! What users hold: found by kind and handle, changed by who saw the last change, and gone with its user.

use vestibule_core::credential::{BackupCodes, Credential, FederatedAccount, Held, Kind, PasskeyKey, PushDevice};
use vestibule_core::ports::store::{Added, Saved, Store};
use vestibule_core::user::User;

use super::race::at_once;
use super::samples::{acme, at, credential, globex, totp, user};

fn of_each_kind() -> Vec<Held> {
    let text = |text: &str| text.to_owned();
    vec![
        totp(7),
        Held::BackupCodes(BackupCodes { digests: vec![text("one"), text("two")] }),
        Held::Passkey(PasskeyKey {
            id: text("id"),
            rp_id: text("app.example"),
            record: serde_json::json!({ "counter": 3 }),
            aaguid: Some(text("aaguid")),
            transports: vec![text("internal")],
            discoverable: true,
            backed_up: true,
        }),
        Held::PushDevice(PushDevice { model: text("Phone"), token: text("token"), key: text("key").into() }),
        Held::Federated(FederatedAccount { connection: text("c"), issuer: text("i"), subject: text("s") }),
    ]
}

pub async fn a_credential_is_found_by_user_and_by_handle(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_user(&user(2)).await.unwrap();
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), []);
    let held = of_each_kind().into_iter().zip([3, 1, 5, 4, 2]);
    let mut added: Vec<_> =
        held.map(|(held, number)| Credential { held, used: None, ..credential(number, 1) }).collect();
    for one in &added {
        assert_eq!(store.credential(&acme(), one.kind(), &one.handle).await.unwrap(), None);
        assert_eq!(store.add_credential(one).await.unwrap(), Added::Kept);
        assert_eq!(store.credential(&acme(), one.kind(), &one.handle).await.unwrap().as_ref(), Some(one));
    }
    assert!(Kind::ALL.iter().all(|kind| added.iter().any(|one| one.kind() == *kind)));
    added.sort_by_key(|one| one.created);
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), added);
    assert_eq!(store.credentials(&acme(), &user(2).id).await.unwrap(), []);
    assert_eq!(store.credential(&acme(), Kind::Passkey, &added[0].handle).await.unwrap(), None);
    assert_eq!(store.credential(&acme(), added[0].kind(), "HANDLE-1").await.unwrap(), None);
}

pub async fn a_credential_is_not_there_in_another_tenant(store: &dyn Store) {
    let held = credential(1, 1);
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&held).await.unwrap();
    assert_eq!(store.credentials(&globex(), &user(1).id).await.unwrap(), []);
    assert_eq!(store.credential(&globex(), Kind::Totp, &held.handle).await.unwrap(), None);
    assert!(!store.remove_credential(&globex(), &held.user, &held.id).await.unwrap());
    let moved = Credential { tenant: globex(), revision: 2, ..held.clone() };
    assert_eq!(store.save_credential(&moved, 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [held]);
}

pub async fn a_handle_is_taken_once_in_a_tenant_and_kind(store: &dyn Store) {
    let elsewhere = User { tenant: globex(), ..user(3) };
    for user in [&user(1), &user(2), &elsewhere] {
        store.add_user(user).await.unwrap();
    }
    store.add_credential(&credential(1, 1)).await.unwrap();
    let same = Credential { handle: credential(1, 1).handle, ..credential(2, 2) };
    assert_eq!(store.add_credential(&same).await.unwrap(), Added::Taken("handle"));
    assert_eq!(store.credentials(&acme(), &user(2).id).await.unwrap(), []);
    let of_another_kind = Credential { held: of_each_kind().remove(1), ..same.clone() };
    assert_eq!(store.add_credential(&of_another_kind).await.unwrap(), Added::Kept);
    let abroad = Credential { tenant: globex(), id: credential(3, 3).id, user: elsewhere.id, ..same };
    assert_eq!(store.add_credential(&abroad).await.unwrap(), Added::Kept);
}

pub async fn nothing_is_added_of_a_user_who_is_not_there(store: &dyn Store) {
    assert_eq!(store.add_credential(&credential(1, 1)).await.unwrap(), Added::Taken("user"));
    store.add_user(&User { tenant: globex(), ..user(1) }).await.unwrap();
    assert_eq!(store.add_credential(&credential(1, 1)).await.unwrap(), Added::Taken("user"));
    assert_eq!(store.credential(&acme(), Kind::Totp, &credential(1, 1).handle).await.unwrap(), None);
}

pub async fn a_credential_with_the_id_of_another_is_a_fault(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    assert!(store.add_credential(&Credential { id: credential(1, 1).id, ..credential(2, 1) }).await.is_err());
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [credential(1, 1)]);
}

pub async fn a_change_of_a_credential_names_the_revision_that_it_saw(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_credential(&credential(1, 1)).await.unwrap();
    let second = Credential { label: "Second".to_owned(), ..credential(1, 1).used(totp(50), at(40)) };
    let late = Credential { label: "Late".to_owned(), ..second.clone() };
    assert_eq!(store.save_credential(&second, 1).await.unwrap(), Saved::Kept);
    assert_eq!(store.save_credential(&late, 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_credential(&late, u64::MAX).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_credential(&credential(2, 1), 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [second]);
}

pub async fn kind_handle_and_user_of_a_credential_never_change(store: &dyn Store) {
    let held = credential(1, 1);
    store.add_user(&user(1)).await.unwrap();
    store.add_user(&user(2)).await.unwrap();
    store.add_credential(&held).await.unwrap();
    let next = || Credential { revision: 2, ..held.clone() };
    for another in [
        Credential { handle: "other".to_owned(), ..next() },
        Credential { user: user(2).id, ..next() },
        Credential { held: of_each_kind().remove(1), ..next() },
    ] {
        assert_eq!(store.save_credential(&another, 1).await.unwrap(), Saved::Moved);
    }
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [held]);
}

pub async fn a_credential_is_removed_by_its_user(store: &dyn Store) {
    let held = credential(1, 1);
    store.add_user(&user(1)).await.unwrap();
    store.add_user(&user(2)).await.unwrap();
    store.add_credential(&held).await.unwrap();
    store.add_credential(&credential(2, 1)).await.unwrap();
    assert!(!store.remove_credential(&acme(), &user(2).id, &held.id).await.unwrap());
    assert!(store.remove_credential(&acme(), &user(1).id, &held.id).await.unwrap());
    assert!(!store.remove_credential(&acme(), &user(1).id, &held.id).await.unwrap());
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), [credential(2, 1)]);
    assert_eq!(store.add_credential(&held).await.unwrap(), Added::Kept);
}

// Checklist 51.
pub async fn a_removed_user_takes_credentials_along(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    store.add_user(&user(2)).await.unwrap();
    for (number, user) in [(1, 1), (2, 1), (3, 2)] {
        store.add_credential(&credential(number, user)).await.unwrap();
    }
    assert!(store.remove_user(&acme(), &user(1).id).await.unwrap());
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), []);
    assert_eq!(store.credential(&acme(), Kind::Totp, &credential(1, 1).handle).await.unwrap(), None);
    assert_eq!(store.credentials(&acme(), &user(2).id).await.unwrap(), [credential(3, 2)]);
    assert_eq!(store.save_credential(&credential(1, 1), 1).await.unwrap(), Saved::Moved);
    store.add_user(&user(1)).await.unwrap();
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap(), []);
}

pub async fn of_many_credentials_of_a_handle_one_is_kept(store: &dyn Store) {
    store.add_user(&user(1)).await.unwrap();
    let added = at_once(|number| async move {
        let number = u8::try_from(number).unwrap();
        store.add_credential(&Credential { handle: "same".to_owned(), ..credential(number, 1) }).await.unwrap()
    });
    assert_eq!(added.iter().filter(|added| **added == Added::Kept).count(), 1);
    assert_eq!(store.credentials(&acme(), &user(1).id).await.unwrap().len(), 1);
}
