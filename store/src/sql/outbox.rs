//! Letters that wait or are carried, and the budgets that they were paid from.

statements! {
    PUT, "putting a letter into the outbox",
        "INSERT INTO outbox (id, tenant, channel, body, created, expires, tries, lease, carried, ready)
         VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, $5)";
    READY, "looking for letters to carry",
        "SELECT id, tenant, channel, body, created, expires, tries, lease FROM outbox
         WHERE ready <= $1 AND expires > $1 ORDER BY ready, created, id LIMIT $2";
    IS_ANY_READY, "looking for a letter to carry",
        "SELECT 1 FROM outbox WHERE ready <= $1 AND expires > $1 ORDER BY ready, created, id LIMIT 1";
    CARRY, "taking a letter to carry",
        "UPDATE outbox SET carried = 1, tries = tries + 1, lease = $1, ready = $2 WHERE id = $3";
    WAIT, "keeping a letter for another try",
        "UPDATE outbox SET carried = 0, ready = $1 WHERE id = $2 AND lease = $3 AND carried = 1";
    REMOVE, "removing a letter",
        "DELETE FROM outbox WHERE id = $1 AND lease = $2 AND carried = 1";
    WAITING, "counting letters",
        "SELECT COUNT(*), MIN(created) FROM outbox";
    SWEEP, "sweeping letters",
        "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE expires <= $1 ORDER BY expires, id LIMIT $2)";
    BUDGET, "reading a budget",
        "SELECT whole_at FROM budgets WHERE key = $1";
    SPEND, "spending from a budget",
        "INSERT INTO budgets (key, whole_at) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET whole_at = excluded.whole_at";
    SWEEP_BUDGETS, "sweeping budgets",
        "DELETE FROM budgets WHERE key IN
         (SELECT key FROM budgets WHERE whole_at <= $1 ORDER BY whole_at, key LIMIT $2)";
}
