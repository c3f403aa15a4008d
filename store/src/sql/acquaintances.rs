//! Where users signed in from lately.

statements! {
    OF_USER, "reading where a user signed in from",
        "SELECT user_id, mark, seen FROM acquaintances WHERE user_id = $1 ORDER BY seen DESC, mark";
    KEEP, "keeping where a user signed in from",
        "INSERT INTO acquaintances (mark, seen, due, user_id) SELECT $1, $2, $3, id FROM users WHERE id = $4
         ON CONFLICT (user_id, mark) DO UPDATE SET seen = excluded.seen, due = excluded.due";
    TRIM, "forgetting where a user signed in from long ago",
        "DELETE FROM acquaintances WHERE user_id = $1 AND mark NOT IN
         (SELECT mark FROM acquaintances WHERE user_id = $1 ORDER BY seen DESC, mark LIMIT $2)";
    FORGET, "forgetting where a user signed in from",
        "DELETE FROM acquaintances WHERE user_id = $1";
    SWEEP, "sweeping where users signed in from",
        "DELETE FROM acquaintances WHERE (user_id, mark) IN
         (SELECT user_id, mark FROM acquaintances WHERE due <= $1 ORDER BY due, user_id, mark LIMIT $2)";
}
