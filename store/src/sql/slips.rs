//! Short-lived notes by key.

macro_rules! columns {
    () => {
        "key, tenant, version, body, expires"
    };
}

statements! {
    READ, "reading a slip",
        concat!("SELECT ", columns!(), " FROM slips WHERE key = $1");
    LEAVE, "leaving a slip",
        concat!("INSERT INTO slips (", columns!(), ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (key) DO NOTHING");
    REPLACE, "replacing a slip",
        "UPDATE slips SET version = $1, body = $2, expires = $3 WHERE key = $4 AND tenant = $5 AND version = $6";
    TAKE, "taking a slip",
        concat!("DELETE FROM slips WHERE key = $1 RETURNING ", columns!());
    SWEEP, "sweeping slips",
        "DELETE FROM slips WHERE key IN (SELECT key FROM slips WHERE expires <= $1 ORDER BY expires, key LIMIT $2)";
}
