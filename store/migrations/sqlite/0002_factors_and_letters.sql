-- What users hold besides passwords, connections to providers elsewhere, letters with their budgets, and slips.

ALTER TABLE users ADD COLUMN renew_password INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN password_set INTEGER;
ALTER TABLE sessions ADD COLUMN agent TEXT;

CREATE TABLE credentials (
    id       BLOB    NOT NULL PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    user_id  BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    handle   TEXT    NOT NULL,
    label    TEXT    NOT NULL,
    document TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    used     INTEGER,
    UNIQUE (tenant, kind, handle)
) STRICT;
CREATE INDEX credentials_by_user ON credentials (user_id, created, id);

CREATE TABLE connections (
    id       BLOB    NOT NULL PRIMARY KEY,
    tenant   TEXT    NOT NULL,
    revision INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    document TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT;
CREATE INDEX connections_by_making ON connections (tenant, created, id);

-- ready: when the letter may be carried (again); lease counts the carryings, so that each is told from others.
CREATE TABLE outbox (
    id      BLOB    NOT NULL PRIMARY KEY,
    tenant  TEXT    NOT NULL,
    channel TEXT    NOT NULL,
    body    TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    tries   INTEGER NOT NULL,
    lease   INTEGER NOT NULL,
    carried INTEGER NOT NULL,
    ready   INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_wait ON outbox (ready, created, id);
CREATE INDEX outbox_by_end ON outbox (expires, id);

CREATE TABLE budgets (
    key      TEXT    NOT NULL PRIMARY KEY,
    whole_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX budgets_by_end ON budgets (whole_at);

CREATE TABLE slips (
    key     TEXT    NOT NULL PRIMARY KEY,
    tenant  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    body    BLOB    NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX slips_by_end ON slips (expires);
