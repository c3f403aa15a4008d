-- The audit log: a chain of records and signed statements of where it stood.

-- tenant, user_id and at repeat what the body says; hash covers the hash before it, the number and the body.
CREATE TABLE audit (
    seq     INTEGER NOT NULL PRIMARY KEY,
    tenant  TEXT    NOT NULL,
    user_id BLOB,
    at      INTEGER NOT NULL,
    hash    BLOB    NOT NULL,
    body    TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant, seq);
CREATE INDEX audit_by_user ON audit (user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX audit_by_time ON audit (at);

-- anchor: the records up to it were removed.
CREATE TABLE audit_checkpoints (
    seq    INTEGER NOT NULL PRIMARY KEY,
    hash   BLOB    NOT NULL,
    anchor INTEGER NOT NULL,
    jws    TEXT    NOT NULL,
    key    TEXT    NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- cursor: the number of the record that was delivered last; ready: when the next try is due.
CREATE TABLE audit_hooks (
    id      BLOB    NOT NULL PRIMARY KEY,
    tenant  TEXT    NOT NULL,
    url     TEXT    NOT NULL,
    events  TEXT    NOT NULL,
    secret  TEXT    NOT NULL,
    cursor  INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    ready   INTEGER NOT NULL,
    created INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_hooks_by_tenant ON audit_hooks (tenant, created, id);
CREATE INDEX audit_hooks_by_wait ON audit_hooks (ready, id);
