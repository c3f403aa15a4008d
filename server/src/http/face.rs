//! Which contract a path speaks: the four faces of the one error catalogue.

use vestibule_core::ports::TenantId;

/// The contract that a path speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Face {
    /// App-native authentication.
    Native,
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
            _ if path.starts_with("/oauth2/") => Self::OAuth,
            _ if path.starts_with("/scim2") => Self::Scim,
            _ => Self::Management,
        }
    }
}

/// The realm of a path and the rest of it. A handle that cannot be a tenant's leaves the root tenant.
pub(super) fn split(path: &str) -> (TenantId, bool, &str) {
    let qualified = path.strip_prefix("/t/").map(|rest| rest.split_at(rest.find('/').unwrap_or(rest.len())));
    match qualified.and_then(|(tenant, rest)| Some((tenant.parse().ok()?, rest))) {
        Some((tenant, rest)) => (tenant, true, rest),
        None => (TenantId::root(), false, path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_qualified_path_has_the_face_of_the_unqualified_one() {
        for (path, face) in [
            ("/oauth2/authn", Face::Native),
            ("/t/acme/oauth2/authorize/", Face::Native),
            ("/t/acme/oauth2/token", Face::OAuth),
            ("/scim2/Users", Face::Scim),
            ("/t/acme/api/server/v1/applications", Face::Management),
            ("/nowhere", Face::Management),
        ] {
            assert_eq!(Face::of(split(path).2), face, "{path}");
        }
        assert_eq!(split("/t/acme/x").0.as_str(), "acme");
        assert_eq!(split("/t/ACME/x"), (TenantId::root(), false, "/t/ACME/x"));
    }
}
