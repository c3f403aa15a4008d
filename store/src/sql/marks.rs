//! Marks of what is good for one use.

statements! {
    MARK, "marking something as used",
        "INSERT INTO marks (key, expires) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    SWEEP, "sweeping marks",
        "DELETE FROM marks WHERE key IN (SELECT key FROM marks WHERE expires <= $1 ORDER BY expires, key LIMIT $2)";
}
