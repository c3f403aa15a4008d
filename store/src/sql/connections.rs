//! Connections by tenant and id or name.

macro_rules! columns {
    () => {
        "id, tenant, revision, name, document, created, modified"
    };
}

statements! {
    BY_ID, "reading a connection",
        concat!("SELECT ", columns!(), " FROM connections WHERE tenant = $1 AND id = $2");
    BY_NAME, "reading a connection by its name",
        concat!("SELECT ", columns!(), " FROM connections WHERE tenant = $1 AND name = $2");
    PAGE, "listing connections",
        concat!("SELECT ", columns!(), " FROM connections WHERE tenant = $1 ORDER BY created, id LIMIT $2 OFFSET $3");
    COUNT, "counting connections",
        "SELECT COUNT(*) FROM connections WHERE tenant = $1";
    ADD, "adding a connection",
        concat!("INSERT INTO connections (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING");
    IS_NAME_TAKEN, "looking for a connection's name",
        "SELECT 1 FROM connections WHERE tenant = $1 AND name = $2 AND id <> $3";
    IS_AT, "looking for a connection's revision",
        "SELECT 1 FROM connections WHERE tenant = $1 AND id = $2 AND revision = $3";
    SAVE, "saving a connection",
        "UPDATE connections SET revision = $1, name = $2, document = $3, created = $4, modified = $5
         WHERE tenant = $6 AND id = $7";
    REMOVE, "removing a connection",
        "DELETE FROM connections WHERE tenant = $1 AND id = $2";
}
