-- Moments are microseconds since 1970, ids are 16 bytes, flags are 0 or 1, documents are JSON.
-- "due" is when a row is over; it is computed by the program (retention.rs).

CREATE TABLE tenants (
    id          TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    error_codes TEXT,
    messages    TEXT,
    created     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE applications (
    id        BLOB    NOT NULL PRIMARY KEY,
    tenant    TEXT    NOT NULL,
    revision  INTEGER NOT NULL,
    name      TEXT    NOT NULL,
    client_id TEXT    NOT NULL,
    enabled   INTEGER NOT NULL,
    document  TEXT    NOT NULL,
    created   INTEGER NOT NULL,
    modified  INTEGER NOT NULL,
    UNIQUE (tenant, name),
    UNIQUE (tenant, client_id)
) STRICT;
CREATE INDEX applications_by_making ON applications (tenant, created, id);

CREATE TABLE origins (
    tenant TEXT NOT NULL,
    origin TEXT NOT NULL,
    app_id BLOB NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    PRIMARY KEY (tenant, origin, app_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX origins_by_app ON origins (app_id);

CREATE TABLE signing_keys (
    tenant  TEXT    NOT NULL,
    family  TEXT    NOT NULL,
    kid     TEXT    NOT NULL,
    pkcs8   BLOB    NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (tenant, family)
) STRICT, WITHOUT ROWID;

CREATE TABLE server_secrets (
    id      BLOB    NOT NULL PRIMARY KEY,
    secret  BLOB    NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant        TEXT    NOT NULL,
    revision      INTEGER NOT NULL,
    name          TEXT    NOT NULL,
    canonical     TEXT    NOT NULL,
    password      TEXT,
    administrator INTEGER NOT NULL,
    active        INTEGER NOT NULL,
    locked        INTEGER NOT NULL,
    profile       TEXT    NOT NULL,
    created       INTEGER NOT NULL,
    modified      INTEGER NOT NULL,
    UNIQUE (tenant, canonical)
) STRICT;
CREATE INDEX users_by_making ON users (tenant, created, id);

CREATE TABLE flows (
    number     BLOB    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    format     INTEGER NOT NULL,
    body       BLOB    NOT NULL,
    busy_until INTEGER,
    expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX flows_by_end ON flows (expires);

CREATE TABLE tallies (
    key           TEXT    NOT NULL PRIMARY KEY,
    misses        INTEGER NOT NULL,
    total         INTEGER NOT NULL,
    pending       INTEGER NOT NULL,
    pending_until INTEGER NOT NULL,
    locks         INTEGER NOT NULL,
    locked_until  INTEGER NOT NULL,
    touched       INTEGER NOT NULL,
    due           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tallies_by_end ON tallies (due);

CREATE TABLE sessions (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant        TEXT    NOT NULL,
    user_id       BLOB    NOT NULL,
    proofs        TEXT    NOT NULL,
    authenticated INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    seen          INTEGER NOT NULL,
    idle          INTEGER NOT NULL,
    ends          INTEGER NOT NULL,
    due           INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (due);

-- phase: 0 a code is out, 1 live, 2 revoked; generation and rotated belong to phase 1.
CREATE TABLE grants (
    id         BLOB    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    app_id     BLOB    NOT NULL,
    user_id    BLOB    NOT NULL,
    session_id BLOB    NOT NULL,
    salt       BLOB    NOT NULL,
    phase      INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    rotated    INTEGER NOT NULL,
    expires    INTEGER NOT NULL,
    ends       INTEGER NOT NULL,
    created    INTEGER NOT NULL,
    terms      TEXT    NOT NULL,
    due        INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_by_session ON grants (session_id);
CREATE INDEX grants_by_user ON grants (user_id);
CREATE INDEX grants_by_app ON grants (app_id);
CREATE INDEX grants_by_end ON grants (due);

CREATE TABLE revoked_tokens (
    jti     TEXT    NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_tokens_by_end ON revoked_tokens (expires);

-- One row that a health check writes and reads.
CREATE TABLE pulse (
    id   INTEGER NOT NULL PRIMARY KEY,
    beat INTEGER NOT NULL
) STRICT;
