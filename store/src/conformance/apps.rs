//! Applications: unique in their tenant, changed by who saw the last change, and gone with all that was granted to them.

use vestibule_core::application::{Application, OauthSettings};
use vestibule_core::ports::store::{Added, Page, Saved, Store};

use super::race::at_once;
use super::samples::{acme, app, give, globex, grant, phase, session};

const ALL: Page = Page { offset: 0, limit: 100 };
const ORIGIN: &str = "https://app.example";

pub async fn an_application_is_found_by_id_and_client_id(store: &dyn Store) {
    let app = app(1);
    assert_eq!(store.app(&acme(), &app.id).await.unwrap(), None);
    assert_eq!(store.add_app(&app).await.unwrap(), Added::Kept);
    assert_eq!(store.app(&acme(), &app.id).await.unwrap().as_ref(), Some(&app));
    assert_eq!(store.app_by_client(&acme(), "client-1").await.unwrap().as_ref(), Some(&app));
    assert_eq!(store.app_by_client(&acme(), "Client-1").await.unwrap(), None);
}

pub async fn an_application_is_not_there_in_another_tenant(store: &dyn Store) {
    let app = app(1);
    store.add_app(&app).await.unwrap();
    assert_eq!(store.app(&globex(), &app.id).await.unwrap(), None);
    assert_eq!(store.app_by_client(&globex(), "client-1").await.unwrap(), None);
    assert_eq!(store.apps(&globex(), None, ALL).await.unwrap(), (vec![], 0));
    assert!(!store.knows_origin(&globex(), ORIGIN).await.unwrap());
    assert!(!store.remove_app(&globex(), &app.id).await.unwrap());
    let moved = Application { tenant: globex(), ..app.clone() };
    assert_eq!(store.save_app(&moved, 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.app(&acme(), &app.id).await.unwrap(), Some(app));
}

pub async fn a_name_and_a_client_id_are_taken_once_in_a_tenant(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    let namesake = Application { name: "App 1".to_owned(), ..app(2) };
    assert_eq!(store.add_app(&namesake).await.unwrap(), Added::Taken("name"));
    let client = Application { client_id: "client-1".to_owned(), ..app(2) };
    assert_eq!(store.add_app(&client).await.unwrap(), Added::Taken("client_id"));
    let both = Application { name: "App 1".to_owned(), ..client };
    assert_eq!(store.add_app(&both).await.unwrap(), Added::Taken("name"));
    let elsewhere = Application { tenant: globex(), ..both };
    assert_eq!(store.add_app(&elsewhere).await.unwrap(), Added::Kept);
    assert_eq!(store.apps(&acme(), None, ALL).await.unwrap(), (vec![app(1)], 1));
}

pub async fn an_application_with_the_id_of_another_is_a_fault(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    assert!(store.add_app(&Application { id: app(1).id, ..app(2) }).await.is_err());
    assert_eq!(store.app(&acme(), &app(1).id).await.unwrap(), Some(app(1)));
}

pub async fn applications_are_listed_in_the_order_of_their_making(store: &dyn Store) {
    for number in [3, 1, 2] {
        store.add_app(&app(number)).await.unwrap();
    }
    assert_eq!(store.apps(&acme(), None, ALL).await.unwrap(), (vec![app(1), app(2), app(3)], 3));
    assert_eq!(store.apps(&acme(), None, Page { offset: 1, limit: 1 }).await.unwrap(), (vec![app(2)], 3));
    assert_eq!(store.apps(&acme(), None, Page { offset: 3, limit: 1 }).await.unwrap(), (vec![], 3));
    assert_eq!(store.apps(&acme(), Some("App 2"), ALL).await.unwrap(), (vec![app(2)], 1));
    assert_eq!(store.apps(&acme(), Some("App 2"), Page { offset: 1, limit: 1 }).await.unwrap(), (vec![], 1));
    assert_eq!(store.apps(&acme(), Some("App"), ALL).await.unwrap(), (vec![], 0));
}

pub async fn a_change_of_an_application_names_the_revision_that_it_saw(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    let second = Application { revision: 2, description: "Second".to_owned(), ..app(1) };
    let late = Application { revision: 2, description: "Late".to_owned(), ..app(1) };
    assert_eq!(store.save_app(&second, 1).await.unwrap(), Saved::Kept);
    assert_eq!(store.save_app(&late, 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_app(&late, u64::MAX).await.unwrap(), Saved::Moved);
    assert_eq!(store.save_app(&app(2), 1).await.unwrap(), Saved::Moved);
    assert_eq!(store.app(&acme(), &app(1).id).await.unwrap(), Some(second));
}

pub async fn a_change_cannot_take_the_name_or_client_id_of_another_application(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    store.add_app(&app(2)).await.unwrap();
    let renamed = Application { name: "App 1".to_owned(), revision: 2, ..app(2) };
    assert_eq!(store.save_app(&renamed, 1).await.unwrap(), Saved::Taken("name"));
    assert_eq!(store.save_app(&renamed, 7).await.unwrap(), Saved::Moved);
    let client = Application { client_id: "client-1".to_owned(), revision: 2, ..app(2) };
    assert_eq!(store.save_app(&client, 1).await.unwrap(), Saved::Taken("client_id"));
    assert_eq!(store.app(&acme(), &app(2).id).await.unwrap(), Some(app(2)));
}

pub async fn an_origin_is_known_while_an_enabled_application_lists_it(store: &dyn Store) {
    let knows = |origin| async move { store.knows_origin(&acme(), origin).await.unwrap() };
    store.add_app(&app(1)).await.unwrap();
    store.add_app(&app(2)).await.unwrap();
    assert!(knows(ORIGIN).await);
    assert!(!knows("https://evil.example").await);
    let other = OauthSettings { origins: ["https://new.example".to_owned()].into(), ..app(1).oauth };
    store.save_app(&Application { revision: 2, oauth: other, ..app(1) }, 1).await.unwrap();
    assert!(knows(ORIGIN).await && knows("https://new.example").await);
    store.save_app(&Application { revision: 2, enabled: false, ..app(2) }, 1).await.unwrap();
    assert!(!knows(ORIGIN).await);
    store.save_app(&Application { revision: 3, ..app(2) }, 2).await.unwrap();
    assert!(knows(ORIGIN).await);
    store.remove_app(&acme(), &app(2).id).await.unwrap();
    assert!(!knows(ORIGIN).await && knows("https://new.example").await);
}

pub async fn a_removed_application_takes_its_grants_along(store: &dyn Store) {
    let (session, other) = (session(1, 1), app(2));
    let (given, others) = (grant(1, &session), vestibule_core::grant::Grant { app: other.id, ..grant(2, &session) });
    store.add_app(&app(1)).await.unwrap();
    store.add_app(&other).await.unwrap();
    give(store, &session, &given).await;
    give(store, &session, &others).await;
    assert!(store.remove_app(&acme(), &app(1).id).await.unwrap());
    assert!(!store.remove_app(&acme(), &app(1).id).await.unwrap());
    assert_eq!(store.app(&acme(), &app(1).id).await.unwrap(), None);
    assert_eq!(store.app_by_client(&acme(), "client-1").await.unwrap(), None);
    assert_eq!(phase(store, &given).await, None);
    assert_eq!(store.grant(&others.id).await.unwrap(), Some(others));
    assert_eq!(store.session(&session.id).await.unwrap(), Some(session));
    assert_eq!(store.add_app(&app(1)).await.unwrap(), Added::Kept);
}

pub async fn of_many_applications_of_a_name_one_is_kept(store: &dyn Store) {
    let added = at_once(|number| async move {
        let number = u8::try_from(number).unwrap();
        store.add_app(&Application { name: "Same".to_owned(), ..app(number) }).await.unwrap()
    });
    assert_eq!(added.iter().filter(|added| **added == Added::Kept).count(), 1);
    assert_eq!(store.apps(&acme(), None, ALL).await.unwrap().1, 1);
}

pub async fn of_many_changes_of_a_revision_one_is_kept(store: &dyn Store) {
    store.add_app(&app(1)).await.unwrap();
    let saved = at_once(|number| async move {
        let change = Application { revision: 2, description: number.to_string(), ..app(1) };
        store.save_app(&change, 1).await.unwrap()
    });
    let winner = saved.iter().position(|saved| *saved == Saved::Kept).unwrap();
    assert_eq!(saved.iter().filter(|saved| **saved == Saved::Kept).count(), 1);
    let kept = store.app(&acme(), &app(1).id).await.unwrap().unwrap();
    assert_eq!((kept.revision, kept.description), (2, winner.to_string()));
}
