-- Where users signed in from lately. A mark is a keyed hash; "due" is when it is forgotten.

CREATE TABLE acquaintances (
    user_id BLOB    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    mark    TEXT    NOT NULL,
    seen    INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    PRIMARY KEY (user_id, mark)
) STRICT, WITHOUT ROWID;
CREATE INDEX acquaintances_by_end ON acquaintances (due);
