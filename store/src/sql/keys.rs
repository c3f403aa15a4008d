//! Signing keys and the server's secrets. Whoever adds one names the newest that it saw: the condition keeps it from following
//! an older one, and the unique `follows` settles who of several comes first.

macro_rules! columns {
    () => {
        "tenant, kid, family, private, wrapped_by, created, active_from"
    };
}

statements! {
    OF_TENANT, "reading a tenant's signing keys",
        concat!("SELECT ", columns!(), " FROM signing_keys WHERE tenant = $1 ORDER BY created, kid");
    ADD, "adding a signing key",
        concat!("INSERT INTO signing_keys (", columns!(), ", follows) SELECT $1, $2, $3, $4, $5, $6, $7, $8
                 WHERE COALESCE((SELECT kid FROM signing_keys WHERE tenant = $1 AND family = $3
                                 ORDER BY created DESC, kid DESC LIMIT 1), '') = $8
                 ON CONFLICT DO NOTHING");
    REMOVE, "removing a signing key",
        "DELETE FROM signing_keys WHERE tenant = $1 AND kid = $2";
    NOT_UNDER, "reading signing keys under other master keys",
        concat!("SELECT ", columns!(), " FROM signing_keys WHERE wrapped_by <> $1 ORDER BY tenant, kid LIMIT $2");
    REWRAP, "wrapping a signing key anew",
        "UPDATE signing_keys SET private = $1, wrapped_by = $2
         WHERE tenant = $3 AND kid = $4 AND private = $5 AND wrapped_by = $6";
    WRAPPED_UNDER, "reading which master keys are in use",
        "SELECT wrapped_by FROM signing_keys UNION SELECT wrapped_by FROM server_secrets ORDER BY wrapped_by";
    SECRETS, "reading the server's secrets",
        "SELECT id, secret, wrapped_by, created, active_from FROM server_secrets ORDER BY created, id";
    ADD_SECRET, "adding a server secret",
        "INSERT INTO server_secrets (id, secret, wrapped_by, created, active_from, follows) SELECT $1, $2, $3, $4, $5, $6
         WHERE COALESCE((SELECT id FROM server_secrets ORDER BY created DESC, id DESC LIMIT 1), $7) = $6
         ON CONFLICT DO NOTHING";
    REWRAP_SECRET, "wrapping a server secret anew",
        "UPDATE server_secrets SET secret = $1, wrapped_by = $2 WHERE id = $3 AND secret = $4 AND wrapped_by = $5";
}
