//! The audit log: records that are only added, checkpoints, and the webhooks that follow it.

macro_rules! record {
    () => {
        "seq, tenant, user_id, at, hash, body"
    };
}

macro_rules! checkpoint {
    () => {
        "seq, hash, anchor, jws, key, at"
    };
}

macro_rules! hook {
    () => {
        "id, tenant, url, events, secret, cursor, tries, ready, created"
    };
}

statements! {
    TAIL, "reading the end of the audit log",
        "SELECT seq, hash FROM audit WHERE seq > 0 ORDER BY seq DESC LIMIT 1";
    APPEND, "adding to the audit log",
        concat!("INSERT INTO audit (", record!(), ") VALUES ($1, $2, $3, $4, $5, $6)");
    ALL_AFTER, "reading the audit log",
        concat!("SELECT ", record!(), " FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2");
    OF_TENANT, "reading a tenant's audit log",
        concat!("SELECT ", record!(), " FROM audit WHERE tenant = $1 AND seq > $2 ORDER BY seq LIMIT $3");
    OF_USER, "reading the audit log of a user",
        concat!("SELECT ", record!(), " FROM audit WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3");
    SINCE, "finding a moment in the audit log",
        "SELECT seq FROM audit WHERE at >= $1 ORDER BY at LIMIT 1";
    KEEP_CHECKPOINT, "keeping a checkpoint of the audit log",
        concat!("INSERT INTO audit_checkpoints (", checkpoint!(), ") VALUES ($1, $2, $3, $4, $5, $6)
                 ON CONFLICT (seq) DO UPDATE SET hash = excluded.hash, anchor = excluded.anchor, jws = excluded.jws,
                     key = excluded.key, at = excluded.at");
    CHECKPOINTS, "reading checkpoints of the audit log",
        concat!("SELECT ", checkpoint!(), " FROM audit_checkpoints WHERE seq > $1 ORDER BY seq LIMIT $2");
    CHECKPOINT_BEFORE, "reading a checkpoint of the audit log",
        concat!("SELECT ", checkpoint!(), " FROM audit_checkpoints WHERE seq <= $1 ORDER BY seq DESC LIMIT 1");
    PRUNE, "pruning the audit log",
        "DELETE FROM audit WHERE seq IN (SELECT seq FROM audit WHERE seq <= $1 AND seq < $2 ORDER BY seq LIMIT $3)";
    PRUNE_CHECKPOINTS, "pruning checkpoints of the audit log",
        "DELETE FROM audit_checkpoints WHERE seq < $1";
    ADD_HOOK, "adding an audit webhook",
        concat!("INSERT INTO audit_hooks (", hook!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    HOOKS, "reading a tenant's audit webhooks",
        concat!("SELECT ", hook!(), " FROM audit_hooks WHERE tenant = $1 ORDER BY created, id");
    HOOKS_DUE, "looking for audit webhooks to serve",
        concat!("SELECT ", hook!(), " FROM audit_hooks WHERE ready <= $1 AND cursor < $2 ORDER BY ready, id LIMIT $3");
    SERVE_HOOK, "noting how far an audit webhook is served",
        "UPDATE audit_hooks SET cursor = $1, tries = $2, ready = $3 WHERE id = $4 AND cursor = $5";
    REMOVE_HOOK, "removing an audit webhook",
        "DELETE FROM audit_hooks WHERE tenant = $1 AND id = $2";
}
