-- What people are to be told, and how far that has come on each channel.
CREATE TABLE notices (
    id        TEXT PRIMARY KEY,
    -- Whose settings it is for: gates with other settings tell other people.
    scope     TEXT NOT NULL,
    -- Whom the flood bound counts by.
    source    TEXT NOT NULL,
    kind      TEXT NOT NULL,
    notice    TEXT NOT NULL,
    -- Of a summary: how many it stands for. 0: the notice itself.
    more      INTEGER NOT NULL,
    urgent    INTEGER NOT NULL,
    made_at   INTEGER NOT NULL,
    -- After this time nobody need be told.
    lapses_at INTEGER
) STRICT;
CREATE INDEX notices_by_source ON notices (scope, source, made_at);

CREATE TABLE deliveries (
    notice        TEXT NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    channel       TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'lapsed')),
    attempts      INTEGER NOT NULL DEFAULT 0,
    due_at        INTEGER NOT NULL,
    -- Whoever sends it now, and until when nobody else does.
    claim         INTEGER,
    claimed_until INTEGER,
    last_at       INTEGER,
    error         TEXT,
    PRIMARY KEY (notice, channel)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (channel, due_at) WHERE state = 'waiting';

CREATE TABLE notice_channels (
    scope       TEXT NOT NULL,
    channel     TEXT NOT NULL,
    -- A digest of where it leads: it is told again when that changes.
    setting     TEXT NOT NULL,
    disabled_at INTEGER NOT NULL,
    why         TEXT NOT NULL,
    PRIMARY KEY (scope, channel)
) STRICT;
