//! Tallies of wrong answers.

statements! {
    READ, "reading a tally",
        "SELECT misses, total, pending, pending_until, locks, locked_until, touched FROM tallies WHERE key = $1";
    KEEP, "keeping a tally",
        "INSERT INTO tallies (key, misses, total, pending, pending_until, locks, locked_until, touched, due)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (key) DO UPDATE SET misses = excluded.misses, total = excluded.total, pending = excluded.pending,
             pending_until = excluded.pending_until, locks = excluded.locks, locked_until = excluded.locked_until,
             touched = excluded.touched, due = excluded.due";
    CLEAR, "clearing a tally",
        "DELETE FROM tallies WHERE key = $1";
    SWEEP, "sweeping tallies",
        "DELETE FROM tallies WHERE key IN (SELECT key FROM tallies WHERE due <= $1 ORDER BY due, key LIMIT $2)";
}
