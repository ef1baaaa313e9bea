-- What is remembered of each session beyond its calls one by one.
CREATE TABLE session_memory (
    session    TEXT PRIMARY KEY,
    written_at INTEGER NOT NULL,
    document   TEXT NOT NULL
) STRICT;
CREATE INDEX session_memory_by_age ON session_memory (written_at);
