//! Flows in progress.

statements! {
    READ, "reading a flow",
        "SELECT tenant, version, format, body, busy_until, expires FROM flows WHERE number = $1";
    STANDING, "reading a flow's version",
        "SELECT version, busy_until FROM flows WHERE number = $1";
    OPEN, "claiming a new flow",
        "INSERT INTO flows (number, tenant, version, format, body, busy_until, expires)
         VALUES ($1, $2, $3, 0, $4, $5, $6)";
    TAKE, "claiming a flow",
        "UPDATE flows SET version = $1, busy_until = $2 WHERE number = $3";
    RELEASE, "releasing a flow",
        "UPDATE flows SET busy_until = NULL WHERE number = $1 AND version = $2";
    ADVANCE, "advancing a flow",
        "UPDATE flows SET busy_until = NULL, format = $1, body = $2 WHERE number = $3 AND version = $4";
    SWEEP, "sweeping flows",
        "DELETE FROM flows WHERE number IN
         (SELECT number FROM flows WHERE expires <= $1 ORDER BY expires, number LIMIT $2)";
}
