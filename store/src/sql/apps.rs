//! Applications by tenant and id, client id or name, and the origins that their pages call from.

macro_rules! columns {
    () => {
        "id, tenant, revision, name, client_id, enabled, document, created, modified"
    };
}

statements! {
    BY_ID, "reading an application",
        concat!("SELECT ", columns!(), " FROM applications WHERE tenant = $1 AND id = $2");
    BY_CLIENT, "reading an application by its client id",
        concat!("SELECT ", columns!(), " FROM applications WHERE tenant = $1 AND client_id = $2");
    BY_NAME, "reading an application by its name",
        concat!("SELECT ", columns!(), " FROM applications WHERE tenant = $1 AND name = $2");
    PAGE, "listing applications",
        concat!("SELECT ", columns!(), " FROM applications WHERE tenant = $1 ORDER BY created, id LIMIT $2 OFFSET $3");
    COUNT, "counting applications",
        "SELECT COUNT(*) FROM applications WHERE tenant = $1";
    ADD, "adding an application",
        concat!("INSERT INTO applications (", columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                 ON CONFLICT DO NOTHING");
    IS_NAME_TAKEN, "looking for an application's name",
        "SELECT 1 FROM applications WHERE tenant = $1 AND name = $2 AND id <> $3";
    IS_CLIENT_TAKEN, "looking for an application's client id",
        "SELECT 1 FROM applications WHERE tenant = $1 AND client_id = $2 AND id <> $3";
    IS_THERE, "looking for an application",
        "SELECT 1 FROM applications WHERE tenant = $1 AND id = $2";
    IS_AT, "looking for an application's revision",
        "SELECT 1 FROM applications WHERE tenant = $1 AND id = $2 AND revision = $3";
    SAVE, "saving an application",
        "UPDATE applications SET revision = $1, name = $2, client_id = $3, enabled = $4, document = $5, created = $6,
                modified = $7 WHERE tenant = $8 AND id = $9";
    REMOVE, "removing an application",
        "DELETE FROM applications WHERE tenant = $1 AND id = $2";
    KNOWS_ORIGIN, "looking for an origin",
        "SELECT 1 FROM origins JOIN applications ON applications.id = origins.app_id
         WHERE origins.tenant = $1 AND origins.origin = $2 AND applications.enabled = 1";
    ADD_ORIGIN, "adding an origin",
        "INSERT INTO origins (tenant, origin, app_id) VALUES ($1, $2, $3)";
    CLEAR_ORIGINS, "removing an application's origins",
        "DELETE FROM origins WHERE app_id = $1";
}
