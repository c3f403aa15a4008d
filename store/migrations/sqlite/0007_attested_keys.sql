-- Keys of apps on devices that a platform attested. They go with their application; the counter only rises.
CREATE TABLE attested_keys (
    app_id      BLOB    NOT NULL REFERENCES applications (id) ON DELETE CASCADE,
    id          TEXT    NOT NULL,
    tenant      TEXT    NOT NULL,
    public      TEXT    NOT NULL,
    development INTEGER NOT NULL,
    counter     INTEGER NOT NULL,
    revoked     INTEGER NOT NULL,
    attested    INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    PRIMARY KEY (app_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX attested_keys_by_end ON attested_keys (expires);
