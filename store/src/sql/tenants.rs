//! Tenants by handle.

macro_rules! columns {
    () => {
        "id, name, error_codes, messages, created"
    };
}

statements! {
    BY_ID, "reading a tenant",
        concat!("SELECT ", columns!(), " FROM tenants WHERE id = $1");
    PAGE, "listing tenants",
        concat!("SELECT ", columns!(), " FROM tenants ORDER BY id LIMIT $1 OFFSET $2");
    COUNT, "counting tenants",
        "SELECT COUNT(*) FROM tenants";
    ADD, "adding a tenant",
        concat!("INSERT INTO tenants (", columns!(), ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING");
}
