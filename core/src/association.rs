//! What a tenant says to phones and browsers of its applications: which apps are the same as its pages, and from which other
//! pages its passkeys may be used. The systems of phones fetch this from the relying party's domain and believe it.

use std::collections::BTreeSet;

use url::Url;

use crate::application::{Application, MobileApps};
use crate::error::{Code, Error};
use crate::house::House;
use crate::ports::TenantId;
use crate::ports::store::Page;

/// Most entries of each kind: a file that grows without end is not read to its end.
const MOST: usize = 100;
/// Most applications that are looked at, and how many at a time.
const MOST_APPS: usize = 1000;
const PAGE: usize = 100;

/// What belongs to a tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Associations {
    /// Android apps: package names and digests of the certificates that sign them.
    pub android: Vec<(String, Vec<[u8; 32]>)>,
    /// Apple's app ids.
    pub apple: BTreeSet<String>,
    /// Origins that are not below the relying party's domain (WebAuthn Level 3 §5.11).
    pub origins: BTreeSet<String>,
}

impl House {
    /// What belongs to a tenant: its own word and its enabled applications'.
    ///
    /// # Errors
    /// There is no such tenant (404), or the store failed.
    pub async fn associations(&self, tenant: &TenantId) -> Result<Associations, Error> {
        if self.ports.store.tenant(tenant).await?.is_none() {
            return Err(Code::NotFound.into());
        }
        let relying = &self.engine.rules.relying;
        let mut all = Associations::default();
        all.take_origins(&relying.origins, &relying.id);
        for offset in (0..MOST_APPS).step_by(PAGE) {
            let (apps, total) = self.ports.store.apps(tenant, None, Page { offset, limit: PAGE }).await?;
            apps.iter().filter(|app| app.enabled).for_each(|app| all.take(app, &relying.id));
            if offset.saturating_add(PAGE) >= total {
                break;
            }
        }
        Ok(all)
    }
}

impl Associations {
    fn take(&mut self, app: &Application, rp_id: &str) {
        self.take_origins(&app.oauth.origins, rp_id);
        let MobileApps { android_package, android_digests, apple_app } = &app.mobile;
        if let (Some(package), false, true) = (android_package, android_digests.is_empty(), self.android.len() < MOST) {
            self.android.push((package.clone(), android_digests.clone()));
        }
        if let (Some(apple), true) = (apple_app, self.apple.len() < MOST) {
            self.apple.insert(apple.clone());
        }
    }

    fn take_origins<'a>(&mut self, origins: impl IntoIterator<Item = &'a String>, rp_id: &str) {
        let related = origins.into_iter().filter(|origin| is_related(origin, rp_id));
        for origin in related {
            if self.origins.len() < MOST {
                self.origins.insert(origin.clone());
            }
        }
    }
}

/// Whether browsers need to be told of an origin: they know those below the domain themselves, and take no other scheme.
fn is_related(origin: &str, rp_id: &str) -> bool {
    let Some(url) = Url::parse(origin).ok().filter(|url| url.scheme() == "https") else { return false };
    let host = url.host_str().unwrap_or_default();
    let below = host.strip_suffix(rp_id).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_below_the_domain_need_no_mention() {
        for own in ["https://example.com", "https://login.example.com:8443", "http://shop.example", "myapp://x"] {
            assert!(!is_related(own, "example.com"), "{own}");
        }
        for other in ["https://shop.example", "https://badexample.com", "https://example.com.evil.example"] {
            assert!(is_related(other, "example.com"), "{other}");
        }
    }
}
