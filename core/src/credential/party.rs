//! The relying party of the server's passkeys: one domain, and the origins whose answers hold for an application. Browsers
//! hold the domain against the page; the server holds the origin against this list, exactly.

use vestibule_jose::base64url;

use crate::application::Application;
use crate::ports::passkeys::Party;

/// The relying party as the operator set it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relying {
    /// Relying party id: the host of the public URL or a domain above it.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Origins of every application: the server's own and those of the configuration.
    pub origins: Vec<String>,
}

/// How a browser writes the origin of an Android app: the digest of the certificate that signed it.
const ANDROID: &str = "android:apk-key-hash:";

impl Relying {
    /// The relying party for an application: the pages that it registered and the apps that are it may answer too.
    pub fn party_for(&self, app: &Application) -> Party {
        let mut origins = self.origins.clone();
        let android = app.mobile.android_digests.iter().map(|digest| format!("{ANDROID}{}", base64url(digest)));
        for origin in app.oauth.origins.iter().cloned().chain(android) {
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        Party { id: self.id.clone(), name: self.name.clone(), origins }
    }
}
