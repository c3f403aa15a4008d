//! Users by tenant and id or canonical name.

macro_rules! columns {
    () => {
        "id, tenant, revision, name, canonical, password, administrator, active, locked, profile, created, modified,
         renew_password, password_set"
    };
}

statements! {
    BY_ID, "reading a user",
        concat!("SELECT ", columns!(), " FROM users WHERE tenant = $1 AND id = $2");
    BY_NAME, "reading a user by name",
        concat!("SELECT ", columns!(), " FROM users WHERE tenant = $1 AND canonical = $2");
    PAGE, "listing users",
        concat!("SELECT ", columns!(), " FROM users WHERE tenant = $1 ORDER BY created, id LIMIT $2 OFFSET $3");
    COUNT, "counting users",
        "SELECT COUNT(*) FROM users WHERE tenant = $1";
    ADD, "adding a user",
        concat!("INSERT INTO users (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                 ON CONFLICT DO NOTHING");
    IS_NAME_TAKEN, "looking for a user's name",
        "SELECT 1 FROM users WHERE tenant = $1 AND canonical = $2 AND id <> $3";
    IS_THERE, "looking for a user",
        "SELECT 1 FROM users WHERE tenant = $1 AND id = $2";
    IS_AT, "looking for a user's revision",
        "SELECT 1 FROM users WHERE tenant = $1 AND id = $2 AND revision = $3";
    SAVE, "saving a user",
        "UPDATE users SET revision = $1, name = $2, canonical = $3, password = $4, administrator = $5, active = $6,
                locked = $7, profile = $8, created = $9, modified = $10, renew_password = $11, password_set = $12
         WHERE tenant = $13 AND id = $14";
    REHASH, "keeping a password hashed anew",
        "UPDATE users SET password = $1 WHERE tenant = $2 AND id = $3 AND password = $4";
    REMOVE, "removing a user",
        "DELETE FROM users WHERE tenant = $1 AND id = $2";
}
