//! What users hold, by tenant and user or kind and handle. It goes with its user by the schema.

macro_rules! columns {
    () => {
        "id, tenant, user_id, revision, handle, label, document, created, used"
    };
}

statements! {
    OF_USER, "reading what a user holds",
        concat!("SELECT ", columns!(), " FROM credentials WHERE tenant = $1 AND user_id = $2 ORDER BY created, id");
    BY_HANDLE, "reading a credential",
        concat!("SELECT ", columns!(), " FROM credentials WHERE tenant = $1 AND kind = $2 AND handle = $3");
    ADD, "adding a credential",
        concat!("INSERT INTO credentials (", columns!(), ", kind) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                 ON CONFLICT DO NOTHING");
    IS_HANDLE_TAKEN, "looking for a credential's handle",
        "SELECT 1 FROM credentials WHERE tenant = $1 AND kind = $2 AND handle = $3";
    SAVE, "saving a credential",
        "UPDATE credentials SET revision = $1, label = $2, document = $3, created = $4, used = $5
         WHERE tenant = $6 AND id = $7 AND user_id = $8 AND kind = $9 AND handle = $10 AND revision = $11";
    REMOVE, "removing a credential",
        "DELETE FROM credentials WHERE tenant = $1 AND id = $2 AND user_id = $3";
}
