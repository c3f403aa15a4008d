-- Several signing keys per tenant and family, several server secrets; both wrapped under a master key, whose name is
-- "wrapped_by". It is empty where a secret still lies open, which the program mends when it starts.
-- "follows" names the newest one that whoever added it had seen, or nothing: no two may follow the same.

ALTER TABLE signing_keys RENAME TO open_signing_keys;

CREATE TABLE signing_keys (
    tenant      TEXT    NOT NULL,
    kid         TEXT    NOT NULL,
    family      TEXT    NOT NULL,
    follows     TEXT    NOT NULL,
    private     BLOB    NOT NULL,
    wrapped_by  TEXT    NOT NULL,
    created     INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    PRIMARY KEY (tenant, kid),
    UNIQUE (tenant, family, follows)
) STRICT, WITHOUT ROWID;
CREATE INDEX signing_keys_by_wrapping ON signing_keys (wrapped_by);

INSERT INTO signing_keys (tenant, kid, family, follows, private, wrapped_by, created, active_from)
    SELECT tenant, kid, family, '', pkcs8, '', created, created FROM open_signing_keys;
DROP TABLE open_signing_keys;

ALTER TABLE server_secrets ADD COLUMN follows BLOB NOT NULL DEFAULT x'';
ALTER TABLE server_secrets ADD COLUMN wrapped_by TEXT NOT NULL DEFAULT '';
ALTER TABLE server_secrets ADD COLUMN active_from INTEGER NOT NULL DEFAULT 0;
UPDATE server_secrets SET active_from = created;
CREATE UNIQUE INDEX server_secrets_by_order ON server_secrets (follows);
