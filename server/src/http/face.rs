//! Which contract a path speaks: the five faces of the one error catalogue.

use vestibule_core::ports::TenantId;

/// The contract that a path speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// App-native authentication.
    Native,
    /// OAuth's first-party challenge (draft-ietf-oauth-first-party-apps §5.3).
    Challenge,
    /// OAuth 2 (RFC 6749 §5.2).
    OAuth,
    /// SCIM (RFC 7644 §3.12).
    Scim,
    /// The management API, and everything else.
    Management,
}

impl Face {
    /// The face of a path without its tenant.
    pub(super) fn of(path: &str) -> Self {
        match path.trim_end_matches('/') {
            "/oauth2/authorize" | "/oauth2/authn" | "/oidc/logout" => Self::Native,
            "/oauth2/authorize-challenge" => Self::Challenge,
            _ if path.starts_with("/oauth2/") => Self::OAuth,
            _ if path.starts_with("/scim2") => Self::Scim,
            _ => Self::Management,
        }
    }
}

/// Where RFC 8414 §3.1 puts the metadata of an issuer with a path: before that path.
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// A path, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The realm; none when the path names what cannot be a tenant.
    pub tenant: Option<TenantId>,
    /// The path names its tenant.
    pub qualified: bool,
    /// The path below the tenant's.
    pub rest: &'a str,
}

/// Takes a path apart.
pub(super) fn place(path: &str) -> Place<'_> {
    let below = path.strip_prefix(METADATA).filter(|rest| rest.starts_with("/t/")).unwrap_or(path);
    let qualified = below.strip_prefix("/t/").map(|rest| rest.split_at(rest.find('/').unwrap_or(rest.len())));
    match qualified {
        Some((tenant, rest)) => Place { tenant: tenant.parse().ok(), qualified: true, rest },
        None => Place { tenant: Some(TenantId::root()), qualified: false, rest: path },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_qualified_path_has_the_face_of_the_unqualified_one() {
        for (path, face) in [
            ("/oauth2/authn", Face::Native),
            ("/t/acme/oauth2/authorize-challenge", Face::Challenge),
            ("/t/acme/oauth2/authorize/", Face::Native),
            ("/t/acme/oauth2/token", Face::OAuth),
            ("/scim2/Users", Face::Scim),
            ("/t/acme/api/server/v1/applications", Face::Management),
            ("/nowhere", Face::Management),
        ] {
            assert_eq!(Face::of(place(path).rest), face, "{path}");
        }
        let tenant = |path| place(path).tenant.map(|tenant| tenant.to_string());
        assert_eq!(tenant("/t/acme/x").as_deref(), Some("acme"));
        assert_eq!(tenant("/.well-known/oauth-authorization-server/t/acme/oauth2/token").as_deref(), Some("acme"));
        assert_eq!(tenant("/t/ACME/x"), None);
    }
}
