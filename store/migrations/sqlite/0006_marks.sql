-- What is good for one use and was used: names of proofs of possession and of client assertions, until they are too old.
CREATE TABLE marks (
    key     TEXT    NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX marks_by_end ON marks (expires);
