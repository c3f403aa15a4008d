//! Whether a provider is who it should be.

/// Stands in a configured issuer for the tenant of a provider that has one issuer per tenant.
const TENANT: &str = "{tenantid}";

/// The issuer by which accounts are kept, if `given` is the configured one: exactly, or with its tenant filled in.
pub(super) fn matched(configured: &str, given: &str, others: &[&str]) -> Option<String> {
    if given == configured || others.contains(&given) {
        // One name, whichever spelling came: an account must not become two.
        return Some(configured.to_owned());
    }
    let (before, after) = configured.split_once(TENANT)?;
    let tenant = given.strip_prefix(before)?.strip_suffix(after)?;
    is_tenant(tenant).then(|| given.to_owned())
}

/// The issuer that a token of a tenant must name.
pub(super) fn of_tenant(configured: &str, tenant: Option<&str>) -> Option<String> {
    if !configured.contains(TENANT) {
        return Some(configured.to_owned());
    }
    let tenant = tenant.filter(|tenant| is_tenant(tenant))?;
    Some(configured.replacen(TENANT, tenant, 1))
}

/// A tenant is a UUID: nothing else may be smuggled into an issuer.
fn is_tenant(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b) || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: &str = "https://login.example.com/{tenantid}/v2.0";

    #[test]
    fn an_issuer_is_compared_whole() {
        let one = "https://accounts.example.com";
        assert_eq!(matched(one, one, &[]).as_deref(), Some(one));
        assert_eq!(matched(one, "accounts.example.com", &["accounts.example.com"]).as_deref(), Some(one));
        for other in ["https://accounts.example.com/", "https://accounts.example.com.evil", "accounts.example.com", ""]
        {
            assert_eq!(matched(one, other, &[]), None, "{other}");
        }
    }

    #[test]
    fn a_tenant_is_filled_in_only_where_it_is_a_uuid() {
        let tenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
        let full = format!("https://login.example.com/{tenant}/v2.0");
        assert_eq!(matched(MANY, &full, &[]).as_ref(), Some(&full));
        assert_eq!(of_tenant(MANY, Some(tenant)).as_ref(), Some(&full));
        assert_eq!(of_tenant(MANY, Some("../evil")), None);
        assert_eq!(of_tenant(MANY, None), None);
        assert_eq!(matched(MANY, "https://login.example.com/x/v2.0", &[]), None);
        assert_eq!(matched(MANY, MANY, &[]).as_deref(), Some(MANY));
    }
}
