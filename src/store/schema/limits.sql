-- What was taken from limits: digests and times. A row that has ended says nothing.
CREATE TABLE limit_buckets (
    bucket     BLOB PRIMARY KEY,
    -- Milliseconds since the epoch.
    ends_at    INTEGER NOT NULL,
    -- Of tokens, nanoseconds since the epoch.
    full_at    INTEGER,
    -- Of different resources: for how long each counts, in nanoseconds, and which were touched when.
    per        INTEGER,
    names      BLOB,
    -- Which gate wrote it, and when.
    writer     INTEGER NOT NULL,
    written_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX limit_buckets_by_end ON limit_buckets (ends_at);
CREATE INDEX limit_buckets_by_time ON limit_buckets (written_at);
