//! Grants, and the access tokens that were revoked one by one. A revoked grant is kept until its family ends.

macro_rules! columns {
    () => {
        "id, tenant, app_id, user_id, session_id, salt, phase, generation, rotated, expires, ends, created, terms"
    };
}

statements! {
    READ, "reading a grant",
        concat!("SELECT ", columns!(), " FROM grants WHERE id = $1");
    GIVE, "giving a grant",
        concat!("INSERT INTO grants (", columns!(), ", due)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");
    MOVE, "moving a grant",
        "UPDATE grants SET phase = $1, generation = $2, rotated = $3, expires = $4, due = $5 WHERE id = $6";
    REVOKE, "revoking a grant",
        "UPDATE grants SET phase = 2, due = ends WHERE id = $1";
    REVOKE_OF_SESSION, "revoking a session's grants",
        "UPDATE grants SET phase = 2, due = ends WHERE session_id = $1 AND phase <> 2";
    REVOKE_OF_USER, "revoking a user's grants",
        "UPDATE grants SET phase = 2, due = ends WHERE user_id = $1 AND phase <> 2";
    REMOVE_OF_USER, "removing a user's grants",
        "DELETE FROM grants WHERE user_id = $1";
    REMOVE_OF_APP, "removing an application's grants",
        "DELETE FROM grants WHERE app_id = $1";
    SWEEP, "sweeping grants",
        "DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE due <= $1 ORDER BY due, id LIMIT $2)";
    REVOKE_TOKEN, "revoking an access token",
        "INSERT INTO revoked_tokens (jti, expires) VALUES ($1, $2)
         ON CONFLICT (jti) DO UPDATE SET expires = excluded.expires";
    IS_TOKEN_REVOKED, "looking for a revoked access token",
        "SELECT 1 FROM revoked_tokens WHERE jti = $1";
    SWEEP_TOKENS, "sweeping revoked access tokens",
        "DELETE FROM revoked_tokens WHERE jti IN
         (SELECT jti FROM revoked_tokens WHERE expires <= $1 ORDER BY expires, jti LIMIT $2)";
}
