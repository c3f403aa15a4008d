//! Attested keys by application and name. They go with their application by the schema.

macro_rules! columns {
    () => {
        "tenant, app_id, id, public, development, counter, revoked, attested, expires"
    };
}

statements! {
    READ, "reading an attested key",
        concat!("SELECT ", columns!(), " FROM attested_keys WHERE tenant = $1 AND app_id = $2 AND id = $3");
    KEEP, "keeping an attested key",
        concat!("INSERT INTO attested_keys (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT (app_id, id) DO NOTHING");
    RAISE, "raising an attested key's counter",
        "UPDATE attested_keys SET counter = $1, expires = $2
         WHERE tenant = $3 AND app_id = $4 AND id = $5 AND counter < $1 AND revoked = 0";
    REVOKE, "revoking an attested key",
        "UPDATE attested_keys SET revoked = 1 WHERE tenant = $1 AND app_id = $2 AND id = $3";
    SWEEP, "sweeping attested keys",
        "DELETE FROM attested_keys WHERE (app_id, id) IN
         (SELECT app_id, id FROM attested_keys WHERE expires <= $1 ORDER BY expires, app_id, id LIMIT $2)";
}
