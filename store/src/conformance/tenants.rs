//! Tenants: found by handle, listed by handle.

use vestibule_core::error::Spelling;
use vestibule_core::ports::store::{Added, Page, Store};
use vestibule_core::tenant::{MessageStyle, Tenant};

use super::samples::{acme, tenant};

pub async fn a_tenant_is_found_by_its_handle(store: &dyn Store) {
    let wso2 = Tenant { error_codes: Some(Spelling::Wso2), messages: Some(MessageStyle::Wso2), ..tenant("acme") };
    assert_eq!(store.tenant(&acme()).await.unwrap(), None);
    assert_eq!(store.add_tenant(&wso2).await.unwrap(), Added::Kept);
    assert_eq!(store.tenant(&acme()).await.unwrap(), Some(wso2));
}

pub async fn a_handle_is_taken_once(store: &dyn Store) {
    store.add_tenant(&tenant("acme")).await.unwrap();
    let other = Tenant { name: "Another".to_owned(), ..tenant("acme") };
    assert_eq!(store.add_tenant(&other).await.unwrap(), Added::Taken("id"));
    assert_eq!(store.tenant(&acme()).await.unwrap(), Some(tenant("acme")));
}

pub async fn tenants_are_listed_by_handle(store: &dyn Store) {
    for id in ["b", "c.d", "a", "c-d"] {
        store.add_tenant(&tenant(id)).await.unwrap();
    }
    let list = |offset, limit| async move {
        let (shown, count) = store.tenants(Page { offset, limit }).await.unwrap();
        assert_eq!(count, 4);
        shown.into_iter().map(|tenant| tenant.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(list(0, 10).await, ["a", "b", "c-d", "c.d"]);
    assert_eq!(list(1, 2).await, ["b", "c-d"]);
    assert!(list(4, 10).await.is_empty());
    assert!(list(0, 0).await.is_empty());
    assert!(list(usize::MAX, usize::MAX).await.is_empty());
}
