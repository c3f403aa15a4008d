//! The row that a health check writes and reads.

statements! {
    BEAT, "writing a health check",
        "INSERT INTO pulse (id, beat) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET beat = excluded.beat";
    FEEL, "reading a health check",
        "SELECT beat FROM pulse WHERE id = 1";
}
