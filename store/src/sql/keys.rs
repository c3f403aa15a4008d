//! Signing keys, one per tenant and family, and the server's secrets.

macro_rules! columns {
    () => {
        "tenant, family, kid, pkcs8, created"
    };
}

statements! {
    OF_TENANT, "reading a tenant's signing keys",
        concat!("SELECT ", columns!(), " FROM signing_keys WHERE tenant = $1 ORDER BY created, kid");
    OF_FAMILY, "reading a signing key",
        concat!("SELECT ", columns!(), " FROM signing_keys WHERE tenant = $1 AND family = $2");
    FIRST, "adding a signing key",
        concat!("INSERT INTO signing_keys (", columns!(), ") VALUES ($1, $2, $3, $4, $5)
                 ON CONFLICT (tenant, family) DO NOTHING");
    SECRETS, "reading the server's secrets",
        "SELECT id, secret, created FROM server_secrets ORDER BY created, id";
    FIRST_SECRET, "adding a server secret",
        "INSERT INTO server_secrets (id, secret, created) SELECT $1, $2, $3
         WHERE NOT EXISTS (SELECT 1 FROM server_secrets)";
}
