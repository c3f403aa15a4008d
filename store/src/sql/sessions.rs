//! Signed-in sessions.

macro_rules! columns {
    () => {
        "id, tenant, user_id, proofs, authenticated, created, seen, idle, ends, agent"
    };
}

statements! {
    READ, "reading a session",
        concat!("SELECT ", columns!(), " FROM sessions WHERE id = $1");
    OF_USER, "reading a user's sessions",
        concat!("SELECT ", columns!(), " FROM sessions WHERE tenant = $1 AND user_id = $2 ORDER BY created, id");
    IS_THERE, "looking for a session",
        "SELECT 1 FROM sessions WHERE id = $1";
    KEEP, "keeping a session",
        concat!("INSERT INTO sessions (", columns!(), ", due) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                 ON CONFLICT (id) DO UPDATE SET tenant = excluded.tenant, user_id = excluded.user_id,
                     proofs = excluded.proofs, authenticated = excluded.authenticated, created = excluded.created,
                     seen = excluded.seen, idle = excluded.idle, ends = excluded.ends, agent = excluded.agent,
                     due = excluded.due");
    END, "ending a session",
        "DELETE FROM sessions WHERE id = $1";
    END_OF_USER, "ending a user's sessions",
        "DELETE FROM sessions WHERE user_id = $1";
    SWEEP, "sweeping sessions",
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE due <= $1 ORDER BY due, id LIMIT $2)";
}
